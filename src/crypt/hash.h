/*
 * SHA-256 and HMAC-SHA256 over OpenSSL with algorithms fetched once.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_HASH_H
#define CRYPT_HASH_H

#include "base/ctx.h"
#include "base/span.h"

#define SHA256_BYTES 32u

struct sha256 {
	unsigned char b[SHA256_BYTES];
};

enum err sha256_of(struct ctx *c, struct span s, struct sha256 *out) MUST_USE;
enum err sha256_hex(struct ctx *c, struct span s, struct span *hex_out) MUST_USE; /* in the arena */
enum err sha512_of(struct ctx *c, struct span s, unsigned char out[64]) MUST_USE;
enum err hmac_sha256(struct ctx *c, struct span key, struct span s, struct sha256 *out) MUST_USE;
/* RFC 5869 with SHA-256; out_n at most 255 * 32. */
enum err hkdf_sha256(struct ctx *c, struct span key, struct span salt, struct span info,
		     unsigned char *out, size_t out_n) MUST_USE;
static inline struct span sha256_span(const struct sha256 *h)
{
	return span_of(h->b, SHA256_BYTES);
}

/* A running hash: begin, any number of adds, end (which makes it ready to begin again). */
struct hasher;
enum err hasher_open(struct ctx *c, struct hasher **out) MUST_USE;
void hasher_close(struct hasher **h);
enum err hasher_begin(struct ctx *c, struct hasher *h) MUST_USE;
enum err hasher_add(struct ctx *c, struct hasher *h, struct span s) MUST_USE;
enum err hasher_end(struct ctx *c, struct hasher *h, struct sha256 *out) MUST_USE;
/* SHA-256 of a whole open file from its start, streamed; bytes_out may be NULL. */
enum err sha256_of_fd(struct ctx *c, int fd, struct sha256 *out, int64_t *bytes_out) MUST_USE;

#endif
