/*
 * pax tar in the one canonical form of doc/protocol.md section 6: mode 0644, uid and gid 0, given
 * mtime, zero padding, two zero blocks at the end; a pax header only where a name or size needs it.
 * Writer and strict reader; any other byte is an error.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_TAR_H
#define FORMAT_TAR_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/span.h"

#define TAR_BLOCK 512u
#define TAR_HEAD_MAX (16u * TAR_BLOCK)  /* ustar header with a pax header before it */
#define TAR_NAME_MAX 4096u

/* Appends the header block(s) of one file. */
enum err tar_head(struct ctx *c, struct buf *b, struct span name, int64_t bytes, int64_t mtime_utc)
	MUST_USE;
/* Zero bytes from a content of that length to the next block border (0 to 511). */
size_t tar_padding(int64_t bytes);
/* Appends the two zero blocks. */
void tar_end(struct buf *b);

struct tar_entry {
	struct span name;               /* in the arena */
	int64_t bytes, mtime_utc;
	size_t head_bytes;              /* how much of the input the header took */
};
/* Reads the header at the start of input (give at least TAR_HEAD_MAX bytes, or all there is) and
 * demands that it is byte for byte what tar_head would write. *end_out: the two zero blocks stood
 * there instead. */
enum err tar_read_head(struct ctx *c, struct span input, struct tar_entry *out, bool *end_out)
	MUST_USE;

#endif
