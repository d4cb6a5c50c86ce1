/*
 * The narrow YAML of yaml.h. libyaml says what stands where; every freedom it gives beyond the
 * narrow kind is refused here by what it reports and, where it reports too little, by a look at
 * the line itself. No scalar gets a type: NO stays Norway.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "format/json_part.h"

struct frame {
	struct json *node;
	struct span key;                /* read, its value is still to come */
};

struct yaml {
	struct ctx *c;
	const char *name;
	struct span text;
	yaml_parser_t parser;
	struct frame frames[YAML_DEPTH_MAX];
	size_t depth, nodes;
	struct json *root;
	size_t line, line_at;           /* a line that has been looked at and where it begins */
};

static enum err refuse(struct ctx *c, const char *name, size_t line, const char *fmt, ...)
	PRINTF(4, 5);
static enum err refuse(struct ctx *c, const char *name, size_t line, const char *fmt, ...)
{
	char words[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof words, fmt, args);
	va_end(args);
	FAIL(c, ERR_FORMAT, "%s:%zu: %s", name, line + 1, words);
}

/* What cannot be seen in an editor, or is a line break in YAML but not for the reader. */
static const char *hidden(struct span s, size_t at)
{
	struct span here = span_cut(s, at, 3);
	unsigned char x = s.p[at];

	if (x == '\t')
		return "a tab: use spaces";
	if (x == '\r' && !span_starts(here, "\r\n"))
		return "a carriage return within a line";
	if ((x < ' ' && x != '\n' && x != '\r') || x == 0x7f)
		return "a control character";
	if (x == 0xc2 && here.n > 1 && here.p[1] < 0xa0)
		return "a control character";
	if (span_starts(here, "\xe2\x80\xa8") || span_starts(here, "\xe2\x80\xa9"))
		return "an invisible line separator";
	if (span_starts(here, "\xef\xbb\xbf"))
		return "a byte order mark";
	return NULL;
}

static enum err check_bytes(struct ctx *c, const char *name, struct span text)
{
	struct reader lines = { text, 0 };
	struct span words;
	size_t line = 0;

	if (text.n > YAML_BYTES_MAX)
		FAIL(c, ERR_LIMIT, "%s: %zu bytes, the limit is %zu", name, text.n, YAML_BYTES_MAX);
	for (size_t i = 0; i < text.n; i++) {
		struct span here = span_cut(text, i, 3);
		const char *what = hidden(text, i);

		if (what)
			return refuse(c, name, line, "%s", what);
		if ((i == 0 || text.p[i - 1] == '\n') &&
		    (span_is(here, "---") || span_is(here, "...") || here.p[0] == '%'))
			return refuse(c, name, line,
				      "a document mark or directive: one file is one document");
		line += text.p[i] == '\n';
	}
	for (line = 0; take_line(&lines, &words); line++)
		if (!span_is_utf8(words))
			return refuse(c, name, line, "this is not valid UTF-8");
	return ERR_OK;
}

/* The line of that number (from 0); asked in order of lines. */
static struct span line_of(struct yaml *y, size_t line)
{
	struct span head, tail = span_cut(y->text, y->line_at, y->text.n);

	for (; y->line < line && span_split(tail, '\n', &head, &tail); y->line++)
		y->line_at += head.n + 1;
	return span_split(tail, '\n', &head, &tail) ? head : tail;
}

/* Byte of the column-th character. */
static size_t byte_of_column(struct span line, size_t column)
{
	size_t at = 0;

	for (; at < line.n; at++)
		if ((line.p[at] & 0xc0) != 0x80 && column-- == 0)
			break;
	return at;
}

static bool is_blank(struct span s)
{
	return span_trim(s).n == 0;
}

/* README.md of the law set: escapes \" and \\ only. */
static bool escapes_ok(struct span token)
{
	for (size_t i = 0; i + 1 < token.n; i++)
		if (token.p[i] == '\\' && token.p[++i] != '"' && token.p[i] != '\\')
			return false;
	return true;
}

/* The one key with a hyphen that is relied upon (stores.yaml). Keys of our documents have none, so
 * it is read as the same word with _. */
