/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include "order/queue.h"

#define NOW 1800000000
#define ORDERS 400

/* ---- the clock ---- */

static void test_clock(void **state)
{
	static const struct {
		int64_t due;
		const char *text;
	} clocks[] = {
		{ VIEW_NO_I64, "-" },
		{ NOW + 6 * 3600 + 50 * 60, "06:50" },
		{ NOW + 59, "00:00" },
		{ NOW + 1, "00:00" },
		{ NOW, "+00:00" },              /* the instant itself is the first one out */
		{ NOW - 12 * 60, "+00:12" },
		{ NOW - 7 * 3600 - 12 * 60 - 59, "+07:12" },
		{ NOW + 2 * 86400 - 1, "47:59" },
		{ NOW + 2 * 86400, "2 d" },
		{ NOW + 3 * 86400 + 86399, "3 d" },
		{ NOW - 2 * 86400, "+2 d" },
		{ 0, "+20833 d" },
	};
	char text[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(clocks); i++) {
		clock_text(clocks[i].due, NOW, text);
		assert_string_equal(text, clocks[i].text);
	}
}

/* A page of an order is given again up to that second: nothing of its clock may change before. */
static void test_a_clock_reads_the_same_until_it_says_so(void **state)
{
	static const int64_t wholes[] = { 1, 7, 8, 59, 600, 6 * 3600 + 1, 3 * 86400 };
	char now[CLOCK_TEXT_MAX], then[CLOCK_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wholes) * 64; i++) {
		int64_t whole = wholes[i / 64], until,
			at = NOW - 30 + whole * (int64_t)(i % 64) / 48;
		struct order_view v = { .open = 1, .received_at = NOW, .clock_at = NOW + whole };

		until = queue_changes(&v, at);
		assert_true(until > at);
		clock_text(v.clock_at, at, now);
		for (int64_t t = at + 1; t < until; t++) {
			clock_text(v.clock_at, t, then);
			assert_string_equal(then, now);
			assert_int_equal(queue_eighths(&v, t), queue_eighths(&v, at));
			assert_int_equal(v.clock_at <= t, v.clock_at <= at);
		}
	}
}

static void test_what_has_no_clock_never_changes(void **state)
{
	const struct order_view none = { .open = 1, .received_at = NOW, .clock_at = VIEW_NO_I64,
					 .due_at = VIEW_NO_I64 };
	const struct order_view ended = { .received_at = NOW, .clock_at = VIEW_NO_I64,
					  .due_at = NOW + 90 };

	(void)state;
	assert_true(queue_changes(&none, NOW) == INT64_MAX);
	assert_int_equal(queue_eighths(&none, NOW), 8);
	assert_int_equal(queue_changes(&ended, NOW), NOW + 31);
}

static void test_words_of_the_tables(void **state)
{
	enum queue_view view;
	enum order_who who;

	(void)state;
	for (int i = 0; i < QUEUE_VIEWS; i++) {
		assert_true(queue_view_of(span_str(queue_view_word((enum queue_view)i)), &view));
		assert_int_equal(view, i);
	}
	assert_false(queue_view_of(SPAN("everything"), &view));
	assert_false(queue_view_of(SPAN_NONE, &view));
	for (int i = 0; i < WHOS; i++) {
		assert_true(order_who_of(span_str(order_who_word((enum order_who)i)), &who));
		assert_int_equal(who, i);
	}
	assert_false(order_who_of(SPAN("judge"), &who));
	for (int i = 0; i < FLAGS; i++)
		assert_non_null(order_flag_words(span_str(order_flag_word((enum order_flag)i))));
	assert_null(order_flag_words(SPAN("red")));
	text_is(kind_words(SPAN("EMERGENCY_REQUEST")), "emergency request");
	text_is(kind_words(SPAN("LOVE_LETTER")), "LOVE_LETTER");
}

/* ---- random rows, and who may see what in them, said once more and slowly ---- */

