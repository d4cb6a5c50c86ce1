/*
 * The mbox splitter; see split.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/mbox/split.h"

#include <string.h>

#include "format/date.h"

#define FROM "From "
#define FROM_BYTES ((int64_t)5)
#define MARK "\xef\xbb\xbf"             /* U+FEFF, as some editors put it before everything */
#define MARK_BYTES ((int64_t)3)
#define LOOK_BYTES ((size_t)8)          /* an empty line, and a From_ line's beginning */
#define CONTENT_LENGTH_DIGITS 15u

/* ---- the sum ---- */

static uint64_t mix(uint64_t h, const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

void mbox_sum_begin(struct mbox_sum *s, uint64_t key)
{
	*s = (struct mbox_sum){ .h = key };
}

void mbox_sum_add(struct mbox_sum *s, struct span bytes)
{
	size_t in_rest = s->bytes % sizeof s->rest;

	s->bytes += bytes.n;
	while (in_rest && bytes.n) {
		s->rest[in_rest++] = bytes.p[0];
		bytes = span_cut(bytes, 1, bytes.n);
		if (in_rest == sizeof s->rest) {
			s->h = mix(s->h, s->rest);
			in_rest = 0;
		}
	}
	while (bytes.n >= sizeof s->rest) {
		s->h = mix(s->h, bytes.p);
		bytes.p += sizeof s->rest;
		bytes.n -= sizeof s->rest;
	}
	if (bytes.n)
		memcpy(s->rest, bytes.p, bytes.n);
}

uint64_t mbox_sum_end(const struct mbox_sum *s)
{
	struct mbox_sum last = *s;
	size_t in_rest = last.bytes % sizeof last.rest;

	memset(last.rest + in_rest, 0, sizeof last.rest - in_rest);
	last.h = mix(last.h, last.rest);
	memcpy(last.rest, &last.bytes, sizeof last.rest);
	return mix(last.h, last.rest);
}

/* ---- looking at bytes ---- */

/* What lies from there on: at least need bytes where there are so many, up to the window's end. */
static struct span look(struct mbox_split *s, int64_t at, size_t need)
{
	int64_t left = s->size - at;
	size_t want = left < (int64_t)need ? (size_t)(left > 0 ? left : 0) : need;
	size_t in, max = s->window_max;

	if (want == 0)
		return SPAN_NONE;
	if (at < s->window_at || at + (int64_t)want > s->window_at + (int64_t)s->window_n) {
		/* An item that is searched for its end is summed up afterwards: keep it, if it
		 * fits. */
		s->window_at = at >= s->keep && at - s->keep <= (int64_t)max / 2 ? s->keep : at;
		if (s->size - s->window_at < (int64_t)max)
			max = (size_t)(s->size - s->window_at);
		if (!s->read_at(s->of, s->window_at, s->window, max, &s->window_n) ||
		    s->window_n < max) {
			s->window_n = 0;
			s->failed = true;
			return SPAN_NONE;
		}
	}
	in = (size_t)(at - s->window_at);
	return span_of(s->window + in, s->window_n - in);
}

/* Length of an empty line that ends the bytes, whose first byte begins a line; 0 if none does. */
static size_t empty_last(struct span before)
{
	if (before.n == 0 || before.p[before.n - 1] != '\n')
		return 0;
	if (before.n == 1 || before.p[before.n - 2] == '\n')
		return 1;
	if (before.p[before.n - 2] == '\r' && (before.n == 2 || before.p[before.n - 3] == '\n'))
		return 2;
	return 0;
}

static size_t empty_first(struct span there)
{
	return span_starts(there, "\n") ? 1 : span_starts(there, "\r\n") ? 2 : 0;
}

/* Length of the empty line that ends at `at`; no line is looked for before first. */
static size_t empty_before(struct mbox_split *s, int64_t first, int64_t at)
{
	int64_t from = at - first > 3 ? at - 3 : first;

	return empty_last(span_cut(look(s, from, (size_t)(at - from)), 0, (size_t)(at - from)));
}

static bool is_from(struct mbox_split *s, int64_t at)
{
	return span_starts(look(s, at, (size_t)FROM_BYTES), FROM);
}

bool mbox_continues(struct span before, struct span there)
{
	size_t gap = empty_first(there);

	if (there.n == 0 || span_is(there, "\r"))
		return true;
	if (before.n && before.p[before.n - 1] != '\n')
		return false;
	if (gap == 0 && before.n && empty_last(before) == 0)
		return false;
	there = span_cut(there, gap, (size_t)FROM_BYTES);
	return span_eq(there, span_cut(SPAN(FROM), 0, there.n));
}

/* ---- items ---- */

/* The first From_ line after an empty line, both at or behind first, which begins a line; or the
 * size. */
static int64_t next_find(struct mbox_split *s, int64_t first)
{
	int64_t at = first;

	for (;;) {
		struct span in = look(s, at, LOOK_BYTES);
		const unsigned char *p = NULL;
		int64_t from;

		if (in.n > (size_t)FROM_BYTES)
			p = memmem(in.p, in.n, "\n" FROM, (size_t)FROM_BYTES + 1);
		if (!p && (s->failed || at + (int64_t)in.n >= s->size))
			return s->size;
		if (!p) {
			at += (int64_t)in.n - FROM_BYTES;       /* it may begin here */
			continue;
		}
		from = at + (p - in.p) + 1;
		if (empty_before(s, first, from))
			return from;
		at = from;
	}
}

/* What the header block says, or -1. A field that does not end within it says nothing. */
static int64_t content_length(struct span block)
{
	struct span body;
	int64_t n;

	if (!header_field(block, "Content-Length", &body))
		return -1;
	body = span_trim(body);
	if (body.n > CONTENT_LENGTH_DIGITS || !span_to_i64(body, &n))
		return -1;
	return n;
}

/* Where the next item begins if the item's Content-Length is to be trusted, else -1. The field
 * counts the body, of which the empty line before the next item may be taken to be a part. */
static int64_t next_told(struct mbox_split *s, int64_t begin)
{
	int64_t left = s->size - begin, n, end;
	size_t max = left < (int64_t)HEADER_BLOCK_MAX ? (size_t)left : HEADER_BLOCK_MAX, got, block;

	if (!s->read_at(s->of, begin, s->head, max, &got) || got < max) {
		s->failed = true;
		return -1;
	}
	block = header_block_length(span_of(s->head, got));
	if (block == 0 || block == HEADER_BLOCK_MAX)
		return -1;
	n = content_length(span_of(s->head, block));
	end = begin + (int64_t)block + n;
	if (n < 0 || end > s->size)
		return -1;
	if (end == s->size || (is_from(s, end) && empty_before(s, begin, end)))
		return end;
	if (!span_is(span_cut(look(s, end - 1, 1), 0, 1), "\n"))
		return -1;
	end += (int64_t)empty_first(look(s, end, 2));
	return end == s->size || (is_from(s, end) && empty_before(s, begin, end)) ? end : -1;
}

/* Reads the From_ line at s->next; where the line behind it begins. */
static int64_t from_take(struct mbox_split *s, struct mbox_item *it)
{
	size_t kept = 0;
	int64_t at = s->next;

	for (;;) {
		struct span in = look(s, at, 1), line = in;
		const unsigned char *p = in.n ? memchr(in.p, '\n', in.n) : NULL;

		if (p)
			line = span_cut(in, 0, (size_t)(p - in.p));
		at += (int64_t)line.n + (p != NULL);
		it->from_cut |= line.n > sizeof s->from - kept;
		line = span_cut(line, 0, sizeof s->from - kept);
		if (line.n)
			memcpy(s->from + kept, line.p, line.n);
		kept += line.n;
		if (p || in.n == 0)
			break;
	}
	it->from_line = span_of(s->from, kept);
	if (span_ends(it->from_line, "\r"))
		it->from_line.n--;
	return at;
}

static void item_sum(struct mbox_split *s, struct mbox_item *it)
{
	struct mbox_sum sum;

	mbox_sum_begin(&sum, s->key);
	for (int64_t at = it->begin; at < it->end && !s->failed;) {
		struct span in = look(s, at, 1);

		if ((int64_t)in.n > it->end - at)
			in = span_cut(in, 0, (size_t)(it->end - at));
		mbox_sum_add(&sum, in);
		at += (int64_t)in.n;
	}
	it->sum = mbox_sum_end(&sum);
}

bool mbox_split_begin(struct mbox_split *s, int64_t *stray_out)
{
	bool stray = false;

	*stray_out = 0;
	s->next = s->window_at = s->keep = 0;
	s->window_n = 0;
	s->failed = false;
	if (is_from(s, 0) || s->failed)
		return !s->failed;
	if (span_starts(look(s, 0, (size_t)(MARK_BYTES + FROM_BYTES)), MARK FROM)) {
		s->next = MARK_BYTES;
		return true;
	}
	s->next = next_find(s, 0);
	for (int64_t at = 0; at < s->next && !stray && !s->failed;) {
		struct span in = look(s, at, 1);

		in = span_cut(in, 0, (size_t)(s->next - at));
		for (size_t i = 0; i < in.n; i++)
			stray |= in.p[i] != '\n' && in.p[i] != '\r';
		at += (int64_t)in.n;
	}
	*stray_out = stray ? s->next : 0;
	return !s->failed;
}

bool mbox_split_next(struct mbox_split *s, struct mbox_item *out)
{
	int64_t next = -1;

	*out = (struct mbox_item){ .at = s->next };
	if (s->failed || s->next >= s->size)
		return false;
	s->keep = s->next;
	out->begin = from_take(s, out);
	s->keep = out->begin;
	if (s->head && !s->failed)
		next = next_told(s, out->begin);
	if (next < 0)
		next = next_find(s, out->begin);
	out->end = next - (int64_t)empty_before(s, out->begin, next);
	item_sum(s, out);
	s->next = next;
	return !s->failed;
}
