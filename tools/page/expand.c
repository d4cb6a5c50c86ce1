/*
 * Puts parts into pages: what comes out has no includes and no parameters any more, and each slot
 * is a C expression of a known type. Conditions that are known are decided here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

struct binding {
	struct span name;
	struct value value;
	const struct binding *next;
};

struct env {
	struct site *site;
	const struct binding *bindings;
	const struct shape *page;       /* of the page itself: its slots have names, too */
	const struct node *body;        /* of a wrap */
	const struct env *body_env;
	bool wraps;
	bool *body_seen;
	const struct place *through;
	unsigned includes;
	struct span element;            /* whose attributes these are */
};

struct truth {
	int known;                      /* 0, 1, or -1: c decides */
	struct span c;
};

static enum err expand_list(const struct env *e, const struct node *n, struct node ***end) MUST_USE;

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

static struct slot *slot_find(const struct shape *h, struct span name)
{
	for (struct slot *n = h->slots; n; n = n->next)
		if (span_eq(n->name, name))
			return n;
	return NULL;
}

static struct place here(const struct env *e, struct place at)
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

static enum err resolve(const struct env *e, const struct expr *x, struct value *out) MUST_USE;

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

static enum err resolve(const struct env *e, const struct expr *x, struct value *out)
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

/* Conditions. */

static enum err truth_of_c(const struct env *e, const struct place *at, const struct value *v,
			   struct truth *out)
{
	const char *test = " != 0";

	out->known = -1;
	if (v->type == TYPE_TEXT || v->type == TYPE_LINK)
		test = ".n != 0";
	else if (v->type == TYPE_LIST)
		test = "_n != 0";
	else if (v->type == TYPE_BOOL)
		test = "";
	else if (v->type == TYPE_SHAPE)
		FAIL_AT(e->site->c, at, "a shape is neither true nor false: name one of its slots");
	return span_fmt(e->site->c, &out->c, "%.*s%s", SPAN_ARG(v->c), test);
}

static enum err truth_of_nodes(const struct env *e, const struct place *at, const struct node *n,
			       struct truth *out)
{
	struct buf b;

	buf_begin(&b, e->site->c, 1 << 16);
	*out = (struct truth){ .known = 0 };
	for (; n; n = n->next) {
		struct truth t;

		if (n->kind == NODE_IF)
			FAIL_AT(e->site->c, at, "a text with {%% if %%} in it is no condition");
		if ((n->kind == NODE_TEXT && n->text.n) || (n->kind == NODE_SLOT && n->word)) {
			out->known = 1;
			return ERR_OK;
		}
		if (n->kind != NODE_SLOT)
			continue;
		TRY(truth_of_c(e, at, &n->value, &t));
		buf_fmt(&b, "%s%.*s", b.n ? " || " : "(", SPAN_ARG(t.c));
		out->known = -1;
	}
	buf_byte(&b, ')');
	return buf_done(e->site->c, &b, &out->c);
}

static enum err truth_of(const struct env *e, const struct expr *x, struct truth *out)
{
	struct place at = here(e, x->at);
	struct value v;

	*out = (struct truth){ 0 };
	TRY(resolve(e, x, &v));
	if (v.kind == VALUE_C)
		return truth_of_c(e, &at, &v, out);
	if (v.kind == VALUE_NODES)
		return truth_of_nodes(e, &at, v.nodes, out);
	out->known = v.number != 0;
	return ERR_OK;
}

/* A text as a C expression of type struct span, and as itself where it is known. */
static enum err text_of(const struct env *e, const struct place *at, const struct value *v,
			struct span *c, struct span *known, bool *is_known)
{
	struct buf b;

