/*
 * Whether a database on SQLite is whole: its schema is what the schema files make, its pages and
 * references hold. What its rows say is not looked at here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "store/schema.h"
#include "store/sqlite.h"

static enum err pragma_check(struct ctx *c, struct store *st, const char *sql, const char *place,
			     const char *fine, store_check_fn *say, void *of)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(s)) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		if (!text || !fine || strcmp(text, fine) != 0)
			say(of, place, text ? text : "unreadable");
	}
	sqlite3_finalize(s);
	if (engine_code(rc) == ERR_VERIFY) {
		say(of, place, sqlite3_errstr(rc));
		return ERR_OK;
	}
	return rc == SQLITE_DONE ? ERR_OK : engine_failed(c, st, rc, place);
}

/* A database in memory as the schema files make it, to compare with. */
static enum err model_open(struct ctx *c, struct store *model)
{
	int rc = sqlite3_open_v2(":memory:", &model->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY,
				 NULL);

	if (rc != SQLITE_OK)
		return engine_failed(c, model, rc, "a database in memory");
	for (unsigned i = 0; i < schema_sqlite_count; i++)
		TRY(engine_exec(c, model, schema_sqlite[i].sql));
	return ERR_OK;
}

/* Every object of the first that the second does not have with the same text. */
static enum err schema_less(struct ctx *c, sqlite3 *db, sqlite3 *other, const char *what,
			    store_check_fn *say, void *of)
{
	static const char list[] =
		"SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema";
	static const char same[] =
		"SELECT 1 FROM sqlite_schema WHERE type = $1 AND name = $2 AND tbl_name = $3 "
		"AND coalesce(sql, '') = $4";
	sqlite3_stmt *all = NULL, *one = NULL;
	int rc = sqlite3_prepare_v2(db, list, -1, &all, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(other, same, -1, &one, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(all);
	while (rc == SQLITE_ROW) {
		rc = SQLITE_OK;
		for (int i = 0; i < 4 && rc == SQLITE_OK; i++)
			rc = sqlite3_bind_value(one, i + 1, sqlite3_column_value(all, i));
		if (rc == SQLITE_OK && sqlite3_step(one) != SQLITE_ROW) {
			char place[256];

			snprintf(place, sizeof place, "schema: %s %s",
				 (const char *)sqlite3_column_text(all, 0),
				 (const char *)sqlite3_column_text(all, 1));
			say(of, place, what);
		}
		sqlite3_reset(one);
		if (rc == SQLITE_OK)
			rc = sqlite3_step(all);
	}
	sqlite3_finalize(all);
	sqlite3_finalize(one);
	/* A list that broke off would be a schema with nothing wrong in it. */
	if (rc != SQLITE_DONE)
		FAIL(c, engine_code(rc), "cannot compare the schema: %s", sqlite3_errstr(rc));
	return ERR_OK;
}

enum err store_check(struct ctx *c, struct store *st, store_check_fn *say, void *of)
{
	/* Closed as a connection that only reads: it is nobody's writer. */
	struct store model_is = { .mode = STORE_READ };
	STORE_SCOPED struct store *model = &model_is;

	TRY(model_open(c, model));
	TRY(schema_less(c, st->db, model->db, "is not part of the schema, or was changed", say,
			of));
	TRY(schema_less(c, model->db, st->db, "is missing, or was changed", say, of));
	TRY(pragma_check(c, st, "PRAGMA integrity_check(100)", "database file", "ok", say, of));
	return pragma_check(
		c, st,
		"SELECT \"table\" || ' row ' || rowid || ' refers to a row of ' || parent || "
		"' that is missing' FROM pragma_foreign_key_check",
		"references", NULL, say, of);
}
