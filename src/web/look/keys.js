// Keys for those who want them: off until switched on, each can be changed (WCAG 2.1.4), both kept
// in this browser. An element with data-key="x" is clicked by x, or focused where it is a field;
// j and k go through the rows of [data-row]. The sheet is <dialog data-keys> of the page:
//   [data-keys-open] opens it, [data-keys-shut] shuts it, [data-keys-on] is the switch, [data-keys-list] gets a row for each.
// SPDX-License-Identifier: Apache-2.0
const STORE = "keys";

function load() {
	try {
		const kept = JSON.parse(localStorage.getItem(STORE));
		return { on: kept?.on === true, map: kept?.map ?? {} };
	} catch {
		return { on: false, map: {} };
	}
}

const is_field = (e) => e.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");

function go_row(step) {
	const links = [...document.querySelectorAll("[data-row] a")].filter((a) => a.matches("[data-row] a:first-of-type"));
	const at = links.findIndex((a) => a.closest("[data-row]").contains(document.activeElement));
	links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

function act(e) {
	if (is_field(e) || e.type === "radio") e.focus();
	else e.click();
}

function actions(sheet) {
	const list = [];
	for (const e of document.querySelectorAll('[data-key]:not([data-key=""])'))
		list.push({ letter: e.dataset.key, name: e.dataset.keyName || e.ariaLabel || e.textContent.trim(), run: () => act(e) });
	if (document.querySelector("[data-row]")) {
		list.push({ letter: "j", name: sheet.dataset.nextRow, run: () => go_row(1) });
		list.push({ letter: "k", name: sheet.dataset.previousRow, run: () => go_row(-1) });
	}
	list.push({ letter: "?", name: sheet.dataset.thisSheet, run: () => sheet.showModal() });
	return list;
}

function draw(list, body, state, save) {
	const rows = list.map(({ letter, name }) => {
		const row = document.createElement("tr");
		const what = document.createElement("th");
		const cell = document.createElement("td");
		const input = document.createElement("input");
		what.scope = "row";
		what.textContent = name;
		input.type = "text";
		input.maxLength = 1;
		input.className = "govuk-input";
		input.value = state.map[letter] ?? letter;
		input.ariaLabel = name;
		input.autocomplete = "off";
		input.addEventListener("focus", () => input.select());
		input.addEventListener("change", () => {
			state.map[letter] = input.value || letter;
			input.value = state.map[letter];
			save();
		});
		cell.append(input);
		row.append(what, cell);
		return row;
	});
	body.replaceChildren(...rows);
}

export function keys() {
	const sheet = document.querySelector("dialog[data-keys]");
	if (!sheet) return;
	const state = load();
	const list = actions(sheet);
	const on = sheet.querySelector("[data-keys-on]");
	const save = () => {
		try {
			localStorage.setItem(STORE, JSON.stringify(state));
		} catch {
			// They hold until the page is left.
		}
	};
	on.checked = state.on;
	on.addEventListener("change", () => {
		state.on = on.checked;
		save();
	});
	for (const b of document.querySelectorAll("[data-keys-open]")) {
		b.hidden = false;
		b.addEventListener("click", () => sheet.showModal());
	}
	sheet.querySelector("[data-keys-shut]")?.addEventListener("click", () => sheet.close());
	draw(list, sheet.querySelector("[data-keys-list]"), state, save);
	document.addEventListener("keydown", (event) => {
		if (!state.on || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || sheet.open) return;
		if (is_field(event.target) || event.target.isContentEditable) return;
		const found = list.find(({ letter }) => (state.map[letter] ?? letter) === event.key);
		if (!found) return;
		event.preventDefault();
		found.run();
	});
}
