/*
 * The last stage of packing: bytes into a new file, in blocks of 1 MiB, past the page cache where
 * the file system can, on a thread of its own, durable at the end. What it is given is sealed
 * already.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_SINK_H
#define HAND_SINK_H

#include "base/ctx.h"
#include "base/span.h"

#define SINK_BLOCK ((size_t)1 << 20)
#define SINK_PIECE ((size_t)128 << 10)

struct sink;
/* fd: an empty new file, not closed here. Starts the thread (see belt_open). */
enum err sink_open(struct ctx *c, int fd, struct sink **out) MUST_USE;
void sink_close(struct sink **s);       /* ends the thread; NULL is fine */
/* About so many bytes will come: takes the room on the disk, or says that there is none. */
enum err sink_expect(struct ctx *c, struct sink *s, int64_t bytes) MUST_USE;
/* Room for n bytes (n <= SINK_PIECE) at *p_out, to be written in place; then sink_took. */
enum err sink_room(struct ctx *c, struct sink *s, size_t n, unsigned char **p_out) MUST_USE;
enum err sink_took(struct ctx *c, struct sink *s, size_t n) MUST_USE;
/* Writes what is left, cuts the file to its length and makes it durable; the length. */
enum err sink_end(struct ctx *c, struct sink *s, int64_t *bytes_out) MUST_USE;

#endif
