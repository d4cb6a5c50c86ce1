/*
 * What happened to an order, as one wants to see it: every act, what people did, what followed by
 * itself, or who looked; all of it on a page that is made for paper, with the file that a court can
 * check. It reads and tells; nothing is left out but by what was asked for.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/facts.h"
#include "format/time.h"
#include "log/log.h"
#include "order/letter.h"
#include "order/timeline.h"
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

static struct span label_of(const struct visit *v, struct span field)
{
	const struct page_base *w = v->base;
	const struct {
		const char *field;
		struct span label;
	} others[] = {
		{ "authority_reference", word_ask_reference(w) },
		{ "agency", word_ask_agency(w) },
		{ "recipients", word_ask_recipients(w) },
		{ "date_meaning", word_ask_date_meaning(w) },
		{ "zone", word_ask_zone(w) },
		{ "stores", word_ask_stores(w) },
		{ "folders", word_ask_folders(w) },
	};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (span_is(field, others[i].field))
			return others[i].label;
	return facts_field(field) ? span_str(fact_words(facts_field(field))) : field;
}

enum err order_corrections(struct visit *v, const struct json *act, struct span *detail)
{
	struct span none = word_changed_nothing(v->base), text;
	struct buf b;

	buf_begin(&b, v->c, (size_t)1 << 20);
	buf_add(&b, *detail);
	JSON_EACH(row, json_get(json_get(act, "body"), "changed")) {
		struct span what = label_of(v, json_opt_text(row, "field", SPAN_NONE));
		struct span line = json_opt_text(row, "demand", SPAN_NONE);
		struct span before = json_opt_text(row, "before", none);
		struct span now = json_opt_text(row, "now", none);

		TRY(line.n ? word_act_changed_line(v->c, v->base, what, line, before, now, &text)
			   : word_act_changed(v->c, v->base, what, before, now, &text));
		buf_fmt(&b, "%s%.*s", b.n ? "; " : "", SPAN_ARG(text));
	}
	return buf_done(v->c, &b, detail);
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

/* ---- for paper, and for a court ---- */

struct court {
	struct visit *v;
	struct page_timeline *page;
	struct page_timeline_act *list;
	const struct page_order_act *acts;
	size_t acts_n;
};

/* row: seq, body, tick, time of it. */
static enum err take_act(struct ctx *c, void *of, const struct store_row *row)
{
	struct court *k = of;
	struct page_timeline_act *to = &k->list[k->page->acts_n];
	const struct page_order_act *act;
	struct json *doc;

	if (k->page->acts_n == k->acts_n || k->acts[k->page->acts_n].number != row->v[0].i)
		return ERR_OK;
	act = &k->acts[k->page->acts_n++];
	TRY(json_parse(c, row->v[1].s, &doc));
	*to = (struct page_timeline_act){ .number = act->number, .words = act->words,
					  .who = act->who, .detail = act->detail,
					  .took = act->took };
	TRY(span_copy(c, json_opt_text(doc, "made_at", SPAN_NONE), &to->made_at));
	TRY(sha256_hex(c, row->v[1].s, &to->sha256));
	if (row->v[2].kind == STORE_NULL || row->v[3].kind == STORE_NULL)
		return ERR_OK;
	to->logged = true;
	to->tick = row->v[2].i;
	return time_span(c, row->v[3].i / 1000, &to->logged_at);
}

static enum err take_look(struct ctx *c, void *of, const struct store_row *row)
{
	struct page_timeline *p = of;
	struct page_timeline_look *list, *to;

	/* The list was made for writing. */
	memcpy(&list, &p->looks, sizeof list);
	to = &list[p->looks_n++];
	TRY(time_span(c, row->v[1].i, &to->at));
	TRY(span_copy(c, row->v[2].s, &to->what));
	return span_copy(c, row->v[3].s, &to->who);
}

static enum err court_log(struct visit *v, struct page_timeline *p)
{
	struct checkpoint cp;
	struct log l;
	enum err e;

	TRY(order_log(v->c, &v->s, &l));
	TRY(note_key_text(v->c, l.key, &p->log_key));
	e = log_checkpoint(v->c, &l, &cp, &p->checkpoint);
	if (e != ERR_NOT_FOUND)
		return e;
	err_clear(v->c);
	return ERR_OK;
}

enum err timeline_page(struct visit *v)
{
	const struct json *issuer = json_get(json_get(v->order.received, "facts"), "issuer");
	struct page_timeline page = { .view = v->view };
	struct court k = { .v = v, .page = &page };
	struct page_timeline_look *looks_list;
	struct page_order_act *acts;
	struct span flags;
	struct buf b;

	TRY(order_head(v, &page.order, &flags));
	TRY(time_span(v->c, v->r->now_ms / 1000, &page.made_at));
	page.authority = json_opt_text(issuer, "authority_name", word_unknown(v->base));
	page.their_reference = json_opt_text(v->order.received, "authority_reference", SPAN_NONE);
	page.state = span_str(order_state_means(v->order.state));
	TRY(order_acts(v, 0, &acts, &k.acts_n));
	k.acts = acts;
	TRY(NEW_ARRAY(v->c, k.list, k.acts_n + 1));
	page.acts = k.list;
	TRY(store_run(v->c, v->s.store, QUERY_ACT_TICKS, PARAMS(P_TEXT(v->order.ref)), take_act,
		      &k));
	TRY(NEW_ARRAY(v->c, looks_list, VIEWS_SHOWN));
	page.looks = looks_list;
	TRY(store_run(v->c, v->desk->store, QUERY_ACCESS_OF,
		      PARAMS(P_TEXT(v->order.ref), P_INT(VIEWS_SHOWN)), take_look, &page));
	TRY(court_log(v, &page));
	visit_buf(v, &b);
	TRY(page_timeline(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

enum err timeline_file(struct visit *v)
{
	TRY(timeline_export(v->c, &v->s, &v->order, &v->a->body));
	TRY(access_note(v->c, v->desk->store, "took the timeline of", v->who->name, v->order.ref,
			SPAN_NONE));
	v->a->status = 200;
	v->a->type = SPAN("application/json");
	return span_fmt(v->c, &v->a->download, "%.*s.timeline.json", SPAN_ARG(v->order.ref));
}
