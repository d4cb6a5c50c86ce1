/*
 * Conditions: those that are known while the page is made are decided, the others become C.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "expand.h"

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

enum err decide(const struct env *e, const struct cond *d, struct truth *out)
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
