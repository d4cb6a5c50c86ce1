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

#define ALIGN ((size_t)4096)    /* of memory, place and length in direct output */

struct sink {
	int fd;
	bool direct;
	unsigned char *p;       /* two blocks: a full one is written, what hangs over moves down */
	size_t n;
	int64_t bytes;
};

/* Past the page cache: buffered output costs as much as hashing, and drives the mail that is read
 * out of memory. A file system may refuse the flag, or only the first write; which is tried here,
 * as the flag cannot be changed inside the cage. What this writes is overwritten. */
static bool direct_begin(const struct sink *s)
{
	int flags = fcntl(s->fd, F_GETFL);

	if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_DIRECT) != 0)
		return false;
	if (pwrite(s->fd, s->p, ALIGN, 0) == (ssize_t)ALIGN)
		return true;
	fcntl(s->fd, F_SETFL, flags);
	return false;
}

enum err sink_open(struct ctx *c, int fd, struct sink **out)
{
	unsigned char *raw;
	struct sink *s;

	TRY(NEW(c, s));
	TRY(NEW_ARRAY(c, raw, 2 * SINK_BLOCK + ALIGN));
	s->p = raw + (ALIGN - (uintptr_t)raw % ALIGN) % ALIGN;
	s->fd = fd;
	s->direct = direct_begin(s);
	*out = s;
	return ERR_OK;
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
	if (n > 2 * SINK_BLOCK - s->n)
		FAIL(c, ERR_LIMIT, "the output stage was given %zu bytes at once", n);
	*p_out = s->p + s->n;
	return ERR_OK;
}

static enum err block_out(struct ctx *c, struct sink *s, size_t n)
{
	TRY(fd_write_all(c, s->fd, span_of(s->p, n)));
	s->bytes += (int64_t)n;
	s->n -= n;
	memmove(s->p, s->p + n, s->n);
	return ERR_OK;
}

enum err sink_took(struct ctx *c, struct sink *s, size_t n)
{
	s->n += n;
	return s->n >= SINK_BLOCK ? block_out(c, s, SINK_BLOCK) : ERR_OK;
}

enum err sink_end(struct ctx *c, struct sink *s, int64_t *bytes_out)
{
	int64_t bytes = s->bytes + (int64_t)s->n;
	size_t odd = s->n % ALIGN;

	if (s->direct && odd) {
		memset(s->p + s->n, 0, ALIGN - odd);
		s->n += ALIGN - odd;
	}
	TRY(block_out(c, s, s->n));
	if (ftruncate(s->fd, bytes) != 0)
		FAIL(c, ERR_IO, "cannot cut the file to its length: %s", strerror(errno));
	TRY(fd_sync(c, s->fd));
	*bytes_out = bytes;
	return ERR_OK;
}
