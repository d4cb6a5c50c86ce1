/*
 * FACTS against the law set: every order of it is taken, every file of reject/ is refused, and the
 * table says the same as the JSON Schema, field by field.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/facts.h"

#include <dirent.h>

#include "base/num.h"
#include "format/yaml.h"
#include "../test.h"

#define WHOLE (FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED)

static enum err parse(struct ctx *c, const char *path, struct json **out)
{
	struct span text;
	const char *slash = strrchr(path, '/');

	ok(c, file_read(c, path, YAML_BYTES_MAX, &text));
	return yaml_parse(c, slash ? slash + 1 : path, text, out);
}

/* Calls each for every .yaml file of the folder; how many there were. */
static unsigned each_yaml(const char *name, void (*each)(const char *path))
{
	CTX(c);
	const char *dir = shared_path(&c, name);
	char path[5000];
	struct dirent *entry;
	unsigned count = 0;
	DIR *d;

	d = opendir(dir);
	assert_non_null(d);
	while ((entry = readdir(d)))
		if (strstr(entry->d_name, ".yaml")) {
			snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
			each(path);
			count++;
		}
	closedir(d);
	return count;
}

static struct json *facts_of(struct ctx *c, const char *path)
{
	struct json *order, *provider;
	char *profile;

	ok(c, parse(c, path, &order));
	struct json *facts = NULL;
	ok(c, json_clone(c, json_get(order, "facts"), &facts));
	const struct json *given = json_get(facts, "provider");
	assert_non_null(given);
	if (given->type == JSON_TEXT) {
		ok(c, path_fmt(c, &profile, "%s/%.*s.yaml", shared_path(c, "law/providers"),
			       SPAN_ARG(given->s)));
		ok(c, parse(c, profile, &provider));
		json_set(c, facts, "provider", provider);
	}
	return facts;
}

static void take_order(const char *path)
{
	CTX(c);

	ok(&c, facts_check(&c, path, facts_of(&c, path), WHOLE));
}

static void orders_are_taken(void **state)
{
	(void)state;
	assert_true(each_yaml("law/orders", take_order) >= 80);
}

static void refuse_file(const char *path)
{
	CTX(c);
	struct json *facts;
	enum err e = parse(&c, path, &facts);
	const char *name = strrchr(path, '/') + 1;

	if (e == ERR_OK)
		e = facts_check(&c, name, facts, WHOLE);
	if (e != ERR_FORMAT && e != ERR_LIMIT)
		print_error("%s: %s, must be refused\n", name, err_name(e));
	assert_true(e == ERR_FORMAT || e == ERR_LIMIT);
	assert_int_equal(strncmp(c.why, name, strlen(name)), 0);
}

static void rejects_are_refused(void **state)
{
	(void)state;
	assert_true(each_yaml("law/reject", refuse_file) >= 28);
}

/* ---- single faults in a document that is right ---- */

static const char right[] =
	"facts_version: 1\n"
	"order:\n"
	"  document_sha256: 9fedd34bff56fabbe3017df5c771679a7fe6fb9cd6bce22d385c275dda062649\n"
	"issuer:\n"
	"  country: FR\n"
	"  authority_kind: PROSECUTOR\n"
	"instrument:\n"
	"  kind: WARRANT\n"
	"  issued_on: 2026-11-20\n"
	"  provisions:\n"
	"    - art. 60-1 CPP\n"
	"demands:\n"
	"  - id: d1\n"
	"    category: CONTENT_COMM\n"
	"    from: 2024-02-29\n"
	"  - id: d2\n"
	"    category: unknown\n";

/* The document with one text exchanged. */
static enum err check_with(struct ctx *c, const char *old, const char *new, unsigned flags)
{
	char text[4096];
	const char *at = strstr(right, old);
	struct json *facts;

	assert_non_null(at);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - right), right, new, at + strlen(old));
	ok(c, yaml_parse(c, "f", span_str(text), &facts));
	return facts_check(c, "f", facts, flags);
}