struct model {
	char ref[12];
	int64_t open, clock_at, received;       /* clock_at -1: none */
	const char *turn;
	bool by[3], decided[3], approved[3];    /* Ana, Ben, Chi */
};
static const char *const names[] = { "Ana", "Ben", "Chi" };
static struct model model[ORDERS];
static uint64_t seed = 20261122;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static struct span lines_of(struct ctx *c, const bool *who)
{
	struct span s;

	ok(c, span_fmt(c, &s, "%s%s%s%s%s", who[0] ? "Ana" : "", who[0] && who[1] ? "\n" : "",
		       who[1] ? "Ben" : "", (who[0] || who[1]) && who[2] ? "\n" : "",
		       who[2] ? "Chi" : ""));
	return s.n ? s : SPAN_NONE;
}

static void fill(struct ctx *c, struct session *s)
{
	static const char *const turns[] = { "desk", "decide", "approve", "authority", "nobody" };

	for (size_t i = 0; i < ORDERS; i++) {
		struct model *m = &model[i];
		struct order_view v = { .state = SPAN("received"), .received_at = 1 };

		*m = (struct model){ .open = draw(3), .turn = turns[draw(COUNT_OF(turns))] };
		snprintf(m->ref, sizeof m->ref, "W-%04u-AAAA", (unsigned)(i * 7919 % 10000));
		m->clock_at = draw(4) == 0 && m->open != 2 ? -1 : NOW - 300 + (int64_t)draw(600);
		for (int k = 0; k < 3; k++) {
			m->by[k] = draw(2);
			m->decided[k] = draw(3) == 0;
			m->approved[k] = draw(3) == 0;
		}
		v.ref = span_str(m->ref);
		v.open = m->open;
		v.clock_at = m->clock_at < 0 ? VIEW_NO_I64 : m->clock_at;
		v.due_at = VIEW_NO_I64;
		v.received_at = m->received = NOW - (int64_t)draw(50);
		v.approvals_needed = VIEW_NO_I64;
		v.turn = span_str(m->turn);
		v.people = lines_of(c, m->by);
		v.decided_by = lines_of(c, m->decided);
		v.approved_by = lines_of(c, m->approved);
		ok(c, view_put(c, s->store, &v));
	}
}

/* Ana decides and approves, Ben approves, Chi neither. */
static bool oracle_in(const struct model *m, enum queue_view view, int who)
{
	bool over = m->clock_at >= 0 && m->clock_at <= NOW;
	bool staff = m->open == 2 || !strcmp(m->turn, "desk");

	if (view == QUEUE_ALL)
		return true;
	if (m->open == 0 || (m->open == 2 && !over))
		return false;
	if (view == QUEUE_MINE)
		return m->by[who];
	if (view == QUEUE_BREACHED)
		return over;
	if (view == QUEUE_OPEN || staff)
		return true;
	if (!strcmp(m->turn, "decide"))
		return who == 0 && !m->decided[who];
	return !strcmp(m->turn, "approve") && who < 2 && !m->approved[who] && !m->decided[who];
}

static bool comes_before(const struct model *a, const struct model *b, enum queue_view view)
{
	if (view == QUEUE_ALL && a->received != b->received)
		return a->received > b->received;
	if (view == QUEUE_ALL)
		return strcmp(a->ref, b->ref) > 0;
	if ((a->clock_at < 0) != (b->clock_at < 0))
		return b->clock_at < 0;
	if (a->clock_at != b->clock_at)
		return a->clock_at < b->clock_at;
	return strcmp(a->ref, b->ref) < 0;
}

struct got {
	char ref[ORDERS][12];
	size_t n;
};

static enum err take(struct ctx *c, void *of, const struct queue_row *row)
{
	struct got *got = of;

	(void)c;
	assert_true(got->n < ORDERS);
	assert_int_equal(row->v->ref.n, 11);
	memcpy(got->ref[got->n], row->v->ref.p, 11);
	got->ref[got->n++][11] = '\0';
	return ERR_OK;
}

static void compare(struct ctx *c, struct session *s, const struct team *team, int who,
		    enum queue_view view)
{
	struct queue_ask ask = { .view = view, .limit = ORDERS, .now_utc = NOW, .team = team,
				 .who = team_find(team, span_str(names[who])) };
	struct queue_counts counts;
	static struct got got;
	size_t expected = 0;

