/*
 * Passkeys (WebAuthn Level 3) as keys of people, by OpenSSL alone: their one line, what a browser
 * gives when one is made (registration) and when one signs (assertion). ES256, RS256 from 2048 bits
 * and EdDSA with Ed25519. A signature counts only if its user was present; whether the user was
 * verified is told. Who made an authenticator is not judged: no certificate is followed anywhere.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_PASSKEY_H
#define CRYPT_PASSKEY_H

#include "base/ctx.h"
#include "base/span.h"
#include "crypt/hash.h"

struct passkey {
	struct span rp_id;              /* "desk.example.org" */
	struct span origin;             /* "https://desk.example.org:8443" */
	struct span public_key;         /* SubjectPublicKeyInfo, DER */
	struct span credential;         /* the credential's id */
};

/* "passkey RPID ORIGIN BASE64(public key) BASE64URL(credential)", in this form alone. */
enum err passkey_parse(struct ctx *c, struct span line, struct passkey *out) MUST_USE;
enum err passkey_line(struct ctx *c, const struct passkey *key, struct span *out) MUST_USE;
bool passkey_is_line(struct span line);
/* The RP id is the origin's host, or a domain above it. */
enum err site_check(struct ctx *c, struct span rp_id, struct span origin) MUST_USE;
/* "SHA256:..." over the public key, as people compare it. */
enum err passkey_fingerprint(struct ctx *c, const struct passkey *key, struct span *out) MUST_USE;

/* What navigator.credentials.get gives back. */
struct passkey_assertion {
	struct span authenticator_data, client_data, signature;
};
/* What a security key signs where no browser stands between (type: "webauthn.get"): an origin that
 * no page has, in canonical JSON, while what a browser makes begins with the type (WebAuthn section
 * 5.8.1.1). So nothing that runs in a browser can have it signed. */
enum err passkey_native_data(struct ctx *c, const char *type, struct span challenge,
			     struct span *out) MUST_USE;
struct passkey_used {
	bool user_verified;
	bool native; /* made without a browser; then the user was verified */
	uint32_t counter;               /* 0 where the authenticator has none */
	struct sha256 assertion;        /* what was signed: the same for a repeated assertion */
};
/* Is it this passkey's, for this challenge, made at this origin or natively? ERR_FORMAT if it is no
 * assertion, ERR_VERIFY if it does not hold. The counter is for the caller to compare. */
enum err passkey_verify(struct ctx *c, const struct passkey *key, struct span challenge,
			const struct passkey_assertion *a, struct passkey_used *out) MUST_USE;

/* What navigator.credentials.create gives back. */
struct passkey_registration {
	struct span attestation_object, client_data;
};
struct passkey_made {
	struct passkey key;
	bool user_verified, backed_up;  /* backed_up: a copy of it is kept elsewhere, by its word */
	bool native;                    /* made without a browser */
	uint32_t counter;
	/* none; self: signed with the key itself; certificate: signed by the certificate that came
	 * with it, whoever made that. */
	const char *attestation;
};
/* The new passkey for that site, asked for with this challenge. */
enum err passkey_register(struct ctx *c, struct span rp_id, struct span origin,
			  struct span challenge, const struct passkey_registration *r,
			  struct passkey_made *out) MUST_USE;

#endif
