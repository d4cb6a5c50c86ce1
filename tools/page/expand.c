/*
 * Puts parts into pages: what comes out has no includes and no parameters any more, and each slot
 * is a C expression of a known type.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "expand.h"

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

enum err expand_list(const struct env *e, const struct node *n, struct node ***end)
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
