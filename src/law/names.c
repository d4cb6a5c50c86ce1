/*
 * What packs declare for all packs: sets of values, calendars of holidays, and the closed words of
 * the free fields (provisions, courts, ranks). Two packs may not declare the same name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "law/pack.h"

#include <stdlib.h>

#define DECLARED_MAX 300u

struct declared {
	struct span id;
	const struct json *list;
};

struct words {
	unsigned field;
	const struct json *list;
};

struct law_names {
	struct declared set[DECLARED_MAX];
	struct law_calendar calendar[DECLARED_MAX];
	struct words words[DECLARED_MAX];
	unsigned sets, calendars, lists;
};

enum err names_open(struct ctx *c, struct law_names **out)
{
	return NEW(c, *out);
}

#define WRONG(c, pack, at, ...)                                                                    \
	do {                                                                                       \
		err_set((c), ERR_FORMAT, __FILE__, __LINE__, __VA_ARGS__);                         \
		err_note((c), "%s:%u", (pack)->name, (at)->line);                                  \
		return ERR_FORMAT;                                                                 \
	} while (0)

static enum err check_list(struct ctx *c, const struct law_pack *pack, const struct json *at,
			   const struct json *list)
{
	if (!list || list->type != JSON_LIST || !list->first)
		WRONG(c, pack, at, "a list of values is missing here");
	JSON_EACH(item, list) {
		if (item->type != JSON_TEXT)
			WRONG(c, pack, item, "a value is one text");
		for (const struct json *b = list->first; b != item; b = b->next)
			if (span_eq(b->s, item->s))
				WRONG(c, pack, item, "'%.*s' stands here twice", SPAN_ARG(item->s));
	}
	return ERR_OK;
}

static enum err add_set(struct ctx *c, struct law_names *n, const struct law_pack *pack,
			const struct json *j)
{
	struct declared *d = &n->set[n->sets];

	TRY(json_only(c, j, "id of cite"));
	TRY(json_need_text(c, j, "id", &d->id));
	d->list = json_get(j, "of");
	TRY(check_list(c, pack, j, d->list));
	if (names_set(n, d->id))
		WRONG(c, pack, j, "the set %.*s is declared twice", SPAN_ARG(d->id));
	if (n->sets + 1 >= DECLARED_MAX)
		WRONG(c, pack, j, "more than %u sets", DECLARED_MAX);
	n->sets++;
	return ERR_OK;
}

static int by_day(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static enum err need_day(struct ctx *c, const struct law_pack *pack, const struct json *j,
			 const char *key, int64_t *out)
{
	struct law_moment m;
	struct span text;

	TRY(json_need_text(c, j, key, &text));
	if (!moment_of(text, &m) || m.exact)
		WRONG(c, pack, j, "%s is no day such as 2026-11-22", key);
	*out = m.day;
	return ERR_OK;
}

static enum err add_calendar(struct ctx *c, struct law_names *n, const struct law_pack *pack,
			     const struct json *j)
{
	struct law_calendar *k = &n->calendar[n->calendars];
	const struct json *list = json_get(j, "holidays");
	int64_t *day;

	TRY(json_only(c, j, "id from until holidays cite"));
	TRY(json_need_text(c, j, "id", &k->id));
	TRY(need_day(c, pack, j, "from", &k->from));
	TRY(need_day(c, pack, j, "until", &k->until));
	TRY(check_list(c, pack, j, list));
	TRY(NEW_ARRAY(c, day, json_count(list)));
	JSON_EACH(item, list) {
		struct law_moment m;

		if (!moment_of(item->s, &m) || m.exact || m.day < k->from || m.day > k->until)
			WRONG(c, pack, item, "%.*s is no day from %s to %s of this calendar",
			      SPAN_ARG(item->s), "its first", "its last");
		day[k->holidays++] = m.day;
	}
	qsort(day, k->holidays, sizeof *day, by_day);
	k->holiday = day;
	if (names_calendar(n, k->id))
		WRONG(c, pack, j, "the calendar %.*s is declared twice", SPAN_ARG(k->id));
	if (n->calendars + 1 >= DECLARED_MAX)
		WRONG(c, pack, j, "more than %u calendars", DECLARED_MAX);
	n->calendars++;
	return ERR_OK;
}

static enum err add_words(struct ctx *c, struct law_names *n, const struct law_pack *pack,
			  const struct json *j)
{
	struct words *w = &n->words[n->lists];
	struct span field;

	TRY(json_only(c, j, "field of"));
	TRY(json_need_text(c, j, "field", &field));
	TRY(sentence_field(c, field, &w->field));
	w->list = json_get(j, "of");
	TRY(check_list(c, pack, j, w->list));
	if (n->lists + 1 >= DECLARED_MAX)
		WRONG(c, pack, j, "more than %u lists of words", DECLARED_MAX);
	n->lists++;
	return ERR_OK;
}

static enum err each(struct ctx *c, struct law_names *n, const struct law_pack *pack,
		     const char *key,
		     enum err (*add)(struct ctx *c, struct law_names *n,
				     const struct law_pack *pack, const struct json *j))
{
	const struct json *list = json_get(pack->doc, key);

	if (list && list->type != JSON_LIST)
		WRONG(c, pack, list, "%s is a list", key);
	JSON_EACH(item, list) {
		enum err e;

		if (item->type != JSON_OBJECT)
			WRONG(c, pack, item, "an entry of %s has fields of its own", key);
		e = add(c, n, pack, item);
		if (e != ERR_OK && c->why[0] && !span_starts(span_str(c->why), pack->name))
			err_note(c, "%s:%u", pack->name, item->line);
		TRY(e);
	}
	return ERR_OK;
}

enum err names_add(struct ctx *c, struct law_names *n, const struct law_pack *pack)
{
	TRY(each(c, n, pack, "sets", add_set));
	TRY(each(c, n, pack, "calendars", add_calendar));
	return each(c, n, pack, "words", add_words);
}

const struct json *names_set(const struct law_names *n, struct span id)
{
	for (unsigned i = 0; i < n->sets; i++)
		if (span_eq(n->set[i].id, id))
			return n->set[i].list;
	return NULL;
}

const struct law_calendar *names_calendar(const struct law_names *n, struct span id)
{
	for (unsigned i = 0; i < n->calendars; i++)
		if (span_eq(n->calendar[i].id, id))
			return &n->calendar[i];
	return NULL;
}

bool names_value_ok(const struct law_names *n, unsigned field, struct span value)
{
	for (unsigned i = 0; i < n->lists; i++)
		if (n->words[i].field == field && json_has_text(n->words[i].list, value))
			return true;
	return false;
}
