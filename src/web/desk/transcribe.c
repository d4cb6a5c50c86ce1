/*
 * Writing out what an order says that came as paper alone: a form with every field of an order
 * file, beside the paper. What is sent becomes an order file and is taken in as one; what is not
 * known stays unknown.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/zone.h"
#include "order/1_receive/receive.h"
#include "order/3_judge/judge.h"
#include "web/desk/ask.h"
#include "web/desk/order_file.h"

#define LINES_MAX 12
#define FIELDS_MAX 48u
#define GROUPS_MAX 24u

/* Groups of facts.def that are the sender's to state, in the order of a paper. */
static const char *const groups[] = { "issuer", "instrument", "purpose", "emergency", "secrecy",
				      "cost" };

struct writing {
	struct ask k;
	const struct json *now;         /* what stands there: facts and the rest of an order file */
	struct json *tree, *facts;      /* the order file that the form makes */
	struct page_ask_group *group;
	struct span because;            /* of a correction */
};

/* ---- groups ---- */

static enum err group_begin(struct writing *w, struct span id, struct span title, struct span hint,
			    struct page_ask_group **out)
{
	struct page_ask_group *g;
	struct page_ask_field *fields, *more;

	if (w->k.page.groups_n == GROUPS_MAX)
		FAIL(w->k.v->c, ERR_LIMIT, "more groups of fields than a page shows");
	g = &w->group[w->k.page.groups_n++];
	TRY(NEW_ARRAY(w->k.v->c, fields, FIELDS_MAX));
	TRY(NEW_ARRAY(w->k.v->c, more, FIELDS_MAX));
	*g = (struct page_ask_group){ .id = id, .title = title, .hint = hint, .fields = fields,
				      .more = more };
	*out = g;
	return ERR_OK;
}

static enum err group_add(struct writing *w, struct page_ask_group *g,
			  const struct page_ask_field *f, bool first)
{
	struct page_ask_field *list;

	if (g->fields_n == FIELDS_MAX || g->more_n == FIELDS_MAX)
		FAIL(w->k.v->c, ERR_LIMIT, "more fields than a page shows");
	memcpy(&list, first ? &g->fields : &g->more, sizeof list);      /* made for writing */
	list[first ? g->fields_n++ : g->more_n++] = *f;
	return ERR_OK;
}

/* The field of a fact, and what stands in it into the order file. */
static enum err put_fact(struct writing *w, struct page_ask_group *g, const struct fact_field *fact,
			 const char *key, struct span demand, const struct json *now,
			 struct json *into)
{
	struct page_ask_field f;
	struct json *value;
	char start[40] = "";
	struct span name;

	if (demand.n)
		snprintf(start, sizeof start, "%.*s-", SPAN_ARG(demand));
	TRY(ask_name(&w->k, start, demand.n ? key : fact->path, &name));
	TRY(ask_fact(&w->k, fact, name, demand, json_get(now, key), &f, &value));
	if (value)
		json_set(w->k.v->c, into, key, value);
	return group_add(w, g, &f, ask_matters(&f, fact));
}

/* Every fact of that group that is the sender's to state. */
static enum err put_facts(struct writing *w, struct page_ask_group *g, const char *group)
{
	const struct json *now = json_get(json_get(w->now, "facts"), group);
	struct json *into = json_object(w->k.v->c);
	const struct fact_field *fields;
	size_t n, length = strlen(group);

	fields = facts_fields(&n);
	for (size_t i = 0; i < n; i++) {
		const char *path = fields[i].path;

		if (strncmp(path, group, length) != 0 || path[length] != '.' ||
		    fields[i].flags & FACT_OURS || !strcmp(path, "order.document_sha256"))
			continue;
		TRY(put_fact(w, g, &fields[i], path + length + 1, SPAN_NONE, now, into));
	}
	json_set(w->k.v->c, w->facts, group, into);
	return ERR_OK;
}

/* ---- who asks ---- */

/* The agencies of the register: by id, or their keys by label. */
static enum err agencies(struct writing *w, struct page_ask_field *f, bool keys)
{
	int64_t now_utc = w->k.v->r->now_ms / 1000;
	const struct json *state;
	struct span label;

