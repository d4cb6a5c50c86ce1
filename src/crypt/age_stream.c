/*
 * age payload: STREAM of ChaCha20-Poly1305 in 64 KiB chunks, in order, one context whose key is
 * scheduled once. Refuses a chunk of another length, a chunk after the last, an empty last chunk
 * unless the payload is empty, and every further use after a failure. One stream either seals or
 * unseals, and a payload is never written twice under one file key: that is the caller's rule.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/age.h"

#include <string.h>

#include "base/num.h"
#include "crypt/age_key.h"
#include "crypt/hash.h"

#define SEALED_CHUNK ((int64_t)AGE_CHUNK + AGE_TAG)

enum stream_use { STREAM_UNUSED, STREAM_SEALS, STREAM_UNSEALS };

struct age_stream {
	EVP_CIPHER_CTX *cipher;
	unsigned char key[AEAD_KEY_BYTES]; /* wiped once the cipher has it */
	enum stream_use use;
	uint64_t chunk;
	bool ended;
};

enum err aead_open(struct ctx *c, const unsigned char key[AEAD_KEY_BYTES], bool seal,
		   EVP_CIPHER_CTX **out)
{
	static EVP_CIPHER *fetched;

	if (!fetched)
		fetched = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	*out = EVP_CIPHER_CTX_new();
	if (!fetched || !*out || EVP_CipherInit_ex2(*out, fetched, key, NULL, seal, NULL) != 1) {
		cipher_ctx_close(out);
		OSSL_FAIL(c, "setting up ChaCha20-Poly1305");
	}
	return ERR_OK;
}

enum err aead_seal(struct ctx *c, EVP_CIPHER_CTX *x, const unsigned char nonce[AEAD_NONCE_BYTES],
		   const unsigned char *in, size_t n, unsigned char *out)
{
	int done = 0, rest = 0;

	if (n > AGE_CHUNK)
		FAIL(c, ERR_LIMIT, "a chunk of %zu bytes is longer than %u", n, AGE_CHUNK);
	if (EVP_CipherInit_ex2(x, NULL, NULL, nonce, -1, NULL) != 1 ||
	    (n && EVP_CipherUpdate(x, out, &done, in, (int)n) != 1) || done != (int)n ||
	    EVP_CipherFinal_ex(x, out + n, &rest) != 1 || rest != 0 ||
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, (int)AGE_TAG, out + n) != 1)
		OSSL_FAIL(c, "ChaCha20-Poly1305");
	return ERR_OK;
}

enum err aead_unseal(struct ctx *c, EVP_CIPHER_CTX *x, const unsigned char nonce[AEAD_NONCE_BYTES],
		     const unsigned char *in, size_t n, unsigned char *out, bool *holds_out)
{
	unsigned char tag[AGE_TAG], nothing[AGE_TAG];
	int done = 0, rest = 0;

	*holds_out = false;
	if (n < AGE_TAG || n > AGE_CHUNK + AGE_TAG)
		FAIL(c, ERR_LIMIT, "a sealed chunk of %zu bytes cannot be", n);
	n -= AGE_TAG;
	memcpy(tag, in + n, sizeof tag); /* OpenSSL takes it as writable */
	if (EVP_CipherInit_ex2(x, NULL, NULL, nonce, -1, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, (int)AGE_TAG, tag) != 1 ||
	    (n && EVP_CipherUpdate(x, out, &done, in, (int)n) != 1) || done != (int)n)
		OSSL_FAIL(c, "ChaCha20-Poly1305");
	*holds_out = EVP_CipherFinal_ex(x, nothing, &rest) == 1 && rest == 0;
	if (!*holds_out) {
		wipe(out, n);
		ERR_clear_error();
	}
	return ERR_OK;
}

enum err age_stream_open(struct ctx *c, struct span file_key, struct span nonce,
			 struct age_stream **out)
{
	struct age_stream *s;

	*out = NULL;
	if (file_key.n != AGE_FILE_KEY_BYTES || nonce.n != AGE_NONCE_BYTES)
		FAIL(c, ERR_FORMAT, "an age file key and an age nonce have 16 bytes each");
	TRY(NEW(c, s));
	TRY(hkdf_sha256(c, file_key, nonce, SPAN("payload"), s->key, sizeof s->key));
	*out = s;
	return ERR_OK;
}

