/*
 * age v1 (C2SP age.md) with X25519 recipients: the header apart from the payload, so that release
 * is re-heading (ARCHITECTURE.md 5). Payload: 16-byte nonce, then STREAM of ChaCha20-Poly1305 in
 * 64 KiB chunks. age gives secrecy, never origin. Sealing and re-heading rules:
 * no payload is ever written twice under one file key.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_AGE_H
#define CRYPT_AGE_H

#include "base/ctx.h"
#include "base/span.h"

#define AGE_KEY_BYTES 32u
#define AGE_FILE_KEY_BYTES 16u
#define AGE_NONCE_BYTES 16u
#define AGE_CHUNK 65536u
#define AGE_TAG 16u
#define AGE_RECIPIENTS_MAX 32u
#define AGE_HEADER_MAX 16384u

struct age_recipient { unsigned char key[AGE_KEY_BYTES]; };
struct age_identity { unsigned char key[AGE_KEY_BYTES]; };

/* Bech32: "age1..." and "AGE-SECRET-KEY-1...". */
enum err age_recipient_parse(struct ctx *c, struct span text, struct age_recipient *out) MUST_USE;
enum err age_recipient_text(struct ctx *c, const struct age_recipient *r, struct span *out)
	MUST_USE;
enum err age_identity_parse(struct ctx *c, struct span text, struct age_identity *out) MUST_USE;
enum err age_identity_text(struct ctx *c, const struct age_identity *id, struct span *out) MUST_USE;
enum err age_identity_make(struct ctx *c, struct age_identity *out)
	MUST_USE; /* from the seam's randomness */
enum err age_recipient_of(struct ctx *c, const struct age_identity *id, struct age_recipient *out)
	MUST_USE;

/* A complete header ("age-encryption.org/v1\n" ... "--- MAC\n") that wraps file_key to each
 * recipient. */
enum err age_header_make(struct ctx *c, struct span file_key, const struct age_recipient *to,
			 size_t count, struct span *header_out) MUST_USE;
/* Length of the header at the start of bytes, or an error if it is malformed; header_max
 * AGE_HEADER_MAX. */
enum err age_header_length(struct ctx *c, struct span bytes, size_t *out) MUST_USE;
/* Opens a header with an identity: the file key. ERR_VERIFY if none of its stanzas is for it, or
 * its MAC is wrong. */
enum err age_header_open(struct ctx *c, struct span header, const struct age_identity *id,
			 unsigned char file_key_out[AGE_FILE_KEY_BYTES]) MUST_USE;
/* How many X25519 stanzas it has, and that there is nothing else in it. */
enum err age_header_recipients(struct ctx *c, struct span header, size_t *count_out) MUST_USE;

/* Payload, one chunk at a time, in order. seal: in_n is AGE_CHUNK for all but the last; out has
 * room for in_n + AGE_TAG. open: in_n includes the tag. */
struct age_stream;
enum err age_stream_open(struct ctx *c, struct span file_key, struct span nonce,
			 struct age_stream **out) MUST_USE;
void age_stream_close(struct age_stream **s);
enum err age_stream_seal(struct ctx *c, struct age_stream *s, const unsigned char *in, size_t in_n,
			 bool last, unsigned char *out) MUST_USE;
enum err age_stream_unseal(struct ctx *c, struct age_stream *s, const unsigned char *in,
			   size_t in_n, bool last, unsigned char *out) MUST_USE;
/* Payload bytes (nonce included) of a plaintext of that length, and back (-1 if impossible). */
int64_t age_payload_bytes(int64_t plain_bytes);
int64_t age_plain_bytes(int64_t payload_bytes);

#endif
