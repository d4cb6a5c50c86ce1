/*
 * JSON values: building, asking, comparing, copying. A value stands in one place only: put into
 * a second one, it is shared as a copy of its head. Nothing here reads or writes text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/json.h"

#include <stdio.h>

#include "format/json_part.h"

static struct json *value_new(struct ctx *c, enum json_type type)
{
	struct json *j = arena_alloc(c, sizeof *j);

	if (j)
		j->type = type;
	return j;
}

struct json *json_object(struct ctx *c)
{
	return value_new(c, JSON_OBJECT);
}

struct json *json_list(struct ctx *c)
{
	return value_new(c, JSON_LIST);
}

struct json *json_text(struct ctx *c, struct span s)
{
	struct json *j = value_new(c, JSON_TEXT);

	if (j)
		j->s = s;
	return j;
}

struct json *json_int(struct ctx *c, int64_t i)
{
	struct json *j = value_new(c, JSON_INT);

	if (j)
		j->i = i;
	return j;
}

/* The node to hang into a parent: value itself, or a second head where it hangs already. */
static struct json *value_hold(struct ctx *c, struct json *value)
{
	struct json *j = value;

	if (!value)
		j = value_new(c, JSON_NULL);
	else if (value->held) {
		j = value_new(c, value->type);
		if (j) {
			*j = *value;
			j->next = NULL;
			j->key = SPAN_NONE;
		}
	}
	if (j)
		j->held = true;
	return j;
}

/* A later value for the same key takes the place of the earlier one. */
static void replace(struct json *object, struct json *before, struct json *old, struct json *j)
{
	j->next = old->next;
	if (before)
		before->next = j;
	else
		object->first = j;
	if (object->last == old)
		object->last = j;
	old->next = NULL;
	old->held = false;
}

void json_set(struct ctx *c, struct json *object, const char *key, struct json *value)
{
	struct json *j = object ? value_hold(c, value) : NULL, *before = NULL;

	if (!j)
		return;
	j->key = span_str(key);
	for (struct json *at = object->first; at; before = at, at = at->next) {
		if (span_eq(at->key, j->key)) {
			replace(object, before, at, j);
			return;
		}
	}
	json_append(object, j);
}

void json_drop(struct json *object, struct span key)
{
	struct json *before = NULL;

	for (struct json *at = object->first; at; before = at, at = at->next) {
		if (!span_eq(at->key, key))
			continue;
		*(before ? &before->next : &object->first) = at->next;
		if (object->last == at)
			object->last = before;
		return;
	}
}

void json_set_text(struct ctx *c, struct json *object, const char *key, struct span s)
{
	struct json *j = json_text(c, s);

	if (j)
		json_set(c, object, key, j);
}

void json_set_str(struct ctx *c, struct json *object, const char *key, const char *z)
{
	if (z)
		json_set_text(c, object, key, span_str(z));
	else
		json_set(c, object, key, NULL);
}

void json_set_int(struct ctx *c, struct json *object, const char *key, int64_t i)
{
	struct json *j = json_int(c, i);

	if (j)
		json_set(c, object, key, j);
}

void json_set_bool(struct ctx *c, struct json *object, const char *key, bool b)
{
	struct json *j = value_new(c, JSON_BOOL);

	if (!j)
		return;
	j->b = b;
	json_set(c, object, key, j);
}

void json_add(struct ctx *c, struct json *list, struct json *value)
{
	struct json *j = list ? value_hold(c, value) : NULL;

	if (j)
		json_append(list, j);
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (object && object->type == JSON_OBJECT)
		JSON_EACH(at, object)
			if (span_is(at->key, key))
				return at;
	return NULL;
}

static const char *const type_words[] = {
	[JSON_NULL] = "null", [JSON_BOOL] = "true or false", [JSON_INT] = "a whole number",
	[JSON_TEXT] = "a text", [JSON_LIST] = "a list", [JSON_OBJECT] = "an object",
};

/* "line 7: " for what came from a file with lines, else nothing. */
static const char *where(const struct json *o, char *text, size_t n)
{
	if (!o || !o->line || snprintf(text, n, "line %u: ", o->line) < 0)
		text[0] = '\0';
	return text;
}

static enum err need(struct ctx *c, const struct json *o, const char *key, enum json_type type,
		     const struct json **out)
{
	const struct json *j = json_get(o, key);
	char at[32];

	if (!o || o->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "%s'%s' is looked for in what is no object",
		     where(o, at, sizeof at), key);
	if (!j)
		FAIL(c, ERR_FORMAT, "%s'%s' is missing", where(o, at, sizeof at), key);
	if (j->type != type)
		FAIL(c, ERR_FORMAT, "%s'%s' is %s and must be %s", where(j, at, sizeof at), key,
		     type_words[j->type], type_words[type]);
	*out = j;
	return ERR_OK;
}

