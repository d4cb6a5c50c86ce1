/*
 * Making Ed25519 signatures (RFC 8032); see sign.h. Linked into writ-seal only. Keeps no key:
 * each call is given it, OpenSSL wipes its copy.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/ossl.h"
#include "crypt/sign.h"

static enum err secret_open(struct ctx *c, struct span secret, EVP_PKEY **out)
{
	if (secret.n != ED25519_KEY_BYTES)
		FAIL(c, ERR_FORMAT, "an Ed25519 secret key has %u bytes, this one has %zu",
		     ED25519_KEY_BYTES, secret.n);
	*out = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, secret.p, secret.n);
	if (!*out)
		OSSL_FAIL(c, "an Ed25519 secret key");
	return ERR_OK;
}

enum err ed25519_public_of(struct ctx *c, struct span secret, unsigned char out[32])
{
	SCOPED(pkey) EVP_PKEY *key = NULL;
	size_t n = ED25519_KEY_BYTES;

	TRY(secret_open(c, secret, &key));
	if (EVP_PKEY_get_raw_public_key(key, out, &n) != 1 || n != ED25519_KEY_BYTES)
		OSSL_FAIL(c, "the public half of an Ed25519 key");
	return ERR_OK;
}

enum err ed25519_sign(struct ctx *c, struct span secret, struct span message, unsigned char out[64])
{
	SCOPED(md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
	SCOPED(pkey) EVP_PKEY *key = NULL;
	size_t n = ED25519_SIG_BYTES;

	TRY(secret_open(c, secret, &key));
	if (!md || EVP_DigestSignInit_ex(md, NULL, NULL, NULL, NULL, key, NULL) != 1)
		OSSL_FAIL(c, "beginning an Ed25519 signature");
	if (EVP_DigestSign(md, out, &n, message.p, message.n) != 1 || n != ED25519_SIG_BYTES)
		OSSL_FAIL(c, "making an Ed25519 signature");
	return ERR_OK;
}
