/*
 * One order on a page: facts, checklist with its sources, what the rule packs say, and everything
 * that happened. All of it is taken from the acts; nothing is judged or guessed here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/civil.h"
#include "format/facts.h"
#include "format/time.h"
#include "order/3_judge/judge.h"
#include "order/letter.h"
#include "store/blob.h"
#include "web/desk/desk.h"
#include "web/desk/order_page.h"

#define FACTS_MAX 24u
#define CHECKS_MAX 16u
#define TOOK_MAX 64

/* ---- facts ---- */

static void fact(struct page_order *p, struct page_order_fact *list, struct span label,
		 struct span value)
{
	if (value.n && p->facts_n < FACTS_MAX)
		list[p->facts_n++] = (struct page_order_fact){ label, value };
}

/* A day as it stands; an instant as clocks show it here. */
static enum err when_words(struct visit *v, struct span when, struct span *out)
{
	int64_t at, wall;
	char text[TIME_TEXT_MAX];

	*out = when;
	if (!time_parse(when, &at))
		return ERR_OK;
	wall = at + zone_offset_s(v->desk->zone, at);
	if (civil_day_of(wall) < 0 || civil_day_of(wall) > days_of_civil(9998, 12, 31))
		return ERR_OK;
	time_text(wall, text);
	return span_fmt(v->c, out, "%.10s %.5s, %.*s", text, text + 11,
			SPAN_ARG(v->desk->zone_name));
}

static enum err facts(struct visit *v, struct page_order *p)
{
	const struct page_base *w = v->base;
	const struct order *o = &v->order;
	const struct json *f = json_get(o->received, "facts"), *issuer = json_get(f, "issuer");
	const struct json *instrument = json_get(f, "instrument");
	struct page_order_fact *list;
	struct span received, kind, issued, by;

	TRY(NEW_ARRAY(v->c, list, FACTS_MAX));
	TRY(time_ago(v->c, o->received_utc, v->r->now_ms / 1000, &received));
	visit_until(v, time_ago_changes(o->received_utc, v->r->now_ms / 1000, 3600));
	kind = kind_words(json_opt_text(instrument, "kind", SPAN_NONE));
	fact(p, list, word_fact_authority(w),
	     json_opt_text(issuer, "authority_name", word_unknown(w)));
	fact(p, list, word_fact_country(w), json_opt_text(issuer, "country", SPAN_NONE));
	fact(p, list, word_fact_agency(w), json_opt_text(o->received, "agency", SPAN_NONE));
	fact(p, list, word_fact_reference(w),
	     json_opt_text(o->received, "authority_reference", SPAN_NONE));
	fact(p, list, word_fact_instrument(w), kind);
	TRY(when_words(v, json_opt_text(instrument, "issued_on", SPAN_NONE), &issued));
	TRY(when_words(v, json_opt_text(instrument, "return_by", SPAN_NONE), &by));
	fact(p, list, word_fact_issued(w), issued);
	fact(p, list, word_fact_by(w), by);
	fact(p, list, word_fact_received(w), received);
	fact(p, list, word_fact_corrects(w),
	     json_opt_text(json_get(o->received, "resubmits"), "order", SPAN_NONE));
	fact(p, list, word_fact_again(w), json_opt_text(o->resubmitted, "order", SPAN_NONE));
	if (o->authenticated) {
		fact(p, list, word_fact_checked(w),
		     json_opt_text(o->authenticated, "by", SPAN_NONE));
		fact(p, list, word_fact_over(w),
		     json_opt_text(o->authenticated, "over", SPAN_NONE));
		fact(p, list, word_fact_found(w),
		     json_opt_text(o->authenticated, "found", SPAN_NONE));
	}
	fact(p, list, word_fact_decision(w), json_opt_text(o->scope, "decision", SPAN_NONE));
	if (o->gag)
		fact(p, list, word_fact_secret(w),
		     json_opt_text(o->gag, "until", word_fact_secret_no_end(w)));
	fact(p, list, word_fact_notice(w),
	     json_opt_text(o->notice, "decision", SPAN_NONE));
	p->facts = list;
	return ERR_OK;
}

/* ---- the checklist: what has to hold before anything leaves, and where that is from ---- */

struct checks {
	struct page_order *p;
	struct page_order_check *list;
};

static void check(struct checks *k, struct span words, bool known, bool holds, struct span source)
{
	if (k->p->checks_n < CHECKS_MAX)
		k->list[k->p->checks_n++] = (struct page_order_check){
			.words = words, .source = source, .holds = known && holds,
			.open = !known
		};
}

