/*
 * Where the items of an mbox are, and the dates of their From_ lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect_test.h"

#include "connect/mbox/split.h"
#include "format/date.h"

static bool memory_read(void *of, int64_t at, unsigned char *p, size_t max, size_t *n_out)
{
	struct span left = span_cut(span_str(of), (size_t)at, max);

	if (left.n)
		memcpy(p, left.p, left.n);
	*n_out = left.n;
	return true;
}

/* Splits text; want: the items, each with a '|' behind it. */
static void expect_split(const char *text, bool trust, const char *want, int64_t want_stray)
{
	static unsigned char window[WINDOW_MIN], head[HEADER_BLOCK_MAX];
	struct mbox_split s = { .read_at = memory_read, .of = (void *)(uintptr_t)text,
				.size = (int64_t)strlen(text), .window = window,
				.window_max = sizeof window, .head = trust ? head : NULL };
	struct mbox_item it;
	char got[4096] = "";
	int64_t stray;

	assert_true(mbox_split_begin(&s, &stray));
	assert_int_equal(stray, want_stray);
	while (mbox_split_next(&s, &it)) {
		strncat(got, text + it.begin, (size_t)(it.end - it.begin));
		strcat(got, "|");
	}
	assert_false(s.failed);
	assert_string_equal(got, want);
}

static void splits_at_from_lines(void **state)
{
	(void)state;
	expect_split("", false, "", 0);
	expect_split("\n", false, "", 0);
	expect_split("From", false, "", 4);
	expect_split("From ", false, "|", 0);
	expect_split("From a\n", false, "|", 0);
	expect_split("From a\n\n", false, "|", 0);
	expect_split("From a\nx", false, "x|", 0);
	expect_split("From a\nx\n\n", false, "x\n|", 0);
	expect_split("From a\nx\n\n\n", false, "x\n\n|", 0);
	expect_split("From a\n\nFrom b\n", false, "||", 0);
	expect_split("From a\nFrom b\nx\nFrom c\n", false, "From b\nx\nFrom c\n|", 0);
	expect_split("From a\nx\n\nFrom b\ny\n\n", false, "x\n|y\n|", 0);
	expect_split("From a\nx\n\n>From b\n\nFrom\n\nFromage\n\n from \n", false,
		     "x\n\n>From b\n\nFrom\n\nFromage\n\n from \n|", 0);
	expect_split("From a\r\nx\r\n\r\nFrom b\r\ny\r\n\r\n", false, "x\r\n|y\r\n|", 0);
	expect_split("From a\nx\r\n\nFrom b\ny\n\r\n", false, "x\r\n|y\n|", 0);
	expect_split("From a\nx\n\n\rFrom b\ny", false, "x\n\n\rFrom b\ny|", 0);
}

static void names_what_stands_before(void **state)
{
	(void)state;
	expect_split("\n\r\nFrom a\nx\n", false, "x\n|", 0);
	expect_split("stray\n\nFrom a\nx\n", false, "x\n|", 7);
	expect_split("stray\nFrom a\nx\n", false, "", 15);
	expect_split("\nFrom a\nx\n", false, "x\n|", 0);
	expect_split("\xef\xbb\xbf" "From a\nx\n", false, "x\n|", 0);
	expect_split("\xef\xbb\xbf" "x\n\nFrom a\nx\n", false, "x\n|", 6);
	expect_split(" From a\nx\n", false, "", 10);
}

