/*
 * Pages that were made a moment ago; see shelf.h. Each belongs in one row of a few places, by its
 * sitting and target: where all are taken a newer one takes the oldest's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/shelf.h"

#include <string.h>

#include "base/num.h"

#define PLACES 32768u                   /* a power of two */
#define ROW 4u /* with one place, one in seven of 5,000 pages shares its own */
#define PAGE_MAX ((size_t)1 << 20)      /* a longer one is not kept */

struct place {
	struct kept_answer answer;      /* first: they are one piece of memory */
	struct shelf_page page;
	size_t bytes;
};

struct shelf {
	struct place *places[PLACES];
	size_t bytes, clear_next;
};

enum err shelf_open(struct ctx *c, struct shelf **out)
{
	return NEW(c, *out);
}

/* The first place of its row; whose page it is says the comparison of the whole key. */
static size_t row_of(const struct shelf_page *p)
{
	uint32_t h = span_spread(span_spread(span_spread(SPAN_SPREAD, p->sitting), p->origin),
				 p->target);

	return (h ^ h >> 16) & (PLACES - ROW);
}

/* The place of a page of that key, or PLACES. */
static size_t place_of(const struct shelf *s, const struct shelf_page *p)
{
	size_t row = row_of(p);

	for (size_t at = row; at < row + ROW; at++) {
		const struct place *kept = s->places[at];

		if (kept && span_eq(kept->page.sitting, p->sitting) &&
		    span_eq(kept->page.origin, p->origin) && span_eq(kept->page.target, p->target))
			return at;
	}
	return PLACES;
}

/* Where a page of that key may go: a free place of its row, else the oldest's. */
static size_t place_for(const struct shelf *s, const struct shelf_page *p)
{
	size_t row = row_of(p), oldest = row;

	for (size_t at = row; at < row + ROW; at++) {
		if (!s->places[at])
			return at;
		if (s->places[at]->page.made_utc < s->places[oldest]->page.made_utc)
			oldest = at;
	}
	return oldest;
}

static void clear(struct shelf *s, size_t at)
{
	struct place *gone = s->places[at];

	if (!gone)
		return;
	s->places[at] = NULL;
	s->bytes -= gone->bytes;
	kept_answer_forget(&gone->answer);
}

static bool holds(const struct shelf_page *kept, const struct shelf_page *p, int64_t now_utc)
{
	/* A clock that went back has made no page true again. */
	return kept->last_seq == p->last_seq && kept->told == p->told &&
	       kept->read_ns == p->read_ns && now_utc < kept->until_utc &&
	       now_utc >= kept->made_utc;
}

bool shelf_answer(struct shelf *s, const struct shelf_page *p, int64_t now_utc, struct answer *a)
{
	size_t at = place_of(s, p);
	struct place *kept;

	if (at == PLACES)
		return false;
	kept = s->places[at];
	if (!holds(&kept->page, p, now_utc)) {
		clear(s, at);
		return false;
	}
	kept_answer_use(a, &kept->answer);
	return true;
}

static void put_text(unsigned char **at, struct span from, struct span *out)
{
	memcpy(*at, from.p, from.n);
	*out = span_of(*at, from.n);
	*at += from.n;
}

void shelf_put(struct shelf *s, const struct shelf_page *p, int64_t now_utc)
{
	size_t bytes = sizeof(struct place) + p->sitting.n + p->origin.n +
		       p->target.n + p->body.n;
	size_t at = place_of(s, p);
	struct place *kept = NULL;
	struct arena *own;
	unsigned char *text;

	if (at < PLACES)
		clear(s, at);
	if (p->body.n > PAGE_MAX || p->until_utc <= now_utc)
		return;
	for (; s->bytes + bytes > SHELF_BYTES; s->clear_next = (s->clear_next + 1) % PLACES)
		clear(s, s->clear_next);
	own = arena_open(2 * PAGE_MAX);
	if (own)
		kept = arena_take(own, bytes);
	if (!kept) {
		arena_close(own);
		return;
	}
	*kept = (struct place){ .answer = { .own = own }, .page = *p, .bytes = bytes };
	text = (unsigned char *)(kept + 1);
	put_text(&text, p->sitting, &kept->page.sitting);
	put_text(&text, p->origin, &kept->page.origin);
	put_text(&text, p->target, &kept->page.target);
	put_text(&text, p->body, &kept->answer.body);
	kept->page.made_utc = now_utc;
	if (kept->page.until_utc > now_utc + SHELF_S)
		kept->page.until_utc = now_utc + SHELF_S;
	at = place_for(s, p);
	clear(s, at);
	s->bytes += bytes;
	s->places[at] = kept;
}
