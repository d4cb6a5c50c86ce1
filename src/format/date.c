/*
 * Dates of mail by the letter of RFC 5322 sections 3.3 and 4.3, and the fields of a header block.
 * What does not follow the grammar to its last byte is unknown. Decided beyond the RFC: a missing
 * blank before a numeric zone is no doubt; second 60 counts as the first of the next minute; a
 * weekday is not compared with the day; years are 1900 (as the RFC says) to 9999.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/date.h"

#include <string.h>

#include "base/civil.h"
#include "base/num.h"

/* The body as written; at is the next byte. */
struct scan {
	struct span s;
	size_t at;
};

static int peek(const struct scan *d)
{
	return d->at < d->s.n ? d->s.p[d->at] : -1;
}

static bool is_digit(int x)
{
	return x >= '0' && x <= '9';
}

static bool is_alpha(int x)
{
	return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
}

/* A comment with what is nested in it; false if it does not end. */
static bool skip_comment(struct scan *d)
{
	size_t depth = 0;

	while (d->at < d->s.n) {
		unsigned char x = d->s.p[d->at++];

		if (x == '\\')
			d->at++;
		else if (x == '(')
			depth++;
		else if (x == ')' && --depth == 0)
			return true;
	}
	d->at = d->s.n;
	return false;
}

/* CFWS: blanks, folds and comments. */
static bool skip_blank(struct scan *d)
{
	for (;;) {
		int x = peek(d);

		if (x == '(') {
			if (!skip_comment(d))
				return false;
		} else if (x == ' ' || x == '\t' || x == '\r' || x == '\n') {
			d->at++;
		} else {
			return true;
		}
	}
}

static bool take_sign(struct scan *d, char sign)
{
	if (!skip_blank(d) || peek(d) != (unsigned char)sign)
		return false;
	d->at++;
	return true;
}

/* All digits that stand there; their number must be from min to max. */
static bool take_digits(struct scan *d, size_t min, size_t max, int *value, size_t *count)
{
	size_t n = 0;

	*value = 0;
	if (!skip_blank(d))
		return false;
	for (; is_digit(peek(d)); d->at++) {
		if (++n > max)
			return false;
		*value = *value * 10 + (peek(d) - '0');
	}
	*count = n;
	return n >= min;
}

static bool take_word(struct scan *d, struct span *out)
{
	size_t from;

	if (!skip_blank(d))
		return false;
	from = d->at;
	while (is_alpha(peek(d)))
		d->at++;
	*out = span_cut(d->s, from, d->at - from);
	return out->n > 0;
}

/* Place of a word in a list of words of three letters, or -1. */
static int word_in(struct span word, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
		if (span_ieq(word, list[i]))
			return i;
	return -1;
}

static bool skip_weekday(struct scan *d)
{
	static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
	struct span word;

	if (!skip_blank(d))
		return false;
	if (!is_alpha(peek(d)))
		return true;
	return take_word(d, &word) && word_in(word, days, COUNT_OF(days)) >= 0 && take_sign(d, ',');
}

/* RFC 5322 section 4.3: two digits from 50 and three digits count from 1900, 00 to 49 from 2000. */
static bool take_year(struct scan *d, int *year)
{
	size_t n;

	if (!take_digits(d, 2, 4, year, &n))
		return false;
	if (n == 2)
		*year += *year < 50 ? 2000 : 1900;
	else if (n == 3)
		*year += 1900;
	return *year >= 1900;
}

static bool take_day(struct scan *d, int64_t *days)
{
	static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
					      "jul", "aug", "sep", "oct", "nov", "dec" };
	int day, year, month;
	struct span word;
	size_t n;

	if (!take_digits(d, 1, 2, &day, &n) || !take_word(d, &word) || !take_year(d, &year))
		return false;
	month = word_in(word, months, COUNT_OF(months)) + 1;
	if (!civil_exists(year, month, day))
		return false;
	*days = civil_to_days(year, month, day);
	return true;
}

static bool take_clock(struct scan *d, int64_t *s)
{
	int hour, minute, second = 0;
	size_t n;

	if (!take_digits(d, 2, 2, &hour, &n) || !take_sign(d, ':') ||
	    !take_digits(d, 2, 2, &minute, &n) || !skip_blank(d))
		return false;
	if (peek(d) == ':') {
		d->at++;
		if (!take_digits(d, 2, 2, &second, &n))
			return false;
	}
	*s = hour * 3600 + minute * 60 + second;
	return hour <= 23 && minute <= 59 && second <= 60;
}

/* Named and military zones. RFC 5322 section 4.3: those of North America mean what they say; all
 * other letters have been used in so many senses that they are taken as -0000. J is no zone. */
static bool zone_of_word(struct span word, int *minutes)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = { { "EDT", -240 }, { "EST", -300 }, { "CDT", -300 }, { "CST", -360 },
		      { "MDT", -360 }, { "MST", -420 }, { "PDT", -420 }, { "PST", -480 } };

	*minutes = 0;
	for (size_t i = 0; i < COUNT_OF(zones); i++)
		if (span_ieq(word, zones[i].name))
			*minutes = zones[i].minutes;
	return !span_ieq(word, "J");
}

