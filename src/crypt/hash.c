/*
 * SHA-256, SHA-512, HMAC-SHA256 (RFC 2104) and HKDF-SHA256 (RFC 5869) over OpenSSL; see hash.h.
 * Offers no other algorithm: what is signed here names SHA-256, or SHA-512 inside SSHSIG.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/hash.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "crypt/ossl.h"

#define READ_BYTES ((size_t)256 << 10)
#define HKDF_BLOCKS_MAX 255u /* RFC 5869 section 2.3: the counter is one byte */

struct hasher {
	EVP_MD_CTX *md;
};

static enum err digest(struct ctx *c, const EVP_MD *md, struct span s, unsigned char *out)
{
	if (!EVP_Digest(s.p, s.n, out, NULL, md, NULL))
		OSSL_FAIL(c, "hashing");
	return ERR_OK;
}

enum err sha256_of(struct ctx *c, struct span s, struct sha256 *out)
{
	const EVP_MD *md;

	TRY(ossl_sha256(c, &md));
	return digest(c, md, s, out->b);
}

enum err sha256_hex(struct ctx *c, struct span s, struct span *hex_out)
{
	struct sha256 h;

	TRY(sha256_of(c, s, &h));
	return hex_encode(c, sha256_span(&h), hex_out);
}

enum err sha512_of(struct ctx *c, struct span s, unsigned char out[64])
{
	const EVP_MD *md;

	TRY(ossl_sha512(c, &md));
	return digest(c, md, s, out);
}

/* HMAC of the parts one after the other. */
static enum err hmac_parts(struct ctx *c, struct span key, const struct span *parts, size_t count,
			   unsigned char out[SHA256_BYTES])
{
	SCOPED(mac_ctx) EVP_MAC_CTX *mac = NULL;
	char name[] = "SHA2-256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
				OSSL_PARAM_construct_end() };
	const unsigned char none = 0;
	EVP_MAC *algorithm;
	size_t n = 0;

	TRY(ossl_hmac(c, &algorithm));
	mac = EVP_MAC_CTX_new(algorithm);
	/* A NULL key means "the key set before" to OpenSSL; an empty key is a key. */
	if (!mac || !EVP_MAC_init(mac, key.n ? key.p : &none, key.n, params))
		OSSL_FAIL(c, "HMAC");
	for (size_t i = 0; i < count; i++)
		if (parts[i].n && !EVP_MAC_update(mac, parts[i].p, parts[i].n))
			OSSL_FAIL(c, "HMAC");
	if (!EVP_MAC_final(mac, out, &n, SHA256_BYTES) || n != SHA256_BYTES)
		OSSL_FAIL(c, "HMAC");
	return ERR_OK;
}

enum err hmac_sha256(struct ctx *c, struct span key, struct span s, struct sha256 *out)
{
	return hmac_parts(c, key, &s, 1, out->b);
}

/* T(i) = HMAC(prk, T(i-1) | info | i), with t holding T(i-1) and then T(i). */
static enum err hkdf_blocks(struct ctx *c, struct span prk, struct span info,
			    unsigned char t[SHA256_BYTES], unsigned char *out, size_t out_n)
{
	size_t done = 0;

	for (unsigned char i = 1; done < out_n; i++) {
		struct span parts[3] = { span_of(t, i == 1 ? 0 : SHA256_BYTES), info,
					 span_of(&i, 1) };
		size_t n = out_n - done < SHA256_BYTES ? out_n - done : SHA256_BYTES;

		TRY(hmac_parts(c, prk, parts, COUNT_OF(parts), t));
		memcpy(out + done, t, n);
		done += n;
	}
	return ERR_OK;
}

enum err hkdf_sha256(struct ctx *c, struct span key, struct span salt, struct span info,
		     unsigned char *out, size_t out_n)
{
	unsigned char prk[SHA256_BYTES] = { 0 }, t[SHA256_BYTES] = { 0 };
	enum err e;

	if (out_n > (size_t)HKDF_BLOCKS_MAX * SHA256_BYTES)
		FAIL(c, ERR_LIMIT, "a key of %zu bytes is asked for, HKDF gives at most %u", out_n,
		     HKDF_BLOCKS_MAX * SHA256_BYTES);
	e = hmac_parts(c, salt, &key, 1, prk);
	if (e == ERR_OK)
		e = hkdf_blocks(c, span_of(prk, sizeof prk), info, t, out, out_n);
	wipe(prk, sizeof prk);
	wipe(t, sizeof t);
	return e;
}

enum err hasher_begin(struct ctx *c, struct hasher *h)
{
	const EVP_MD *md;

	TRY(ossl_sha256(c, &md));
	if (!EVP_DigestInit_ex2(h->md, md, NULL))
		OSSL_FAIL(c, "beginning a hash");
	return ERR_OK;
}

enum err hasher_open(struct ctx *c, struct hasher **out)
{
	struct hasher *h;
	enum err e;

	TRY(NEW(c, h));
	h->md = EVP_MD_CTX_new();
	if (!h->md)
		FAIL(c, ERR_NOMEM, "no memory for a hash");
	e = hasher_begin(c, h);
	if (e != ERR_OK) {
		hasher_close(&h);
		return e;
	}
	*out = h;
	return ERR_OK;
}

void hasher_close(struct hasher **h)
{
	if (!*h)
		return;
	EVP_MD_CTX_free((*h)->md);
	(*h)->md = NULL;
	*h = NULL;
}

enum err hasher_add(struct ctx *c, struct hasher *h, struct span s)
{
	if (s.n && !EVP_DigestUpdate(h->md, s.p, s.n))
		OSSL_FAIL(c, "hashing");
	return ERR_OK;
}

enum err hasher_end(struct ctx *c, struct hasher *h, struct sha256 *out)
{
	if (!EVP_DigestFinal_ex(h->md, out->b, NULL))
		OSSL_FAIL(c, "ending a hash");
	return hasher_begin(c, h);
}

/* pread leaves the position alone: a descriptor that came by message shares it with its sender. */
static enum err add_fd(struct ctx *c, struct hasher *h, int fd, unsigned char *room,
		       int64_t *bytes_out)
{
	int64_t at = 0;

	for (;;) {
		ssize_t got = pread(fd, room, READ_BYTES, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			FAIL(c, ERR_IO, "cannot read a file to hash it: %s", strerror(errno));
		if (got == 0)
			break;
		TRY(hasher_add(c, h, span_of(room, (size_t)got)));
		at += got;
	}
	if (bytes_out)
		*bytes_out = at;
	return ERR_OK;
}

enum err sha256_of_fd(struct ctx *c, int fd, struct sha256 *out, int64_t *bytes_out)
{
	/* Neither is in the arena: thousands of files are hashed in one job. */
	SCOPED(md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
	static unsigned char room[READ_BYTES];
	struct hasher h = { .md = md };

	if (!md)
		FAIL(c, ERR_NOMEM, "no memory for a hash");
	TRY(hasher_begin(c, &h));
	TRY(add_fd(c, &h, fd, room, bytes_out));
	return hasher_end(c, &h, out);
}
