/* SPDX-License-Identifier: Apache-2.0 */
#include "../order/order_test.h"

#include "web/desk/permit.h"

/* The table once more, written by hand from what people do here and not from permit.def: who may,
 * in the order nobody, desk, decide, approve, roster, halt, audit. */
static const struct {
	const char *permit, *object, *may;
} rows[] = {
	{ "PUBLIC_SEE", "nothing", "1111111" },    { "SIGN_IN", "nothing", "1111111" },
	{ "ENROL", "nothing", "1111111" },         { "SIGN_OUT", "nothing", "0111111" },
	{ "SITTING_END", "own", "0111111" },
	{ "QUEUE_SEE", "nothing", "0111110" },
	{ "RECEIVE", "nothing", "0111110" },       { "ORDER_SEE", "order", "0111110" },
	{ "PAPER_SEE", "order", "0111110" },       { "LETTER_SEE", "order", "0111110" },
	{ "PICTURE_SEE", "order", "0111110" },     { "PAPER_READ", "order", "0111110" },
	{ "AUTHENTICATE", "order", "0111110" },    { "JUDGE", "order", "0111110" },
	{ "COUNT", "order", "0111110" },           { "DECIDE", "order", "0010000" },
	{ "COLLECT", "order", "0111110" },         { "NOTICE", "order", "0111110" },
	{ "APPROVE", "order", "0001000" },         { "RELEASE", "order", "0111110" },
	{ "DELIVER", "order", "0111110" },         { "END", "order", "0010000" },
	{ "PEOPLE_SEE", "nothing", "0111111" },    { "PEOPLE_CHANGE", "nothing", "0000100" },
	{ "TRANSCRIBE", "order", "0111110" },      { "AUDIT_SEE", "nothing", "0000001" },
	{ "HALT", "nothing", "0000010" },          { "PICKUP", "nothing", "1111111" },
};

/* Seven people: nobody, staff without a right, with one each, and an auditor. */
static const struct team_person people[] = {
	{ .name = SPAN("Desk") },
	{ .name = SPAN("Decides"), .decide = true },
	{ .name = SPAN("Approves"), .approve = true },
	{ .name = SPAN("Rosters"), .roster = true },
	{ .name = SPAN("Halts"), .halt = true },
	{ .name = SPAN("Audits"), .audit = true },
};

static unsigned roles_at(size_t i)
{
	return roles_of(i == 0 ? NULL : &people[i - 1]);
}

static void test_every_row_for_every_role(void **state)
{
	static const char *const objects[] = { "nothing", "order", "own" };

	(void)state;
	CTX(c);
	assert_int_equal(COUNT_OF(rows), PERMITS);
	for (int what = 0; what < PERMITS; what++) {
		const char *may = NULL;

		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			if (strcmp(rows[i].permit, permit_name((enum permit)what)) != 0)
				continue;
			may = rows[i].may;
			assert_string_equal(objects[permit_object((enum permit)what)],
					    rows[i].object);
		}
		assert_non_null(may);
		for (size_t i = 0; i < 7; i++) {
			bool want = may[i] == '1';

			if (permit_has((enum permit)what, roles_at(i)) != want)
				fail_msg("%s, role %zu", permit_name((enum permit)what), i);
			if (want)
				ok(&c, permit_need(&c, (enum permit)what, roles_at(i)));
			else
				refused(&c, ERR_DENIED, permit_words((enum permit)what),
					permit_need(&c, (enum permit)what, roles_at(i)));
		}
	}
}

/* Who audits may nothing else, whatever else a row of the roster says of the same name. */
static void test_an_auditor_has_no_other_role(void **state)
{
	struct team_person p = { .decide = true, .approve = true, .roster = true, .halt = true,
				 .audit = true };

	(void)state;
	assert_int_equal(roles_of(&p), ROLE_AUDIT);
	p.audit = false;
	assert_false(roles_of(&p) & (ROLE_AUDIT | ROLE_NOBODY));
}

static void home_begin(struct ctx *c, struct session *s)
{
	struct order o = { .ref = SPAN("W-2222-3333") };

	session_fake(c, s, "Ana");
	ok(c, store_open(c, in_folder(c, "writ.db"), STORE_CREATE, &s->store));
	ok(c, order_append(c, s, &o, ACT_RECEIVED, json_object(c)));
}