	got.n = 0;
	ok(c, queue_walk(c, s, &ask, take, &got, &counts));
	for (size_t i = 0; i < ORDERS; i++)
		expected += oracle_in(&model[i], view, who);
	assert_int_equal(got.n, expected);
	assert_int_equal(counts.n[view], view == QUEUE_ALL ? 0 : expected);
	assert_int_equal(counts.matched, expected);
	for (size_t i = 0; i < got.n; i++) {
		const struct model *m = NULL;
		size_t before = 0;

		for (size_t k = 0; k < ORDERS; k++)
			if (!strcmp(model[k].ref, got.ref[i]))
				m = &model[k];
		assert_non_null(m);
		assert_true(oracle_in(m, view, who));
		for (size_t k = 0; k < ORDERS; k++)
			before += oracle_in(&model[k], view, who) &&
				  comes_before(&model[k], m, view);
		assert_int_equal(before, i);
	}
}

static struct queue_at place_of(struct ctx *c, struct session *s, const char *ref)
{
	struct order_view v;
	bool found;

	ok(c, view_get(c, s->store, span_str(ref), &v, &found));
	assert_true(found);
	return (struct queue_at){ v.received_at, span_str(ref) };
}

static void home_begin(struct ctx *c, struct session *s, struct team **team)
{
	session_fake(c, s, "Ana");
	s->seal_state = parsed(
		c,
		"{\"policy\":{},\"roster\":[" PERSON("Ana", "\"decide\",\"approve\"") "," PERSON(
			"Ben", "\"approve\"") "," PERSON("Chi", "") "," PERSON("Eva",
									       "\"audit\"") "]}");
	ok(c, store_open(c, in_folder(c, "writ.db"), STORE_CREATE, &s->store));
	ok(c, team_load(c, s, team));
}

static void test_against_an_oracle(void **state)
{
	struct team *team;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	fill(&c, &s);
	for (int who = 0; who < 3; who++)
		for (int view = 0; view < QUEUE_VIEWS; view++)
			compare(&c, &s, team, who, (enum queue_view)view);
}

static void test_pages_and_words(void **state)
{
	struct queue_ask ask = { .view = QUEUE_OPEN, .limit = ORDERS, .now_utc = NOW };
	struct queue_counts counts;
	static struct got all, page;
	struct team *team;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	fill(&c, &s);
	ask.team = team;
	all.n = 0;
	ok(&c, queue_walk(&c, &s, &ask, take, &all, &counts));
	assert_int_equal(counts.n[QUEUE_MINE] + counts.n[QUEUE_WAITING], 0);    /* nobody asks */
	ask.limit = 7;
	for (ask.skip = 0; ask.skip < (int64_t)all.n; ask.skip += 7) {
		page.n = 0;
		ok(&c, queue_walk(&c, &s, &ask, take, &page, &counts));
		assert_int_equal(counts.matched, all.n);
		for (size_t i = 0; i < page.n; i++)
			assert_string_equal(page.ref[i], all.ref[(size_t)ask.skip + i]);
	}
	ask = (struct queue_ask){ .view = QUEUE_OPEN, .limit = 9, .now_utc = NOW, .team = team,
				  .words = SPAN("  aaaa  RECEIVED ") };
	page.n = 0;
	ok(&c, queue_walk(&c, &s, &ask, take, &page, &counts));
	assert_int_equal(counts.matched, all.n);
	assert_int_equal(page.n, 9);
	ask.words = SPAN("aaaa nothing-like-it");
	page.n = 0;
	ok(&c, queue_walk(&c, &s, &ask, take, &page, &counts));
	assert_int_equal(page.n + (size_t)counts.matched, 0);
	assert_int_equal(counts.n[QUEUE_OPEN], all.n);
	page.n = 0;
	ask.words = SPAN("a a a a a a a a a a a a");
	ok(&c, queue_walk(&c, &s, &ask, take, &page, &counts));
	assert_int_equal(counts.matched, all.n);
	ask.words = SPAN("a a a a a a a a a a a a a");
	ok(&c, queue_walk(&c, &s, &ask, take, &page, &counts));
	assert_int_equal(counts.matched, 0);    /* "a a" stands nowhere */
}

