/*
 * Escaping by place; see html.h. What is shown instead of a character: those that no reader sees
 * (zero width, tags), that turn or end the direction of a text (Unicode TR9, TR36), that are no
 * characters, and the controls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/html.h"

static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0x0080, 0x009f },   { 0x00ad, 0x00ad },   { 0x034f, 0x034f }, { 0x061c, 0x061c },
	{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f }, { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 }, { 0xfdd0, 0xfdef },
	{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* From right to left: Hebrew, Arabic and their like, whose neighbours change their order. */
static const struct {
	uint32_t first, last;
} leftward[] = {
	{ 0x0590, 0x08ff },   { 0xfb1d, 0xfdff },   { 0xfe70, 0xfefe },
	{ 0x10800, 0x10fff }, { 0x1e800, 0x1efff },
};

/* The character that begins s, and its length; 0 where the bytes there are no UTF-8. */
static size_t take_char(struct span s, uint32_t *out)
{
	unsigned char x = s.p[0];
	size_t n = x < 0x80 ? 1 : x < 0xc2 ? 0 : x < 0xe0 ? 2 : x < 0xf0 ? 3 : x < 0xf5 ? 4 : 0;

	if (n == 0 || n > s.n || !span_is_utf8(span_cut(s, 0, n)))
		return 0;
	*out = n == 1 ? x : x & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		*out = *out << 6 | (s.p[i] & 0x3fu);
	return n;
}

/* Zero width joiners are letters' business in Persian, Indic and emoji, variation selectors in
 * Han; between others they only hide that two names differ. */
static bool is_script(uint32_t x)
{
	return x >= 0x0600 && x != 0x200c && x != 0x200d && x != 0xfffd;
}

static bool belongs(uint32_t x, uint32_t before, uint32_t after)
{
	if (x == 0x200c || x == 0x200d)
		return is_script(before) && is_script(after);
	return x >= 0xe0100 && x <= 0xe01ef && before >= 0x3400 && before < 0xe0000 &&
	       before != 0xfffd;
}

/* Whoever stands beside it. */
static bool may_be_unseen(uint32_t x)
{
	if ((x & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < sizeof unseen / sizeof unseen[0] && x >= unseen[i].first; i++)
		if (x <= unseen[i].last)
			return true;
	return false;
}

static bool is_unseen(uint32_t x, uint32_t before, uint32_t after)
{
	return may_be_unseen(x) && !belongs(x, before, after);
}

static bool is_leftward(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint32_t x = 0;

		if (s.p[i] < 0xd6 || !take_char(span_cut(s, i, s.n), &x)) /* U+0590 is d6 90 */
			continue;
		for (size_t k = 0; k < sizeof leftward / sizeof leftward[0]; k++)
			if (x >= leftward[k].first && x <= leftward[k].last)
				return true;
	}
	return false;
}

static void put_ascii(struct buf *b, struct span s, size_t i)
{
	unsigned char x = s.p[i];

	if (x == '<')
		buf_str(b, "&lt;");
	else if (x == '>')
		buf_str(b, "&gt;");
	else if (x == '&')
		buf_str(b, "&amp;");
	else if (x == '"')
		buf_str(b, "&quot;");
	else if (x == '\'')
		buf_str(b, "&#39;");
	else if (x == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
		return;
	else if (x == 0x7f)
		buf_str(b, "\xe2\x90\xa1");
	else if (x < 0x20 && x != '\n' && x != '\t')
		buf_add(b, span_of((unsigned char[]){ 0xe2, 0x90, (unsigned char)(0x80 + x) }, 3));
	else
		buf_byte(b, x);
}

/* The bytes that stand for themselves in a text, from the start of s. */
static size_t plain_run(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '<' && s.p[n] != '>' &&
	       s.p[n] != '&' && s.p[n] != '"' && s.p[n] != '\'')
		n++;
	return n;
}

/* Mathematical white square brackets, U+27E6 and U+27E7. */
#define OPENS "\xe2\x9f\xa6"
#define CLOSES "\xe2\x9f\xa7"
#define OPENS_CHAR 0x27e6u

static void put_text(struct buf *b, struct span s, bool value)
{
	uint32_t before = 0;

	for (size_t i = 0; i < s.n;) {
		size_t run = plain_run(span_cut(s, i, s.n)), n;
		uint32_t x = 0, after = 0;

		if (run) {
			buf_add(b, span_cut(s, i, run));
			i += run;
			before = ' ';
			continue;
		}
		n = take_char(span_cut(s, i, s.n), &x);
		if (n > 1 && i + n < s.n)
			take_char(span_cut(s, i + n, s.n), &after);
		if (n == 0)
			buf_str(b, "\xef\xbf\xbd");
		else if (n == 1)
			put_ascii(b, s, i);
		else if (is_unseen(x, before, after) ||
			 (value && span_starts(span_cut(s, i, s.n), OPENS "U+")))
			buf_fmt(b, "%sU+%04X%s", value ? OPENS : "[", x, value ? CLOSES : "]");
		else
			buf_add(b, span_cut(s, i, n));
		before = x;
		i += n ? n : 1;
	}
}

