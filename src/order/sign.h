/*
 * Signing by people, in the caller's own process: with the caller's own ssh-keygen, key or agent,
 * or with a security key that is plugged in, through writ-touch. writ holds no person's key and no
 * code that signs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_SIGN_H
#define ORDER_SIGN_H

#include "base/ctx.h"
#include "base/span.h"
#include "format/json.h"

/* The armoured SSHSIG of document under writ-KIND@v1 by the key in that file (a private key, or
 * the public half of one that an agent holds). */
enum err person_sign(struct ctx *c, const char *key_file, const char *kind, struct span document,
		     struct span *signature_out) MUST_USE;
/* The signature document over document by whichever of these passkeys (a list of lines) the
 * security key holds: native, for no browser is asked. */
enum err person_touch(struct ctx *c, const struct json *lines, const char *kind,
		      struct span document, struct span *signature_out) MUST_USE;
/* Makes a passkey for that site on the security key that is plugged in: its line. */
enum err person_make_passkey(struct ctx *c, struct span rp_id, struct span origin,
			     struct span user, struct span *line_out) MUST_USE;

#endif
