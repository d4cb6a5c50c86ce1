/*
 * Spans, readers, hex and base64.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/span.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "base/num.h"

uint32_t span_spread(uint32_t from, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		from = (from ^ s.p[i]) * 16777619u;
	return from;
}

bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_is(struct span a, const char *z)
{
	return span_eq(a, span_str(z));
}

bool span_starts(struct span a, const char *z)
{
	size_t n = strlen(z);

	return a.n >= n && (n == 0 || memcmp(a.p, z, n) == 0);
}

bool span_ends(struct span a, const char *z)
{
	size_t n = strlen(z);

	return a.n >= n && (n == 0 || memcmp(a.p + a.n - n, z, n) == 0);
}

int span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

static unsigned char lower(unsigned char x)
{
	return x >= 'A' && x <= 'Z' ? (unsigned char)(x + 32) : x;
}

bool span_ieq(struct span a, const char *z)
{
	if (a.n != strlen(z))
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower((unsigned char)z[i]))
			return false;
	return true;
}

static bool is_blank(unsigned char x)
{
	return x == ' ' || x == '\t' || x == '\r' || x == '\n';
}

struct span span_trim(struct span s)
{
	while (s.n && is_blank(s.p[0]))
		s = span_cut(s, 1, s.n);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool span_split(struct span s, unsigned char sep, struct span *head, struct span *tail)
{
	const unsigned char *at = s.n ? memchr(s.p, sep, s.n) : NULL;

	if (!at)
		return false;
	*head = span_cut(s, 0, (size_t)(at - s.p));
	*tail = span_cut(s, head->n + 1, s.n);
	return true;
}

bool span_next(struct span *rest, unsigned char sep, struct span *out)
{
	if (!rest->n)
		return false;
	if (!span_split(*rest, sep, out, rest)) {
		*out = *rest;
		*rest = SPAN_NONE;
	}
	return true;
}

bool span_split_at(struct span s, const char *word, struct span *head, struct span *tail)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= s.n; i++)
		if (memcmp(s.p + i, word, n) == 0) {
			*head = span_cut(s, 0, i);
			*tail = span_cut(s, i + n, s.n);
			return true;
		}
	return false;
}

/* Length of the well-formed sequence at the start of s, 0 if there is none (Unicode table 3-7). */
static size_t utf8_sequence(struct span s)
{
	unsigned char a = s.p[0], low = 0x80, high = 0xbf;
	size_t n = a < 0x80                 ? 1
		   : a >= 0xc2 && a <= 0xdf ? 2
		   : a >= 0xe0 && a <= 0xef ? 3
		   : a >= 0xf0 && a <= 0xf4 ? 4
					    : 0;

	if (n == 0 || n > s.n)
		return 0;
	if (a == 0xe0)
		low = 0xa0;
	if (a == 0xed)
		high = 0x9f;
	if (a == 0xf0)
		low = 0x90;
	if (a == 0xf4)
		high = 0x8f;
	if (n > 1 && (s.p[1] < low || s.p[1] > high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s.p[i] < 0x80 || s.p[i] > 0xbf)
			return 0;
	return n;
}

bool span_is_utf8(struct span s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		n = s.p[i] < 0x80 ? 1 : utf8_sequence(span_cut(s, i, s.n));
		if (n == 0)
			return false;
	}
	return true;
}

bool span_to_i64(struct span s, int64_t *out)
{
	bool negative = s.n > 1 && s.p[0] == '-';
	int64_t v = 0;

	if (negative)
		s = span_cut(s, 1, s.n);
	if (s.n == 0 || (s.n > 1 && s.p[0] == '0') || (negative && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (!num_mul(v, 10, &v) || !num_add(v, negative ? '0' - s.p[i] : s.p[i] - '0', &v))
			return false;
	}
	*out = v;
	return true;
}

enum err span_copy(struct ctx *c, struct span s, struct span *out)
{
	unsigned char *p;

	TRY(NEW_ARRAY(c, p, s.n));
	if (s.n)
		memcpy(p, s.p, s.n);
	*out = (struct span){ p, s.n };
	return ERR_OK;
}

enum err span_cstr(struct ctx *c, struct span s, char **out)
{
	if (s.n && memchr(s.p, 0, s.n))
		FAIL(c, ERR_FORMAT, "a text holds a NUL byte");
	TRY(NEW_ARRAY(c, *out, s.n + 1));
	if (s.n)
		memcpy(*out, s.p, s.n);
	return ERR_OK;
}

enum err span_fmt(struct ctx *c, struct span *out, const char *fmt, ...)
{
	va_list args, again;
	char *p;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	p = n < 0 ? NULL : arena_alloc(c, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	if (!p)
		FAIL(c, ERR_NOMEM, "no memory for a text");
	*out = span_of(p, (size_t)n);
	return ERR_OK;
}

bool span_eq_secret(struct span a, struct span b)
{
	unsigned char differ = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ |= a.p[i] ^ b.p[i];
	return differ == 0;
}

void wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

bool take_bytes(struct reader *r, size_t n, struct span *out)
{
	if (n > r->s.n - r->at)
		return false;
	*out = (struct span){ r->s.p + r->at, n };
	r->at += n;
	return true;
}

static bool take_be(struct reader *r, size_t n, uint64_t *out)
{
	struct span s;

	if (!take_bytes(r, n, &s))
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++)
		*out = *out << 8 | s.p[i];
	return true;
}

bool take_u8(struct reader *r, uint8_t *out)
{
	uint64_t v;

	if (!take_be(r, 1, &v))
		return false;
	*out = (uint8_t)v;
	return true;
}

bool take_u16(struct reader *r, uint16_t *out)
{
	uint64_t v;

	if (!take_be(r, 2, &v))
		return false;
	*out = (uint16_t)v;
	return true;
}

bool take_u32(struct reader *r, uint32_t *out)
{
	uint64_t v;

	if (!take_be(r, 4, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

bool take_u64(struct reader *r, uint64_t *out)
{
	return take_be(r, 8, out);
}

bool take_string(struct reader *r, struct span *out)
{
	struct reader was = *r;
	uint32_t n;

	if (take_u32(r, &n) && take_bytes(r, n, out))
		return true;
	*r = was;
	return false;
}

bool take_line(struct reader *r, struct span *out)
{
	struct span rest = span_cut(r->s, r->at, r->s.n), tail;

	if (reader_done(r))
		return false;
	if (!span_split(rest, '\n', out, &tail)) {
		*out = rest;
		r->at = r->s.n;
		return true;
	}
	r->at += out->n + 1;
	return true;
}

bool take_until(struct reader *r, unsigned char sep, struct span *out)
{
	struct span tail;

	if (!span_split(span_cut(r->s, r->at, r->s.n), sep, out, &tail))
		return false;
	r->at += out->n + 1;
	return true;
}

bool reader_done(const struct reader *r)
{
	return r->at >= r->s.n;
}
