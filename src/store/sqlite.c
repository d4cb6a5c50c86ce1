/*
 * The store on SQLite. It runs the named queries, bound by name ($n is numbered by first appearance
 * here), and nothing else: no caller's text becomes SQL.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "store/schema.h"
#include "store/sqlite.h"

static const struct {
	const char *name, *params, *columns, *sql;
} queries[QUERY_COUNT] = {
#define X(name, params, columns, sql) [QUERY_##name] = { #name, params, columns, sql },
#include "store/query.def"
#undef X
};

/* One writer per process: several are slower, not faster, and would wait for each other. */
static bool process_writes;

enum err engine_code(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_CONSTRAINT:
		return ERR_STATE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_VERIFY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return ERR_DENIED;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_TOOBIG:
		return ERR_LIMIT;
	default:
		return ERR_IO;
	}
}

enum err engine_failed(struct ctx *c, struct store *st, int rc, const char *what)
{
	enum err e = engine_code(rc);

	if (e == ERR_VERIFY)
		err_next(c, "keep the file as it is and restore the last backup beside it");
	/* The engine opens what it cannot write to for reading, without a word. */
	if (st->mode != STORE_READ && (rc & 0xff) == SQLITE_READONLY)
		FAIL(c, ERR_IO, "%s: the disk does not let its files be written", what);
	if (e == ERR_BUSY)
		FAIL(c, e, "%s: another command has been writing for more than %d s", what,
		     STORE_BUSY_MS / 1000);
	FAIL(c, e, "%s: %s", what, st->db ? sqlite3_errmsg(st->db) : sqlite3_errstr(rc));
}

enum err engine_exec(struct ctx *c, struct store *st, const char *sql)
{
	int rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : engine_failed(c, st, rc, "the database");
}

/* The same for what every act says, prepared once. */
static enum err exec_kept(struct ctx *c, struct store *st, sqlite3_stmt **kept, const char *sql)
{
	int rc = *kept ? SQLITE_OK : sqlite3_prepare_v2(st->db, sql, -1, kept, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_step(*kept);
		rc = sqlite3_reset(*kept);
	}
	return rc == SQLITE_OK ? ERR_OK : engine_failed(c, st, rc, "the database");
}

/* Opening */

static void harden(sqlite3 *db)
{
	sqlite3_busy_timeout(db, STORE_BUSY_MS);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, (int)STORE_TEXT_MAX * 2);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	/* A changed schema must not run anything: no triggers, no views, no functions with effects.
	 */
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
}

static enum err open_engine(struct ctx *c, struct store *st, const char *path)
{
	int rc = sqlite3_open_v2(
		path, &st->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
		NULL);

	if (rc != SQLITE_OK)
		return engine_failed(c, st, rc, path);
	harden(st->db);
	TRY(engine_exec(c, st, "PRAGMA cell_size_check = ON"));
	if (st->mode == STORE_READ)
		return engine_exec(c, st, "PRAGMA query_only = ON");
	/* The log is folded back every 4 MiB, as is the engine's custom, and then written over: a
	 * commit that makes the file longer waits for the disk half as long again. */
	return engine_exec(c, st, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
}

/* One integer of an engine's own query. */
static enum err number(struct ctx *c, struct store *st, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? ERR_OK : engine_failed(c, st, rc, "the database");
}

/* 0 in an empty database. */
static enum err schema_version(struct ctx *c, struct store *st, int64_t *out)
{
	struct store_value value;
	int64_t tables;
	bool found;

	*out = 0;
	TRY(number(c, st, "SELECT count(*) FROM sqlite_schema", &tables));
	if (tables == 0)
		return ERR_OK;
	TRY(number(c, st,
		   "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'",
		   &tables));
	if (tables != 1)
		FAIL(c, ERR_VERIFY, "this database was not made by writ: it has no table meta");
	TRY(store_one(c, st, QUERY_META_GET, PARAMS(P_TEXT(SPAN("schema"))), &value, 1, &found));
	if (!found || value.kind != STORE_TEXT || !span_to_i64(value.s, out) || *out < 1)
		FAIL(c, ERR_VERIFY, "meta does not say which schema this database has");
	return ERR_OK;
}

static enum err check_version(struct ctx *c, struct store *st)
{
	int64_t have;

