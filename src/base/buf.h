/*
 * struct buf: bytes to write, with a maximum at birth. Writing past the maximum, or without
 * memory, marks the buffer as failed; buf_done reports it once, so that writers read plainly.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/ctx.h"
#include "base/span.h"

struct buf {
	struct arena *arena;
	unsigned char *p;
	size_t n, cap, max;
	bool failed;
};

void buf_begin(struct buf *b, struct ctx *c, size_t max_bytes);
void buf_add(struct buf *b, struct span s);
static inline void buf_str(struct buf *b, const char *z)
{
	buf_add(b, span_str(z));
}
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_byte(struct buf *b, unsigned char x);
void buf_i64(struct buf *b, int64_t i);         /* decimal */
void buf_u16(struct buf *b, uint16_t x);        /* big-endian, as all of these */
void buf_u32(struct buf *b, uint32_t x);
void buf_u64(struct buf *b, uint64_t x);
void buf_string(struct buf *b, struct span s);  /* SSH string */
void buf_hex(struct buf *b, struct span s);
/* ERR_LIMIT or ERR_NOMEM if anything did not fit; *out then is empty. */
enum err buf_done(struct ctx *c, const struct buf *b, struct span *out) MUST_USE;

#endif
