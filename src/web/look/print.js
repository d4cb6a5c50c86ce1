// When a page was printed, and by whom, in the margin of each sheet: the style takes it from there (_print.scss).
//   <html data-printed-as="Printed {time} by Ana">
// SPDX-License-Identifier: Apache-2.0
export function sheets() {
	const page = document.documentElement.dataset;
	addEventListener("beforeprint", () => {
		page.printed = page.printedAs.replace("{time}", `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`);
	});
}
