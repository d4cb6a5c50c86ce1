// Passkeys: a form with data-passkey="get" or "create" is sent only after the person's key has
// answered, and takes the answer along as hidden fields, all base64url. What is asked is data of the
// form, made by the server for this one page:
//   data-challenge, data-rp (id)                   both
//   data-allow="ID ID"                             get: the keys that may answer; none: any of ours
//   data-rp-name, data-user, data-user-name, data-user-label, data-exclude="ID ID", data-algorithms="-8 -7 -257"   create
// Fields: credential, client_data and, for get, authenticator_data, signature; for create,
// attestation. Its words: data-words-none (no passkeys here), data-words-wait,
// data-words-failed; they go to its [data-passkey-words].
// It checks nothing: the server and writ-seal do.
// SPDX-License-Identifier: Apache-2.0
function bytes(text) {
	const s = atob((text ?? "").replaceAll("-", "+").replaceAll("_", "/"));
	return Uint8Array.from(s, (c) => c.charCodeAt(0));
}

function text(buffer) {
	let s = "";
	for (const b of new Uint8Array(buffer)) s += String.fromCharCode(b);
	return btoa(s).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const ids = (list) => (list ?? "").split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) }));

function field(form, name, value) {
	let input = form.elements.namedItem(name);
	if (!input) {
		input = document.createElement("input");
		input.type = "hidden";
		input.name = name;
		form.append(input);
	}
	input.value = value;
}

async function get(form) {
	const d = form.dataset;
	const c = await navigator.credentials.get({
		publicKey: { challenge: bytes(d.challenge), rpId: d.rp, allowCredentials: ids(d.allow), userVerification: "required", timeout: 120000 },
	});
	field(form, "authenticator_data", text(c.response.authenticatorData));
	field(form, "signature", text(c.response.signature));
	return c;
}

async function create(form) {
	const d = form.dataset;
	const c = await navigator.credentials.create({
		publicKey: {
			challenge: bytes(d.challenge),
			rp: { id: d.rp, name: d.rpName },
			user: { id: bytes(d.user), name: d.userName, displayName: d.userLabel || d.userName },
			pubKeyCredParams: (d.algorithms || "-8 -7 -257").split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
			excludeCredentials: ids(d.exclude),
			authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
			attestation: "none",
			timeout: 120000,
		},
	});
	field(form, "attestation", text(c.response.attestationObject));
	return c;
}

function watch(form) {
	const words = form.querySelector("[data-passkey-words]");
	const say = (what) => {
		if (words) words.textContent = what ?? "";
	};
	let answered = false;
	let asking = false;
	if (!window.PublicKeyCredential) say(form.dataset.wordsNone);
	form.addEventListener("submit", async (event) => {
		if (answered || event.submitter?.hasAttribute("data-without-passkey")) return;
		event.preventDefault();
		event.stopImmediatePropagation();
		if (asking || !window.PublicKeyCredential) return;
		asking = true;
		say(form.dataset.wordsWait);
		try {
			const c = await (form.dataset.passkey === "create" ? create(form) : get(form));
			field(form, "credential", text(c.rawId));
			field(form, "client_data", text(c.response.clientDataJSON));
			answered = true;
			say("");
			form.requestSubmit(event.submitter);
		} catch (e) {
			// Cancelled, timed out, no such key: the browser does not say which, on purpose.
			say(form.dataset.wordsFailed);
			console.info(e.name);
		} finally {
			asking = false;
		}
	});
	// A page that comes back from the browser's memory has a challenge that was used.
	addEventListener("pageshow", (event) => {
		if (event.persisted && answered) location.reload();
	});
}

export function passkeys() {
	for (const form of document.querySelectorAll("form[data-passkey]")) watch(form);
}
