/*
 * Facts that only the provider may set (about the customer, the data, the receipt): those that the
 * last judgement missed come first. The paper stands beside them. What is sent is put on file where
 * it changes something; whether it may be said so is checked by src/order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "order/2_authenticate/authenticate.h"
#include "order/3_judge/judgement.h"
#include "order/letter.h"
#include "web/desk/ask.h"
#include "web/desk/order_page.h"

#define FIELDS_MAX 48u

struct knowing {
	struct ask k;
	struct page_ask_group group[3];
	struct json *changes;           /* list of {path, value} */
};

/* ---- what is known ---- */

/* What staff said last of that fact: a text, or the list of one act; NULL where they did not. */
static const struct json *said_last(struct visit *v, const struct fact_field *fact)
{
	struct json *found = NULL;

	JSON_EACH(act, v->order.acts) {
		struct json *list = json_list(v->c);

		if (!span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_ESTABLISHED)))
			continue;
		JSON_EACH(row, json_get(json_get(act, "body"), "facts"))
			if (span_is(json_opt_text(row, "path", SPAN_NONE), fact->path))
				json_add(v->c, list, json_text(v->c, json_opt_text(row, "value",
										   SPAN_NONE)));
		if (list->first)
			found = list;
	}
	return found && !(fact->flags & FACT_LIST) ? found->last : found;
}

/* Whether the last judgement asks for it. */
static bool is_missed(const struct visit *v, const struct fact_field *fact)
{
	JSON_EACH(code, json_get(json_get(v->order.judged, "decision"), "reasons"))
		if (reason_fact(code->s) == fact)
			return true;
	return false;
}

bool facts_are_missed(const struct visit *v)
{
	const struct fact_field *fact;

	JSON_EACH(code, json_get(json_get(v->order.judged, "decision"), "reasons"))
		if ((fact = reason_fact(code->s)) && order_fact_is_ours(span_str(fact->path)))
			return true;
	return false;
}

/* ---- what is said now ---- */

static void add_change(struct knowing *n, const struct fact_field *fact, struct span value)
{
	struct json *row = json_object(n->k.v->c);

	json_set_str(n->k.v->c, row, "path", fact->path);
	json_set_text(n->k.v->c, row, "value", value);
	json_add(n->k.v->c, n->changes, row);
}

static void put_change(struct knowing *n, const struct fact_field *fact, const struct json *before,
		       const struct json *now)
{
	bool was_known = before && (before->type == JSON_LIST ? before->first : before) &&
			 !span_is(before->type == JSON_LIST ? before->first->s : before->s,
				  "unknown");

	if (!now && was_known)
		add_change(n, fact, SPAN("unknown"));
	if (!now || (before && json_equal(before, now)))
		return;
	if (now->type == JSON_TEXT)
		add_change(n, fact, now->s);
	else
		JSON_EACH(value, now)
			add_change(n, fact, value->s);
}

static enum err put_field(struct knowing *n, const struct fact_field *fact)
{
	struct page_ask_group *g = &n->group[is_missed(n->k.v, fact) ? 0 : 1];
	const struct json *before = said_last(n->k.v, fact);
	struct page_ask_field f, *list;
	struct json *now;
	struct span name;

	TRY(ask_name(&n->k, "", fact->path, &name));
	TRY(ask_fact(&n->k, fact, name, SPAN_NONE, before, &f, &now));
	if (!f.error.n)
		put_change(n, fact, before, now);
	if (g->fields_n == FIELDS_MAX)
		FAIL(n->k.v->c, ERR_LIMIT, "more fields than a page shows");
	memcpy(&list, &g->fields, sizeof list);         /* made here, for writing */
	list[g->fields_n++] = f;
	return ERR_OK;
}

/* What only the paper can say is named, and asked for nowhere here. */
static enum err put_theirs(struct knowing *n)
{
	struct page_ask_group *g = &n->group[2];
	struct buf b;

	buf_begin(&b, n->k.v->c, (size_t)64 << 10);
	JSON_EACH(code, json_get(json_get(n->k.v->order.judged, "decision"), "reasons")) {
		const struct fact_field *fact = reason_fact(code->s);

		if (fact && !(fact->flags & FACT_OURS))
			buf_fmt(&b, "%s%s", b.n ? "; " : "", fact_words(fact));
	}
	return b.n ? buf_done(n->k.v->c, &b, &g->hint) : ERR_OK;
}

static enum err put_all(struct knowing *n)
{
	const struct page_base *w = n->k.v->base;
	const struct span titles[] = { word_facts_asked(w), word_facts_rest(w),
				       word_facts_theirs(w) };
	const struct fact_field *fields;
	struct page_ask_field *list;
	size_t count;

	for (size_t i = 0; i < COUNT_OF(titles); i++) {
		TRY(NEW_ARRAY(n->k.v->c, list, FIELDS_MAX));
		TRY(span_fmt(n->k.v->c, &n->group[i].id, "%zu", i + 1));
		n->group[i].title = titles[i];
		n->group[i].fields = list;
	}
	fields = facts_fields(&count);
	for (size_t i = 0; i < count; i++)
		if (order_fact_is_ours(span_str(fields[i].path)))
			TRY(put_field(n, &fields[i]));
	return put_theirs(n);
}

/* Groups in which there is nothing are not shown. */
static enum err put_groups(struct knowing *n)
{
	struct page_ask_group *list;

	TRY(NEW_ARRAY(n->k.v->c, list, COUNT_OF(n->group)));
	n->k.page.groups = list;
	for (size_t i = 0; i < COUNT_OF(n->group); i++)
		if (n->group[i].fields_n || n->group[i].hint.n)
			list[n->k.page.groups_n++] = n->group[i];
	return ERR_OK;
}

static enum err keep(struct knowing *n)
{
	struct visit *v = n->k.v;

	TRY(step_check(v));
	if (!n->changes->first)
		FAIL(v->c, ERR_USAGE, "%.*s", SPAN_ARG(word_facts_no_change(v->base)));
	return order_establish(v->c, &v->s, &v->order, n->changes);
}

/* Nobody has to ask for what follows. What was decided already stands. */
static enum err judged_again(struct visit *v)
{
	struct span page;

	if (v->order.judged && !v->order.decided &&
	    judgement_make(v->c, &v->s, &v->order, &page) != ERR_OK)
		err_clear(v->c);        /* the order waits for it then, and the step says why */
	return step_to_order(v);
}

enum err facts_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct knowing *n;

	TRY(NEW(v->c, n));
	TRY(ask_begin(v, &n->k));
	n->changes = json_list(v->c);
	TRY(put_all(n));
	TRY(put_groups(n));
	if (ask_is_done(&n->k)) {
		enum err e = n->k.problems_n ? ERR_FORMAT : keep(n);

		if (e == ERR_OK)
			return judged_again(v);
		if (n->k.problems_n)
			v->a->status = (unsigned)err_http_status(e);
		else
			TRY(step_failed(v, e));
	}
	return ask_show(&n->k, word_facts(w), word_facts_says(w), word_facts_do(w));
}
