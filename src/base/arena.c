/*
 * Arenas: chunks that double in size, a hard total, wiped when dropped.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/num.h"
#include "base/span.h"

#define ALIGN 16u
#define CHUNK_MIN ((size_t)16 << 10)
#define CHUNK_MAX ((size_t)4 << 20)

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(ALIGN) unsigned char bytes[];
};

struct arena {
	struct chunk *top;
	size_t used, max, next_size;
};

struct arena *arena_open(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a) {
		a->max = max_bytes;
		a->next_size = CHUNK_MIN;
	}
	return a;
}

/* What was taken and never written is not memory yet but the kernel's page of zeros: to wipe it
 * would only make it some, and a hand takes far more than a small collection fills. */
static void wipe_written(unsigned char *p, size_t n)
{
	static const unsigned char zeros[4096];

	for (size_t i = 0; i < n; i += sizeof zeros) {
		size_t piece = n - i < sizeof zeros ? n - i : sizeof zeros;

		if (memcmp(p + i, zeros, piece) != 0)
			wipe(p + i, piece);
	}
}

void arena_close(struct arena *a)
{
	if (!a)
		return;
	while (a->top) {
		struct chunk *gone = a->top;

		a->top = gone->next;
		wipe_written(gone->bytes, gone->used);
		free(gone);
	}
	free(a);
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

static struct chunk *chunk_add(struct arena *a, size_t need)
{
	size_t size = need > a->next_size ? need : a->next_size;
	struct chunk *chunk = calloc(1, sizeof *chunk + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->next = a->top;
	a->top = chunk;
	if (a->next_size < CHUNK_MAX)
		a->next_size *= 2;
	return chunk;
}

void *arena_take(struct arena *a, size_t n)
{
	struct chunk *chunk = a->top;
	void *out;

	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (n > a->max - a->used)
		return NULL;
	if (!chunk || n > chunk->size - chunk->used)
		chunk = chunk_add(a, n);
	if (!chunk)
		return NULL;
	out = chunk->bytes + chunk->used;
	chunk->used += n;
	a->used += n;
	return out;
}

void *arena_alloc(struct ctx *c, size_t n)
{
	void *p = arena_take(c->arena, n ? n : 1);

	if (!p)
		err_set(c, ERR_NOMEM, __FILE__, __LINE__,
			"this step wants %zu more bytes beside the %zu that it already uses", n,
			arena_used(c->arena));
	return p;
}

void *arena_alloc_array(struct ctx *c, size_t count, size_t size)
{
	size_t n;

	if (!size_mul(count, size, &n)) {
		err_set(c, ERR_NOMEM, __FILE__, __LINE__, "a list of %zu is beyond this machine",
			count);
		return NULL;
	}
	return arena_alloc(c, n);
}

enum err ctx_begin(struct ctx *c, size_t max_bytes)
{
	*c = (struct ctx){ .seam = seam_world() };
	c->arena = arena_open(max_bytes);
	return c->arena ? ERR_OK : ERR_NOMEM;
}

void ctx_end(struct ctx *c)
{
	arena_close(c->arena);
	c->arena = NULL;
}
