/*
 * The store: every query prepares, transactions hold or vanish as a whole, one writer waits for
 * another and gives up in time, and a changed schema is found.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/store.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "store/schema.h"
#include "store/view.h"
#include "store_test.h"

static struct store *make(struct ctx *c, const char *dir, char **path_out)
{
	struct store *st = NULL;

	ok(c, path_fmt(c, path_out, "%s/writ.db", dir));
	ok(c, store_open(c, *path_out, STORE_CREATE, &st));
	return st;
}

static void put_act(struct ctx *c, struct store *st, const char *ref, int64_t seq,
		    const char *commitment)
{
	ok(c, store_run(c, st, QUERY_ACT_ADD,
			PARAMS(P_STR(ref), P_INT(seq), P_INT(7), P_STR("received"), P_STR("{}"),
			       P_STR("5a"), P_STR(commitment)),
			NULL, NULL));
}

static void every_query_prepares(void **state)
{
	static const char *const params[] = {
#define X(name, params, columns, sql) params,
#include "store/query.def"
#undef X
	};
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	struct store_value none[STORE_COLUMNS_MAX] = { { .kind = STORE_NULL } };
	char *path;

	(void)state;
	st = make(&c, dir, &path);
	for (size_t q = 0; q < QUERY_COUNT; q++) {
		struct store_rows r;

		ok(&c, store_rows_open(&c, st, (enum store_query)q, none, strlen(params[q]), &r));
		store_rows_close(&r);
		fails(&c, ERR_FAILED,
			store_rows_open(&c, st, (enum store_query)q, none, strlen(params[q]) + 1,
					&r));
	}
}

static void file_is_private(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	struct stat info;
	char *path, *wal;

	(void)state;
	st = make(&c, dir, &path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	put_act(&c, st, "W-1", 1, "aa");
	ok(&c, path_fmt(&c, &wal, "%s-wal", path));
	assert_int_equal(stat(wal, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
}

static void rows_come_back_as_they_were(void **state)
{
	static const unsigned char odd[] = "line\nquote' \xc3\xa9 \0 after";
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	struct store_value v[5];
	bool found;
	char *path;

	(void)state;
	st = make(&c, dir, &path);
	for (int64_t seq = 1; seq <= 2; seq++) {
		char ref[8], commitment[8];

		snprintf(ref, sizeof ref, "W-%d", (int)seq);
		snprintf(commitment, sizeof commitment, "c%d", (int)seq);
		ok(&c, store_run(&c, st, QUERY_ACT_ADD,
				 PARAMS(P_STR(ref), P_INT(seq), P_INT(INT64_MIN),
					P_TEXT(SPAN_NONE), P_TEXT(span_of(odd, sizeof odd)),
					P_STR("'; DROP TABLE act; --"), P_STR(commitment)),
				 NULL, NULL));
	}
	ok(&c, store_one(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-2")), v, 5, &found));
	assert_true(found);
	assert_int_equal(v[0].i, 2);
	assert_true(v[1].i == INT64_MIN);
	assert_true(v[2].kind == STORE_TEXT && v[2].s.n == 0);
	assert_true(span_eq(v[3].s, span_of(odd, sizeof odd)));
	ok(&c, store_one(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-3")), v, 5, &found));
	assert_false(found);
	fails(&c, ERR_NOT_FOUND,
		store_one(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-3")), v, 5, NULL));
	fails(&c, ERR_FAILED,
		store_one(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-2")), v, 4, &found));
	fails(&c, ERR_FAILED,
		store_run(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_INT(1)), NULL, NULL));
	/* The same place in the same order twice: another command was faster. */
	fails(&c, ERR_STATE,
		store_run(&c, st, QUERY_ACT_ADD,
			  PARAMS(P_STR("W-2"), P_INT(2), P_INT(7), P_STR("x"), P_STR("{}"),
				 P_STR("5a"), P_STR("c9")),
			  NULL, NULL));
}

static enum err stop_at_second(struct ctx *c, void *of, const struct store_row *row)
{
	int *seen = of;

	assert_int_equal(row->n, 5);
	if (++*seen == 2)
		FAIL(c, ERR_AGAIN, "enough");
	return ERR_OK;
}