/* From any order on, both ways, in pages of any size: the same rows in the same order, with words
 * and without, and each page says whether there is more. */
static void test_all_orders_by_pages(void **state)
{
	static const char *const words[] = { "", "w-0", "nothing-like-it" };
	static struct got all, page;
	struct queue_ask ask;
	struct queue_counts counts;
	struct team *team;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	fill(&c, &s);
	for (size_t w = 0; w < COUNT_OF(words); w++) {
		ask = (struct queue_ask){ .view = QUEUE_ALL, .limit = ORDERS, .now_utc = NOW,
					  .team = team, .words = span_str(words[w]) };
		all.n = 0;
		ok(&c, queue_walk(&c, &s, &ask, take, &all, &counts));
		assert_true(w == 0 ? all.n == ORDERS : w == 1 ? all.n > 9 : all.n == 0);
		assert_int_equal(counts.matched, all.n);
		for (size_t at = 0; at < all.n; at++) {
			bool newer = at % 2;
			size_t there = newer ? at : all.n - at - 1;

			ask.limit = (int64_t)(1 + at % 9);
			ask.newer = newer;
			ask.from = place_of(&c, &s, all.ref[at]);
			page.n = 0;
			ok(&c, queue_walk(&c, &s, &ask, take, &page, &counts));
			assert_int_equal(page.n, there < (size_t)ask.limit ? there
									 : (size_t)ask.limit);
			assert_int_equal(counts.matched > ask.limit, there > (size_t)ask.limit);
			for (size_t i = 0; i < page.n; i++)
				assert_string_equal(page.ref[i],
						    all.ref[newer ? at - 1 - i : at + 1 + i]);
		}
	}
}

static void test_who_looks_only_is_waited_for_by_nothing(void **state)
{
	struct queue_ask ask = { .view = QUEUE_WAITING, .limit = ORDERS, .now_utc = NOW };
	struct queue_counts counts;
	static struct got got;
	struct team *team;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	fill(&c, &s);
	ask.team = team;
	ask.who = team_find(team, SPAN("Eva"));
	assert_true(ask.who && ask.who->audit && !ask.who->decide);
	assert_null(team_find(team, SPAN("Nobody")));
	assert_null(team_find(team, SPAN_NONE));
	got.n = 0;
	ok(&c, queue_walk(&c, &s, &ask, take, &got, &counts));
	assert_int_equal(got.n, 0);
}

/* ---- the projection ---- */

static void project(struct ctx *c, struct session *s, struct order *o, struct order_view *v)
{
	bool found;

	ok(c, order_project(c, s, o));
	ok(c, view_get(c, s->store, o->ref, v, &found));
	assert_true(found);
}

#define RECEIVED                                                                                   \
	"{\"agency\":\"pj-paris\",\"facts\":{\"instrument\":{\"kind\":\"WARRANT\","                \
	"\"return_by\":\"2027-01-15T08:00:01Z\"},\"demands\":["                                    \
	"{\"target\":{\"value\":\"a\"}},{\"target\":{\"value\":\"b\"}},{\"target\":{\"value\":"    \
	"\"a\"}}]},\"seen_in\":[\"W-2222-2222\"]}"

static void test_flags_and_clock_of_the_acts(void **state)
{
	struct order o = { .ref = SPAN("W-7777-7777") };
	struct order_view v;
	struct team *team;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	o.acts = json_list(&c);
	ok(&c, fold(&c, &o, "received", RECEIVED));
	project(&c, &s, &o, &v);
	text_is(v.flags, "unverified seen-before");
	text_is(v.turn, "desk");
	text_is(v.kind, "WARRANT");
	text_is(v.clock_of, "order");
	assert_int_equal(v.targets, 2);
	assert_int_equal(v.open, 1);
	assert_int_equal(v.clock_at, NOW + 1);
	ok(&c,
	   fold(&c, &o, "authenticated", "{\"verified\":true,\"impersonation_signs\":[\"NONE\"]}"));
	ok(&c, fold(&c, &o, "judged", "{\"decision\":{\"due_at\":\"2027-01-15T08:00:02Z\","
		   "\"reasons\":[\"TERR-CONFLICT\",\"BIZ-REDIRECT\"]}}"));
	ok(&c, fold(&c, &o, "gagged", "{\"until\":null}"));
	project(&c, &s, &o, &v);
	text_is(v.flags, "seen-before secret no-end conflict redirect");
	text_is(v.clock_of, "law");
	text_is(v.turn, "decide");
	assert_int_equal(v.clock_at, NOW + 2);
	ok(&c, fold(&c, &o, "established", "{\"facts\":[]}"));
	project(&c, &s, &o, &v);
	text_is(v.flags, "seen-before secret no-end conflict redirect judge-again");
}

