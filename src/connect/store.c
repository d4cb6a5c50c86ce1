/*
 * stores.yaml: one row per data store, typed from what the strict YAML reader gave. Unknown keys
 * and wrong types are errors with file and line; nothing is guessed, for what stands here decides
 * whose mail an order reaches.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>

#include "connect/account.h"
#include "connect/connector.h"

#define VERSION_KEY "stores_version"
#define NAME_MAX_BYTES 64u
#define TEXT_MAX_BYTES 256u

struct rows {
	struct ctx *c;
	const char *name;       /* of the file */
};

static enum err row_fail(const struct rows *r, const struct json *node, const char *fmt, ...)
	PRINTF(3, 4);

static enum err row_fail(const struct rows *r, const struct json *node, const char *fmt, ...)
{
	char why[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof why, fmt, args);
	va_end(args);
	FAIL(r->c, ERR_FORMAT, "%s:%u: %s", r->name, node->line, why);
}


static enum err key_text(const struct rows *r, const struct json *v, struct span *out)
{
	if (v->type != JSON_TEXT)
		return row_fail(r, v, "%.*s must be one text", SPAN_ARG(v->key));
	if (v->s.n == 0 || v->s.n > TEXT_MAX_BYTES)
		return row_fail(r, v, "%.*s must have 1 to %u bytes", SPAN_ARG(v->key),
				TEXT_MAX_BYTES);
	*out = v->s;
	return ERR_OK;
}

static enum err key_yes_no(const struct rows *r, const struct json *v, bool *out)
{
	*out = v->type == JSON_TEXT && span_is(v->s, "yes");
	if (!*out && (v->type != JSON_TEXT || !span_is(v->s, "no")))
		return row_fail(r, v, "%.*s must be yes or no", SPAN_ARG(v->key));
	return ERR_OK;
}

static enum err key_name(const struct rows *r, const struct json *v, struct span *out)
{
	TRY(key_text(r, v, out));
	for (size_t i = 0; i < out->n; i++) {
		unsigned char x = out->p[i];

		if (!(x >= 'a' && x <= 'z') && !(x >= '0' && x <= '9') && x != '-' && x != '_')
			return row_fail(r, v, "a store's name is made of a-z, 0-9, - and _");
	}
	if (out->n > NAME_MAX_BYTES)
		return row_fail(r, v, "a store's name has at most %u characters", NAME_MAX_BYTES);
	return ERR_OK;
}

static enum err key_kind(const struct rows *r, const struct json *v, struct store *s)
{
	TRY(key_text(r, v, &s->kind));
	s->connector = connector_find(s->kind);
	if (!s->connector)
		return row_fail(r, v, "this build has no connector for a store of kind %.*s",
				SPAN_ARG(s->kind));
	return ERR_OK;
}

static enum err key_path(const struct rows *r, const struct json *v, struct span *out)
{
	const char *why;

	TRY(key_text(r, v, out));
	why = template_problem(*out);
	if (why)
		return row_fail(r, v, "path %s", why);
	return ERR_OK;
}

static enum err key_file(const struct rows *r, const struct json *v, struct span *out)
{
	TRY(key_text(r, v, out));
	if (!span_starts(*out, "/"))
		return row_fail(r, v, "%.*s must be a path from the root", SPAN_ARG(v->key));
	return ERR_OK;
}

static enum err key_domain(const struct rows *r, const struct json *v, struct span *out)
{
	TRY(key_text(r, v, out));
	if (!account_part_ok(*out))
		return row_fail(r, v, "domain is not the name of a domain");
	return ERR_OK;
}

static enum err key_categories(const struct rows *r, const struct json *v, struct store *s)
{
	if (v->type != JSON_LIST || json_count(v) == 0)
		return row_fail(r, v, "categories must be a list");
	JSON_EACH(item, v) {
		unsigned bit = item->type != JSON_TEXT               ? 0
			       : span_is(item->s, "CONTENT_COMM")    ? CATEGORY_CONTENT_COMM
			       : span_is(item->s, "MSG_META")        ? CATEGORY_MSG_META
								     : 0;

		if (bit == 0)
			return row_fail(r, item, "categories are CONTENT_COMM and MSG_META");
		s->categories |= bit;
	}
	return ERR_OK;
}

static enum err key_read(const struct rows *r, const struct json *v, struct store *s)
{
	if (span_is(v->key, "name"))
		return key_name(r, v, &s->name);
	if (span_is(v->key, "kind"))
		return key_kind(r, v, s);
	if (span_is(v->key, "path"))
		return key_path(r, v, &s->path);
	if (span_is(v->key, "domain"))
		return key_domain(r, v, &s->domain);
	if (span_is(v->key, "region"))
		return key_text(r, v, &s->region);
	if (span_is(v->key, "law"))
		return key_text(r, v, &s->law);
	if (span_is(v->key, "categories"))
		return key_categories(r, v, s);
	if (span_is(v->key, "ciphertext_only"))
		return key_yes_no(r, v, &s->ciphertext_only);
	if (span_is(v->key, "retention"))
		return key_text(r, v, &s->retention);
	if (span_is(v->key, "credential"))
		return key_file(r, v, &s->credential);
	if (span_is(v->key, "aliases"))
		return key_file(r, v, &s->aliases);
	if (span_is(v->key, "content_length"))
		return key_yes_no(r, v, &s->content_length);
	return row_fail(r, v, "a store has no key %.*s", SPAN_ARG(v->key));
}