	TRY(seal_state(w->k.v->c, &w->k.v->s, false, &state));
	JSON_EACH(row, json_get(state, "roster")) {
		struct span id = json_opt_text(row, "id", SPAN_NONE),
			    value = keys ? json_opt_text(row, "label", SPAN_NONE) : id;
		bool there = false;

		if (!roster_row_is(row, "agency", now_utc))
			continue;
		for (size_t i = 0; i < f->choices_n; i++)
			there |= span_eq(f->choices[i].value, value);
		if (there)
			continue;
		TRY(span_fmt(w->k.v->c, &label, "%.*s (%.*s)",
			     SPAN_ARG(keys ? value : json_opt_text(row, "name", id)),
			     SPAN_ARG(keys ? json_opt_text(row, "name", id) : id)));
		TRY(ask_choice(&w->k, f, value, label));
	}
	return ERR_OK;
}

/* Chosen, or every live key of the agency; the format wants one. */
static enum err put_recipients(struct writing *w, const struct page_ask_field *f)
{
	struct span agency = json_opt_text(w->tree, "agency", SPAN_NONE);
	struct json *list = json_list(w->k.v->c);
	const struct json *state;

	for (size_t i = 0; i < f->choices_n; i++)
		if (f->choices[i].chosen)
			json_add(w->k.v->c, list, json_text(w->k.v->c, f->choices[i].value));
	TRY(seal_state(w->k.v->c, &w->k.v->s, false, &state));
	for (const struct json *row = json_get(state, "roster")->first; row && !f->value.n;
	     row = row->next)
		if (roster_row_is(row, "agency", w->k.v->r->now_ms / 1000) &&
		    span_eq(json_opt_text(row, "id", SPAN_NONE), agency))
			json_add(w->k.v->c, list, json_text(w->k.v->c,
							    json_opt_text(row, "label",
									  SPAN_NONE)));
	if (!list->first)
		json_add(w->k.v->c, list, json_text(w->k.v->c, SPAN("unknown")));
	json_set(w->k.v->c, w->tree, "recipients", list);
	return ERR_OK;
}

static enum err put_sender(struct writing *w)
{
	static const struct fact_field text = { .path = "authority_reference", .type = FACT_TEXT,
						.flags = FACT_MANDATORY, .meaning = "" };
	const struct page_base *b = w->k.v->base;
	struct page_ask_field f;
	struct page_ask_group *g;
	struct json *value;

	TRY(group_begin(w, SPAN("sender"), word_ask_sender(b), word_ask_sender_hint(b), &g));
	TRY(put_facts(w, g, "issuer"));
	TRY(ask_fact(&w->k, &text, SPAN("reference"), SPAN_NONE,
		     json_get(w->now, "authority_reference"), &f, &value));
	f.label = word_ask_reference(b);
	TRY(group_add(w, g, &f, true));
	json_set(w->k.v->c, w->tree, "authority_reference",
		 value ? value : json_text(w->k.v->c, SPAN("unknown")));
	TRY(ask_field(&w->k, SPAN("agency"), word_ask_agency(b), SPAN_NONE,
		      json_get(w->now, "agency"), &f));
	f.is_select = true;
	TRY(ask_choice(&w->k, &f, SPAN_NONE, word_ask_agency_none(b)));
	TRY(agencies(w, &f, false));
	TRY(group_add(w, g, &f, true));
	json_set_text(w->k.v->c, w->tree, "agency", f.value.n ? f.value : SPAN("unknown"));
	TRY(ask_field(&w->k, SPAN("recipients"), word_ask_recipients(b),
		      word_ask_recipients_hint(b), json_get(w->now, "recipients"), &f));
	f.is_checks = true;
	TRY(agencies(w, &f, true));
	TRY(group_add(w, g, &f, false));
	return put_recipients(w, &f);
}

/* ---- lines ---- */

/* The demand: every field of it in facts.def. */
static enum err put_demand(struct writing *w, struct page_ask_group *g, struct span id,
			   struct json *demand)
{
	const struct json *now = json_with_id(json_get(json_get(w->now, "facts"), "demands"), id);
	const struct fact_field *fields;
	size_t n;

