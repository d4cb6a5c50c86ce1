/*
 * The scope at the desk: what each line asks for, what is taken of it, how much that is by the last
 * count, what lies just inside and just outside its dates, and what nobody asked for. Lines can be
 * made smaller here and counted again; whether they are smaller src/order says. Nothing is decided
 * here, and nothing is opened: the numbers are a hand's, of the acts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/scope_page.h"

#include "format/time.h"
#include "order/letter.h"
#include "web/desk/order_page.h"

#define LINES_MAX_BYTES ((size_t)1 << 20)

struct shown {
	struct visit *v;
	struct page_scope *page;
	const struct json *ordered, *open;      /* as the order has them */
	const struct json *edited;              /* as somebody narrowed them, or NULL */
	const struct json *stores, *suggestions;
};

/* A line of the order, and its number on the page. */
struct line_at {
	const struct json *ordered;
	size_t number;
	bool is_open;                   /* the order leaves its dates to counsel */
};

static const struct json *with_id(const struct json *list, struct span id)
{
	JSON_EACH(row, list)
		if (span_eq(json_opt_text(row, "id", SPAN_NONE), id))
			return row;
	return NULL;
}

static bool has_end(const struct json *line, const char *key)
{
	return json_get(line, key) && json_get(line, key)->type == JSON_INT;
}

/* The words of an end as a field holds them: empty where it is open. */
static struct span end_words(const struct json *line, bool until)
{
	return has_end(line, until ? "until" : "from")
		       ? json_opt_text(line, until ? "until_words" : "from_words", SPAN_NONE)
		       : SPAN_NONE;
}

/* ---- what was typed ---- */

/* A field of the line of that number: a name has fewer letters than an id may have. */
static enum err typed_of(const struct visit *v, const char *what, size_t number, struct span *out)
{
	struct span name;
	char *z;

	TRY(span_fmt(v->c, &name, "%s-%zu", what, number));
	TRY(span_cstr(v->c, name, &z));
	*out = span_trim(typed(v, z));
	return ERR_OK;
}

static bool is_kept(const struct visit *v, struct span id)
{
	struct span value;
	size_t at = 0;

	while (web_next(v->typed, "line", &at, &value))
		if (span_eq(value, id))
			return true;
	return false;
}

bool scope_is_typed(const struct visit *v)
{
	return typed(v, "scoped").n > 0;
}

/* An emptied field is no wish for all time: an end that the order has, or leaves to counsel, is
 * written out. */
static enum err put_end(struct visit *v, struct json *edit, const struct line_at *l, bool until)
{
	const struct json *ordered = l->ordered;
	struct span id = json_opt_text(ordered, "id", SPAN_NONE), words;

	TRY(typed_of(v, until ? "until" : "from", l->number, &words));
	if (words.n) {
		json_set_text(v->c, edit, until ? "until" : "from", words);
		return ERR_OK;
	}
	if (l->is_open) {
		err_next(v->c, "write both dates, or leave the line out");
		FAIL(v->c, ERR_USAGE,
		     "line %.*s: the order does not state this date, so counsel must",
		     SPAN_ARG(id));
	}
	if (!has_end(ordered, until ? "until" : "from"))
		return ERR_OK;
	err_next(v->c, "the order says %.*s: write that, or less",
		 SPAN_ARG(end_words(ordered, until)));
	FAIL(v->c, ERR_USAGE, "line %.*s has no date where its time %s", SPAN_ARG(id),
	     until ? "ends" : "begins");
}

static enum err typed_line(struct visit *v, const struct line_at *l, struct json *list)
{
	struct span id = json_opt_text(l->ordered, "id", SPAN_NONE), undated;
	struct json *edit = json_object(v->c);

	if (!is_kept(v, id))
		return ERR_OK;
	json_set_text(v->c, edit, "id", id);
	if (scope_served(l->ordered)) {
		TRY(put_end(v, edit, l, false));
		TRY(put_end(v, edit, l, true));
		TRY(typed_of(v, "undated", l->number, &undated));
		json_set_text(v->c, edit, "undated", undated.n ? undated : SPAN("list"));
	}
	json_add(v->c, list, edit);
	return ERR_OK;
}

/* Whether a line is another than the order has it, but for what becomes of the undated. */
static enum err differs(struct visit *v, const struct json *edit, const struct json *ordered,
			bool *out)
{
	struct json *line;

	TRY(scope_line_edited(v->c, &v->order, edit, &line));
	*out = !json_equal(json_get(line, "from"), json_get(ordered, "from")) ||
	       !json_equal(json_get(line, "until"), json_get(ordered, "until"));
	return ERR_OK;
}

