// Nothing typed is lost when a session ends. A form with data-draft="NAME" is kept in this browser,
// for the person of <body data-person>, until a page without data-keep-drafts follows its sending.
// It keeps no file, no secret, nothing hidden, and nothing that says "just now" (data-fresh); after a day, and at a sign-out, it is gone.
//   <form data-draft="decide-W-7KQF-2M9D"> ... <p data-draft-words hidden> ... <button type="button" data-draft-drop>
//   <main data-keep-drafts>      sign-in, errors, "somebody was faster"
//   <form data-drafts-clear>     the sign-out
// SPDX-License-Identifier: Apache-2.0
const DAY_MS = 24 * 3600 * 1000;
const person = document.body.dataset.person;
const mark = "draft:";

function read(key) {
	try {
		return JSON.parse(localStorage.getItem(key));
	} catch {
		return null;
	}
}

function write(key, value) {
	try {
		localStorage.setItem(key, JSON.stringify(value));
	} catch {
		// A full or forbidden store: the page goes on as without script.
	}
}

function all() {
	return Object.keys(localStorage).filter((key) => key.startsWith(mark));
}

function fields(form) {
	return [...form.elements].filter((f) => f.name && !f.hasAttribute("data-fresh") && !["hidden", "file", "password", "submit", "button", "fieldset"].includes(f.type));
}

function state(f) {
	return f.type === "checkbox" || f.type === "radio" ? f.checked : f.value;
}

function put(f, value) {
	if (typeof value === "boolean") f.checked = value;
	else f.value = value;
}

// By place among those of its name: check boxes share one.
function snapshot(form) {
	const values = {};
	for (const f of fields(form)) (values[f.name] ??= []).push(state(f));
	return values;
}

function restore(form, values) {
	const seen = {};
	let changed = false;
	for (const f of fields(form)) {
		const i = (seen[f.name] = (seen[f.name] ?? -1) + 1);
		const value = values[f.name]?.[i];
		if (value !== undefined && value !== state(f) && typeof value === typeof state(f)) {
			put(f, value);
			changed = true;
		}
	}
	return changed;
}

function watch(form) {
	const key = mark + person + ":" + form.dataset.draft;
	const words = form.querySelector("[data-draft-words]");
	const fresh = snapshot(form);
	const kept = read(key);
	if (kept && restore(form, kept.values) && words) words.hidden = false;
	if (kept?.sent) write(key, { ...kept, sent: false });
	form.addEventListener("input", () => write(key, { at: Date.now(), sent: false, values: snapshot(form) }));
	form.addEventListener("submit", (event) => {
		// Such a button changes a field: the page that follows has all of them, and better.
		if (event.submitter?.hasAttribute("data-takes")) localStorage.removeItem(key);
		else write(key, { at: Date.now(), sent: true, values: snapshot(form) });
	});
	form.querySelector("[data-draft-drop]")?.addEventListener("click", () => {
		localStorage.removeItem(key);
		restore(form, fresh);
		if (words) words.hidden = true;
	});
}

export function drafts() {
	const here = new Set();
	for (const form of document.querySelectorAll("form[data-draft]")) {
		if (!person) continue;
		here.add(mark + person + ":" + form.dataset.draft);
		watch(form);
	}
	const keep = document.querySelector("[data-keep-drafts]");
	for (const key of all()) {
		const kept = read(key);
		const old = !kept || Date.now() - kept.at > DAY_MS;
		if (old || (kept.sent && !keep && !here.has(key))) localStorage.removeItem(key);
	}
	for (const form of document.querySelectorAll("form[data-drafts-clear]"))
		form.addEventListener("submit", () => all().forEach((key) => localStorage.removeItem(key)));
}