	*is_known = v->kind == VALUE_NODES &&
		    (!v->nodes || (v->nodes->kind == NODE_TEXT && !v->nodes->next));
	*known = *is_known && v->nodes ? v->nodes->text : SPAN_NONE;
	if (*is_known) {
		buf_begin(&b, e->site->c, 1 << 16);
		buf_str(&b, "SPAN(");
		emit_string(&b, *known);
		buf_byte(&b, ')');
		return buf_done(e->site->c, &b, c);
	}
	if (v->kind == VALUE_NODES && v->nodes->kind == NODE_SLOT && !v->nodes->next &&
	    !v->nodes->word)
		v = &v->nodes->value;
	if (v->kind != VALUE_C || v->type != TYPE_TEXT)
		FAIL_AT(e->site->c, at,
			"this cannot be compared: a text with a text, a number with a number");
	*c = v->c;
	return ERR_OK;
}

static enum err compare_texts(const struct env *e, const struct place *at, const struct cond *d,
			      const struct value *a, const struct value *b, struct truth *out)
{
	struct span ca, cb, ka, kb;
	bool a_known, b_known;

	TRY(text_of(e, at, a, &ca, &ka, &a_known));
	TRY(text_of(e, at, b, &cb, &kb, &b_known));
	if (d->kind != COND_EQ && d->kind != COND_NE)
		FAIL_AT(e->site->c, at, "texts are compared by == and !=");
	if (a_known && b_known) {
		out->known = span_eq(ka, kb) == (d->kind == COND_EQ);
		return ERR_OK;
	}
	out->known = -1;
	return span_fmt(e->site->c, &out->c, "%sspan_eq(%.*s, %.*s)", d->kind == COND_NE ? "!" : "",
			SPAN_ARG(ca), SPAN_ARG(cb));
}

static enum err number_of(const struct env *e, const struct place *at, const struct value *v,
			  struct span *c)
{
	if (v->kind == VALUE_INT)
		return span_fmt(e->site->c, c, "INT64_C(%lld)", (long long)v->number);
	if (v->kind != VALUE_C ||
	    (v->type != TYPE_INT && v->type != TYPE_BYTES && v->type != TYPE_CLOCK))
		FAIL_AT(e->site->c, at,
			"this cannot be compared: a text with a text, a number with a number");
	*c = v->c;
	return ERR_OK;
}

static enum err compare(const struct env *e, const struct cond *d, struct truth *out)
{
	struct place at = here(e, d->at);
	struct span ca, cb;
	struct value a, b;
	const char *op = d->kind == COND_EQ   ? "=="
			 : d->kind == COND_NE ? "!="
			 : d->kind == COND_LT ? "<"
					      : ">";

	TRY(resolve(e, d->a, &a));
	TRY(resolve(e, d->b, &b));
	if (a.kind == VALUE_NODES || (a.kind == VALUE_C && a.type == TYPE_TEXT))
		return compare_texts(e, &at, d, &a, &b, out);
	TRY(number_of(e, &at, &a, &ca));
	TRY(number_of(e, &at, &b, &cb));
	out->known = -1;
	if (a.kind != VALUE_INT || b.kind != VALUE_INT)
		return span_fmt(e->site->c, &out->c, "%.*s %s %.*s", SPAN_ARG(ca), op,
				SPAN_ARG(cb));
	out->known = d->kind == COND_EQ ? a.number == b.number :
		     d->kind == COND_NE ? a.number != b.number :
		     d->kind == COND_LT ? a.number < b.number : a.number > b.number;
	return ERR_OK;
}

static enum err decide(const struct env *e, const struct cond *d, struct truth *out)
{
	struct truth l, r;
	int strong = d->kind == COND_OR; /* what decides an "or" alone, and its opposite an "and" */