enum err scope_typed(struct visit *v, struct scope_typed *out)
{
	struct json *lines, *open, *list = json_list(v->c);
	size_t listed = 0, delivered = 0, number = 0;
	bool other;

	*out = (struct scope_typed){ .lines = list };
	TRY(scope_compile(v->c, &v->order, &lines, &open));
	JSON_EACH(line, lines)
		TRY(typed_line(v, &(struct line_at){ line, ++number, false }, list));
	JSON_EACH(line, open) {
		number++;
		if (!json_opt_text(line, "problem", SPAN_NONE).n)
			TRY(typed_line(v, &(struct line_at){ line, number, true }, list));
	}
	out->narrower = json_count(list) != json_count(lines) + json_count(open);
	JSON_EACH(edit, list) {
		const struct json *ordered = with_id(lines, json_opt_text(edit, "id", SPAN_NONE));

		other = !ordered;
		if (ordered)
			TRY(differs(v, edit, ordered, &other));
		out->narrower = out->narrower || other;
		if (!json_get(edit, "undated"))
			continue;
		delivered += span_is(json_opt_text(edit, "undated", SPAN_NONE), "deliver");
		listed += span_is(json_opt_text(edit, "undated", SPAN_NONE), "list");
	}
	out->deliver = delivered > 0 && listed == 0;
	out->narrower = out->narrower || (delivered > 0 && listed > 0);
	return ERR_OK;
}

/* ---- a line on the page ---- */

static enum err joined(struct ctx *c, const struct json *texts, struct span *out)
{
	struct buf b;

	buf_begin(&b, c, LINES_MAX_BYTES);
	JSON_EACH(t, texts)
		buf_fmt(&b, "%s%.*s", b.n ? ", " : "", SPAN_ARG(t->s));
	return buf_done(c, &b, out);
}

static struct span by_words(const struct page_base *w, struct span meaning)
{
	return span_is(meaning, "header")     ? word_scope_by_header(w)
	       : span_is(meaning, "received") ? word_scope_by_received(w)
					      : word_scope_by_delivery(w);
}

/* What stands in the fields: what was typed, else as it was narrowed last, else as ordered. */
static enum err fields_of(const struct shown *s, const struct line_at *at,
			  struct page_scope_line *l)
{
	const struct json *line = s->edited ? with_id(s->edited, l->id) : at->ordered;
	struct span undated;

	if (scope_is_typed(s->v)) {
		l->kept = is_kept(s->v, l->id);
		TRY(typed_of(s->v, "from", at->number, &l->from));
		TRY(typed_of(s->v, "until", at->number, &l->until));
		TRY(typed_of(s->v, "undated", at->number, &undated));
		l->deliver = span_is(undated, "deliver");
		return ERR_OK;
	}
	/* A count passes over lines whose dates are counsel's: that leaves none out. */
	l->kept = line || (at->is_open && s->edited != json_get(s->v->order.scope, "lines"));
	if (!line)
		line = at->ordered;
	l->from = end_words(line, false);
	l->until = end_words(line, true);
	l->deliver = span_is(json_opt_text(line, "undated", SPAN_NONE), "deliver");
	return ERR_OK;
}

static void counts_of(const struct shown *s, struct page_scope_line *l)
{
	const struct json *counted = s->v->order.counted;
	const struct json *line = with_id(json_get(counted, "scope"), l->id);

	JSON_EACH(row, json_get(counted, "lines")) {
		struct span trouble = json_opt_text(row, "problem", SPAN_NONE);

		if (!span_eq(json_opt_text(row, "id", SPAN_NONE), l->id))
			continue;
		l->counted = true;
		l->items += json_opt_int(row, "items", 0);
		l->size += json_opt_int(row, "bytes", 0);
		l->undated += json_opt_int(row, "undated", 0);
		l->outside += json_opt_int(row, "outside", 0);
		l->first_day += json_opt_int(row, "first_day", 0);
		l->day_before += json_opt_int(row, "day_before", 0);
		l->last_day += json_opt_int(row, "last_day", 0);
		l->day_after += json_opt_int(row, "day_after", 0);
		l->trouble = trouble.n ? trouble : l->trouble;
	}
	l->begins = has_end(line, "from");
	l->ends = has_end(line, "until");
	l->otherwise = line && (!span_eq(end_words(line, false), l->from) ||
				!span_eq(end_words(line, true), l->until));
	s->page->items += l->items;
	s->page->size += l->size;
}

