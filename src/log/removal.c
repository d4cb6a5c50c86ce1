/*
 * Retention: which acts lose their bodies, said in an act before it is done. Commitments stay.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/part.h"

struct listing {
	struct span ref;
	struct json *acts;
};

/* row: seq, made_at_utc, act, body, commitment. */
static enum err list_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct listing *list = of;
	struct json *item;
	struct span commitment;

	if (row->v[3].kind == STORE_NULL)
		return ERR_OK;
	item = json_object(c);
	TRY(span_copy(c, row->v[4].s, &commitment));
	json_set_text(c, item, "order", list->ref);
	json_set_int(c, item, "seq", row->v[0].i);
	json_set_text(c, item, "commitment", commitment);
	json_add(c, list->acts, item);
	return ERR_OK;
}

enum err log_removal(struct ctx *c, struct store *st, struct span order_ref, struct json **body_out)
{
	struct listing list = { order_ref, json_list(c) };

	if (span_is(order_ref, "HOME"))
		FAIL(c, ERR_DENIED, "the acts of the home itself are kept for as long as the log");
	TRY(store_run(c, st, QUERY_ACT_OF_ORDER, PARAMS(P_TEXT(order_ref)), list_row, &list));
	if (json_count(list.acts) == 0)
		FAIL(c, ERR_NOT_FOUND, "order %.*s has no act with a body", SPAN_ARG(order_ref));
	*body_out = json_object(c);
	json_set(c, *body_out, "acts", list.acts);
	return ERR_OK;
}

enum err log_remove(struct ctx *c, struct store *st, const struct json *body)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };
	const struct json *acts;
	struct span ref;
	int64_t seq;

	TRY(json_need_list(c, body, "acts", &acts));
	TRY(store_begin(c, st, &w));
	JSON_EACH(item, acts) {
		TRY(json_need_text(c, item, "order", &ref));
		TRY(json_need_int(c, item, "seq", &seq));
		if (span_is(ref, "HOME"))
			FAIL(c, ERR_DENIED,
			     "the acts of the home itself are kept for as long as the log");
		TRY(store_run(c, st, QUERY_ACT_BLANK, PARAMS(P_TEXT(ref), P_INT(seq)), NULL, NULL));
	}
	return store_commit(c, &w);
}