void age_stream_close(struct age_stream **s)
{
	if (!*s)
		return;
	cipher_ctx_close(&(*s)->cipher);
	wipe(*s, sizeof **s);
	*s = NULL;
}

/* What seal and unseal have in common before a chunk of plain_n bytes: the order, and its nonce. */
static enum err chunk_begin(struct ctx *c, struct age_stream *s, enum stream_use use,
			    size_t plain_n, bool last, unsigned char nonce[AEAD_NONCE_BYTES])
{
	if (s->ended || (s->use != STREAM_UNUSED && s->use != use))
		FAIL(c, ERR_STATE, "this age payload has ended, has failed, or goes the other way");
	if (plain_n > AGE_CHUNK || (!last && plain_n != AGE_CHUNK))
		FAIL(c, ERR_FORMAT, "chunk %llu of an age payload has the wrong length",
		     (unsigned long long)s->chunk);
	if (last && plain_n == 0 && s->chunk > 0)
		FAIL(c, ERR_FORMAT,
		     "the last chunk of an age payload is empty, but the payload is not");
	if (s->use == STREAM_UNUSED) {
		TRY(aead_open(c, s->key, use == STREAM_SEALS, &s->cipher));
		wipe(s->key, sizeof s->key);
		s->use = use;
	}
	memset(nonce, 0, AEAD_NONCE_BYTES);
	for (size_t i = 0; i < 8; i++)
		nonce[10 - i] = (unsigned char)(s->chunk >> (8 * i));
	nonce[11] = last;
	/* Until it has succeeded the chunk counts as the last: no use after a failure. */
	s->ended = true;
	return ERR_OK;
}

enum err age_stream_seal(struct ctx *c, struct age_stream *s, const unsigned char *in, size_t in_n,
			 bool last, unsigned char *out)
{
	unsigned char nonce[AEAD_NONCE_BYTES];

	TRY(chunk_begin(c, s, STREAM_SEALS, in_n, last, nonce));
	TRY(aead_seal(c, s->cipher, nonce, in, in_n, out));
	s->chunk++;
	s->ended = last;
	return ERR_OK;
}

enum err age_stream_unseal(struct ctx *c, struct age_stream *s, const unsigned char *in,
			   size_t in_n, bool last, unsigned char *out)
{
	unsigned char nonce[AEAD_NONCE_BYTES];
	bool holds;

	if (in_n < AGE_TAG)
		FAIL(c, ERR_FORMAT, "an age payload is cut off in chunk %llu",
		     (unsigned long long)s->chunk);
	TRY(chunk_begin(c, s, STREAM_UNSEALS, in_n - AGE_TAG, last, nonce));
	TRY(aead_unseal(c, s->cipher, nonce, in, in_n, out, &holds));
	if (!holds)
		FAIL(c, ERR_VERIFY,
		     "chunk %llu of an age payload does not hold: altered, cut off, moved, or "
		     "under another key",
		     (unsigned long long)s->chunk);
	s->chunk++;
	s->ended = last;
	return ERR_OK;
}

int64_t age_payload_bytes(int64_t plain_bytes)
{
	bool part = plain_bytes % AGE_CHUNK != 0 || plain_bytes == 0;
	int64_t chunks = plain_bytes / AGE_CHUNK + part, tags, out;

	if (plain_bytes < 0 || !num_mul(chunks, AGE_TAG, &tags) ||
	    !num_add(plain_bytes, tags, &out) || !num_add(out, AGE_NONCE_BYTES, &out))
		return -1;
	return out;
}

int64_t age_plain_bytes(int64_t payload_bytes)
{
	int64_t sealed = payload_bytes < AGE_NONCE_BYTES ? -1 : payload_bytes - AGE_NONCE_BYTES;
	int64_t whole = sealed / SEALED_CHUNK, rest = sealed % SEALED_CHUNK;

	if (sealed < (int64_t)AGE_TAG)
		return -1;
	if (rest == 0)
		return whole * AGE_CHUNK;
	if (rest < (int64_t)AGE_TAG || (rest == AGE_TAG && whole > 0))
		return -1;
	return whole * AGE_CHUNK + rest - AGE_TAG;
}
