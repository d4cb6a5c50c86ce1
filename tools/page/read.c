/*
 * Templates into trees: markup whose elements are all closed and whose values are all quoted, with
 * slots and statements between. What HTML is, check.c knows.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

#include "base/file.h"

static bool at_letter(const struct scan *p)
{
	unsigned char x = p->i < p->s.n ? p->s.p[p->i] | 0x20 : 0;

	return x >= 'a' && x <= 'z';
}

/* What markup calls a name: letters, digits and '-'. */
static enum err markup_name(struct scan *p, const char *what, struct span *out)
{
	size_t n = 0;

	for (; p->i + n < p->s.n; n++) {
		unsigned char x = p->s.p[p->i + n];

		if (x >= 'A' && x <= 'Z')
			FAIL_AT(p->c, &p->at, "%s with a capital letter: names are written small",
				what);
		if (!(x >= 'a' && x <= 'z') && !(x >= '0' && x <= '9') && x != '-')
			break;
	}
	*out = span_cut(p->s, p->i, n);
	if (n == 0)
		FAIL_AT(p->c, &p->at, "no name of %s here", what);
	scan_skip(p, n);
	return ERR_OK;
}

static enum err new_node(struct scan *p, enum node_kind kind, struct node **out)
{
	TRY(NEW(p->c, *out));
	(*out)->kind = kind;
	(*out)->at = p->at;
	return ERR_OK;
}

static bool is_entity(struct span s)
{
	size_t n = 1;

	while (n < s.n && n < 32 &&
	       ((s.p[n] | 0x20) >= 'a' ? (s.p[n] | 0x20) <= 'z'
				       : s.p[n] == '#' || (s.p[n] >= '0' && s.p[n] <= '9')))
		n++;
	return n > 1 && n < s.n && s.p[n] == ';';
}

/* Literal text up to whatever ends it. */
static enum err read_text(struct scan *p, enum read_mode mode, struct node **out)
{
	size_t from = p->i;

	TRY(new_node(p, NODE_TEXT, out));
	while (p->i < p->s.n) {
		unsigned char x = p->s.p[p->i];

		if (scan_is(p, "{{") || scan_is(p, "{%") || scan_is(p, "{#"))
			break;
		if (mode == READ_VALUE ? x == '"' : x == '<')
			break;
		if (x == '&' && is_entity(span_cut(p->s, p->i, p->s.n)))
			FAIL_AT(p->c, &p->at,
				"an entity: write the character itself, it is escaped "
				"by the place it stands in");
		if (scan_is(p, "}}") || scan_is(p, "%}"))
			FAIL_AT(p->c, &p->at, "'%c}' ends nothing here", x);
		if (x < 0x20 && x != '\n' && x != '\t')
			FAIL_AT(p->c, &p->at, "a control character");
		scan_skip(p, 1);
	}
	(*out)->text = span_cut(p->s, from, p->i - from);
	return ERR_OK;
}

static enum err read_slot(struct scan *p, struct node **out)
{
	TRY(new_node(p, NODE_SLOT, out));
	scan_skip(p, 2);
	TRY(scan_cond(p, &(*out)->cond));
	if ((*out)->cond->kind == COND_TRUE)
		(*out)->expr = (*out)->cond->a;
	scan_space(p);
	return scan_need(p, "}}", "a slot ends with it");
}

static enum err read_comment(struct scan *p)
{
	struct place at = p->at;

	while (!scan_eat(p, "#}")) {
		if (p->i == p->s.n)
			FAIL_AT(p->c, &at, "a comment that does not end: '#}' is missing");
		scan_skip(p, 1);
	}
	return ERR_OK;
}

/* The statement at which p stands: its first word, without going there. */
static struct span statement_word(const struct scan *at)
{
	struct scan p = *at;
	struct span word;

	scan_skip(&p, 2);
	scan_space(&p);
	scan_name(&p, &word);
	return word;
}

static void enter_statement(struct scan *p)
{
	struct span word;

	scan_skip(p, 2);
	scan_space(p);
	scan_name(p, &word);
}

static enum err end_statement(struct scan *p)
{
	scan_space(p);
	return scan_need(p, "%}", "a statement ends with it");
}

static enum err read_end(struct scan *p, const struct node *of, const char *word)
{
	if (!scan_is(p, "{%") || !span_is(statement_word(p), "end")) {
		if (scan_is(p, "</"))
			FAIL_AT(p->c, &p->at,
				"a closing tag within {%% %s %%} of line %u, which began "
				"outside of it",
				word, of->at.line);
		FAIL_AT(p->c, &p->at,
			"{%% %s %%} of line %u:%u is not ended: {%% end %%} is missing", word,
			of->at.line, of->at.column);
	}
	enter_statement(p);
	return end_statement(p);
}