static bool take_zone(struct scan *d, int *minutes)
{
	struct span word;
	bool west;
	size_t n;

	if (!skip_blank(d))
		return false;
	if (is_alpha(peek(d)))
		return take_word(d, &word) && zone_of_word(word, minutes);
	west = peek(d) == '-';
	if (!west && peek(d) != '+')
		return false;
	d->at++;
	if (!is_digit(peek(d)) || !take_digits(d, 4, 4, minutes, &n) || *minutes % 100 > 59)
		return false;
	*minutes = *minutes / 100 * 60 + *minutes % 100;
	if (west)
		*minutes = -*minutes;
	return true;
}

int64_t date_of_field(struct span field)
{
	struct scan d = { field, 0 };
	int64_t days, clock_s;
	int minutes;

	if (!skip_weekday(&d) || !take_day(&d, &days) || !take_clock(&d, &clock_s) ||
	    !take_zone(&d, &minutes))
		return DATE_UNKNOWN;
	if (!skip_blank(&d) || d.at != d.s.n)
		return DATE_UNKNOWN;
	return days * DAY_S + clock_s - minutes * INT64_C(60);
}

size_t header_block_length(struct span bytes)
{
	struct reader r = { span_cut(bytes, 0, HEADER_BLOCK_MAX), 0 };
	struct span line;

	while (take_until(&r, '\n', &line))
		if (line.n == 0 || span_is(line, "\r"))
			return r.at;
	return bytes.n >= HEADER_BLOCK_MAX ? HEADER_BLOCK_MAX : 0;
}

/* One field after the other, up to the first empty line. A line that is no field (From_ lines,
 * rubbish) is passed over together with the folded lines that follow it. */
static bool take_field(struct reader *r, struct span *name, struct span *body)
{
	struct span line;

	for (size_t from = r->at; take_line(r, &line); from = r->at) {
		size_t colon = 0, name_bytes;

		if (line.n == 0 || span_is(line, "\r"))
			return false;
		while (!reader_done(r) && (r->s.p[r->at] == ' ' || r->s.p[r->at] == '\t'))
			(void)take_line(r, &line);
		line = span_cut(r->s, from, r->at - from);
		while (colon < line.n && line.p[colon] > ' ' && line.p[colon] < 0x7f &&
		       line.p[colon] != ':')
			colon++;
		name_bytes = colon;
		/* RFC 5322 section 4.5.3: blanks before the colon. */
		while (colon < line.n && (line.p[colon] == ' ' || line.p[colon] == '\t'))
			colon++;
		if (name_bytes == 0 || colon >= line.n || line.p[colon] != ':')
			continue;
		*name = span_cut(line, 0, name_bytes);
		*body = span_cut(line, colon + 1, line.n);
		if (body->n && body->p[body->n - 1] == '\n')
			body->n--;
		if (body->n && body->p[body->n - 1] == '\r')
			body->n--;
		return true;
	}
	return false;
}

static struct reader fields_of(struct span block)
{
	return (struct reader){ span_cut(block, 0, HEADER_BLOCK_MAX), 0 };
}

bool header_field(struct span block, const char *name, struct span *body_out)
{
	struct reader r = fields_of(block);
	struct span at;

	while (take_field(&r, &at, body_out))
		if (span_ieq(at, name))
			return true;
	*body_out = SPAN_NONE;
	return false;
}

/* What follows the last ';' that is not in a comment or a quoted text; where those do not end,
 * the last ';' of all. */
static bool received_date(struct span body, struct span *out)
{
	struct scan d = { body, 0 };
	const unsigned char *last;
	bool quoted = false, sound = true;
	size_t at = 0;

	while (sound && d.at < body.n) {
		unsigned char x = body.p[d.at];

		if (x == '(' && !quoted) {
			sound = skip_comment(&d);
			continue;
		}
		if (x == '"')
			quoted = !quoted;
		if (x == ';' && !quoted)
			at = d.at + 1;
		d.at += x == '\\' ? 2 : 1;
	}
	if (!sound || quoted) {
		last = memrchr(body.p, ';', body.n);
		at = last ? (size_t)(last - body.p) + 1 : 0;
	}
	*out = span_cut(body, at, body.n);
	return at > 0;
}

void header_dates_of(struct span block, struct header_dates *out)
{
	struct reader r = fields_of(block);
	bool dated = false, received = false;
	struct span name, body, date;

	*out = (struct header_dates){ DATE_UNKNOWN, DATE_UNKNOWN, false };
	while (take_field(&r, &name, &body)) {
		if (span_ieq(name, "Date")) {
			out->further_dates = dated;
			if (!dated)
				out->header_utc = date_of_field(body);
			dated = true;
		} else if (!received && span_ieq(name, "Received")) {
			if (received_date(body, &date))
				out->received_utc = date_of_field(date);
			received = true;
		}
	}
}
