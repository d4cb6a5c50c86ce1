/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include "store/store.h"

/* A decided document as a JSON text within a body. */
#define DECISION(word, agency)                                                                     \
	"{\"name\":\"Ana\",\"document\":\"{\\\"agency\\\":\\\"" agency                             \
	"\\\",\\\"decision\\\":\\\"" word "\\\"}\"}"
#define VERIFIED "{\"agency\":\"pj-paris\",\"verified\":true}"
#define UNVERIFIED "{\"agency\":\"pj-paris\",\"verified\":false}"
#define STATED "{\"approvals_needed\":2}"

struct step {
	const char *act, *body;
};

/* The shortest way into every state, by its word. */
static const struct way {
	const char *state;
	struct step step[8];
} ways[] = {
	{ "received", { { "received", "{}" } } },
	{ "authenticated", { { "received", "{}" }, { "authenticated", VERIFIED } } },
	{ "decided", { { "received", "{}" }, { "decided", DECISION("comply", "pj-paris") } } },
	{ "collecting",
	  { { "received", "{}" }, { "decided", DECISION("narrow", "pj-paris") },
	    { "collection_begun", "{}" } } },
	{ "collected",
	  { { "received", "{}" }, { "decided", DECISION("comply", "pj-paris") },
	    { "collection_begun", "{}" }, { "collected", "{}" } } },
	{ "approved",
	  { { "received", "{}" }, { "decided", DECISION("comply", "pj-paris") },
	    { "collection_begun", "{}" }, { "collected", "{}" }, { "stated", STATED },
	    { "approved", "{\"name\":\"Ben\"}" }, { "approved", "{\"name\":\"Chi\"}" } } },
	{ "released", { { "received", "{}" }, { "released", "{}" } } },
	{ "delivered", { { "received", "{}" }, { "released", "{}" }, { "delivered", "{}" } } },
	{ "asked", { { "received", "{}" }, { "decided", DECISION("ask", "pj-paris") } } },
	{ "redirected", { { "received", "{}" }, { "decided", DECISION("redirect", "pj-paris") } } },
	{ "refused", { { "received", "{}" }, { "decided", DECISION("refuse", "pj-paris") } } },
	{ "withdrawn", { { "received", "{}" }, { "withdrawn", "{}" } } },
	{ "void", { { "received", "{}" }, { "voided", "{}" } } },
};

#define OPEN "received authenticated decided collected approved asked redirected"
#define ALL OPEN " collecting released delivered refused withdrawn void"
/* In which states each act may follow, written out by hand and not from the code. */
static const struct {
	const char *act, *states;
} permitted[] = {
	{ "received", "" },
	{ "transcribed", OPEN },
	{ "authenticated", OPEN },
	{ "established", OPEN },
	{ "counted", OPEN },
	{ "judged", OPEN },
	{ "proposed", OPEN " collecting" },
	{ "let_be", OPEN " collecting" },
	{ "decided", OPEN " collecting" },
	{ "resubmitted", "decided collecting collected approved released delivered asked "
			 "redirected refused" },
	{ "lettered", ALL },
	{ "collection_begun", "decided collecting collected approved" },
	{ "collection_failed", "collecting" },
	{ "collected", "collecting" },
	{ "notice_decided", ALL },
	{ "gagged", ALL },
	{ "preserved", ALL },
	{ "stated", "collected approved" },
	{ "approved", "collected approved" },
	{ "released", "approved" },
	{ "timestamped", "released delivered" },
	{ "delivered", "released delivered" },
	{ "withdrawn", OPEN " collecting" },
	{ "voided", OPEN " collecting" },
	{ "seal_lost", "collecting collected approved released" },
	{ "destroyed", ALL },
};

static bool names(const char *list, const char *word)
{
	struct span rest = span_str(list), head;

	while (span_split(rest, ' ', &head, &rest))
		if (span_is(head, word))
			return true;
	return span_is(rest, word);
}

static void go(struct ctx *c, struct order *o, const struct way *way)
{
	*o = (struct order){ .ref = SPAN("W-2222-3333"), .acts = json_list(c) };
	for (const struct step *s = way->step; s->act; s++)
		ok(c, fold(c, o, s->act, s->body));
	assert_string_equal(order_state_word(o->state), way->state);
}

static void test_every_act_in_every_state(void **state)
{
	struct session s;
	struct order o;

	(void)state;
	assert_int_equal(COUNT_OF(ways), ORDER_STATES);
	assert_int_equal(COUNT_OF(permitted), ACT_KINDS);
	for (size_t w = 0; w < COUNT_OF(ways); w++) {
		CTX(c);
		go(&c, &o, &ways[w]);
		for (int kind = 0; kind < ACT_KINDS; kind++) {
			bool may = names(permitted[kind].states, ways[w].state);
			enum err e;

			assert_string_equal(act_word((enum act_kind)kind), permitted[kind].act);
			session_fake(&c, &s, kind == ACT_APPROVED ? "Ben" : "Ana");
			e = order_permit(&c, &s, &o, (enum act_kind)kind);
			if ((e == ERR_OK) != may)
				print_error("%s in state %s\n", permitted[kind].act, ways[w].state);
			assert_int_equal(e, may ? ERR_OK : ERR_STATE);
			assert_true(may || c.next[0]);
			err_clear(&c);
		}
	}
}

