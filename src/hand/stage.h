/*
 * The stages between hashing and output: bag members become tar, and, on the other side of the
 * belt, tar becomes age chunks. Each knows the next one only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_STAGE_H
#define HAND_STAGE_H

#include "crypt/age.h"
#include "format/tar.h"
#include "hand/pack_belt.h"
#include "hand/sink.h"

/* ---- sealing: plaintext into STREAM chunks of 64 KiB. Opened on the first thread, used on
 * another; the chunk that is being filled is wiped at the end. ---- */
struct sealer;
/* Draws a fresh file key and nonce, makes the header for the recipient, writes the nonce. */
enum err sealer_open(struct ctx *c, const struct age_recipient *to, struct sink *sink,
		     struct span *header_out, struct sealer **out) MUST_USE;
void sealer_close(struct sealer **s);   /* wipes; NULL is fine */
enum err sealer_put(struct ctx *c, struct sealer *s, struct span plain) MUST_USE;
enum err sealer_end(struct ctx *c, struct sealer *s) MUST_USE;

/* ---- tar: members of the bag ---- */
struct bag {
	struct belt *belt;
	struct span top;                /* "REF/" */
	int64_t mtime_utc;
	int64_t bytes, left;            /* of the open member */
	struct sha256 *hash;
	struct buf head;
};
/* *hash_out: as belt_hash_end says. */
enum err bag_begin(struct ctx *c, struct bag *b, struct span path, int64_t bytes,
		   struct sha256 *hash_out) MUST_USE;
/* ERR_DEGRADED if it is more than was announced. */
enum err bag_put(struct ctx *c, struct bag *b, struct span s) MUST_USE;
/* The same for bytes that were put into the belt's room already. */
enum err bag_took(struct ctx *c, struct bag *b, size_t n) MUST_USE;
/* ERR_DEGRADED if it was less. */
enum err bag_end(struct ctx *c, struct bag *b) MUST_USE;
enum err bag_close(struct ctx *c, struct bag *b) MUST_USE;      /* the two zero blocks */

#endif
