/*
 * What happened to an order, as one wants to see it: every act, what people did, what followed by
 * itself, or who looked. It reads and tells; nothing is left out but by what was asked for.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/order_page.h"

#define VIEWS_SHOWN 200

static enum err sift(struct visit *v, struct page_order *p, bool by_itself)
{
	struct page_order_act *all;
	size_t n, kept = 0, at = 0;

	TRY(order_acts(v, 0, &all, &n));
	JSON_EACH(act, v->order.acts) {
		if (at == n)
			break;
		if (act_by_itself(json_opt_text(act, "act", SPAN_NONE)) == by_itself)
			all[kept++] = all[at];
		at++;
	}
	p->acts = all;
	p->acts_n = kept;
	return ERR_OK;
}

struct views {
	struct page_order *page;
	struct page_order_act *list;
};

static enum err take_view(struct ctx *c, void *of, const struct store_row *row)
{
	struct views *l = of;
	struct page_order_act *to = &l->list[l->page->acts_n++];

	*to = (struct page_order_act){ .number = row->v[0].i, .at = row->v[1].i };
	TRY(span_copy(c, row->v[2].s, &to->words));
	TRY(span_copy(c, row->v[3].s, &to->who));
	return span_copy(c, row->v[4].s, &to->detail);
}

static enum err looks(struct visit *v, struct page_order *p)
{
	struct views l = { p, NULL };

	TRY(NEW_ARRAY(v->c, l.list, VIEWS_SHOWN));
	p->acts = l.list;
	return store_run(v->c, v->desk->store, QUERY_ACCESS_OF,
			 PARAMS(P_TEXT(v->order.ref), P_INT(VIEWS_SHOWN)), take_view, &l);
}

enum err order_timeline(struct visit *v, struct page_order *p)
{
	struct page_order_act *all;

	p->events = web_value(v->r->query, "events");
	if (span_is(p->events, "people"))
		return sift(v, p, false);
	if (span_is(p->events, "system"))
		return sift(v, p, true);
	if (span_is(p->events, "looks"))
		return looks(v, p);
	p->events = SPAN("all");
	TRY(order_acts(v, 0, &all, &p->acts_n));
	p->acts = all;
	return ERR_OK;
}
