/*
 * Arenas: alignment, zeroed memory, the hard total, and errors of a context.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

static void memory_is_zeroed_and_aligned(void **state)
{
	struct arena *a = arena_open((size_t)8 << 20);

	(void)state;
	assert_non_null(a);
	for (size_t n = 1; n < 3000; n += 7) {
		unsigned char *p = arena_take(a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);     /* would show in a neighbour */
	}
	arena_close(a);
	arena_close(NULL);
}

static void total_is_hard(void **state)
{
	struct arena *a = arena_open(1024);

	(void)state;
	assert_non_null(arena_take(a, 1000));
	assert_int_equal(arena_used(a), 1008);
	assert_null(arena_take(a, 17));
	assert_non_null(arena_take(a, 16));
	assert_null(arena_take(a, 1));
	assert_null(arena_take(a, SIZE_MAX));
	arena_close(a);
}

static void large_pieces_have_room(void **state)
{
	struct arena *a = arena_open((size_t)32 << 20);
	unsigned char *p = arena_take(a, (size_t)9 << 20), *q = arena_take(a, (size_t)9 << 20);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	memset(p, 1, (size_t)9 << 20);
	assert_int_equal(q[0], 0);
	arena_close(a);
}

static void lack_of_memory_is_recorded(void **state)
{
	CTX_SCOPED struct ctx c;
	uint64_t *numbers;

	(void)state;
	assert_int_equal(ctx_begin(&c, 64), ERR_OK);
	assert_int_equal(NEW_ARRAY(&c, numbers, 8), ERR_OK);
	refused(&c, ERR_NOMEM, "more bytes", NEW_ARRAY(&c, numbers, 8));
	refused(&c, ERR_NOMEM, "beyond this machine", NEW_ARRAY(&c, numbers, SIZE_MAX / 4));
}

static enum err fail_with(struct ctx *c, const char *what)
{
	err_next(c, "do this");
	FAIL(c, ERR_STATE, "%s", what);
}

static void first_failure_wins(void **state)
{
	CTX(c);

	(void)state;
	assert_int_equal(fail_with(&c, "first"), ERR_STATE);
	assert_int_equal(fail_with(&c, "second"), ERR_STATE);
	assert_string_equal(c.why, "first");
	err_note(&c, "line %d", 7);
	assert_string_equal(c.why, "line 7: first");
	assert_string_equal(c.next, "do this");
	err_clear(&c);
	assert_int_equal(c.code, ERR_OK);
	assert_string_equal(c.next, "");
	assert_int_equal(fail_with(&c, "third"), ERR_STATE);
	assert_string_equal(c.why, "third");
}

static void table_of_errors(void **state)
{
	(void)state;
	assert_int_equal(err_exit_status(ERR_OK), 0);
	assert_int_equal(err_exit_status(ERR_NOT_FOUND), 3);
	assert_int_equal(err_exit_status(ERR_VERIFY), 5);
	assert_int_equal(err_exit_status(ERR_AGAIN), 75);
	assert_string_equal(err_name(ERR_DENIED), "DENIED");
	for (int e = 1; e < ERR_COUNT; e++) {
		assert_true(err_exit_status((enum err)e) > 0);
		assert_true(err_text((enum err)e)[0] && err_hint((enum err)e)[0]);
		assert_true(err_http_status((enum err)e) >= 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(total_is_hard),
		cmocka_unit_test(large_pieces_have_room),
		cmocka_unit_test(lack_of_memory_is_recorded),
		cmocka_unit_test(first_failure_wins),
		cmocka_unit_test(table_of_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
