/*
 * The context: what every function that can fail, allocate or touch the world is given first.
 * One per request, job or command; dropped as a whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/seam.h"

struct ctx {
	struct arena *arena;       /* everything made for this request; a hard total in bytes */
	const struct seam *seam;   /* clock, randomness, disk, processes */
	struct halves *halves;     /* who shares long loops (base/halves.h); NULL: nobody */
	enum err code;             /* the recorded failure, ERR_OK if none */
	const char *file;
	int line;
	char why[1024];
	char next[512];
};

/* Begins a context over an arena of at most max_bytes. The seam is the real world, in test
 * builds the one that the environment describes. */
enum err ctx_begin(struct ctx *c, size_t max_bytes) MUST_USE;
void ctx_end(struct ctx *c);
#define CTX_SCOPED __attribute__((cleanup(ctx_end)))

#endif
