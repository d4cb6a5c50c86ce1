/*
 * What the tests of src/crypt share: corpora outside the tree, and stock tools (ssh-keygen,
 * openssl) that run in the temporary folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_TEST_H
#define CRYPT_TEST_H

#include <jansson.h>
#include <sys/wait.h>

#include "../test.h"

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
	json_t *j;
	char *path;

	ok(c, path_fmt(c, &path, "corpora/%s", name));
	j = json_load_file(shared_path(c, path), 0, NULL);
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

static inline struct span slurp(struct ctx *c, const char *name)
{
	struct span out = SPAN_NONE;

	ok(c, file_read(c, in_folder(c, name), (size_t)1 << 20, &out));
	return out;
}

static inline void put(struct ctx *c, const char *name, struct span s)
{
	ok(c, file_write(c, in_folder(c, name), s, 0600));
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
