/*
 * What the fuzz targets share. A target is one function that is given bytes; it must return, and
 * CHECK what must hold for any bytes. Engines: libFuzzer (clang), else standalone_driver.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/ctx.h"
#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define ARENA_MAX ((size_t)64 << 20)
/* A longer one fills the arena before it says anything. */
#define INPUT_MAX ((size_t)1 << 20)

/* A failure has its code and words in the context, a success leaves none. */
static inline void check_result(const struct ctx *c, enum err e)
{
	CHECK(e == c->code);
	CHECK((e == ERR_OK) == (c->why[0] == '\0'));
}

#endif
