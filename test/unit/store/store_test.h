/*
 * What the tests of src/store and src/log share: contexts, a throw-away folder, and a second hand
 * on the database that knows no rules.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <sqlite3.h>
#include <unistd.h>

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

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void folder_end(char **dir)
{
	nftw(*dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*dir);
}
static inline char *folder_begin(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = NULL;

	assert_true(asprintf(&dir, "%s/writ-test-XXXXXX", tmp ? tmp : "/tmp") > 0);
	assert_non_null(mkdtemp(dir));
	return dir;
}
/* A folder of its own that goes with the block. */
#define FOLDER(dir) __attribute__((cleanup(folder_end))) char *dir = folder_begin()

/* Whatever SQL, past every rule of the store. */
static inline void raw_sql(const char *path, const char *sql)
{
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(db);
}

#endif
