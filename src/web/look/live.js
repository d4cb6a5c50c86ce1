// Keeps what a page shows true: every data-live seconds the page, or the one that data-live-from
// names, is asked for again and its parts are exchanged, so that server and script can never say two things. A part with the focus or under
// the pointer waits; rows never change places, new ones are counted, told and shown when asked for.
//   <body data-live="10" data-live-from="/order/W-...">, <p id="x" data-live-part>, <tbody data-live-rows><tr data-row="W-...">,
//   <p role="status" data-live-words data-one="1 new order" data-many="{n} new orders">,
//   <a data-live-new hidden>, and [data-live-ended] for when the session is over.
// The header says that nobody looked: it prolongs no session.
// SPDX-License-Identifier: Apache-2.0
const busy = (e) => e.matches(":hover, :focus-within");

// The browser's own parser, which runs no script in what it is given and needs no text-to-markup door.
function page(url) {
	return new Promise((done, failed) => {
		const x = new XMLHttpRequest();
		x.open("GET", url);
		x.responseType = "document";
		x.timeout = 8000;
		x.setRequestHeader("Writ-Live", "1");
		x.onload = () => done(x);
		x.onerror = x.ontimeout = () => failed(new Error("no answer"));
		x.send();
	});
}

const same = (a, b) => a.isEqualNode(b);

function parts(from) {
	for (const old of document.querySelectorAll("[data-live-part][id]")) {
		const next = from.getElementById(old.id);
		if (next && !busy(old) && !same(old, next)) old.replaceWith(document.importNode(next, true));
	}
}

// How many rows there are that this page does not show.
function rows(from) {
	const body = document.querySelector("[data-live-rows]");
	const next = from.querySelector("[data-live-rows]");
	if (!body || !next) return 0;
	const fresh = new Map([...next.querySelectorAll("[data-row]")].map((r) => [r.dataset.row, r]));
	for (const old of body.querySelectorAll("[data-row]")) {
		const row = fresh.get(old.dataset.row);
		fresh.delete(old.dataset.row);
		// Who is gone from the list is dimmed, not taken away: what is below would move.
		old.classList.toggle("gone", !row);
		if (row && !busy(old) && !same(old, row)) old.replaceWith(document.importNode(row, true));
	}
	return fresh.size;
}

export function live() {
	const seconds = Number(document.body.dataset.live);
	if (!(seconds > 0)) return;
	const from = new URL(document.body.dataset.liveFrom ?? location.href, location.href);
	const words = document.querySelector("[data-live-words]");
	const more = document.querySelector("[data-live-new]");
	const ended = document.querySelector("[data-live-ended]");
	const title = document.title;
	let told = 0;
	const tell = (n) => {
		if (n === told) return;
		told = n;
		const text = n === 0 ? "" : n === 1 ? words?.dataset.one : words?.dataset.many?.replace("{n}", n);
		document.title = n ? `(${n}) ${title}` : title;
		if (words) words.textContent = text ?? "";
		if (more) {
			more.hidden = n === 0;
			more.textContent = text ?? "";
		}
	};
	const again = async () => {
		let wait = seconds;
		try {
			if (!document.hidden) {
				const x = await page(from.href);
				const over = x.status === 401 || x.status === 403 || new URL(x.responseURL).pathname !== from.pathname;
				if (over) {
					if (ended) ended.hidden = false;
					return;
				}
				if (x.status === 200 && x.response) {
					parts(x.response);
					tell(rows(x.response));
				}
			}
		} catch {
			wait = seconds * 3;
		}
		setTimeout(again, wait * 1000);
	};
	setTimeout(again, seconds * 1000);
}