	fields = facts_fields(&n);
	for (size_t i = 0; i < n; i++)
		if (!strncmp(fields[i].path, "demands[].", 10) && fields[i].type != FACT_NAME)
			TRY(put_fact(w, g, &fields[i], fields[i].path + 10, id, now, demand));
	return ERR_OK;
}

static enum err line_name(struct writing *w, struct span id, const char *what, struct span *out)
{
	return span_fmt(w->k.v->c, out, "%.*s-%s", SPAN_ARG(id), what);
}

static enum err put_meaning(struct writing *w, struct page_ask_group *g, struct span id,
			    const struct json *now, struct json *line)
{
	const struct page_base *b = w->k.v->base;
	struct page_ask_field f;
	struct span name;

	TRY(line_name(w, id, "date_meaning", &name));
	TRY(ask_field(&w->k, name, word_ask_date_meaning(b), SPAN_NONE,
		      json_get(now, "date_meaning"), &f));
	if (!f.value.n)
		f.value = SPAN("delivery");
	f.is_select = true;
	TRY(ask_choice(&w->k, &f, SPAN("delivery"), word_ask_by_delivery(b)));
	TRY(ask_choice(&w->k, &f, SPAN("header"), word_ask_by_header(b)));
	TRY(ask_choice(&w->k, &f, SPAN("received"), word_ask_by_received(b)));
	json_set_text(w->k.v->c, line, "date_meaning", f.value);
	return group_add(w, g, &f, true);
}

/* Which zone a day of the order is a day of is never guessed where it decides what is taken. */
static enum err put_zone(struct writing *w, struct page_ask_group *g, struct span id,
			 const struct json *now, struct json *line, bool matters)
{
	const struct page_base *b = w->k.v->base;
	struct ctx *c = w->k.v->c;
	struct page_ask_field f;
	struct span name;
	bool fine;

	TRY(line_name(w, id, "zone", &name));
	TRY(ask_field(&w->k, name, word_ask_zone(b), word_ask_zone_hint(b), json_get(now, "zone"),
		      &f));
	fine = f.value.n ? zone_check(c, f.value) == ERR_OK : !matters;
	err_clear(c);
	if (!fine && ask_is_done(&w->k))
		TRY(ask_wrong(&w->k, &f, word_ask_zone_needed(b)));
	json_set_text(c, line, "zone", f.value.n ? f.value : SPAN("UTC"));
	return group_add(w, g, &f, true);
}

static enum err put_stores(struct writing *w, struct page_ask_group *g, struct span id,
			   const struct json *now, struct json *line, bool matters)
{
	const struct page_base *b = w->k.v->base;
	struct json *list = json_list(w->k.v->c);
	const struct json *body, *stores;
	struct page_ask_field f;
	struct span name;

	TRY(home_last(w->k.v->c, &w->k.v->s, "stores", &body));
	stores = json_get(body, "stores");
	TRY(line_name(w, id, "stores", &name));
	TRY(ask_field(&w->k, name, word_ask_stores(b), SPAN_NONE, json_get(now, "stores"), &f));
	f.is_checks = true;
	if (!f.value.n && !w->k.sent && json_count(stores) == 1)
		f.value = json_opt_text(stores->first, "name", SPAN_NONE);
	JSON_EACH(store, stores) {
		struct span is = json_opt_text(store, "name", SPAN_NONE);

		TRY(ask_choice(&w->k, &f, is, is));
		if (f.choices[f.choices_n - 1].chosen || !matters)
			json_add(w->k.v->c, list, json_text(w->k.v->c, is));
	}
	if (!list->first && ask_is_done(&w->k))
		TRY(ask_wrong(&w->k, &f, stores ? word_ask_needed(b) : word_ask_no_stores(b)));
	json_set(w->k.v->c, line, "stores", list);
	return group_add(w, g, &f, true);
}

