/*
 * Bytes that come by and are gone: a window over a file or over what an age payload opens to, and
 * a canonical tar that passes through it. Memory does not grow with the package.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VERIFY_INFLOW_H
#define VERIFY_INFLOW_H

#include "base/ctx.h"
#include "base/span.h"
#include "format/tar.h"

#define INFLOW_WINDOW ((size_t)256 << 10)
#define INFLOW_ROOM ((size_t)64 << 10)  /* a filler is never asked for less room than this */
#define LINE_MAX_BYTES ((size_t)64 << 10)

struct inflow {
	void *of;
	/* Puts 1 to room bytes at to, or none at the end. */
	enum err (*fill)(struct ctx *c, void *of, unsigned char *to, size_t room, size_t *got_out);
	unsigned char *window;
	size_t from, have;
	bool end;
};

enum err inflow_open(struct ctx *c, void *of,
		     enum err (*fill)(struct ctx *c, void *of, unsigned char *to, size_t room,
				      size_t *got_out),
		     struct inflow *out) MUST_USE;
/* The next n bytes, fewer only at the end; they stay valid until the next call. */
enum err inflow_peek(struct ctx *c, struct inflow *f, size_t n, struct span *out) MUST_USE;
void inflow_drop(struct inflow *f, size_t n);

struct tar_walk {
	struct inflow *in;
	struct span name;       /* of the member at hand, valid until the next member */
	char name_room[TAR_NAME_MAX];
	int64_t bytes, mtime_utc, left;
	bool inside;            /* a member is at hand */
};

/* Goes to the next member (what is left of the one at hand is passed over). *end_out: the two zero
 * blocks stood there and nothing behind them. */
enum err tar_walk_next(struct ctx *c, struct tar_walk *w, bool *end_out) MUST_USE;
/* The next n bytes of the member, fewer only at its end. */
enum err tar_walk_peek(struct ctx *c, struct tar_walk *w, size_t n, struct span *out) MUST_USE;
void tar_walk_drop(struct tar_walk *w, size_t n);
/* Takes as much of the member as is at hand; empty at its end. */
enum err tar_walk_piece(struct ctx *c, struct tar_walk *w, struct span *out) MUST_USE;
/* The whole member, ERR_LIMIT above max bytes. */
enum err tar_walk_whole(struct ctx *c, struct tar_walk *w, size_t max, struct span *out) MUST_USE;
/* One line without its LF; *end_out at the end of the member. */
enum err tar_walk_line(struct ctx *c, struct tar_walk *w, struct span *line_out,
		       bool *end_out) MUST_USE;

#endif