	TRY(schema_version(c, st, &have));
	if (have > STORE_SCHEMA) {
		err_next(c, "install the version of writ that made it, or a newer one");
		FAIL(c, ERR_STATE, "the database has schema %lld, this writ knows up to %d",
		     (long long)have, STORE_SCHEMA);
	}
	if (have == STORE_SCHEMA)
		return ERR_OK;
	if (st->mode == STORE_READ) {
		err_next(c,
			 "run 'writ doctor' as the user of the home once; it brings it up to date");
		FAIL(c, ERR_STATE, "the database has the older schema %lld", (long long)have);
	}
	return store_migrate(c, st);
}

/* The file is made here and not by SQLite, so that nobody else can ever read it. */
static enum err make_file(struct ctx *c, const char *path, enum store_mode mode)
{
	FD_SCOPED int fd = -1;

	if (file_exists(path))
		return ERR_OK;
	if (mode != STORE_CREATE)
		FAIL(c, ERR_NOT_FOUND, "there is no database at %s", path);
	return file_open(c, path, O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
}

enum err store_open(struct ctx *c, const char *path, enum store_mode mode, struct store **out)
{
	STORE_SCOPED struct store *st = NULL;

	TRY(make_file(c, path, mode));
	if (mode != STORE_READ && process_writes)
		FAIL(c, ERR_STATE, "this process has a writing connection already");
	TRY(NEW(c, st));
	st->mode = mode;
	process_writes = process_writes || mode != STORE_READ;
	TRY(open_engine(c, st, path));
	TRY(check_version(c, st));
	*out = st;
	st = NULL;
	return ERR_OK;
}

void store_close(struct store **stp)
{
	struct store *st = *stp;

	if (!st)
		return;
	for (size_t i = 0; i < QUERY_COUNT; i++)
		sqlite3_finalize(st->stmt[i].s);
	sqlite3_finalize(st->begin);
	sqlite3_finalize(st->begin_reading);
	sqlite3_finalize(st->commit);
	sqlite3_close_v2(st->db);
	if (st->mode != STORE_READ)
		process_writes = false;
	*stp = NULL;
}

enum err store_migrate(struct ctx *c, struct store *st)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };
	int64_t have;
	char text[16];

	TRY(store_begin(c, st, &w));
	TRY(schema_version(c, st, &have));      /* another process may have been first */
	if (have >= STORE_SCHEMA)
		return ERR_OK;
	for (unsigned i = 0; i < schema_sqlite_count; i++)
		if (schema_sqlite[i].version > have)
			TRY(engine_exec(c, st, schema_sqlite[i].sql));
	snprintf(text, sizeof text, "%d", STORE_SCHEMA);
	TRY(store_run(c, st, QUERY_META_PUT, PARAMS(P_TEXT(SPAN("schema")), P_STR(text)), NULL,
		      NULL));
	return store_commit(c, &w);
}

static enum err copy_pages(struct ctx *c, struct store *st, sqlite3 *to, const char *path)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", st->db, "main");
	int rc;

	if (!b)
		FAIL(c, ERR_IO, "cannot copy the database to %s: %s", path, sqlite3_errmsg(to));
	rc = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	return rc == SQLITE_DONE ? ERR_OK : engine_failed(c, st, rc, path);
}

enum err store_copy(struct ctx *c, struct store *st, const char *path)
{
	FD_SCOPED int fd = -1;
	sqlite3 *to = NULL;
	enum err e;

	TRY(file_open(c, path, O_RDWR | O_CREAT | O_EXCL, 0600, &fd));
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		sqlite3_close_v2(to);
		FAIL(c, ERR_IO, "cannot open %s", path);
	}
	e = copy_pages(c, st, to, path);
	sqlite3_close_v2(to);
	TRY(e);
	return fd_sync(c, fd);
}

/* Transactions */

static enum err begin(struct ctx *c, struct store *st, sqlite3_stmt **kept, const char *sql,
		      struct store_work *w)
{
	if (st->working)
		FAIL(c, ERR_STATE, "a transaction is open already");
	TRY(exec_kept(c, st, kept, sql));
	st->working = true;
	w->st = st;
	return ERR_OK;
}

enum err store_begin(struct ctx *c, struct store *st, struct store_work *w)
{
	if (st->mode == STORE_READ)
		FAIL(c, ERR_STATE, "this connection only reads");
	return begin(c, st, &st->begin, "BEGIN IMMEDIATE", w);
}

