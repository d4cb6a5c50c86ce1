/*
 * Characters, names, expressions and conditions of templates. Bad input ends with an error that
 * names its place, never with anything else.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

#include <stdarg.h>
#include <stdio.h>

enum err fail_at(struct ctx *c, const struct place *at, const char *fmt, ...)
{
	char text[700];
	char through[200] = "";
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (at->through)
		snprintf(through, sizeof through, " (put in at %s:%u:%u)", at->through->file,
			 at->through->line, at->through->column);
	FAIL(c, ERR_FORMAT, "%s:%u:%u: %s%s", at->file, at->line, at->column, text, through);
}

bool scan_is(const struct scan *p, const char *z)
{
	return span_starts(span_cut(p->s, p->i, p->s.n), z);
}

void scan_skip(struct scan *p, size_t n)
{
	for (; n && p->i < p->s.n; n--, p->i++) {
		p->at.column++;
		if (p->s.p[p->i] == '\n') {
			p->at.line++;
			p->at.column = 1;
		}
	}
}

bool scan_eat(struct scan *p, const char *z)
{
	if (!scan_is(p, z))
		return false;
	scan_skip(p, strlen(z));
	return true;
}

void scan_space(struct scan *p)
{
	while (p->i < p->s.n && strchr(" \t\r\n", p->s.p[p->i]) && p->s.p[p->i])
		scan_skip(p, 1);
}

static bool is_name(unsigned char x, bool first)
{
	return (x >= 'a' && x <= 'z') || (!first && ((x >= '0' && x <= '9') || x == '_'));
}

/* A word of a-z, 0-9 and _, that begins with a letter. */
bool scan_name(struct scan *p, struct span *out)
{
	size_t n = 0;

	while (p->i + n < p->s.n && is_name(p->s.p[p->i + n], n == 0))
		n++;
	*out = span_cut(p->s, p->i, n);
	scan_skip(p, n);
	return n != 0;
}

enum err scan_need(struct scan *p, const char *z, const char *why)
{
	unsigned char here = p->i < p->s.n ? p->s.p[p->i] : 0;

	if (scan_eat(p, z))
		return ERR_OK;
	if (here > 0x20 && here < 0x7f)
		FAIL_AT(p->c, &p->at, "'%s' is missing before '%c': %s", z, here, why);
	FAIL_AT(p->c, &p->at, "'%s' is missing here: %s", z, why);
}

static enum err scan_number(struct scan *p, struct expr *e)
{
	size_t n = 0;

	while (p->i + n < p->s.n && ((p->s.p[p->i + n] >= '0' && p->s.p[p->i + n] <= '9') ||
				     (n == 0 && scan_is(p, "-"))))
		n++;
	e->kind = EXPR_INT;
	if (!span_to_i64(span_cut(p->s, p->i, n), &e->number))
		FAIL_AT(p->c, &p->at, "no value here: a name, \"text\", a number, true, false or "
				      "@word was expected");
	scan_skip(p, n);
	return ERR_OK;
}

static enum err scan_word(struct scan *p, struct expr *e)
{
	struct mention *m;

	scan_skip(p, 1);
	e->kind = EXPR_WORD;
	if (!scan_name(p, &e->text))
		FAIL_AT(p->c, &p->at, "'@' without the id of a word");
	TRY(NEW(p->c, m));
	*m = (struct mention){ .id = e->text, .at = e->at, .next = p->site->mentions };
	p->site->mentions = m;
	if (!scan_eat(p, "("))
		return ERR_OK;
	TRY(scan_args(p, ")", &e->args));
	return scan_need(p, ")", "the arguments of a word end with it");
}

static enum err scan_path(struct scan *p, struct expr *e)
{
	size_t from = p->i;
	struct span part;

	while (scan_name(p, &part))
		if (!scan_eat(p, "."))
			break;
	e->text = span_cut(p->s, from, p->i - from);
	if (part.n == 0)
		FAIL_AT(p->c, &p->at, "no name after '.'");
	e->kind = EXPR_BOOL;
	e->number = span_is(e->text, "true");
	if (!e->number && !span_is(e->text, "false"))
		e->kind = EXPR_PATH;
	return ERR_OK;
}

enum err scan_expr(struct scan *p, struct expr **out)
{
	struct expr *e;

