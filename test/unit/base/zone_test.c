/*
 * Zones: names that are none, famous days, rule texts and broken files. All days of forty zones
 * are compared in zone_days_test.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/zone.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/zone_file.h"
#include "../test.h"

static void names(void **state)
{
	static const char *const bad[] = { "",
					   "/",
					   "Europe",
					   "Europe/",
					   "/Europe/Paris",
					   "Europe//Paris",
					   "../etc/passwd",
					   "Europe/../UTC",
					   "Europe/Paris ",
					   "Europe/Atlantis",
					   "europe/paris\n",
					   "zone.tab",
					   "localtime",
					   "posixrules",
					   "-5",
					   "+0100",
					   "tzdata.zi",
					   "right/Europe/Paris",
					   "CEST" };
	static const char *const good[] = {
		"UTC",	     "Europe/Paris", "America/Argentina/Buenos_Aires",
		"Etc/GMT+5", "GMT",	     "America/Port-au-Prince"
	};
	char long_name[80];
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_FORMAT, "zone", zone_check(&c, span_str(bad[i])));
	for (size_t i = 0; i < COUNT_OF(good); i++)
		ok(&c, zone_check(&c, span_str(good[i])));
	memset(long_name, 'x', sizeof long_name);
	refused(&c, ERR_FORMAT, "zone", zone_check(&c, span_of(long_name, sizeof long_name)));
	refused(&c, ERR_FORMAT, "zone", zone_check(&c, SPAN("UTC\0")));
}

static int64_t start(struct ctx *c, const char *zone, int year, int month, int day)
{
	int64_t at = 0;

	ok(c, zone_day_start(c, span_str(zone), year, month, day, &at));
	return at;
}

static void days(void **state)
{
	CTX(c);
	int64_t at;

	(void)state;
	assert_int_equal(start(&c, "UTC", 1970, 1, 1), 0);
	assert_int_equal(start(&c, "UTC", 2026, 11, 22), 1795305600);
	assert_int_equal(start(&c, "Europe/Paris", 2026, 11, 22), 1795305600 - 3600);
	/* The days on which the clocks of Paris change have 23 and 25 hours. */
	assert_int_equal(start(&c, "Europe/Paris", 2026, 3, 30) -
				 start(&c, "Europe/Paris", 2026, 3, 29),
			 23 * 3600);
	assert_int_equal(start(&c, "Europe/Paris", 2026, 10, 26) -
				 start(&c, "Europe/Paris", 2026, 10, 25),
			 25 * 3600);
	/* 00:00 to 01:00 of this day did not exist in Sao Paulo: it began at 03:00 UTC. */
	assert_int_equal(start(&c, "America/Sao_Paulo", 2018, 11, 4) % DAY_S, 3 * 3600);
	/* Apia left 2011-12-30 out. */
	assert_int_equal(start(&c, "Pacific/Apia", 2011, 12, 30),
			 start(&c, "Pacific/Apia", 2011, 12, 31));
	/* After the last change in the file the rule text goes on. */
	assert_int_equal(start(&c, "Europe/Paris", 2500, 7, 1) % DAY_S, 22 * 3600);
	refused(&c, ERR_FORMAT, "2026-02-29", zone_day_start(&c, SPAN("UTC"), 2026, 2, 29, &at));
	refused(&c, ERR_FORMAT, "does not exist", zone_day_start(&c, SPAN("UTC"), 0, 1, 1, &at));
	refused(&c, ERR_FORMAT, "does not exist",
		zone_day_start(&c, SPAN("UTC"), 10000, 1, 1, &at));
	refused(&c, ERR_FORMAT, "zone", zone_day_start(&c, SPAN("Mars/Base"), 2026, 1, 1, &at));
}

static void machine_zone_does_not_matter(void **state)
{
	CTX(c);

	(void)state;
	setenv("TZ", "Pacific/Kiritimati", 1);
	assert_int_equal(start(&c, "UTC", 2026, 11, 22), 1795305600);
	assert_int_equal(start(&c, "Europe/Paris", 2026, 11, 22), 1795305600 - 3600);
	assert_string_equal(getenv("TZ"), "Pacific/Kiritimati");
	unsetenv("TZ");
}

static void offsets(void **state)
{
	CTX(c);
	struct span s;

	(void)state;
	ok(&c, zone_offset_text(&c, SPAN("Europe/Paris"), 1795305600, &s));
	text_is(s, "+01:00");
	ok(&c, zone_offset_text(&c, SPAN("America/St_Johns"), 1783036800, &s));
	text_is(s, "-02:30");
	ok(&c, zone_offset_text(&c, SPAN("UTC"), 0, &s));
	text_is(s, "+00:00");
	ok(&c, zone_offset_text(&c, SPAN("Europe/Paris"), -2486592000, &s)); /* local mean time */
	text_is(s, "+00:09:21");
}

/* A file of version 2 without changes, one type, and this rule text. */
static struct span file_of(struct ctx *c, const char *rule)
{
	static const unsigned char zeros[34];
	struct span out = SPAN_NONE;
	struct buf b;

