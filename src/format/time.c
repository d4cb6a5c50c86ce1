/*
 * RFC 3339 in whole seconds, strictly: capital T and Z, no fraction, no leap second, no missing
 * zone. Any calendar is the Gregorian, extended backwards.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"

#include <string.h>

#include "base/civil.h"

static const int64_t first_second = INT64_C(-62135596800);      /* 0001-01-01T00:00:00Z */
static const int64_t last_second = INT64_C(253402300799);       /* 9999-12-31T23:59:59Z */

int64_t days_of_civil(int year, int month, int day)
{
	return civil_to_days(year, month, day);
}

void civil_of_days(int64_t days, int *year, int *month, int *day)
{
	int64_t y;

	civil_from_days(days, &y, month, day);
	*year = (int)y;
}

/* The last two digits. By hand: a package has three times for each item. */
static void put_two(char *out, int i)
{
	out[0] = (char)('0' + i / 10 % 10);
	out[1] = (char)('0' + i % 10);
}

void time_text(int64_t utc_s, char *out)
{
	int64_t s = utc_s < first_second ? first_second : utc_s > last_second ? last_second : utc_s;
	int64_t days = civil_day_of(s);
	int of_day = (int)(s - days * DAY_S), year, month, day;
	static const char form[] = "....-..-..T..:..:..Z";

	civil_of_days(days, &year, &month, &day);
	memcpy(out, form, sizeof form);
	put_two(out, year / 100);
	put_two(out + 2, year);
	put_two(out + 5, month);
	put_two(out + 8, day);
	put_two(out + 11, of_day / 3600);
	put_two(out + 14, of_day / 60 % 60);
	put_two(out + 17, of_day % 60);
}

enum err time_span(struct ctx *c, int64_t utc_s, struct span *out)
{
	char text[TIME_TEXT_MAX];

	time_text(utc_s, text);
	return span_copy(c, span_str(text), out);
}

/* Exactly n digits. */
static bool take_number(struct reader *r, size_t n, int *out)
{
	struct span digits;

	if (!take_bytes(r, n, &digits))
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return false;
		*out = *out * 10 + (digits.p[i] - '0');
	}
	return true;
}

static bool take_char(struct reader *r, char x)
{
	uint8_t got;

	return take_u8(r, &got) && got == (uint8_t)x;
}

static bool take_date(struct reader *r, int *year, int *month, int *day)
{
	return take_number(r, 4, year) && take_char(r, '-') && take_number(r, 2, month) &&
	       take_char(r, '-') && take_number(r, 2, day) && *year >= 1 &&
	       civil_exists(*year, *month, *day);
}

bool date_parse(struct span s, int *year, int *month, int *day)
{
	struct reader r = { s, 0 };

	return take_date(&r, year, month, day) && reader_done(&r);
}

static bool take_zone(struct reader *r, int *offset_s)
{
	int hours, minutes;
	uint8_t sign;

	*offset_s = 0;
	if (!take_u8(r, &sign))
		return false;
	if (sign == 'Z')
		return true;
	if ((sign != '+' && sign != '-') || !take_number(r, 2, &hours) || !take_char(r, ':') ||
	    !take_number(r, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

bool time_parse(struct span s, int64_t *utc_s_out)
{
	struct reader r = { s, 0 };
	int year, month, day, hour, minute, second, offset_s;

	if (!take_date(&r, &year, &month, &day) || !take_char(&r, 'T') ||
	    !take_number(&r, 2, &hour) || !take_char(&r, ':') || !take_number(&r, 2, &minute) ||
	    !take_char(&r, ':') || !take_number(&r, 2, &second) || !take_zone(&r, &offset_s) ||
	    !reader_done(&r))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*utc_s_out = days_of_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second -
		     offset_s;
	return true;
}

bool time_parse_utc(struct span s, int64_t *utc_s_out)
{
	return span_ends(s, "Z") && time_parse(s, utc_s_out);
}

enum err time_ago(struct ctx *c, int64_t utc_s, int64_t now_s, struct span *out)
{
	bool past = utc_s <= now_s;
	uint64_t s = past ? (uint64_t)now_s - (uint64_t)utc_s : (uint64_t)utc_s - (uint64_t)now_s;
	const char *unit = s < 60 ? "s" : s < 3600 ? "min" : s < 86400 ? "h" : "d";
	uint64_t n = s < 60 ? s : s < 3600 ? s / 60 : s < 86400 ? s / 3600 : s / 86400;

	if (s == 0)
		return span_fmt(c, out, "now");
	return past ? span_fmt(c, out, "%llu %s ago", (unsigned long long)n, unit) :
		      span_fmt(c, out, "in %llu %s", (unsigned long long)n, unit);
}

int64_t time_ago_changes(int64_t utc_s, int64_t now_s, int64_t minutes_s)
{
	bool past = utc_s <= now_s;
	int64_t s = past ? now_s - utc_s : utc_s - now_s;
	int64_t unit = s < 60 ? 1 : s < minutes_s ? 60 : 3600;

	return now_s + (past ? unit - s % unit : s % unit + 1);
}
