/*
 * Steps; see step.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/step.h"

#include <string.h>

#include "format/words.h"
#include "web/desk/order_page.h"

void step_begin(struct visit *v, struct step *s, struct span title, struct span lead,
		struct span button)
{
	*s = (struct step){ .v = v };
	s->page = (struct page_step){ .title = title, .lead = lead, .button = button,
				      .path = v->r->path, .fields = s->field,
				      .seq = v->order.last_seq,
				      .problem = v->problem, .remedy = v->remedy };
}

/* What a button beside a suggestion carries: "take-FIELD". */
static struct span taken(const struct visit *v, const char *field)
{
	for (size_t i = 0; i < v->typed.n; i++)
		if (span_starts(v->typed.at[i].name, "take-") &&
		    span_is(span_cut(v->typed.at[i].name, 5, SIZE_MAX), field))
			return v->typed.at[i].value;
	return SPAN_NONE;
}

bool step_takes(const struct visit *v)
{
	for (size_t i = 0; i < v->typed.n; i++)
		if (span_starts(v->typed.at[i].name, "take-"))
			return true;
	return false;
}

static struct page_step_field *add(struct step *s, const char *name, struct span label,
				   struct span hint)
{
	struct page_step_field *f;

	if (s->page.fields_n == STEP_FIELDS_MAX) {
		s->e = ERR_LIMIT;
		return &s->field[0];
	}
	f = &s->field[s->page.fields_n++];
	*f = (struct page_step_field){ .name = span_str(name), .label = label, .hint = hint,
				       .value = taken(s->v, name) };
	if (!f->value.n)
		f->value = typed(s->v, name);
	return f;
}

void step_input(struct step *s, const char *name, struct span label, struct span hint)
{
	add(s, name, label, hint);
}

void step_long(struct step *s, const char *name, struct span label, struct span hint)
{
	add(s, name, label, hint)->is_long = true;
}

void step_files(struct step *s, const char *name, struct span label, struct span hint)
{
	add(s, name, label, hint)->is_file = true;
	s->page.upload = true;
}

static void add_choices(struct step *s, const char *name, struct span label, struct span hint,
			bool radios)
{
	struct page_step_field *f = add(s, name, label, hint);
	struct page_step_choice *list = NULL;

	f->is_radio = radios;
	f->is_check = !radios;
	if (s->e == ERR_OK)
		s->e = NEW_ARRAY(s->v->c, list, STEP_CHOICES_MAX);
	f->choices = s->e == ERR_OK ? list : NULL;
}

void step_fold(struct step *s, bool open)
{
	struct page_step_field *f = &s->field[s->page.fields_n - 1];

	if (s->e == ERR_OK) {
		f->is_folded = true;
		f->is_open = open;
	}
}

void step_radios(struct step *s, const char *name, struct span label, struct span hint)
{
	add_choices(s, name, label, hint, true);
}

void step_checks(struct step *s, const char *name, struct span label, struct span hint)
{
	add_choices(s, name, label, hint, false);
}

/* Whether it was chosen: as it was sent, or by itself where nothing was sent yet. */
static bool chosen(const struct visit *v, struct span name, struct span value, bool by_itself)
{
	if (v->typed.n == 0)
		return by_itself;
	for (size_t i = 0; i < v->typed.n; i++)
		if (span_eq(v->typed.at[i].name, name) && span_eq(v->typed.at[i].value, value))
			return true;
	return false;
}

static void add_choice(struct step *s, const struct page_step_choice *choice)
{
	struct page_step_field *f = &s->field[s->page.fields_n - 1];
	struct page_step_choice *list;

	if (s->e != ERR_OK || f->choices_n == STEP_CHOICES_MAX) {
		s->e = s->e == ERR_OK ? ERR_LIMIT : s->e;
		return;
	}
	/* The list was made here, for writing. */
	memcpy(&list, &f->choices, sizeof list);
	list[f->choices_n++] = *choice;
}

void step_choice(struct step *s, struct span value, struct span label, struct span hint,
		 bool by_itself)
{
	struct span name = s->field[s->page.fields_n - 1].name;

	add_choice(s, &(struct page_step_choice){ value, label, hint,
						  chosen(s->v, name, value, by_itself), false });
}