	*out = (struct truth){ 0 };
	if (d->kind == COND_TRUE)
		return truth_of(e, d->a, out);
	if (d->kind == COND_NOT) {
		TRY(decide(e, d->l, &l));
		out->known = l.known < 0 ? -1 : !l.known;
		return l.known < 0 ? span_fmt(e->site->c, &out->c, "!(%.*s)", SPAN_ARG(l.c))
				   : ERR_OK;
	}
	if (d->kind != COND_AND && d->kind != COND_OR)
		return compare(e, d, out);
	TRY(decide(e, d->l, &l));
	TRY(decide(e, d->r, &r));
	if (l.known == strong || r.known == strong)
		out->known = strong;
	else if (l.known >= 0)
		*out = r;
	else if (r.known >= 0)
		*out = l;
	else {
		out->known = -1;
		return span_fmt(e->site->c, &out->c, "(%.*s) %s (%.*s)", SPAN_ARG(l.c),
				strong ? "||" : "&&", SPAN_ARG(r.c));
	}
	return ERR_OK;
}

/* Nodes. */

static enum err copy_list(const struct env *e, const struct node *n, struct node **out)
{
	*out = NULL;
	for (; n; n = n->next, out = &(*out)->next) {
		TRY(NEW(e->site->c, *out));
		**out = *n;
		TRY(copy_list(e, n->nodes, &(*out)->nodes));
		TRY(copy_list(e, n->otherwise, &(*out)->otherwise));
		TRY(copy_list(e, n->attrs, &(*out)->attrs));
		(*out)->next = NULL;
	}
	return ERR_OK;
}

static enum err copy_one(const struct env *e, const struct node *n, struct node ***end,
			 struct node **out)
{
	TRY(NEW(e->site->c, *out));
	**out = *n;
	(*out)->at = here(e, n->at);
	(*out)->expanded = true;
	(*out)->next = (*out)->nodes = (*out)->otherwise = (*out)->attrs = NULL;
	**end = *out;
	*end = &(*out)->next;
	return ERR_OK;
}

static enum err splice(const struct env *e, const struct node *n, struct node ***end)
{
	TRY(copy_list(e, n, *end));
	while (**end)
		*end = &(**end)->next;
	return ERR_OK;
}

static enum err expand_slot(const struct env *e, const struct node *n, struct node ***end)
{
	struct place at = here(e, n->at);
	struct value v;
	struct node *m;

	if (!n->expr)
		FAIL_AT(e->site->c, &at,
			"a condition cannot be shown: only an attribute like checked takes one");
	TRY(resolve(e, n->expr, &v));
	if (v.kind == VALUE_NODES)
		return splice(e, v.nodes, end);
	TRY(copy_one(e, n, end, &m));
	m->value = v;
	if (v.kind == VALUE_INT) {
		m->kind = NODE_TEXT;
		return span_fmt(e->site->c, &m->text, "%lld", (long long)v.number);
	}
	if (v.kind != VALUE_C || v.type == TYPE_BOOL || v.type == TYPE_LIST || v.type == TYPE_SHAPE)
		FAIL_AT(e->site->c, &at, "a %s cannot be shown",
			v.kind == VALUE_C ? type_word(v.type) : "bool");
	return ERR_OK;
}

static enum err expand_if(const struct env *e, const struct node *n, struct node ***end)
{
	struct node **inner, *m;
	struct truth t;

	TRY(decide(e, n->cond, &t));
	if (t.known >= 0)
		return expand_list(e, t.known ? n->nodes : n->otherwise, end);
	TRY(copy_one(e, n, end, &m));
	m->c = t.c;
	inner = &m->nodes;
	TRY(expand_list(e, n->nodes, &inner));
	inner = &m->otherwise;
	return expand_list(e, n->otherwise, &inner);
}

static enum err expand_each(const struct env *e, const struct node *n, struct node ***end)
{
	struct place at = here(e, n->at);
	struct binding row = { .name = n->name, .next = e->bindings },
		       index = { .name = n->index, .next = &row };
	struct env with = *e;
	struct node **inner, *m;
	struct value list;

