// A line of the paper's words, clicked, becomes a quotation in the field that was used last, with its
// place. Lines: [data-quote-from][data-page] > li > span; fields: [data-quote]; the form of the
// quotation: data-quote-as of the list, "“{text}” ({page}, {line})". Without script they are text.
// SPDX-License-Identifier: Apache-2.0
let field = null;

function quote(list, line, text) {
	const to = field?.isConnected ? field : document.querySelector("[data-quote]");
	if (!to) return;
	const values = { text: text.trim(), page: list.dataset.page ?? "", line: String(line) };
	const words = (list.dataset.quoteAs ?? "{text}").replace(/\{(text|page|line)\}/g, (_, name) => values[name]);
	const before = to.value.slice(0, to.selectionStart);
	to.setRangeText((before && !/\s$/.test(before) ? " " : "") + words, to.selectionStart, to.selectionEnd, "end");
	to.dispatchEvent(new Event("input", { bubbles: true }));
	to.focus();
}

export function quotes() {
	document.addEventListener("focusin", (event) => {
		if (event.target.matches("[data-quote]")) field = event.target;
	});
	for (const list of document.querySelectorAll("[data-quote-from]")) {
		[...list.children].forEach((item, i) => {
			const span = item.querySelector("span");
			if (!span || !span.textContent.trim()) return;
			const button = document.createElement("button");
			button.type = "button";
			button.textContent = span.textContent;
			button.addEventListener("click", () => quote(list, Number(item.value) || i + 1, button.textContent));
			span.replaceWith(button);
		});
	}
}