void step_choice_fresh(struct step *s, struct span value, struct span label, struct span hint)
{
	struct span name = s->field[s->page.fields_n - 1].name;
	bool sent = s->v->r->method == WEB_POST && chosen(s->v, name, value, false);

	add_choice(s, &(struct page_step_choice){ value, label, hint, sent, true });
}

void step_hidden(struct step *s, struct span name, struct span value)
{
	struct page_step_field *f = add(s, "", SPAN_NONE, SPAN_NONE);

	f->name = name;
	f->value = value;
	f->is_hidden = true;
}

void step_keep(struct step *s)
{
	static const char *const own[] = { "token", "seq", "document" };

	for (size_t i = 0; i < s->v->typed.n; i++) {
		struct span name = s->v->typed.at[i].name;
		bool skip = false;

		for (size_t k = 0; k < COUNT_OF(own); k++)
			skip |= span_is(name, own[k]);
		if (!skip)
			step_hidden(s, name, s->v->typed.at[i].value);
	}
}

void step_paper(struct step *s, const struct step_take *into)
{
	struct page_paper *p = &s->page.paper;

	if (s->e == ERR_OK)
		s->e = order_paper(s->v, p);
	s->page.beside = s->e == ERR_OK && p->there;
	s->page.quotes = into != NULL;
	for (; s->page.beside && into && into->what; into++)
		s->page.offers |= order_paper_offer(p, into->what, into->field);
}

enum err step_meanwhile(struct visit *v, struct page_order_act **list_out, size_t *n_out)
{
	int64_t before;

	*list_out = NULL;
	*n_out = 0;
	if (!span_to_i64(typed(v, "seq"), &before) || before >= v->order.last_seq)
		return ERR_OK;
	return order_acts(v, before, list_out, n_out);
}

static enum err put_changes(struct step *s)
{
	struct page_order_act *acts;

	TRY(step_meanwhile(s->v, &acts, &s->page.changed_n));
	s->page.changed = acts;
	return ERR_OK;
}

enum err step_words(struct visit *v, struct span document, struct page_code_word **list_out,
		    size_t *n_out)
{
	struct span all, word;
	struct sha256 hash;

	*n_out = 0;
	TRY(sha256_of(v->c, document, &hash));
	TRY(hash_words(v->c, sha256_span(&hash), &all));
	TRY(NEW_ARRAY(v->c, *list_out, HASH_WORDS + 1));
	while (*n_out < HASH_WORDS && span_next(&all, ' ', &word))
		(*list_out)[(*n_out)++].word = word;
	return ERR_OK;
}

enum err step_show(struct step *s)
{
	struct buf b;

	if (s->e != ERR_OK)
		FAIL(s->v->c, s->e, "the page of this step could not be made");
	if (s->v->order.ref.n) {
		TRY(order_head(s->v, &s->page.order, NULL));
		TRY(put_changes(s));
	}
	s->page.view = s->v->view;
	visit_buf(s->v, &b);
	TRY(page_step(s->v->c, &s->page, &b));
	return answer_page(s->v->r, s->v->a, &b);
}

enum err step_check(struct visit *v)
{
	int64_t seq;

	if (!span_to_i64(typed(v, "seq"), &seq)) {
		err_next(v->c, "load the page again");
		FAIL(v->c, ERR_FORMAT,
		     "the form does not say which state of the order it is about");
	}
	if (seq == v->order.last_seq)
		return ERR_OK;
	err_next(v->c, "look at what happened; what you typed is still here");
	FAIL(v->c, ERR_BUSY, "somebody was faster: the order has changed since you saw it");
}

enum err step_done(struct visit *v)
{
	enum err e = order_close_tick(v->c, &v->s);

	if (e != ERR_DEGRADED)
		return e;
	err_clear(v->c);
	return ERR_OK;
}

enum err step_to_order(struct visit *v)
{
	TRY(step_done(v));
	return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
}

enum err step_failed(struct visit *v, enum err e)
{
	if (e == ERR_OK || e == ERR_NOMEM || e == ERR_IO || e == ERR_FAILED || e == ERR_CRYPTO)
		return e;
	TRY(span_copy(v->c, span_str(v->c->why), &v->problem));
	TRY(span_copy(v->c, visit_next(v, e), &v->remedy));
	v->a->status = e == ERR_BUSY ? 409 : (unsigned)err_http_status(e);
	err_clear(v->c);
	return ERR_OK;
}
