/*
 * The order file (man page writ-order): its form, and that its parts fit together. What it claims
 * is kept as it stands; whether it is true, lawful or complete is decided elsewhere.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "format/facts.h"
#include "format/yaml.h"
#include "hand/read.h"

#define LISTED_MAX 64u          /* recipients, stores, folders of one line */

enum shape { ONE, MANY, NESTED };

struct field {
	const char *name;
	enum shape shape;
	bool (*ok)(struct span value);
	const char *wanted;
};

struct place {
	struct ctx *c;
	const char *name;       /* of the file */
};

static enum err PRINTF(3, 4)
	wrong(const struct place *at, const struct json *j, const char *fmt, ...)
{
	char what[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	FAIL(at->c, ERR_FORMAT, "%s:%u: %s", at->name, j->line, what);
}

static bool is_one(struct span s)
{
	return span_is(s, "1");
}

static bool is_line_of_text(struct span s)
{
	static const struct fact_field text = { .path = "", .type = FACT_TEXT };

	return facts_value_ok(&text, s);
}

static bool made_of(struct span s, size_t max, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool plain = (x >= 'a' && x <= 'z') || (x >= '0' && x <= '9');

		if (!plain && (!x || !strchr(more, x)))
			return false;
	}
	return s.n >= 1 && s.n <= max;
}

static bool is_name(struct span s)
{
	return made_of(s, 64, "_-");
}

/* A name of the IANA time zone database; whether it is one shows when the range is compiled. */
static bool is_zone(struct span s)
{
	return made_of(s, 64, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_+-/") && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

static bool is_date_meaning(struct span s)
{
	return span_is(s, "delivery") || span_is(s, "header") || span_is(s, "received");
}

static const struct field order_fields[] = {
	{ "order_version", ONE, is_one, "1, the version of this form" },
	{ "facts", NESTED, NULL, NULL },
	{ "authority_reference", ONE, is_line_of_text, "a text of 1 to 400 characters" },
	{ "agency", ONE, is_name, "the agency's id: a-z, 0-9, _ and -" },
	{ "recipients", MANY, is_line_of_text, "the label of a recipient's key" },
	{ "lines", NESTED, NULL, NULL },
};

static const struct field line_fields[] = {
	{ "id", ONE, is_name, "the id of a demand" },
	{ "date_meaning", ONE, is_date_meaning, "delivery, header or received" },
	{ "zone", ONE, is_zone, "a time zone such as Europe/Paris or UTC" },
	{ "stores", MANY, is_name, "the name of a store: a-z, 0-9, _ and -" },
	{ "folders", MANY, is_line_of_text, "the name of a folder, or ALL" },
};

static enum err check_value(const struct place *at, const struct field *field, const struct json *j)
{
	if (j->type != JSON_TEXT || !field->ok(j->s))
		return wrong(at, j, "%s must be %s", field->name, field->wanted);
	return ERR_OK;
}

static enum err check_field(const struct place *at, const struct field *field, const struct json *j)
{
	size_t count = 0;

	if (field->shape == NESTED)
		return ERR_OK;
	if (field->shape == ONE)
		return check_value(at, field, j);
	if (j->type != JSON_LIST || !j->first)
		return wrong(at, j, "%s is a list of one entry or more", field->name);
	JSON_EACH(item, j) {
		TRY(check_value(at, field, item));
		if (++count > LISTED_MAX)
			return wrong(at, item, "%s has more than %u entries", field->name,
				     LISTED_MAX);
		for (const struct json *before = j->first; before != item; before = before->next)
			if (span_eq(before->s, item->s))
				return wrong(at, item, "%s names '%.*s' twice", field->name,
					     SPAN_ARG(item->s));
	}
	return ERR_OK;
}

/* Every field of the table is there, and no other. */
static enum err check_fields(const struct place *at, const char *what, const struct json *j,
			     const struct field *table, size_t count)
{
	if (j->type != JSON_OBJECT)
		return wrong(at, j, "%s takes fields of its own, one a line", what);
	JSON_EACH(member, j) {
		const struct field *field = NULL;

		for (size_t i = 0; i < count; i++)
			if (span_is(member->key, table[i].name))
				field = &table[i];
		if (!field)
			return wrong(at, member, "%s has no field '%.*s'", what,
				     (int)(member->key.n > 80 ? 80 : member->key.n),
				     (const char *)member->key.p);
		TRY(check_field(at, field, member));
	}
	for (size_t i = 0; i < count; i++)
		if (!json_get(j, table[i].name))
			return wrong(at, j, "%s lacks the field %s", what, table[i].name);
	return ERR_OK;
}

static bool has_id(const struct json *list, const struct json *before, struct span id)
{
	JSON_EACH(at, list) {
		if (at == before)
			return false;
		if (span_eq(json_opt_text(at, "id", SPAN_NONE), id))
			return true;
	}
	return false;
}

/* A line says how a demand is to be collected: one line for a demand at most. Demands for what no
 * store holds need none here; the decision's scope has one for each. */
static enum err check_lines(const struct place *at, const struct json *order)
{
	const struct json *lines = json_get(order, "lines"),
			  *demands = json_get(json_get(order, "facts"), "demands");

	if (lines->type != JSON_LIST || !lines->first)
		return wrong(at, lines, "lines is a list of one line or more");
	JSON_EACH(line, lines) {
		struct span id;

		TRY(check_fields(at, "a line", line, line_fields, COUNT_OF(line_fields)));
		id = json_opt_text(line, "id", SPAN_NONE);
		if (!has_id(demands, NULL, id))
			return wrong(at, line, "no demand of the facts has the id %.*s",
				     SPAN_ARG(id));
		if (has_id(lines, line, id))
			return wrong(at, line, "two lines have the id %.*s", SPAN_ARG(id));
		const struct json *folders = json_get(line, "folders");
		JSON_EACH(folder, folders)
			if (span_is(folder->s, "ALL") && folders->first->next)
				return wrong(at, folder, "ALL stands alone: it is every folder");
	}
	return ERR_OK;
}

enum err read_order(struct ctx *c, const char *name, struct span text, struct json **out)
{
	struct place at = { c, name };

	TRY(yaml_parse(c, name, text, out));
	TRY(check_fields(&at, "an order file", *out, order_fields, COUNT_OF(order_fields)));
	TRY(facts_check(c, name, json_get(*out, "facts"),
			FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_ABSENT));
	return check_lines(&at, *out);
}
