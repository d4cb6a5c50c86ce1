/*
 * Legal time against days counted by hand.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "law/period.h"

static const int64_t holidays[] = { 20780, 20783 };     /* 2026-11-23, 2026-11-26 */
static const struct law_calendar calendar = { .holiday = holidays, .holidays = 2 };

/* The end of a period that begins with start, as a text. */
static void ends(const char *start, struct law_period p, const char *end)
{
	struct ctx CTX_SCOPED c;
	struct law_moment from;
	struct span text;

	assert_int_equal(ctx_begin(&c, 1 << 16), ERR_OK);
	assert_true(moment_of(span_str(start), &from));
	assert_int_equal(moment_text(&c, period_end(&p, from), &text), ERR_OK);
	assert_true(span_is(text, end));
}

static void days_and_months(void **state)
{
	(void)state;
	ends("2026-11-23T10:00:00Z", (struct law_period){ .unit = UNIT_DAY, .number = 10 },
	     "2026-12-03");
	ends("2026-08-24",
	     (struct law_period){ .unit = UNIT_MONTH, .number = 3, .first_day_counts = true },
	     "2026-11-23");
	ends("2026-11-30", (struct law_period){ .unit = UNIT_MONTH, .number = 3 }, "2027-02-28");
	ends("2026-01-31",
	     (struct law_period){ .unit = UNIT_MONTH, .number = 1, .first_day_counts = true },
	     "2026-02-28");
	ends("2026-03-01",
	     (struct law_period){ .unit = UNIT_MONTH, .number = 1, .first_day_counts = true },
	     "2026-03-31");
	ends("2028-01-31", (struct law_period){ .unit = UNIT_MONTH, .number = 1 }, "2028-02-29");
	ends("2026-12-31", (struct law_period){ .unit = UNIT_MONTH, .number = 12 }, "2027-12-31");
	ends("2026-11-23", (struct law_period){ .unit = UNIT_NONE }, "2026-11-23");
}

static void hours(void **state)
{
	(void)state;
	ends("2026-11-23T10:00:00Z", (struct law_period){ .unit = UNIT_HOUR, .number = 8 },
	     "2026-11-23T18:00:00Z");
	/* a date means its end */
	ends("2026-11-23", (struct law_period){ .unit = UNIT_HOUR, .number = 48 },
	     "2026-11-26T00:00:00Z");
}

static void working_days(void **state)
{
	(void)state;
	/* Friday; the 23rd is a holiday */
	ends("2026-11-20",
	     (struct law_period){ .unit = UNIT_BUSINESS_DAY, .number = 1, .calendar = &calendar },
	     "2026-11-24");
	ends("2026-11-20",
	     (struct law_period){
		     .unit = UNIT_DAY, .number = 1, .roll = true, .calendar = &calendar },
	     "2026-11-24");
	ends("2026-11-20", (struct law_period){ .unit = UNIT_DAY, .number = 1, .roll = true },
	     "2026-11-23");
}

static void order_of_moments(void **state)
{
	struct law_moment day, morning, evening;

	(void)state;
	assert_true(moment_of(SPAN("2026-11-23"), &day));
	assert_true(moment_of(SPAN("2026-11-23T08:00:00Z"), &morning));
	assert_true(moment_of(SPAN("2026-11-23T20:00:00Z"), &evening));
	assert_true(moment_cmp(morning, evening) < 0);
	assert_int_equal(moment_cmp(day, evening), 0);
	assert_false(moment_of(SPAN("2026-02-30"), &day));
	assert_false(moment_of(SPAN("tomorrow"), &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_and_months),
		cmocka_unit_test(hours),
		cmocka_unit_test(working_days),
		cmocka_unit_test(order_of_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
