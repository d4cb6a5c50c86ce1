/*
 * Counting of days; see period.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/period.h"

#include "format/time.h"

#define DAY_S INT64_C(86400)

bool moment_of(struct span text, struct law_moment *out)
{
	int year, month, day;
	int64_t s;

	if (date_parse(text, &year, &month, &day)) {
		int64_t days = days_of_civil(year, month, day);

		*out = (struct law_moment){ .day = days, .utc_s = days * DAY_S };
		return true;
	}
	if (!time_parse(text, &s))
		return false;
	*out = (struct law_moment){ .day = (s - ((s % DAY_S) + DAY_S) % DAY_S) / DAY_S,
				    .exact = true,
				    .utc_s = s };
	return true;
}

static bool is_holiday(const struct law_calendar *k, int64_t day)
{
	for (unsigned i = 0; k && i < k->holidays; i++)
		if (k->holiday[i] == day)
			return true;
	return false;
}

/* 1970-01-01 was a Thursday. */
static bool is_working_day(const struct law_calendar *k, int64_t day)
{
	int64_t weekday = ((day + 4) % 7 + 7) % 7;      /* 0 = Sunday */

	return weekday != 0 && weekday != 6 && !is_holiday(k, day);
}

/* The same day of a later month, or that month's last day (Reg. 1182/71 art. 3(2)(c)); counting the
 * first day, the day before it, and the last day likewise where there is none (Dodds v Walker). */
static int64_t add_months(int64_t day, int64_t months, bool first_day_counts)
{
	int year, month, d, next_year, next_month;
	int64_t total, first_of_next, last;

	civil_of_days(day, &year, &month, &d);
	total = (int64_t)year * 12 + (month - 1) + months;
	year = (int)(total / 12);
	month = (int)(total % 12) + 1;
	next_year = month == 12 ? year + 1 : year;
	next_month = month == 12 ? 1 : month + 1;
	first_of_next = days_of_civil(next_year, next_month, 1);
	last = first_of_next - days_of_civil(year, month, 1);
	if (d > last)
		d = (int)last;
	else if (first_day_counts)
		d--;
	return days_of_civil(year, month, 1) + d - 1;
}

static int64_t add_business_days(const struct law_period *p, int64_t day)
{
	int64_t left = p->number;

	if (p->first_day_counts && left > 0 && is_working_day(p->calendar, day))
		left--;
	while (left > 0)
		if (is_working_day(p->calendar, ++day))
			left--;
	return day;
}

struct law_moment period_end(const struct law_period *p, struct law_moment start)
{
	struct law_moment end = { .day = start.day };
	int64_t first = p->first_day_counts ? 1 : 0;

	switch (p->unit) {
	case UNIT_NONE:
		return start;
	case UNIT_HOUR:         /* of a day that means its end */
		end.exact = true;
		end.utc_s = start.utc_s + (start.exact ? 0 : DAY_S) + p->number * 3600;
		end.day = end.utc_s / DAY_S;
		return end;
	case UNIT_DAY:
		end.day = start.day + p->number - first;
		break;
	case UNIT_MONTH:
		end.day = add_months(start.day, p->number, p->first_day_counts);
		break;
	case UNIT_BUSINESS_DAY:
		end.day = add_business_days(p, start.day);
		break;
	}
	while (p->roll && !is_working_day(p->calendar, end.day))
		end.day++;
	end.utc_s = end.day * DAY_S;
	return end;
}

int moment_cmp(struct law_moment a, struct law_moment b)
{
	int64_t x = a.day, y = b.day;

	if (a.exact && b.exact) {
		x = a.utc_s;
		y = b.utc_s;
	}
	return x < y ? -1 : x > y;
}

enum err moment_text(struct ctx *c, struct law_moment m, struct span *out)
{
	int year, month, day;

	if (m.exact)
		return time_span(c, m.utc_s, out);
	civil_of_days(m.day, &year, &month, &day);
	return span_fmt(c, out, "%04d-%02d-%02d", year, month, day);
}
