/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>

#include "../test.h"

#include "base/buf.h"
#include "web/desk/memo.h"

static int64_t clock_ms;
static int64_t test_now(void)
{
	return clock_ms;
}

/* A store and a clock that stands until the test moves it. */
struct desk {
	struct ctx c;
	struct seam seam;
	struct store *st;
	struct memo *memo;
};

static void desk_begin(struct desk *d)
{
	assert_int_equal(ctx_begin(&d->c, (size_t)64 << 20), ERR_OK);
	d->seam = *d->c.seam;
	d->seam.now_ms = test_now;
	d->c.seam = &d->seam;
	clock_ms = INT64_C(1800000000000);
	ok(&d->c, store_open(&d->c, in_folder(&d->c, "writ.db"), STORE_CREATE, &d->st));
	ok(&d->c, memo_open(&d->c, &d->memo));
}

static void desk_end(struct desk *d)
{
	store_close(&d->st);
	ctx_end(&d->c);
}
#define DESK(d)                                                                                    \
	__attribute__((cleanup(desk_end))) struct desk d = { .st = NULL };                         \
	desk_begin(&d)

static void later(int64_t seconds)
{
	clock_ms += seconds * 1000;
}

static struct span begin(struct desk *d, const char *person)
{
	struct span token;

	ok(&d->c, sitting_begin(&d->c, d->st, span_str(person), SPAN("k ana"), "Firefox", &token));
	assert_int_equal(token.n, TOKEN_TEXT);
	return token;
}

static enum sitting_state state_of(struct desk *d, struct span token)
{
	struct sitting s;

	ok(&d->c, sitting_find(&d->c, d->st, d->memo, token, "Firefox", true, SPAN_NONE, &s));
	return s.state;
}

static void test_from_sign_in_to_sign_out(void **state)
{
	struct span token, again, key;
	struct sitting s;

	(void)state;
	DESK(d);
	token = begin(&d, "Ana");
	again = begin(&d, "Ana");
	assert_false(span_eq(token, again));
	ok(&d.c, sitting_find(&d.c, d.st, d.memo, token, "Firefox", true, SPAN_NONE, &s));
	assert_int_equal(s.state, SITTING_LIVE);
	text_is(s.person, "Ana");
	ok(&d.c, sha256_hex(&d.c, SPAN("k ana"), &key));
	assert_true(span_eq(s.key_sha256, key));
	assert_false(span_eq(s.id, token));     /* the table never holds the token */
	ok(&d.c, sitting_end(&d.c, d.st, s.id));
	assert_int_equal(state_of(&d, token), SITTING_NONE);
	assert_int_equal(state_of(&d, again), SITTING_LIVE);
}

static void test_tokens_that_are_none(void **state)
{
	struct span token, id;

	(void)state;
	DESK(d);
	token = begin(&d, "Ana");
	ok(&d.c, sha256_hex(&d.c, token, &id));
	assert_int_equal(state_of(&d, SPAN_NONE), SITTING_NONE);
	assert_int_equal(state_of(&d, span_cut(token, 0, 63)), SITTING_NONE);
	assert_int_equal(state_of(&d, id), SITTING_NONE);       /* who has read the table */
	assert_int_equal(state_of(&d, SPAN("0000000000000000000000000000000000000000000000000000"
					   "000000000000")), SITTING_NONE);
	assert_int_equal(state_of(&d, token), SITTING_LIVE);
}

static void test_idle_and_absolute_end(void **state)
{
	struct span idle, busy;

	(void)state;
	DESK(d);
	idle = begin(&d, "Ana");
	later(SITTING_IDLE_S - 1);
	assert_int_equal(state_of(&d, idle), SITTING_LIVE);
	later(SITTING_IDLE_S - 1);      /* since the last request */
	assert_int_equal(state_of(&d, idle), SITTING_LIVE);
	later(SITTING_IDLE_S);
	assert_int_equal(state_of(&d, idle), SITTING_OVER);
	assert_int_equal(state_of(&d, idle), SITTING_OVER);     /* looking does not revive it */
	busy = begin(&d, "Ana");
	for (int i = 0; i < SITTING_MAX_S / 1200 - 1; i++) {
		later(1200);
		assert_int_equal(state_of(&d, busy), SITTING_LIVE);
	}
	later(1199);
	assert_int_equal(state_of(&d, busy), SITTING_LIVE);
	later(1);
	assert_int_equal(state_of(&d, busy), SITTING_OVER);
}