	buf_begin(&b, c, 1000);
	for (int i = 0; i < 2; i++) {
		buf_str(&b, "TZif2");
		buf_add(&b, span_of(zeros, 15 + 16));
		buf_u32(&b, 1);         /* one type */
		buf_u32(&b, 4);         /* four letters */
		buf_add(&b, span_of(zeros, 6));
		buf_add(&b, SPAN("XXX\0"));
	}
	buf_fmt(&b, "\n%s\n", rule);
	ok(c, buf_done(c, &b, &out));
	return out;
}

static void rule_texts(void **state)
{
	static const char *const bad[] = { "X1",
					   "XXX",
					   "CET-1CEST",
					   "CET-1CEST,M3.5.0",
					   "CET-1CEST,M13.5.0,M10.5.0",
					   "CET-1CEST,M3.6.0,M10.5.0",
					   "CET-1CEST,M3.5.7,M10.5.0",
					   "CET-1CEST,M3.5.0,M10.5.0x",
					   "CET-1CEST,J0,J5",
					   "CET-1CEST,366,5",
					   "CET-168",
					   "<+03-3",
					   "CET-1:60",
					   "CET-1CEST,M3.5.0/,M10.5.0" };
	struct zone z;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_FORMAT, "readable", zone_read(&c, "x", file_of(&c, bad[i]), &z));
	ok(&c, zone_read(&c, "x", file_of(&c, "<+0330>-3:30"), &z));
	assert_int_equal(zone_offset_s(&z, 0), 12600);
	/* J60 is 1 March in every year, 59 is 29 February in a leap year. */
	ok(&c, zone_read(&c, "x", file_of(&c, "AAA0BBB,J60/0,J300/0"), &z));
	assert_int_equal(zone_offset_s(&z, civil_to_days(2024, 3, 1) * DAY_S - 1), 0);
	assert_int_equal(zone_offset_s(&z, civil_to_days(2024, 3, 1) * DAY_S), 3600);
	assert_int_equal(zone_offset_s(&z, civil_to_days(2023, 3, 1) * DAY_S), 3600);
	ok(&c, zone_read(&c, "x", file_of(&c, "AAA0BBB-2,59/0,300/0"), &z));
	assert_int_equal(zone_offset_s(&z, civil_to_days(2024, 2, 29) * DAY_S - 1), 0);
	assert_int_equal(zone_offset_s(&z, civil_to_days(2024, 2, 29) * DAY_S), 7200);
	assert_int_equal(zone_offset_s(&z, civil_to_days(2023, 3, 1) * DAY_S - 1), 0);
	/* Greenland's way of saying the evening before: a time below zero. */
	ok(&c, zone_read(&c, "x", file_of(&c, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), &z));
	assert_int_equal(zone_offset_s(&z, civil_to_days(2026, 3, 29) * DAY_S + 3600 - 1), -7200);
	assert_int_equal(zone_offset_s(&z, civil_to_days(2026, 3, 29) * DAY_S + 3600), -3600);
}

static void broken_files(void **state)
{
	struct span file, some;
	struct zone z;
	CTX(c);

	(void)state;
	ok(&c, file_read(&c, "/usr/share/zoneinfo/Europe/Paris", 100000, &file));
	ok(&c, zone_read(&c, "x", file, &z));
	for (size_t n = 0; n < file.n; n++) {
		some = span_cut(file, 0, n);
		refused(&c, ERR_FORMAT, "'x'", zone_read(&c, "x", some, &z));
	}
	/* Any byte may be changed: an answer or a refusal, never a crash. */
	for (size_t i = 0; i < file.n; i++) {
		CTX(inner);
		struct span copy;

		ok(&inner, span_copy(&inner, file, &copy));
		unsigned char *p = arena_alloc(&inner, file.n);
		memcpy(p, copy.p, file.n);
		p[i] ^= 0xff;
		if (zone_read(&inner, "x", span_of(p, file.n), &z) == ERR_OK)
			(void)zone_start_of(&z, 20000);
	}
}

static void calendar(void **state)
{
	(void)state;
	for (int64_t days = -800000; days < 3000000; days += 97) {
		int64_t year;
		int month, day;

		civil_from_days(days, &year, &month, &day);
		assert_true(civil_exists(year, month, day));
		assert_int_equal(civil_to_days(year, month, day), days);
	}
	assert_int_equal(civil_to_days(2000, 3, 1), 11017);
	assert_int_equal(civil_day_of(-1), -1);
	assert_int_equal(civil_day_of(-DAY_S), -1);
	assert_int_equal(civil_day_of(-DAY_S - 1), -2);
	assert_false(civil_exists(1900, 2, 29));
	assert_true(civil_exists(2000, 2, 29));
	assert_false(civil_exists(2026, 13, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(days),
		cmocka_unit_test(machine_zone_does_not_matter),
		cmocka_unit_test(offsets),
		cmocka_unit_test(rule_texts),
		cmocka_unit_test(broken_files),
		cmocka_unit_test(calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
