/*
 * The database behind one door: named queries (query.def) with text and 64-bit integers, one
 * transaction at a time, one writing connection per process. It knows tables and engines, not what
 * an act means; who includes this header needs no SQL and can write none.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/ctx.h"
#include "base/num.h"
#include "base/span.h"

#define STORE_SCHEMA 7          /* the newest file of schema/ */
#define STORE_BUSY_MS 5000      /* so long a writer waits for another, then ERR_BUSY */
#define STORE_COLUMNS_MAX 24u
#define STORE_TEXT_MAX ((size_t)16 << 20)

enum store_query {
#define X(name, params, columns, sql) QUERY_##name,
#include "store/query.def"
#undef X
	QUERY_COUNT
};

struct store;

enum store_mode {
	STORE_READ,             /* reading only; an older schema is refused */
	STORE_WRITE,            /* must exist; an older schema is migrated */
	STORE_CREATE,           /* as STORE_WRITE, made where it is missing */
};

/* The store lives in c's arena: close it before that context ends. ERR_NOT_FOUND if there is no
 * such file, ERR_STATE if it was made by a newer writ or this process writes already, ERR_VERIFY
 * if it is no database of ours. */
enum err store_open(struct ctx *c, const char *path, enum store_mode mode, struct store **out)
	MUST_USE;
void store_close(struct store **st);    /* rolls back what is open; NULL is fine */
#define STORE_SCOPED __attribute__((cleanup(store_close)))
/* Brings the schema to STORE_SCHEMA in one transaction (store_open does it for writers). */
enum err store_migrate(struct ctx *c, struct store *st) MUST_USE;
/* A consistent copy of the whole database at path, which must not exist; made durable. */
enum err store_copy(struct ctx *c, struct store *st, const char *path) MUST_USE;

/* One transaction: begins at once as a writer, rolls back at the end of the block unless
 * committed:   STORE_WORK_SCOPED struct store_work w = { NULL };
 *              TRY(store_begin(c, st, &w)); ... TRY(store_commit(c, &w)); */
struct store_work {
	struct store *st;
};
enum err store_begin(struct ctx *c, struct store *st, struct store_work *w) MUST_USE;
/* The same for a reader: every query until its end sees one state; nothing is to commit. */
enum err store_begin_reading(struct ctx *c, struct store *st, struct store_work *w) MUST_USE;
enum err store_commit(struct ctx *c, struct store_work *w) MUST_USE;
void store_rollback(struct store_work *w);
#define STORE_WORK_SCOPED __attribute__((cleanup(store_rollback)))

enum store_kind { STORE_NULL, STORE_INT, STORE_TEXT };
struct store_value {
	enum store_kind kind;
	int64_t i;
	struct span s;
};

/* Parameters: store_run(c, st, QUERY_X, PARAMS(P_TEXT(ref), P_INT(seq)), NULL, NULL) */
#define P_TEXT(span_) { .kind = STORE_TEXT, .s = (span_) }
#define P_STR(z_) { .kind = STORE_TEXT, .s = span_str(z_) }
#define P_INT(i_) { .kind = STORE_INT, .i = (i_) }
#define P_BOOL(b_) { .kind = STORE_INT, .i = (b_) ? 1 : 0 }
#define P_NULL { .kind = STORE_NULL }
#define PARAMS(...)                                                                                \
	(const struct store_value[]){ __VA_ARGS__ },                                               \
		sizeof((const struct store_value[]){ __VA_ARGS__ }) / sizeof(struct store_value)
#define PARAMS_NONE NULL, 0

/* Called per row; its texts live until it returns. An error ends the query and is passed on. */
struct store_row {
	size_t n;
	const struct store_value *v;
};
typedef enum err store_row_fn(struct ctx *c, void *of, const struct store_row *row);

/* row NULL: no row is looked at. */
enum err store_run(struct ctx *c, struct store *st, enum store_query q,
		   const struct store_value *params, size_t n, store_row_fn *row, void *of)
	MUST_USE;
/* The first row, its texts copied to the arena; *found_out false where there is none (NULL: that is
 * ERR_NOT_FOUND). columns must be as many as the query has. */
enum err store_one(struct ctx *c, struct store *st, enum store_query q,
		   const struct store_value *params, size_t n, struct store_value *columns,
		   size_t count, bool *found_out) MUST_USE;
int64_t store_changed(const struct store *st);  /* rows that the last writing query changed */

/*
 * How far the database had come, told without a lock and without the kernel: where two marks are
 * the same nothing was committed between them, by whichever process, and what was read after the
 * first is so still. False where the engine does not tell, or is being changed this moment: then
 * only a query knows.
 */
#define STORE_MARK_BYTES 48u
struct store_mark {
	unsigned char b[STORE_MARK_BYTES];
};
bool store_mark(struct store *st, struct store_mark *out);

/* The same as a cursor, for loops that walk two queries side by side or stop early. */
struct store_rows {
	struct store *st;
	void *stmt;
	enum store_query q;
	bool cached;
	struct store_row row;           /* the texts live until the next step */
	struct store_value v[STORE_COLUMNS_MAX];
};
enum err store_rows_open(struct ctx *c, struct store *st, enum store_query q,
			 const struct store_value *params, size_t n, struct store_rows *out)
	MUST_USE;
enum err store_rows_next(struct ctx *c, struct store_rows *r, bool *row_out) MUST_USE;
void store_rows_close(struct store_rows *r);
#define STORE_ROWS_SCOPED __attribute__((cleanup(store_rows_close)))

/* Everything of the engine that is not rows: page integrity, references, and that the schema is
 * exactly what the files of schema/ make (no table, column, index, trigger or view more or less).
 */
typedef void store_check_fn(void *of, const char *place, const char *what);
enum err store_check(struct ctx *c, struct store *st, store_check_fn *say, void *of) MUST_USE;

#endif