/* Where it was taken from when the order was written out. */
static const struct json *taken_from(const struct order *o, const char *field)
{
	JSON_EACH(one, json_get(o->transcribed, "taken"))
		if (span_is(json_opt_text(one, "field", SPAN_NONE), field))
			return one;
	return NULL;
}

/* Where on the paper the last check may be looked up. */
static enum err look_up(struct visit *v, const struct checks *k, const struct json *suggestions,
			const char *field)
{
	struct page_order_check *last = &k->list[k->p->checks_n - 1];
	const struct json *at = taken_from(&v->order, field);

	last->taken = at != NULL;
	for (const struct json *one = suggestions ? suggestions->first : NULL; one && !at;
	     one = one->next)
		if (span_is(json_opt_text(one, "field", SPAN_NONE), field))
			at = one;
	if (!at)
		return ERR_OK;
	last->page = json_opt_int(at, "page", 0);
	last->line = json_opt_int(at, "line", 0);
	return span_fmt(v->c, &last->at, "/order/%.*s?paper=%lld&page=%lld&line=%lld#paper",
			SPAN_ARG(v->order.ref), (long long)json_opt_int(at, "paper", 1),
			(long long)last->page, (long long)last->line);
}

/* "act 3", the last of that name. */
static struct span act_source(struct visit *v, enum act_kind kind)
{
	const struct order *o = &v->order;
	struct span out = SPAN_NONE;
	int64_t seq = 0;

	JSON_EACH(act, o->acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(kind)))
			seq = json_opt_int(act, "seq", 0);
	if (seq && word_source_act(v->c, v->base, seq, &out) != ERR_OK)
		return SPAN_NONE;
	return out;
}

static bool stated(const struct json *group, const char *name)
{
	struct span value = json_opt_text(group, name, SPAN_NONE);

	return value.n && !span_is(value, "unknown");
}

static bool cites_law(const struct json *instrument)
{
	const struct json *list = json_get(instrument, "provisions");

	return list && list->first && !span_is(list->first->s, "unknown");
}

static bool every_demand(const struct order *o, const char *name)
{
	const struct json *demands = json_get(json_get(o->received, "facts"), "demands");

	JSON_EACH(demand, demands)
		if (!stated(demand, name))
			return false;
	return demands && demands->first;
}

static bool has_reason(const struct order *o, const char *code)
{
	return json_has_text(json_get(json_get(o->judged, "decision"), "reasons"), span_str(code));
}

/* Whether the packs could say that it holds: they know the instrument, and no fact of that group
 * is wanting. */
static bool can_tell(const struct order *o, const char *group)
{
	if (has_reason(o, "INST-UNKNOWN"))
		return false;
	JSON_EACH(code, json_get(json_get(o->judged, "decision"), "reasons")) {
		const struct fact_field *fact = reason_fact(code->s);

		if (fact && !strncmp(fact->path, group, strlen(group)))
			return false;
	}
	return true;
}

static enum err checks(struct visit *v, struct page_order *p)
{
	const struct page_base *w = v->base;
	const struct order *o = &v->order;
	const struct json *f = json_get(o->received, "facts"), *issuer = json_get(f, "issuer");
	const struct json *instrument = json_get(f, "instrument");
	struct span paper = o->from_paper ? word_source_written(w) : word_source_paper(w);
	struct span judged = act_source(v, ACT_JUDGED);
	struct span decided = act_source(v, ACT_DECIDED);
	const struct json *said;
	struct checks k = { .p = p };
	bool holds;

	TRY(order_suggestions(v, &said));
	TRY(NEW_ARRAY(v->c, k.list, CHECKS_MAX));
	p->checks = k.list;
	check(&k, word_check_sender(w), o->authenticated != NULL, order_is_verified(o),
	      act_source(v, ACT_AUTHENTICATED));
	check(&k, word_check_authority(w), stated(issuer, "authority_name"), true, paper);
	TRY(look_up(v, &k, said, "issuer.authority_name"));
	check(&k, word_check_kind(w), stated(instrument, "kind"), true, paper);
	TRY(look_up(v, &k, said, "instrument.kind"));
	check(&k, word_check_signed(w), stated(instrument, "signature"),
	      !span_is(json_opt_text(instrument, "signature", SPAN_NONE), "NONE"), paper);
	check(&k, word_check_law(w), cites_law(instrument), true, paper);
	TRY(look_up(v, &k, said, "instrument.provisions"));
	check(&k, word_check_target(w), every_demand(o, "target"), true, paper);
	TRY(look_up(v, &k, said, "demands[].target"));
	check(&k, word_check_range(w), every_demand(o, "range"), true, paper);
	TRY(look_up(v, &k, said, "demands[].from"));
	holds = !has_reason(o, "TERR-CONFLICT") && !has_reason(o, "TERR-BLOCKING-LAW") &&
		!has_reason(o, "TERR-ART48");
	check(&k, word_check_conflict(w),
	      o->judged && !o->judged_stale && (!holds || can_tell(o, "data.foreign_law_")), holds,
	      judged);
	holds = !has_reason(o, "BIZ-REDIRECT");
	check(&k, word_check_redirect(w),
	      o->judged && !o->judged_stale && (!holds || can_tell(o, "customer.")), holds, judged);
	check(&k, word_check_decided(w), o->decided != NULL, true, decided);
	check(&k, word_check_notice(w), o->notice != NULL, true,
	      act_source(v, ACT_NOTICE_DECIDED));
	check(&k, word_check_sealed(w), o->collected != NULL, true,
	      act_source(v, ACT_COLLECTED));
	return ERR_OK;
}