static void faults_are_named(void **state)
{
	CTX(c);
	const unsigned outside = FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_ABSENT;

	(void)state;
	ok(&c, check_with(&c, "FR", "NO", outside));
	ok(&c, check_with(&c, "FR", "unknown", outside));
	refused(&c, ERR_FORMAT, "f:5: issuer.country", check_with(&c, "FR", "fr", outside));
	refused(&c, ERR_FORMAT, "f:5: issuer.country", check_with(&c, "FR", "NONE", outside));
	refused(&c, ERR_FORMAT, "f:6: issuer.authority_kind",
		check_with(&c, "PROSECUTOR", "PROSECUTOR POLICE", outside));
	refused(&c, ERR_FORMAT, "f:6: issuer.authority_kind",
		check_with(&c, "PROSECUTOR", "PROSECUTO", outside));
	refused(&c, ERR_FORMAT, "f:6: issuer has no field",
		check_with(&c, "authority_kind", "authority_kinds", outside));
	refused(&c, ERR_FORMAT, "f:9: instrument.issued_on",
		check_with(&c, "2026-11-20", "2026-11-31", outside));
	refused(&c, ERR_FORMAT, "f:9: instrument.issued_on",
		check_with(&c, "2026-11-20", "2026-11-20T10:00:00+01:00", outside));
	ok(&c, check_with(&c, "2026-11-20", "2026-11-20T10:00:00Z", outside));
	refused(&c, ERR_FORMAT, "f:15: demands[].from",
		check_with(&c, "2024-02-29", "2026-02-29", outside));
	refused(&c, ERR_FORMAT, "f:3: order.document_sha256",
		check_with(&c, "9fedd", "9FEDD", outside));
	refused(&c, ERR_FORMAT, "f:16: two demands have the id d1",
		check_with(&c, "id: d2", "id: d1", outside));
	refused(&c, ERR_FORMAT, "f:13: demands[].id",
		check_with(&c, "id: d1", "id: unknown!", outside));
	refused(&c, ERR_FORMAT, "f:1: facts_version",
		check_with(&c, "facts_version: 1", "facts_version: 2", outside));
	refused(&c, ERR_FORMAT, "f:1: facts_version",
		check_with(&c, "facts_version: 1", "facts_version: unknown", outside));
	refused(&c, ERR_FORMAT, "f:10: instrument.provisions is a list",
		check_with(&c, "provisions:\n    - art. 60-1 CPP", "provisions: art", outside));
}

static void what_is_needed_depends_on_the_place(void **state)
{
	CTX(c);

	(void)state;
	refused(&c, ERR_FORMAT, "f:1: provider is missing",
		check_with(&c, "FR", "FR", FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_ABSENT));
	refused(&c, ERR_FORMAT, "f:3: order.id is missing",
		check_with(&c, "FR", "FR", FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_REQUIRED));
	refused(&c, ERR_FORMAT, "f:3: order.id does not stand here",
		check_with(&c, "  document_sha256", "  id: W-1\n  document_sha256",
			   FACTS_ORDER_ID_ABSENT));
	refused(&c, ERR_FORMAT, "f:5: provider does not stand here",
		check_with(&c, "issuer:\n", "provider:\n  name: PU\n  legal_entity: P\nissuer:\n",
			   FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_ABSENT));
	refused(&c, ERR_FORMAT, "f:4: provider takes fields",
		check_with(&c, "issuer:\n", "provider: PU\nissuer:\n", FACTS_PROVIDER_REQUIRED));
	refused(&c, ERR_FORMAT, "f:1: instrument is missing",
		check_with(
			&c,
			"instrument:\n  kind: WARRANT\n  issued_on: 2026-11-20\n"
			"  provisions:\n    - art. 60-1 CPP\n",
			"", 0));
}

/* ---- the table against the schema ---- */

static enum fact_type type_of_pattern(const struct json *scalar)
{
#define INSTANT "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
#define DATE "[0-9]{4}-[0-9]{2}-[0-9]{2}"
	static const struct { const char *pattern; enum fact_type type; } patterns[] = {
		{ "^(unknown|" INSTANT ")$", FACT_INSTANT },
		{ "^(unknown|" DATE ")$", FACT_DATE },
		{ "^(unknown|" DATE "|" INSTANT ")$", FACT_DATE_OR_INSTANT },
		{ "^[^\\u0000-\\u001f\\u007f]{1,400}$", FACT_TEXT },
		{ "^(unknown|[A-Z]{2})$", FACT_COUNTRY },
		{ "^(unknown|NONE|[A-Z]{2})$", FACT_COUNTRY_OR_NONE },
		{ "^(unknown|[A-Z]{2}-[A-Z0-9]{1,3})$", FACT_REGION },
		{ "^(unknown|[a-z]{2})$", FACT_LANGUAGE },
		{ "^(unknown|[0-9a-f]{64})$", FACT_SHA256 },
		{ "^(unknown|[A-Z][A-Z0-9_]*)$", FACT_CODE },
		{ "^(unknown|[0-9]{1,6})$", FACT_NUMBER },
		{ "^[a-z][a-z0-9_]{0,31}$", FACT_NAME },
	};
	struct span pattern = json_opt_text(scalar, "pattern", SPAN_NONE);