static void test_who_may(void **state)
{
	struct session s;
	struct order o;

	(void)state;
	CTX(c);
	go(&c, &o, &ways[4]);
	session_fake(&c, &s, "Eve");
	ok(&c, order_permit(&c, &s, &o, ACT_GAGGED));
	refused(&c, ERR_DENIED, "Eve may not decide", order_permit(&c, &s, &o, ACT_DECIDED));
	refused(&c, ERR_DENIED, "Eve may not decide", order_permit(&c, &s, &o, ACT_VOIDED));
	refused(&c, ERR_DENIED, "Eve may not approve", order_permit(&c, &s, &o, ACT_APPROVED));
	session_fake(&c, &s, "Ben");
	refused(&c, ERR_DENIED, "may not decide", order_permit(&c, &s, &o, ACT_WITHDRAWN));
	session_fake(&c, &s, "Eva");
	refused(&c, ERR_DENIED, "records nothing", order_permit(&c, &s, &o, ACT_GAGGED));
	session_fake(&c, &s, "Who");
	refused(&c, ERR_DENIED, "the roster ended", order_permit(&c, &s, &o, ACT_GAGGED));
}

/* A domain proves nothing, and a check that failed later takes the first one back. */
static void test_verified_or_not(void **state)
{
	struct order o;

	(void)state;
	CTX(c);
	go(&c, &o, &ways[0]);
	ok(&c, fold(&c, &o, "authenticated", UNVERIFIED));
	assert_int_equal(o.state, ORDER_RECEIVED);
	refused(&c, ERR_STATE, "not verified", order_need_verified(&c, &o));
	ok(&c, fold(&c, &o, "authenticated", VERIFIED));
	assert_int_equal(o.state, ORDER_AUTHENTICATED);
	ok(&c, order_need_verified(&c, &o));
	ok(&c, fold(&c, &o, "authenticated", UNVERIFIED));
	assert_int_equal(o.state, ORDER_RECEIVED);
	ok(&c, fold(&c, &o, "authenticated", VERIFIED));
	ok(&c, fold(&c, &o, "decided", DECISION("comply", "pj-paris")));
	ok(&c, order_need_answerable(&c, &o));
	ok(&c, fold(&c, &o, "authenticated", "{\"agency\":\"lka\",\"verified\":true}"));
	assert_int_equal(o.state, ORDER_DECIDED);
	refused(&c, ERR_STATE, "for the agency 'pj-paris'", order_need_answerable(&c, &o));
	ok(&c, fold(&c, &o, "authenticated", UNVERIFIED));
	refused(&c, ERR_STATE, "not verified", order_need_answerable(&c, &o));
}

static void test_what_ends_approvals(void **state)
{
	static const struct step ends[] = {
		{ "stated", STATED }, { "notice_decided", "{}" },
		{ "collection_begun", "{}" }, { "decided", DECISION("comply", "pj-paris") },
		{ "destroyed", "{}" },
	};
	struct order o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		CTX(c);
		go(&c, &o, &ways[5]);
		assert_int_equal(o.approvals, 2);
		ok(&c, fold(&c, &o, ends[i].act, ends[i].body));
		assert_int_equal(o.approvals, 0);
		assert_int_not_equal(o.state, ORDER_APPROVED);
		assert_true((o.stated != NULL) == (i == 0));
		assert_true((o.collected != NULL) == (i < 2));
	}
	CTX(c);
	go(&c, &o, &ways[4]);
	ok(&c, fold(&c, &o, "stated", STATED));
	ok(&c, fold(&c, &o, "approved", "{\"name\":\"Ben\"}"));
	ok(&c, fold(&c, &o, "approved", "{\"name\":\"Ben\"}"));
	assert_int_equal(o.approvals, 1);       /* one person, however often */
	assert_int_equal(o.state, ORDER_COLLECTED);
}

