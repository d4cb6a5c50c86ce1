/*
 * What the files of this folder share about OpenSSL: handles that free themselves, algorithms
 * fetched once (OpenSSL 3 looks them up slowly), and its errors in our words. Nobody outside
 * src/crypt includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_OSSL_H
#define CRYPT_OSSL_H

/* Our enum err and OpenSSL's types both have an ERR_STATE: theirs gets another name. That is why
 * OpenSSL's headers are included here and nowhere else. */
#define ERR_STATE ossl_err_state
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#include "base/ctx.h"
#include "base/span.h"

/* DEFINE_SCOPED(EVP_PKEY, pkey, EVP_PKEY_free) makes pkey_close for the cleanup attribute. */
#define DEFINE_SCOPED(type, name, free_it)                                                         \
	static inline void name##_close(type **p)                                                  \
	{                                                                                          \
		free_it(*p);                                                                       \
		*p = NULL;                                                                         \
	}
#define SCOPED(name) __attribute__((cleanup(name##_close), unused))

DEFINE_SCOPED(EVP_MD_CTX, md_ctx, EVP_MD_CTX_free)
DEFINE_SCOPED(EVP_MAC_CTX, mac_ctx, EVP_MAC_CTX_free)
DEFINE_SCOPED(EVP_PKEY, pkey, EVP_PKEY_free)
DEFINE_SCOPED(EVP_PKEY_CTX, pkey_ctx, EVP_PKEY_CTX_free)
DEFINE_SCOPED(BIO, bio, BIO_free_all)
DEFINE_SCOPED(BIGNUM, bignum, BN_free)

/* Records ERR_CRYPTO with "what" and OpenSSL's newest reason, and empties OpenSSL's queue. */
enum err ossl_fail(struct ctx *c, const char *file, int line, const char *what);
#define OSSL_FAIL(c, what) return ossl_fail((c), __FILE__, __LINE__, (what))

/* Fetched at first use, never freed: the process ends with them. */
enum err ossl_sha256(struct ctx *c, const EVP_MD **out) MUST_USE;
enum err ossl_sha512(struct ctx *c, const EVP_MD **out) MUST_USE;
enum err ossl_hmac(struct ctx *c, EVP_MAC **out) MUST_USE;

/* A raw Ed25519 public key as OpenSSL holds it; ERR_FORMAT for another length and for points of
 * small order (sign.c). */
enum err ossl_ed25519_public(struct ctx *c, struct span key, EVP_PKEY **out) MUST_USE;
#define RSA_BITS_MIN 2048
/* ERR_FORMAT unless the numbers, big-endian, are a public key: an uncompressed point of that group
 * ("P-256"); RSA from 2048 bits, odd e > 1. (ossl_key.c) */
enum err ossl_ec_public(struct ctx *c, const char *group, struct span point, EVP_PKEY **out)
	MUST_USE;
enum err ossl_rsa_public(struct ctx *c, struct span modulus, struct span exponent, EVP_PKEY **out)
	MUST_USE;
/* ERR_VERIFY unless sig is key's signature over message; hash is NULL for Ed25519. (sign.c) */
enum err ossl_verify(struct ctx *c, EVP_PKEY *key, const char *hash, struct span message,
		     struct span sig) MUST_USE;

/* Copies what stands in a memory BIO into the arena. */
enum err ossl_bio_span(struct ctx *c, BIO *bio, struct span *out) MUST_USE;
/* A memory BIO that reads s; s must outlive it. NULL without memory or above INT_MAX bytes. */
BIO *ossl_bio_of(struct span s);

#endif
