/*
 * How values read on a page; see page.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/page.h"

#include <stdio.h>

#include "base/civil.h"
#include "format/time.h"

#define SHORT_MAX 96

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

/* Digits in groups of three: 1,204. */
void page_int(struct page_out *o, enum html_place place, int64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)n), first = n < 0;

	for (size_t i = 0; i < len; i++) {
		if (is_for_people(place) && i > first && (len - i) % 3 == 0)
			html_escape(o->b, place, word_group(o->base));
		html_escape(o->b, place, span_of(digits + i, 1));
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
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)(tenths / 10));
	html_escape(o->b, place, span_str(digits));
	if (tenths < 100) {
		snprintf(digits, sizeof digits, "%llu", (unsigned long long)(tenths % 10));
		html_escape(o->b, place, word_decimal(o->base));
		html_escape(o->b, place, span_str(digits));
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

/* In words: with its day, unless that is today; how far away; where clocks show it so. */
static void put_time_words(struct page_out *o, enum html_place place, int64_t utc_s)
{
	int64_t wall = utc_s + zone_offset_s(o->base->zone, utc_s);
	int64_t today = o->base->now_utc_s + zone_offset_s(o->base->zone, o->base->now_utc_s);
	int64_t year, second = wall - civil_day_of(wall) * DAY_S;
	int month, day;
	char clock[SHORT_MAX], years[SHORT_MAX];

	snprintf(clock, sizeof clock, "%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60));
	if (civil_day_of(wall) != civil_day_of(today)) {
		civil_from_days(civil_day_of(wall), &year, &month, &day);
		snprintf(years, sizeof years, "%lld", (long long)year);
		put_word_day(o, place, day, month_of(o->base, month), span_str(years));
		html_escape(o->b, place, SPAN(", "));
	}
	html_escape(o->b, place, span_str(clock));
	html_escape(o->b, place, SPAN(" ("));
	put_distance(o, place, utc_s);
	html_escape(o->b, place, SPAN("), "));
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
	if (place == HTML_TEXT)
		buf_fmt(o->b, "<time datetime=\"%s\">", text);
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
	const char *sign = left_s < 0 ? "+" : "";
	uint64_t s = left_s < 0 ? 0 - (uint64_t)left_s : (uint64_t)left_s;
	char text[SHORT_MAX];

	if (!is_for_people(place)) {
		page_int(o, place, left_s);
		return;
	}
	html_escape(o->b, place, span_str(sign));
	if (s < 100 * 60) {
		snprintf(text, sizeof text, "%02u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
		html_escape(o->b, place, span_str(text));
	} else if (s < 2 * 86400) {
		snprintf(text, sizeof text, "%02u", (unsigned)(s / 60 % 60));
		put_word_clock_h(o, place, (int64_t)(s / 3600), span_str(text));
	} else {
		put_word_clock_d(o, place, (int64_t)(s / 86400));
	}
}
