/*
 * order_view: the one projection, a row per order, made by the fold of the order layer from the
 * acts and by nobody else. Here is how its rows travel, not what they mean.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef STORE_VIEW_H
#define STORE_VIEW_H

#include "store/store.h"
#include "store/view.def"

/* A null text is SPAN_NONE, a null number is VIEW_NO_I64. */
#define VIEW_NO_I64 INT64_MIN

#define VIEW_C_TEXT struct span
#define VIEW_C_TEXT_OR_NULL struct span
#define VIEW_C_I64 int64_t
#define VIEW_C_I64_OR_NULL int64_t
struct order_view {
	struct span ref;
#define ROW(place, column, type, words) VIEW_C_##type column;
	VIEW_COLUMNS(ROW)
#undef ROW
};

/* The row of v->ref becomes v; received_at is written with the first row alone. */
enum err view_put(struct ctx *c, struct store *st, const struct order_view *v) MUST_USE;
enum err view_remove(struct ctx *c, struct store *st, struct span ref) MUST_USE;
enum err view_clear(struct ctx *c, struct store *st) MUST_USE;
enum err view_get(struct ctx *c, struct store *st, struct span ref, struct order_view *out,
		  bool *found_out) MUST_USE;

/* Newest first, by pages: begin with after_received INT64_MAX and after_ref empty, go on with those
 * of the last row. Empty texts do not filter. The texts of a row live until the callback returns.
 */
struct view_filter {
	struct span state, agency, waiting_for;
	int64_t after_received;
	struct span after_ref;
	int64_t limit;
};
typedef enum err view_fn(struct ctx *c, void *of, const struct order_view *v);
enum err view_list(struct ctx *c, struct store *st, const struct view_filter *f, view_fn *row,
		   void *of) MUST_USE;
/* The other way: those that came after that one, the nearest first. */
enum err view_newer(struct ctx *c, struct store *st, int64_t received, struct span ref,
		    int64_t limit, view_fn *row, void *of) MUST_USE;
/* What is open, by what is due next: rows without a clock last. */
enum err view_open(struct ctx *c, struct store *st, int64_t now_utc, view_fn *row, void *of)
	MUST_USE;
enum err view_all(struct ctx *c, struct store *st, view_fn *row, void *of) MUST_USE;    /* by ref */

/* Name of the first column in which they differ, or NULL. */
const char *view_difference(const struct order_view *a, const struct order_view *b);

#endif
