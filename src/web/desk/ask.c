/*
 * Fields of facts; see ask.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/ask.h"

#include <string.h>

#include "order/letter.h"
#include "order/queue.h"
#include "order/reading.h"
#include "web/desk/order_page.h"

#define SAID_MAX 2000u
#define OFFERS_MAX 6u
#define PROBLEMS_MAX 64u
#define CHOICES_MAX 64u
#define VALUE_BYTES ((size_t)64 << 10)

/* One suggestion: which it is of which paper. */
struct ask_said {
	int64_t paper, number;
	const struct json *one;
};

/* ---- what was found, and what was pressed ---- */

static enum err find_said(struct ask *k)
{
	struct ask_said *list;
	int64_t paper_number = 0;

	TRY(NEW_ARRAY(k->v->c, list, SAID_MAX));
	k->said = list;
	JSON_EACH(paper, json_get(k->v->order.received, "papers")) {
		const struct json *told;
		struct sha256 hash;
		int64_t number = 0;

		paper_number++;
		TRY(json_need_hex(k->v->c, paper, "sha256", hash.b, sizeof hash.b));
		TRY(reading_told(k->v->c, &k->v->s, &hash, &told));
		JSON_EACH(one, json_get(told, "suggestions")) {
			number++;
			if (k->said_n < SAID_MAX && json_opt_text(one, "field", SPAN_NONE).n &&
			    json_opt_text(one, "value", SPAN_NONE).n)
				list[k->said_n++] = (struct ask_said){ paper_number, number, one };
		}
	}
	return ERR_OK;
}

static enum err place_of(struct ask *k, const struct ask_said *s, struct span *out)
{
	return span_fmt(k->v->c, out, "%lld.%lld.%lld", (long long)s->paper,
			(long long)json_opt_int(s->one, "page", 0),
			(long long)json_opt_int(s->one, "line", 0));
}

/* "FIELD PAPER.NUMBER": what of what was found goes into which field. */
static enum err find_take(struct ask *k)
{
	struct span what = typed(k->v, "take"), rest, paper, number;
	int64_t p, n;

	if (!span_split(what, ' ', &k->take, &rest) || !span_split(rest, '.', &paper, &number) ||
	    !span_to_i64(paper, &p) || !span_to_i64(number, &n)) {
		k->take = SPAN_NONE;
		return ERR_OK;
	}
	for (size_t i = 0; i < k->said_n; i++) {
		if (k->said[i].paper != p || k->said[i].number != n)
			continue;
		k->take_value = json_opt_text(k->said[i].one, "value", SPAN_NONE);
		return place_of(k, &k->said[i], &k->take_from);
	}
	k->take = SPAN_NONE;
	return ERR_OK;
}

enum err ask_begin(struct visit *v, struct ask *k)
{
	*k = (struct ask){ .v = v, .sent = v->typed.n > 0, .taken = json_list(v->c) };
	TRY(NEW_ARRAY(v->c, k->problems, PROBLEMS_MAX));
	TRY(find_said(k));
	return find_take(k);
}

bool ask_is_done(const struct ask *k)
{
	return k->v->r->method == WEB_POST && !web_has(k->v->typed, "take") &&
	       !web_has(k->v->typed, "show") && !web_has(k->v->typed, "more");
}

/* ---- one field ---- */

enum err ask_name(struct ask *k, const char *start, const char *path, struct span *out)
{
	struct buf b;

	buf_begin(&b, k->v->c, 128);
	buf_str(&b, start);
	for (; *path; path++)
		buf_byte(&b, *path == '.' ? '-' : (unsigned char)*path);
	return buf_done(k->v->c, &b, out);
}

/* All values of that name, one a line: of boxes, or of a field of several lines. */
static enum err typed_lines(struct ask *k, struct span name, struct span *out)
{
	struct span value;
	struct buf b;
	size_t at = 0;
	char *z;

	TRY(span_cstr(k->v->c, name, &z));
	buf_begin(&b, k->v->c, VALUE_BYTES);
	while (web_next(k->v->typed, z, &at, &value))
		buf_fmt(&b, "%s%.*s", b.n ? "\n" : "", SPAN_ARG(value));
	return buf_done(k->v->c, &b, out);
}

static enum err current_lines(struct ask *k, const struct json *current, struct span *out)
{
	struct buf b;