/* Where the paper perhaps names this account. */
static enum err place_of(const struct shown *s, struct page_scope_line *l)
{
	JSON_EACH(one, s->suggestions) {
		if (!span_is(json_opt_text(one, "field", SPAN_NONE), "demands[].target") ||
		    !span_eq(json_opt_text(one, "value", SPAN_NONE), l->account))
			continue;
		l->page = json_opt_int(one, "page", 0);
		l->line = json_opt_int(one, "line", 0);
		return span_fmt(s->v->c, &l->at, "/order/%.*s?paper=1&page=%lld",
				SPAN_ARG(s->v->order.ref), (long long)l->page);
	}
	return ERR_OK;
}

static enum err line_of(const struct shown *s, const struct line_at *at, struct page_scope_line *l)
{
	const struct json *ordered = at->ordered;
	const struct page_base *w = s->v->base;
	struct ctx *c = s->v->c;
	struct span category = json_opt_text(ordered, "category", SPAN_NONE);
	const struct json *demands = json_get(json_get(s->v->order.judged, "decision"), "demands");

	l->id = json_opt_text(ordered, "id", SPAN_NONE);
	l->account = json_opt_text(ordered, "target", SPAN_NONE);
	l->data = span_str(category_words(category));
	l->problem = json_opt_text(ordered, "problem", SPAN_NONE);
	l->verdict = json_opt_text(with_id(demands, l->id), "verdict", SPAN_NONE);
	l->mail = scope_served(ordered) && !l->problem.n;
	l->open = at->is_open;
	l->by = by_words(w, json_opt_text(ordered, "date_meaning", SPAN_NONE));
	l->zone = json_opt_text(ordered, "zone", SPAN_NONE);
	l->ordered_from = end_words(ordered, false);
	l->ordered_until = end_words(ordered, true);
	if (!l->ordered_from.n)
		l->ordered_from = word_scope_no_end(w);
	if (!l->ordered_until.n)
		l->ordered_until = word_scope_no_end(w);
	TRY(joined(c, json_get(ordered, "stores"), &l->stores));
	TRY(joined(c, json_get(ordered, "folders"), &l->folders));
	if (span_is(l->folders, "ALL"))
		l->folders = word_scope_all_folders(w);
	TRY(fields_of(s, at, l));
	counts_of(s, l);
	return place_of(s, l);
}

static enum err lines_of(struct shown *s)
{
	struct page_scope_line *list;

	TRY(NEW_ARRAY(s->v->c, list, json_count(s->ordered) + json_count(s->open) + 1));
	s->page->lines = list;
	JSON_EACH(line, s->ordered) {
		struct line_at at = { line, s->page->lines_n + 1, false };

		TRY(line_of(s, &at, &list[s->page->lines_n++]));
	}
	JSON_EACH(line, s->open) {
		struct line_at at = { line, s->page->lines_n + 1, true };

		TRY(line_of(s, &at, &list[s->page->lines_n++]));
	}
	return ERR_OK;
}

/* ---- what nobody asked for ---- */

static bool asks(const struct shown *s, struct span store, struct span category)
{
	JSON_EACH(line, s->ordered)
		if (json_has_text(json_get(line, "stores"), store) &&
		    (!category.n || span_eq(json_opt_text(line, "category", SPAN_NONE), category)))
			return true;
	JSON_EACH(line, s->open)
		if (json_has_text(json_get(line, "stores"), store) &&
		    (!category.n || span_eq(json_opt_text(line, "category", SPAN_NONE), category)))
			return true;
	return false;
}

static enum err rest_of(struct shown *s)
{
	const struct page_base *w = s->v->base;
	struct page_scope_rest *list;
	size_t n = 1;

	JSON_EACH(store, s->stores)
		n += 1 + json_count(json_get(store, "categories"));
	TRY(NEW_ARRAY(s->v->c, list, n));
	s->page->rest = list;
	JSON_EACH(store, s->stores) {
		struct span name = json_opt_text(store, "name", SPAN_NONE);

		if (!asks(s, name, SPAN_NONE)) {
			TRY(word_scope_rest_store(s->v->c, w, name, &list[s->page->rest_n].what));
			list[s->page->rest_n++].why = word_scope_rest_no_line(w);
			continue;
		}
		JSON_EACH(category, json_get(store, "categories")) {
			if (asks(s, name, category->s))
				continue;
			TRY(word_scope_rest_data(s->v->c, w, span_str(category_words(category->s)),
						 name, &list[s->page->rest_n].what));
			list[s->page->rest_n++].why = word_scope_rest_no_line(w);
		}
	}
	if (!s->page->rest_n)
		list[s->page->rest_n++] = (struct page_scope_rest){ word_scope_rest_nothing(w),
								   word_scope_rest_all(w) };
	return ERR_OK;
}

