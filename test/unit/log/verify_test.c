/*
 * Verification, as a property: a log of random ticks and acts verifies and every proof holds; and
 * whatever is changed in one column of one row or one byte of one file is reported.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log_test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/num.h"

struct told {
	int differences;
	char last[1024];
};

static void tell(void *of, bool difference, const char *place, const char *what)
{
	struct told *t = of;

	assert_true(*place && *what);
	t->differences += difference;
	if (difference)
		snprintf(t->last, sizeof t->last, "%s: %s", place, what);
}

/* What the test's order_view must say. */
static enum err fold(struct ctx *c, void *of, struct span ref, struct order_view *out,
		     bool *exists_out)
{
	struct store_value last;

	TRY(store_one(c, of, QUERY_ACT_LAST_SEQ, PARAMS(P_TEXT(ref)), &last, 1, NULL));
	*exists_out = last.i > 0;
	*out = (struct order_view){ .ref = ref,
				    .state = SPAN("received"),
				    .agency = SPAN("pj-paris"),
				    .received_at = 5,
				    .due_at = VIEW_NO_I64,
				    .open = 1,
				    .clock_at = VIEW_NO_I64,
				    .turn = SPAN("desk"),
				    .people = SPAN("Ana\nBen"),
				    .approvals_needed = 2,
				    .last_seq = last.i };
	return ERR_OK;
}

static int verify(struct place *p, struct log_sum *sum, struct told *told)
{
	struct log_report report = { told, tell };
	struct log_fold by = { p->store, fold };
	LOG_CTX(c);

	*told = (struct told){ .differences = 0 };
	ok(&c, log_verify(&c, &p->log, &by, &report, sum));
	assert_int_equal(told->differences, sum->differences);
	return told->differences;
}

static void clean(struct place *p, struct log_sum *sum)
{
	struct told told;

	if (verify(p, sum, &told) != 0)
		fail_msg("a log that nobody touched: %s", told.last);
}

static enum err project_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct order_view v;
	bool exists;

	if (span_is(row->v[0].s, "HOME"))
		return ERR_OK;
	TRY(fold(c, of, row->v[0].s, &v, &exists));
	return view_put(c, of, &v);
}

static void project(struct place *p)
{
	LOG_CTX(c);

	ok(&c, view_clear(&c, p->store));
	ok(&c, store_run(&c, p->store, QUERY_ACT_ORDERS, PARAMS_NONE, project_row, p->store));
}

static enum err prove_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct place *p = of;
	struct span proof, act;
	struct act_proof parsed;
	struct checkpoint cp;
	CTX_SCOPED struct ctx s;

	assert_int_equal(ctx_begin(&s, (size_t)8 << 20), ERR_OK);
	(void)c;
	ok(&s, log_prove(&s, &p->log, row->v[1].s, row->v[2].i, &proof, &act));
	ok(&s, act_proof_parse(&s, proof, &parsed));
	ok(&s, act_proof_check(&s, &parsed, act, &p->seal.key, &cp));
	assert_true(span_eq(act, row->v[5].s));
	return ERR_OK;
}

static void random_log(unsigned seed, int ticks)
{
	struct log_sum sum;
	struct log_tick t;
	int64_t acts = 0;
	PLACE(p);
	LOG_CTX(c);

	srand(seed);
	for (int i = 0; i < ticks; i++) {
		size_t n = rand() % 4 == 0 ? (size_t)rand() % 6 : 0;

		if (rand() % 30 == 0)
			fake_act(&p.seal, "halt", rand() % 2 ? "W-0001" : NULL);
		add_acts(&p, n);
		tick(&p, &t);
		acts += (int64_t)n;
	}
	project(&p);
	clean(&p, &sum);
	assert_int_equal(sum.size, ticks);
	assert_int_equal(sum.acts, acts);
	assert_int_equal(sum.seal_acts, p.seal.seal_seq);
	assert_int_equal(sum.waiting, 0);
	ok(&c,
	   store_run(&c, p.store, QUERY_ACT_AFTER, PARAMS(P_INT(0), P_INT(100000)), prove_row, &p));
	if (ticks == 0)
		return;
	add_acts(&p, 3);
	project(&p);
	clean(&p, &sum);
	assert_int_equal(sum.waiting, 3);
}

