/*
 * C for pages that were checked: a struct for each shape and page, and one function that writes
 * the page. Runs of literal markup become one string.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

struct emit {
	struct site *site;
	struct buf *b;
	struct buf raw;                 /* literal bytes that wait */
	unsigned tabs;
	bool keep_space;
	bool blank_before;              /* one blank is enough */
};

static void tabs(struct emit *e)
{
	for (unsigned i = 0; i < e->tabs; i++)
		buf_byte(e->b, '\t');
}

static void flush(struct emit *e)
{
	if (!e->raw.n)
		return;
	tabs(e);
	buf_str(e->b, "page_raw(&o, SPAN(");
	emit_string(e->b, span_of(e->raw.p, e->raw.n));
	buf_str(e->b, "));\n");
	e->raw.n = 0;
}

static void raw_escaped(struct emit *e, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];

		if (x == '<')
			buf_str(&e->raw, "&lt;");
		else if (x == '>')
			buf_str(&e->raw, "&gt;");
		else if (x == '&')
			buf_str(&e->raw, "&amp;");
		else if (x == '"')
			buf_str(&e->raw, "&quot;");
		else
			buf_byte(&e->raw, x);
	}
}

/* Between tags, a run of blanks is one blank, or one line end. */
static void raw_text(struct emit *e, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		size_t from = i;

		while (!e->keep_space && i < s.n &&
		       (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n'))
			i++;
		if (i > from && !e->blank_before)
			buf_byte(&e->raw, memchr(s.p + from, '\n', i - from) ? '\n' : ' ');
		e->blank_before = e->blank_before || i > from;
		for (from = i; i < s.n && (e->keep_space || !strchr(" \t\n", s.p[i]));)
			i++;
		if (i > from)
			e->blank_before = false;
		raw_escaped(e, span_cut(s, from, i - from));
	}
}

static void emit_arg(struct emit *e, const struct value *v)
{
	const struct node *n = v->nodes;

	if (v->kind == VALUE_INT)
		buf_fmt(e->b, ", INT64_C(%lld)", (long long)v->number);
	else if (v->kind == VALUE_C)
		buf_fmt(e->b, ", %.*s", SPAN_ARG(v->c));
	else if (n && n->kind == NODE_SLOT && n->word)
		buf_fmt(e->b, ", word_%.*s(o.base)", SPAN_ARG(n->word->word->id));
	else if (n && n->kind == NODE_SLOT)
		buf_fmt(e->b, ", %.*s", SPAN_ARG(n->value.c));
	else {
		buf_str(e->b, ", SPAN(");
		emit_string(e->b, n ? n->text : SPAN_NONE);
		buf_byte(e->b, ')');
	}
}

static void emit_slot(struct emit *e, const struct node *n)
{
	e->blank_before = false;
	flush(e);
	tabs(e);
	if (n->word && !n->word->word->args) {
		buf_fmt(e->b, "page_text(&o, %s, word_%.*s(o.base));\n", n->where,
			SPAN_ARG(n->word->word->id));
	} else if (n->word) {
		size_t i = 0;

		buf_fmt(e->b, "put_word_%.*s(&o, %s", SPAN_ARG(n->word->word->id), n->where);
		for (const struct word_arg *a = n->word->word->args; a; a = a->next)
			emit_arg(e, &n->word->args[i++]);
		buf_str(e->b, ");\n");
	} else {
		buf_fmt(e->b, "page_%s(&o, %s, %.*s);\n", type_word(n->value.type), n->where,
			SPAN_ARG(n->value.c));
	}
}

typedef void emit_some(struct emit *e, const struct node *n);

static void emit_if(struct emit *e, const struct node *n, emit_some *some)
{
	bool before = e->blank_before, after;

	flush(e);
	tabs(e);
	buf_fmt(e->b, "if (%.*s) {\n", SPAN_ARG(n->c));
	e->tabs++;
	some(e, n->nodes);
	flush(e);
	after = e->blank_before;
	e->blank_before = before;
	e->tabs--;
	tabs(e);
	if (n->otherwise) {
		buf_str(e->b, "} else {\n");
		e->tabs++;
		some(e, n->otherwise);
		flush(e);
		e->tabs--;
		tabs(e);
	}
	e->blank_before = e->blank_before && after;     /* whichever way it went */
	buf_str(e->b, "}\n");
}

static void emit_value(struct emit *e, const struct node *n)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_TEXT)
			raw_escaped(e, n->text);
		else if (n->kind == NODE_SLOT)
			emit_slot(e, n);
		else
			emit_if(e, n, emit_value);
	}
}