/* ---- the lines, and what the rule packs say of each ---- */

static enum err reasons_of(struct ctx *c, const struct json *codes, struct page_order_demand *d)
{
	struct page_order_reason *list;

	TRY(NEW_ARRAY(c, list, json_count(codes) + 1));
	d->reasons = list;
	JSON_EACH(code, codes) {
		list[d->reasons_n].code = code->s;
		TRY(letter_reason(c, code->s, &list[d->reasons_n].words));
		d->reasons_n++;
	}
	return ERR_OK;
}

static enum err joined(struct ctx *c, const struct json *texts, struct span *out)
{
	struct buf b;

	buf_begin(&b, c, (size_t)1 << 20);
	JSON_EACH(t, texts)
		buf_fmt(&b, "%s%.*s", b.n ? "; " : "", SPAN_ARG(t->s));
	return buf_done(c, &b, out);
}

static void counted(const struct order *o, struct page_order_demand *d)
{
	JSON_EACH(row, json_get(o->counted, "lines")) {
		if (!span_eq(json_opt_text(row, "id", SPAN_NONE), d->id))
			continue;
		d->counted = true;
		d->items += json_opt_int(row, "items", 0);
		d->size += json_opt_int(row, "bytes", 0);
	}
}

static enum err demand(struct visit *v, const struct json *line, struct page_order_demand *d)
{
	const struct json *decision = json_get(v->order.judged, "decision"), *row;

	d->id = json_opt_text(line, "id", SPAN_NONE);
	d->problem = json_opt_text(line, "problem", SPAN_NONE);
	if (!d->problem.n)
		TRY(scope_line_words(v->c, line, &d->words));
	counted(&v->order, d);
	row = json_with_id(json_get(decision, "demands"), d->id);
	if (!row)
		return ERR_OK;
	d->verdict = json_opt_text(row, "verdict", SPAN_NONE);
	d->mode = json_opt_text(row, "mode", SPAN_NONE);
	TRY(joined(v->c, json_get(row, "citations"), &d->citations));
	return reasons_of(v->c, json_get(row, "reasons"), d);
}

enum err order_overruled(struct visit *v, const struct json *document,
			 const struct page_order_demand **list_out, size_t *n_out)
{
	const struct json *lines = json_get(document, "lines");
	struct page_order_demand *list;

	*n_out = 0;
	TRY(NEW_ARRAY(v->c, list, json_count(lines) + 1));
	*list_out = list;
	JSON_EACH(id, json_get(document, "overrules"))
		TRY(demand(v, json_with_id(lines, id->s), &list[(*n_out)++]));
	return ERR_OK;
}

static enum err demands(struct visit *v, struct page_order *p)
{
	struct page_order_demand *list;
	struct json *lines, *open;

	TRY(scope_compile(v->c, &v->order, &lines, &open));
	TRY(NEW_ARRAY(v->c, list, json_count(lines) + json_count(open) + 1));
	p->demands = list;
	JSON_EACH(line, lines)
		TRY(demand(v, line, &list[p->demands_n++]));
	JSON_EACH(line, open) {
		struct page_order_demand *d = &list[p->demands_n++];

		TRY(demand(v, line, d));
		if (!d->problem.n)
			d->problem = word_order_open_line(v->base);
	}
	p->verdict = json_opt_text(json_get(v->order.judged, "decision"), "verdict", SPAN_NONE);
	p->stale = v->order.judged_stale;
	return ERR_OK;
}

/* ---- papers, letters ---- */

