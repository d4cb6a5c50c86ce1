/*
 * What the tests of src/store and src/log share: a throw-away folder for each test, and a second
 * hand on the database that knows no rules.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_TEST_H
#define STORE_TEST_H

#include <ftw.h>
#include <sqlite3.h>

#include "../test.h"

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