static void random_logs_verify(void **state)
{
	static const int sizes[] = { 0, 1, 2, 255, 256, 257, 511, 512, 513, 600 };

	(void)state;
	for (unsigned i = 0; i < COUNT_OF(sizes); i++)
		random_log(i + 1, sizes[i]);
	srand(4711);
	for (unsigned i = 0; i < 4; i++)
		random_log(i + 100, rand() % 600);
}

/* Retention */

static void removed_bodies(void **state)
{
	struct span proof, act;
	struct log_sum sum;
	struct log_tick t;
	struct told told;
	struct json *body;
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	add_act(&c, p.store, "HOME", "store_checked", NULL);
	add_act(&c, p.store, "W-1", "received", NULL);
	add_act(&c, p.store, "W-1", "decided", NULL);
	add_act(&c, p.store, "W-2", "received", NULL);
	project(&p);
	tick(&p, &t);
	fails(&c, ERR_DENIED, log_removal(&c, p.store, SPAN("HOME"), &body));
	fails(&c, ERR_NOT_FOUND, log_removal(&c, p.store, SPAN("W-3"), &body));
	ok(&c, log_removal(&c, p.store, SPAN("W-1"), &body));
	add_act(&c, p.store, "HOME", LOG_ACT_REMOVED, body);
	ok(&c, log_remove(&c, p.store, body));
	clean(&p, &sum);
	assert_int_equal(sum.removed, 2);
	tick(&p, &t);
	clean(&p, &sum);
	fails(&c, ERR_STATE, log_prove(&c, &p.log, SPAN("W-1"), 1, &proof, &act));
	ok(&c, log_prove(&c, &p.log, SPAN("W-2"), 1, &proof, &act));
	fails(&c, ERR_NOT_FOUND, log_removal(&c, p.store, SPAN("W-1"), &body));
	/* Emptied the same way, and nobody said so. */
	raw_sql(p.db, "UPDATE act SET body = NULL, salt = '', act = '', made_at_utc = 0 WHERE "
		      "order_ref = 'W-2'");
	assert_true(verify(&p, &sum, &told) > 0);
	/* HOME's own are never removed through here. */
	struct json *forged = json_object(&c), *list = json_list(&c), *item = json_object(&c);
	json_set_str(&c, item, "order", "HOME");
	json_set_int(&c, item, "seq", 1);
	json_add(&c, list, item);
	json_set(&c, forged, "acts", list);
	fails(&c, ERR_DENIED, log_remove(&c, p.store, forged));
}

/* Every change there is in 'make tamper'; in 'make test' the changes take turns, each with another
 * column, row or byte. */
static unsigned one_of(unsigned turns)
{
	return getenv("WRIT_FULL") ? 1 : turns;
}

/* Tampering with the database: every column of every row, by whatever the tables are. */

#define CHANGES 9
static const char *const text_changes[CHANGES] = {
	"NULL", "''", "%s || 'x'", "'x' || %s", "upper(%s)", "substr(%s, 1, length(%s) - 1)",
	"replace(replace(%s, '1', '2'), 'a', 'b')", "%s || ' '", "replace(%s, 'e', 'f')",
};
static const char *const int_changes[CHANGES] = {
	"NULL", "0", "%s + 1", "%s - 1", "-1", "%s + 65536", "%s * 2", "-%s", "9007199254740993",
};

struct tamper {
	struct place *p;
	sqlite3 *db;
	int tried, impossible;
};

static bool does(struct tamper *t, const char *sql)
{
	char *why = NULL;
	int rc = sqlite3_exec(t->db, sql, NULL, NULL, &why);

	/* NOT NULL, UNIQUE, STRICT: such a row cannot exist. */
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_CONSTRAINT && rc != SQLITE_MISMATCH)
		fail_msg("%s: %s", sql, why);
	sqlite3_free(why);
	return rc == SQLITE_OK && sqlite3_changes(t->db) > 0;
}

static void must_be_found(struct tamper *t, const char *what)
{
	struct log_sum sum;
	struct told told;

	t->tried++;
	if (verify(t->p, &sum, &told) == 0)
		fail_msg("not reported: %s", what);
}

static void restore(struct tamper *t, const char *table)
{
	char sql[256];

	snprintf(sql, sizeof sql, "DELETE FROM %s", table);
	does(t, sql);
	snprintf(sql, sizeof sql, "INSERT INTO %s SELECT * FROM good.%s", table, table);
	assert_true(does(t, sql));
}

