/*
 * Making SSHSIG signatures with the seal's Ed25519 document key; see sshsig.h. Linked into
 * writ-seal only. Signs nothing without a namespace: that is what keeps one kind of document
 * from passing for another.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "crypt/sign.h"
#include "crypt/sshkey.h"

#define BLOB_MAX_BYTES 4096u

enum err sshsig_sign_ed25519(struct ctx *c, struct span secret, const char *name_space,
			     struct span message, struct span *armoured_out)
{
	unsigned char public_key[ED25519_KEY_BYTES], raw[ED25519_SIG_BYTES];
	struct span data, signature, blob, name = span_str(name_space);
	struct ssh_key key;
	struct buf b;

	if (name.n == 0)
		FAIL(c, ERR_USAGE, "an SSH signature needs a namespace");
	TRY(ed25519_public_of(c, secret, public_key));
	TRY(ssh_key_of_ed25519(c, span_of(public_key, sizeof public_key), &key));
	TRY(sshsig_signed_bytes(c, name, SPAN("sha512"), message, &data));
	TRY(ed25519_sign(c, secret, data, raw));
	buf_begin(&b, c, BLOB_MAX_BYTES);
	buf_string(&b, key.type);
	buf_string(&b, span_of(raw, sizeof raw));
	TRY(buf_done(c, &b, &signature));
	buf_begin(&b, c, BLOB_MAX_BYTES);
	buf_str(&b, "SSHSIG");
	buf_u32(&b, 1);
	buf_string(&b, key.blob);
	buf_string(&b, name);
	buf_string(&b, SPAN_NONE);
	buf_string(&b, SPAN("sha512"));
	buf_string(&b, signature);
	TRY(buf_done(c, &b, &blob));
	return sshsig_armour(c, blob, armoured_out);
}