	TRY(resolve(e, n->expr, &list));
	if (list.kind != VALUE_C || list.type != TYPE_LIST)
		FAIL_AT(e->site->c, &at, "{%% each %%} over '%.*s', which is no list",
			SPAN_ARG(n->expr->text));
	if (e->site->loops == 63)
		FAIL_AT(e->site->c, &at, "more than 63 {%% each %%} in one page");
	TRY(copy_one(e, n, end, &m));
	m->value = list;
	m->loop = ++e->site->loops;
	row.value = (struct value){ .kind = VALUE_C,
				    .type = TYPE_SHAPE,
				    .shape = list.shape,
				    .arrow = true,
				    .loops = list.loops | UINT64_C(1) << m->loop };
	index.value = (struct value){ .kind = VALUE_C, .type = TYPE_INT, .loops = row.value.loops };
	TRY(span_fmt(e->site->c, &row.value.c, "r%u", m->loop));
	TRY(span_fmt(e->site->c, &index.value.c, "((int64_t)i%u + 1)", m->loop));
	with.bindings = n->index.n ? &index : &row;
	inner = &m->nodes;
	TRY(expand_list(&with, n->nodes, &inner));
	inner = &m->otherwise;
	return expand_list(e, n->otherwise, &inner);
}

static enum err bind(const struct env *e, const struct place *at, const struct slot *n,
		     const struct value *v)
{
	bool ok;

	if (n->type == TYPE_TEXT)
		ok = v->kind == VALUE_NODES || v->kind == VALUE_INT ||
		     (v->kind == VALUE_C && v->type <= TYPE_CLOCK);
	else if (n->type == TYPE_BOOL)
		ok = v->kind == VALUE_BOOL || (v->kind == VALUE_C && v->type == TYPE_BOOL);
	else if (n->type == TYPE_INT)
		ok = v->kind == VALUE_INT || (v->kind == VALUE_C && v->type == TYPE_INT);
	else
		ok = v->kind == VALUE_C && v->type == n->type && v->shape == n->shape;
	if (!ok)
		FAIL_AT(e->site->c, at, "parameter '%.*s' takes a %.*s%s", SPAN_ARG(n->name),
			SPAN_ARG(n->type_name), n->is_list ? "[]" : "");
	return ERR_OK;
}

/* The parameters of a part: as given, or their own value, which may use those before it. */
static enum err bind_all(const struct env *e, const struct node *n, const struct shape *part,
			 struct env *in)
{
	struct place at = here(e, n->at);

	for (const struct arg *a = n->args; a; a = a->next)
		if (!slot_find(part, a->name)) {
			at = here(e, a->at);
			FAIL_AT(e->site->c, &at, "part '%.*s' has no parameter '%.*s'",
				SPAN_ARG(n->name), SPAN_ARG(a->name));
		}
	for (const struct slot *s = part->slots; s; s = s->next) {
		const struct arg *a = n->args;
		struct binding *b;

		while (a && !span_eq(a->name, s->name))
			a = a->next;
		if (!a && !s->otherwise)
			FAIL_AT(e->site->c, &at, "part '%.*s' lacks its parameter '%.*s'",
				SPAN_ARG(n->name), SPAN_ARG(s->name));
		TRY(NEW(e->site->c, b));
		b->name = s->name;
		TRY(resolve(a ? e : in, a ? a->value : s->otherwise, &b->value));
		TRY(bind(e, a ? &a->at : &s->at, s, &b->value));
		b->next = in->bindings;
		in->bindings = b;
	}
	return ERR_OK;
}

static enum err expand_include(const struct env *e, const struct node *n, struct node ***end)
{
	struct shape *part = shape_find(e->site, SHAPE_PART, n->name);
	struct place at = here(e, n->at), *through;
	bool body_seen = false;
	struct env in = { .site = e->site, .body = n->nodes, .body_env = e, .wraps = n->wraps,
			  .body_seen = &body_seen, .includes = e->includes + 1 };