static void emit_attrs(struct emit *e, const struct node *n)
{
	for (; n; n = n->next) {
		struct node name = { .kind = NODE_ATTR, .name = n->name };

		if (n->kind == NODE_IF) {
			emit_if(e, n, emit_attrs);
		} else if (n->c.n) {            /* there or not there, as the program knows */
			emit_if(e, &(struct node){ .c = n->c, .nodes = &name }, emit_attrs);
		} else {
			buf_byte(&e->raw, ' ');
			buf_add(&e->raw, n->name);
			if (!n->has_value)
				continue;
			buf_str(&e->raw, "=\"");
			emit_value(e, n->nodes);
			buf_byte(&e->raw, '"');
		}
	}
}

static void emit_list(struct emit *e, const struct node *n);

static bool is_post(const struct node *n)
{
	const struct node *method = attr_find(n, "method");

	return span_is(n->name, "form") && method && method->nodes &&
	       span_is(method->nodes->text, "post");
}

static void emit_element(struct emit *e, const struct node *n)
{
	bool kept = e->keep_space;

	e->blank_before = false;
	buf_byte(&e->raw, '<');
	buf_add(&e->raw, n->name);
	if (span_is(n->name, "html")) {
		flush(e);
		tabs(e);
		buf_str(e->b, "page_language(&o);\n");
	}
	emit_attrs(e, n->attrs);
	buf_byte(&e->raw, '>');
	if (is_post(n)) {
		flush(e);
		tabs(e);
		buf_str(e->b, "page_token(&o);\n");
	}
	e->blank_before = false;
	if (element_is_void(n->name))
		return;
	e->keep_space = kept || element_keeps_space(n->name);
	if (element_keeps_space(n->name))
		buf_byte(&e->raw, '\n');        /* the one that parsers leave out */
	emit_list(e, n->nodes);
	e->keep_space = kept;
	e->blank_before = false;
	buf_str(&e->raw, "</");
	buf_add(&e->raw, n->name);
	buf_byte(&e->raw, '>');
}

static void emit_each(struct emit *e, const struct node *n)
{
	bool before = e->blank_before, after;

	flush(e);
	tabs(e);
	buf_fmt(e->b, "for (size_t i%u = 0; i%u < %.*s_n; i%u++) {\n", n->loop, n->loop,
		SPAN_ARG(n->value.c), n->loop);
	e->tabs++;
	tabs(e);
	buf_fmt(e->b, "const struct page_%.*s *r%u = &%.*s[i%u];\n\n",
		SPAN_ARG(n->value.shape->name), n->loop, SPAN_ARG(n->value.c), n->loop);
	tabs(e);
	buf_fmt(e->b, "(void)r%u;\n", n->loop);
	e->blank_before = false;
	emit_list(e, n->nodes);
	flush(e);
	after = e->blank_before;
	e->blank_before = before;
	e->tabs--;
	tabs(e);
	buf_str(e->b, "}\n");
	if (!n->otherwise) {
		e->blank_before = before && after;
		return;
	}
	tabs(e);
	buf_fmt(e->b, "if (%.*s_n == 0) {\n", SPAN_ARG(n->value.c));
	e->tabs++;
	emit_list(e, n->otherwise);
	flush(e);
	e->blank_before = e->blank_before && after;
	e->tabs--;
	tabs(e);
	buf_str(e->b, "}\n");
}

static void emit_list(struct emit *e, const struct node *n)
{
	for (; n; n = n->next) {
		if (n->kind == NODE_TEXT)
			raw_text(e, n->text);
		else if (n->kind == NODE_DOCTYPE)
			buf_str(&e->raw, "<!DOCTYPE html>");
		else if (n->kind == NODE_SLOT)
			emit_slot(e, n);
		else if (n->kind == NODE_IF)
			emit_if(e, n, emit_list);
		else if (n->kind == NODE_EACH)
			emit_each(e, n);
		else
			emit_element(e, n);
	}
}

enum err page_emit_c(struct site *s, const struct shape *page, const struct node *nodes,
		     struct buf *b)
{
	struct emit e = { .site = s, .b = b, .tabs = 1 };