/* The answer about an order that one may not see is that about one that is not there. */
static void test_orders_that_one_may_not_see(void **state)
{
	static const char *const refs[] = { "W-2222-3333", "W-2222-3334", "W-2222", "", "HOME",
					    "../W-2222-3333" };
	char why[sizeof((struct ctx *)0)->why], next[sizeof((struct ctx *)0)->next];
	struct order o;

	(void)state;
	CTX(c);
	struct session SESSION_SCOPED s;

	home_begin(&c, &s);
	ok(&c, permit_order(&c, &s, PERMIT_ORDER_SEE, roles_at(1), SPAN("w22223333"), &o));
	text_is(o.ref, "W-2222-3333");
	assert_int_equal(permit_order(&c, &s, PERMIT_ORDER_SEE, roles_at(1), SPAN("W-2222-3334"),
				      &o), ERR_NOT_FOUND);
	memcpy(why, c.why, sizeof why);
	memcpy(next, c.next, sizeof next);
	err_clear(&c);
	for (size_t role = 0; role < 7; role++) {
		for (size_t i = 0; i < COUNT_OF(refs); i++) {
			if (i == 0 && role != 0 && role != 6)
				continue;
			assert_int_equal(permit_order(&c, &s, PERMIT_APPROVE, roles_at(role),
						      span_str(refs[i]), &o), ERR_NOT_FOUND);
			assert_string_equal(c.why, why);
			assert_string_equal(c.next, next);
			err_clear(&c);
		}
	}
	refused(&c, ERR_DENIED, "approve what will leave",
		permit_order(&c, &s, PERMIT_APPROVE, roles_at(2), SPAN("W-2222-3333"), &o));
	ok(&c, permit_order(&c, &s, PERMIT_APPROVE, roles_at(3), SPAN("W-2222-3333"), &o));
}

/* An act of the table of acts that needs a right is behind a row of that right. */
static void test_acts_need_no_less(void **state)
{
	static const struct {
		enum act_kind act;
		enum permit permit;
	} acts[] = {
		{ ACT_DECIDED, PERMIT_DECIDE }, { ACT_APPROVED, PERMIT_APPROVE },
		{ ACT_WITHDRAWN, PERMIT_END },  { ACT_VOIDED, PERMIT_END },
		{ ACT_AUTHENTICATED, PERMIT_AUTHENTICATE }, { ACT_COUNTED, PERMIT_COUNT },
		{ ACT_JUDGED, PERMIT_JUDGE },   { ACT_COLLECTION_BEGUN, PERMIT_COLLECT },
		{ ACT_NOTICE_DECIDED, PERMIT_NOTICE }, { ACT_RELEASED, PERMIT_RELEASE },
		{ ACT_DELIVERED, PERMIT_DELIVER }, { ACT_RECEIVED, PERMIT_RECEIVE },
	};
	static const struct {
		unsigned role;
		const char *name;
	} seats[] = {
		{ ROLE_DESK, "Eve" }, { ROLE_DESK | ROLE_DECIDE, "Ana" },
		{ ROLE_DESK | ROLE_APPROVE, "Ben" }, { ROLE_AUDIT, "Eva" },
	};

	(void)state;
	CTX(c);
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		for (size_t k = 0; k < COUNT_OF(seats); k++) {
			struct order o = { .ref = SPAN("W-2222-3333") };        /* any state */
			struct session s;
			bool may;

			session_fake(&c, &s, seats[k].name);
			may = order_permit(&c, &s, &o, acts[i].act) == ERR_OK;
			err_clear(&c);
			if (permit_has(acts[i].permit, seats[k].role) != may)
				fail_msg("act %zu, %s", i, seats[k].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_for_every_role),
		cmocka_unit_test(test_an_auditor_has_no_other_role),
		cmocka_unit_test_setup_teardown(test_orders_that_one_may_not_see, folder_make,
						folder_drop),
		cmocka_unit_test(test_acts_need_no_less),
	};

	return cmocka_run_group_tests_name("web_permit", tests, NULL, NULL);
}
