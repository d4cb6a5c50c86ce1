/*
 * What names stand for: types of slots, paths, words with their arguments. Each becomes a C
 * expression of a known type, or nodes that are put in its place.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "expand.h"

struct shape *shape_find(const struct site *s, enum shape_kind kind, struct span name)
{
	for (struct shape *h = s->shapes; h; h = h->next)
		if (h->kind == kind && span_eq(h->name, name))
			return h;
	return NULL;
}

static enum err resolve_slot(struct site *s, const struct shape *h, struct slot *n)
{
	struct shape *of = shape_find(s, SHAPE_SHAPE, n->type_name);

	if (is_word_of_c(n->name) || span_is(n->name, "view"))
		FAIL_AT(s->c, &n->at, "'%.*s' is a word of the language, no name of a slot",
			SPAN_ARG(n->name));
	if (type_of_word(n->type_name, &n->type)) {
		if (n->is_list)
			FAIL_AT(s->c, &n->at,
				"a list of %.*s: a list has rows of a shape, {%% shape ROW %.*s "
				"... %%}",
				SPAN_ARG(n->type_name), SPAN_ARG(n->type_name));
		return ERR_OK;
	}
	if (!of)
		FAIL_AT(s->c, &n->at,
			"unknown type '%.*s': text, int, bytes, time, clock, bool, link or "
			"a shape are known",
			SPAN_ARG(n->type_name));
	if (n->otherwise)
		FAIL_AT(s->c, &n->at, "a slot of a shape cannot have a value of its own");
	n->shape = of;
	n->type = n->is_list ? TYPE_LIST : TYPE_SHAPE;
	for (const struct slot *o = h->slots; n->is_list && o; o = o->next)
		if (o->name.n == n->name.n + 2 && span_ends(o->name, "_n") &&
		    span_eq(span_cut(o->name, 0, n->name.n), n->name))
			FAIL_AT(s->c, &o->at, "'%.*s' is the number of rows of '%.*s'",
				SPAN_ARG(o->name), SPAN_ARG(n->name));
	return ERR_OK;
}

enum err shapes_resolve(struct site *s)
{
	for (struct shape *h = s->shapes; h; h = h->next)
		for (struct slot *n = h->slots; n; n = n->next)
			TRY(resolve_slot(s, h, n));
	return ERR_OK;
}

struct slot *slot_find(const struct shape *h, struct span name)
{
	for (struct slot *n = h->slots; n; n = n->next)
		if (span_eq(n->name, name))
			return n;
	return NULL;
}

struct place here(const struct env *e, struct place at)
{
	at.through = e->through;
	return at;
}

static enum err member(const struct env *e, const struct place *at, const struct value *of,
		       struct slot *n, struct value *out)
{
	struct span c;

	(void)at;
	n->used = true;
	TRY(span_fmt(e->site->c, &c, "%.*s%s%.*s", SPAN_ARG(of->c), of->arrow ? "->" : ".",
		     SPAN_ARG(n->name)));
	*out = (struct value){
		.kind = VALUE_C, .type = n->type, .shape = n->shape, .c = c, .loops = of->loops
	};
	return ERR_OK;
}

/* The first name of a path: a parameter, a row, the view, a slot of the page. */
static enum err look_up(const struct env *e, const struct place *at, struct span name,
			struct value *out)
{
	const struct value page = { .c = SPAN("p"), .arrow = true };
	struct slot *n;

	for (const struct binding *b = e->bindings; b; b = b->next)
		if (span_eq(b->name, name))
			return *out = b->value, ERR_OK;
	if (span_is(name, "view")) {
		*out = (struct value){ .kind = VALUE_C,
				       .type = TYPE_SHAPE,
				       .c = SPAN("p->view"),
				       .arrow = true,
				       .shape = shape_find(e->site, SHAPE_SHAPE, name) };
		if (!out->shape)
			FAIL_AT(e->site->c, at, "there is no {%% shape view ... %%}");
		return ERR_OK;
	}
	n = e->page ? slot_find(e->page, name) : NULL;
	if (n)
		return member(e, at, &page, n, out);
	FAIL_AT(e->site->c, at, "unknown name '%.*s': %s", SPAN_ARG(name),
		e->page ? "no slot of this page, no row" : "no parameter of this part, no row");
}

static enum err resolve_path(const struct env *e, const struct expr *x, struct value *out)
{
	struct place at = here(e, x->at);
	struct span name = x->text, rest = SPAN_NONE;
	struct slot *n;