static void test_a_notice_that_is_owed(void **state)
{
	struct order o = { .ref = SPAN("W-8888-8888") };
	struct queue_ask ask = { .view = QUEUE_OPEN, .limit = 10 };
	struct queue_counts counts;
	static struct got got;
	struct order_view v;
	struct team *team;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	ask.team = team;
	ok(&c, fold(&c, &o, "received", "{}"));
	ok(&c, fold(&c, &o, "gagged", "{\"until\":\"2027-02-21\"}"));
	ok(&c, fold(&c, &o, "notice_decided", "{\"decision\":\"withheld\",\"gag_until\":null}"));
	ok(&c, fold(&c, &o, "released", "{}"));
	project(&c, &s, &o, &v);
	assert_int_equal(v.open, 1);            /* somebody has to deliver it */
	ok(&c, fold(&c, &o, "delivered", "{}"));
	project(&c, &s, &o, &v);
	assert_int_equal(v.open, 2);
	assert_int_equal(v.clock_at, 1803297600);       /* 2027-02-22 12:00 UTC */
	text_is(v.clock_of, "notice");
	ask.now_utc = v.clock_at - 1;
	got.n = 0;
	ok(&c, queue_walk(&c, &s, &ask, take, &got, &counts));
	assert_int_equal(got.n, 0);
	ask.now_utc++;
	ok(&c, queue_walk(&c, &s, &ask, take, &got, &counts));
	assert_int_equal(got.n, 1);
	ok(&c, fold(&c, &o, "notice_decided", "{\"decision\":\"sent\"}"));
	project(&c, &s, &o, &v);
	assert_int_equal(v.open, 0);
}

/* ---- a home of before ---- */

static void test_rows_are_made_when_the_table_is_new(void **state)
{
	struct order o = { .ref = SPAN("W-2222-3333") };
	struct store_value mark;
	struct order_view v;
	struct team *team;
	bool found;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s, &team);
	ok(&c, order_append(&c, &s, &o, ACT_RECEIVED, parsed(&c, RECEIVED)));
	ok(&c, view_clear(&c, s.store));
	ok(&c, order_view_need(&c, &s));        /* no mark: nothing is made */
	ok(&c, view_get(&c, s.store, o.ref, &v, &found));
	assert_false(found);
	ok(&c, store_run(&c, s.store, QUERY_META_PUT, PARAMS(P_STR("order_view"), P_STR("x")), NULL,
			 NULL));
	ok(&c, order_view_need(&c, &s));
	ok(&c, view_get(&c, s.store, o.ref, &v, &found));
	assert_true(found);
	text_is(v.people, "Ana");
	ok(&c, store_one(&c, s.store, QUERY_META_GET, PARAMS(P_STR("order_view")), &mark, 1,
			 &found));
	assert_false(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_a_clock_reads_the_same_until_it_says_so),
		cmocka_unit_test(test_what_has_no_clock_never_changes),
		cmocka_unit_test(test_words_of_the_tables),
		cmocka_unit_test_setup_teardown(test_against_an_oracle, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(test_pages_and_words, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(test_all_orders_by_pages, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(test_who_looks_only_is_waited_for_by_nothing,
						folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(test_flags_and_clock_of_the_acts, folder_make,
						folder_drop),
		cmocka_unit_test_setup_teardown(test_a_notice_that_is_owed, folder_make,
						folder_drop),
		cmocka_unit_test_setup_teardown(test_rows_are_made_when_the_table_is_new,
						folder_make, folder_drop),
	};

	return cmocka_run_group_tests_name("order_queue", tests, NULL, NULL);
}
