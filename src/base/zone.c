/*
 * Questions to zone rules: the offset of an instant and the beginning of a day. The file is read
 * by zone_file.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/zone.h"

#include "base/civil.h"
#include "base/zone_file.h"

#define CHANGES_NEAR 6  /* changes of the rule text in three years */

/* The day (since 1970-01-01) that a date of a rule means in that year. */
static int64_t rule_day(const struct zone_date *d, int64_t year)
{
	int64_t first = civil_to_days(year, d->kind == ZONE_DATE_WEEKDAY ? d->month : 1, 1);

	if (d->kind == ZONE_DATE_WEEKDAY) {
		int64_t weekday = ((first + 4) % 7 + 7) % 7;    /* 1970-01-01 was a Thursday */
		int64_t day = (d->weekday - weekday + 7) % 7 + (d->week - 1) * 7;

		return first + (day < civil_month_days(year, d->month) ? day : day - 7);
	}
	if (d->kind == ZONE_DATE_JULIAN && civil_leap(year) && d->day >= 60)
		return first + d->day;          /* day 60 is always 1 March */
	return first + d->day - (d->kind == ZONE_DATE_JULIAN ? 1 : 0);
}

/* The changes of the years around utc_s, in order of time. */
static size_t rule_changes(const struct zone_rule *r, int64_t utc_s, struct zone_change *out)
{
	int64_t year, n = 0;
	int month, day;

	if (!r->has_summer)
		return 0;
	civil_from_days(civil_day_of(utc_s), &year, &month, &day);
	for (int64_t y = year - 1; y <= year + 1; y++) {
		struct zone_change in = { rule_day(&r->begin, y) * DAY_S + r->begin.second_of_day -
						  r->winter_s,
					  r->summer_s };
		struct zone_change back = { rule_day(&r->end, y) * DAY_S + r->end.second_of_day -
						    r->summer_s,
					    r->winter_s };
		bool north = in.utc_s < back.utc_s;

		out[n++] = north ? in : back;
		out[n++] = north ? back : in;
	}
	return (size_t)n;
}

/* How many changes of the file came at or before utc_s. */
static size_t changes_until(const struct zone *z, int64_t utc_s)
{
	size_t low = 0, high = z->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->changes[mid].utc_s <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int64_t zone_offset_s(const struct zone *z, int64_t utc_s)
{
	struct zone_change near[CHANGES_NEAR];
	size_t at = changes_until(z, utc_s), n;
	int64_t offset_s;

	if (at == 0 && z->count > 0)
		return z->first_s;
	if (at < z->count || !z->has_rule)
		return at ? z->changes[at - 1].offset_s : z->first_s;
	n = rule_changes(&z->rule, utc_s, near);
	offset_s = z->rule.winter_s;
	for (size_t i = 0; i < n && near[i].utc_s <= utc_s; i++)
		offset_s = near[i].offset_s;
	return offset_s;
}

/* The first change after utc_s; false if there is none. */
static bool next_change(const struct zone *z, int64_t utc_s, int64_t *out)
{
	struct zone_change near[CHANGES_NEAR];
	size_t at = changes_until(z, utc_s), n;

	if (at < z->count) {
		*out = z->changes[at].utc_s;
		return true;
	}
	n = z->has_rule ? rule_changes(&z->rule, utc_s, near) : 0;
	for (size_t i = 0; i < n; i++) {
		if (near[i].utc_s > utc_s) {
			*out = near[i].utc_s;
			return true;
		}
	}
	return false;
}

int64_t zone_start_of(const struct zone *z, int64_t days)
{
	/* No zone has ever been further than 26 hours from UTC. */
	int64_t wall = days * DAY_S, from = wall - 2 * DAY_S, end = wall + 2 * DAY_S, late = 0;
	bool jumped = false;

	while (from < end) {
		int64_t offset_s = zone_offset_s(z, from), until = end, at = wall - offset_s;

		if (!next_change(z, from, &until) || until > end)
			until = end;
		if (at >= from && at < until)
			return at;
		if (!jumped && at < from) {     /* the clock jumped over 00:00 just here */
			jumped = true;
			late = from;
		}
		from = until;
	}
	return jumped ? late : wall;
}

enum err zone_check(struct ctx *c, struct span name)
{
	const struct zone *z;

	return zone_open(c, name, &z);
}

enum err zone_day_start(struct ctx *c, struct span zone, int year, int month, int day,
			int64_t *utc_s_out)
{
	const struct zone *z;

	if (year < 1 || year > 9999 || !civil_exists(year, month, day))
		FAIL(c, ERR_FORMAT, "the day %04d-%02d-%02d does not exist", year, month, day);
	TRY(zone_open(c, zone, &z));
	*utc_s_out = zone_start_of(z, civil_to_days(year, month, day));
	return ERR_OK;
}

enum err zone_offset_text(struct ctx *c, struct span zone, int64_t utc_s, struct span *out)
{
	const struct zone *z;
	int64_t s;

	TRY(zone_open(c, zone, &z));
	s = zone_offset_s(z, utc_s);
	char sign = s < 0 ? '-' : '+';
	int of_day = (int)(s < 0 ? -s : s);

	if (of_day % 60)
		return span_fmt(c, out, "%c%02d:%02d:%02d", sign, of_day / 3600, of_day / 60 % 60,
				of_day % 60);
	return span_fmt(c, out, "%c%02d:%02d", sign, of_day / 3600, of_day / 60 % 60);
}
