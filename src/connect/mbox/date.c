/*
 * The date of a From_ line, which no standard holds to one form (RFC 4155, appendix A, wants
 * asctime in UTC): with or without seconds, zone before or behind the year, "remote from" behind
 * it all, or the form of header fields. The sender may hold blanks, so the date is the first word
 * from which on everything is a date. A zone that is named counts; without one it is UTC.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/civil.h"
#include "base/num.h"
#include "connect/mbox/split.h"
#include "format/date.h"

#define ZONE_NAME_MAX 3u        /* letters of the zones that RFC 5322 knows */

struct scan {
	struct span s;
	size_t at;
};

static bool is_blank(unsigned char x)
{
	return x == ' ' || x == '\t';
}

/* The next word, without the blanks around it; empty at the end. */
static struct span take_word(struct scan *d)
{
	size_t from;

	while (d->at < d->s.n && is_blank(d->s.p[d->at]))
		d->at++;
	from = d->at;
	while (d->at < d->s.n && !is_blank(d->s.p[d->at]))
		d->at++;
	return span_cut(d->s, from, d->at - from);
}

static struct span peek_word(const struct scan *d)
{
	struct scan ahead = *d;

	return take_word(&ahead);
}

static bool digits(struct span s, size_t min, size_t max, int *out)
{
	*out = 0;
	if (s.n < min || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

static bool letters(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] | 0x20) < 'a' || (s.p[i] | 0x20) > 'z')
			return false;
	return s.n > 0;
}

static int word_in(struct span word, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
		if (span_ieq(word, list[i]))
			return i;
	return -1;
}

/* 9:14, 09:14:16 */
static bool clock_of(struct span word, int64_t *s)
{
	struct span part, rest = word;
	int hour, minute, second = 0;

	if (!span_split(word, ':', &part, &rest) || !digits(part, 1, 2, &hour))
		return false;
	if (span_split(rest, ':', &part, &rest)) {
		if (!digits(rest, 2, 2, &second))
			return false;
	} else {
		part = rest;
	}
	if (!digits(part, 2, 2, &minute))
		return false;
	*s = hour * 3600 + minute * 60 + second;
	return hour <= 23 && minute <= 59 && second <= 60;
}

/* Is it a zone? Named ones as in header fields: date.c of the formats knows them, so it is asked
 * for midnight there. */
static bool zone_of(struct span word, int64_t *s)
{
	unsigned char text[64] = "1 Jan 2000 00:00 ";
	size_t n = sizeof "1 Jan 2000 00:00 " - 1;
	int64_t midnight;

	*s = 0;
	if (letters(word) && word.n > ZONE_NAME_MAX)
		return true;    /* unknown, so UTC (RFC 5322 section 4.3) */
	if (word.n == 0 || word.n > sizeof text - n)
		return false;
	for (size_t i = 0; i < word.n; i++)
		text[n++] = word.p[i];
	midnight = date_of_field(span_of(text, n));
	*s = civil_to_days(2000, 1, 1) * DAY_S - midnight;
	return midnight != DATE_UNKNOWN;
}

/* "PST", "MET DST", "+0100", if one stands there. False: it is one that cannot be. */
static bool take_zone(struct scan *d, bool *any, int64_t *s)
{
	struct span word = peek_word(d);
	bool numeric = word.n && (word.p[0] == '+' || word.p[0] == '-');

	if (span_ieq(word, "remote") || (!numeric && !letters(word)))
		return true;
	if (*any || !zone_of(word, s))
		return false;
	*any = true;
	(void)take_word(d);
	if (!numeric && span_ieq(peek_word(d), "DST"))
		(void)take_word(d);
	return true;
}

/* Two digits as RFC 5322 section 4.3 reads them. */
static bool year_of(struct span word, int *year)
{
	if (!digits(word, 4, 4, year) && !digits(word, 2, 2, year))
		return false;
	if (word.n == 2)
		*year += *year < 50 ? 2000 : 1900;
	return *year >= 1900;
}

/* Nothing more, or "remote from" somebody. */
static bool ends(struct scan *d)
{
	struct span word = take_word(d);

	return word.n == 0 || (span_ieq(word, "remote") && span_ieq(take_word(d), "from") &&
			       take_word(d).n > 0);
}

/* "Sat Jan  5 09:14:16 2008" and its kin, to the end. */
static int64_t asctime_of(struct span s)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
					      "jul", "aug", "sep", "oct", "nov", "dec" };
	struct scan d = { s, 0 };
	int64_t clock_s, zone_s = 0;
	bool zoned = false;
	int month, day, year;

	if (word_in(take_word(&d), days, COUNT_OF(days)) < 0)
		return DATE_UNKNOWN;
	month = word_in(take_word(&d), months, COUNT_OF(months)) + 1;
	if (!digits(take_word(&d), 1, 2, &day) || !clock_of(take_word(&d), &clock_s) ||
	    !take_zone(&d, &zoned, &zone_s) || !year_of(take_word(&d), &year) ||
	    !take_zone(&d, &zoned, &zone_s) || !ends(&d) || !civil_exists(year, month, day))
		return DATE_UNKNOWN;
	return civil_to_days(year, month, day) * DAY_S + clock_s - zone_s;
}

int64_t mbox_from_date(struct span from_line)
{
	struct scan d = { from_line, 0 };

	for (struct span word = take_word(&d); word.n; word = take_word(&d)) {
		struct span rest = span_cut(from_line, d.at, from_line.n);
		int64_t utc_s = asctime_of(rest);

		if (utc_s == DATE_UNKNOWN)
			utc_s = date_of_field(rest);
		if (utc_s != DATE_UNKNOWN)
			return utc_s;
	}
	return DATE_UNKNOWN;
}