	span_split(x->text, '.', &name, &rest);
	TRY(look_up(e, &at, name, out));
	while (rest.n) {
		struct span next = SPAN_NONE;
		struct value of = *out;

		name = rest;
		span_split(rest, '.', &name, &next);
		rest = next;
		if (of.kind != VALUE_C || of.type != TYPE_SHAPE)
			FAIL_AT(e->site->c, &at, "'%.*s': what stands before '.%.*s' has no slots",
				SPAN_ARG(x->text), SPAN_ARG(name));
		n = slot_find(of.shape, name);
		if (!n)
			FAIL_AT(e->site->c, &at, "shape '%.*s' has no slot '%.*s'",
				SPAN_ARG(of.shape->name), SPAN_ARG(name));
		TRY(member(e, &at, &of, n, out));
	}
	return ERR_OK;
}

/* What a function of a word takes as a text: one text, not a sentence. */
static bool is_single(const struct node *n)
{
	if (!n)
		return true;
	if (n->next || (n->kind != NODE_TEXT && n->kind != NODE_SLOT))
		return false;
	return n->kind == NODE_TEXT ||
	       (n->word ? !n->word->word->args : n->value.type == TYPE_TEXT);
}

static bool fits(const struct value *v, enum type t)
{
	if (v->kind == VALUE_C)
		return v->type == t;
	if (v->kind == VALUE_INT)
		return t == TYPE_INT;
	return v->kind == VALUE_NODES && t == TYPE_TEXT && is_single(v->nodes);
}

static enum err resolve_word(const struct env *e, const struct expr *x, struct node **out)
{
	struct place at = here(e, x->at);
	struct word *w = word_find(e->site->languages, x->text);
	const struct arg *given;
	size_t n = 0;

	if (!w)
		FAIL(e->site->c, ERR_FAILED, "a word that nobody mentioned");
	TRY(NEW(e->site->c, *out));
	(*out)->kind = NODE_SLOT;
	(*out)->at = at;
	(*out)->expanded = true;
	TRY(NEW(e->site->c, (*out)->word));
	(*out)->word->word = w;
	TRY(NEW_ARRAY(e->site->c, (*out)->word->args, ARGS_MAX));
	for (const struct word_arg *a = w->args; a && n < ARGS_MAX; a = a->next, n++) {
		for (given = x->args; given && !span_eq(given->name, a->name);)
			given = given->next;
		if (!given)
			FAIL_AT(e->site->c, &at, "@%.*s lacks its argument %.*s", SPAN_ARG(w->id),
				SPAN_ARG(a->name));
		TRY(resolve(e, given->value, &(*out)->word->args[n]));
		(*out)->value.loops |= (*out)->word->args[n].loops;
		if (!fits(&(*out)->word->args[n], a->type))
			FAIL_AT(e->site->c, &at, "@%.*s: argument %.*s must be a single %s",
				SPAN_ARG(w->id), SPAN_ARG(a->name), type_word(a->type));
	}
	for (given = x->args; given; given = given->next) {
		const struct word_arg *a = w->args;

		while (a && !span_eq(a->name, given->name))
			a = a->next;
		if (!a)
			FAIL_AT(e->site->c, &at, "@%.*s has no argument %.*s", SPAN_ARG(w->id),
				SPAN_ARG(given->name));
	}
	return ERR_OK;
}

enum err resolve(const struct env *e, const struct expr *x, struct value *out)
{
	struct node **end = &out->nodes;

	*out = (struct value){ 0 };
	switch (x->kind) {
	case EXPR_PATH:
		return resolve_path(e, x, out);
	case EXPR_INT:
		*out = (struct value){ .kind = VALUE_INT, .number = x->number };
		return ERR_OK;
	case EXPR_BOOL:
		*out = (struct value){ .kind = VALUE_BOOL, .number = x->number };
		return ERR_OK;
	case EXPR_WORD:
		out->kind = VALUE_NODES;
		TRY(resolve_word(e, x, &out->nodes));
		out->loops = out->nodes->value.loops;
		return ERR_OK;
	case EXPR_NODES:
		out->kind = VALUE_NODES;
		TRY(expand_list(e, x->nodes, &end));
		for (const struct node *n = out->nodes; n; n = n->next)
			out->loops |= n->value.loops;
		return ERR_OK;
	}
	FAIL(e->site->c, ERR_FAILED, "an expression of no kind");
}