static void callbacks_and_cursors(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	char *path;
	int seen = 0;

	(void)state;
	st = make(&c, dir, &path);
	put_act(&c, st, "W-1", 1, "c1");
	put_act(&c, st, "W-1", 2, "c2");
	put_act(&c, st, "W-1", 3, "c3");
	fails(&c, ERR_AGAIN,
		store_run(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-1")), stop_at_second, &seen));
	assert_int_equal(seen, 2);

	/* The same query inside itself. */
	STORE_ROWS_SCOPED struct store_rows outer;
	bool more = true;
	int64_t pairs = 0;
	ok(&c, store_rows_open(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-1")), &outer));
	for (ok(&c, store_rows_next(&c, &outer, &more)); more;
	     ok(&c, store_rows_next(&c, &outer, &more))) {
		STORE_ROWS_SCOPED struct store_rows inner;
		bool again = true;

		ok(&c, store_rows_open(&c, st, QUERY_ACT_OF_ORDER, PARAMS(P_STR("W-1")), &inner));
		for (ok(&c, store_rows_next(&c, &inner, &again)); again;
		     ok(&c, store_rows_next(&c, &inner, &again)))
			pairs += outer.v[0].i * inner.v[0].i;
	}
	assert_int_equal(pairs, 36);
}

static int64_t last_seq(struct ctx *c, struct store *st)
{
	struct store_value v;

	ok(c, store_one(c, st, QUERY_ACT_LAST_SEQ, PARAMS(P_STR("W-1")), &v, 1, NULL));
	return v.i;
}

static enum err leave_half_way(struct ctx *c, struct store *st)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };

	TRY(store_begin(c, st, &w));
	put_act(c, st, "W-1", 2, "c2");
	FAIL(c, ERR_AGAIN, "half way");
}

static void all_or_nothing(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	STORE_WORK_SCOPED struct store_work w = { NULL };
	struct store_work second = { NULL };
	char *path;

	(void)state;
	st = make(&c, dir, &path);
	ok(&c, store_begin(&c, st, &w));
	fails(&c, ERR_STATE, store_begin(&c, st, &second));
	put_act(&c, st, "W-1", 1, "c1");
	ok(&c, store_commit(&c, &w));
	fails(&c, ERR_AGAIN, leave_half_way(&c, st));
	assert_int_equal(last_seq(&c, st), 1);
	ok(&c, store_begin(&c, st, &w));
	put_act(&c, st, "W-1", 2, "c2");
	store_close(&st);
	w.st = NULL;
	ok(&c, store_open(&c, path, STORE_WRITE, &st));
	assert_int_equal(last_seq(&c, st), 1);
}

static void one_writer_waits_for_another(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL, *other = NULL;
	struct store_work w = { NULL };
	int64_t began;
	char *path;
	sqlite3 *db;

	(void)state;
	st = make(&c, dir, &path);
	fails(&c, ERR_STATE, store_open(&c, path, STORE_WRITE, &other));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	began = c.seam->mono_ms();
	fails(&c, ERR_BUSY, store_begin(&c, st, &w));
	assert_true(c.seam->mono_ms() - began >= STORE_BUSY_MS - 500);
	sqlite3_close(db);
	ok(&c, store_begin(&c, st, &w));
	/* Readers go on beside a writer. */
	ok(&c, store_open(&c, path, STORE_READ, &other));
	assert_int_equal(last_seq(&c, other), 0);
	fails(&c, ERR_STATE, store_begin(&c, other, &w));
	fails(&c, ERR_DENIED, store_run(&c, other, QUERY_VIEW_CLEAR, PARAMS_NONE, NULL, NULL));
	store_close(&st);
	w.st = NULL;
	ok(&c, store_open(&c, path, STORE_WRITE, &st));
}

static bool same_mark(const struct store_mark *a, const struct store_mark *b)
{
	return !memcmp(a, b, sizeof *a);
}

static void marks_tell_commits(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL, *reader = NULL;
	struct store_mark before, after;
	struct store_work w = { NULL };
	char *path;

	(void)state;
	st = make(&c, dir, &path);
	put_act(&c, st, "W-1", 1, "aa");
	assert_true(store_mark(st, &before));
	assert_int_equal(last_seq(&c, st), 1);
	assert_true(store_mark(st, &after));
	assert_true(same_mark(&before, &after));
	put_act(&c, st, "W-1", 2, "bb");
	assert_true(store_mark(st, &after));
	assert_false(same_mark(&before, &after));
	/* Another hand's, told before anything is asked; and one that changed no row. */
	for (int i = 0; i < 3; i++) {
		before = after;
		raw_sql(path, i < 2 ? "UPDATE act SET seq = seq + 10" : "BEGIN IMMEDIATE; COMMIT");
		assert_true(store_mark(st, &after));
		assert_int_equal(same_mark(&before, &after), i == 2);
	}
	/* The log is folded back, and begun anew. */
	before = after;
	raw_sql(path, "PRAGMA wal_checkpoint(TRUNCATE); UPDATE act SET seq = seq + 10");
	assert_true(store_mark(st, &after));
	assert_false(same_mark(&before, &after));
	assert_int_equal(last_seq(&c, st), 32);
	/* What is not committed yet, and who has none. */
	ok(&c, store_begin(&c, st, &w));
	assert_false(store_mark(st, &after));
	ok(&c, store_commit(&c, &w));
	ok(&c, store_open(&c, path, STORE_READ, &reader));
	assert_false(store_mark(reader, &after));
}

static void raw_schema(const char *path, int version)
{
	char sql[80];

	snprintf(sql, sizeof sql, "UPDATE meta SET value = '%d' WHERE key = 'schema'", version);
	raw_sql(path, sql);
}

static void what_is_not_ours_is_refused(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	char *path, *foreign;

	(void)state;
	ok(&c, path_fmt(&c, &foreign, "%s/foreign.db", dir));
	fails(&c, ERR_NOT_FOUND, store_open(&c, foreign, STORE_READ, &st));
	fails(&c, ERR_NOT_FOUND, store_open(&c, foreign, STORE_WRITE, &st));
	ok(&c,
	   file_write(&c, foreign, SPAN("this is not a database, whatever its name says"), 0600));
	fails(&c, ERR_VERIFY, store_open(&c, foreign, STORE_CREATE, &st));
	ok(&c, file_remove(&c, foreign));
	raw_sql(foreign, "CREATE TABLE other (x)");
	fails(&c, ERR_VERIFY, store_open(&c, foreign, STORE_CREATE, &st));
	st = make(&c, dir, &path);
	store_close(&st);
	raw_sql(path, "UPDATE meta SET value = '999'");
	fails(&c, ERR_STATE, store_open(&c, path, STORE_READ, &st));
	raw_sql(path, "UPDATE meta SET value = 'one'");
	fails(&c, ERR_VERIFY, store_open(&c, path, STORE_WRITE, &st));
	raw_schema(path, STORE_SCHEMA);
	ok(&c, store_open(&c, path, STORE_WRITE, &st));
	ok(&c, store_migrate(&c, st));
}

static void count_said(void *of, const char *place, const char *what)
{
	int *said = of;

	assert_true(*place && *what);
	++*said;
}

static int said_of(struct ctx *c, const char *path)
{
	STORE_SCOPED struct store *st = NULL;
	int said = 0;

	ok(c, store_open(c, path, STORE_READ, &st));
	ok(c, store_check(c, st, count_said, &said));
	return said;
}

static void changed_schema_is_found(void **state)
{
	static const char *const changes[][2] = {
		{ "CREATE TABLE more (x)", "DROP TABLE more" },
		{ "CREATE VIEW act_view AS SELECT 1", "DROP VIEW act_view" },
		{ "CREATE TRIGGER t AFTER INSERT ON act BEGIN DELETE FROM proof; END",
		  "DROP TRIGGER t" },
		{ "CREATE INDEX i ON act (act)", "DROP INDEX i" },
		{ "ALTER TABLE act ADD COLUMN note TEXT", "ALTER TABLE act DROP COLUMN note" },
		{ "DROP INDEX order_view_received",
		  "CREATE INDEX order_view_received ON order_view (received_at, ref)" },
		{ "PRAGMA foreign_keys = OFF; INSERT INTO proof VALUES ('aa', 9, 0, '')",
		  "DELETE FROM proof" },
	};
	CTX(c);
	FOLDER(dir);
	struct store *st;
	char *path;

	(void)state;
	st = make(&c, dir, &path);
	store_close(&st);
	assert_int_equal(said_of(&c, path), 0);
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		raw_sql(path, changes[i][0]);
		if (said_of(&c, path) == 0)
			fail_msg("not found: %s", changes[i][0]);
		raw_sql(path, changes[i][1]);
		assert_int_equal(said_of(&c, path), 0);
	}
}

static void triggers_do_not_fire(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	char *path;

	(void)state;
	st = make(&c, dir, &path);
	put_act(&c, st, "W-1", 1, "c1");
	raw_sql(path,
		"CREATE TRIGGER t AFTER INSERT ON act BEGIN DELETE FROM act WHERE seq = 1; END");
	put_act(&c, st, "W-1", 2, "c2");
	struct store_value v[4];
	ok(&c, store_one(&c, st, QUERY_ACT_ORDERS, PARAMS_NONE, v, 4, NULL));
	assert_int_equal(v[1].i, 1);
	assert_int_equal(v[3].i, 2);
}

static void older_schema_is_brought_up(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	char *path;

	(void)state;
	ok(&c, path_fmt(&c, &path, "%s/writ.db", dir));
	raw_sql(path, schema_sqlite[0].sql);
	raw_sql(path, "INSERT INTO meta VALUES ('schema', '1'); INSERT INTO act VALUES "
		      "(1, 'W-1', 1, 5, 'received', '{}', 'aa', 'c1'),"
		      "(2, 'W-1', 2, 6, '', NULL, '', 'c2')");
	fails(&c, ERR_STATE, store_open(&c, path, STORE_READ, &st));
	ok(&c, store_open(&c, path, STORE_WRITE, &st));
	assert_int_equal(last_seq(&c, st), 2);
	put_act(&c, st, "W-1", 3, "c3");
	store_close(&st);
	assert_int_equal(said_of(&c, path), 0);
	/* From the first schema, and once. */
	raw_sql(path, "UPDATE meta SET value = '0' WHERE key = 'schema'");
	fails(&c, ERR_VERIFY, store_open(&c, path, STORE_WRITE, &st));
	raw_schema(path, STORE_SCHEMA + 1);
	fails(&c, ERR_STATE, store_open(&c, path, STORE_WRITE, &st));
}

/* The big-endian word at that place; where to is not 0 it becomes to. */
static uint32_t broken_word(FILE *f, long at, uint32_t to)
{
	unsigned char b[4];
	uint32_t was;

	fseek(f, at, SEEK_SET);
	assert_int_equal(fread(b, sizeof b, 1, f), 1);
	was = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	for (int i = 0; i < 4; i++)
		b[i] = (unsigned char)(to >> (24 - 8 * i));
	fseek(f, at, SEEK_SET);
	if (to)
		assert_int_equal(fwrite(b, sizeof b, 1, f), 1);
	fflush(f);
	return was;
}

/* By the check, or by the opening, where the page is one that opening reads. */
static bool is_noticed(const char *path)
{
	CTX(c);
	STORE_SCOPED struct store *st = NULL;
	int said = 0;

	if (store_open(&c, path, STORE_READ, &st) != ERR_OK)
		return c.code == ERR_VERIFY;
	return store_check(&c, st, count_said, &said) == ERR_VERIFY || said > 0;
}

static void broken_pages_are_found(void **state)
{
	CTX(c);
	FOLDER(dir);
	uint32_t free_pages, missed = 0;
	struct store *st;
	long pages;
	char *path;
	FILE *f;

	(void)state;
	st = make(&c, dir, &path);
	for (int i = 0; i < 300; i++) {
		char name[16];

		snprintf(name, sizeof name, "c%d", i);
		put_act(&c, st, "W-1", i + 1, name);
	}
	store_close(&st);
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	pages = ftell(f) / 4096;
	/* The head of the file says how many pages hold nothing; all others count. */
	free_pages = broken_word(f, 36, 0);
	for (long page = 1; page < pages; page++) {
		uint32_t was = broken_word(f, page * 4096, UINT32_MAX);

		missed += !is_noticed(path);
		broken_word(f, page * 4096, was);
	}
	fclose(f);
	assert_true(pages - (long)free_pages > 10);
	assert_true(missed <= free_pages);
	assert_int_equal(said_of(&c, path), 0);
}

static void copy_is_whole(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL, *copy = NULL;
	char *path, *to;

	(void)state;
	st = make(&c, dir, &path);
	put_act(&c, st, "W-1", 1, "c1");
	ok(&c, path_fmt(&c, &to, "%s/copy.db", dir));
	ok(&c, store_copy(&c, st, to));
	fails(&c, ERR_IO, store_copy(&c, st, to));
	ok(&c, store_open(&c, to, STORE_READ, &copy));
	assert_int_equal(last_seq(&c, copy), 1);
}

static enum err add_ref(struct ctx *c, void *of, const struct order_view *v)
{
	char *list = of;

	(void)c;
	snprintf(list + strlen(list), 64, "%.*s ", SPAN_ARG(v->ref));
	return ERR_OK;
}

static void view_rows(void **state)
{
	CTX(c);
	FOLDER(dir);
	STORE_SCOPED struct store *st = NULL;
	struct order_view v = { .state = SPAN("judged"),
				.agency = SPAN("pj-paris"),
				.due_at = VIEW_NO_I64 },
			  got;
	struct view_filter f = { .after_received = INT64_MAX, .limit = 2 };
	char list[256] = "", *path;
	bool found;

	(void)state;
	st = make(&c, dir, &path);
	for (int i = 0; i < 5; i++) {
		static const char *const refs[] = { "W-A", "W-B", "W-C", "W-D", "W-E" };

		v.ref = span_str(refs[i]);
		v.received_at = i / 2;
		v.last_seq = i;
		ok(&c, view_put(&c, st, &v));
		ok(&c, view_put(&c, st, &v));
	}
	ok(&c, view_get(&c, st, SPAN("W-E"), &got, &found));
	assert_true(found);
	assert_null(view_difference(&v, &got));
	got.authority_reference = SPAN("");
	assert_string_equal(view_difference(&v, &got), "authority_reference");
	got = v;
	got.due_at = 5;
	assert_string_equal(view_difference(&v, &got), "due_at");
	ok(&c, view_list(&c, st, &f, add_ref, list));
	assert_string_equal(list, "W-E W-D ");
	f.after_received = 1;
	f.after_ref = SPAN("W-D");
	ok(&c, view_list(&c, st, &f, add_ref, list));
	assert_string_equal(list, "W-E W-D W-C W-B ");
	f.state = SPAN("closed");
	ok(&c, view_list(&c, st, &f, add_ref, list));
	assert_string_equal(list, "W-E W-D W-C W-B ");
	*list = '\0';
	ok(&c, view_newer(&c, st, 0, SPAN("W-B"), 2, add_ref, list));
	assert_string_equal(list, "W-C W-D ");
	ok(&c, view_newer(&c, st, 2, SPAN("W-E"), 2, add_ref, list));
	assert_string_equal(list, "W-C W-D ");
	ok(&c, view_remove(&c, st, SPAN("W-A")));
	*list = '\0';
	ok(&c, view_all(&c, st, add_ref, list));
	assert_string_equal(list, "W-B W-C W-D W-E ");
	ok(&c, view_clear(&c, st));
	ok(&c, view_get(&c, st, SPAN("W-E"), &got, &found));
	assert_false(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_query_prepares),
		cmocka_unit_test(file_is_private),
		cmocka_unit_test(rows_come_back_as_they_were),
		cmocka_unit_test(callbacks_and_cursors),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(one_writer_waits_for_another),
		cmocka_unit_test(marks_tell_commits),
		cmocka_unit_test(what_is_not_ours_is_refused),
		cmocka_unit_test(changed_schema_is_found),
		cmocka_unit_test(older_schema_is_brought_up),
		cmocka_unit_test(triggers_do_not_fire),
		cmocka_unit_test(broken_pages_are_found),
		cmocka_unit_test(copy_is_whole),
		cmocka_unit_test(view_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
