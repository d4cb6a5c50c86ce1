/*
 * Demand lines, typed from the scope document. What the line does not say is an error, never a
 * default: a scope is signed as it stands.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/connector.h"

#define LINE_KEYS                                                                                  \
	"id category target_kind target stores folders date_meaning zone from_words until_words "  \
	"from until undated"

static const struct {
	const char *word;
	enum date_meaning meaning;
} meanings[] = {
	{ "delivery", DATE_BY_DELIVERY },
	{ "header", DATE_BY_HEADER },
	{ "received", DATE_BY_RECEIVED },
};

bool date_meaning_of(struct span word, enum date_meaning *out)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (span_is(word, meanings[i].word)) {
			*out = meanings[i].meaning;
			return true;
		}
	}
	return false;
}

const char *date_meaning_word(enum date_meaning m)
{
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (meanings[i].meaning == m)
			return meanings[i].word;
	return "?";
}

const char *category_word(enum category k)
{
	if (k == CATEGORY_CONTENT_COMM)
		return "CONTENT_COMM";
	return k == CATEGORY_MSG_META ? "MSG_META" : "?";
}

bool store_serves(const struct store *s, enum category k)
{
	return k != CATEGORY_OTHER && s->connector &&
	       (s->categories & s->connector->categories & k) != 0;
}

bool line_takes(const struct demand_line *line, int64_t utc)
{
	return utc != DATE_UNKNOWN && utc >= line->from_utc && utc < line->until_utc;
}

/* Each is compared with each, so there is a most of them. */
static enum err texts_read(struct ctx *c, const struct json *o, const char *key, size_t most,
			   struct span **out, size_t *count_out)
{
	const struct json *list;
	size_t n = 0;

	TRY(json_need_list(c, o, key, &list));
	if (json_count(list) > most)
		FAIL(c, ERR_LIMIT, "%s has more than %zu entries", key, most);
	TRY(NEW_ARRAY(c, *out, json_count(list)));
	JSON_EACH(item, list) {
		if (item->type != JSON_TEXT || item->s.n == 0)
			FAIL(c, ERR_FORMAT, "%s must be a list of texts", key);
		(*out)[n++] = item->s;
	}
	*count_out = n;
	return ERR_OK;
}

static enum err end_read(struct ctx *c, const struct json *o, const char *key, int64_t open_end,
			 int64_t *out)
{
	const struct json *v = json_get(o, key);

	if (!v)
		FAIL(c, ERR_FORMAT, "%s is missing; an open end is null", key);
	if (v->type == JSON_NULL) {
		*out = open_end;
		return ERR_OK;
	}
	return json_need_int(c, o, key, out);
}

static enum err words_read(struct ctx *c, const struct json *o, struct demand_line *l)
{
	struct span word;

	TRY(json_need_text(c, o, "id", &l->id));
	if (l->id.n == 0 || l->id.n > 64)
		FAIL(c, ERR_FORMAT, "id must have 1 to 64 characters");
	TRY(json_need_text(c, o, "category", &l->category_name));
	if (span_is(l->category_name, "CONTENT_COMM"))
		l->category = CATEGORY_CONTENT_COMM;
	else if (span_is(l->category_name, "MSG_META"))
		l->category = CATEGORY_MSG_META;
	l->target_kind = json_opt_text(o, "target_kind", SPAN_NONE);
	TRY(json_need_text(c, o, "target", &l->target));
	TRY(json_need_text(c, o, "date_meaning", &word));
	if (!date_meaning_of(word, &l->meaning))
		FAIL(c, ERR_FORMAT, "date_meaning must be delivery, header or received");
	TRY(json_need_text(c, o, "undated", &word));
	l->deliver_undated = span_is(word, "deliver");
	if (!l->deliver_undated && !span_is(word, "list"))
		FAIL(c, ERR_FORMAT, "undated must be list or deliver");
	return ERR_OK;
}

static enum err line_read(struct ctx *c, const struct json *o, struct demand_line *l)
{
	if (o->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "it must be an object");
	TRY(json_only(c, o, LINE_KEYS));
	TRY(words_read(c, o, l));
	TRY(texts_read(c, o, "stores", STORES_MAX, &l->stores, &l->store_count));
	TRY(texts_read(c, o, "folders", FOLDERS_MAX, &l->folders, &l->folder_count));
	for (size_t i = 0; i < l->folder_count; i++)
		l->all_folders |= span_is(l->folders[i], "ALL");
	if (l->category != CATEGORY_OTHER && l->store_count && l->folder_count == 0)
		FAIL(c, ERR_FORMAT, "it names stores but no folders; ALL is all of them");
	TRY(end_read(c, o, "from", INT64_MIN, &l->from_utc));
	TRY(end_read(c, o, "until", INT64_MAX, &l->until_utc));
	if (l->from_utc > l->until_utc)
		FAIL(c, ERR_FORMAT, "it ends before it begins");
	return ERR_OK;
}

static enum err repeats_refuse(struct ctx *c, const struct demand_line *l,
			       const struct demand_line *earlier, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(earlier[i].id, l->id))
			FAIL(c, ERR_FORMAT, "its id stands twice");
	for (size_t i = 0; i < l->store_count; i++)
		for (size_t j = 0; j < i; j++)
			if (span_eq(l->stores[i], l->stores[j]))
				FAIL(c, ERR_FORMAT, "it names a store twice");
	return ERR_OK;
}

enum err lines_read(struct ctx *c, const struct json *scope, struct demand_lines *out)
{
	const struct json *list;
	size_t n = 0;

	*out = (struct demand_lines){ 0 };
	TRY(json_need_list(c, scope, "lines", &list));
	if (json_count(list) > LINES_MAX)
		FAIL(c, ERR_LIMIT, "a scope has at most %u lines", LINES_MAX);
	TRY(NEW_ARRAY(c, out->line, json_count(list)));
	JSON_EACH(item, list) {
		struct demand_line *l = &out->line[n];
		enum err e = line_read(c, item, l);

		if (e == ERR_OK)
			e = repeats_refuse(c, l, out->line, n);
		if (e != ERR_OK) {
			err_note(c, "line %zu of the scope", n + 1);
			return e;
		}
		n++;
	}
	out->count = n;
	return ERR_OK;
}