	buf_begin(&e.raw, s->c, OUT_MAX);
	while (nodes && nodes->kind == NODE_TEXT && span_trim(nodes->text).n == 0)
		nodes = nodes->next;
	buf_fmt(b,
		"/* Made by tools/page from %.*s.html. SPDX-License-Identifier: Apache-2.0 */\n"
		"#include \"web/pages.h\"\n\n"
		"enum err page_%.*s(struct ctx *c, const struct page_%.*s *p, struct buf *b)\n{\n"
		"\tstruct page_out o;\n\n\tTRY(page_begin(c, &o, &p->view->base, b));\n",
		SPAN_ARG(page->name), SPAN_ARG(page->name), SPAN_ARG(page->name));
	emit_list(&e, nodes);
	flush(&e);
	buf_str(b, "\treturn page_end(c, &o);\n}\n");
	return e.raw.failed ? ERR_LIMIT : ERR_OK;
}

static void emit_struct(struct buf *b, const struct shape *h)
{
	buf_fmt(b, "\nstruct page_%.*s {\n", SPAN_ARG(h->name));
	if (h->kind == SHAPE_PAGE)
		buf_str(b, "\tconst struct page_view *view;\n");
	if (h->kind == SHAPE_SHAPE && span_is(h->name, "view"))
		buf_str(b, "\tstruct page_base base;\n");
	for (const struct slot *n = h->slots; n; n = n->next) {
		if (n->type == TYPE_LIST)
			buf_fmt(b, "\tconst struct page_%.*s *%.*s;\n\tsize_t %.*s_n;\n",
				SPAN_ARG(n->shape->name), SPAN_ARG(n->name), SPAN_ARG(n->name));
		else if (n->type == TYPE_SHAPE)
			buf_fmt(b, "\tstruct page_%.*s %.*s;\n", SPAN_ARG(n->shape->name),
				SPAN_ARG(n->name));
		else
			buf_fmt(b, "\t%s %.*s;%s\n", type_c(n->type), SPAN_ARG(n->name),
				n->type == TYPE_TEXT || n->type == TYPE_INT || n->type == TYPE_BOOL
					? ""
				: n->type == TYPE_LINK  ? "\t/* a whole address */"
				: n->type == TYPE_TIME  ? "\t/* seconds since 1970 UTC */"
				: n->type == TYPE_CLOCK ? "\t/* seconds left */"
							: "\t/* bytes */");
	}
	if (!h->slots && h->kind == SHAPE_SHAPE && !span_is(h->name, "view"))
		buf_str(b, "\tchar nothing;\n");
	buf_str(b, "};\n");
}

/* A struct after those that it holds. */
static enum err emit_ordered(struct site *s, struct buf *b, struct shape *h)
{
	if (h->state == 2)
		return ERR_OK;
	if (h->state == 1)
		FAIL_AT(s->c, &h->at, "'%.*s' holds itself", SPAN_ARG(h->name));
	h->state = 1;
	for (const struct slot *n = h->slots; n; n = n->next)
		if (n->type == TYPE_SHAPE)
			TRY(emit_ordered(s, b, n->shape));
	h->state = 2;
	emit_struct(b, h);
	return ERR_OK;
}

enum err pages_emit_h(struct site *s, struct buf *b)
{
	buf_str(b,
		"/* Made by tools/page from src/web/page. SPDX-License-Identifier: Apache-2.0 */\n"
		"#ifndef WEB_PAGES_H\n#define WEB_PAGES_H\n\n#include \"web/page.h\"\n\n");
	for (const struct shape *h = s->shapes; h; h = h->next)
		if (h->kind != SHAPE_PART)
			buf_fmt(b, "struct page_%.*s;\n", SPAN_ARG(h->name));
	for (struct shape *h = s->shapes; h; h = h->next)
		if (h->kind != SHAPE_PART)
			TRY(emit_ordered(s, b, h));
	buf_byte(b, '\n');
	for (const struct shape *h = s->shapes; h; h = h->next)
		if (h->kind == SHAPE_PAGE)
			buf_fmt(b,
				"enum err page_%.*s(struct ctx *c, const struct page_%.*s *p, "
				"struct buf *b) MUST_USE;\n",
				SPAN_ARG(h->name), SPAN_ARG(h->name));
	buf_str(b, "\n#endif\n");
	return ERR_OK;
}
