/*
 * Signing notes with the log's key (crypt_sign library: writ-seal only). Refuses a text that no
 * checker would read and a secret that is not the named key's. Whether the text may be signed at
 * all is the seal's decision.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "crypt/note_line.h"

enum err note_sign(struct ctx *c, struct span body, const struct note_key *key, struct span secret,
		   struct span *note_out)
{
	unsigned char own[ED25519_KEY_BYTES], sig[ED25519_SIG_BYTES];
	struct span line;
	struct buf b;

	if (!note_text_ok(body))
		FAIL(c, ERR_FORMAT, "a note to sign is not UTF-8 text that ends in a newline");
	TRY(ed25519_public_of(c, secret, own));
	if (!span_eq(span_of(own, sizeof own), span_of(key->key, sizeof key->key)))
		FAIL(c, ERR_CRYPTO, "the secret at hand is not that of the log key %.*s",
		     SPAN_ARG(key->name));
	TRY(ed25519_sign(c, secret, body, sig));
	TRY(note_line(c, key, sig, &line));
	buf_begin(&b, c, body.n + 1 + line.n);
	buf_add(&b, body);
	buf_byte(&b, '\n');
	buf_add(&b, line);
	return buf_done(c, &b, note_out);
}
