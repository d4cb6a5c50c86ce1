/*
 * An order file of a form; see order_file.h. It is read back in a cage like one from outside: what
 * cannot stand in it is refused there, nothing is left out here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/order_file.h"

#define ORDER_FILE_MAX ((size_t)1 << 20)

static bool is_empty(const struct json *j)
{
	return j->type != JSON_TEXT && !j->first;
}

static void put_any(struct buf *b, const struct json *j, int depth, bool goes_on);

static void put_indent(struct buf *b, int depth)
{
	for (int i = 0; i < depth; i++)
		buf_str(b, "  ");
}

static void put_group(struct buf *b, const struct json *group, int depth, bool goes_on)
{
	JSON_EACH(member, group) {
		if (is_empty(member))
			continue;
		if (!goes_on)
			put_indent(b, depth);
		goes_on = false;
		buf_fmt(b, "%.*s:", SPAN_ARG(member->key));
		put_any(b, member, depth + 1, false);
	}
}

/* goes_on: something stands in this line already, a dash or a name. */
static void put_any(struct buf *b, const struct json *j, int depth, bool goes_on)
{
	/* A text of JSON is one of YAML in double quotes (YAML 1.2 section 7.3.1). */
	if (j->type == JSON_TEXT) {
		buf_str(b, goes_on ? "" : " ");
		json_put_text(b, j->s);
		buf_byte(b, '\n');
		return;
	}
	if (!goes_on)
		buf_byte(b, '\n');
	if (j->type == JSON_OBJECT)
		put_group(b, j, depth, goes_on);
	if (j->type != JSON_LIST)
		return;
	JSON_EACH(item, j) {
		put_indent(b, depth);
		buf_str(b, "- ");
		put_any(b, item, depth + 1, true);
	}
}

enum err order_file_text(struct ctx *c, const struct json *tree, struct span *yaml_out)
{
	struct buf b;

	buf_begin(&b, c, ORDER_FILE_MAX);
	put_group(&b, tree, 0, false);
	return buf_done(c, &b, yaml_out);
}