	if (!part)
		FAIL_AT(e->site->c, &at, "unknown part '%.*s'", SPAN_ARG(n->name));
	if (in.includes > INCLUDE_MAX)
		FAIL_AT(e->site->c, &at, "more than %u parts within each other: one holds itself?",
			INCLUDE_MAX);
	part->used = true;
	TRY(NEW(e->site->c, through));
	*through = at;
	in.through = through;
	TRY(bind_all(e, n, part, &in));
	TRY(expand_list(&in, part->nodes, end));
	if (n->wraps && !body_seen)
		FAIL_AT(e->site->c, &at, "part '%.*s' has no {%% body %%}: include it",
			SPAN_ARG(n->name));
	return ERR_OK;
}

static enum err expand_body(const struct env *e, const struct node *n, struct node ***end)
{
	struct place at = here(e, n->at);

	if (!e->body_env)
		FAIL_AT(e->site->c, &at, "{%% body %%} stands in parts only");
	if (!e->wraps)
		FAIL_AT(e->site->c, e->through,
			"this part has a {%% body %%}: {%% wrap NAME %%} ... {%% end %%}");
	*e->body_seen = true;
	return expand_list(e->body_env, e->body, end);
}

/* checked="{{ condition }}" */
static enum err expand_bool(const struct env *e, const struct node *n, struct node ***end)
{
	struct place at = here(e, n->at);
	struct truth t = { .known = 1 };
	struct node *m;

	if (n->has_value) {
		if (!n->nodes || n->nodes->next || n->nodes->kind != NODE_SLOT)
			FAIL_AT(e->site->c, &at,
				"%.*s is there or not there: %.*s or %.*s=\"{{ condition }}\"",
				SPAN_ARG(n->name), SPAN_ARG(n->name), SPAN_ARG(n->name));
		TRY(decide(e, n->nodes->cond, &t));
	}
	if (t.known == 0)
		return ERR_OK;
	TRY(copy_one(e, n, end, &m));
	m->c = t.known < 0 ? t.c : SPAN_NONE;
	m->has_value = false;
	return ERR_OK;
}

static enum err expand_markup(const struct env *e, const struct node *n, struct node ***end)
{
	struct env with = *e;
	enum attr_kind kind;
	const char *values;
	struct node **inner, *m;

	if (n->kind == NODE_ATTR && attr_kind_of(e->element, n->name, &kind, &values) &&
	    kind == ATTR_BOOL)
		return expand_bool(e, n, end);
	TRY(copy_one(e, n, end, &m));
	with.element = n->name;
	inner = &m->attrs;
	TRY(expand_list(&with, n->attrs, &inner));
	inner = &m->nodes;
	return expand_list(e, n->nodes, &inner);
}

static enum err expand_list(const struct env *e, const struct node *n, struct node ***end)
{
	struct node *m;

	for (; n; n = n->next) {
		if (n->kind == NODE_SLOT)
			TRY(expand_slot(e, n, end));
		else if (n->kind == NODE_IF)
			TRY(expand_if(e, n, end));
		else if (n->kind == NODE_EACH)
			TRY(expand_each(e, n, end));
		else if (n->kind == NODE_INCLUDE)
			TRY(expand_include(e, n, end));
		else if (n->kind == NODE_BODY)
			TRY(expand_body(e, n, end));
		else if (n->kind == NODE_TEXT || n->kind == NODE_DOCTYPE)
			TRY(copy_one(e, n, end, &m));
		else
			TRY(expand_markup(e, n, end));
	}
	return ERR_OK;
}

enum err page_expand(struct site *s, struct shape *page, struct node **out)
{
	struct env e = { .site = s, .page = page };

	s->loops = 0;
	*out = NULL;
	return expand_list(&e, page->nodes, &out);
}

enum err page_check_slots(struct site *s)
{
	for (const struct shape *h = s->shapes; h; h = h->next)
		for (const struct slot *n = h->slots; n; n = n->next)
			if (!n->used && h->kind == SHAPE_PAGE)
				FAIL_AT(s->c, &n->at,
					"slot '%.*s' is declared, and nothing shows it",
					SPAN_ARG(n->name));
	return ERR_OK;
}
