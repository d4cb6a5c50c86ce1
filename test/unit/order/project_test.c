/*
 * The row of an order (project.c) against the acts that it is made of: whatever acts follow each
 * other, the row that the appends left is the one that all acts make from scratch.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order_test.h"

#include "store/view.h"

#define WALKS 24
#define STEPS 40

/* Bodies that change what a row says, two for each kind; a kind without is tried with {}. */
#define DOCUMENT(word)                                                                             \
	"\"document\":\"{\\\"agency\\\":\\\"a\\\",\\\"decision\\\":\\\"" word "\\\"}\""
static const char *const bodies[ACT_KINDS][2] = {
	[ACT_RECEIVED] = { "{\"agency\":\"a\",\"facts\":{\"demands\":[{\"target\":\"x\"},{"
			   "\"target\":"
			   "\"y\"},{\"target\":\"x\"}],\"instrument\":{\"kind\":\"K\",\"return_"
			   "by\":"
			   "\"2027-01-01\"}},\"seen_in\":[\"W-2222-2222\"]}",
			   "{\"authority_reference\":\"26-1\",\"order_file\":null,\"resubmits\":{"
			   "\"order\":"
			   "\"W-2222-2222\"},\"seen_in\":[\"W-2222-2222\"]}" },
	[ACT_AUTHENTICATED] = { "{\"agency\":\"b\",\"verified\":true}",
				"{\"agency\":\"a\",\"impersonation_signs\":[\"URGENT\"],"
				"\"verified\":false}" },
	[ACT_TRANSCRIBED] = { "{\"agency\":\"c\",\"authority_reference\":\"26-2\",\"facts\":"
			      "{\"demands\":[{\"target\":\"z\"}],\"instrument\":{\"kind\":\"T\","
			      "\"return_by\":\"2027-05-01\"}},\"order_file\":\"f\"}",
			      "{}" },
	[ACT_ESTABLISHED] = { "{\"facts\":[{\"path\":\"a\",\"value\":\"b\"}]}", "{\"facts\":[]}" },
	[ACT_COUNTED] = { "{}", "{\"lines\":[]}" },
	[ACT_JUDGED] = { "{\"decision\":{\"due_at\":\"2026-12-24T10:00:00Z\",\"reasons\":"
			 "[\"TERR-CONFLICT\"]}}",
			 "{\"decision\":{\"reasons\":[\"BIZ-REDIRECT\"]}}" },
	[ACT_DECIDED] = { "{" DOCUMENT("comply") ",\"name\":\"Ana\"}",
			  "{" DOCUMENT("ask") ",\"names\":[\"Ana\",\"Ben\",\"Ana\"]}" },
	[ACT_RESUBMITTED] = { "{\"order\":\"W-2222-4444\"}", "{\"order\":\"W-2222-5555\"}" },
	[ACT_LETTERED] = { "{}", "{\"kind\":\"ask\"}" },
	[ACT_COLLECTION_BEGUN] = { "{}", "{\"ticket\":\"t\"}" },
	[ACT_COLLECTION_FAILED] = { "{}", "{\"why\":\"w\"}" },
	[ACT_COLLECTED] = { "{}", "{\"items\":1}" },
	[ACT_NOTICE_DECIDED] = { "{\"decision\":\"withheld\",\"gag_until\":\"2027-02-01\"}",
				 "{\"decision\":\"sent\"}" },
	[ACT_GAGGED] = { "{\"until\":\"2027-03-01\"}", "{}" },
	[ACT_PRESERVED] = { "{\"until\":\"2027-11-22\"}", "{}" },
	[ACT_STATED] = { "{\"approvals_needed\":1}", "{\"approvals_needed\":2}" },
	[ACT_APPROVED] = { "{\"name\":\"Ben\"}", "{\"name\":\"Chi\"}" },
	[ACT_RELEASED] = { "{}", "{\"at\":\"x\"}" },
	[ACT_TIMESTAMPED] = { "{}", "{\"token\":\"x\"}" },
	[ACT_DELIVERED] = { "{}", "{\"by\":\"x\"}" },
	[ACT_WITHDRAWN] = { "{}", "{\"because\":\"x\"}" },
	[ACT_VOIDED] = { "{}", "{\"because\":\"x\"}" },
	[ACT_SEAL_LOST] = { "{}", "{\"because\":\"x\"}" },
	[ACT_DESTROYED] = { "{}", "{\"because\":\"x\"}" },
};
static const char *const actors[] = { "Ana", "Ben", "Eve", "Eva" };

static void home_begin(struct ctx *c, struct session *s)
{
	session_fake(c, s, "Ana");
	ok(c, store_open(c, in_folder(c, "writ.db"), STORE_CREATE, &s->store));
}

