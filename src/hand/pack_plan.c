/*
 * The plan of a collection: every source's plan, what two lines name is stored under the first,
 * everything in the order of the payload. Reads no content.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "connect/plan.h"
#include "hand/pack_part.h"

/* May two sources name the same items? */
static bool same_place(const struct pack_source *a, const struct pack_source *b)
{
	return a->s->line != b->s->line && a->s->line->category == b->s->line->category &&
	       a->s->store == b->s->store && span_eq(a->s->account, b->s->account) &&
	       a->s->account.n;
}

static bool listed_only(const struct pack_source *x, const struct item *it)
{
	return it->date_utc == DATE_UNKNOWN && !x->s->line->deliver_undated;
}

static int item_order(const struct plan *pa, const struct item *a, const struct plan *pb,
		      const struct item *b)
{
	int order = span_cmp(pa->folder[a->folder], pb->folder[b->folder]);

	if (order == 0)
		order = span_cmp(plan_source_id(pa, a), plan_source_id(pb, b));
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static bool id_before(const void *of, uint32_t a, uint32_t b)
{
	const struct plan *p = of;

	return item_order(p, plan_item(p, a), p, plan_item(p, b)) < 0;
}

static enum err twin_prepare(struct ctx *c, struct pack_source *x)
{
	size_t n = x->plan.count;

	TRY(NEW_ARRAY(c, x->stored, n));
	TRY(NEW_ARRAY(c, x->by_id, n));
	for (size_t i = 0; i < n; i++) {
		x->stored[i] = NONE;
		x->by_id[i] = (uint32_t)i;
	}
	return sort_numbers(c, x->by_id, n, id_before, &x->plan);
}

/* The entry under which an earlier line stores this item, or NONE. */
static uint32_t stored_by(const struct pack_source *earlier, const struct plan *p,
			  const struct item *it)
{
	size_t low = 0, high = earlier->plan.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint32_t i = earlier->by_id[middle];
		int order = item_order(&earlier->plan, plan_item(&earlier->plan, i), p, it);

		if (order == 0)
			return earlier->stored[i];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NONE;
}

static enum err also_add(struct ctx *c, struct pack *p, uint32_t entry, uint32_t line)
{
	uint32_t at = p->entry[entry].also, last = 0;

	if (p->also_count == p->also_cap) {
		size_t cap = p->also_cap ? p->also_cap * 2 : 1024;
		struct also *wider;

		TRY(NEW_ARRAY(c, wider, cap));
		if (p->also_count)
			memcpy(wider, p->also, p->also_count * sizeof *wider);
		p->also = wider;
		p->also_cap = cap;
	}
	p->also[p->also_count++] = (struct also){ .line = line };
	for (; at; at = p->also[at - 1].next)
		last = at;
	if (last)
		p->also[last - 1].next = (uint32_t)p->also_count;
	else
		p->entry[entry].also = (uint32_t)p->also_count & 0x7fffffffu;
	return ERR_OK;
}

static uint32_t line_number(const struct pack *p, const struct demand_line *line)
{
	return (uint32_t)(line - p->job.lines->line);
}

/* Puts one item into the bag, or under the earlier line that has it already. */
static enum err item_store(struct ctx *c, struct pack *p, size_t source, size_t i)
{
	struct pack_source *x = &p->source[source];
	const struct item *it = plan_item(&x->plan, i);
	struct pack_line *line = &p->counts.line[source];

	if (listed_only(x, it))
		return ERR_OK;
	for (size_t e = 0; x->stored && e < source; e++) {
		uint32_t entry = same_place(&p->source[e], x)
					 ? stored_by(&p->source[e], &x->plan, it)
					 : NONE;

		if (entry != NONE)
			return also_add(c, p, entry, line_number(p, x->s->line));
	}
	if (x->stored)
		x->stored[i] = (uint32_t)p->entry_count;
	p->entry[p->entry_count++] = (struct entry){ .source = (uint32_t)source, .i = (uint32_t)i };
	line->items++;
	line->bytes += it->bytes;
	return ERR_OK;
}

/* Order within a line: account, folder, dated before undated, date, source id, store. */
static bool head_before(const struct pack_source *xa, size_t ia, const struct pack_source *xb,
			size_t ib)
{
	const struct item *a = plan_item(&xa->plan, ia), *b = plan_item(&xb->plan, ib);
	bool undated_a = a->date_utc == DATE_UNKNOWN, undated_b = b->date_utc == DATE_UNKNOWN;
	int order = span_cmp(xa->s->account, xb->s->account);

	if (order == 0)
		order = span_cmp(xa->plan.folder[a->folder], xb->plan.folder[b->folder]);
	if (order != 0)
		return order < 0;
	if (undated_a != undated_b)
		return undated_b;
	if (a->date_utc != b->date_utc)
		return a->date_utc < b->date_utc;
	return span_cmp(plan_source_id(&xa->plan, a), plan_source_id(&xb->plan, b)) < 0;
}

/* Merges the sources first..last-1, which belong to one line; each plan is in order already. */
static enum err line_merge(struct ctx *c, struct pack *p, size_t first, size_t last)
{
	size_t *at;

	TRY(NEW_ARRAY(c, at, last - first));
	for (;;) {
		size_t best = last;

		for (size_t s = first; s < last; s++) {
			if (at[s - first] == p->source[s].plan.count)
				continue;
			if (best == last || head_before(&p->source[s], at[s - first],
							&p->source[best], at[best - first]))
				best = s;
		}
		if (best == last)
			return ERR_OK;
		TRY(item_store(c, p, best, at[best - first]++));
	}
}

static enum err unreadable_all(struct ctx *c, struct pack *p, const struct plan *plan)
{
	for (const struct unreadable *u = plan->unreadable.first; u; u = u->next)
		TRY(unreadable_add(c, &p->counts.unreadable, u));
	if (plan->unreadable.count > UNREADABLE_LISTED_MAX)     /* those that are in no list */
		p->counts.unreadable.count += plan->unreadable.count - UNREADABLE_LISTED_MAX;
	return ERR_OK;
}

static enum err source_plan(struct ctx *c, struct pack *p, size_t i)
{
	struct pack_source *x = &p->source[i];
	struct pack_line *line = &p->counts.line[i];
	struct buf b;

	x->s = p->job.sources[i];
	*line = (struct pack_line){ .id = x->s->line->id, .store = x->s->store->name,
				    .account = x->s->account, .problem = x->s->problem };
	if (x->s->problem.n)
		return ERR_OK;
	TRY(x->s->connector->plan(c, x->s, &x->plan));
	TRY(unreadable_all(c, p, &x->plan));
	if (x->plan.unreadable.count)
		TRY(span_fmt(c, &line->problem, "%zu items or folders cannot be read",
			     x->plan.unreadable.count));
	line->undated = (int64_t)x->plan.undated;
	line->near = x->plan.near;
	buf_begin(&b, c, 3 * (2 * ACCOUNT_PART_MAX + 1) + 1);
	put_component(&b, x->s->account);
	return buf_done(c, &b, &x->account_dir);
}

static enum err twins_prepare(struct ctx *c, struct pack *p)
{
	for (size_t i = 0; i < p->job.source_count; i++) {
		bool twin = false;

		for (size_t j = 0; j < p->job.source_count; j++)
			twin |= i != j && same_place(&p->source[i], &p->source[j]);
		if (twin)
			TRY(twin_prepare(c, &p->source[i]));
	}
	return ERR_OK;
}

static enum err entries_make(struct ctx *c, struct pack *p)
{
	size_t total = 0, last;

	for (size_t i = 0; i < p->job.source_count; i++)
		total += p->source[i].plan.count;
	if (total >= NONE)
		FAIL(c, ERR_LIMIT, "one collection holds more items than this build can list");
	TRY(NEW_ARRAY(c, p->entry, total));
	for (size_t first = 0; first < p->job.source_count; first = last) {
		last = first + 1;
		while (last < p->job.source_count &&
		       p->source[last].s->line == p->source[first].s->line)
			last++;
		TRY(line_merge(c, p, first, last));
	}
	return ERR_OK;
}

struct json *pack_line_json(struct ctx *c, const struct pack_line *l)
{
	struct json *o = json_object(c);

	json_set_text(c, o, "id", l->id);
	json_set_text(c, o, "store", l->store);
	json_set(c, o, "account", l->account.n ? json_text(c, l->account) : NULL);
	json_set_int(c, o, "items", l->items);
	json_set_int(c, o, "bytes", l->bytes);
	return o;
}

enum err pack_plan(struct ctx *c, const struct pack_job *job, struct pack **out,
		   struct pack_counts *counts_out)
{
	struct pack *p;

	TRY(NEW(c, p));
	p->job = *job;
	TRY(NEW_ARRAY(c, p->source, job->source_count));
	TRY(NEW_ARRAY(c, p->counts.line, job->source_count));
	p->counts.line_count = job->source_count;
	for (size_t i = 0; i < job->source_count; i++)
		TRY(source_plan(c, p, i));
	TRY(twins_prepare(c, p));
	TRY(entries_make(c, p));
	for (size_t i = 0; i < job->source_count; i++) {
		p->counts.items += p->counts.line[i].items;
		p->counts.bytes += p->counts.line[i].bytes;
		p->counts.undated += p->counts.line[i].undated;
	}
	*counts_out = p->counts;
	*out = p;
	return ERR_OK;
}
