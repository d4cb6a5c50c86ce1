/*
 * Words for people: what steers a terminal is shown as a mark, everything else as it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

#include "base/tell.h"

static const struct {
	const char *said, *shown;
} rows[] = {
	{ "Müller, 7 GB", "Müller, 7 GB" },
	{ "two\nlines\tand a tab", "two\nlines\tand a tab" },
	{ "", "" },
	{ "\x1b[2J", "?[2J" },
	{ "a\rb\bc\x7f", "a?b?c?" },
	{ "\xc2\x9b" "2J", "??2J" },            /* C1 */
	{ "\xc2\x80\xc2\x9f", "????" },
	{ "\xc2\xa0\xc3\x9b", "\xc2\xa0\xc3\x9b" },     /* the same bytes, but no C1 */
	{ "ends in \xc2", "ends in \xc2" },
};

static void cleaned(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char shown[64] = "";
		FILE *to = fmemopen(shown, sizeof shown, "w");

		assert_non_null(to);
		tell_clean(to, span_str(rows[i].said));
		assert_int_equal(fclose(to), 0);
		assert_string_equal(shown, rows[i].shown);
	}
}

/* What of it goes to the standard error the flows look at (test_wrong_input.py). */
static void status_is_the_errors(void **state)
{
	CTX(c);

	(void)state;
	assert_int_equal(err_set(&c, ERR_NOT_FOUND, "x", 1, "there is no \x1b"), ERR_NOT_FOUND);
	assert_int_equal(tell_error(&c, "test"), err_exit_status(ERR_NOT_FOUND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleaned),
		cmocka_unit_test(status_is_the_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