	if (++p->depth > DEPTH_MAX)
		FAIL_AT(p->c, &p->at, "more than %u levels within each other", DEPTH_MAX);
	scan_space(p);
	TRY(NEW(p->c, e));
	e->at = p->at;
	if (scan_is(p, "@")) {
		TRY(scan_word(p, e));
	} else if (scan_eat(p, "\"")) {
		e->kind = EXPR_NODES;
		TRY(read_list(p, READ_VALUE, &e->nodes));
		TRY(scan_need(p, "\"", "a text ends with it"));
	} else if (p->i < p->s.n && is_name(p->s.p[p->i], true)) {
		TRY(scan_path(p, e));
	} else {
		TRY(scan_number(p, e));
	}
	p->depth--;
	*out = e;
	return ERR_OK;
}

/* name=value name=value, until the text until stands there (which stays). */
enum err scan_args(struct scan *p, const char *until, struct arg **out)
{
	struct arg **end = out;
	unsigned n = 0;

	*out = NULL;
	for (;;) {
		struct arg *a;

		scan_space(p);
		scan_eat(p, ",");
		scan_space(p);
		if (scan_is(p, until) || p->i == p->s.n)
			return ERR_OK;
		if (++n > ARGS_MAX)
			FAIL_AT(p->c, &p->at, "more than %u arguments", ARGS_MAX);
		TRY(NEW(p->c, a));
		a->at = p->at;
		if (!scan_name(p, &a->name))
			FAIL_AT(p->c, &p->at, "no argument here: name=value or '%s' was expected",
				until);
		for (struct arg *b = *out; b; b = b->next)
			if (span_eq(a->name, b->name))
				FAIL_AT(p->c, &a->at, "'%.*s' is given twice", SPAN_ARG(a->name));
		scan_space(p);
		TRY(scan_need(p, "=", "an argument is name=value"));
		TRY(scan_expr(p, &a->value));
		*end = a;
		end = &a->next;
	}
}

static enum err scan_operand(struct scan *p, struct cond *d)
{
	static const struct {
		const char *z;
		int kind;
	} ops[] = { { "==", COND_EQ }, { "!=", COND_NE }, { "<", COND_LT }, { ">", COND_GT } };

	TRY(scan_expr(p, &d->a));
	scan_space(p);
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (!scan_eat(p, ops[i].z))
			continue;
		d->kind = (unsigned)ops[i].kind;
		return scan_expr(p, &d->b);
	}
	return ERR_OK;
}

static bool eat_word(struct scan *p, const char *word)
{
	struct scan old = *p;
	struct span name;

	scan_space(p);
	if (scan_name(p, &name) && span_is(name, word))
		return true;
	*p = old;
	return false;
}

static enum err scan_unary(struct scan *p, struct cond **out)
{
	if (++p->depth > DEPTH_MAX)
		FAIL_AT(p->c, &p->at, "more than %u levels within each other", DEPTH_MAX);
	scan_space(p);
	if (scan_eat(p, "(")) {
		TRY(scan_cond(p, out));
		scan_space(p);
		TRY(scan_need(p, ")", "what '(' began ends with it"));
	} else {
		TRY(NEW(p->c, *out));
		(*out)->at = p->at;
		if (eat_word(p, "not")) {
			(*out)->kind = COND_NOT;
			TRY(scan_unary(p, &(*out)->l));
		} else {
			TRY(scan_operand(p, *out));
		}
	}
	p->depth--;
	return ERR_OK;
}

/* "and" and "or" do not mix without parentheses: nobody should have to remember which is first. */
enum err scan_cond(struct scan *p, struct cond **out)
{
	bool and = false, or = false;
	unsigned n = 0;

	TRY(scan_unary(p, out));
	for (;;) {
		struct cond *both, *r;
		struct place at;

		scan_space(p);
		at = p->at;
		if (eat_word(p, "and"))
			and = true;
		else if (eat_word(p, "or"))
			or = true;
		else
			return ERR_OK;
		if (and && or)
			FAIL_AT(p->c, &at, "'and' beside 'or': put one of them into parentheses");
		if (++n > DEPTH_MAX)
			FAIL_AT(p->c, &at, "more than %u conditions in a row", DEPTH_MAX);
		TRY(scan_unary(p, &r));
		TRY(NEW(p->c, both));
		*both = (struct cond){
			.kind = and? COND_AND : COND_OR, .at = at, .l = *out, .r = r
		};
		*out = both;
	}
}
