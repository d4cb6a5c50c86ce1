/*
 * What the tests of src/crypt share: contexts, corpora outside the tree, a temporary folder and
 * running stock tools (ssh-keygen, openssl) in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_TEST_H
#define CRYPT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/ctx.h"
#include "base/file.h"
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

/* It must fail in exactly this way and say something. */
static inline void refused_at(struct ctx *c, enum err want, enum err e, const char *file, int line)
{
	if (e != want)
		print_error("%s:%d: wanted %s, got %s: %s\n", file, line, err_name(want),
			    err_name(e), c->why);
	_assert_int_equal((uintmax_t)e, (uintmax_t)want, file, line);
	_assert_true(c->code == want && c->why[0] != '\0', "recorded with words", file, line);
	err_clear(c);
}
#define refused(c, want, e) refused_at((c), (want), (e), __FILE__, __LINE__)

static inline struct span unhex(struct ctx *c, const char *hex)
{
	size_t n = strlen(hex) / 2;
	unsigned char *p = arena_alloc(c, n);

	assert_non_null(p);
	assert_true(hex_decode(span_str(hex), p, n));
	return span_of(p, n);
}

/* A JSON file of the corpora, or the test is skipped loudly. */
static inline json_t *corpus_json(struct ctx *c, const char *name)
{
	const char *shared = getenv("WRIT_SHARED");
	json_error_t error;
	char path[4096];
	json_t *j;

	snprintf(path, sizeof path, "%s/corpora/%s", shared ? shared : "../shared", name);
	j = json_load_file(path, 0, &error);
	if (!j && !file_exists(path)) {
		print_message("SKIPPED: corpora/%s is not here\n", name);
		ctx_end(c);     /* skip leaves by a jump */
		skip();
	}
	assert_non_null(j);
	return j;
}

static inline struct span member_hex(struct ctx *c, const json_t *o, const char *key)
{
	const char *z = json_string_value(json_object_get(o, key));

	assert_non_null(z);
	return unhex(c, z);
}

static inline bool member_is(const json_t *o, const char *key, const char *want)
{
	const char *z = json_string_value(json_object_get(o, key));

	return z && strcmp(z, want) == 0;
}

/* A temporary folder for one test program; folder_drop removes it with what is in it. */
static char folder[200];

static inline int folder_make(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	snprintf(folder, sizeof folder, "%s/writ-crypt-XXXXXX", parent ? parent : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

/* Exit status of a shell command run in the folder, its output in the file "log" there. */
static inline int tool(const char *fmt, ...) PRINTF(1, 2);
static inline int tool(const char *fmt, ...)
{
	char command[2048], all[4096];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof command, fmt, args);
	va_end(args);
	snprintf(all, sizeof all, "cd '%s' && { %s; } >log 2>&1 </dev/null", folder, command);
	status = system(all);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int folder_drop(void **state)
{
	char command[220];

	(void)state;
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	return system(command);
}

static inline struct span slurp(struct ctx *c, const char *name)
{
	struct span out = SPAN_NONE;
	char path[400];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	ok(c, file_read(c, path, (size_t)1 << 20, &out));
	return out;
}

static inline void put(struct ctx *c, const char *name, struct span s)
{
	char path[400];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	ok(c, file_write(c, path, s, 0600));
}

/* A copy with byte at changed. */
static inline struct span flipped(struct ctx *c, struct span s, size_t at)
{
	unsigned char *p = arena_alloc(c, s.n);

	assert_non_null(p);
	assert_true(at < s.n);
	memcpy(p, s.p, s.n);
	p[at] ^= 1;
	return span_of(p, s.n);
}

#endif
