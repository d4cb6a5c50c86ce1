/*
 * Plans: compact lists of what a line selects. See plan.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/plan.h"

#include <string.h>

#include "base/num.h"

#define ITEM_CHUNK 1024u                /* items */
#define TEXT_CHUNK_BITS 16u
#define TEXT_CHUNK (1u << TEXT_CHUNK_BITS)      /* bytes; no record crosses a border */
#define TEXT_CHUNKS_MAX (1u << (32 - TEXT_CHUNK_BITS))
#define RECORD_HEAD 2u                  /* length of the source id, length of the name */

struct table {
	void **chunk;
	size_t count, cap;
};

struct item_pool {
	struct table items, text;
	size_t added;
	size_t text_chunk, text_used;   /* where the next record goes */
	uint32_t *order;
	size_t order_cap;
};

static enum err table_grow(struct ctx *c, struct table *t, size_t chunk_bytes)
{
	void *chunk;

	if (t->count == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 16;
		void **wider;

		TRY(NEW_ARRAY(c, wider, cap));
		if (t->count)
			memcpy(wider, t->chunk, t->count * sizeof *wider);
		t->chunk = wider;
		t->cap = cap;
	}
	chunk = arena_alloc(c, chunk_bytes);
	if (!chunk)
		return ERR_NOMEM;
	t->chunk[t->count++] = chunk;
	return ERR_OK;
}

enum err plan_begin(struct ctx *c, const struct span *folder, size_t count, struct plan *p)
{
	*p = (struct plan){ .folder_count = count };
	TRY(NEW(c, p->pool));
	TRY(NEW_ARRAY(c, p->folder, count));
	for (size_t i = 0; i < count; i++)
		p->folder[i] = folder[i];
	return ERR_OK;
}

void plan_empty(struct plan *p)
{
	p->pool->added = 0;
	p->pool->text_chunk = 0;
	p->pool->text_used = 0;
	p->count = 0;
	p->undated = 0;
	p->near = (struct plan_near){ 0 };
	p->unreadable = (struct unreadables){ 0 };
}

static enum err name_put(struct ctx *c, struct item_pool *pool, struct span name, size_t id_n,
			 uint32_t *at)
{
	size_t need = RECORD_HEAD + name.n;
	unsigned char *to;

	if (name.n > POOL_NAME_MAX || id_n > name.n)
		FAIL(c, ERR_LIMIT, "an item's name is longer than %u bytes", POOL_NAME_MAX);
	if (pool->text.count && pool->text_used + need > TEXT_CHUNK) {
		pool->text_chunk++;
		pool->text_used = 0;
	}
	if (pool->text_chunk >= TEXT_CHUNKS_MAX)
		FAIL(c, ERR_LIMIT, "the names of one account take more than 4 GiB");
	if (pool->text_chunk >= pool->text.count)
		TRY(table_grow(c, &pool->text, TEXT_CHUNK));
	to = (unsigned char *)pool->text.chunk[pool->text_chunk] + pool->text_used;
	to[0] = (unsigned char)id_n;
	to[1] = (unsigned char)name.n;
	if (name.n)
		memcpy(to + RECORD_HEAD, name.p, name.n);
	*at = (uint32_t)(pool->text_chunk << TEXT_CHUNK_BITS | pool->text_used);
	pool->text_used += need;
	return ERR_OK;
}

static const unsigned char *record_of(const struct item_pool *pool, uint32_t at)
{
	return (const unsigned char *)pool->text.chunk[at >> TEXT_CHUNK_BITS] +
	       (at & (TEXT_CHUNK - 1));
}

struct item *plan_at(const struct plan *p, size_t i)
{
	return (struct item *)p->pool->items.chunk[i / ITEM_CHUNK] + i % ITEM_CHUNK;
}

size_t plan_added(const struct plan *p)
{
	return p->pool->added;
}

enum err plan_add(struct ctx *c, struct plan *p, const struct item *it, struct span name,
		  size_t id_n)
{
	struct item_pool *pool = p->pool;
	struct item *to;

	if (pool->added >= UINT32_MAX - 1)
		FAIL(c, ERR_LIMIT, "one account holds more items than this build can list");
	if (pool->added / ITEM_CHUNK >= pool->items.count)
		TRY(table_grow(c, &pool->items, ITEM_CHUNK * sizeof *to));
	to = plan_at(p, pool->added);
	*to = *it;
	TRY(name_put(c, pool, name, id_n, &to->name));
	pool->added++;
	return ERR_OK;
}

enum err plan_rename(struct ctx *c, struct plan *p, struct item *it, struct span name, size_t id_n)
{
	return name_put(c, p->pool, name, id_n, &it->name);
}

