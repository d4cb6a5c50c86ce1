/*
 * Signing by people: with the caller's own ssh-keygen, key or agent, in the caller's own process.
 * writ holds no person's key and no code that signs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_SIGN_H
#define ORDER_SIGN_H

#include "base/ctx.h"
#include "base/span.h"

/* The armoured SSHSIG of document under writ-KIND@v1 by the key in that file (a private key, or
 * the public half of one that an agent holds). */
enum err person_sign(struct ctx *c, const char *key_file, const char *kind, struct span document,
		     struct span *signature_out) MUST_USE;

#endif