static enum err read_if(struct scan *p, enum read_mode mode, struct node **out)
{
	TRY(new_node(p, NODE_IF, out));
	if (++p->depth > DEPTH_MAX)
		FAIL_AT(p->c, &p->at, "more than %u levels within each other", DEPTH_MAX);
	enter_statement(p);
	TRY(scan_cond(p, &(*out)->cond));
	TRY(end_statement(p));
	TRY(read_list(p, mode, &(*out)->nodes));
	if (scan_is(p, "{%") && span_is(statement_word(p), "elif")) {
		TRY(read_if(p, mode, &(*out)->otherwise));      /* ends with the same end */
	} else {
		if (scan_is(p, "{%") && span_is(statement_word(p), "else")) {
			enter_statement(p);
			TRY(end_statement(p));
			TRY(read_list(p, mode, &(*out)->otherwise));
		}
		TRY(read_end(p, *out, "if"));
	}
	p->depth--;
	return ERR_OK;
}

static enum err read_each(struct scan *p, struct node **out)
{
	struct span word;

	TRY(new_node(p, NODE_EACH, out));
	enter_statement(p);
	scan_space(p);
	if (!scan_name(p, &(*out)->name))
		FAIL_AT(p->c, &p->at, "{%% each NAME in LIST %%}: no name here");
	scan_space(p);
	if (scan_eat(p, ",")) {
		scan_space(p);
		if (!scan_name(p, &(*out)->index))
			FAIL_AT(p->c, &p->at, "{%% each NAME, NUMBER in LIST %%}: no name here");
		scan_space(p);
	}
	if (!scan_name(p, &word) || !span_is(word, "in"))
		FAIL_AT(p->c, &p->at, "{%% each NAME in LIST %%}: 'in' is missing");
	TRY(scan_expr(p, &(*out)->expr));
	TRY(end_statement(p));
	TRY(read_list(p, READ_CONTENT, &(*out)->nodes));
	if (scan_is(p, "{%") && span_is(statement_word(p), "else")) {
		enter_statement(p);
		TRY(end_statement(p));
		TRY(read_list(p, READ_CONTENT, &(*out)->otherwise));
	}
	return read_end(p, *out, "each");
}

static enum err read_include(struct scan *p, bool wraps, struct node **out)
{
	TRY(new_node(p, NODE_INCLUDE, out));
	(*out)->wraps = wraps;
	enter_statement(p);
	scan_space(p);
	if (!scan_name(p, &(*out)->name))
		FAIL_AT(p->c, &p->at, "no name of a part here");
	TRY(scan_args(p, "%}", &(*out)->args));
	TRY(end_statement(p));
	if (!wraps)
		return ERR_OK;
	TRY(read_list(p, READ_CONTENT, &(*out)->nodes));
	return read_end(p, *out, "wrap");
}

static enum err read_statement(struct scan *p, enum read_mode mode, struct node **out)
{
	struct span word = statement_word(p);

	if (span_is(word, "if"))
		return read_if(p, mode, out);
	if (mode != READ_CONTENT)
		FAIL_AT(p->c, &p->at,
			"{%% %.*s %%} within a tag: only if, elif and else can stand there",
			SPAN_ARG(word));
	if (span_is(word, "each"))
		return read_each(p, out);
	if (span_is(word, "include") || span_is(word, "wrap"))
		return read_include(p, span_is(word, "wrap"), out);
	if (!span_is(word, "body"))
		FAIL_AT(p->c, &p->at,
			"unknown statement '%.*s': if, elif, else, each, include, wrap, "
			"body and end are known",
			SPAN_ARG(word));
	TRY(new_node(p, NODE_BODY, out));
	enter_statement(p);
	return end_statement(p);
}

static enum err read_attr(struct scan *p, struct node **out)
{
	TRY(new_node(p, NODE_ATTR, out));
	TRY(markup_name(p, "an attribute", &(*out)->name));
	if (!scan_eat(p, "="))
		return ERR_OK;
	if (!scan_eat(p, "\""))
		FAIL_AT(p->c, &p->at,
			"the value of %.*s is not quoted: values stand between \" and \"",
			SPAN_ARG((*out)->name));
	(*out)->has_value = true;
	TRY(read_list(p, READ_VALUE, &(*out)->nodes));
	return scan_need(p, "\"", "the value of an attribute ends with it");
}

