// The script of the pages. Each page works without it; what it adds is in the modules below, each
// of which looks for its own data attributes and does nothing where there are none. No module makes
// markup from text, none holds words for people: those stand in the page.
// SPDX-License-Identifier: Apache-2.0
import { drafts } from "./draft.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { passkeys } from "./passkey.js";
import { sheets } from "./print.js";
import { quotes } from "./quote.js";

for (const start of [drafts, quotes, passkeys, live, keys, sheets]) {
	// What one of them cannot do must not take the others along.
	try {
		start();
	} catch (e) {
		console.error(e);
	}
}
// The page says so once more where it lists what went wrong: there the keyboard goes on.
document.querySelector(".govuk-error-summary")?.focus();