	*out = SPAN_NONE;
	if (current && current->type == JSON_TEXT)
		*out = span_is(current->s, "unknown") ? SPAN_NONE : current->s;
	if (!current || current->type != JSON_LIST)
		return ERR_OK;
	buf_begin(&b, k->v->c, VALUE_BYTES);
	JSON_EACH(one, current)
		if (!span_is(one->s, "unknown"))
			buf_fmt(&b, "%s%.*s", b.n ? "\n" : "", SPAN_ARG(one->s));
	return buf_done(k->v->c, &b, out);
}

static bool has_line(struct span lines, struct span one)
{
	struct span line, rest;

	for (; span_split(lines, '\n', &line, &rest); lines = rest)
		if (span_eq(span_trim(line), one))
			return true;
	return span_eq(span_trim(lines), one);
}

/* What was taken before, and what is taken now. */
static enum err taken_over(struct ask *k, struct page_ask_field *f, bool many)
{
	struct span name;
	char *z;

	TRY(span_fmt(k->v->c, &name, "from-%.*s", SPAN_ARG(f->name)));
	TRY(span_cstr(k->v->c, name, &z));
	f->from = k->sent ? typed(k->v, z) : SPAN_NONE;
	if (!k->take.n || !span_eq(k->take, f->name))
		return ERR_OK;
	if (!many || !f->value.n) {
		f->value = k->take_value;
		f->from = k->take_from;
		return ERR_OK;
	}
	if (!has_line(f->value, k->take_value))
		TRY(span_fmt(k->v->c, &f->value, "%.*s\n%.*s", SPAN_ARG(f->value),
			     SPAN_ARG(k->take_value)));
	return span_fmt(k->v->c, &f->from, "%.*s%s%.*s", SPAN_ARG(f->from), f->from.n ? " " : "",
			SPAN_ARG(k->take_from));
}

static enum err field_begin(struct ask *k, struct span name, struct span label, struct span hint,
			    const struct json *current, bool many, struct page_ask_field *out)
{
	*out = (struct page_ask_field){ .name = name, .label = label, .hint = hint };
	TRY(span_fmt(k->v->c, &out->here, "%.*s#%.*s", SPAN_ARG(k->v->r->path), SPAN_ARG(name)));
	TRY(k->sent ? typed_lines(k, name, &out->value) : current_lines(k, current, &out->value));
	out->value = span_trim(out->value);
	return taken_over(k, out, many);
}

enum err ask_field(struct ask *k, struct span name, struct span label, struct span hint,
		   const struct json *current, struct page_ask_field *out)
{
	return field_begin(k, name, label, hint, current, false, out);
}

enum err ask_choice(struct ask *k, struct page_ask_field *f, struct span value, struct span label)
{
	struct page_ask_choice *list;

	if (!f->choices)
		TRY(NEW_ARRAY(k->v->c, list, CHOICES_MAX));
	else
		memcpy(&list, &f->choices, sizeof list);        /* made here, for writing */
	f->choices = list;
	if (f->choices_n == CHOICES_MAX)
		FAIL(k->v->c, ERR_FAILED, "a field has more choices than a page shows");
	list[f->choices_n++] = (struct page_ask_choice){
		value, label, f->is_checks ? has_line(f->value, value) : span_eq(f->value, value)
	};
	return ERR_OK;
}

enum err ask_wrong(struct ask *k, struct page_ask_field *f, struct span why)
{
	struct span message;

	TRY(word_ask_problem(k->v->c, k->v->base, f->label, why, &message));
	TRY(word_ask_must(k->v->c, k->v->base, why, &f->error));
	if (k->problems_n < PROBLEMS_MAX)
		k->problems[k->problems_n++] = (struct page_problem){ f->name, message };
	return ERR_OK;
}

/* ---- its suggestions ---- */

static bool offered(const struct page_ask_offer *list, size_t n, struct span label)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(list[i].label, label))
			return true;
	return false;
}

static enum err offers(struct ask *k, const struct fact_field *fact, struct page_ask_field *f)
{
	struct page_ask_offer *list;

	TRY(NEW_ARRAY(k->v->c, list, OFFERS_MAX));
	f->offers = list;
	for (size_t i = 0; i < k->said_n && f->offers_n < OFFERS_MAX; i++) {
		const struct ask_said *s = &k->said[i];
		struct page_ask_offer *o = &list[f->offers_n];
		struct span label = json_opt_text(s->one, "value", SPAN_NONE);

		if (!span_is(json_opt_text(s->one, "field", SPAN_NONE), fact->path))
			continue;
		if (fact->type == FACT_WORD)
			label = value_words(fact->path, label);
		if (offered(list, f->offers_n, label))
			continue;
		*o = (struct page_ask_offer){
			.label = label,
			.quote = json_opt_text(s->one, "quote", SPAN_NONE),
			.page = json_opt_int(s->one, "page", 0),
			.line = json_opt_int(s->one, "line", 0),
		};
		TRY(place_of(k, s, &o->place));
		TRY(span_fmt(k->v->c, &o->take, "%lld.%lld", (long long)s->paper,
			     (long long)s->number));
		f->offers_n++;
	}
	return ERR_OK;
}

