/*
 * How values read on a page; see page.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/page.h"

#include "base/civil.h"
#include "format/time.h"

enum err page_begin(struct ctx *c, struct page_out *o, const struct page_base *base, struct buf *b)
{
	*o = (struct page_out){ .b = b, .base = base };
	if (!base->zone || (unsigned)base->language >= WORDS_LANGUAGES)
		FAIL(c, ERR_FAILED, "a page was asked for without a time zone or a language");
	return ERR_OK;
}

enum err page_end(struct ctx *c, struct page_out *o)
{
	struct span all;

	if (o->no_token)
		FAIL(c, ERR_STATE, "this page has a form, and its session has no token for it");
	return buf_done(c, o->b, &all);
}

void page_raw(struct page_out *o, struct span markup)
{
	buf_add(o->b, markup);
}

void page_language(struct page_out *o)
{
	buf_str(o->b, " lang=\"");
	html_escape(o->b, HTML_ATTR, span_str(words_languages[o->base->language].code));
	buf_byte(o->b, '"');
}

void page_token(struct page_out *o)
{
	o->no_token = o->no_token || o->base->token.n == 0;
	buf_str(o->b, "<input type=\"hidden\" name=\"token\" value=\"");
	html_escape(o->b, HTML_ATTR, o->base->token);
	buf_str(o->b, "\">");
}

void page_text(struct page_out *o, enum html_place place, struct span s)
{
	html_escape(o->b, place, s);
}

void page_link(struct page_out *o, bool own, struct span url)
{
	html_link(o->b, own, url);
}

/* Words, not an id, a value in an address, or a text that a program reads. */
static bool is_for_people(enum html_place place)
{
	return place == HTML_TEXT || place == HTML_RAW || place == HTML_ATTR || place == HTML_PLAIN;
}

/* Decimal, at the end of out; two digits at least where wide. */
static struct span digits_of(uint64_t n, bool wide, char out[24])
{
	size_t at = 24;

	do
		out[--at] = (char)('0' + n % 10);
	while (n /= 10);
	if (wide && at == 23)
		out[--at] = '0';
	return span_of(out + at, 24 - at);
}

/* Digits in groups of three: 1,204. */
void page_int(struct page_out *o, enum html_place place, int64_t n)
{
	struct span digits;
	char text[24];
	size_t first;

	if (!is_for_people(place)) {
		buf_i64(o->b, n);
		return;
	}
	digits = digits_of(n < 0 ? 0 - (uint64_t)n : (uint64_t)n, false, text);
	first = (digits.n - 1) % 3 + 1;
	buf_str(o->b, n < 0 ? "-" : "");
	buf_add(o->b, span_cut(digits, 0, first));
	for (size_t at = first; at < digits.n; at += 3) {
		html_escape(o->b, place, word_group(o->base));
		buf_add(o->b, span_cut(digits, at, 3));
	}
}

/* 512 bytes, 3.1 MB, 213 MB: thousands, as disks and networks count them. */
void page_bytes(struct page_out *o, enum html_place place, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t n = bytes < 0 ? 0 : (uint64_t)bytes, tenths;
	size_t unit = 0;
	char digits[24];

	if (!is_for_people(place)) {
		page_int(o, place, bytes);
		return;
	}
	if (n < 1000) {
		put_word_bytes(o, place, (int64_t)n);
		return;
	}
	for (tenths = n / 100; tenths >= 10000 && unit < 5; unit++)
		tenths /= 1000;
	buf_add(o->b, digits_of(tenths / 10, false, digits));
	if (tenths < 100) {
		html_escape(o->b, place, word_decimal(o->base));
		buf_add(o->b, digits_of(tenths % 10, false, digits));
	}
	html_escape(o->b, place, SPAN("\xc2\xa0"));
	html_escape(o->b, place, span_str(units[unit]));
}

static struct span month_of(const struct page_base *base, int month)
{
	struct span (*const names[])(const struct page_base *) = {
		word_month_1, word_month_2,  word_month_3,  word_month_4,
		word_month_5, word_month_6,  word_month_7,  word_month_8,
		word_month_9, word_month_10, word_month_11, word_month_12,
	};

	return names[month - 1](base);
}