static enum err read_element(struct scan *p, struct node **out)
{
	struct span close;
	struct place at;
	struct node *n;

	TRY(new_node(p, NODE_ELEMENT, out));
	n = *out;
	scan_skip(p, 1);
	TRY(markup_name(p, "an element", &n->name));
	TRY(read_list(p, READ_ATTRS, &n->attrs));
	if (scan_is(p, "/>"))
		FAIL_AT(p->c, &p->at, "'/>': HTML does not know it; write <%.*s>%s",
			SPAN_ARG(n->name), element_is_void(n->name) ? "" : " and close it");
	TRY(scan_need(p, ">", "a tag ends with it"));
	if (element_is_void(n->name))
		return ERR_OK;
	TRY(read_list(p, READ_CONTENT, &n->nodes));
	/* As in HTML, a line end right after <pre> or <textarea> is not part of it. */
	if (element_keeps_space(n->name) && n->nodes && span_starts(n->nodes->text, "\n"))
		n->nodes->text = span_cut(n->nodes->text, 1, n->nodes->text.n);
	at = p->at;
	if (!scan_eat(p, "</"))
		FAIL_AT(p->c, &n->at, "<%.*s> is not closed where it should be, at %u:%u",
			SPAN_ARG(n->name), at.line, at.column);
	TRY(markup_name(p, "an element", &close));
	if (!span_eq(close, n->name))
		FAIL_AT(p->c, &at,
			"</%.*s> closes <%.*s> of line %u: elements end in the order in "
			"which they began",
			SPAN_ARG(close), SPAN_ARG(n->name), n->at.line);
	return scan_need(p, ">", "a tag ends with it");
}

static enum err read_markup(struct scan *p, struct node **out)
{
	if (scan_is(p, "<!DOCTYPE html>")) {
		TRY(new_node(p, NODE_DOCTYPE, out));
		scan_eat(p, "<!DOCTYPE html>");
		return ERR_OK;
	}
	if (scan_is(p, "<!--"))
		FAIL_AT(p->c, &p->at,
			"an HTML comment would be sent to everybody: write {# ... #}");
	scan_skip(p, 1);
	if (!at_letter(p))
		FAIL_AT(p->c, &p->at, "'<' that begins no element");
	p->i--;
	p->at.column--;
	return read_element(p, out);
}

/* One thing; *out stays NULL where the list ends. */
static enum err read_one(struct scan *p, enum read_mode mode, struct node **out)
{
	*out = NULL;
	if (p->i == p->s.n)
		return ERR_OK;
	if (scan_is(p, "{{") && mode != READ_ATTRS)
		return read_slot(p, out);
	if (scan_is(p, "{%")) {
		struct span word = statement_word(p);

		if (span_is(word, "else") || span_is(word, "elif") || span_is(word, "end"))
			return ERR_OK;
		return read_statement(p, mode, out);
	}
	if (mode == READ_VALUE)
		return scan_is(p, "\"") ? ERR_OK : read_text(p, mode, out);
	if (mode == READ_CONTENT) {
		if (scan_is(p, "</"))
			return ERR_OK;
		return scan_is(p, "<") ? read_markup(p, out) : read_text(p, mode, out);
	}
	if (scan_is(p, ">") || scan_is(p, "/>"))
		return ERR_OK;
	if (scan_is(p, "{{"))
		FAIL_AT(p->c, &p->at,
			"a slot between attributes: it can stand in a quoted value only");
	return read_attr(p, out);
}

enum err read_list(struct scan *p, enum read_mode mode, struct node **out)
{
	struct node **end = out;

	*out = NULL;
	if (++p->depth > DEPTH_MAX)
		FAIL_AT(p->c, &p->at, "more than %u levels within each other", DEPTH_MAX);
	for (;;) {
		size_t before = p->i;

		if (mode == READ_ATTRS)
			scan_space(p);
		if (scan_is(p, "{#")) {
			TRY(read_comment(p));
			continue;
		}
		if (mode == READ_ATTRS && p->i == before && p->i < p->s.n && at_letter(p) && *out)
			FAIL_AT(p->c, &p->at, "no blank before the name of an attribute");
		TRY(read_one(p, mode, end));
		if (!*end)
			break;
		end = &(*end)->next;
	}
	p->depth--;
	return ERR_OK;
}

/* Blanks and comments. */
static enum err scan_blank(struct scan *p)
{
	scan_space(p);
	while (scan_is(p, "{#")) {
		TRY(read_comment(p));
		scan_space(p);
	}
	return ERR_OK;
}

static enum err read_slots(struct scan *p, struct shape *s)
{
	struct slot **end = &s->slots;

