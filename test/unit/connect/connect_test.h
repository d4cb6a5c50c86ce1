/*
 * What the tests of stores share: a context, a folder of their own, small mail stores in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_TEST_H
#define CONNECT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ctx.h"
#include "connect/connector.h"
#include "format/json.h"

struct fixture {
	struct ctx c;
	char dir[64];
};

static inline int fixture_open(void **state)
{
	struct fixture *f = test_calloc(1, sizeof *f);

	assert_int_equal(ctx_begin(&f->c, (size_t)256 << 20), ERR_OK);
	/* In memory where it can be: thousands of files, and what is tested is not the disk. */
	strcpy(f->dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/writ-connect-XXXXXX"
						     : "/tmp/writ-connect-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	*state = f;
	return 0;
}

static inline int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int fixture_close(void **state)
{
	struct fixture *f = *state;

	nftw(f->dir, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	ctx_end(&f->c);
	test_free(f);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

/* dir/fmt, in the arena. */
static inline char *at(struct fixture *f, const char *name)
{
	struct span s;

	assert_int_equal(span_fmt(&f->c, &s, "%s/%s", f->dir, name), ERR_OK);
	return (char *)(uintptr_t)s.p;
}

static inline void folder(struct fixture *f, const char *name)
{
	assert_int_equal(mkdir(at(f, name), 0700), 0);
}

static inline void maildir(struct fixture *f, const char *name)
{
	static const char *const parts[] = { "cur", "new", "tmp" };
	char path[512];

	if (access(at(f, name), F_OK) != 0)
		folder(f, name);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", name, parts[i]);
		folder(f, path);
	}
}

/* A file with that text and modification time. */
static inline void file_at(struct fixture *f, const char *name, const char *text, int64_t mtime)
{
	struct timespec times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };
	int fd = open(at(f, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* What one record says: ERR code and a part of the words. Clears it. */
static inline void expect(struct ctx *c, enum err got, enum err want, const char *words)
{
	assert_int_equal(got, want);
	if (!strstr(c->why, words))
		fail_msg("'%s' is not in '%s'", words, c->why);
	err_clear(c);
}

static inline struct json *parsed(struct ctx *c, const char *text)
{
	struct json *j;

	assert_int_equal(json_parse(c, span_str(text), &j), ERR_OK);
	return j;
}

/* A store whose accounts lie in dir/<account>. */
static inline struct store store_in(struct fixture *f)
{
	return (struct store){
		.name = SPAN("main"),
		.kind = SPAN("maildir"),
		.connector = connector_find(SPAN("maildir")),
		.path = span_str(at(f, "{account}")),
		.region = SPAN("DE"),
		.law = SPAN("DE"),
		.categories = CATEGORY_CONTENT_COMM | CATEGORY_MSG_META,
	};
}

/* A line that takes everything of one account, to be changed by the test. */
static inline struct demand_line line_of(const char *target)
{
	return (struct demand_line){
		.id = SPAN("d1"),
		.category_name = SPAN("CONTENT_COMM"),
		.category = CATEGORY_CONTENT_COMM,
		.target = span_str(target),
		.all_folders = true,
		.meaning = DATE_BY_DELIVERY,
		.from_utc = INT64_MIN,
		.until_utc = INT64_MAX,
	};
}

/* A store that is opened for one line, and what the line selects. */
struct opened {
	struct store store;
	struct demand_line line;
	struct source *s;
	struct plan p;
};

/* Reads an item to its end, so many bytes at once. */
static inline enum err read_all(struct fixture *f, struct opened *o, size_t i, size_t step,
				char *to)
{
	unsigned char p[4096];
	size_t n;

	TRY(o->s->connector->begin(&f->c, o->s, &o->p, i));
	do {
		TRY(o->s->connector->read(&f->c, o->s, p, step, &n));
		memcpy(to, p, n);
		to += n;
	} while (n);
	*to = 0;
	o->s->connector->end(o->s);
	return ERR_OK;
}

#endif
