/*
 * Timestamps (RFC 3161) over a SHA-256: the query, and what is kept of the answer. A token signs
 * its own inside; its frame (versions, algorithms, further certificates, unsigned attributes) no
 * signature covers, so it is kept in one form only, and every other form is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_TIMESTAMP_H
#define CRYPT_TIMESTAMP_H

#include "crypt/hash.h"

#define TIMESTAMP_NONCE_BYTES 8u
#define TIMESTAMP_BYTES_MAX ((size_t)32 << 10)
/* How far a TSA's clock and ours may lie apart. */
#define TIMESTAMP_SKEW_S INT64_C(60)

struct timestamp {
	struct sha256 certificate;      /* of the TSA: the caller compares it with what it trusts */
	int64_t made_utc;               /* genTime, s */
};

/* The query for that hash, DER. The nonce is the caller's randomness. */
enum err timestamp_query(struct ctx *c, const struct sha256 *imprint,
			 const unsigned char nonce[TIMESTAMP_NONCE_BYTES],
			 struct span *der_out) MUST_USE;
/* What a TSA answered to that query, brought into the one form: granted, with the nonce asked for,
 * with the certificate of its signer and no other. It is not yet verified. */
enum err timestamp_take(struct ctx *c, struct span answer,
			const unsigned char nonce[TIMESTAMP_NONCE_BYTES],
			struct span *tsr_out) MUST_USE;
/* A TimeStampResp in the one form, that stamps imprint, signed by the certificate that it carries,
 * which is for nothing but timestamps and was valid then. */
enum err timestamp_verify(struct ctx *c, struct span tsr, const struct sha256 *imprint,
			  struct timestamp *out) MUST_USE;

#endif
