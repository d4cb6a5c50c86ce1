/*
 * What the tests of src/base and src/format share: contexts, results, data outside the tree and a
 * temporary folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

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
#include "base/num.h"
#include "base/span.h"

/* A context of 64 MiB that ends with the block. */
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

/* It must fail in exactly this way, and its words must hold those given. */
static inline void refused_at(struct ctx *c, enum err want, const char *words, enum err e,
			      const char *file, int line)
{
	if (e != want || !strstr(c->why, words))
		print_error("%s:%d: wanted %s '%s', got %s '%s'\n", file, line, err_name(want),
			    words, err_name(e), c->why);
	_assert_int_equal((uintmax_t)e, (uintmax_t)want, file, line);
	_assert_true(c->code == want && strstr(c->why, words), "recorded with words", file, line);
	err_clear(c);
}
#define refused(c, want, words, e) refused_at((c), (want), (words), (e), __FILE__, __LINE__)

static inline void text_is_at(struct span got, const char *want, const char *file, int line)
{
	if (!span_is(got, want))
		print_error("%s:%d: wanted '%s', got '%.*s'\n", file, line, want, SPAN_ARG(got));
	_assert_true(span_is(got, want), "text", file, line);
}
#define text_is(got, want) text_is_at((got), (want), __FILE__, __LINE__)

/* A path among the data outside the tree; the test is skipped loudly where it is absent. */
static inline char *shared_path(struct ctx *c, const char *name)
{
	const char *shared = getenv("WRIT_SHARED");
	char *path;

	ok(c, path_fmt(c, &path, "%s/%s", shared ? shared : "../shared", name));
	if (!file_exists(path)) {
		print_message("SKIPPED: %s is not here\n", name);
		ctx_end(c);     /* skip leaves by a jump */
		skip();
	}
	return path;
}

/* A temporary folder for one test program; folder_drop removes it with what is in it. */
static char folder[64];

static inline int folder_make(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%.32s/writ-test-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_drop(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	return system(command);
}

static inline char *in_folder(struct ctx *c, const char *name)
{
	char *path;

	ok(c, path_fmt(c, &path, "%s/%s", folder, name));
	return path;
}

#endif
