/*
 * The table of checks: facts that harm nobody pass everywhere, each row is reachable, its words
 * are there, and the order of rows is the order of answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "seal/check.h"

#define NOW INT64_C(1795341600)

static void harmless(struct facts *f)
{
	facts_begin(f, NOW);
	f->caller_may = true;
	f->made_at = NOW;
	f->people = f->keys = f->signatures = 2;
	f->approvals = 2;
	f->counts_most = 1;
	f->roster_people_left = f->approve_people_left = f->approvals_after = 2;
}

static void test_harmless_facts_pass(void **state)
{
	struct facts f;

	(void)state;
	harmless(&f);
	for (unsigned place = 0; place < PLACE_COUNT; place++)
		assert_null(check_all(1u << place, &f));
}

static void test_untouched_facts_do_not_pass(void **state)
{
	struct facts f;

	(void)state;
	facts_begin(&f, NOW);
	for (unsigned place = 0; place < PLACE_making; place++)
		assert_string_equal(check_all(1u << place, &f)->id, "CALLER");
	f.caller_may = true;
	assert_string_equal(check_all(R(ticket), &f)->id, "SCOPE_SIGNED");
	assert_string_equal(check_all(R(release), &f)->id, "APPROVALS_POLICY");
	assert_string_equal(check_all(R(resume), &f)->id, "RESUME_TWO");
	assert_string_equal(check_all(R(roster), &f)->id, "ROSTER_TWO");
	assert_string_equal(check_all(R(founding), &f)->id, "ROSTER_TWO");
}

static void test_rows_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		const struct check_row *row = check_row_of((enum check_id)i);

		assert_non_null(row);
		assert_true(row->requests != 0);
		assert_true(row->error != ERR_OK);
		assert_true(strlen(row->why) > 10 && strlen(row->next) > 5);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(row->id, check_row_of((enum check_id)k)->id);
	}
}

static void expect(unsigned request, const struct facts *f, const char *id)
{
	const struct check_row *row = check_all(request, f);

	assert_non_null(row);
	assert_string_equal(row->id, id);
}

static void test_release_edges(void **state)
{
	struct facts f;

	(void)state;
	harmless(&f);
	f.people = 1;
	expect(R(release), &f, "APPROVERS");
	harmless(&f);
	f.approvals = 1;
	expect(R(release), &f, "APPROVALS_POLICY");
	harmless(&f);
	f.statement_expires_at = NOW;
	expect(R(release), &f, "STATEMENT_EXPIRED");
	f.statement_expires_at = NOW + 1;
	assert_null(check_all(R(release), &f));
	f.epoch_now = 1;
	expect(R(release), &f, "EPOCH_SAME");
	harmless(&f);
	f.keys = 1;
	expect(R(release), &f, "KEY_TWICE");
	harmless(&f);
	f.decider_approves = true;
	expect(R(release), &f, "DECIDER_APPROVES");
	f.halted = true;
	expect(R(release), &f, "HALTED");
}

static void test_time_edges(void **state)
{
	struct facts f;

	(void)state;
	harmless(&f);
	f.made_at = NOW + 60;
	assert_null(check_all(R(ticket), &f));
	f.made_at = NOW + 61;
	expect(R(ticket), &f, "DOCUMENT_FUTURE");
	harmless(&f);
	f.rests_on = NOW;
	assert_null(check_all(R(release), &f));
	f.rests_on = NOW + 1;
	expect(R(receipt), &f, "CLOCK_BACK");
	expect(R(statement), &f, "CLOCK_BACK");
	expect(R(release), &f, "CLOCK_BACK");
	assert_null(check_all(R(ticket), &f));
	harmless(&f);
	f.good_until = NOW;
	expect(R(ticket), &f, "DOCUMENT_EXPIRED");
	harmless(&f);
	f.good_for = f.good_for_most = 72 * 3600;
	assert_null(check_all(R(ticket), &f));
	f.good_for++;
	expect(R(ticket), &f, "DOCUMENT_TOO_LONG");
	harmless(&f);
	f.ticket_expires_at = NOW;
	expect(R(receipt), &f, "TICKET_EXPIRED");
}

static void test_counts(void **state)
{
	struct facts f;

	(void)state;
	harmless(&f);
	f.for_count = true;
	f.people = f.keys = f.signatures = 0;
	f.count_lines = 100;
	assert_null(check_all(R(ticket), &f));
	f.count_lines = 101;
	expect(R(ticket), &f, "COUNT_LINES");
	f.count_lines = 1;
	f.counts_today = 1;
	expect(R(ticket), &f, "COUNTS_PER_DAY");
	harmless(&f);
	f.tick_count = 65537;
	f.tick_file_bytes = 65537 * 32;
	expect(R(tick), &f, "TICK_MOST");
	f.tick_count = 65536;
	expect(R(tick), &f, "TICK_COUNT");
}

static void test_roster_edges(void **state)
{
	struct facts f;

	(void)state;
	harmless(&f);
	f.others_there = 2;
	f.others_signing = 1;
	expect(R(roster), &f, "ROSTER_OTHERS");
	f.others_there = 1;
	assert_null(check_all(R(roster), &f));
	f.approvals_wanted = 1;
	expect(R(roster), &f, "APPROVALS_TWO");
	harmless(&f);
	f.approvals_after = 3;
	expect(R(roster), &f, "KEEPS_APPROVERS");
	f.approvals_after = 2;
	f.roster_people_left = 1;
	expect(R(making), &f, "KEEPS_ROSTER");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_harmless_facts_pass),
		cmocka_unit_test(test_untouched_facts_do_not_pass),
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_release_edges),
		cmocka_unit_test(test_time_edges),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_roster_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
