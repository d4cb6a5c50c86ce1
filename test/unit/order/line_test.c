/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include "order/line.h"

#define ALL (LINE_AT_ONCE + LINE_WAIT_MAX)

static struct line l[ALL];

static void join_all(struct ctx *c, const char *path, int n)
{
	for (int i = 0; i < n; i++) {
		ok(c, line_join(c, path, &l[i]));
		assert_int_equal(line_before(&l[i]), i);
		assert_int_equal(line_move(&l[i]), i < LINE_AT_ONCE);
	}
}

static void nobody_overtakes(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "line");

	(void)state;
	join_all(&c, path, 6);
	line_leave(&l[1]);
	assert_false(line_move(&l[5]));         /* who stands behind asks first */
	assert_false(line_move(&l[3]));
	assert_true(line_move(&l[2]));
	assert_true(line_move(&l[2]));
	assert_false(line_move(&l[3]));
	assert_int_equal(line_before(&l[3]), LINE_AT_ONCE);
	line_leave(&l[4]);                      /* who gives up leaves a hole, and keeps nobody */
	line_leave(&l[0]);
	line_leave(&l[2]);
	assert_true(line_move(&l[3]));
	assert_true(line_move(&l[5]));
	assert_int_equal(line_before(&l[5]), 1);
	line_leave(&l[3]);
	line_leave(&l[5]);
	join_all(&c, path, 2);
	line_leave(&l[0]);
	line_leave(&l[1]);
}

static void too_many_are_sent_away(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "line");
	struct line one;

	(void)state;
	join_all(&c, path, ALL);
	refused(&c, ERR_AGAIN, "wait already", line_join(&c, path, &one));
	assert_int_equal(one.fd, -1);
	line_leave(&l[ALL - 1]);
	ok(&c, line_join(&c, path, &one));
	assert_int_equal(line_before(&one), ALL - 1);
	line_leave(&one);
	/* However they end: all others come to their turn, in their order. */
	for (int i = 0; i < ALL - 1; i++) {
		assert_true(line_move(&l[i]));
		for (int k = i + LINE_AT_ONCE; k < ALL - 1; k++)
			assert_false(line_move(&l[k]));
		line_leave(&l[i]);
	}
}

static void places_that_are_none(void **state)
{
	CTX(c);
	struct line one;

	(void)state;
	fails(&c, ERR_NOT_FOUND, line_join(&c, in_folder(&c, "no/such/line"), &one));
	assert_int_equal(one.fd, -1);
	line_leave(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_overtakes, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(too_many_are_sent_away, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(places_that_are_none, folder_make, folder_drop),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