struct span plan_name(const struct plan *p, const struct item *it)
{
	const unsigned char *r = record_of(p->pool, it->name);

	return span_of(r + RECORD_HEAD, r[1]);
}

struct span plan_source_id(const struct plan *p, const struct item *it)
{
	const unsigned char *r = record_of(p->pool, it->name);

	return span_of(r + RECORD_HEAD, r[0]);
}

size_t plan_rank(const struct plan *p, size_t i)
{
	return p->pool->order[i];
}

const struct item *plan_item(const struct plan *p, size_t i)
{
	return plan_at(p, p->pool->order[i]);
}

static void merge(const uint32_t *from, uint32_t *to, size_t low, size_t middle, size_t high,
		  bool (*before)(const void *of, uint32_t a, uint32_t b), const void *of)
{
	size_t left = low, right = middle;

	for (size_t i = low; i < high; i++) {
		bool take_right = left == middle ||
				  (right < high && before(of, from[right], from[left]));

		to[i] = take_right ? from[right++] : from[left++];
	}
}

enum err sort_numbers(struct ctx *c, uint32_t *list, size_t n,
		      bool (*before)(const void *of, uint32_t a, uint32_t b), const void *of)
{
	uint32_t *spare, *from = list, *to;

	TRY(NEW_ARRAY(c, spare, n));
	to = spare;
	for (size_t run = 1; run < n; run *= 2) {
		uint32_t *other = from;

		for (size_t low = 0; low < n; low += 2 * run) {
			size_t middle = low + run < n ? low + run : n;
			size_t high = middle + run < n ? middle + run : n;

			merge(from, to, low, middle, high, before, of);
		}
		from = to;
		to = other;
	}
	if (from != list)
		memcpy(list, from, n * sizeof *list);
	return ERR_OK;
}

static bool stands_before(const void *of, uint32_t na, uint32_t nb)
{
	const struct plan *p = of;
	const struct item *a = plan_at(p, na), *b = plan_at(p, nb);
	bool undated_a = a->date_utc == DATE_UNKNOWN, undated_b = b->date_utc == DATE_UNKNOWN;
	int by_id;

	if (a->folder != b->folder)
		return a->folder < b->folder;
	if (undated_a != undated_b)
		return undated_b;
	if (a->date_utc != b->date_utc)
		return a->date_utc < b->date_utc;
	by_id = span_cmp(plan_source_id(p, a), plan_source_id(p, b));
	return by_id != 0 ? by_id < 0 : a->place < b->place;
}

static bool same_item(const struct plan *p, const struct item *a, const struct item *b)
{
	return a->folder == b->folder && a->place == b->place &&
	       span_eq(plan_source_id(p, a), plan_source_id(p, b));
}

void plan_outside(struct plan *p, const struct demand_line *line, int64_t utc)
{
	bool before = line->from_utc != INT64_MIN && utc < line->from_utc;
	bool after = line->until_utc != INT64_MAX && utc >= line->until_utc;

	p->near.outside++;
	p->near.day_before += before && utc >= line->from_utc - NEAR_S;
	p->near.day_after += after && utc < line->until_utc + NEAR_S;
}

static void inside(struct plan *p, const struct demand_line *line, int64_t utc)
{
	p->near.first_day += line->from_utc != INT64_MIN && utc < line->from_utc + NEAR_S;
	p->near.last_day += line->until_utc != INT64_MAX && utc >= line->until_utc - NEAR_S;
}

enum err plan_finish(struct ctx *c, struct plan *p, const struct demand_line *line)
{
	struct item_pool *pool = p->pool;
	size_t n = 0;

	if (pool->order_cap < pool->added) {
		TRY(NEW_ARRAY(c, pool->order, pool->added));
		pool->order_cap = pool->added;
	}
	for (size_t i = 0; i < pool->added; i++) {
		int64_t date_utc = plan_at(p, i)->date_utc;

		if (date_utc == DATE_UNKNOWN || line_takes(line, date_utc))
			pool->order[n++] = (uint32_t)i;
		else if (date_utc != DATE_NONE)
			plan_outside(p, line, date_utc);
	}
	TRY(sort_numbers(c, pool->order, n, stands_before, p));
	p->count = p->undated = 0;
	p->bytes = p->undated_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		const struct item *it = plan_at(p, pool->order[i]);

		if (p->count && same_item(p, it, plan_item(p, p->count - 1)))
			continue;
		pool->order[p->count++] = pool->order[i];
		if (it->date_utc == DATE_UNKNOWN) {
			p->undated++;
			p->undated_bytes += it->bytes;
		} else {
			p->bytes += it->bytes;
			inside(p, line, it->date_utc);
		}
	}
	return ERR_OK;
}