static enum err add_taken(struct ask *k, const struct ask_said *s, const char *path,
			  struct span demand)
{
	struct json *row = json_object(k->v->c);

	json_set_str(k->v->c, row, "field", path);
	if (demand.n)
		json_set_text(k->v->c, row, "demand", demand);
	else
		json_set(k->v->c, row, "demand", NULL);
	json_set_text(k->v->c, row, "value", json_opt_text(s->one, "value", SPAN_NONE));
	json_set_int(k->v->c, row, "paper", s->paper);
	json_set_int(k->v->c, row, "page", json_opt_int(s->one, "page", 0));
	json_set_int(k->v->c, row, "line", json_opt_int(s->one, "line", 0));
	json_add(k->v->c, k->taken, row);
	return ERR_OK;
}

/* What was taken for it when the order was written out before. */
static enum err taken_before(struct ask *k, const char *path, struct span demand,
			     struct page_ask_field *f)
{
	JSON_EACH(row, json_get(k->v->order.transcribed, "taken")) {
		if (!span_is(json_opt_text(row, "field", SPAN_NONE), path) ||
		    !span_eq(json_opt_text(row, "demand", SPAN_NONE), demand))
			continue;
		TRY(span_fmt(k->v->c, &f->from, "%.*s%s%lld.%lld.%lld", SPAN_ARG(f->from),
			     f->from.n ? " " : "", (long long)json_opt_int(row, "paper", 0),
			     (long long)json_opt_int(row, "page", 0),
			     (long long)json_opt_int(row, "line", 0)));
	}
	return ERR_OK;
}

/* Where the value was taken from, as long as it stands there as it was taken. */
static enum err keep_places(struct ask *k, const char *path, struct span demand,
			    struct page_ask_field *f)
{
	struct span rest, place, at;
	struct buf b;

	buf_begin(&b, k->v->c, VALUE_BYTES);
	if (!k->sent)
		TRY(taken_before(k, path, demand, f));
	rest = f->from;
	while (span_next(&rest, ' ', &place)) {
		for (size_t i = 0; i < k->said_n; i++) {
			const struct ask_said *s = &k->said[i];

			TRY(place_of(k, s, &at));
			if (!span_eq(at, place) ||
			    !span_is(json_opt_text(s->one, "field", SPAN_NONE), path) ||
			    !has_line(f->value, json_opt_text(s->one, "value", SPAN_NONE)))
				continue;
			TRY(add_taken(k, s, path, demand));
			buf_fmt(&b, "%s%.*s", b.n ? " " : "", SPAN_ARG(place));
			TRY(word_ask_taken(k->v->c, k->v->base, json_opt_int(s->one, "page", 0),
					   json_opt_int(s->one, "line", 0), &f->from_words));
			break;
		}
	}
	f->from = SPAN_NONE;
	return b.n ? buf_done(k->v->c, &b, &f->from) : ERR_OK;
}

/* ---- the field of a fact ---- */

/* The tables' words begin small, since they stand within sentences. */
static enum err capital(struct ask *k, const char *words, struct span *out)
{
	struct buf b;

	*out = SPAN_NONE;
	if (!*words)
		return ERR_OK;
	buf_begin(&b, k->v->c, 4096);
	buf_byte(&b, *words >= 'a' && *words <= 'z' ? (unsigned char)(*words - 32)
						    : (unsigned char)*words);
	buf_str(&b, words + 1);
	return buf_done(k->v->c, &b, out);
}

static enum err word_choices(struct ask *k, const struct fact_field *fact,
			     struct page_ask_field *f)
{
	struct span rest = span_str(fact->words), word;

	if (fact->flags & FACT_LIST)
		f->is_checks = true;
	else
		f->is_select = true;
	if (f->is_select)
		TRY(ask_choice(k, f, SPAN_NONE, word_ask_unknown(k->v->base)));
	while (span_next(&rest, ' ', &word))
		TRY(ask_choice(k, f, word, value_words(fact->path, word)));
	return ERR_OK;
}

static enum err dress(struct ask *k, const struct fact_field *fact, struct page_ask_field *f)
{
	const struct page_base *w = k->v->base;

