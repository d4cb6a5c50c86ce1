/*
 * A person's key and signature, whichever of the two kinds it is: an SSH key and SSHSIG, or a
 * passkey and a document {version, kind "passkey", key, authenticator_data, client_data, signature}
 * whose challenge is the SHA-256 of what is signed. The one place that decides by the kind. Who may
 * sign is not decided here.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_SIGNATURE_H
#define CRYPT_SIGNATURE_H

#include "base/ctx.h"
#include "base/span.h"
#include "crypt/hash.h"

struct person_key {
	struct span line;               /* the one form in which it is stored and compared */
	bool passkey;
	bool verifies;                  /* its signatures can say whether the user was verified */
};
/* Reads a line of either kind; an SSH key may have a comment. */
enum err person_key_parse(struct ctx *c, struct span line, struct person_key *out) MUST_USE;
/* For people: "SHA256:..." as ssh-keygen -l prints it, or "passkey SHA256:...". */
enum err person_key_print(struct ctx *c, struct span line, struct span *out) MUST_USE;
/* Is it the same key? A passkey is, wherever it is said to be used. */
bool person_key_same(struct span a, struct span b);

struct signature {
	struct span key;                /* line of who signed, by its own claim */
	struct span name_space;         /* SSHSIG: by its own claim; else empty */
	bool passkey, user_verified;
	bool native;                    /* no browser made it: an SSHSIG, or a passkey's own word */
	uint32_t counter;               /* passkey: 0 where the authenticator has none */
	struct sha256 assertion;        /* passkey: what was signed */
};
/* What it claims, read and not checked: key, name_space and passkey are set. */
enum err signature_claims(struct ctx *c, struct span text, struct signature *out) MUST_USE;
/* ERR_FORMAT if it is none, ERR_VERIFY if it does not hold over message; name_space: what an
 * SSHSIG must be made for; for a passkey message is JSON whose kind says the same. */
enum err signature_verify(struct ctx *c, struct span text, const char *name_space,
			  struct span message, struct signature *out) MUST_USE;

#endif
