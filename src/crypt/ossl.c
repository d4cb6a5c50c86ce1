/*
 * What the files of this folder share about OpenSSL; see ossl.h. No threads: the fetched
 * algorithms stand in plain statics.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/ossl.h"

#include <limits.h>

enum err ossl_fail(struct ctx *c, const char *file, int line, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return err_set(c, ERR_CRYPTO, file, line, "%s: OpenSSL says: %s", what,
		       reason ? reason : "nothing");
}

static enum err md_fetch(struct ctx *c, const char *name, EVP_MD **kept, const EVP_MD **out)
{
	if (!*kept)
		*kept = EVP_MD_fetch(NULL, name, NULL);
	if (!*kept)
		OSSL_FAIL(c, name);
	*out = *kept;
	return ERR_OK;
}

enum err ossl_sha256(struct ctx *c, const EVP_MD **out)
{
	static EVP_MD *kept;

	return md_fetch(c, "SHA2-256", &kept, out);
}

enum err ossl_sha512(struct ctx *c, const EVP_MD **out)
{
	static EVP_MD *kept;

	return md_fetch(c, "SHA2-512", &kept, out);
}

enum err ossl_hmac(struct ctx *c, EVP_MAC **out)
{
	static EVP_MAC *kept;

	if (!kept)
		kept = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!kept)
		OSSL_FAIL(c, "HMAC");
	*out = kept;
	return ERR_OK;
}

enum err ossl_bio_span(struct ctx *c, BIO *bio, struct span *out)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	if (n < 0)
		OSSL_FAIL(c, "a text in memory");
	return span_copy(c, span_of(p, (size_t)n), out);
}

BIO *ossl_bio_of(struct span s)
{
	if (s.n > INT_MAX)
		return NULL;
	/* With NULL for no bytes at all BIO_new_mem_buf would fail. */
	return BIO_new_mem_buf(s.n ? (const void *)s.p : "", (int)s.n);
}
