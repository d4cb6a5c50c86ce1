/*
 * What the tests of src/hand share: contexts, and files outside the tree.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_TEST_H
#define HAND_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/file.h"
#include "base/span.h"

#define CTX(c)                                                                                     \
	CTX_SCOPED struct ctx c;                                                                   \
	assert_int_equal(ctx_begin(&c, (size_t)256 << 20), ERR_OK)

static inline void ok_at(struct ctx *c, enum err e, const char *file, int line)
{
	if (e != ERR_OK)
		print_error("%s:%d: %s (%s)\n", file, line, c->why, err_name(e));
	_assert_int_equal((uintmax_t)e, ERR_OK, file, line);
}
#define ok(c, e) ok_at((c), (e), __FILE__, __LINE__)

/* It must fail in exactly this way, and its words must begin like this. */
static inline void refused_at(struct ctx *c, enum err want, const char *words, enum err e,
			      const char *file, int line)
{
	if (e != want || strncmp(c->why, words, strlen(words)) != 0)
		print_error("%s:%d: wanted %s '%s', got %s '%s'\n", file, line, err_name(want),
			    words, err_name(e), c->why);
	_assert_int_equal((uintmax_t)e, (uintmax_t)want, file, line);
	_assert_true(strncmp(c->why, words, strlen(words)) == 0, "words", file, line);
	err_clear(c);
}
#define refused(c, want, words, e) refused_at((c), (want), (words), (e), __FILE__, __LINE__)

static inline void shared_path(char *out, size_t n, const char *name)
{
	const char *shared = getenv("WRIT_SHARED");

	assert_true(snprintf(out, n, "%s/%s", shared ? shared : "../shared", name) < (int)n);
}

/* False, said loudly, where the shared data is not here. */
static inline bool shared_is_here(const char *name)
{
	char path[4096];

	shared_path(path, sizeof path, name);
	if (!file_exists(path))
		print_message("SKIPPED: %s is not here\n", name);
	return file_exists(path);
}

#endif