/* The character that a mark at the beginning of s stands for, and the mark's length; else 0. */
static size_t take_mark(struct span s, uint32_t *out)
{
	size_t n = sizeof OPENS "U+" - 1, digits = 0;

	if (!span_starts(s, OPENS "U+"))
		return 0;
	for (*out = 0; n + digits < s.n && digits < 6; digits++) {
		unsigned char x = s.p[n + digits];

		if (x >= '0' && x <= '9')
			*out = *out << 4 | (uint32_t)(x - '0');
		else if (x >= 'A' && x <= 'F')
			*out = *out << 4 | (uint32_t)(x - 'A' + 10);
		else
			break;
	}
	if (digits < 4 || !span_starts(span_cut(s, n + digits, s.n), CLOSES) ||
	    !(*out == OPENS_CHAR || (*out <= 0x10ffff && may_be_unseen(*out))))
		return 0;
	return n + digits + sizeof CLOSES - 1;
}

static void put_char(struct buf *b, uint32_t x)
{
	if (x >= 0x10000) {
		buf_byte(b, (unsigned char)(0xf0 | x >> 18));
		buf_byte(b, (unsigned char)(0x80 | (x >> 12 & 0x3f)));
	} else if (x >= 0x800) {
		buf_byte(b, (unsigned char)(0xe0 | x >> 12));
	}
	buf_byte(b, (unsigned char)(x >= 0x800 ? 0x80 | (x >> 6 & 0x3f) : 0xc0 | x >> 6));
	buf_byte(b, (unsigned char)(0x80 | (x & 0x3f)));
}

enum err html_value_read(struct ctx *c, struct span s, struct span *out)
{
	struct buf b;
	uint32_t x;

	buf_begin(&b, c, s.n + 1);
	for (size_t i = 0; i < s.n;) {
		size_t n = take_mark(span_cut(s, i, s.n), &x);

		if (n)
			put_char(&b, x);
		else
			buf_byte(&b, s.p[i]);
		i += n ? n : 1;
	}
	return buf_done(c, &b, out);
}

static bool stands_for_itself(unsigned char x, const char *others)
{
	return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') ||
	       (x && strchr(others, x));
}

static void put_percent(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (stands_for_itself(s.p[i], "-._~"))
			buf_byte(b, s.p[i]);
		else
			buf_fmt(b, "%%%02X", s.p[i]);
	}
}

static void put_id(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (stands_for_itself(s.p[i], "-_"))
			buf_byte(b, s.p[i]);
		else
			buf_fmt(b, ":%02x", s.p[i]);
	}
}

void html_escape(struct buf *b, enum html_place place, struct span s)
{
	bool isolate = place == HTML_TEXT && is_leftward(s);

	switch (place) {
	case HTML_TEXT:
	case HTML_RAW:
	case HTML_ATTR:
	case HTML_VALUE:
		buf_str(b, isolate ? "<bdi>" : "");
		put_text(b, s, place == HTML_VALUE);
		buf_str(b, isolate ? "</bdi>" : "");
		break;
	case HTML_SEGMENT:
		/* Parsers take a segment of dots away, however it is written: a page that is not
		 * there is the answer. */
		if (s.n == 0 || span_is(s, ".") || span_is(s, ".."))
			s = SPAN("\xef\xbf\xbd");
		/* fall through */
	case HTML_QUERY:
		put_percent(b, s);
		break;
	case HTML_ID:
		put_id(b, s);
		break;
	case HTML_PLAIN:
		buf_add(b, s);
		break;
	}
}

void html_link(struct buf *b, bool own, struct span url)
{
	static const char *const foreign[] = { "https://", "mailto:", "tel:" };
	bool ok = span_starts(url, "/") && !span_starts(url, "//");

	for (size_t i = 0; !own && i < sizeof foreign / sizeof foreign[0]; i++)
		ok = ok || (span_starts(url, foreign[i]) && url.n > strlen(foreign[i]));
	/* A browser reads '\' as '/', and leaves out tabs and line ends. */
	for (size_t i = 0; i < url.n; i++)
		ok = ok && url.p[i] > 0x20 && url.p[i] < 0x7f && url.p[i] != '\\';
	html_escape(b, HTML_ATTR, ok ? url : SPAN("#"));
}
