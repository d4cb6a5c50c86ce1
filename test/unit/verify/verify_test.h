/*
 * What the tests of src/verify share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VERIFY_TEST_H
#define VERIFY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/file.h"
#include "base/span.h"

#define CTX(c)                                                                                     \
	CTX_SCOPED struct ctx c;                                                                   \
	assert_int_equal(ctx_begin(&c, (size_t)64 << 20), ERR_OK)

static inline void ok_at(struct ctx *c, enum err e, const char *file, int line)
{
	if (e != ERR_OK)
		print_error("%s:%d: %s (%s)\n", file, line, c->why, err_name(e));
	_assert_int_equal((uintmax_t)e, ERR_OK, file, line);
}
#define ok(c, e) ok_at((c), (e), __FILE__, __LINE__)

/* It must fail in exactly this way and say these words. */
static inline void refused_at(struct ctx *c, enum err want, const char *words, enum err e,
			      const char *file, int line)
{
	if (e != want || !strstr(c->why, words))
		print_error("%s:%d: wanted %s '%s', got %s: %s\n", file, line, err_name(want),
			    words, err_name(e), c->why);
	_assert_int_equal((uintmax_t)e, (uintmax_t)want, file, line);
	_assert_true(strstr(c->why, words) != NULL, "recorded with words", file, line);
	err_clear(c);
}
#define refused(c, want, words, e) refused_at((c), (want), (words), (e), __FILE__, __LINE__)

#endif