enum err json_need_text(struct ctx *c, const struct json *o, const char *key, struct span *out)
{
	const struct json *j;

	TRY(need(c, o, key, JSON_TEXT, &j));
	*out = j->s;
	return ERR_OK;
}

enum err json_need_int(struct ctx *c, const struct json *o, const char *key, int64_t *out)
{
	const struct json *j;

	TRY(need(c, o, key, JSON_INT, &j));
	*out = j->i;
	return ERR_OK;
}

enum err json_need_bool(struct ctx *c, const struct json *o, const char *key, bool *out)
{
	const struct json *j;

	TRY(need(c, o, key, JSON_BOOL, &j));
	*out = j->b;
	return ERR_OK;
}

enum err json_need_list(struct ctx *c, const struct json *o, const char *key,
			const struct json **out)
{
	return need(c, o, key, JSON_LIST, out);
}

enum err json_need_object(struct ctx *c, const struct json *o, const char *key,
			  const struct json **out)
{
	return need(c, o, key, JSON_OBJECT, out);
}

enum err json_need_hex(struct ctx *c, const struct json *o, const char *key, unsigned char *out,
		       size_t n)
{
	struct span hex;

	TRY(json_need_text(c, o, key, &hex));
	if (!hex_decode(hex, out, n))
		FAIL(c, ERR_FORMAT, "'%s' must be %zu bytes in lower-case hex", key, n);
	return ERR_OK;
}

struct span json_opt_text(const struct json *o, const char *key, struct span fallback)
{
	const struct json *j = json_get(o, key);

	return j && j->type == JSON_TEXT ? j->s : fallback;
}

int64_t json_opt_int(const struct json *o, const char *key, int64_t fallback)
{
	const struct json *j = json_get(o, key);

	return j && j->type == JSON_INT ? j->i : fallback;
}

size_t json_count(const struct json *list)
{
	size_t n = 0;

	JSON_EACH(at, list)
		n++;
	return n;
}

bool json_has_text(const struct json *list, struct span text)
{
	JSON_EACH(item, list)
		if (item->type == JSON_TEXT && span_eq(item->s, text))
			return true;
	return false;
}

const struct json *json_with_id(const struct json *list, struct span id)
{
	JSON_EACH(item, list)
		if (span_eq(json_opt_text(item, "id", SPAN_NONE), id))
			return item;
	return NULL;
}

static bool listed(struct span key, const char *keys)
{
	struct span rest = span_str(keys), word;

	while (span_split(rest, ' ', &word, &rest))
		if (span_eq(word, key))
			return true;
	return span_eq(rest, key);
}

enum err json_only(struct ctx *c, const struct json *o, const char *keys)
{
	char at[32];

	JSON_EACH(member, o)
		if (!listed(member->key, keys))
			FAIL(c, ERR_FORMAT, "%s'%.*s' is not known here; known are: %s",
			     where(member, at, sizeof at), SPAN_ARG(member->key), keys);
	return ERR_OK;
}

static const struct json *member(const struct json *o, struct span key)
{
	JSON_EACH(at, o)
		if (span_eq(at->key, key))
			return at;
	return NULL;
}

static bool children_equal(const struct json *a, const struct json *b)
{
	const struct json *other = b->first;

	if (json_count(a) != json_count(b))
		return false;
	JSON_EACH(at, a) {
		const struct json *same = a->type == JSON_OBJECT ? member(b, at->key) : other;

		if (!same || !json_equal(at, same))
			return false;
		other = other->next;
	}
	return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
	if (!a || !b || a->type != b->type)
		return a == b;
	switch (a->type) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return a->b == b->b;
	case JSON_INT:
		return a->i == b->i;
	case JSON_TEXT:
		return span_eq(a->s, b->s);
	case JSON_LIST:
	case JSON_OBJECT:
		return children_equal(a, b);
	}
	return false;
}

static enum err clone(struct ctx *c, const struct json *j, unsigned depth, struct json **out)
{
	struct json *copy;

	if (depth >= JSON_DEPTH_MAX && (j->type == JSON_LIST || j->type == JSON_OBJECT))
		FAIL(c, ERR_LIMIT, "a value is more than %u deep", JSON_DEPTH_MAX);
	TRY(NEW(c, copy));
	*copy = (struct json){ .type = j->type, .b = j->b, .i = j->i, .line = j->line };
	TRY(span_copy(c, j->s, &copy->s));
	TRY(span_copy(c, j->key, &copy->key));
	JSON_EACH(at, j) {
		struct json *child;

		TRY(clone(c, at, depth + 1, &child));
		json_append(copy, child);
	}
	*out = copy;
	return ERR_OK;
}

enum err json_clone(struct ctx *c, const struct json *j, struct json **out)
{
	return clone(c, j, 0, out);
}
