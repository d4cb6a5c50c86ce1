/*
 * Growing buffers with a maximum.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_SIZE 256u

void buf_begin(struct buf *b, struct ctx *c, size_t max_bytes)
{
	*b = (struct buf){ .arena = c->arena, .max = max_bytes };
}

static bool buf_reserve(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_SIZE;
	unsigned char *p;

	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return false;
	}
	if (n <= b->cap - b->n)
		return true;
	while (cap - b->n < n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	p = arena_take(b->arena, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	if (b->n)
		memcpy(p, b->p, b->n);
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, struct span s)
{
	if (s.n == 0 || !buf_reserve(b, s.n))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list args, again;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	/* vsnprintf writes a final NUL: room for one byte more, not counted. */
	if (n < 0 || b->n == b->max || !buf_reserve(b, (size_t)n + 1))
		b->failed = true;
	else {
		vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_byte(struct buf *b, unsigned char x)
{
	if (buf_reserve(b, 1))
		b->p[b->n++] = x;
}

void buf_i64(struct buf *b, int64_t i)
{
	unsigned char digits[24];
	size_t at = sizeof digits;
	uint64_t left = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

	do
		digits[--at] = (unsigned char)('0' + left % 10);
	while (left /= 10);
	if (i < 0)
		digits[--at] = '-';
	buf_add(b, span_of(digits + at, sizeof digits - at));
}

static void buf_be(struct buf *b, uint64_t x, size_t n)
{
	unsigned char p[8];

	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(x >> (8 * (n - 1 - i)));
	buf_add(b, span_of(p, n));
}

void buf_u16(struct buf *b, uint16_t x)
{
	buf_be(b, x, 2);
}

void buf_u32(struct buf *b, uint32_t x)
{
	buf_be(b, x, 4);
}

void buf_u64(struct buf *b, uint64_t x)
{
	buf_be(b, x, 8);
}

void buf_string(struct buf *b, struct span s)
{
	if (s.n > UINT32_MAX)
		b->failed = true;
	buf_u32(b, (uint32_t)s.n);
	buf_add(b, s);
}

void buf_hex(struct buf *b, struct span s)
{
	static const char digit[] = "0123456789abcdef";

	if (s.n > SIZE_MAX / 2 || !buf_reserve(b, 2 * s.n))
		return;
	for (size_t i = 0; i < s.n; i++) {
		b->p[b->n++] = (unsigned char)digit[s.p[i] >> 4];
		b->p[b->n++] = (unsigned char)digit[s.p[i] & 15];
	}
}

enum err buf_done(struct ctx *c, const struct buf *b, struct span *out)
{
	*out = SPAN_NONE;
	if (b->failed && b->n + 1 >= b->max)
		FAIL(c, ERR_LIMIT, "a text would be longer than its limit of %zu bytes", b->max);
	if (b->failed)
		FAIL(c, ERR_LIMIT, "a text does not fit into %zu bytes or into memory", b->max);
	*out = (struct span){ b->p, b->n };
	return ERR_OK;
}
