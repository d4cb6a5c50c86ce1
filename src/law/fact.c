/*
 * The facts of one case as values by the number of their field in facts.def.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/facts.h"
#include "format/time.h"
#include "law/pack.h"

bool field_is_of_line(unsigned field)
{
	size_t count;
	const char *path = facts_fields(&count)[field].path;

	return path[0] == 'd' && strncmp(path, "demands[].", 10) == 0;
}

static enum err value_of(struct ctx *c, const struct json *j, struct law_value *out)
{
	const struct json *first = j;
	size_t count = 1, i = 0;
	struct span *item;

	if (j->type == JSON_LIST) {
		first = j->first;
		count = json_count(j);
	}
	TRY(NEW_ARRAY(c, item, count ? count : 1));
	for (; first && i < count; first = j->type == JSON_LIST ? first->next : NULL) {
		if (span_is(first->s, "unknown"))
			out->partly = true;
		else
			item[i++] = first->s;
	}
	out->item = item;
	out->n = (unsigned)i;
	out->known = i > 0 && !out->partly;
	return ERR_OK;
}

/* The member of a document that a path such as "issuer.country" names, or NULL. */
static const struct json *at_path(const struct json *doc, const char *path)
{
	char name[64];

	while (doc && *path) {
		size_t n = strcspn(path, ".");

		if (n >= sizeof name || doc->type != JSON_OBJECT)
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		doc = json_get(doc, name);
		path += path[n] ? n + 1 : n;
	}
	return doc;
}

static enum err fill(struct ctx *c, const struct json *doc, const char *prefix,
		     struct law_value *value)
{
	size_t count, skip = strlen(prefix);
	const struct fact_field *field = facts_fields(&count);

	for (size_t i = 0; i < count; i++) {
		const struct json *j;

		if (field[i].type == FACT_GROUP || field[i].type == FACT_LINES ||
		    strncmp(field[i].path, prefix, skip) != 0 ||
		    (!skip && field_is_of_line((unsigned)i)))
			continue;
		j = at_path(doc, field[i].path + skip);
		if (j)
			TRY(value_of(c, j, &value[i]));
	}
	return ERR_OK;
}

/* evaluate_at, else the day of receipt, else the present time; a field that rules may ask for. */
static enum err set_time(struct ctx *c, struct law_case *k, int64_t now_utc_s)
{
	unsigned at, received;
	struct law_moment m;

	TRY(sentence_field(c, SPAN("evaluate_at"), &at));
	TRY(sentence_field(c, SPAN("order.received_at"), &received));
	if (!k->value[at].known)
		k->value[at] = k->value[received];
	if (k->value[at].known && moment_of(k->value[at].item[0], &m))
		k->evaluated_at = m.utc_s;
	else
		k->evaluated_at = now_utc_s;
	TRY(time_span(c, k->evaluated_at, &k->evaluated_text));
	k->value[at] = (struct law_value){ .item = &k->evaluated_text, .n = 1, .known = true };
	return ERR_OK;
}

enum err case_make(struct ctx *c, const struct json *facts, int64_t now_utc_s,
		   struct law_case *out)
{
	const struct json *demands = json_get(facts, "demands");
	size_t count;

	(void)facts_fields(&count);
	if (count > LAW_FIELDS_MAX)
		FAIL(c, ERR_LIMIT, "more than %u facts", LAW_FIELDS_MAX);
	*out = (struct law_case){ 0 };
	TRY(fill(c, facts, "", out->value));
	TRY(set_time(c, out, now_utc_s));
	TRY(NEW_ARRAY(c, out->line, json_count(demands)));
	JSON_EACH(j, demands) {
		struct law_line *line = &out->line[out->lines++];

		TRY(json_need_text(c, j, "id", &line->id));
		TRY(fill(c, j, "demands[].", line->value));
	}
	return ERR_OK;
}

const struct law_value *case_value(const struct law_case *k, const struct law_line *line,
				   unsigned field)
{
	static const struct law_value nothing;

	if (!field_is_of_line(field))
		return &k->value[field];
	return line ? &line->value[field] : &nothing;
}
