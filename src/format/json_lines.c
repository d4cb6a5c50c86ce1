/*
 * The lines of a YAML file beside its values, for messages of a program that did not read the file
 * itself: numbers in the order of a walk over the canonical form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/json.h"

#define DEPTH_MAX 16u

/* One number for each value, members in the order of canonical: they stand sorted there. */
static enum err walk(struct ctx *c, const struct json *canonical, const struct json *original,
		     struct json *lines, unsigned depth)
{
	const struct json *beside = original->first;

	if (depth > DEPTH_MAX)
		FAIL(c, ERR_LIMIT, "deeper than %u", DEPTH_MAX);
	json_add(c, lines, json_int(c, original->line));
	JSON_EACH(item, canonical) {
		const struct json *same = beside;

		if (canonical->type == JSON_OBJECT)
			for (same = original->first; same && !span_eq(same->key, item->key);)
				same = same->next;
		else
			beside = beside ? beside->next : NULL;
		if (!same)
			FAIL(c, ERR_FAILED, "two forms of one document differ");
		TRY(walk(c, item, same, lines, depth + 1));
	}
	return ERR_OK;
}

enum err json_lines_of(struct ctx *c, const struct json *doc, size_t max_bytes,
		       struct json **doc_out, struct json **lines_out)
{
	struct span text;

	TRY(json_write(c, doc, max_bytes, &text));
	TRY(json_parse(c, text, doc_out));
	*lines_out = json_list(c);
	return walk(c, *doc_out, doc, *lines_out, 0);
}

static enum err give(struct ctx *c, struct json *doc, const struct json **next, unsigned depth)
{
	if (depth > DEPTH_MAX)
		FAIL(c, ERR_LIMIT, "deeper than %u", DEPTH_MAX);
	if (!*next || (*next)->type != JSON_INT || (*next)->i < 0 || (*next)->i > INT32_MAX)
		FAIL(c, ERR_FORMAT, "the list of lines does not fit the document");
	doc->line = (unsigned)(*next)->i;
	*next = (*next)->next;
	for (struct json *item = doc->first; item; item = item->next)
		TRY(give(c, item, next, depth + 1));
	return ERR_OK;
}

enum err json_lines_set(struct ctx *c, struct json *doc, const struct json *lines)
{
	const struct json *next = lines ? lines->first : NULL;

	TRY(give(c, doc, &next, 0));
	if (next)
		FAIL(c, ERR_FORMAT, "the list of lines does not fit the document");
	return ERR_OK;
}