/* The first of two signatures binds nobody: it is gone with what it was made in view of. */
static void test_what_ends_a_proposal(void **state)
{
	static const struct step ends[] = {
		{ "judged", "{}" }, { "established", "{\"facts\":[]}" },
		{ "authenticated", VERIFIED }, { "let_be", "{}" }, { "withdrawn", "{}" },
		{ "voided", "{}" }, { "decided", DECISION("comply", "pj-paris") },
		{ "counted", "{}" }, { "gagged", "{}" }, { "notice_decided", "{}" },
	};
	struct order o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		CTX(c);
		go(&c, &o, &ways[1]);
		assert_int_equal(order_who(&o), WHO_DECIDE);
		ok(&c, fold(&c, &o, "proposed", "{\"name\":\"Ana\"}"));
		assert_int_equal(o.state, ORDER_AUTHENTICATED);
		assert_int_equal(order_who(&o), WHO_DECIDE);
		assert_true(span_is(order_turn(&o), "counsel: sign as the second, or let it be"));
		ok(&c, fold(&c, &o, ends[i].act, ends[i].body));
		assert_true((o.proposed != NULL) == (i >= 7));
	}
}

static void test_destroyed(void **state)
{
	static const char *const after[][2] = {
		{ "decided", "decided" }, { "collecting", "decided" }, { "collected", "decided" },
		{ "approved", "decided" }, { "released", "released" }, { "delivered", "delivered" },
		{ "refused", "refused" }, { "void", "void" },
	};
	struct order o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(after); i++)
		for (size_t w = 0; w < COUNT_OF(ways); w++) {
			if (strcmp(ways[w].state, after[i][0]) != 0)
				continue;
			CTX(c);
			go(&c, &o, &ways[w]);
			ok(&c, fold(&c, &o, "destroyed", "{}"));
			assert_string_equal(order_state_word(o.state), after[i][1]);
			assert_non_null(o.destroyed);
		}
}

/* What staff wrote out stands in the place of an order file's words, the papers stay. */
static void test_written_out(void **state)
{
	static const char alone[] = "{\"facts\":{},\"order_file\":null,\"papers\":[{}]}";
	static const char out[] = "{\"facts\":{\"a\":\"b\"},\"agency\":\"x\",\"order_file\":{},"
				  "\"authority_reference\":\"r\",\"recipients\":[],\"lines\":[],"
				  "\"taken\":[]}";
	struct order o = { .ref = SPAN("W-2222-3333"), .acts = NULL };

	(void)state;
	CTX(c);
	o.acts = json_list(&c);
	ok(&c, fold(&c, &o, "received", alone));
	assert_true(o.from_paper);
	assert_int_equal(order_need_written(&c, &o), ERR_STATE);
	err_clear(&c);
	assert_true(span_is(order_turn(&o), "staff: write out what the paper says"));
	ok(&c, fold(&c, &o, "authenticated", VERIFIED));
	assert_int_equal(order_who(&o), WHO_DESK);
	ok(&c, fold(&c, &o, "counted", "{}"));
	ok(&c, fold(&c, &o, "judged", "{}"));
	ok(&c, fold(&c, &o, "transcribed", out));
	ok(&c, order_need_written(&c, &o));
	assert_true(o.judged_stale && !o.counted && o.from_paper);
	assert_int_equal(order_who(&o), WHO_DECIDE);
	assert_true(span_is(json_opt_text(o.received, "agency", SPAN_NONE), "x"));
	assert_int_equal(json_count(json_get(o.received, "papers")), 1);
	assert_null(json_get(o.received, "taken"));
	ok(&c, fold(&c, &o, "decided", DECISION("comply", "pj-paris")));
	ok(&c, fold(&c, &o, "collection_begun", "{}"));
	ok(&c, fold(&c, &o, "collected", "{}"));
	ok(&c, fold(&c, &o, "stated", STATED));
	ok(&c, fold(&c, &o, "approved", "{\"name\":\"Ben\"}"));
	ok(&c, fold(&c, &o, "transcribed", out));
	assert_int_equal(o.state, ORDER_AUTHENTICATED);
	assert_true(!o.decided && !o.scope && !o.collected && !o.stated && !o.approvals);
	assert_int_equal(order_who(&o), WHO_DECIDE);
	ok(&c, fold(&c, &o, "authenticated", UNVERIFIED));
	ok(&c, fold(&c, &o, "decided", DECISION("ask", "pj-paris")));
	ok(&c, fold(&c, &o, "transcribed", out));
	assert_int_equal(o.state, ORDER_RECEIVED);
}

static void test_acts_that_are_none(void **state)
{
	struct order o;

	(void)state;
	CTX(c);
	go(&c, &o, &ways[0]);
	refused(&c, ERR_FORMAT, "no act that this version knows", fold(&c, &o, "eaten", "{}"));
	o.last_seq++;
	struct json *act = parsed(&c, "{\"act\":\"gagged\",\"body\":{},\"made_at\":\"2026-11-22T10:"
				      "00:00Z\",\"order\":\"W-2222-3333\",\"seq\":7}");
	refused(&c, ERR_FORMAT, "act 7 stands where act", order_fold(&c, &o, act));
	json_set_int(&c, act, "seq", o.last_seq + 1);
	json_set_str(&c, act, "made_at", "yesterday");
	refused(&c, ERR_FORMAT, "is not a time", order_fold(&c, &o, act));
	go(&c, &o, &ways[0]);
	refused(&c, ERR_FORMAT, "", fold(&c, &o, "decided", "{\"document\":\"{ }\"}"));
}

