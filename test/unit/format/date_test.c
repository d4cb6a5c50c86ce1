/*
 * Dates of mail: RFC 5322 sections 3.3 and 4.3, its appendix A, and what must stay unknown. Whole
 * corpora are compared in date_corpus_test.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/date.h"

#include "../test.h"
#include "format/time.h"

static void means(const char *field, const char *when)
{
	int64_t want = DATE_UNKNOWN, got = date_of_field(span_str(field));

	assert_true(!when || time_parse(span_str(when), &want));
	if (got != want)
		fail_msg("'%s' is %lld, not %lld (%s)", field, (long long)got, (long long)want,
			 when ? when : "unknown");
}

static void plain_dates(void **state)
{
	(void)state;
	means(" Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z");
	means("Tue, 1 Jul 2003 10:52:37 +0200", "2003-07-01T08:52:37Z");
	means("1 Jul 2003 10:52 +0200", "2003-07-01T08:52:00Z");
	means("Thu, 13 Feb 1969 23:32:00 -0330", "1969-02-14T03:02:00Z");
	means("29 Feb 2024 00:00:00 -0000", "2024-02-29T00:00:00Z");
	means("Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z");
	means("Mon, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z");       /* was a Friday */
	means("1 Jan 1900 00:00:00 +0000", "1900-01-01T00:00:00Z");
	means("31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z");
	means("1 Jan 2025 00:00:00 +9959", "2024-12-27T20:01:00Z");
}

static void obsolete_dates(void **state)
{
	(void)state;
	/* RFC 5322 appendix A.5 and A.6.2. */
	means(" Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               "
	      "-0330 (Newfoundland Time)",
	      "1969-02-14T03:02:00Z");
	means("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z");
	means("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T15:55:06Z");
	means("fri, 21 nov 1997 09:55:06 gmt", "1997-11-21T09:55:06Z");
	means("(a (nested \\) (deep)) comment) Fri (x) , (y) 21(z)Nov(.)1997 09:55:06(,)GMT(e)",
	      "1997-11-21T09:55:06Z");
	means("21Nov1997 09:55:06GMT", "1997-11-21T09:55:06Z");
	means("1 Jan 00 00:00 UT", "2000-01-01T00:00:00Z");
	means("1 Jan 49 00:00 UT", "2049-01-01T00:00:00Z");
	means("1 Jan 50 00:00 UT", "1950-01-01T00:00:00Z");
	means("1 Jan 99 00:00 UT", "1999-01-01T00:00:00Z");
	means("1 Jan 100 00:00 UT", "2000-01-01T00:00:00Z");
	means("1 Jan 125 00:00 UT", "2025-01-01T00:00:00Z");
	means("1 Jan 999 00:00 UT", "2899-01-01T00:00:00Z");
	means("1 Jan 000 00:00 UT", "1900-01-01T00:00:00Z");
	means("1 Jan 2025 10:00:00+0100", "2025-01-01T09:00:00Z");
	means("1 Jan 2025 10:00:00 +0100 (CET) (again)\r\n\t", "2025-01-01T09:00:00Z");
}

static void zones(void **state)
{
	static const struct {
		const char *zone;
		int hours;      /* to add for UTC */
	} rows[] = { { "UT", 0 },  { "GMT", 0 }, { "EST", 5 },	{ "EDT", 4 }, { "CST", 6 },
		     { "CDT", 5 }, { "MST", 7 }, { "MDT", 6 },	{ "PST", 8 }, { "PDT", 7 },
		     { "pdt", 7 }, { "A", 0 },	 { "Z", 0 },	{ "z", 0 },   { "M", 0 },
		     { "Y", 0 },   { "i", 0 },	 { "K", 0 },	{ "CET", 0 }, { "UTC", 0 },
		     { "IST", 0 }, { "JST", 0 }, { "WWWWW", 0 } };
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof text, "1 Jan 2025 00:00:00 %s", rows[i].zone);
		assert_int_equal(date_of_field(span_str(text)), 1735689600 + rows[i].hours * 3600);
	}
}

