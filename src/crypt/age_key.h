/*
 * What the three files of age share: X25519 on raw keys, and ChaCha20-Poly1305 with the cipher
 * fetched once and the key scheduled once. Included by age*.c only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_AGE_KEY_H
#define CRYPT_AGE_KEY_H

#include "crypt/age.h"
#include "crypt/ossl.h"

#define AEAD_KEY_BYTES 32u
#define AEAD_NONCE_BYTES 12u

/* RFC 7748; ERR_FORMAT if point is of low order (the shared secret would be zero). */
enum err age_x25519(struct ctx *c, const unsigned char secret[AGE_KEY_BYTES],
		    const unsigned char point[AGE_KEY_BYTES],
		    unsigned char out[AGE_KEY_BYTES]) MUST_USE;
enum err age_x25519_public(struct ctx *c, const unsigned char secret[AGE_KEY_BYTES],
			   unsigned char out[AGE_KEY_BYTES]) MUST_USE;
enum err age_random(struct ctx *c, void *p, size_t n) MUST_USE;

DEFINE_SCOPED(EVP_CIPHER_CTX, cipher_ctx, EVP_CIPHER_CTX_free)

enum err aead_open(struct ctx *c, const unsigned char key[AEAD_KEY_BYTES], bool seal,
		   EVP_CIPHER_CTX **out) MUST_USE;
/* out has room for n + AGE_TAG. */
enum err aead_seal(struct ctx *c, EVP_CIPHER_CTX *x, const unsigned char nonce[AEAD_NONCE_BYTES],
		   const unsigned char *in, size_t n, unsigned char *out) MUST_USE;
/* n includes the tag. A wrong tag is no error here: *holds_out is false and out is wiped. */
enum err aead_unseal(struct ctx *c, EVP_CIPHER_CTX *x, const unsigned char nonce[AEAD_NONCE_BYTES],
		     const unsigned char *in, size_t n, unsigned char *out,
		     bool *holds_out) MUST_USE;

#endif