static void trusts_content_length_where_it_may(void **state)
{
	(void)state;
#define LONG(n) "From a\nContent-Length: " n "\n\none\n\nFrom x\n\ntwo\n"
	expect_split(LONG("17") "\nFrom b\ny\n", true,
		     "Content-Length: 17\n\none\n\nFrom x\n\ntwo\n|y\n|", 0);
	expect_split(LONG("18") "\nFrom b\ny\n", true,
		     "Content-Length: 18\n\none\n\nFrom x\n\ntwo\n|y\n|", 0);
	expect_split(LONG("17"), true, "Content-Length: 17\n\none\n\nFrom x\n\ntwo\n|", 0);
	expect_split(LONG("17") "\n", true, "Content-Length: 17\n\none\n\nFrom x\n\ntwo\n|", 0);
	/* Without trust, and where it lies: by the lines alone. */
	expect_split(LONG("17"), false, "Content-Length: 17\n\none\n|\ntwo\n|", 0);
	expect_split(LONG("16"), true, "Content-Length: 16\n\none\n|\ntwo\n|", 0);
	expect_split(LONG("18"), true, "Content-Length: 18\n\none\n|\ntwo\n|", 0);
	expect_split(LONG("-1"), true, "Content-Length: -1\n\none\n|\ntwo\n|", 0);
	expect_split(LONG("017"), true, "Content-Length: 017\n\none\n|\ntwo\n|", 0);
	expect_split(LONG("99999999999999999999"), true,
		     "Content-Length: 99999999999999999999\n\none\n|\ntwo\n|", 0);
	expect_split(LONG("17") "From b\ny\n", true,
		     "Content-Length: 17\n\none\n|\ntwo\nFrom b\ny\n|", 0);
	expect_split("From a\nX: 1\nContent-Length: 3\n", true, "X: 1\nContent-Length: 3\n|", 0);
}

static void dates_of_from_lines(void **state)
{
	static const struct {
		const char *line;
		int64_t utc;
	} cases[] = {
		{ "From a@b.example Sat Jan  5 09:14:16 2008", 1199524456 },
		{ "From - Sat Jan 05 09:14:16 2008", 1199524456 },
		{ "From a b c  Sat Jan 5 09:14 2008 ", 1199524440 },
		{ "From a Sat Jan  5 09:14:16 PST 2008", 1199553256 },
		{ "From a Sat Jan  5 09:14:16 2008 -0800", 1199553256 },
		{ "From a Sat Jan  5 09:14:16 -0800 2008", 1199553256 },
		{ "From a Sat Jan  5 09:14:16 MET DST 2008", 1199524456 },
		{ "From a Sat Jan  5 09:14:16 2008 remote from host", 1199524456 },
		{ "From a sat jan 5 9:14:16 08", 1199524456 },
		{ "From a Sat, 5 Jan 2008 09:14:16 +0100", 1199520856 },
		{ "From Sat Jan 5 Sat Jan  5 09:14:16 2008", 1199524456 },
		{ "From a Sat Jan  5 09:14:60 2008", 1199524500 },
		{ "From a", DATE_UNKNOWN },
		{ "From ", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16", DATE_UNKNOWN },
		{ "From a Sat Jan 32 09:14:16 2008", DATE_UNKNOWN },
		{ "From a Sat Feb 30 09:14:16 2008", DATE_UNKNOWN },
		{ "From a Sat Jan  5 24:00:00 2008", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:60:00 2008", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:61 2008", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 2008 -0860", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 PST 2008 +0100", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 2008 and more", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 2008 remote from", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 2008 remote from ", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 2008 remote from a host ", 1199524456 },
		{ "From a Sat Foo  5 09:14:16 2008", DATE_UNKNOWN },
		{ "From a Son Jan  5 09:14:16 2008", DATE_UNKNOWN },
		{ "From a Sat Jan  5 09:14:16 208", DATE_UNKNOWN },
		{ "From a 2008-01-05T09:14:16Z", DATE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (mbox_from_date(span_str(cases[i].line)) != cases[i].utc)
			fail_msg("%s: %lld", cases[i].line,
				 (long long)mbox_from_date(span_str(cases[i].line)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_at_from_lines),
		cmocka_unit_test(names_what_stands_before),
		cmocka_unit_test(trusts_content_length_where_it_may),
		cmocka_unit_test(dates_of_from_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