static enum err papers(struct visit *v, struct page_order *p)
{
	const struct json *papers = json_get(v->order.received, "papers");
	const struct json *file = json_get(v->order.received, "order_file");
	struct page_order_paper *list;

	TRY(NEW_ARRAY(v->c, list, json_count(papers) + 1));
	p->papers = list;
	file = file && file->type == JSON_OBJECT ? file : NULL;
	for (const struct json *paper = file ? file : papers ? papers->first : NULL; paper;
	     paper = paper == file ? (papers ? papers->first : NULL) : paper->next) {
		struct span name = json_opt_text(paper, "name", SPAN_NONE);

		list[p->papers_n] = (struct page_order_paper){
			.number = paper == file ? 0 : (int64_t)p->papers_n + (file == NULL),
			.name = name.n ? name : SPAN("paper"),
			.size = json_opt_int(paper, "bytes", 0),
			.sha256 = json_opt_text(paper, "sha256", SPAN_NONE),
		};
		p->papers_n++;
	}
	return ERR_OK;
}

static enum err letters(struct visit *v, struct page_order *p)
{
	struct page_order_letter *list;

	TRY(NEW_ARRAY(v->c, list, json_count(v->order.letters) + 1));
	p->letters = list;
	if (json_get(v->order.received, "receipt"))
		list[p->letters_n++].name = SPAN("receipt");
	JSON_EACH(letter, v->order.letters) {
		struct span name = json_opt_text(letter, "template", SPAN_NONE);
		bool there = false;

		for (size_t i = 0; i < p->letters_n; i++)
			there |= span_eq(list[i].name, name);
		if (!there)
			list[p->letters_n++].name = name;
	}
	return ERR_OK;
}

/* ---- what happened ---- */

static enum err took(struct visit *v, int64_t seconds, struct span *out)
{
	if (seconds < 60)
		return word_took_s(v->c, v->base, seconds, out);
	if (seconds < 3600)
		return word_took_min(v->c, v->base, seconds / 60, out);
	if (seconds < 172800)
		return word_took_h(v->c, v->base, seconds / 3600, seconds / 60 % 60, out);
	return word_took_d(v->c, v->base, seconds / 86400, out);
}

/* What one line can tell of an act beside its name. */
static enum err detail(struct ctx *c, const struct json *act, struct span *out)
{
	static const char *const members[] = { "decision", "by", "template", "why", "because",
					       "to", "order", "basis", "until" };
	const struct json *body = json_get(act, "body"), *set = json_get(body, "facts");
	struct buf b;

	buf_begin(&b, c, (size_t)1 << 20);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		struct span text = json_opt_text(body, members[i], SPAN_NONE);

		buf_fmt(&b, "%s%.*s", b.n && text.n ? ", " : "", SPAN_ARG(text));
	}
	/* Of what staff established; of an order they are a group, and stand above. */
	for (const struct json *row = set && set->type == JSON_LIST ? set->first : NULL; row;
	     row = row->next) {
		const struct fact_field *fact =
			facts_field(json_opt_text(row, "path", SPAN_NONE));

		if (fact)
			buf_fmt(&b, "%s%s: %.*s", b.n ? ", " : "", fact_words(fact),
				SPAN_ARG(value_words(fact->path, json_opt_text(row, "value",
									       SPAN_NONE))));
	}
	return buf_done(c, &b, out);
}

enum err order_acts(struct visit *v, int64_t after, struct page_order_act **list_out,
		    size_t *n_out)
{
	int64_t last = 0, at;

	*n_out = 0;
	TRY(NEW_ARRAY(v->c, *list_out, json_count(v->order.acts) + 1));
	JSON_EACH(act, v->order.acts) {
		const struct json *actor = json_get(act, "actor");
		struct page_order_act *row = &(*list_out)[*n_out];

		if (!time_parse(json_opt_text(act, "made_at", SPAN_NONE), &at))
			at = last;
		row->number = json_opt_int(act, "seq", 0);
		row->at = at;
		row->words = span_str(act_words(json_opt_text(act, "act", SPAN_NONE)));
		row->who = json_opt_text(actor, "name",
					 json_opt_text(actor, "unix_user", SPAN_NONE));
		TRY(detail(v->c, act, &row->detail));
		TRY(order_corrections(v, act, &row->detail));
		if (last && at >= last)
			TRY(took(v, at - last, &row->took));
		last = at;
		*n_out += row->number > after;
	}
	return ERR_OK;
}

/* ---- the page ---- */

