/*
 * Rows of order_view in and out; every column comes from view.def. See view.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/view.h"

static struct store_value put_text(struct span s, bool nullable)
{
	if (nullable && !s.p)
		return (struct store_value){ .kind = STORE_NULL };
	return (struct store_value){ .kind = STORE_TEXT, .s = s };
}

static struct store_value put_i64(int64_t i, bool nullable)
{
	if (nullable && i == VIEW_NO_I64)
		return (struct store_value){ .kind = STORE_NULL };
	return (struct store_value){ .kind = STORE_INT, .i = i };
}

#define PUT_TEXT(x) put_text((x), false)
#define PUT_TEXT_OR_NULL(x) put_text((x), true)
#define PUT_I64(x) put_i64((x), false)
#define PUT_I64_OR_NULL(x) put_i64((x), true)
#define TAKE_TEXT(v) (v).s
#define TAKE_TEXT_OR_NULL(v) (v).s
#define TAKE_I64(v) (v).i
#define TAKE_I64_OR_NULL(v) ((v).kind == STORE_NULL ? VIEW_NO_I64 : (v).i)
#define SAME_TEXT(a, b) span_eq((a), (b))
#define SAME_TEXT_OR_NULL(a, b) (span_eq((a), (b)) && !(a).p == !(b).p)
#define SAME_I64(a, b) ((a) == (b))
#define SAME_I64_OR_NULL(a, b) ((a) == (b))

#define COUNT_ROW(place, column, type, words) +1
#define VIEW_WIDTH (1 + VIEW_COLUMNS(COUNT_ROW))

static struct order_view of_row(const struct store_value *v)
{
	return (struct order_view){
		.ref = v[0].s,
#define ROW(place, column, type, words) .column = TAKE_##type(v[(place) - 1]),
		VIEW_COLUMNS(ROW)
#undef ROW
	};
}

enum err view_put(struct ctx *c, struct store *st, const struct order_view *v)
{
	const struct store_value row[] = {
		P_TEXT(v->ref),
#define ROW(place, column, type, words) [(place) - 1] = PUT_##type(v->column),
		VIEW_COLUMNS(ROW)
#undef ROW
	};

	/* Most acts leave the clock as it was: then the index of the queue is not touched. */
	TRY(store_run(c, st, QUERY_VIEW_KEEP, row, COUNT_OF(row), NULL, NULL));
	if (store_changed(st) > 0)
		return ERR_OK;
	return store_run(c, st, QUERY_VIEW_PUT, row, COUNT_OF(row), NULL, NULL);
}

enum err view_remove(struct ctx *c, struct store *st, struct span ref)
{
	return store_run(c, st, QUERY_VIEW_REMOVE, PARAMS(P_TEXT(ref)), NULL, NULL);
}

enum err view_clear(struct ctx *c, struct store *st)
{
	return store_run(c, st, QUERY_VIEW_CLEAR, PARAMS_NONE, NULL, NULL);
}

enum err view_get(struct ctx *c, struct store *st, struct span ref, struct order_view *out,
		  bool *found_out)
{
	struct store_value row[VIEW_WIDTH];

	TRY(store_one(c, st, QUERY_VIEW_GET, PARAMS(P_TEXT(ref)), row, COUNT_OF(row), found_out));
	if (*found_out)
		*out = of_row(row);
	return ERR_OK;
}

struct walk {
	view_fn *row;
	void *of;
};

static enum err walk_row(struct ctx *c, void *of, const struct store_row *row)
{
	const struct walk *w = of;
	struct order_view v = of_row(row->v);

	return w->row(c, w->of, &v);
}

enum err view_list(struct ctx *c, struct store *st, const struct view_filter *f, view_fn *row,
		   void *of)
{
	struct walk w = { row, of };

	return store_run(c, st, QUERY_VIEW_LIST,
			 PARAMS(P_TEXT(f->state), P_TEXT(f->agency), P_TEXT(f->waiting_for),
				P_INT(f->after_received), P_TEXT(f->after_ref), P_INT(f->limit)),
			 walk_row, &w);
}

enum err view_newer(struct ctx *c, struct store *st, int64_t received, struct span ref,
		    int64_t limit, view_fn *row, void *of)
{
	struct walk w = { row, of };

	return store_run(c, st, QUERY_VIEW_NEWER,
			 PARAMS(P_INT(received), P_TEXT(ref), P_INT(limit)), walk_row, &w);
}

enum err view_open(struct ctx *c, struct store *st, int64_t now_utc, view_fn *row, void *of)
{
	struct walk w = { row, of };

	return store_run(c, st, QUERY_VIEW_OPEN, PARAMS(P_INT(now_utc)), walk_row, &w);
}

enum err view_all(struct ctx *c, struct store *st, view_fn *row, void *of)
{
	struct walk w = { row, of };

	return store_run(c, st, QUERY_VIEW_ALL, PARAMS_NONE, walk_row, &w);
}

const char *view_difference(const struct order_view *a, const struct order_view *b)
{
#define ROW(place, column, type, words)                                                            \
	if (!SAME_##type(a->column, b->column))                                                    \
		return #column;
	VIEW_COLUMNS(ROW)
#undef ROW
	return NULL;
}
