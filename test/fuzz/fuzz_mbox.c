/*
 * mbox: whatever the bytes are, the items lie one behind the other with nothing but empty lines
 * between them, the windows through which they are seen change nothing, and no From_ line after an
 * empty line is inside an item unless Content-Length was trusted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/mbox/split.h"

#include <string.h>

#include "base/civil.h"
#include "format/date.h"
#include "fuzz.h"

#define KEY 77u

static bool read_at(void *of, int64_t at, unsigned char *p, size_t max, size_t *n_out)
{
	struct span left = span_cut(*(const struct span *)of, (size_t)at, max);

	if (left.n)
		memcpy(p, left.p, left.n);
	*n_out = left.n;
	return true;
}

static bool is_empty(struct span line)
{
	return span_is(line, "\n") || span_is(line, "\r\n");
}

/* Is there a From_ line after an empty line in it? */
static bool has_from(struct span s)
{
	struct reader r = { s, 0 };
	struct span line;
	bool empty = false;

	while (take_line(&r, &line)) {
		if (empty && span_starts(line, "From "))
			return true;
		empty = line.n == 0 || span_is(line, "\r");
	}
	return false;
}

static void check_item(struct span all, const struct mbox_split *s, const struct mbox_item *it)
{
	struct span content = span_cut(all, (size_t)it->begin, (size_t)(it->end - it->begin));
	int64_t utc = mbox_from_date(it->from_line);
	struct mbox_sum sum;

	CHECK(it->at < it->begin && it->begin <= it->end && it->end <= s->next);
	CHECK(it->at >= 0 && s->next <= (int64_t)all.n);
	CHECK(span_starts(span_cut(all, (size_t)it->at, 5), "From "));
	CHECK(span_starts(it->from_line, "From ") && it->from_line.n <= FROM_LINE_MAX);
	CHECK(it->end == s->next || is_empty(span_cut(all, (size_t)it->end,
						      (size_t)(s->next - it->end))));
	CHECK(s->head || !has_from(content));
	mbox_sum_begin(&sum, KEY);
	for (size_t at = 0; at < content.n; at += 7)
		mbox_sum_add(&sum, span_cut(content, at, 7));
	CHECK(mbox_sum_end(&sum) == it->sum);
	CHECK(utc == DATE_UNKNOWN || (utc > civil_to_days(1899, 12, 30) * DAY_S &&
				      utc < civil_to_days(10000, 1, 3) * DAY_S));
}

static void check(struct span all, unsigned char *head)
{
	static unsigned char narrow[WINDOW_MIN], wide[(size_t)1 << 16];
	struct mbox_split a = { .read_at = read_at, .of = &all, .size = (int64_t)all.n, .key = KEY,
				.window = narrow, .window_max = sizeof narrow, .head = head };
	struct mbox_split b = a;
	struct mbox_item x, y;
	int64_t stray, same, at;

	b.window = wide;
	b.window_max = sizeof wide;
	CHECK(mbox_split_begin(&a, &stray) && mbox_split_begin(&b, &same) && stray == same);
	at = a.next;
	CHECK(stray == 0 || stray == at);
	while (mbox_split_next(&a, &x)) {
		CHECK(mbox_split_next(&b, &y));
		CHECK(x.at == at && x.at == y.at && x.begin == y.begin && x.end == y.end);
		CHECK(x.sum == y.sum && x.from_cut == y.from_cut &&
		      span_eq(x.from_line, y.from_line));
		check_item(all, &a, &x);
		at = a.next;
	}
	CHECK(!a.failed && at == (int64_t)all.n && !mbox_split_next(&b, &y) && !b.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char head[HEADER_BLOCK_MAX];
	struct span all = span_of(data, size);

	check(all, NULL);
	check(all, head);
	mbox_from_date(all);
	(void)mbox_continues(span_cut(all, 0, 3), span_cut(all, 3, 7));
	return 0;
}
