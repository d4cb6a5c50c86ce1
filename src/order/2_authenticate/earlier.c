/*
 * Earlier checks of the same agency: a number that staff found independently, and rang, needs not
 * be looked up again. Taken from acts that somebody recorded, never from what an order says of its
 * sender. See authenticate.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "order/2_authenticate/authenticate.h"
#include "store/view.h"

#define LOOKED_AT 12            /* orders of the agency, the newest first */

struct refs {
	struct span ref[LOOKED_AT];
	size_t n;
};

static enum err take(struct ctx *c, void *of, const struct order_view *v)
{
	struct refs *r = of;

	return r->n == LOOKED_AT ? ERR_OK : span_copy(c, v->ref, &r->ref[r->n++]);
}

/* The last act by which the sender of that order was checked. */
static const struct json *last_check(const struct order *o)
{
	const struct json *last = NULL;

	JSON_EACH(act, o->acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_AUTHENTICATED)))
			last = act;
	return last;
}

static bool is_doubtful(const struct json *body)
{
	JSON_EACH(sign, json_get(body, "impersonation_signs"))
		if (!span_is(sign->s, "NONE"))
			return true;
	return false;
}

static bool rang_back(const struct order *o, const struct json *body, struct span agency)
{
	const struct json *verified = json_get(body, "verified");

	return o->state != ORDER_VOID && verified && verified->type == JSON_BOOL && verified->b &&
	       span_is(json_opt_text(body, "by", SPAN_NONE), "callback") &&
	       span_eq(json_opt_text(body, "agency", SPAN_NONE), agency) && !is_doubtful(body);
}

static bool is_there(const struct earlier_check *list, size_t n, struct span over)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(list[i].over, over))
			return true;
	return false;
}

static enum err look_at(struct ctx *c, struct session *s, struct span ref, struct span agency,
			struct earlier_check *list, size_t *n)
{
	const struct json *act, *body;
	struct earlier_check one = { .order = ref };
	struct order other;

	TRY(order_load_exact(c, s, ref, &other));
	act = last_check(&other);
	body = json_get(act, "body");
	if (!body || !rang_back(&other, body, agency))
		return ERR_OK;
	one.over = json_opt_text(body, "over", SPAN_NONE);
	one.found = json_opt_text(body, "found", SPAN_NONE);
	one.by = json_opt_text(json_get(act, "actor"), "name", SPAN_NONE);
	if (one.over.n && one.found.n && !is_there(list, *n, one.over) &&
	    time_parse(json_opt_text(act, "made_at", SPAN_NONE), &one.at_utc))
		list[(*n)++] = one;
	return ERR_OK;
}

enum err authenticate_earlier(struct ctx *c, struct session *s, const struct order *o,
			      struct earlier_check out[EARLIER_MAX], size_t *count_out)
{
	struct view_filter of = { .agency = json_opt_text(o->received, "agency", SPAN_NONE),
				  .after_received = INT64_MAX, .limit = LOOKED_AT };
	struct refs refs = { .n = 0 };
	const struct json *row;

	*count_out = 0;
	if (!of.agency.n)
		return ERR_OK;
	TRY(roster_agency(c, s, of.agency, &row));
	if (!row)
		return ERR_OK;
	TRY(view_list(c, s->store, &of, take, &refs));
	for (size_t i = 0; i < refs.n && *count_out < EARLIER_MAX; i++)
		if (!span_eq(refs.ref[i], o->ref))
			TRY(look_at(c, s, refs.ref[i], of.agency, out, count_out));
	return ERR_OK;
}
