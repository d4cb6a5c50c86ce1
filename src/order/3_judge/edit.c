/*
 * A scope as a file that counsel can edit: lines may be removed or made smaller; what the order
 * left open may be filled in. Read again through a read hand, since it is a file from outside.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/zone.h"
#include "format/time.h"
#include "order/3_judge/judge.h"

#define EDIT_MAX ((size_t)1 << 20)

static void put_list(struct buf *b, const struct json *line, const char *key)
{
	buf_fmt(b, "    %s:\n", key);
	/* A text of JSON is one of YAML in double quotes (YAML 1.2 section 7.3.1). */
	JSON_EACH(item, json_get(line, key)) {
		buf_str(b, "      - ");
		json_put_text(b, item->s);
		buf_byte(b, '\n');
	}
}

static void put_end(struct buf *b, const struct json *line, const char *key, const char *words)
{
	const struct json *end = json_get(line, key);

	buf_fmt(b, "    %s: %.*s\n", key,
		SPAN_ARG(end && end->type == JSON_INT ? json_opt_text(line, words, SPAN_NONE)
						       : SPAN("open")));
}

static void put_line(struct buf *b, const struct json *line)
{
	buf_fmt(b, "  - id: %.*s\n", SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)));
	buf_fmt(b, "    # %.*s of %.*s, by %.*s date, zone %.*s\n",
		SPAN_ARG(json_opt_text(line, "category", SPAN_NONE)),
		SPAN_ARG(json_opt_text(line, "target", SPAN_NONE)),
		SPAN_ARG(json_opt_text(line, "date_meaning", SPAN_NONE)),
		SPAN_ARG(json_opt_text(line, "zone", SPAN_NONE)));
	put_end(b, line, "from", "from_words");
	put_end(b, line, "until", "until_words");
	buf_fmt(b, "    undated: %.*s\n", SPAN_ARG(json_opt_text(line, "undated", SPAN("list"))));
	put_list(b, line, "stores");
	put_list(b, line, "folders");
}

enum err scope_edit_text(struct ctx *c, const struct order *o, const struct json *lines,
			 const struct json *open, struct span *yaml_out)
{
	struct buf b;

	buf_begin(&b, c, EDIT_MAX);
	buf_fmt(&b,
		"# Scope of %.*s. Remove lines, or make them smaller: later 'from', earlier "
		"'until', fewer stores or folders.\n"
		"# 'open' = without limit in time, where the order allows it. A date in 'until' "
		"includes that day.\n"
		"# undated: list = items without a usable date are only listed; deliver = they are "
		"delivered.\n"
		"# Then: writ decide %.*s narrow --scope THIS-FILE --reason CODE --key SSHKEY\n",
		SPAN_ARG(o->ref), SPAN_ARG(o->ref));
	buf_str(&b, "scope_version: 1\n");
	buf_fmt(&b, "order: %.*s\nlines:\n", SPAN_ARG(o->ref));
	JSON_EACH(line, lines)
		put_line(&b, line);
	JSON_EACH(line, open) {
		struct span problem = json_opt_text(line, "problem", SPAN_NONE);

		if (problem.n) {
			buf_fmt(&b, "  # left out: %.*s\n", SPAN_ARG(problem));
			continue;
		}
		buf_str(&b, "  # The order does not state the dates of the next line: counsel "
			    "must write them.\n");
		put_line(&b, line);
	}
	return buf_done(c, &b, yaml_out);
}

/* The edited file is words; the rest of each line comes from the order when it is compiled. */
enum err scope_edit_read(struct ctx *c, struct session *s, const char *name, int fd,
			 const struct json **lines_out)
{
	const struct json *read;

	TRY(hand_read(c, s, "answers", name, fd, &read));
	TRY(json_only(c, read, "scope_version order lines"));
	if (!span_is(json_opt_text(read, "scope_version", SPAN_NONE), "1"))
		FAIL(c, ERR_FORMAT, "%s: scope_version must be 1", name);
	JSON_EACH(line, json_get(read, "lines"))
		TRY(json_only(c, line, "id from until undated stores folders"));
	return json_need_list(c, read, "lines", lines_out);
}
