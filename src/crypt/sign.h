/*
 * Ed25519 (RFC 8032) as the seal uses it: document key and log key. Raw 32-byte keys.
 * Making and using private keys is compiled into writ-seal only (crypt_sign library); checking is
 * for everybody (crypt library). A link test proves it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_SIGN_H
#define CRYPT_SIGN_H

#include "base/ctx.h"
#include "base/span.h"

#define ED25519_KEY_BYTES 32u
#define ED25519_SIG_BYTES 64u

/* ERR_VERIFY if it does not hold. */
enum err ed25519_verify(struct ctx *c, struct span public_key, struct span message, struct span sig)
	MUST_USE;

/* In crypt_sign only. */
enum err ed25519_public_of(struct ctx *c, struct span secret, unsigned char out[32]) MUST_USE;
enum err ed25519_sign(struct ctx *c, struct span secret, struct span message, unsigned char out[64])
	MUST_USE;

#endif