static enum err stores_of(struct shown *s)
{
	struct page_scope_store *list;
	const struct json *told;

	TRY(home_last(s->v->c, &s->v->s, "stores", &told));
	s->stores = json_get(told, "stores");
	TRY(NEW_ARRAY(s->v->c, list, json_count(s->stores) + 1));
	s->page->stores = list;
	JSON_EACH(store, s->stores)
		list[s->page->stores_n++] = (struct page_scope_store){
			json_opt_text(store, "name", SPAN_NONE),
			json_opt_text(store, "region", SPAN_NONE),
			json_opt_text(store, "law", SPAN_NONE),
		};
	return rest_of(s);
}

/* ---- the whole ---- */

static void counted_when(struct shown *s)
{
	const struct json *last = NULL;

	JSON_EACH(act, s->v->order.acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_COUNTED)))
			last = act;
	if (!last)
		return;
	s->page->counted = time_parse(json_opt_text(last, "made_at", SPAN_NONE),
				      &s->page->counted_at);
	s->page->counted_by = json_opt_text(json_get(last, "actor"), "name", SPAN("writ"));
}

/* A decided scope is held by the signature over it: its hash in words. */
static enum err frozen(struct shown *s)
{
	const struct json *decided = s->v->order.decided;
	struct page_code_word *words;

	if (!json_get(s->v->order.scope, "lines"))
		return ERR_OK;
	TRY(word_scope_frozen(s->v->c, s->v->base, json_opt_text(decided, "name", SPAN_NONE),
			      &s->page->frozen_as));
	TRY(step_words(s->v, json_opt_text(decided, "document", SPAN_NONE), &words,
		       &s->page->frozen_n));
	s->page->frozen = words;
	return ERR_OK;
}

static enum err meanwhile(struct shown *s)
{
	struct page_order_act *acts;
	int64_t since;

	TRY(step_meanwhile(s->v, &acts, &s->page->changed_n));
	/* A count that failed: what happened since it was asked for. */
	if (!acts && span_to_i64(web_value(s->v->r->query, "since"), &since))
		TRY(order_acts(s->v, since, &acts, &s->page->changed_n));
	s->page->changed = acts;
	return ERR_OK;
}

/* As counsel signed them, or as they were counted since. */
static const struct json *last_lines(const struct order *o)
{
	const struct json *frozen = json_get(o->scope, "lines");

	if (frozen && order_last_act(o, ACT_DECIDED) > order_last_act(o, ACT_COUNTED))
		return frozen;
	return json_get(o->counted, "scope");
}

enum err scope_show(struct visit *v, struct step *decide, const struct json *edited)
{
	struct page_scope page = { .view = v->view, .problem = v->problem, .remedy = v->remedy,
				   .seq = v->order.last_seq, .path = v->r->path };
	struct shown s = { .v = v, .page = &page, .edited = edited };
	struct json *lines, *open;
	struct buf b;

	if (decide && decide->e != ERR_OK)
		FAIL(v->c, decide->e, "the page of this step could not be made");
	if (!edited)
		s.edited = last_lines(&v->order);
	page.counts = order_permit(v->c, &v->s, &v->order, ACT_COUNTED) == ERR_OK;
	page.may_decide = permit_has(PERMIT_DECIDE, v->roles) &&
			  order_permit(v->c, &v->s, &v->order, ACT_DECIDED) == ERR_OK;
	err_clear(v->c);
	page.decides = decide != NULL;
	page.fields = decide ? decide->page.fields : NULL;
	page.fields_n = decide ? decide->page.fields_n : 0;
	TRY(order_head(v, &page.order, NULL));
	TRY(scope_compile(v->c, &v->order, &lines, &open));
	s.ordered = lines;
	s.open = open;
	TRY(order_suggestions(v, &s.suggestions));
	counted_when(&s);
	TRY(lines_of(&s));
	TRY(stores_of(&s));
	TRY(frozen(&s));
	TRY(meanwhile(&s));
	TRY(order_paper(v, &page.paper));
	visit_buf(v, &b);
	TRY(page_scope(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}