/* ---- over a database ---- */

static void home_begin(struct ctx *c, struct session *s)
{
	session_fake(c, s, "Ana");
	ok(c, store_open(c, in_folder(c, "writ.db"), STORE_CREATE, &s->store));
}

static struct json *body(struct ctx *c)
{
	return parsed(c, "{\"until\":\"2027-01-01\"}");
}

static void begin_order(struct ctx *c, struct session *s, const char *ref, struct order *o)
{
	*o = (struct order){ .ref = span_str(ref) };
	ok(c, order_append(c, s, o, ACT_RECEIVED, json_object(c)));
}

static void test_two_commands_on_one_order(void **state)
{
	struct order mine, theirs;
	bool taken;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s);
	begin_order(&c, &s, "W-2222-3333", &mine);
	ok(&c, order_load(&c, &s, SPAN("w22223333"), &theirs));
	ok(&c, order_append(&c, &s, &theirs, ACT_PRESERVED, body(&c)));
	enum err e = order_append(&c, &s, &mine, ACT_PRESERVED, body(&c));

	assert_non_null(strstr(c.next, "writ show W-2222-3333"));
	refused(&c, ERR_BUSY, "another command has changed order W-2222-3333", e);
	ok(&c, order_load(&c, &s, SPAN("W-2222-3333"), &mine));
	assert_int_equal(mine.last_seq, 2);
	ok(&c, order_append(&c, &s, &mine, ACT_PRESERVED, body(&c)));
	/* A new order does not become another act of an old one. */
	struct order again = { .ref = SPAN("W-2222-3333") };
	refused(&c, ERR_BUSY, "changed",
		order_append(&c, &s, &again, ACT_RECEIVED, json_object(&c)));
	ok(&c, order_exists(&c, &s, SPAN("W-2222-3333"), &taken));
	assert_true(taken);
	ok(&c, order_exists(&c, &s, SPAN("W-2222-3334"), &taken));
	assert_false(taken);
}

static void test_all_acts_or_none(void **state)
{
	struct order o, seen;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s);
	begin_order(&c, &s, "W-4444-5555", &o);
	refused(&c, ERR_STATE, "is not possible now",
		order_append_all(&c, &s, &o,
				 (struct new_act[]){ { ACT_VOIDED, json_object(&c) },
						     { ACT_COUNTED, json_object(&c) } }, 2));
	ok(&c, order_load(&c, &s, SPAN("W-4444-5555"), &seen));
	assert_int_equal(seen.last_seq, 1);
	ok(&c, order_append_all(&c, &s, &seen,
				(struct new_act[]){ { ACT_VOIDED, json_object(&c) },
						    { ACT_LETTERED, json_object(&c) } }, 2));
	ok(&c, order_load(&c, &s, SPAN("W-4444-5555"), &seen));
	assert_int_equal(seen.last_seq, 3);
	assert_int_equal(seen.state, ORDER_VOID);
}

static void test_references(void **state)
{
	static const char *const same[] = { "W-WWWW-2345", "w-wwww-2345", "WWWWW2345", "WWWW2345",
					    "wwww-2345", "WWWWW-2345", "W-WWWW2345" };
	static const char *const none[] = { "", "W", "HOME", "W-WWWW-234", "W-WWWW-23456",
					    "W-WWWW-2346", "W-\033[3-2345" };
	struct order o;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s);
	begin_order(&c, &s, "W-WWWW-2345", &o);
	for (size_t i = 0; i < COUNT_OF(same); i++)
		ok(&c, order_load(&c, &s, span_str(same[i]), &o));
	for (size_t i = 0; i < COUNT_OF(none); i++)
		fails(&c, ERR_NOT_FOUND, order_load(&c, &s, span_str(none[i]), &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_act_in_every_state),
		cmocka_unit_test(test_who_may),
		cmocka_unit_test(test_verified_or_not),
		cmocka_unit_test(test_what_ends_approvals),
		cmocka_unit_test(test_what_ends_a_proposal),
		cmocka_unit_test(test_destroyed),
		cmocka_unit_test(test_written_out),
		cmocka_unit_test(test_acts_that_are_none),
		cmocka_unit_test_setup_teardown(test_two_commands_on_one_order, folder_make,
						folder_drop),
		cmocka_unit_test_setup_teardown(test_all_acts_or_none, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(test_references, folder_make, folder_drop),
	};

	return cmocka_run_group_tests_name("order_fold", tests, NULL, NULL);
}