/* A page that keeps itself true prolongs nothing. */
static void test_nobody_looks(void **state)
{
	struct span token;
	struct sitting s;

	(void)state;
	DESK(d);
	token = begin(&d, "Ana");
	later(SITTING_IDLE_S - 1);
	ok(&d.c, sitting_find(&d.c, d.st, d.memo, token, "Firefox", false, SPAN_NONE, &s));
	assert_int_equal(s.state, SITTING_LIVE);
	later(1);
	ok(&d.c, sitting_find(&d.c, d.st, d.memo, token, "Firefox", false, SPAN_NONE, &s));
	assert_int_equal(s.state, SITTING_OVER);
}

static void test_another_browser_ends_it(void **state)
{
	struct span token;
	struct sitting s;

	(void)state;
	DESK(d);
	token = begin(&d, "Ana");
	ok(&d.c, sitting_find(&d.c, d.st, d.memo, token, "Chrome", true, SPAN_NONE, &s));
	assert_int_equal(s.state, SITTING_NONE);
	assert_int_equal(state_of(&d, token), SITTING_NONE);
}

/* Past this process's connection, as another one of the home would. */
static void elsewhere(struct desk *d, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(in_folder(&d->c, "writ.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_remembered_while_nothing_is_committed(void **state)
{
	struct sitting s, known;
	struct store_mark mark;
	struct span token, sql;
	bool found;

	(void)state;
	DESK(d);
	token = begin(&d, "Ana");
	for (int64_t seq = 0; seq < 3; seq++) {
		for (int i = 0; i < 2; i++) {
			ok(&d.c, sitting_find(&d.c, d.st, d.memo, token, "Firefox", true,
					      SPAN("W-1"), &s));
			assert_int_equal(s.state, SITTING_LIVE);
			assert_int_equal(s.last_seq, seq);
			assert_true(store_mark(d.st, &mark));
			ok(&d.c, memo_find(&d.c, d.memo, &mark, s.id, SPAN("W-1"), &known, &found));
			assert_true(found);
			text_is(known.person, "Ana");
			assert_int_equal(known.last_seq, seq);
			ok(&d.c, memo_find(&d.c, d.memo, &mark, s.id, SPAN("W-2"), &known, &found));
			assert_false(found);
		}
		ok(&d.c, span_fmt(&d.c, &sql,
				  "INSERT INTO act VALUES (%d, 'W-1', %d, 1, 'a', NULL, "
				  "'s', 'c%d')",
				  (int)seq + 1, (int)seq + 1, (int)seq));
		elsewhere(&d, (const char *)sql.p);
		assert_true(store_mark(d.st, &mark));
		ok(&d.c, memo_find(&d.c, d.memo, &mark, s.id, SPAN("W-1"), &known, &found));
		assert_false(found);
	}
	/* It ends by the clock, which no table tells, and when somebody else ends it. */
	later(SITTING_IDLE_S);
	assert_int_equal(state_of(&d, token), SITTING_OVER);
	token = begin(&d, "Ana");
	assert_int_equal(state_of(&d, token), SITTING_LIVE);
	elsewhere(&d, "DELETE FROM sitting");
	assert_int_equal(state_of(&d, token), SITTING_NONE);
}

static void test_families_of_browsers(void **state)
{
	(void)state;
	assert_string_equal(agent_family(SPAN("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) "
					      "Gecko/20100101 Firefox/140.0")), "Firefox");
	assert_string_equal(agent_family(SPAN("Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like "
					      "Gecko) Chrome/148.0.0.0 Safari/537.36")), "Chrome");
	assert_string_equal(agent_family(SPAN("Mozilla/5.0 (Windows NT 10.0) Chrome/148.0 "
					      "Safari/537.36 Edg/148.0")), "Edge");
	assert_string_equal(agent_family(SPAN("Mozilla/5.0 (Macintosh) Version/18.0 Safari/605.1")),
			    "Safari");
	assert_string_equal(agent_family(SPAN("curl/8.0")), "other");
	assert_string_equal(agent_family(SPAN_NONE), "other");
}

static enum err count(struct ctx *c, void *of, const struct sitting *s)
{
	(void)c;
	assert_true(span_is(s->person, "Ana"));
	(*(int *)of)++;
	return ERR_OK;
}

static void test_all_of_a_person(void **state)
{
	struct span mine, hers;
	int64_t ended;
	int n = 0;

	(void)state;
	DESK(d);
	begin(&d, "Ana");
	later(SITTING_IDLE_S);
	mine = begin(&d, "Ana");
	begin(&d, "Ana");
	hers = begin(&d, "Ben");
	ok(&d.c, sitting_each(&d.c, d.st, SPAN("Ana"), count, &n));
	assert_int_equal(n, 2);         /* the idle one is over */
	ok(&d.c, sitting_end_all(&d.c, d.st, SPAN("Ana"), &ended));
	assert_int_equal(ended, 3);
	assert_int_equal(state_of(&d, mine), SITTING_NONE);
	assert_int_equal(state_of(&d, hers), SITTING_LIVE);
}

static void test_form_tokens(void **state)
{
	struct span one, other, form, none;

	(void)state;
	DESK(d);
	one = begin(&d, "Ana");
	other = begin(&d, "Ana");
	ok(&d.c, form_token(&d.c, one, &form));
	assert_true(form_token_holds(&d.c, one, form));
	assert_false(form_token_holds(&d.c, other, form));
	assert_false(form_token_holds(&d.c, one, one));
	assert_false(form_token_holds(&d.c, one, SPAN_NONE));
	assert_false(form_token_holds(&d.c, one, span_cut(form, 0, form.n - 1)));
	ok(&d.c, form_token(&d.c, SPAN_NONE, &none));
	assert_false(form_token_holds(&d.c, SPAN_NONE, none));  /* without a sitting no form */
}

static void test_challenges(void **state)
{
	const struct span key = SPAN("a key of this server"), other = SPAN("another server's");
	struct span one, two, turned;
	unsigned char bytes[56];

	(void)state;
	DESK(d);
	ok(&d.c, challenge_make(&d.c, key, "sign-in", SPAN("a"), &one));
	ok(&d.c, challenge_make(&d.c, key, "sign-in", SPAN("a"), &two));
	assert_int_equal(one.n, sizeof bytes);
	assert_false(span_eq(one, two));
	ok(&d.c, challenge_check(&d.c, key, "sign-in", SPAN("a"), one));
	refused(&d.c, ERR_VERIFY, "another purpose",
		challenge_check(&d.c, key, "enrol", SPAN("a"), one));
	refused(&d.c, ERR_VERIFY, "another browser",
		challenge_check(&d.c, key, "sign-in", SPAN("b"), one));
	refused(&d.c, ERR_VERIFY, "another browser",
		challenge_check(&d.c, key, "sign-in", SPAN_NONE, one));
	refused(&d.c, ERR_VERIFY, "not asked for here",
		challenge_check(&d.c, other, "sign-in", SPAN("a"), one));
	refused(&d.c, ERR_VERIFY, "not asked for here",
		challenge_check(&d.c, key, "sign-in", SPAN("a"), SPAN_NONE));
	refused(&d.c, ERR_VERIFY, "not asked for here",
		challenge_check(&d.c, key, "sign-in", SPAN("a"), span_cut(one, 0, 55)));
	for (size_t i = 0; i < sizeof bytes; i++) {
		memcpy(bytes, one.p, sizeof bytes);
		bytes[i] ^= 1;
		turned = span_of(bytes, sizeof bytes);
		refused(&d.c, ERR_VERIFY, "not asked for here",
			challenge_check(&d.c, key, "sign-in", SPAN("a"), turned));
	}
	ok(&d.c, challenge_use(&d.c, d.st, "sign-in", one));
	refused(&d.c, ERR_VERIFY, "used before", challenge_use(&d.c, d.st, "sign-in", one));
	refused(&d.c, ERR_VERIFY, "used before", challenge_use(&d.c, d.st, "enrol", one));
	ok(&d.c, challenge_use(&d.c, d.st, "sign-in", two));
}

/* What is over is refused by its own time, before and after it is forgotten that it was used. */
static void test_challenges_end(void **state)
{
	const struct span key = SPAN("a key of this server");
	struct span one;

	(void)state;
	DESK(d);
	ok(&d.c, challenge_make(&d.c, key, "sign-in", SPAN("a"), &one));
	ok(&d.c, challenge_use(&d.c, d.st, "sign-in", one));
	later(CHALLENGE_S - 1);
	ok(&d.c, challenge_check(&d.c, key, "sign-in", SPAN("a"), one));
	ok(&d.c, sitting_sweep(&d.c, d.st));
	refused(&d.c, ERR_VERIFY, "used before", challenge_use(&d.c, d.st, "sign-in", one));
	later(1);
	refused(&d.c, ERR_VERIFY, "too long ago",
		challenge_check(&d.c, key, "sign-in", SPAN("a"), one));
	ok(&d.c, sitting_sweep(&d.c, d.st));
	refused(&d.c, ERR_VERIFY, "too long ago",
		challenge_check(&d.c, key, "sign-in", SPAN("a"), one));
	later(-2 * CHALLENGE_S);                                /* the clock was set back */
	refused(&d.c, ERR_VERIFY, "too long ago",
		challenge_check(&d.c, key, "sign-in", SPAN("a"), one));
}

static void test_counters(void **state)
{
	(void)state;
	DESK(d);
	ok(&d.c, counter_check(&d.c, d.st, SPAN("k"), 0));
	ok(&d.c, counter_check(&d.c, d.st, SPAN("k"), 0));      /* has none */
	ok(&d.c, counter_check(&d.c, d.st, SPAN("k"), 7));
	refused(&d.c, ERR_VERIFY, "7 after 7", counter_check(&d.c, d.st, SPAN("k"), 7));
	refused(&d.c, ERR_VERIFY, "6 after 7", counter_check(&d.c, d.st, SPAN("k"), 6));
	refused(&d.c, ERR_VERIFY, "0 after 7", counter_check(&d.c, d.st, SPAN("k"), 0));
	ok(&d.c, counter_check(&d.c, d.st, SPAN("other"), 1));
	ok(&d.c, counter_check(&d.c, d.st, SPAN("k"), UINT32_MAX));
}

struct report {
	char text[256];
	int64_t id;
};

static enum err put_line(struct ctx *c, void *of, const struct access_line *line)
{
	struct report *r = of;
	size_t n = strlen(r->text);

	(void)c;
	r->id = line->id;
	snprintf(r->text + n, sizeof r->text - n, "%.*s/%.*s/%.*s/%.*s ", SPAN_ARG(line->what),
		 SPAN_ARG(line->person), SPAN_ARG(line->order), SPAN_ARG(line->detail));
	return ERR_OK;
}

static void test_the_access_report(void **state)
{
	struct report r = { .id = INT64_MAX };
	bool seen;

	(void)state;
	DESK(d);
	ok(&d.c, access_note(&d.c, d.st, "signed in", SPAN("Ana"), SPAN_NONE, SPAN("Firefox")));
	ok(&d.c, access_note(&d.c, d.st, "refused", SPAN_NONE, SPAN_NONE, SPAN("counter")));
	ok(&d.c, access_note(&d.c, d.st, "looked", SPAN("Ana"), SPAN("W-2222-3333"), SPAN("")));
	ok(&d.c, access_last(&d.c, d.st, SPAN_NONE, r.id, 2, put_line, &r));
	assert_string_equal(r.text, "looked/Ana/W-2222-3333/ refused///counter ");
	ok(&d.c, access_seen(&d.c, d.st, SPAN("Ana"), SPAN("W-2222-3333"), clock_ms / 1000, &seen));
	assert_true(seen);
	ok(&d.c, access_seen(&d.c, d.st, SPAN("Ben"), SPAN("W-2222-3333"), 0, &seen));
	assert_false(seen);
	later(1);
	ok(&d.c, access_seen(&d.c, d.st, SPAN("Ana"), SPAN("W-2222-3333"), clock_ms / 1000, &seen));
	assert_false(seen);
	r.text[0] = '\0';
	ok(&d.c, access_last(&d.c, d.st, SPAN_NONE, r.id, 2, put_line, &r));
	assert_string_equal(r.text, "signed in/Ana//Firefox ");
}

static void test_refused_sign_ins_of_a_minute_are_one_line(void **state)
{
	struct access_tally tally = { .count = 0 };
	struct report r = { .id = INT64_MAX };

	(void)state;
	DESK(d);
	ok(&d.c, access_refused(&d.c, d.st, &tally, SPAN("one")));
	ok(&d.c, access_note(&d.c, d.st, "looked", SPAN("Ana"), SPAN_NONE, SPAN("")));
	for (int i = 0; i < 1000; i++)
		ok(&d.c, access_refused(&d.c, d.st, &tally, SPAN("many")));
	ok(&d.c, access_refused(&d.c, d.st, &tally, SPAN("last")));
	ok(&d.c, access_tell(&d.c, d.st, &tally));
	ok(&d.c, access_last(&d.c, d.st, SPAN_NONE, r.id, 10, put_line, &r));
	assert_string_equal(r.text, "looked/Ana// refused///one ");     /* once a second */
	later(1);
	ok(&d.c, access_tell(&d.c, d.st, &tally));
	r.text[0] = '\0';
	r.id = INT64_MAX;
	ok(&d.c, access_last(&d.c, d.st, SPAN_NONE, r.id, 10, put_line, &r));
	assert_string_equal(r.text, "looked/Ana// refused///1002 in this minute, the last: last ");
	ok(&d.c, access_refused(&d.c, d.st, &tally, SPAN("more")));
	r.text[0] = '\0';
	r.id = INT64_MAX;
	later(60);
	ok(&d.c, access_refused(&d.c, d.st, &tally, SPAN("later")));
	ok(&d.c, access_last(&d.c, d.st, SPAN_NONE, r.id, 10, put_line, &r));
	assert_string_equal(r.text, "refused///later looked/Ana// "
				    "refused///1003 in this minute, the last: more ");
}

static void test_drafts(void **state)
{
	struct draft d1 = { SPAN("/order/W-2222-3333/judge"), SPAN("over=%2B33") }, got;
	struct span token, late;
	bool found;

	(void)state;
	DESK(d);
	ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
	ok(&d.c, draft_take(&d.c, d.st, token, SPAN("Ben"), d1.target, &got, &found));
	assert_false(found);            /* another's */
	ok(&d.c, draft_take(&d.c, d.st, token, SPAN("Ana"), SPAN("/desk"), &got, &found));
	assert_false(found);            /* typed elsewhere */
	ok(&d.c, draft_take(&d.c, d.st, token, SPAN("Ana"), d1.target, &got, &found));
	assert_true(found);
	assert_true(span_eq(got.target, d1.target) && span_eq(got.form, d1.form));
	ok(&d.c, draft_take(&d.c, d.st, token, SPAN("Ana"), d1.target, &got, &found));
	assert_false(found);            /* once */
	ok(&d.c, draft_keep(&d.c, d.st, SPAN_NONE, &d1, &token));
	ok(&d.c, draft_take(&d.c, d.st, token, SPAN_NONE, d1.target, &got, &found));
	assert_false(found);            /* nobody's is nobody's */
	ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &late));
	later(DRAFT_S);
	ok(&d.c, draft_take(&d.c, d.st, late, SPAN("Ana"), d1.target, &got, &found));
	assert_false(found);
	d1.form.n = DRAFT_MAX + 1;
	refused(&d.c, ERR_LIMIT, "too long to be kept",
		draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
}

static void test_drafts_of_one_person(void **state)
{
	struct draft d1 = { SPAN("/order/W-2222-3333/judge"), SPAN_NONE }, got;
	struct span token, first;
	struct buf b;
	bool found;

	(void)state;
	DESK(d);
	buf_begin(&b, &d.c, DRAFT_MAX);
	for (size_t i = 0; i < DRAFT_MAX; i++)
		buf_byte(&b, 'x');
	ok(&d.c, buf_done(&d.c, &b, &d1.form));
	ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &first));
	for (size_t i = 1; i < DRAFTS_MAX / DRAFT_MAX - 1; i++)
		ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
	refused(&d.c, ERR_LIMIT, "too much is kept",
		draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
	ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ben"), &d1, &token));
	ok(&d.c, draft_take(&d.c, d.st, first, SPAN("Ana"), d1.target, &got, &found));
	assert_true(found);
	ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
	refused(&d.c, ERR_LIMIT, "too much is kept",
		draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
	later(DRAFT_S);
	ok(&d.c, draft_keep(&d.c, d.st, SPAN("Ana"), &d1, &token));
}

static void test_what_is_over_is_forgotten(void **state)
{
	struct span old, new;

	(void)state;
	DESK(d);
	old = begin(&d, "Ana");
	later(SITTING_MAX_S);
	ok(&d.c, sitting_sweep(&d.c, d.st));
	assert_int_equal(state_of(&d, old), SITTING_OVER);      /* told from none for a day */
	new = begin(&d, "Ana");
	later(SITTING_KNOWN_S - 1);
	ok(&d.c, sitting_sweep(&d.c, d.st));
	assert_int_equal(state_of(&d, old), SITTING_NONE);
	assert_int_equal(state_of(&d, new), SITTING_OVER);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_drop)
	const struct CMUnitTest tests[] = {
		T(test_from_sign_in_to_sign_out), T(test_tokens_that_are_none),
		T(test_idle_and_absolute_end),    T(test_nobody_looks),
		T(test_remembered_while_nothing_is_committed),
		T(test_another_browser_ends_it),
		cmocka_unit_test(test_families_of_browsers), T(test_all_of_a_person),
		T(test_form_tokens),              T(test_challenges),
		T(test_challenges_end),           T(test_counters),
		T(test_the_access_report),        T(test_drafts),
		T(test_drafts_of_one_person),
		T(test_refused_sign_ins_of_a_minute_are_one_line),
		T(test_what_is_over_is_forgotten),
	};

	return cmocka_run_group_tests_name("web_sitting", tests, NULL, NULL);
}