/* 12 min ago, in 3 d. */
static void put_distance(struct page_out *o, enum html_place place, int64_t utc_s)
{
	int64_t now = o->base->now_utc_s;
	bool past = utc_s <= now;
	uint64_t s = past ? (uint64_t)now - (uint64_t)utc_s : (uint64_t)utc_s - (uint64_t)now;
	int64_t min = (int64_t)(s / 60), h = (int64_t)(s / 3600), d = (int64_t)(s / 86400);

	if (s < 60)
		html_escape(o->b, place, word_ago_now(o->base));
	else if (s < 3600)
		past ? put_word_ago_min(o, place, min) : put_word_in_min(o, place, min);
	else if (s < 2 * 86400)
		past ? put_word_ago_h(o, place, h) : put_word_in_h(o, place, h);
	else
		past ? put_word_ago_d(o, place, d) : put_word_in_d(o, place, d);
}

static void until(const struct page_out *o, int64_t utc_s)
{
	if (o->base->until_utc_s && utc_s < *o->base->until_utc_s)
		*o->base->until_utc_s = utc_s;
}

/* In words: with its day, unless that is today; how far away; where clocks show it so. */
static void put_time_words(struct page_out *o, enum html_place place, int64_t utc_s)
{
	int64_t wall = utc_s + zone_offset_s(o->base->zone, utc_s);
	int64_t today = o->base->now_utc_s + zone_offset_s(o->base->zone, o->base->now_utc_s);
	int64_t year, second = wall - civil_day_of(wall) * DAY_S;
	int month, day;
	char text[24];

	until(o, time_ago_changes(utc_s, o->base->now_utc_s, 3600));
	until(o, o->base->now_utc_s + DAY_S - (today - civil_day_of(today) * DAY_S));
	if (civil_day_of(wall) != civil_day_of(today)) {
		civil_from_days(civil_day_of(wall), &year, &month, &day);
		put_word_day(o, place, day, month_of(o->base, month),
			     digits_of(year < 0 ? 0 : (uint64_t)year, false, text));
		buf_str(o->b, ", ");
	}
	buf_add(o->b, digits_of((uint64_t)second / 3600, true, text));
	buf_byte(o->b, ':');
	buf_add(o->b, digits_of((uint64_t)second / 60 % 60, true, text));
	buf_str(o->b, " (");
	put_distance(o, place, utc_s);
	buf_str(o->b, "), ");
	html_escape(o->b, place, o->base->zone_name);
}

void page_time(struct page_out *o, enum html_place place, int64_t utc_s)
{
	char text[TIME_TEXT_MAX];

	/* What time_text can write; anything else is nobody's instant. */
	if (utc_s < INT64_C(-62135596800) || utc_s > INT64_C(253402300799)) {
		page_int(o, place, utc_s);
		return;
	}
	time_text(utc_s, text);
	if (place == HTML_TEXT) {
		buf_str(o->b, "<time datetime=\"");
		buf_str(o->b, text);
		buf_str(o->b, "\">");
	}
	if (is_for_people(place))
		put_time_words(o, place, utc_s);
	else
		html_escape(o->b, place, span_str(text));
	if (place == HTML_TEXT)
		buf_str(o->b, "</time>");
}

/* What is left until something is due: 06:50, 5 h 07 min, 3 d; with a + when it is over. */
void page_clock(struct page_out *o, enum html_place place, int64_t left_s)
{
	uint64_t s = left_s < 0 ? 0 - (uint64_t)left_s : (uint64_t)left_s;
	char text[24];

	if (!is_for_people(place)) {
		page_int(o, place, left_s);
		return;
	}
	until(o, o->base->now_utc_s + 1);
	buf_str(o->b, left_s < 0 ? "+" : "");
	if (s < 100 * 60) {
		buf_add(o->b, digits_of(s / 60, true, text));
		buf_byte(o->b, ':');
		buf_add(o->b, digits_of(s % 60, true, text));
	} else if (s < 2 * 86400) {
		put_word_clock_h(o, place, (int64_t)(s / 3600), digits_of(s / 60 % 60, true, text));
	} else {
		put_word_clock_d(o, place, (int64_t)(s / 86400));
	}
}
