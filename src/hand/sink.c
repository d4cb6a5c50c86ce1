/*
 * Output in large blocks. See sink.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/turns.h"

#define ALIGN ((size_t)4096)    /* of memory, place and length in direct output */

#define BLOCKS 3u

struct sink {
	struct turns turns;
	int fd;
	bool direct;
	unsigned char *block[BLOCKS];   /* each with room for a piece that hangs over */
	size_t n;                       /* bytes in the block that is being filled */
	int64_t bytes;                  /* sent so far */
};

/* Past the page cache: buffered output costs as much as hashing, and drives the mail that is read
 * out of memory. A file system may refuse the flag, or only the first write; which is tried here,
 * as the flag cannot be changed inside the cage. What this writes is overwritten. */
static bool direct_begin(const struct sink *s)
{
	int flags = fcntl(s->fd, F_GETFL);

	if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_DIRECT) != 0)
		return false;
	if (pwrite(s->fd, s->block[0], ALIGN, 0) == (ssize_t)ALIGN)
		return true;
	fcntl(s->fd, F_SETFL, flags);
	return false;
}

/* On the sink's thread. */
static enum err block_out(struct ctx *c, void *of, size_t slot, bool last)
{
	struct sink *s = of;
	size_t n = SINK_BLOCK;

	if (last) {
		n = s->n;
		if (s->direct && n % ALIGN)
			n += ALIGN - n % ALIGN;
	}
	TRY(fd_write_all(c, s->fd, span_of(s->block[slot], n)));
	if (!last)
		return ERR_OK;
	if (ftruncate(s->fd, s->bytes) != 0)
		FAIL(c, ERR_IO, "cannot cut the file to its length: %s", strerror(errno));
	return fd_sync(c, s->fd);
}

enum err sink_open(struct ctx *c, int fd, struct sink **out)
{
	unsigned char *raw;
	struct sink *s;

	TRY(NEW(c, s));
	for (size_t i = 0; i < BLOCKS; i++) {
		TRY(NEW_ARRAY(c, raw, SINK_BLOCK + SINK_PIECE + ALIGN));
		s->block[i] = raw + (ALIGN - (uintptr_t)raw % ALIGN) % ALIGN;
	}
	s->fd = fd;
	s->direct = direct_begin(s);
	s->turns.stage[0].work = block_out;
	s->turns.stages = 1;
	s->turns.of = s;
	s->turns.slots = BLOCKS;
	*out = s;
	return turns_start(c, &s->turns);
}

void sink_close(struct sink **s)
{
	if (*s)
		turns_end(&(*s)->turns);
	*s = NULL;
}

enum err sink_expect(struct ctx *c, struct sink *s, int64_t bytes)
{
	/* The file gets its size at once: a direct write beyond the end would have to wait for the
	 * file system each time. Not every one can; those that can say so where the disk is full.
	 */
	if (bytes > 0 && fallocate(s->fd, 0, 0, bytes) != 0 && errno == ENOSPC)
		FAIL(c, ERR_IO, "the disk has no room for the %lld bytes of this collection",
		     (long long)bytes);
	return ERR_OK;
}

enum err sink_room(struct ctx *c, struct sink *s, size_t n, unsigned char **p_out)
{
	if (n > SINK_PIECE)
		FAIL(c, ERR_LIMIT, "the output stage was given %zu bytes at once", n);
	*p_out = s->block[turns_slot(&s->turns)] + s->n;
	return ERR_OK;
}

enum err sink_took(struct ctx *c, struct sink *s, size_t n)
{
	const unsigned char *full = s->block[turns_slot(&s->turns)];

	s->n += n;
	if (s->n < SINK_BLOCK)
		return ERR_OK;
	s->n -= SINK_BLOCK;
	s->bytes += (int64_t)SINK_BLOCK;
	TRY(turns_send(c, &s->turns, false));
	/* What hangs over. The block is written meanwhile, but filled no more before its turn. */
	memcpy(s->block[turns_slot(&s->turns)], full + SINK_BLOCK, s->n);
	return ERR_OK;
}

enum err sink_end(struct ctx *c, struct sink *s, int64_t *bytes_out)
{
	unsigned char *rest = s->block[turns_slot(&s->turns)] + s->n;

	memset(rest, 0, ALIGN - s->n % ALIGN);
	s->bytes += (int64_t)s->n;
	TRY(turns_send(c, &s->turns, true));
	*bytes_out = s->bytes;
	return ERR_OK;
}
