/*
 * What the files of the store on SQLite share; nobody else knows the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store.h"

#define PARAMS_MAX 24u

struct store {
	sqlite3 *db;
	enum store_mode mode;
	bool working;                   /* between begin and commit */
	sqlite3_stmt *begin, *begin_reading, *commit;
	struct {
		sqlite3_stmt *s;
		bool used;
		unsigned char at[PARAMS_MAX];   /* the engine's number of $1, $2, ... */
	} stmt[QUERY_COUNT];
};

enum err engine_code(int rc);
/* Sets the error: what was done, and why the engine could not. */
enum err engine_failed(struct ctx *c, struct store *st, int rc, const char *what) MUST_USE;
enum err engine_exec(struct ctx *c, struct store *st, const char *sql) MUST_USE;

#endif
