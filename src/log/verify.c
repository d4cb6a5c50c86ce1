/*
 * log_verify: the order of the checks and how findings are told. The checks themselves are in
 * verify_files.c (what is public) and verify_rows.c, verify_tables.c (what is private).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static void say(struct verify *v, bool difference, const char *what, const char *place,
		va_list args)
{
	char text[512];

	vsnprintf(text, sizeof text, place, args);
	v->sum->differences += difference;
	v->report->say(v->report->of, difference, text, what);
}

void verify_found(struct verify *v, const char *what, const char *place, ...)
{
	va_list args;

	va_start(args, place);
	say(v, true, what, place, args);
	va_end(args);
}

void verify_remark(struct verify *v, const char *what, const char *place, ...)
{
	va_list args;

	va_start(args, place);
	say(v, false, what, place, args);
	va_end(args);
}

enum err verify_scratch(struct ctx *c, struct ctx *scratch)
{
	TRY(ctx_begin(scratch, VERIFY_ROW_BYTES));
	scratch->seam = c->seam;
	return ERR_OK;
}

/* Removals on file */

static int by_commitment(const void *a, const void *b)
{
	const struct verify_removed *x = a, *y = b;

	return memcmp(x->commitment.b, y->commitment.b, SHA256_BYTES);
}

struct removals {
	struct json *acts;              /* those that remove */
	size_t count;
};

static const struct json *removed_by(const struct json *act)
{
	return json_get(json_get(act, "body"), "acts");
}

/* row: id, order_ref, seq, body. A body that is no JSON is told where acts are checked. */
static enum err removal_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct removals *r = of;
	struct span text;
	struct json *act;

	if (row->v[3].kind == STORE_NULL || !span_is(row->v[1].s, "HOME"))
		return ERR_OK;
	TRY(span_copy(c, row->v[3].s, &text));
	if (json_parse(c, text, &act) != ERR_OK) {
		err_clear(c);
		return ERR_OK;
	}
	r->count += json_count(removed_by(act));
	json_add(c, r->acts, act);
	return ERR_OK;
}

static enum err load_removals(struct ctx *c, struct verify *v)
{
	struct removals r = { json_list(c), 0 };

	TRY(store_run(c, v->l->store, QUERY_ACT_NAMED, PARAMS(P_STR(LOG_ACT_REMOVED)), removal_row,
		      &r));
	TRY(NEW_ARRAY(c, v->removed, r.count));
	JSON_EACH(act, r.acts) {
		JSON_EACH(item, removed_by(act)) {
			struct verify_removed *at = &v->removed[v->removed_count];

			at->order_ref = json_opt_text(item, "order", SPAN_NONE);
			at->seq = json_opt_int(item, "seq", 0);
			if (hex_decode(json_opt_text(item, "commitment", SPAN_NONE),
				       at->commitment.b, SHA256_BYTES))
				v->removed_count++;
		}
	}
	if (v->removed_count)
		qsort(v->removed, v->removed_count, sizeof *v->removed, by_commitment);
	return ERR_OK;
}

/* What a tick could change meanwhile is read under its lock; the rest never changes. */
static enum err look_at_once(struct ctx *c, struct verify *v, struct store_work *w)
{
	FD_SCOPED int lock = -1;

	TRY(log_lock(c, v->l, &lock));
	TRY(verify_names(c, v));
	return store_begin_reading(c, v->l->store, w);
}

enum err log_verify(struct ctx *c, const struct log *l, const struct log_fold *fold,
		    const struct log_report *report, struct log_sum *out)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };
	struct verify v = { .l = l, .fold = fold, .report = report, .sum = out };
	struct store_value last[2];
	bool found;

	*out = (struct log_sum){ .size = 0 };
	TRY(look_at_once(c, &v, &w));
	out->size = v.checkpoint.size;
	TRY(verify_tiles(c, &v));
	TRY(store_one(c, l->store, QUERY_TICK_LAST, PARAMS_NONE, last, 2, &found));
	v.until_id = found ? last[1].i : 0;
	TRY(load_removals(c, &v));
	TRY(verify_acts(c, &v));
	TRY(verify_seal_acts(c, &v));
	TRY(verify_tables(c, &v));
	if (out->waiting)
		verify_remark(&v, "wait for the next tick", "%lld acts", (long long)out->waiting);
	if (out->removed)
		verify_remark(&v,
			      "have no body any more: retention removed it, the commitment stays",
			      "%lld acts", (long long)out->removed);
	return ERR_OK;
}