enum err store_begin_reading(struct ctx *c, struct store *st, struct store_work *w)
{
	int64_t schema;

	TRY(begin(c, st, &st->begin_reading, "BEGIN", w));
	/* The first read takes the snapshot. */
	return number(c, st, "SELECT count(*) FROM sqlite_schema", &schema);
}

enum err store_commit(struct ctx *c, struct store_work *w)
{
	TRY(exec_kept(c, w->st, &w->st->commit, "COMMIT"));
	w->st->working = false;
	w->st = NULL;
	return ERR_OK;
}

void store_rollback(struct store_work *w)
{
	if (!w->st)
		return;
	/* It fails only where SQLite has rolled back by itself. */
	(void)sqlite3_exec(w->st->db, "ROLLBACK", NULL, NULL, NULL);
	w->st->working = false;
	w->st = NULL;
}

/* Queries */

static enum err find_params(struct ctx *c, struct store_rows *r)
{
	char name[32];

	for (size_t i = 0; i < strlen(queries[r->q].params); i++) {
		snprintf(name, sizeof name, "$%zu", i + 1);
		int at = sqlite3_bind_parameter_index(r->stmt, name);

		if (at < 1 || at > (int)PARAMS_MAX || i >= PARAMS_MAX)
			FAIL(c, ERR_FAILED, "query %s has no parameter %zu", queries[r->q].name,
			     i + 1);
		r->st->stmt[r->q].at[i] = (unsigned char)at;
	}
	return ERR_OK;
}

static enum err prepare(struct ctx *c, struct store_rows *r)
{
	struct store *st = r->st;
	sqlite3_stmt *s = st->stmt[r->q].s;
	int rc;

