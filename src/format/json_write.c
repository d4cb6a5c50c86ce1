/*
 * Writing JSON: RFC 8785 (JCS), whose hard parts our kind does not have: keys are ASCII, so that
 * order by UTF-16 units is order by bytes, and there are no reals. Refuses what it could not read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "format/json.h"
#include "format/json_part.h"

struct writer {
	struct ctx *c;
	struct buf *b;
	bool pretty;
};

/* RFC 8785 section 3.2.2.2: these seven have short escapes, other controls \u00xx. */
static char short_escape(unsigned char x)
{
	switch (x) {
	case '\b': return 'b';
	case '\t': return 't';
	case '\n': return 'n';
	case '\f': return 'f';
	case '\r': return 'r';
	case '"': return '"';
	case '\\': return '\\';
	default: return 0;
	}
}

static void put_escape(struct buf *b, unsigned char x)
{
	static const char digits[] = "0123456789abcdef";
	char escape = short_escape(x);

	buf_byte(b, '\\');
	if (escape) {
		buf_byte(b, (unsigned char)escape);
		return;
	}
	buf_str(b, "u00");
	buf_byte(b, (unsigned char)digits[x >> 4]);
	buf_byte(b, (unsigned char)digits[x & 15]);
}

void json_put_text(struct buf *b, struct span s)
{
	size_t from = 0;

	if (!json_text_ok(s))
		b->failed = true;
	buf_byte(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x20 && s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_add(b, span_cut(s, from, i - from));
		put_escape(b, s.p[i]);
		from = i + 1;
	}
	buf_add(b, span_cut(s, from, s.n));
	buf_byte(b, '"');
}

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return span_cmp((*x)->key, (*y)->key);
}

static enum err children_sorted(struct ctx *c, const struct json *j, const struct json ***out,
				size_t *count)
{
	const struct json **list;
	size_t n = 0;

	*count = json_count(j);
	TRY(NEW_ARRAY(c, list, *count));
	JSON_EACH(at, j)
		list[n++] = at;
	qsort(list, n, sizeof(const struct json *), by_key);
	for (size_t i = 1; i < n; i++)
		if (span_eq(list[i - 1]->key, list[i]->key))
			FAIL(c, ERR_FORMAT, "the key '%.*s' stands twice in one object",
			     SPAN_ARG(list[i]->key));
	*out = list;
	return ERR_OK;
}

static void new_line(const struct writer *w, unsigned depth)
{
	if (!w->pretty)
		return;
	buf_byte(w->b, '\n');
	for (unsigned i = 0; i < depth; i++)
		buf_str(w->b, "  ");
}

static enum err put_value(const struct writer *w, const struct json *j, unsigned depth);

static enum err put_child(const struct writer *w, const struct json *at, bool keyed, bool first,
			  unsigned depth)
{
	if (!first)
		buf_byte(w->b, ',');
	new_line(w, depth);
	if (keyed) {
		if (!json_key_ok(at->key))
			FAIL(w->c, ERR_FORMAT, "a key has characters other than a-z, 0-9 and _");
		json_put_text(w->b, at->key);
		buf_str(w->b, w->pretty ? ": " : ":");
	}
	return put_value(w, at, depth);
}

static enum err put_children(const struct writer *w, const struct json *j, unsigned depth)
{
	bool object = j->type == JSON_OBJECT;
	const struct json **sorted = NULL;
	size_t n = 0;

	if (depth >= JSON_DEPTH_MAX)
		FAIL(w->c, ERR_LIMIT, "a value is more than %u deep", JSON_DEPTH_MAX);
	buf_byte(w->b, object ? '{' : '[');
	if (object && !w->pretty) {
		TRY(children_sorted(w->c, j, &sorted, &n));
		for (size_t i = 0; i < n; i++)
			TRY(put_child(w, sorted[i], true, i == 0, depth + 1));
	} else {
		JSON_EACH(at, j)
			TRY(put_child(w, at, object, at == j->first, depth + 1));
	}
	if (j->first)
		new_line(w, depth);
	buf_byte(w->b, object ? '}' : ']');
	return ERR_OK;
}

static enum err put_value(const struct writer *w, const struct json *j, unsigned depth)
{
	switch (j->type) {
	case JSON_NULL:
		buf_str(w->b, "null");
		return ERR_OK;
	case JSON_BOOL:
		buf_str(w->b, j->b ? "true" : "false");
		return ERR_OK;
	case JSON_INT:
		if (!json_int_ok(j->i))
			FAIL(w->c, ERR_FORMAT, "a number is 2^53 or more");
		buf_i64(w->b, j->i);
		return ERR_OK;
	case JSON_TEXT:
		if (!json_text_ok(j->s))
			FAIL(w->c, ERR_FORMAT, "a text%s%.*s is not valid UTF-8 or holds a NUL",
			     j->key.n ? " under " : "", SPAN_ARG(j->key));
		json_put_text(w->b, j->s);
		return ERR_OK;
	case JSON_LIST:
	case JSON_OBJECT:
		return put_children(w, j, depth);
	}
	FAIL(w->c, ERR_FORMAT, "a value of no known type");
}

static enum err write_value(struct ctx *c, const struct json *j, size_t max_bytes, bool pretty,
			    struct span *out)
{
	struct buf b;
	struct writer w = { .c = c, .b = &b, .pretty = pretty };

	*out = SPAN_NONE;
	if (c->code == ERR_NOMEM)       /* while the value was built */
		return c->code;
	if (!j)
		FAIL(c, ERR_FORMAT, "there is no value to write");
	buf_begin(&b, c, max_bytes);
	TRY(put_value(&w, j, 0));
	return buf_done(c, &b, out);
}

enum err json_write(struct ctx *c, const struct json *j, size_t max_bytes, struct span *out)
{
	return write_value(c, j, max_bytes, false, out);
}

enum err json_write_pretty(struct ctx *c, const struct json *j, size_t max_bytes, struct span *out)
{
	return write_value(c, j, max_bytes, true, out);
}