#define KEY_WITH_HYPHEN "content-length"
#define KEY_READ_AS "content_length"

static bool key_ok(struct span key)
{
	if (span_is(key, KEY_WITH_HYPHEN))
		return true;
	for (size_t i = 0; i < key.n; i++) {
		unsigned char x = key.p[i], low = x | 0x20;

		if (!(low >= 'a' && low <= 'z') && x != '_' && (i == 0 || x < '0' || x > '9'))
			return false;
	}
	return key.n > 0;
}

static enum err check_scalar(struct yaml *y, const yaml_event_t *e, bool is_key)
{
	size_t line = e->start_mark.line, from, end;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct span text = line_of(y, line);

	from = byte_of_column(text, e->start_mark.column);
	end = byte_of_column(text, e->end_mark.column);
	if (e->data.scalar.anchor || e->data.scalar.tag)
		return refuse(y->c, y->name, line, "an anchor or a tag");
	if (!plain && e->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE)
		return refuse(y->c, y->name, line, "a text is plain or in \"double quotes\"");
	if (e->end_mark.line != line)
		return refuse(y->c, y->name, line, "a text that goes over several lines");
	if (plain && e->data.scalar.length == 0)
		return refuse(y->c, y->name, line, "a value is missing");
	if (is_key && (!plain || !key_ok(span_of(e->data.scalar.value, e->data.scalar.length))))
		return refuse(y->c, y->name, line, "a key is a word of letters, digits and _");
	if (is_key && (end >= text.n || text.p[end] != ':'))
		return refuse(y->c, y->name, line, "write it as 'key: value'");
	if (!is_key && is_blank(span_cut(text, 0, from)))
		return refuse(y->c, y->name, line,
			      "a value stands on the line of its key or of its '-'");
	if (!is_key && plain && text.p[from] == '?')
		return refuse(y->c, y->name, line, "a text that begins with '?' needs quotes");
	if (!plain && !escapes_ok(span_cut(text, from, end - from)))
		return refuse(y->c, y->name, line, "the only escapes are \\\" and \\\\");
	return ERR_OK;
}

/* Hangs a new value into the open mapping or list. */
static enum err add(struct yaml *y, size_t line, enum json_type type, struct json **out)
{
	struct frame *top = y->depth ? &y->frames[y->depth - 1] : NULL;
	struct json *j;

	if (++y->nodes > YAML_NODES_MAX)
		return refuse(y->c, y->name, line, "more than %d values", YAML_NODES_MAX);
	if (!top && type != JSON_OBJECT)
		return refuse(y->c, y->name, line, "the file begins with 'key: value'");
	if (top && top->node->type == JSON_OBJECT && top->key.n == 0)
		return refuse(y->c, y->name, line, "a key is one word");
	TRY(NEW(y->c, j));
	j->type = type;
	j->line = (unsigned)line + 1;
	*out = j;
	if (!top) {
		y->root = j;
		return ERR_OK;
	}
	j->key = top->key;
	top->key = SPAN_NONE;
	json_append(top->node, j);
	return ERR_OK;
}

static enum err on_scalar(struct yaml *y, const yaml_event_t *e)
{
	struct frame *top = y->depth ? &y->frames[y->depth - 1] : NULL;
	struct span value = span_of(e->data.scalar.value, e->data.scalar.length);
	bool is_key = top && top->node->type == JSON_OBJECT && top->key.n == 0;
	struct json *j;

	TRY(check_scalar(y, e, is_key));
	if (is_key && span_is(value, KEY_WITH_HYPHEN))
		value = SPAN(KEY_READ_AS);
	if (is_key)
		return span_copy(y->c, value, &top->key);
	TRY(add(y, e->start_mark.line, JSON_TEXT, &j));
	return span_copy(y->c, value, &j->s);
}

static enum err on_begin(struct yaml *y, const yaml_event_t *e)
{
	bool mapping = e->type == YAML_MAPPING_START_EVENT;
	bool block = mapping ? e->data.mapping_start.style == YAML_BLOCK_MAPPING_STYLE :
			       e->data.sequence_start.style == YAML_BLOCK_SEQUENCE_STYLE;
	bool marked = mapping ? e->data.mapping_start.anchor || e->data.mapping_start.tag :
				e->data.sequence_start.anchor || e->data.sequence_start.tag;
	size_t line = e->start_mark.line;
	struct json *j;