	if (s && !st->stmt[r->q].used) {
		st->stmt[r->q].used = r->cached = true;
		r->stmt = s;
		return ERR_OK;
	}
	rc = sqlite3_prepare_v3(st->db, queries[r->q].sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
	if (rc != SQLITE_OK)
		return engine_failed(c, st, rc, queries[r->q].name);
	r->stmt = s;
	if (!st->stmt[r->q].s) {
		st->stmt[r->q].s = s;
		st->stmt[r->q].used = r->cached = true;
	}
	r->row.n = strlen(queries[r->q].columns);
	if ((size_t)sqlite3_column_count(s) != r->row.n || r->row.n > STORE_COLUMNS_MAX)
		FAIL(c, ERR_FAILED, "query %s does not have the columns that query.def says",
		     queries[r->q].name);
	return find_params(c, r);
}

static enum err bind(struct ctx *c, struct store_rows *r, const struct store_value *params,
		     size_t n)
{
	const char *types = queries[r->q].params;

	if (n != strlen(types))
		FAIL(c, ERR_FAILED, "query %s was given %zu parameters", queries[r->q].name, n);
	for (size_t i = 0; i < n; i++) {
		enum store_kind want = types[i] == 't' ? STORE_TEXT : STORE_INT;
		int at = r->st->stmt[r->q].at[i], rc = SQLITE_OK;

		if (params[i].kind != STORE_NULL && params[i].kind != want)
			FAIL(c, ERR_FAILED, "query %s: parameter %zu has the wrong type",
			     queries[r->q].name, i + 1);
		if (params[i].kind == STORE_INT)
			rc = sqlite3_bind_int64(r->stmt, at, params[i].i);
		else if (params[i].kind == STORE_TEXT)
			rc = sqlite3_bind_text64(r->stmt, at,
						 params[i].s.n ? (const char *)params[i].s.p : "",
						 params[i].s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
		if (rc != SQLITE_OK)
			return engine_failed(c, r->st, rc, queries[r->q].name);
	}
	return ERR_OK;
}

enum err store_rows_open(struct ctx *c, struct store *st, enum store_query q,
			 const struct store_value *params, size_t n, struct store_rows *out)
{
	enum err e;

	*out = (struct store_rows){ .st = st, .q = q };
	e = prepare(c, out);
	if (e == ERR_OK)
		e = bind(c, out, params, n);
	if (e != ERR_OK)
		store_rows_close(out);
	out->row.n = strlen(queries[q].columns);
	return e;
}

void store_rows_close(struct store_rows *r)
{
	if (!r->stmt)
		return;
	if (r->cached) {
		sqlite3_reset(r->stmt);
		sqlite3_clear_bindings(r->stmt);
		r->st->stmt[r->q].used = false;
	} else {
		sqlite3_finalize(r->stmt);
	}
	r->stmt = NULL;
}

enum err store_rows_next(struct ctx *c, struct store_rows *r, bool *row_out)
{
	int rc = sqlite3_step(r->stmt);

	*row_out = rc == SQLITE_ROW;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return engine_failed(c, r->st, rc, queries[r->q].name);
	r->row.v = r->v;
	for (size_t i = 0; *row_out && i < r->row.n; i++) {
		int type = sqlite3_column_type(r->stmt, (int)i);

		r->v[i] = (struct store_value){ .kind = STORE_NULL };
		if (type == SQLITE_INTEGER) {
			r->v[i].kind = STORE_INT;
			r->v[i].i = sqlite3_column_int64(r->stmt, (int)i);
		} else if (type == SQLITE_TEXT) {
			const unsigned char *p = sqlite3_column_text(r->stmt, (int)i);

			r->v[i].kind = STORE_TEXT;
			r->v[i].s = span_of(p, (size_t)sqlite3_column_bytes(r->stmt, (int)i));
		}
		enum store_kind want = queries[r->q].columns[i] == 't' ? STORE_TEXT : STORE_INT;

		if (type != SQLITE_NULL && r->v[i].kind != want)
			FAIL(c, ERR_VERIFY, "query %s: column %zu holds a value of another type",
			     queries[r->q].name, i + 1);
	}
	return ERR_OK;
}

enum err store_run(struct ctx *c, struct store *st, enum store_query q,
		   const struct store_value *params, size_t n, store_row_fn *row, void *of)
{
	STORE_ROWS_SCOPED struct store_rows r;
	bool more = true;

	TRY(store_rows_open(c, st, q, params, n, &r));
	for (;;) {
		TRY(store_rows_next(c, &r, &more));
		if (!more)
			return ERR_OK;
		if (row)
			TRY(row(c, of, &r.row));
	}
}

enum err store_one(struct ctx *c, struct store *st, enum store_query q,
		   const struct store_value *params, size_t n, struct store_value *columns,
		   size_t count, bool *found_out)
{
	STORE_ROWS_SCOPED struct store_rows r;
	bool found;

	TRY(store_rows_open(c, st, q, params, n, &r));
	if (count != r.row.n)
		FAIL(c, ERR_FAILED, "query %s has %zu columns", queries[q].name, r.row.n);
	TRY(store_rows_next(c, &r, &found));
	if (found_out)
		*found_out = found;
	else if (!found)
		FAIL(c, ERR_NOT_FOUND, "there is no such row (%s)", queries[q].name);
	for (size_t i = 0; found && i < count; i++) {
		columns[i] = r.v[i];
		if (columns[i].kind == STORE_TEXT)
			TRY(span_copy(c, r.v[i].s, &columns[i].s));
	}
	/* To the end, so that an INSERT with RETURNING is done whatever the engine. */
	while (found)
		TRY(store_rows_next(c, &r, &found));
	return ERR_OK;
}

int64_t store_changed(const struct store *st)
{
	return sqlite3_changes64(st->db);
}

/*
 * The header of the index to the write-ahead log, which stands there twice
 * (sqlite.org/walformat.html section 2.1). The engine's own readers learn from these bytes whether
 * anything was committed; its writer writes the second copy first. What they say is left to it.
 */
bool store_mark(struct store *st, struct store_mark *out)
{
	enum { REGION_BYTES = 32768 };
	sqlite3_file *file = NULL;
	volatile void *region = NULL;
	const volatile unsigned char *at;
	unsigned char some = 0, unlike = 0;

	/* Elsewhere xShmMap would make that file. */
	if (st->mode == STORE_READ || st->working ||
	    sqlite3_file_control(st->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    !file->pMethods || file->pMethods->iVersion < 2 ||
	    file->pMethods->xShmMap(file, 0, REGION_BYTES, 0, &region) != SQLITE_OK || !region)
		return false;
	at = region;
	for (size_t i = 0; i < sizeof out->b; i++)
		some |= out->b[i] = at[i];
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (size_t i = 0; i < sizeof out->b; i++)
		unlike |= out->b[i] ^ at[sizeof out->b + i];
	return some && !unlike;
}
