/*
 * The small readers that everything else rests on: hex, base64, numbers (of command lines, too),
 * times, days, and the files of time zones. Each has one form for one value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/zone.h"
#include "base/zone_file.h"
#include "format/time.h"
#include "world.h"

static void check_codes(struct ctx *c, struct span s)
{
	unsigned char raw[64];
	struct span back, text;

	if (b64_decode(c, s, &back) == ERR_OK)
		CHECK(b64_encode(c, back, &text) == ERR_OK && span_eq(text, s));
	err_clear(c);
	if (b64_decode_raw(c, s, &back) == ERR_OK)
		CHECK(b64_encode_raw(c, back, &text) == ERR_OK && span_eq(text, s));
	err_clear(c);
	if (s.n / 2 <= sizeof raw && hex_decode(s, raw, s.n / 2))
		CHECK(hex_encode(c, span_of(raw, s.n / 2), &text) == ERR_OK && span_eq(text, s));
	CHECK(b64_encode(c, s, &text) == ERR_OK && b64_decode(c, text, &back) == ERR_OK);
	CHECK(span_eq(back, s));
}

static void check_numbers(struct ctx *c, struct span s)
{
	int64_t n, utc, again;
	struct span text;
	int year, month, day;

	if (span_to_i64(s, &n)) {
		CHECK(span_fmt(c, &text, "%lld", (long long)n) == ERR_OK && span_eq(text, s));
	}
	if (time_parse(s, &utc)) {
		CHECK(time_span(c, utc, &text) == ERR_OK && text.n == 20);
		CHECK(time_parse(text, &again) && again == utc);
	}
	if (date_parse(s, &year, &month, &day)) {
		int y, m, d;

		CHECK(s.n == 10);
		civil_of_days(days_of_civil(year, month, day), &y, &m, &d);
		CHECK(y == year && m == month && d == day);
	}
}

/* Offsets are those that RFC 8536 allows, and a day begins within two days of where it would in
 * UTC. */
static void check_zone(struct ctx *c, struct span s)
{
	struct zone z = { 0 };
	enum err e = zone_read(c, "fuzz", s, &z);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	for (int64_t days = -40000; days < 120000; days += 1999) {
		int64_t start = zone_start_of(&z, days), offset = zone_offset_s(&z, days * 86400);

		CHECK(offset > -26 * 3600 && offset < 27 * 3600);
		CHECK(start > days * 86400 - 3 * 86400 && start < days * 86400 + 3 * 86400);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct span s = span_of(data, size);
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	check_codes(&c, s);
	check_numbers(&c, s);
	check_zone(&c, s);
	/* A name becomes a path below the folder of zones. */
	e = zone_check(&c, s);
	check_result(&c, e);
	CHECK(e != ERR_OK || (s.n && s.p[0] != '/' && s.p[0] != '.' && s.n <= ZONE_NAME_MAX));
	return 0;
}