	for (size_t i = 0; i < COUNT_OF(patterns); i++)
		if (span_is(pattern, patterns[i].pattern))
			return patterns[i].type;
	print_error("no type for the pattern %.*s\n", SPAN_ARG(pattern));
	fail();
	return FACT_TEXT;
}

static void words_agree(const struct fact_field *field, const struct json *words)
{
	size_t in_table = field->type == FACT_YES_NO ? 2 : 1;

	for (const char *at = field->words; *at; at++)
		in_table += *at == ' ';
	assert_int_equal(json_count(words), in_table + 1);      /* "unknown" */
	JSON_EACH(word, words)
		assert_true(facts_value_ok(field, word->s));
}

static unsigned walk(struct ctx *c, const char *path, const struct json *node,
		     const struct json *defs, bool needed);

static unsigned walk_members(struct ctx *c, const char *path, const struct json *node,
			     const struct json *defs)
{
	const struct json *members = json_get(node, "properties"),
			  *required = json_get(node, "required");
	unsigned count = 0;

	JSON_EACH(member, members) {
		bool needed = false;
		char *name;

		JSON_EACH(item, required)
			needed = needed || span_eq(item->s, member->key);
		ok(c,
		   path_fmt(c, &name, "%s%s%.*s", path, *path ? "." : "", SPAN_ARG(member->key)));
		count += walk(c, name, member, defs, needed);
	}
	return count;
}

static unsigned walk(struct ctx *c, const char *path, const struct json *node,
		     const struct json *defs, bool needed)
{
	const struct fact_field *field = facts_field(span_str(path));
	char *lines;

	if (!field)
		print_error("the table lacks %s\n", path);
	assert_non_null(field);
	assert_true(!!(field->flags & FACT_NEEDED) == needed);
	if (json_get(node, "oneof"))
		node = json_get(defs, "provider");
	if (span_is(json_opt_text(node, "type", SPAN_NONE), "object")) {
		assert_int_equal(field->type, FACT_GROUP);
		return 1 + walk_members(c, path, node, defs);
	}
	if (field->type == FACT_LINES) {
		ok(c, path_fmt(c, &lines, "%s[]", path));
		return 1 + walk_members(c, lines, json_get(node, "items"), defs);
	}
	assert_true(!!(field->flags & FACT_LIST) ==
		    span_is(json_opt_text(node, "type", SPAN_NONE), "array"));
	if (field->flags & FACT_LIST)
		node = json_get(node, "items");
	if (json_get(node, "enum"))
		words_agree(field, json_get(node, "enum"));
	else if (!json_get(node, "const"))
		assert_int_equal(field->type, type_of_pattern(node));
	return 1;
}

/* The schema's keys ("$defs", "oneOf") become such as our JSON can hold. */
static struct json *schema(struct ctx *c)
{
	struct span text;
	struct json *out;
	char *z;

	ok(c, file_read(c, shared_path(c, "law/facts.schema.json"), 1 << 20, &text));
	ok(c, span_cstr(c, text, &z));
	for (char *at = z; *at; at++) {
		char *colon = *at == '"' ? strstr(at + 1, "\":") : NULL;

		if (!colon || memchr(at + 1, '"', (size_t)(colon - at - 1)))
			continue;
		for (; at < colon; at++)
			if (*at == '$' || *at == '-')
				*at = '_';
			else if (*at >= 'A' && *at <= 'Z')
				*at = (char)(*at | 0x20);
	}
	ok(c, json_parse(c, span_str(z), &out));
	return out;
}

static void table_is_the_schema(void **state)
{
	CTX(c);
	const struct json *all, *mandatory;
	size_t count, marked = 0;
	const struct fact_field *fields = facts_fields(&count);

	(void)state;
	all = schema(&c);
	assert_int_equal(walk_members(&c, "", all, json_get(all, "_defs")), count);
	mandatory = json_get(all, "x_mandatory");
	for (size_t i = 0; i < count; i++)
		marked += !!(fields[i].flags & FACT_MANDATORY);
	assert_int_equal(json_count(mandatory), marked);
	JSON_EACH(item, mandatory) {
		struct span name = item->s, line;

		if (span_starts(name, "demand."))
			ok(&c, span_fmt(&c, &line, "demands[].%.*s", (int)name.n - 7,
					(const char *)name.p + 7));
		else
			line = name;
		assert_non_null(facts_field(line));
		assert_true(facts_field(line)->flags & FACT_MANDATORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_are_taken),
		cmocka_unit_test(rejects_are_refused),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(what_is_needed_depends_on_the_place),
		cmocka_unit_test(table_is_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
