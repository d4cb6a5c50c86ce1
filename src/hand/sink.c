/*
 * Output in large blocks. See sink.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/sink.h"

#include "base/file.h"

struct sink {
	int fd;
	unsigned char *p;       /* two blocks: a full one is written, what hangs over moves down */
	size_t n;
	int64_t bytes;
	struct hasher *hasher;
};

enum err sink_open(struct ctx *c, int fd, struct sink **out)
{
	struct sink *s;

	TRY(NEW(c, s));
	TRY(NEW_ARRAY(c, s->p, 2 * SINK_BLOCK));
	TRY(hasher_open(c, &s->hasher));
	*out = s;
	s->fd = fd;
	return hasher_begin(c, s->hasher);
}

void sink_close(struct sink **sp)
{
	if (*sp)
		hasher_close(&(*sp)->hasher);
	*sp = NULL;
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

	TRY(hasher_add(c, s->hasher, block));
	TRY(fd_write_all(c, s->fd, block));
	s->bytes += (int64_t)n;
	s->n -= n;
	for (size_t i = 0; i < s->n; i++)
		s->p[i] = s->p[n + i];
	return ERR_OK;
}

enum err sink_took(struct ctx *c, struct sink *s, size_t n)
{
	s->n += n;
	return s->n >= SINK_BLOCK ? block_out(c, s, SINK_BLOCK) : ERR_OK;
}

enum err sink_end(struct ctx *c, struct sink *s, int64_t *bytes_out, struct sha256 *hash_out)
{
	TRY(block_out(c, s, s->n));
	TRY(fd_sync(c, s->fd));
	*bytes_out = s->bytes;
	return hasher_end(c, s->hasher, hash_out);
}