enum err order_head(struct visit *v, struct page_order_head *out, struct span *flags_out)
{
	struct queue_ask ask = { .now_utc = v->r->now_ms / 1000, .team = v->desk->team,
				 .who = v->who };
	const struct page_base *w = v->base;
	struct order_view view;
	struct queue_row row;
	bool found;

	TRY(view_get(v->c, v->s.store, v->order.ref, &view, &found));
	if (!found)
		FAIL(v->c, ERR_VERIFY, "the row of this order is not there: 'writ fsck --rebuild'");
	TRY(queue_row_of(v->c, &ask, &view, &row));
	*out = (struct page_order_head){
		.reference = v->order.ref,
		.late = row.breached,
		.eighths = queue_eighths(&view, ask.now_utc),
		.agency = view.agency,
		.waiting_for = row.waiting_for,
		.for_me = row.for_me,
		.clock_of = !view.open                         ? SPAN_NONE
			    : span_is(view.clock_of, "law")    ? word_clock_of_law(w)
			    : span_is(view.clock_of, "notice") ? word_clock_of_notice(w)
			    : span_is(view.clock_of, "order")  ? word_clock_of_order(w)
							       : word_clock_of_none(w),
	};
	visit_until(v, queue_changes(&view, ask.now_utc));
	if (flags_out)
		*flags_out = row.flags;
	out->kind = kind_words(view.kind);
	if (!view.open || view.clock_at == VIEW_NO_I64)
		return ERR_OK;
	return span_copy(v->c, span_str(row.clock), &out->clock);
}

static enum err head(struct visit *v, struct page_order *p)
{
	struct page_order_flag *flags;
	struct span word, row;

	p->state = span_str(order_state_word(v->order.state));
	p->means = span_str(order_state_means(v->order.state));
	TRY(order_head(v, &p->head, &row));
	TRY(NEW_ARRAY(v->c, flags, FLAGS));
	p->flags = flags;
	while (p->flags_n < FLAGS && span_next(&row, ' ', &word)) {
		flags[p->flags_n].word = word;
		flags[p->flags_n++].words = span_str(order_flag_words(word));
	}
	return ERR_OK;
}

enum err order_page(struct visit *v)
{
	struct page_order page = { .view = v->view, .reference = v->order.ref };
	struct order_steps can;
	struct order_ask ask;
	struct buf b;

	if (v->keep) {
		v->keep->until_utc = INT64_MAX;
		v->view->base.until_utc_s = &v->keep->until_utc;
	}
	TRY(head(v, &page));
	TRY(facts(v, &page));
	TRY(checks(v, &page));
	TRY(demands(v, &page));
	TRY(papers(v, &page));
	TRY(order_paper(v, &page.paper));
	TRY(letters(v, &page));
	TRY(order_timeline(v, &page));
	TRY(order_changed(v, &page.changed));
	TRY(order_steps(v, &can));
	TRY(order_ask(v, &can, &ask));
	page.ask = ask.form;
	page.ask_fields = ask.fields;
	page.ask_fields_n = ask.fields_n;
	page.ask_buttons = ask.buttons;
	page.ask_buttons_n = ask.buttons_n;
	page.steps = can.turn;
	page.steps_n = can.turn_n;
	page.rest = can.rest;
	page.rest_n = can.rest_n;
	page.seq = v->order.last_seq;
	visit_buf(v, &b);
	TRY(page_order(v->c, &page, &b));
	TRY(answer_page(v->r, v->a, &b));
	if (v->keep) {
		v->keep->body = v->a->body;
		shelf_put(v->desk->shelf, v->keep, v->r->now_ms / 1000);
	}
	return ERR_OK;
}

enum err letter_page(struct visit *v)
{
	struct page_letter page = { .view = v->view, .name = v->r->args[1] };
	const struct json *wanted = NULL;
	struct sha256 hash;
	struct buf b;

	if (span_is(page.name, "receipt"))
		wanted = json_get(v->order.received, "receipt");
	JSON_EACH(letter, v->order.letters)
		if (span_eq(json_opt_text(letter, "template", SPAN_NONE), page.name))
			wanted = letter;
	if (!wanted) {
		err_next(v->c, "its letters stand on the page of the order");
		FAIL(v->c, ERR_NOT_FOUND, "this order has no such letter");
	}
	TRY(json_need_hex(v->c, wanted, "sha256", hash.b, sizeof hash.b));
	TRY(blob_read(v->c, v->s.home.blob, &hash, LETTER_MAX, &page.text));
	page.sha256 = json_opt_text(wanted, "sha256", SPAN_NONE);
	TRY(order_head(v, &page.order, NULL));
	visit_buf(v, &b);
	TRY(page_letter(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}