	for (;;) {
		struct slot *n;

		TRY(scan_blank(p));
		if (scan_eat(p, "%}"))
			return ERR_OK;
		if (s->slots) {
			TRY(scan_need(p, ",",
				      "slots stand between commas, the statement ends with %}"));
			TRY(scan_blank(p));
		}
		TRY(NEW(p->c, n));
		if (!scan_name(p, &n->type_name))
			FAIL_AT(p->c, &p->at, "no slot here: TYPE NAME was expected");
		n->is_list = scan_eat(p, "[]");
		scan_space(p);
		n->at = p->at;
		if (!scan_name(p, &n->name))
			FAIL_AT(p->c, &p->at, "the slot of type %.*s has no name",
				SPAN_ARG(n->type_name));
		for (struct slot *o = s->slots; o; o = o->next)
			if (span_eq(o->name, n->name))
				FAIL_AT(p->c, &n->at, "slot '%.*s' is declared twice",
					SPAN_ARG(n->name));
		scan_space(p);
		if (scan_eat(p, "=")) {
			if (s->kind != SHAPE_PART)
				FAIL_AT(p->c, &p->at,
					"only slots of a part can have a value of their own");
			TRY(scan_expr(p, &n->otherwise));
		}
		*end = n;
		end = &n->next;
	}
}

static enum err add_shape(struct scan *p, struct shape *n)
{
	struct shape **end = &p->site->shapes;

	for (; *end; end = &(*end)->next)
		if (span_eq((*end)->name, n->name) &&
		    ((*end)->kind == SHAPE_PART) == (n->kind == SHAPE_PART))
			FAIL_AT(p->c, &n->at, "'%.*s' is there already, in %s:%u",
				SPAN_ARG(n->name), (*end)->at.file, (*end)->at.line);
	*end = n;
	return ERR_OK;
}

static struct span name_of_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct span name = span_str(slash ? slash + 1 : path);

	return span_cut(name, 0, name.n > 5 ? name.n - 5 : 0);
}

/* Shape, part or page; of a page the rest of the file is the page. */
static enum err read_top(struct scan *p)
{
	struct span word = statement_word(p);
	struct shape *n;

	TRY(NEW(p->c, n));
	n->at = p->at;
	enter_statement(p);
	scan_space(p);
	n->kind = span_is(word, "page")   ? SHAPE_PAGE
		  : span_is(word, "part") ? SHAPE_PART
					  : SHAPE_SHAPE;
	if (n->kind == SHAPE_SHAPE && !span_is(word, "shape"))
		FAIL_AT(p->c, &n->at,
			"'%.*s' at the top of a file: it holds shapes, parts, or one page",
			SPAN_ARG(word));
	if (n->kind == SHAPE_PAGE)
		n->name = name_of_file(n->at.file);
	else if (!scan_name(p, &n->name))
		FAIL_AT(p->c, &p->at, "%.*s without a name", SPAN_ARG(word));
	TRY(add_shape(p, n));
	TRY(read_slots(p, n));
	if (n->kind == SHAPE_SHAPE)
		return ERR_OK;
	TRY(read_list(p, READ_CONTENT, &n->nodes));
	if (n->kind == SHAPE_PART)
		return read_end(p, (&(struct node){ .at = n->at }), "part");
	if (p->i != p->s.n)
		FAIL_AT(p->c, &p->at, "%s closes nothing",
			scan_is(p, "</") ? "this tag" : "this statement");
	return ERR_OK;
}

enum err read_file(struct site *s, const char *path)
{
	struct scan p = { .site = s, .c = s->c, .at = { .file = path, .line = 1, .column = 1 } };
	struct span name = name_of_file(path);

	for (size_t i = 0; i < name.n; i++)
		if (!((name.p[i] >= 'a' && name.p[i] <= 'z') ||
		      (i && name.p[i] >= '0' && name.p[i] <= '9') || name.p[i] == '_'))
			FAIL_AT(s->c, &p.at,
				"the name of this file: a-z, 0-9 and _ are known, then .html");
	TRY(file_read(s->c, path, FILE_MAX, &p.s));
	if (!span_is_utf8(p.s))
		FAIL_AT(s->c, &p.at, "this file is not UTF-8");
	for (;;) {
		TRY(scan_blank(&p));
		if (p.i == p.s.n)
			return ERR_OK;
		if (!scan_is(&p, "{%"))
			FAIL_AT(s->c, &p.at,
				"a file begins with {%% page ... %%}, {%% part ... %%} or "
				"{%% shape ... %%}");
		TRY(read_top(&p));
	}
}