	if (!block)
		return refuse(y->c, y->name, line,
			      "flow style ({...} or [...]): write one value on a line");
	if (marked)
		return refuse(y->c, y->name, line, "an anchor or a tag");
	if (y->depth == YAML_DEPTH_MAX)
		return refuse(y->c, y->name, line, "more than %d deep", YAML_DEPTH_MAX);
	TRY(add(y, line, mapping ? JSON_OBJECT : JSON_LIST, &j));
	y->frames[y->depth++] = (struct frame){ j, SPAN_NONE };
	return ERR_OK;
}

static int by_key_and_line(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;
	int order = span_cmp((*x)->key, (*y)->key);

	return order ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static enum err on_end(struct yaml *y)
{
	const struct json *node = y->frames[--y->depth].node, **list;
	size_t n = 0;

	if (node->type != JSON_OBJECT)
		return ERR_OK;
	TRY(NEW_ARRAY(y->c, list, json_count(node)));
	JSON_EACH(at, node)
		list[n++] = at;
	qsort(list, n, sizeof(const struct json *), by_key_and_line);
	for (size_t i = 1; i < n; i++)
		if (span_eq(list[i - 1]->key, list[i]->key))
			return refuse(y->c, y->name, list[i]->line - 1,
				      "the key '%.*s' stands here again", SPAN_ARG(list[i]->key));
	return ERR_OK;
}

static enum err on_event(struct yaml *y, const yaml_event_t *e)
{
	bool marked = (e->type == YAML_DOCUMENT_START_EVENT && !e->data.document_start.implicit) ||
		      (e->type == YAML_DOCUMENT_END_EVENT && !e->data.document_end.implicit);

	if (marked)
		return refuse(y->c, y->name, e->start_mark.line,
			      "a document mark: one file is one document");
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return refuse(y->c, y->name, e->start_mark.line, "an alias");
	case YAML_SCALAR_EVENT:
		return on_scalar(y, e);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return on_begin(y, e);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return on_end(y);
	default:
		return ERR_OK;
	}
}

static enum err libyaml_refuses(const struct yaml *y)
{
	const yaml_parser_t *p = &y->parser;
	size_t line = p->problem_mark.line;

	if (p->error == YAML_MEMORY_ERROR)
		FAIL(y->c, ERR_NOMEM, "no memory for reading %s", y->name);
	if (p->error == YAML_READER_ERROR) {
		line = 0;
		for (size_t i = 0; i < p->problem_offset && i < y->text.n; i++)
			line += y->text.p[i] == '\n';
	}
	return refuse(y->c, y->name, line, "%s", p->problem ? p->problem : "not YAML");
}

static void event_end(yaml_event_t *e)
{
	yaml_event_delete(e);
}

static enum err run(struct yaml *y)
{
	bool more = true;

	while (more) {
		__attribute__((cleanup(event_end))) yaml_event_t e = { .type = YAML_NO_EVENT };

		if (!yaml_parser_parse(&y->parser, &e))
			return libyaml_refuses(y);
		TRY(on_event(y, &e));
		more = e.type != YAML_STREAM_END_EVENT;
	}
	if (!y->root)
		FAIL(y->c, ERR_FORMAT, "%s:1: the file is empty", y->name);
	return ERR_OK;
}

enum err yaml_parse(struct ctx *c, const char *name, struct span text, struct json **out)
{
	struct yaml y = { .c = c, .name = name, .text = text };
	enum err e;

	*out = NULL;
	TRY(check_bytes(c, name, text));
	if (!yaml_parser_initialize(&y.parser))
		FAIL(c, ERR_NOMEM, "no memory for reading %s", name);
	yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y.parser, text.n ? text.p : (const unsigned char *)"",
				     text.n);
	e = run(&y);
	yaml_parser_delete(&y.parser);
	*out = e == ERR_OK ? y.root : NULL;
	return e;
}
