/*
 * A loop of two halves: each step is done once, by one of the two, and all of them when it returns.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

#include <stdatomic.h>

#include "base/halves.h"

#define STEPS_MAX 10000u

static struct {
	size_t step;
	int times[STEPS_MAX];
	atomic_int by[HALVES_MAX];
	bool linger;            /* the first of the two waits for the other */
} done;

static void piece(void *of, int who, size_t from, size_t to)
{
	assert_ptr_equal(of, &done);
	assert_in_range(who, 0, HALVES_MAX - 1);
	assert_true(from < to && to <= STEPS_MAX && to - from <= done.step);
	for (size_t i = from; i < to; i++)
		done.times[i]++;
	atomic_fetch_add(&done.by[who], 1);
	while (done.linger && atomic_load(&done.by[1]) == 0)
		usleep(100);
}

static void expect_all(struct ctx *c, struct halves *h, size_t count, size_t step)
{
	memset(&done.times, 0, sizeof done.times);
	done.step = step;
	done.by[0] = done.by[1] = 0;
	assert_int_equal(halves_run(c, h, count, step, piece, &done), ERR_OK);
	for (size_t i = 0; i < STEPS_MAX; i++)
		assert_int_equal(done.times[i], i < count);
}

static void each_step_is_done_once(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 31, 32, 33, 1000, STEPS_MAX };
	struct halves *h = NULL;

	(void)state;
	CTX(c);
	halves_close(&h);
	assert_int_equal(halves_open(&c, &h), ERR_OK);
	for (size_t i = 0; i < 50 * COUNT_OF(counts); i++)
		expect_all(&c, h, counts[i % COUNT_OF(counts)], i % 3 ? 32 : 1 + i);
	halves_close(&h);
	assert_null(h);
}

static void alone_as_well(void **state)
{
	(void)state;
	CTX(c);
	expect_all(&c, NULL, 1000, 32);
	assert_int_equal(done.by[1], 0);
	expect_all(&c, NULL, 0, 32);
}

static void the_other_takes_part(void **state)
{
	struct halves *h;

	(void)state;
	CTX(c);
	assert_int_equal(halves_open(&c, &h), ERR_OK);
	done.linger = true;
	expect_all(&c, h, 100, 1);
	done.linger = false;
	assert_true(done.by[1] > 0);
	halves_close(&h);
}

static void ends_without_a_loop(void **state)
{
	struct halves *h;

	(void)state;
	CTX(c);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(halves_open(&c, &h), ERR_OK);
		halves_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_is_done_once),
		cmocka_unit_test(alone_as_well),
		cmocka_unit_test(the_other_takes_part),
		cmocka_unit_test(ends_without_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
