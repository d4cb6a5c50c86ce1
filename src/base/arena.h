/*
 * Memory: one arena per request or job with a hard total, dropped at the end. Nothing is freed
 * singly. This is the only place of the program that calls malloc.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct arena;

/* NULL when the machine has no memory. max_bytes is the hard total. */
struct arena *arena_open(size_t max_bytes);
void arena_close(struct arena *a);      /* wipes and frees everything; NULL is fine */
size_t arena_used(const struct arena *a);

/* Zeroed memory aligned for any type, or NULL (arena_alloc also records ERR_NOMEM in c). */
void *arena_take(struct arena *a, size_t n);
void *arena_alloc(struct ctx *c, size_t n);

/* TRY(NEW(c, pointer)) and TRY(NEW_ARRAY(c, pointer, count)): zeroed, typed by the pointer. */
#define NEW(c, p) (((p) = arena_alloc((c), sizeof *(p))) != NULL ? ERR_OK : ERR_NOMEM)
#define NEW_ARRAY(c, p, count)                                                                     \
	(((p) = arena_alloc_array((c), (count), sizeof *(p))) != NULL ? ERR_OK : ERR_NOMEM)
void *arena_alloc_array(struct ctx *c, size_t count, size_t size);

#endif