static enum err put_folders(struct writing *w, struct page_ask_group *g, struct span id,
			    const struct json *now, struct json *line)
{
	static const struct fact_field text = { .path = "folders", .type = FACT_TEXT,
						.flags = FACT_LIST, .meaning = "" };
	static const struct json all = { .type = JSON_TEXT,
					 .s = { (const unsigned char *)"ALL", 3 } };
	const struct json *before = json_get(now, "folders");
	struct json *value, *list = json_list(w->k.v->c);
	struct page_ask_field f;
	struct span name;

	TRY(line_name(w, id, "folders", &name));
	TRY(ask_fact(&w->k, &text, name, SPAN_NONE, before ? before : &all, &f, &value));
	f.label = word_ask_folders(w->k.v->base);
	if (!value)
		json_add(w->k.v->c, list, json_text(w->k.v->c, SPAN("ALL")));
	json_set(w->k.v->c, line, "folders", value ? value : list);
	return group_add(w, g, &f, false);
}

/* A line of the form; one in which nothing stands is none, but for the first. */
static enum err put_line(struct writing *w, int number, struct json *demands, struct json *lines)
{
	struct ctx *c = w->k.v->c;
	struct json *demand = json_object(c), *line = json_object(c);
	const struct page_base *b = w->k.v->base;
	struct page_ask_group *g;
	struct span id, title;
	const struct json *now;

	TRY(span_fmt(c, &id, "d%d", number));
	TRY(word_ask_line(c, b, id, &title));
	TRY(group_begin(w, id, title, word_ask_line_hint(b), &g));
	now = json_with_id(json_get(w->now, "lines"), id);
	json_set_text(c, demand, "id", id);
	json_set_text(c, line, "id", id);
	TRY(put_demand(w, g, id, demand));
	/* Days that somebody wrote down are meant. */
	if (!json_get(demand, "range") && (json_get(demand, "from") || json_get(demand, "until")))
		json_set_str(c, demand, "range", "DATES");
	TRY(put_meaning(w, g, id, now, line));
	TRY(put_zone(w, g, id, now, line, scope_served(demand)));
	TRY(put_stores(w, g, id, now, line, scope_served(demand)));
	TRY(put_folders(w, g, id, now, line));
	if (json_count(demand) == 1 && number > 1)
		return ERR_OK;
	json_add(c, demands, demand);
	json_add(c, lines, line);
	return ERR_OK;
}

static enum err put_lines(struct writing *w)
{
	int64_t count = (int64_t)json_count(json_get(json_get(w->now, "facts"), "demands"));
	struct json *demands = json_list(w->k.v->c), *lines = json_list(w->k.v->c);

	if (w->k.sent && !span_to_i64(typed(w->k.v, "lines"), &count))
		count = 1;
	count += web_has(w->k.v->typed, "more");
	count = count < 1 ? 1 : count > LINES_MAX ? LINES_MAX : count;
	for (int i = 1; i <= (int)count; i++)
		TRY(put_line(w, i, demands, lines));
	json_set(w->k.v->c, w->facts, "demands", demands);
	json_set(w->k.v->c, w->tree, "lines", lines);
	w->k.page.lines = count;
	w->k.page.more_lines = count < LINES_MAX;
	return span_fmt(w->k.v->c, &w->k.page.lines_here, "%.*s#group-d%lld",
			SPAN_ARG(w->k.v->r->path), (long long)(count < LINES_MAX ? count + 1 : 1));
}

/* ---- the whole ---- */

/* The format wants these groups, even where nothing of them is known. */
static void put_unknown(struct writing *w)
{
	static const struct {
		const char *group, *key;
	} needed[] = { { "issuer", "country" }, { "instrument", "kind" } };

	for (size_t i = 0; i < COUNT_OF(needed); i++) {
		struct json *group = NULL;
		const struct json *there = json_get(w->facts, needed[i].group);

		memcpy(&group, &there, sizeof group);   /* made here, for writing */
		if (group && !json_get(group, needed[i].key))
			json_set_str(w->k.v->c, group, needed[i].key, "unknown");
	}
}

static enum err put_order(struct writing *w)
{
	const struct json *papers = json_get(w->k.v->order.received, "papers");
	const struct page_base *b = w->k.v->base;
	const struct json *there;
	struct page_ask_group *g;
	struct json *group;