static void unknown_dates(void **state)
{
	static const char *const bad[] = { "",
					   " ",
					   "yesterday",
					   "2025/13/45",
					   "2025-01-01 10:00:00 +0000",
					   "Tue, 99 Foo 2025 25:61:61 +9999",
					   "32 Jan 2025 10:00:00 +0000",
					   "0 Jan 2025 10:00:00 +0000",
					   "29 Feb 2025 10:00:00 +0000",
					   "31 Apr 2025 10:00:00 +0000",
					   "1 Foo 2025 10:00:00 +0000",
					   "1 January 2025 10:00:00 +0000",
					   "1 Jan 2025 24:00:00 +0000",
					   "1 Jan 2025 10:60:00 +0000",
					   "1 Jan 2025 10:00:61 +0000",
					   "1 Jan 2025 10:00:00 +0060",
					   "1 Jan 2025 10:00:00 +9999",
					   "1 Jan 2025 10:00:00 +010",
					   "1 Jan 2025 10:00:00 +01000",
					   "1 Jan 2025 10:00:00 +01:00",
					   "1 Jan 2025 10:00:00 + 0100",
					   "1 Jan 2025 10:00:00 0100",
					   "1 Jan 2025 10:00:00",
					   "1 Jan 2025 10:00:00 (GMT)",
					   "1 Jan 2025 10:00:00 J",
					   "1 Jan 2025 10:00:00 j",
					   "1 Jan 2025 10:00:00 GMT+1",
					   "1 Jan 2025 10:00:00 +0100 x",
					   "1 Jan 2025 10:00:00 +0100 (not closed",
					   "1 Jan 2025 10:00:00 +0100 )",
					   "(open 1 Jan 2025 10:00:00 +0100",
					   "Foo, 1 Jan 2025 10:00:00 +0000",
					   "Wed 1 Jan 2025 10:00:00 +0000",
					   "Wednesday, 1 Jan 2025 10:00:00 +0000",
					   ", 1 Jan 2025 10:00:00 +0000",
					   "1 Jan 5 10:00:00 +0000",
					   "1 Jan 12025 10:00:00 +0000",
					   "1 Jan 1899 10:00:00 +0000",
					   "001 Jan 2025 10:00:00 +0000",
					   "1 Jan 2025 1:00:00 +0000",
					   "1 Jan 2025 10:0:00 +0000",
					   "1 Jan 2025 100:00:00 +0000",
					   "1 Jan 2025 10.00.00 +0000",
					   "1 Jan 2025 10:00: +0000",
					   "1 Jan 2025 10 +0000",
					   "1-Jan-2025 10:00:00 +0000",
					   "Jan 1 2025 10:00:00 +0000",
					   "1 Jan 2025 10:00:00 \xc3\xa9",
					   "\xc3\xa9 1 Jan 2025 10:00:00 GMT",
					   "1 Jan -2025 10:00:00 GMT" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		means(bad[i], NULL);
	assert_true(date_of_field(SPAN("1 Jan 2025 10:00:00 GMT\0")) == DATE_UNKNOWN);
	assert_true(date_of_field(SPAN_NONE) == DATE_UNKNOWN);
}

#define D1 "Fri, 21 Nov 1997 09:55:06 -0600"
#define T1 INT64_C(880127706)

static void dates_are(struct span block, int64_t header, int64_t received, bool further)
{
	struct header_dates d;

	header_dates_of(block, &d);
	assert_int_equal(d.header_utc, header);
	assert_int_equal(d.received_utc, received);
	assert_int_equal(d.further_dates, further);
}

static void header_blocks(void **state)
{
	(void)state;
	dates_are(SPAN("Date: " D1 "\n\n"), T1, DATE_UNKNOWN, false);
	dates_are(SPAN("Date: " D1), T1, DATE_UNKNOWN, false);
	dates_are(SPAN("Subject: x\r\ndATE \t:\r\n\t" D1 "\r\n\r\n"), T1, DATE_UNKNOWN, false);
	dates_are(SPAN("From x@y Thu Jan  1 10:00:00 1970\nDate: " D1 "\n\n"), T1, DATE_UNKNOWN,
		  false);
	dates_are(SPAN(">From x@y Thu Jan  1 10:00:00 1970\n folded rubbish\nDate: " D1 "\n\n"), T1,
		  DATE_UNKNOWN, false);
	dates_are(SPAN(" Date: x\nno field\nDate: " D1 "\n"), T1, DATE_UNKNOWN, false);
	dates_are(SPAN("X: y\n Date: 1 Jan 2025 00:00 GMT\nDate: " D1 "\n"), T1, DATE_UNKNOWN,
		  false);
	/* The first counts, also when it cannot be read. */
	dates_are(SPAN("Date: " D1 "\nDate: 1 Jan 2025 00:00 GMT\n\n"), T1, DATE_UNKNOWN, true);
	dates_are(SPAN("Date: rubbish\nDate: " D1 "\nDate: " D1 "\n\n"), DATE_UNKNOWN, DATE_UNKNOWN,
		  true);
	dates_are(SPAN("Date:\nDate: " D1 "\n\n"), DATE_UNKNOWN, DATE_UNKNOWN, true);
	/* The body and what looks alike do not count. */
	dates_are(SPAN("X: y\n\nDate: " D1 "\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN("X: y\r\n\r\nDate: " D1 "\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN("\nDate: " D1 "\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN("X-Date: " D1 "\nDates: " D1 "\nResent-Date: " D1 "\n"), DATE_UNKNOWN,
		  DATE_UNKNOWN, false);
	dates_are(SPAN("Da te: " D1 "\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN_NONE, DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN("X: \0y\nDate: " D1 "\n"), T1, DATE_UNKNOWN, false);
	/* A line of blanks is a fold, not an empty line. */
	dates_are(SPAN("X: y\n \nDate: " D1 "\n"), T1, DATE_UNKNOWN, false);
}

static void received(void **state)
{
	(void)state;
	dates_are(SPAN("Received: from a by b; " D1 "\nReceived: from c; 1 Jan 2025 00:00 GMT\n\n"),
		  DATE_UNKNOWN, T1, false);
	dates_are(SPAN("received: a; b\n\tid x; " D1 " (x)\n\n"), DATE_UNKNOWN, T1, false);
	dates_are(SPAN("Received: a; " D1 " (b; c)\n\n"), DATE_UNKNOWN, T1, false);
	dates_are(SPAN("Received: (helo=\"x;y\" (nested;)) \"(;\"; " D1 "\n\n"), DATE_UNKNOWN, T1,
		  false);
	dates_are(SPAN("Received: from [(never closed by b; " D1 "\n\n"), DATE_UNKNOWN, T1, false);
	dates_are(SPAN("Received: from \"never closed by b; " D1 "\n\n"), DATE_UNKNOWN, T1, false);
	dates_are(SPAN("Received: from a by b " D1 "\nReceived: x; " D1 "\n\n"), DATE_UNKNOWN,
		  DATE_UNKNOWN, false);
	dates_are(SPAN("Received: x;\nReceived: x; " D1 "\n\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN("Received: " D1 ";\n\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
	dates_are(SPAN("X-Received: x; " D1 "\n\n"), DATE_UNKNOWN, DATE_UNKNOWN, false);
}

static void lengths(void **state)
{
	static unsigned char big[HEADER_BLOCK_MAX + 1000];
	struct span block = span_of(big, sizeof big);

	(void)state;
	assert_int_equal(header_block_length(SPAN("a: b\n\nbody")), 6);
	assert_int_equal(header_block_length(SPAN("a: b\r\n\r\nbody")), 8);
	assert_int_equal(header_block_length(SPAN("a: b\n\r\nbody")), 7);
	assert_int_equal(header_block_length(SPAN("\nbody")), 1);
	assert_int_equal(header_block_length(SPAN("a: b\n")), 0);
	assert_int_equal(header_block_length(SPAN("a: b\n\r")), 0);
	assert_int_equal(header_block_length(SPAN("a: b\r\r\nc")), 0);
	assert_int_equal(header_block_length(SPAN_NONE), 0);
	memset(big, 'x', sizeof big);
	assert_int_equal(header_block_length(block), HEADER_BLOCK_MAX);
	assert_int_equal(header_block_length(span_cut(block, 0, HEADER_BLOCK_MAX - 1)), 0);
	memcpy(big + HEADER_BLOCK_MAX, "\n\n", 2);
	assert_int_equal(header_block_length(block), HEADER_BLOCK_MAX);
	/* A Date beyond 256 KiB is not in the header block; one before it is. */
	memcpy(big + HEADER_BLOCK_MAX, "\nDate: " D1 "\n\n", 7 + sizeof D1 + 1);
	dates_are(block, DATE_UNKNOWN, DATE_UNKNOWN, false);
	memcpy(big + HEADER_BLOCK_MAX - 100, "\nDate: " D1 "\n", 7 + sizeof D1);
	dates_are(block, T1, DATE_UNKNOWN, false);
}

static void fields(void **state)
{
	struct span block = SPAN("Message-ID: <a>\r\nX: one\n two\r\nx: three\n\nY: body\n"), body;

	(void)state;
	assert_true(header_field(block, "x", &body));
	text_is(body, " one\n two");
	assert_true(header_field(block, "MESSAGE-id", &body));
	text_is(body, " <a>");
	assert_false(header_field(block, "y", &body));
	assert_int_equal(body.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_dates),	 cmocka_unit_test(obsolete_dates),
		cmocka_unit_test(zones),	 cmocka_unit_test(unknown_dates),
		cmocka_unit_test(header_blocks), cmocka_unit_test(received),
		cmocka_unit_test(lengths),	 cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
