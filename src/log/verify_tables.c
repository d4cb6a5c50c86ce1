/*
 * What is checked per table and not per act: ticks against entries, proofs of nothing, gaps in an
 * order, the meta rows, the engine's own integrity, and the projection against the fold.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "log/verify.h"

struct ticks {
	struct verify *v;
	int64_t until_id;
};

/* row: n, time_ms, entry, size, until_id, proofs, highest act. */
static enum err tick_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct ticks *t = of;
	const struct store_value *col = row->v;
	long long n = (long long)col[0].i;
	unsigned char entry[TICK_ENTRY_BYTES];
	struct sha256 inner;
	struct span want;
	int64_t ms;

	if (col[3].i != col[0].i + 1)
		verify_found(t->v, "is not the size of the tree with this tick", "tick[%lld].size",
			     n);
	if (col[5].i == 0)
		verify_found(t->v, "has a row, and no act: idle ticks have none", "tick[%lld]", n);
	if (col[6].i > t->until_id)
		t->until_id = col[6].i;
	if (col[4].i != t->until_id)
		verify_found(t->v, "is not the last act taken", "tick[%lld].until_id", n);
	t->until_id = col[4].i;
	if (!hex_decode(col[2].s, entry, sizeof entry) ||
	    !tick_entry_read(span_of(entry, sizeof entry), &ms, &inner))
		verify_found(t->v, "is not the entry of a tick in lower-case hex",
			     "tick[%lld].entry", n);
	else if (ms != col[1].i)
		verify_found(t->v, "is not the time in the entry", "tick[%lld].time_ms", n);
	if (!t->v->tiles)
		return ERR_OK;
	if (col[0].i < 0 || (uint64_t)col[0].i >= t->v->checkpoint.size) {
		verify_found(t->v, "is no tick of the log", "tick[%lld].n", n);
		return ERR_OK;
	}
	CTX_SCOPED struct ctx s;
	TRY(verify_scratch(c, &s));
	if (tiles_entry(&s, t->v->tiles, (uint64_t)col[0].i, &want) == ERR_OK &&
	    !span_eq(want, span_of(entry, sizeof entry)))
		verify_found(t->v, "differs from the entry of the log", "tick[%lld].entry", n);
	return ERR_OK;
}

static enum err lone_proof_row(struct ctx *c, void *of, const struct store_row *row)
{
	(void)c;
	verify_found(of, "is the proof of no act: the act was removed, or its commitment changed",
		     "proof[%.*s]", SPAN_ARG(span_cut(row->v[0].s, 0, 64)));
	return ERR_OK;
}

/* row: order_ref, lowest seq, highest seq, acts. */
static enum err order_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct verify *v = of;
	bool found = true;

	if (row->v[1].i != 1 || row->v[2].i != row->v[3].i)
		verify_found(v, "its acts are not numbered 1, 2, ... without gap", "act[%.*s].seq",
			     SPAN_ARG(row->v[0].s));
	if (span_is(row->v[0].s, "HOME"))
		return ERR_OK;
	v->sum->orders++;
	if (!v->fold)
		return ERR_OK;

	CTX_SCOPED struct ctx s;
	struct order_view want = { .ref = row->v[0].s }, have;
	bool exists = false;
	const char *column;

	TRY(verify_scratch(c, &s));
	enum err e = v->fold->fold(&s, v->fold->of, row->v[0].s, &want, &exists);
	if (e != ERR_OK && e != ERR_STATE) {
		verify_found(v, s.why, "act[%.*s]", SPAN_ARG(row->v[0].s));
		return ERR_OK;
	}
	err_clear(&s);
	exists = exists && e == ERR_OK;
	TRY(view_get(&s, v->l->store, row->v[0].s, &have, &found));
	if (exists != found)
		verify_found(v, found ? "stands for no order" : "is missing", "order_view[%.*s]",
			     SPAN_ARG(row->v[0].s));
	if (!exists || !found)
		return ERR_OK;
	column = view_difference(&want, &have);
	if (column)
		verify_found(v,
			     "differs from what the acts say; 'writ fsck --rebuild' makes it again",
			     "order_view[%.*s].%s", SPAN_ARG(row->v[0].s), column);
	return ERR_OK;
}

/* The other way round: a row whose order has no act at all. */
static enum err view_row(struct ctx *c, void *of, const struct order_view *view)
{
	struct store_value last;
	struct verify *v = of;
	CTX_SCOPED struct ctx s;

	TRY(verify_scratch(c, &s));
	TRY(store_one(&s, v->l->store, QUERY_ACT_LAST_SEQ, PARAMS(P_TEXT(view->ref)), &last, 1,
		      NULL));
	if (last.i == 0 || span_is(view->ref, "HOME"))
		verify_found(v, "stands for no order", "order_view[%.*s].ref", SPAN_ARG(view->ref));
	return ERR_OK;
}

static enum err meta_row(struct ctx *c, void *of, const struct store_row *row)
{
	char schema[16];

	(void)c;
	snprintf(schema, sizeof schema, "%d", STORE_SCHEMA);
	if (!span_is(row->v[0].s, "schema"))
		verify_found(of, "is no key that writ keeps", "meta[%.*s].key",
			     SPAN_ARG(row->v[0].s));
	else if (!span_is(row->v[1].s, schema))
		verify_found(of, "is not the schema that this database has", "meta[schema].value");
	return ERR_OK;
}

static void engine_found(void *of, const char *place, const char *what)
{
	verify_found(of, what, "%s", place);
}

enum err verify_tables(struct ctx *c, struct verify *v)
{
	struct store *st = v->l->store;
	struct ticks ticks = { v, 0 };
	struct store_value value;
	bool found;

	TRY(store_check(c, st, engine_found, v));
	TRY(store_run(c, st, QUERY_TICK_CHECK, PARAMS_NONE, tick_row, &ticks));
	TRY(store_run(c, st, QUERY_PROOF_OF_NOTHING, PARAMS_NONE, lone_proof_row, v));
	TRY(store_run(c, st, QUERY_ACT_ORDERS, PARAMS_NONE, order_row, v));
	TRY(store_run(c, st, QUERY_META_ALL, PARAMS_NONE, meta_row, v));
	TRY(store_one(c, st, QUERY_META_GET, PARAMS(P_TEXT(SPAN("schema"))), &value, 1, &found));
	if (!found)
		verify_found(v, "is missing", "meta[schema]");
	if (!v->fold)
		return ERR_OK;
	return view_all(c, st, view_row, v);
}
