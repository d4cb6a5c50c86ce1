/*
 * RFC 3339 there and back, and what is no time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"

#include "../test.h"

static void writing(void **state)
{
	static const struct {
		int64_t s;
		const char *text;
	} rows[] = { { 0, "1970-01-01T00:00:00Z" },
		     { -1, "1969-12-31T23:59:59Z" },
		     { 1795341600, "2026-11-22T10:00:00Z" },
		     { 951782400, "2000-02-29T00:00:00Z" },
		     { INT64_C(-62135596800), "0001-01-01T00:00:00Z" },
		     { INT64_C(253402300799), "9999-12-31T23:59:59Z" },
		     { INT64_MAX, "9999-12-31T23:59:59Z" },
		     { INT64_MIN, "0001-01-01T00:00:00Z" } };
	char text[TIME_TEXT_MAX];
	struct span s;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		time_text(rows[i].s, text);
		assert_string_equal(text, rows[i].text);
	}
	ok(&c, time_span(&c, 0, &s));
	text_is(s, "1970-01-01T00:00:00Z");
	for (int64_t t = INT64_C(-62135596800); t < INT64_C(253402300799);
	     t += 86400 * 331 + 12347) {
		int64_t back;

		time_text(t, text);
		assert_true(time_parse(span_str(text), &back) && back == t);
	}
}

static void reading(void **state)
{
	static const char *const bad[] = { "",
					   "2026-11-22",
					   "2026-11-22T10:00:00",
					   "2026-11-22T10:00Z",
					   "2026-11-22T10:00:00z",
					   "2026-11-22t10:00:00Z",
					   "2026-11-22 10:00:00Z",
					   "2026-11-22T10:00:00.5Z",
					   "2026-11-22T24:00:00Z",
					   "2026-11-22T10:60:00Z",
					   "2026-11-22T10:00:60Z",
					   "2026-02-29T10:00:00Z",
					   "2026-13-01T10:00:00Z",
					   "2026-00-01T10:00:00Z",
					   "2026-11-00T10:00:00Z",
					   "2026-11-31T10:00:00Z",
					   "0000-01-01T00:00:00Z",
					   "2026-11-22T10:00:00+24:00",
					   "2026-11-22T10:00:00+01:60",
					   "2026-11-22T10:00:00+0100",
					   "2026-11-22T10:00:00+01",
					   "2026-11-22T10:00:00Z ",
					   " 2026-11-22T10:00:00Z",
					   "+026-11-22T10:00:00Z",
					   "2026-11-22T10:00:00ZZ",
					   "2026-1-22T10:00:00Z" };
	int64_t s;

	(void)state;
	assert_true(time_parse(SPAN("2026-11-22T10:00:00Z"), &s) && s == 1795341600);
	assert_true(time_parse(SPAN("2026-11-22T11:00:00+01:00"), &s) && s == 1795341600);
	assert_true(time_parse(SPAN("2026-11-21T23:15:00-10:45"), &s) && s == 1795341600);
	assert_true(time_parse(SPAN("2024-02-29T00:00:00-00:00"), &s) && s == 1709164800);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (time_parse(span_str(bad[i]), &s))
			fail_msg("'%s' was read", bad[i]);
}

static void documents(void **state)
{
	int64_t s;

	(void)state;
	assert_true(time_parse_utc(SPAN("2026-11-22T10:00:00Z"), &s) && s == 1795341600);
	assert_false(time_parse_utc(SPAN("2026-11-22T11:00:00+01:00"), &s));
	assert_false(time_parse_utc(SPAN("2026-11-22T10:00:00+00:00"), &s));
	assert_false(time_parse_utc(SPAN("2026-02-30T10:00:00Z"), &s));
	assert_false(time_parse_utc(SPAN("2026-11-22Z"), &s));
	assert_false(time_parse_utc(SPAN("Z"), &s));
	assert_false(time_parse_utc(SPAN_NONE, &s));
}

static void dates(void **state)
{
	int y, m, d;

	(void)state;
	assert_true(date_parse(SPAN("2026-11-22"), &y, &m, &d) && y == 2026 && m == 11 && d == 22);
	assert_true(date_parse(SPAN("2000-02-29"), &y, &m, &d));
	assert_false(date_parse(SPAN("1900-02-29"), &y, &m, &d));
	assert_false(date_parse(SPAN("2026-11-22T"), &y, &m, &d));
	assert_false(date_parse(SPAN("2026-11-2"), &y, &m, &d));
	assert_false(date_parse(SPAN("22-11-2026"), &y, &m, &d));
	assert_false(date_parse(SPAN("2026/11/22"), &y, &m, &d));
	assert_int_equal(days_of_civil(1970, 1, 1), 0);
	assert_int_equal(days_of_civil(1969, 12, 31), -1);
	civil_of_days(20779, &y, &m, &d);
	assert_true(y == 2026 && m == 11 && d == 22);
}

static void people(void **state)
{
	static const struct {
		int64_t past_s;
		const char *text;
	} rows[] = { { 0, "now" },	     { 59, "59 s ago" },       { 60, "1 min ago" },
		     { 3599, "59 min ago" }, { 3600, "1 h ago" },      { 86400, "1 d ago" },
		     { -240, "in 4 min" },   { -86400 * 3, "in 3 d" }, { -1, "in 1 s" } };
	struct span s;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ok(&c, time_ago(&c, 1795341600 - rows[i].past_s, 1795341600, &s));
		text_is(s, rows[i].text);
	}
	ok(&c, time_ago(&c, INT64_MIN, INT64_MAX, &s));
	text_is(s, "213503982334601 d ago");
}

/* By brute force: no second before the one that is told reads differently. */
static void when_it_changes(void **state)
{
	static const int64_t starts[] = { -200000, -172801, -172800, -90000, -86400, -3700, -3600,
					  -61, -60, -1, 0, 1, 59, 60, 61, 3599, 3600, 3601, 86399,
					  86400, 172799, 172800, 200000 };
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		int64_t now = starts[i], then = time_ago_changes(0, now, 3600);
		struct span first, text;

		assert_true(then > now && then <= now + 3600);
		ok(&c, time_ago(&c, 0, now, &first));
		for (int64_t at = now + 1; at < then; at++) {
			ok(&c, time_ago(&c, 0, at, &text));
			assert_true(span_eq(first, text));
		}
	}
	/* An instant to come loses a minute with the second after the full one. */
	assert_int_equal(time_ago_changes(600, 0, 3600), 1);
	assert_int_equal(time_ago_changes(630, 0, 3600), 31);
	assert_int_equal(time_ago_changes(0, 630, 3600), 660);
	assert_int_equal(time_ago_changes(0, 7300, 3600), 10800);
	assert_int_equal(time_ago_changes(0, 7300, 172800), 7320);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing), cmocka_unit_test(when_it_changes),
		cmocka_unit_test(reading),
		cmocka_unit_test(documents),
		cmocka_unit_test(dates),
		cmocka_unit_test(people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
