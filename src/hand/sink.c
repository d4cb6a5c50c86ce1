/*
 * Output in large blocks. See sink.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/sink.h"

#include <string.h>

#include "base/file.h"

struct sink {
	int fd;
	unsigned char *p;       /* two blocks: a full one is written, what hangs over moves down */
	size_t n;
	int64_t bytes;
};

enum err sink_open(struct ctx *c, int fd, struct sink **out)
{
	struct sink *s;

	TRY(NEW(c, s));
	TRY(NEW_ARRAY(c, s->p, 2 * SINK_BLOCK));
	*out = s;
	s->fd = fd;
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
	struct span block = span_of(s->p, n);

	TRY(fd_write_all(c, s->fd, block));
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
	TRY(block_out(c, s, s->n));
	TRY(fd_sync(c, s->fd));
	*bytes_out = s->bytes;
	return ERR_OK;
}