static void change_column(struct tamper *t, const char *table, const char *column, bool text,
			  long long rowid)
{
	static unsigned turn;

	for (int i = 0; i < CHANGES; i++) {
		if (turn++ % one_of(4))
			continue;
		const char *change = text ? text_changes[i] : int_changes[i];
		char value[128] = "", sql[512];

		for (const char *z = change; *z; z++) {
			bool slot = z[0] == '%' && z[1] == 's';

			snprintf(value + strlen(value), sizeof value - strlen(value),
				 slot ? "%s" : "%.1s", slot ? column : z);
			z += slot;
		}
		snprintf(sql, sizeof sql,
			 "UPDATE %s SET %s = %s WHERE rowid = %lld AND %s IS NOT %s", table, column,
			 value, rowid, column, value);
		if (!does(t, sql)) {
			t->impossible++;
			continue;
		}
		must_be_found(t, sql);
		restore(t, table);
	}
}

/* Rows of a query as numbers or texts, read before anything is changed. */
static size_t read_list(sqlite3 *db, const char *sql, char list[][64], size_t max)
{
	sqlite3_stmt *s;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		assert_true(n < max);
		snprintf(list[n++], 64, "%s", (const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	return n;
}

static void change_table(struct tamper *t, const char *table)
{
	static char rows[400][64];
	char columns[32][64], sql[256];
	size_t row_count, column_count;

	snprintf(sql, sizeof sql, "SELECT type || ' ' || name FROM pragma_table_info('%s')", table);
	column_count = read_list(t->db, sql, columns, 32);
	snprintf(sql, sizeof sql, "SELECT rowid FROM %s", table);
	row_count = read_list(t->db, sql, rows, 400);
	assert_true(row_count > 0 && column_count > 0);
	for (size_t r = 0; r < row_count; r++) {
		for (size_t i = 0; i < column_count; i++)
			change_column(t, table, strchr(columns[i], ' ') + 1,
				      strncmp(columns[i], "TEXT", 4) == 0, atoll(rows[r]));
		snprintf(sql, sizeof sql, "DELETE FROM %s WHERE rowid = %.20s", table, rows[r]);
		assert_true(does(t, sql));
		must_be_found(t, sql);
		restore(t, table);
	}
}

static void tamper_begin(struct tamper *t, struct place *p)
{
	char sql[512];

	*t = (struct tamper){ .p = p };
	snprintf(sql, sizeof sql, "%s/good.db", p->dir);
	ok(&p->keep, store_copy(&p->keep, p->store, sql));
	assert_int_equal(sqlite3_open(p->db, &t->db), SQLITE_OK);
	sqlite3_busy_timeout(t->db, 5000);
	snprintf(sql, sizeof sql, "ATTACH '%s/good.db' AS good; PRAGMA synchronous = OFF", p->dir);
	assert_int_equal(sqlite3_exec(t->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void tamper_end(struct tamper *t)
{
	sqlite3_close(t->db);
}

/* A log with something in every table and every column. */
static void fill(struct place *p, int ticks)
{
	struct log_tick t;
	struct json *body;
	LOG_CTX(c);

	fake_act(&p->seal, "founding", NULL);
	fake_act(&p->seal, "ticket", "W-1");
	add_act(&c, p->store, "HOME", "store_checked", NULL);
	add_act(&c, p->store, "W-1", "received", NULL);
	add_act(&c, p->store, "W-2", "received", NULL);
	add_act(&c, p->store, "W-3", "received", NULL);
	tick(p, &t);
	for (int i = 2; i < ticks; i++)
		tick(p, &t);
	add_act(&c, p->store, "W-2", "decided", NULL);
	ok(&c, log_removal(&c, p->store, SPAN("W-3"), &body));
	add_act(&c, p->store, "HOME", LOG_ACT_REMOVED, body);
	ok(&c, log_remove(&c, p->store, body));
	fake_act(&p->seal, "void", "W-2");
	tick(p, &t);
	project(p);
}

/* Who is signed in at the desk, and who looked: no act says it, so nothing can be compared. */
static bool is_of_the_desk(const char *table)
{
	static const char *const desk[] = { "sitting", "challenge",  "key_counter", "draft",
					    "access",  "invitation", "pickup",      "joint" };

	for (size_t i = 0; i < COUNT_OF(desk); i++)
		if (!strcmp(table, desk[i]))
			return true;
	return false;
}

static void every_column_of_every_row(void **state)
{
	char tables[16][64];
	struct log_sum sum;
	struct tamper t;
	size_t n;
	PLACE(p);

	(void)state;
	fill(&p, 3);
	clean(&p, &sum);
	tamper_begin(&t, &p);
	n = read_list(t.db, "SELECT name FROM sqlite_schema WHERE type = 'table'", tables, 16);
	assert_true(n >= 6);
	for (size_t i = 0; i < n; i++)
		if (!is_of_the_desk(tables[i]))
			change_table(&t, tables[i]);
	tamper_end(&t);
	clean(&p, &sum);
	print_message("%d changes found, %d that the schema makes impossible\n", t.tried,
		      t.impossible);
	assert_true(t.tried > (int)(600 / one_of(4)));
}

static void rows_put_there(void **state)
{
	static const char *const forged[][2] = {
		{ "meta", "INSERT INTO meta VALUES ('other', '1')" },
		{ "act", "INSERT INTO act SELECT 99, 'W-1', 2, made_at_utc, act, body, salt, "
			 "replace(commitment, '1', '2') "
			 "FROM act WHERE id = 2" },
		{ "act", "INSERT INTO act SELECT (SELECT max(id) + 1 FROM act), 'W-9', 1, "
			 "made_at_utc, act, body, salt, "
			 "'00' || substr(commitment, 3) FROM act WHERE id = 2" },
		{ "act", "INSERT INTO act SELECT (SELECT max(id) + 1 FROM act), 'W-1', 2, 0, '', "
			 "NULL, '', "
			 "'00' || substr(commitment, 3) FROM act WHERE id = 2" },
		{ "seal_act", "INSERT INTO seal_act SELECT 4, order_ref, act, body, salt, '00' || "
			      "substr(commitment, 3) "
			      "FROM seal_act WHERE seal_seq = 1" },
		{ "tick", "INSERT INTO tick SELECT 1, time_ms + 10000, entry, 2, until_id FROM "
			  "tick WHERE n = 0" },
		{ "tick",
		  "INSERT INTO tick SELECT 7, time_ms, entry, 8, until_id FROM tick WHERE n = 0" },
		{ "proof", "INSERT INTO proof SELECT '00' || substr(commitment, 3), tick, place, "
			   "siblings FROM proof LIMIT 1" },
		{ "order_view", "INSERT INTO order_view SELECT 'W-9', state, agency, "
				"authority_reference, received_at, "
				"due_at, waiting_for, decided, open, clock_at, clock_of, turn, "
				"kind, targets, flags, people, decided_by, approved_by, "
				"approvals_needed, last_seq FROM order_view LIMIT 1" },
		{ "order_view", "INSERT INTO order_view SELECT 'HOME', state, agency, "
				"authority_reference, received_at, "
				"due_at, waiting_for, decided, open, clock_at, clock_of, turn, "
				"kind, targets, flags, people, decided_by, approved_by, "
				"approvals_needed, last_seq FROM order_view LIMIT 1" },
	};
	struct log_sum sum;
	struct tamper t;
	PLACE(p);

	(void)state;
	fill(&p, 3);
	tamper_begin(&t, &p);
	for (size_t i = 0; i < COUNT_OF(forged); i++) {
		assert_true(does(&t, forged[i][1]));
		must_be_found(&t, forged[i][1]);
		restore(&t, forged[i][0]);
	}
	clean(&p, &sum);
	/* A whole act with its proof, in the midst of the home's. */
	does(&t, "DELETE FROM proof WHERE commitment = (SELECT commitment FROM act WHERE id = 2)");
	does(&t, "DELETE FROM act WHERE id = 2");
	must_be_found(&t, "act and proof");
	restore(&t, "act");
	restore(&t, "proof");
	/* Two acts that change places. */
	does(&t, "UPDATE act SET seq = 5 WHERE id = 3; UPDATE act SET seq = 1 WHERE order_ref = "
		 "'W-2' AND seq = 2;"
		 "UPDATE act SET seq = 2 WHERE id = 3");
	must_be_found(&t, "exchanged acts");
	restore(&t, "act");
	clean(&p, &sum);
	tamper_end(&t);
	raw_sql(p.db, "CREATE TABLE more (x)");
	must_be_found(&t, "a table more");
	raw_sql(p.db,
		"DROP TABLE more; CREATE TRIGGER t AFTER INSERT ON act BEGIN DELETE FROM act; END");
	must_be_found(&t, "a trigger");
}

/* Tampering with files */

static char names[64][512];
static size_t names_count;

static int name_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (flag == FTW_F && !strstr(path, "/lock")) {
		assert_true(names_count < COUNT_OF(names));
		snprintf(names[names_count++], sizeof names[0], "%s", path);
	}
	return 0;
}

static void put(const char *path, struct span s)
{
	FD_SCOPED int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, s.p, s.n), (ssize_t)s.n);
}

static void change_file(struct tamper *t, const char *path)
{
	struct span good;
	char what[600];
	unsigned char *bytes;
	LOG_CTX(c);

	ok(&c, file_read(&c, path, 100000, &good));
	ok(&c, NEW_ARRAY(&c, bytes, good.n + 1));
	memcpy(bytes, good.p, good.n);
	/* Every byte of what is small; of a full tile every one of its hashes, at changing places.
	 */
	for (size_t i = 0; i < good.n; i += good.n < 2000 ? one_of(5) : 31 * one_of(7)) {
		bytes[i] ^= (unsigned char)(1u << i % 8);
		snprintf(what, sizeof what, "%.500s byte %zu", path, i);
		put(path, span_of(bytes, good.n));
		must_be_found(t, what);
		bytes[i] = good.p[i];
	}
	put(path, span_of(bytes, good.n + 1));
	must_be_found(t, "a byte more");
	put(path, span_of(bytes, good.n - 1));
	must_be_found(t, "a byte less");
	assert_int_equal(unlink(path), 0);
	must_be_found(t, "a file less");
	put(path, good);
}

static void every_byte_of_every_file(void **state)
{
	static const char *const strangers[] = {
		"other",           "checkpoint.tmp",       "tile/0/000.p/3", "tile/0/002",
		"tile/0/x000/000", "tile/entries/001.p/1", "tile/2/000.p/1", "tile/1/000",
		"tile/0/1",        "tile/data/000",        "tile/00/000",
	};
	struct log_sum sum;
	struct tamper t = { .tried = 0 };
	PLACE(p);

	(void)state;
	fill(&p, 259);
	clean(&p, &sum);
	t.p = &p;
	names_count = 0;
	nftw(p.log_dir, name_one, 16, FTW_PHYS);
	assert_int_equal(names_count, 6);
	for (size_t i = 0; i < names_count; i++)
		change_file(&t, names[i]);
	clean(&p, &sum);
	for (size_t i = 0; i < COUNT_OF(strangers); i++) {
		char path[512];
		LOG_CTX(c);

		snprintf(path, sizeof path, "%s/%s", p.log_dir, strangers[i]);
		char *slash = strrchr(path, '/');
		*slash = '\0';
		ok(&c, dir_make(&c, path, 0755));
		*slash = '/';
		put(path, SPAN("strange"));
		must_be_found(&t, strangers[i]);
		unlink(path);
	}
	clean(&p, &sum);
	print_message("%d changes found\n", t.tried);
}

/* Places are told: which file and hash, which row and column. */
static void findings_name_their_place(void **state)
{
	static const struct {
		const char *sql, *place;
	} rows[] = {
		{ "UPDATE act SET made_at_utc = made_at_utc + 1 WHERE order_ref = 'W-2' AND seq = "
		  "1",
		  "act[W-2 1].made_at_utc:" },
		{ "UPDATE seal_act SET order_ref = 'W-7' WHERE seal_seq = 1",
		  "seal_act[1].order_ref:" },
		{ "UPDATE tick SET size = 9 WHERE n = 0", "tick[0].size:" },
		{ "UPDATE order_view SET decided = 'comply' WHERE ref = 'W-1'",
		  "order_view[W-1].decided:" },
	};
	struct log_sum sum;
	struct tamper t;
	struct told told;
	PLACE(p);

	(void)state;
	fill(&p, 3);
	tamper_begin(&t, &p);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(does(&t, rows[i].sql));
		assert_int_equal(verify(&p, &sum, &told), 1);
		if (strncmp(told.last, rows[i].place, strlen(rows[i].place)) != 0)
			fail_msg("%s: reported as %s", rows[i].sql, told.last);
		restore(&t, "act");
		restore(&t, "seal_act");
		restore(&t, "tick");
		restore(&t, "order_view");
	}
	tamper_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_logs_verify),
		cmocka_unit_test(removed_bodies),
		cmocka_unit_test(every_column_of_every_row),
		cmocka_unit_test(rows_put_there),
		cmocka_unit_test(every_byte_of_every_file),
		cmocka_unit_test(findings_name_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