	if (fact->type == FACT_WORD)
		return word_choices(k, fact, f);
	f->is_long = fact->flags & FACT_LIST;
	if (fact->type != FACT_YES_NO)
		return ERR_OK;
	f->is_select = true;
	TRY(ask_choice(k, f, SPAN_NONE, word_ask_unknown(w)));
	TRY(ask_choice(k, f, SPAN("yes"), word_ask_yes(w)));
	return ask_choice(k, f, SPAN("no"), word_ask_no(w));
}

static enum err hint_of(struct ask *k, const struct fact_field *fact, struct span *out)
{
	*out = SPAN_NONE;
	if (fact->type == FACT_WORD || fact->type == FACT_YES_NO)
		return ERR_OK;
	if (fact->type != FACT_TEXT)
		return capital(k, facts_wanted(fact), out);
	if (fact->flags & FACT_LIST)
		*out = word_ask_one_a_line(k->v->base);
	return ERR_OK;
}

/* The values of the field, each of which may stand there; NULL where none does. */
static enum err value_of(struct ask *k, const struct fact_field *fact, struct page_ask_field *f,
			 struct json **out)
{
	struct json *list = json_list(k->v->c);
	struct span rest = f->value, line, tail;
	bool fine = true;

	*out = NULL;
	for (bool more = rest.n > 0; more; rest = tail) {
		more = fact->flags & FACT_LIST && span_split(rest, '\n', &line, &tail);
		if (!more)
			line = rest;
		line = span_trim(line);
		if (!line.n)
			continue;
		fine = fine && facts_value_ok(fact, line);
		if (!json_has_text(list, line))
			json_add(k->v->c, list, json_text(k->v->c, line));
	}
	if (!fine && !ask_is_done(k))
		return ERR_OK;
	if (!fine)
		return ask_wrong(k, f, span_str(facts_wanted(fact)));
	if (list->first && fact->flags & FACT_LIST)
		*out = list;
	else if (list->first)
		*out = json_text(k->v->c, list->first->s);
	return ERR_OK;
}

enum err ask_fact(struct ask *k, const struct fact_field *fact, struct span name,
		  struct span demand, const struct json *current, struct page_ask_field *out,
		  struct json **value_out)
{
	struct span label, hint;

	TRY(capital(k, fact_words(fact), &label));
	TRY(hint_of(k, fact, &hint));
	TRY(field_begin(k, name, label, hint, current, fact->flags & FACT_LIST, out));
	TRY(dress(k, fact, out));
	TRY(offers(k, fact, out));
	TRY(keep_places(k, fact->path, demand, out));
	return value_of(k, fact, out, value_out);
}

bool ask_matters(const struct page_ask_field *f, const struct fact_field *fact)
{
	static const char *const always[] = {
		"instrument.return_by", "instrument.case_number", "instrument.signature",
		"emergency.claimed", "secrecy.kind", "secrecy.until", "demands[].range",
		"demands[].from", "demands[].until",
	};

	for (size_t i = 0; i < COUNT_OF(always); i++)
		if (!strcmp(always[i], fact->path))
			return true;
	return fact->flags & FACT_MANDATORY || f->offers_n || f->value.n || f->error.n;
}

/* ---- the page ---- */

enum err ask_show(struct ask *k, struct span title, struct span lead, struct span button)
{
	struct visit *v = k->v;
	struct page_order_act *acts;
	int64_t before;
	struct buf b;

	k->page.view = v->view;
	TRY(order_head(v, &k->page.order, NULL));
	k->page.title = title;
	k->page.lead = lead;
	k->page.button = button;
	k->page.path = v->r->path;
	k->page.problem = v->problem;
	k->page.remedy = v->remedy;
	k->page.problems = k->problems;
	k->page.problems_n = k->problems_n;
	k->page.seq = v->order.last_seq;
	TRY(span_fmt(v->c, &k->page.paper_here, "%.*s#paper", SPAN_ARG(v->r->path)));
	TRY(order_paper(v, &k->page.paper));
	TRY(span_fmt(v->c, &k->page.at, "%lld.%lld", (long long)k->page.paper.number,
		     (long long)k->page.paper.page));
	if (span_to_i64(typed(v, "seq"), &before) && before < v->order.last_seq) {
		TRY(order_acts(v, before, &acts, &k->page.changed_n));
		k->page.changed = acts;
	}
	visit_buf(v, &b);
	TRY(page_ask(v->c, &k->page, &b));
	return answer_page(v->r, v->a, &b);
}
