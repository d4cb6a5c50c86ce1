/*
 * The belt between the threads of packing: the first reads and frames the items into slots of plain
 * text, the second hashes what is marked in them, the third seals them, and the sink's own writes.
 * Bounded, in order, one payload; what fails on another thread is told on the first.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PACK_BELT_H
#define HAND_PACK_BELT_H

#include "crypt/age.h"
#include "crypt/hash.h"

#define BELT_SLOT ((size_t)2 << 20)

struct belt;
/* Takes its memory, starts the threads and waits until they run. fd: an empty new file, not closed
 * here. To be called once Landlock binds this thread, for it binds what a thread starts and no
 * other, and before the system call filter closes, which allows no new threads. */
enum err belt_open(struct ctx *c, int fd, struct belt **out) MUST_USE;
void belt_close(struct belt **b);       /* ends the threads; NULL is fine */

/* Draws a fresh file key, makes the header for the recipient. About plain_bytes will come. */
enum err belt_begin(struct ctx *c, struct belt *b, const struct age_recipient *to,
		    int64_t plain_bytes, struct span *header_out) MUST_USE;
/* Room for n bytes in one piece (n <= BELT_SLOT) at *p_out, to be filled in place up to what
 * belt_took says. */
enum err belt_room(struct ctx *c, struct belt *b, size_t n, unsigned char **p_out) MUST_USE;
void belt_took(struct belt *b, size_t n);
enum err belt_put(struct ctx *c, struct belt *b, struct span plain) MUST_USE;
/* What is put between the two is hashed by itself. *out is written on another thread: it must live
 * as long as the belt, and is there when belt_hashed or belt_end has returned. */
enum err belt_hash_begin(struct ctx *c, struct belt *b) MUST_USE;
enum err belt_hash_end(struct ctx *c, struct belt *b, struct sha256 *out) MUST_USE;
/* Waits until all that ended is hashed. */
enum err belt_hashed(struct ctx *c, struct belt *b) MUST_USE;
/* The last chunk: waits until all is written and durable; the length of the payload. */
enum err belt_end(struct ctx *c, struct belt *b, int64_t *bytes_out) MUST_USE;

#endif