static uint32_t below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % n;
}

/* The names of those who acted, written down a second time without the fold. */
static void people_are(struct ctx *c, const struct order *o, struct span got)
{
	struct json *once = json_list(c);
	struct buf b;

	buf_begin(&b, c, 4096);
	JSON_EACH(act, o->acts) {
		struct span name = json_opt_text(json_get(act, "actor"), "name", SPAN_NONE);

		if (json_has_text(once, name))
			continue;
		json_add(c, once, json_text(c, name));
		buf_fmt(&b, "%s%.*s", b.n ? "\n" : "", SPAN_ARG(name));
	}
	assert_true(span_eq(got, span_of(b.p, b.n)));
}

static void row_fits(struct ctx *c, struct session *s, struct span ref)
{
	struct order_view row, want;
	struct order o;
	bool found;

	ok(c, view_get(c, s->store, ref, &row, &found));
	assert_true(found);
	ok(c, order_view_of(c, s, ref, &want, &found));
	assert_true(found);
	if (view_difference(&row, &want))
		print_error("%.*s: %s\n", SPAN_ARG(ref), view_difference(&row, &want));
	assert_null(view_difference(&row, &want));
	ok(c, order_load_exact(c, s, ref, &o));
	assert_int_equal(row.last_seq, o.last_seq);
	people_are(c, &o, row.people);
}

/* One act of any kind by anybody; kinds and people who may not change nothing. */
static bool append_any(struct ctx *c, struct session *s, struct order *o, uint32_t *seed)
{
	enum act_kind kind = (enum act_kind)below(seed, ACT_KINDS);
	const char *body = bodies[kind][below(seed, 2)];
	int64_t before = o->last_seq;
	enum err e;

	if (before == 0) {
		kind = ACT_RECEIVED;
		body = bodies[ACT_RECEIVED][below(seed, 2)];
	}
	s->actor = span_str(actors[before ? below(seed, COUNT_OF(actors)) : 0]);
	e = order_append(c, s, o, kind, parsed(c, body ? body : "{}"));
	if (e != ERR_OK)
		assert_true(e == ERR_STATE || e == ERR_DENIED);
	err_clear(c);
	assert_int_equal(o->last_seq, before + (e == ERR_OK));
	return e == ERR_OK;
}

static void test_any_acts(void **state)
{
	int64_t orders, taken = 0, refusals = 0;
	uint32_t seed = 2026;
	char ref[12];

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s);
	for (int walk = 0; walk < WALKS; walk++) {
		struct order o = { .ref = SPAN_NONE };

		snprintf(ref, sizeof ref, "W-2222-%04d", walk);
		ok(&c, span_copy(&c, span_str(ref), &o.ref));
		for (int step = 0; step < STEPS; step++) {
			*(append_any(&c, &s, &o, &seed) ? &taken : &refusals) += 1;
			row_fits(&c, &s, o.ref);
			/* Half of the acts come from a command that has loaded the order anew. */
			if (below(&seed, 2))
				ok(&c, order_load_exact(&c, &s, o.ref, &o));
		}
	}
	assert_true(taken > WALKS * STEPS / 4);
	assert_true(refusals > WALKS * STEPS / 10);
	ok(&c, view_clear(&c, s.store));
	ok(&c, order_rebuild_all(&c, &s, &orders));
	assert_int_equal(orders, WALKS);
	for (int walk = 0; walk < WALKS; walk++) {
		snprintf(ref, sizeof ref, "W-2222-%04d", walk);
		row_fits(&c, &s, span_str(ref));
	}
}

/* What somebody wrote into a row is not carried on: neither by an act nor by a rebuild. */
static void test_a_row_that_was_changed(void **state)
{
	struct order o = { .ref = SPAN("W-2222-3333") };
	struct order_view row;
	int64_t orders;
	bool found;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s);
	ok(&c, order_append(&c, &s, &o, ACT_RECEIVED, parsed(&c, bodies[ACT_RECEIVED][0])));
	for (int rebuild = 0; rebuild < 2; rebuild++) {
		ok(&c, view_get(&c, s.store, o.ref, &row, &found));
		row.people = SPAN("Mallory");
		row.flags = SPAN_NONE;
		ok(&c, view_put(&c, s.store, &row));
		if (rebuild)
			ok(&c, order_rebuild_all(&c, &s, &orders));
		else
			ok(&c, order_append(&c, &s, &o, ACT_LETTERED, json_object(&c)));
		row_fits(&c, &s, o.ref);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_acts, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(test_a_row_that_was_changed, folder_make,
						folder_drop),
	};

	return cmocka_run_group_tests_name("order_project", tests, NULL, NULL);
}