static enum err row_check(const struct rows *r, const struct json *row, const struct store *s)
{
	const char *missing = s->name.n == 0     ? "name"
			      : s->kind.n == 0   ? "kind"
			      : s->path.n == 0   ? "path"
			      : s->region.n == 0 ? "region"
			      : s->law.n == 0    ? "law"
			      : !s->categories   ? "categories"
						 : NULL;

	if (missing)
		return row_fail(r, row, "this store has no %s", missing);
	if (s->categories & ~s->connector->categories)
		return row_fail(r, row, "a store of kind %s cannot serve all of these categories",
				s->connector->kind);
	if (s->content_length && !span_is(s->kind, "mbox"))
		return row_fail(r, row, "content-length is for stores of kind mbox");
	if (!template_names_account(s->path) && s->domain.n == 0)
		return row_fail(
			r, row,
			"path has {local} but no {domain}: accounts of two domains would be one; "
			"add {domain} to path, or the key domain");
	return ERR_OK;
}

static enum err row_read(const struct rows *r, const struct json *row, struct store *s)
{
	if (row->type != JSON_OBJECT)
		return row_fail(r, row, "a store is a list of keys");
	s->line = row->line;
	JSON_EACH(v, row)
		TRY(key_read(r, v, s));
	return row_check(r, row, s);
}

static enum err head_read(const struct rows *r, const struct json *yaml,
			  const struct json **list_out)
{
	const struct json *version = json_get(yaml, VERSION_KEY);

	*list_out = NULL;
	if (yaml->type != JSON_OBJECT || !version)
		return row_fail(r, yaml, "%s: 1 is missing", VERSION_KEY);
	if (version->type != JSON_TEXT || !span_is(version->s, "1"))
		return row_fail(r, version, "this build reads %s 1 only", VERSION_KEY);
	JSON_EACH(v, yaml) {
		if (span_is(v->key, "stores"))
			*list_out = v;
		else if (!span_is(v->key, VERSION_KEY))
			return row_fail(r, v, "there is no key %.*s", SPAN_ARG(v->key));
	}
	if (*list_out && (*list_out)->type != JSON_LIST)
		return row_fail(r, *list_out, "stores must be a list");
	return ERR_OK;
}

enum err stores_read(struct ctx *c, const struct json *yaml, const char *name, struct stores *out)
{
	struct rows r = { c, name };
	const struct json *list;

	*out = (struct stores){ 0 };
	TRY(head_read(&r, yaml, &list));
	if (json_count(list) > STORES_MAX)
		return row_fail(&r, list, "at most %u stores", STORES_MAX);
	TRY(NEW_ARRAY(c, out->row, STORES_MAX));
	JSON_EACH(row, list) {
		struct store *s = &out->row[out->count];

		TRY(row_read(&r, row, s));
		if (stores_find(out, s->name))
			return row_fail(&r, row, "the store %.*s stands twice", SPAN_ARG(s->name));
		out->count++;
	}
	return ERR_OK;
}

const struct store *stores_find(const struct stores *all, struct span name)
{
	for (size_t i = 0; i < all->count; i++)
		if (span_eq(all->row[i].name, name))
			return &all->row[i];
	return NULL;
}

static struct json *categories_json(struct ctx *c, unsigned categories)
{
	struct json *list = json_list(c);

	if (categories & CATEGORY_CONTENT_COMM)
		json_add(c, list, json_text(c, SPAN("CONTENT_COMM")));
	if (categories & CATEGORY_MSG_META)
		json_add(c, list, json_text(c, SPAN("MSG_META")));
	return list;
}

static void set_or_null(struct ctx *c, struct json *o, const char *key, struct span s)
{
	json_set(c, o, key, s.n ? json_text(c, s) : NULL);
}

enum err stores_describe(struct ctx *c, const struct stores *all, struct json **list_out)
{
	*list_out = json_list(c);
	for (size_t i = 0; i < all->count; i++) {
		const struct store *s = &all->row[i];
		struct json *o = json_object(c);
		struct span problem = SPAN_NONE;

		TRY(s->connector->check(c, s, &problem));
		json_set_text(c, o, "name", s->name);
		json_set_text(c, o, "kind", s->kind);
		json_set_text(c, o, "region", s->region);
		json_set_text(c, o, "law", s->law);
		json_set(c, o, "categories", categories_json(c, s->categories));
		json_set_bool(c, o, "ciphertext_only", s->ciphertext_only);
		set_or_null(c, o, "retention", s->retention);
		set_or_null(c, o, "problem", problem);
		json_add(c, *list_out, o);
	}
	return c->code;
}