	TRY(group_begin(w, SPAN("instrument"), word_ask_instrument(b), SPAN_NONE, &g));
	TRY(put_facts(w, g, "order"));
	there = json_get(w->facts, "order");
	memcpy(&group, &there, sizeof group);
	json_set_text(w->k.v->c, group, "document_sha256",
		      json_opt_text(papers ? papers->first : NULL, "sha256", SPAN("unknown")));
	return put_facts(w, g, "instrument");
}

/* What was written out before is corrected with a reason, which stands first. */
static enum err put_because(struct writing *w)
{
	static const struct fact_field text = { .path = "because", .type = FACT_TEXT,
						.flags = FACT_MANDATORY, .meaning = "" };
	const struct page_base *b = w->k.v->base;
	struct page_ask_group *g;
	struct page_ask_field f;
	struct json *value;
	int64_t seq;

	if (!w->k.v->order.transcribed)
		return ERR_OK;
	TRY(group_begin(w, SPAN("correction"), word_ask_correction(b),
			w->k.v->order.decided ? word_ask_correction_decided(b)
					      : word_ask_correction_hint(b),
			&g));
	TRY(ask_fact(&w->k, &text, SPAN("because"), SPAN_NONE, NULL, &f, &value));
	f.label = word_ask_because(b);
	/* Who wrote it out while another did, too, is told that first. */
	if (!value && ask_is_done(&w->k) && !f.error.n &&
	    span_to_i64(typed(w->k.v, "seq"), &seq) && seq == w->k.v->order.last_seq)
		TRY(ask_wrong(&w->k, &f, word_ask_because_needed(b)));
	w->because = value ? value->s : SPAN_NONE;
	return group_add(w, g, &f, true);
}

static enum err put_all(struct writing *w)
{
	const struct page_base *b = w->k.v->base;
	const struct span titles[] = { word_ask_purpose(b), word_ask_emergency(b),
				       word_ask_secrecy(b), word_ask_cost(b) };
	struct page_ask_group *g;

	json_set_str(w->k.v->c, w->facts, "facts_version", "1");
	json_set_str(w->k.v->c, w->tree, "order_version", "1");
	TRY(put_because(w));
	TRY(put_sender(w));
	TRY(put_order(w));
	TRY(put_lines(w));
	for (size_t i = 2; i < COUNT_OF(groups); i++) {
		TRY(group_begin(w, span_str(groups[i]), titles[i - 2], SPAN_NONE, &g));
		TRY(put_facts(w, g, groups[i]));
	}
	put_unknown(w);
	json_set(w->k.v->c, w->tree, "facts", w->facts);
	return ERR_OK;
}

static enum err keep(struct writing *w)
{
	struct visit *v = w->k.v;
	FD_SCOPED int fd = -1;
	struct span text;

	TRY(step_check(v));
	TRY(order_file_text(v->c, w->tree, &text));
	TRY(memfd_of(v->c, "order", text, &fd));
	return order_transcribe(v->c, &v->s, &v->order,
				&(struct submitted_file){ "written-out.yaml", fd }, w->k.taken,
				w->because);
}

static enum err writing_begin(struct visit *v, struct writing *w)
{
	TRY(ask_begin(v, &w->k));
	TRY(NEW_ARRAY(v->c, w->group, GROUPS_MAX));
	w->k.page.groups = w->group;
	w->now = v->order.received;
	w->tree = json_object(v->c);
	w->facts = json_object(v->c);
	return put_all(w);
}

enum err transcribe_step(struct visit *v)
{
	const struct page_base *b = v->base;
	struct writing *w;

	if (!v->order.from_paper)
		FAIL(v->c, ERR_NOT_FOUND, "this order came with an order file: what it says is its "
					  "sender's to correct");
	TRY(NEW(v->c, w));
	TRY(writing_begin(v, w));
	if (ask_is_done(&w->k)) {
		enum err e = w->k.problems_n ? ERR_FORMAT : keep(w);

		if (e == ERR_OK) {
			TRY(step_done(v));
			return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
		}
		if (w->k.problems_n)
			v->a->status = (unsigned)err_http_status(e);
		else
			TRY(step_failed(v, e));
	}
	return ask_show(&w->k, v->order.transcribed ? word_transcribe_again(b) : word_transcribe(b),
			word_transcribe_says(b), word_transcribe_do(b));
}
