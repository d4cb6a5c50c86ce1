/*
 * The form of FACTS, checked against facts.def; see facts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "format/time.h"

static const struct fact_field fields[] = {
#define X(path, type, flags, words, meaning) { path, FACT_##type, flags, words, meaning },
#include "format/facts.def"
#undef X
};

struct check {
	struct ctx *c;
	const char *name;
	unsigned flags;
};

const struct fact_field *facts_fields(size_t *count_out)
{
	*count_out = COUNT_OF(fields);
	return fields;
}

const struct fact_field *facts_field(struct span path)
{
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (span_is(path, fields[i].path))
			return &fields[i];
	return NULL;
}

/* ---- values ---- */

/* Does s have the form? 'A' is a capital, 'a' a small letter, '0' a digit, else itself. */
static bool like(struct span s, const char *form)
{
	if (s.n != strlen(form))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool ok = form[i] == 'A'   ? x >= 'A' && x <= 'Z'
			  : form[i] == 'a' ? x >= 'a' && x <= 'z'
			  : form[i] == '0' ? x >= '0' && x <= '9'
					   : x == (unsigned char)form[i];
		if (!ok)
			return false;
	}
	return true;
}

/* Only characters of the set: "0" any digit, "A" any capital, "a" any small letter. */
static bool made_of(struct span s, const char *set)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		char class = x >= '0' && x <= '9'   ? '0'
			     : x >= 'A' && x <= 'Z' ? 'A'
			     : x >= 'a' && x <= 'z' ? 'a'
						    : (char)x;

		if (!class || !strchr(set, class))
			return false;
	}
	return true;
}

/* Characters that are no text but steer a terminal or a page: C1 controls (U+0080 to U+009F), line
 * and paragraph separators, and those that turn the direction of what follows (U+202A to U+202E,
 * U+2066 to U+2069), by which a name is shown as another. */
static bool steers(struct span s, size_t i)
{
	unsigned char a = s.p[i], b = i + 1 < s.n ? s.p[i + 1] : 0,
		      x = i + 2 < s.n ? s.p[i + 2] : 0;

	if (a < 0x20 || a == 0x7f || (a == 0xc2 && b >= 0x80 && b < 0xa0))
		return true;
	return a == 0xe2 && ((b == 0x80 && x >= 0xa8 && x <= 0xae) ||
			     (b == 0x81 && x >= 0xa6 && x <= 0xa9));
}

static bool is_text(struct span s)
{
	size_t characters = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (steers(s, i))
			return false;
		characters += (s.p[i] & 0xc0) != 0x80;
	}
	return characters >= 1 && characters <= FACTS_TEXT_MAX && span_is_utf8(s);
}

static bool is_word_of(struct span s, const char *words)
{
	struct span rest = span_str(words), word;

	while (span_split(rest, ' ', &word, &rest))
		if (span_eq(word, s))
			return true;
	return rest.n && span_eq(rest, s);
}

static bool is_date(struct span s)
{
	int y, m, d;

	return like(s, "0000-00-00") && date_parse(s, &y, &m, &d);
}

static bool is_instant(struct span s)
{
	int64_t utc_s;

	return time_parse_utc(s, &utc_s);
}

static bool is_region(struct span s)
{
	return s.n >= 4 && s.n <= 6 && like(span_cut(s, 0, 3), "AA-") &&
	       made_of(span_cut(s, 3, 3), "A0");
}

static bool is_name(struct span s)
{
	return s.n >= 1 && s.n <= 32 && like(span_cut(s, 0, 1), "a") && made_of(s, "a0_");
}

static bool is_sha256(struct span s)
{
	unsigned char hash[32];

	return hex_decode(s, hash, sizeof hash);
}

bool facts_value_ok(const struct fact_field *field, struct span s)
{
	if (span_is(s, "unknown") && field->type != FACT_VERSION && field->type != FACT_NAME)
		return true;
	switch (field->type) {
	case FACT_GROUP:
	case FACT_LINES:
		return false;
	case FACT_VERSION:
		return span_is(s, "1");
	case FACT_WORD:
		return is_word_of(s, field->words);
	case FACT_YES_NO:
		return span_is(s, "yes") || span_is(s, "no");
	case FACT_TEXT:
		return is_text(s);
	case FACT_NAME:
		return is_name(s);
	case FACT_CODE:
		return like(span_cut(s, 0, 1), "A") && made_of(s, "A0_");
	case FACT_NUMBER:
		return s.n >= 1 && s.n <= 6 && made_of(s, "0");
	case FACT_SHA256:
		return is_sha256(s);
	case FACT_COUNTRY_OR_NONE:
		return span_is(s, "NONE") || like(s, "AA");
	case FACT_COUNTRY:
		return like(s, "AA");
	case FACT_REGION:
		return is_region(s);
	case FACT_LANGUAGE:
		return like(s, "aa");
	case FACT_DATE:
		return is_date(s);
	case FACT_INSTANT:
		return is_instant(s);
	case FACT_DATE_OR_INSTANT:
		return is_date(s) || is_instant(s);
	}
	return false;
}

const char *facts_wanted(const struct fact_field *field)
{
	static const char *const words[] = {
		[FACT_GROUP] = "a group of fields",
		[FACT_LINES] = "a list of demands",
		[FACT_VERSION] = "the version 1",
		[FACT_WORD] = "one of the words",
		[FACT_YES_NO] = "yes, no or unknown",
		[FACT_TEXT] = "a text of 1 to 400 characters without control characters",
		[FACT_NAME] = "a short name such as d1",
		[FACT_CODE] = "a word in capitals",
		[FACT_NUMBER] = "a number of at most 6 digits",
		[FACT_SHA256] = "a SHA-256 in 64 small hex digits",
		[FACT_COUNTRY] = "a country in two capitals (ISO 3166-1)",
		[FACT_COUNTRY_OR_NONE] = "a country in two capitals (ISO 3166-1), or NONE",
		[FACT_REGION] = "a region such as US-CA (ISO 3166-2)",
		[FACT_LANGUAGE] = "a language in two small letters (ISO 639-1)",
		[FACT_DATE] = "a day that exists, such as 2026-11-22",
		[FACT_INSTANT] = "an instant such as 2026-11-22T10:00:00Z",
		[FACT_DATE_OR_INSTANT] =
			"a day such as 2026-11-22, or an instant such as 2026-11-22T10:00:00Z",
	};

	return words[field->type];
}

/* ---- documents ---- */

/* "name:line: what", the line where at came from YAML. */
static enum err PRINTF(3, 4)
	wrong(const struct check *k, const struct json *at, const char *fmt, ...)
{
	char what[700];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	if (at->line)
		FAIL(k->c, ERR_FORMAT, "%s:%u: %s", k->name, at->line, what);
	FAIL(k->c, ERR_FORMAT, "%s: %s", k->name, what);
}

/* For messages: the start of a long text. */
#define HEAD_ARG(s) (int)((s).n > 80 ? 80 : (s).n), (const char *)(s).p

static enum err check_scalar(const struct check *k, const struct fact_field *field,
			     const struct json *j)
{
	if (j->type != JSON_TEXT)
		return wrong(k, j, "%s takes one value, not a list or group", field->path);
	if (facts_value_ok(field, j->s))
		return ERR_OK;
	if (field->type == FACT_WORD)
		return wrong(k, j, "%s is '%.*s', which is none of %s unknown", field->path,
		      HEAD_ARG(j->s), field->words);
	return wrong(k, j, "%s is '%.*s', not %s", field->path, HEAD_ARG(j->s),
	      facts_wanted(field));
}

static enum err check_list(const struct check *k, const struct fact_field *field,
			   const struct json *list)
{
	if (list->type != JSON_LIST || !list->first)
		return wrong(
			k, list,
			"%s is a list; where it is known to be empty it holds the one word NONE",
			field->path);
	JSON_EACH(item, list)
		TRY(check_scalar(k, field, item));
	return ERR_OK;
}

static enum err check_group(const struct check *k, const char *path, const struct json *group);

static enum err check_lines(const struct check *k, const struct json *list)
{
	size_t count = 0;

	if (list->type != JSON_LIST || !list->first)
		return wrong(k, list, "demands is a list of one line or more");
	JSON_EACH(line, list) {
		struct span id;

		if (++count > FACTS_LINES_MAX)
			return wrong(k, line, "more than %u demands", FACTS_LINES_MAX);
		TRY(check_group(k, "demands[]", line));
		TRY(json_need_text(k->c, line, "id", &id));
		for (const struct json *before = list->first; before != line; before = before->next)
			if (span_eq(json_opt_text(before, "id", SPAN_NONE), id))
				return wrong(k, line, "two demands have the id %.*s", SPAN_ARG(id));
	}
	return ERR_OK;
}

static enum err check_field(const struct check *k, const struct fact_field *field,
			    const struct json *j)
{
	if ((k->flags & FACTS_PROVIDER_ABSENT) && !strcmp(field->path, "provider"))
		return wrong(k, j,
			     "provider does not stand here: it comes from the provider's own home");
	if ((k->flags & FACTS_ORDER_ID_ABSENT) && !strcmp(field->path, "order.id"))
		return wrong(k, j,
			     "order.id does not stand here: the provider gives the reference");
	if (field->type == FACT_GROUP)
		return check_group(k, field->path, j);
	if (field->type == FACT_LINES)
		return check_lines(k, j);
	return field->flags & FACT_LIST ? check_list(k, field, j) : check_scalar(k, field, j);
}

static bool is_needed(const struct check *k, const struct fact_field *field)
{
	if (!strcmp(field->path, "provider"))
		return k->flags & FACTS_PROVIDER_REQUIRED;
	if (!strcmp(field->path, "order.id"))
		return k->flags & FACTS_ORDER_ID_REQUIRED;
	return field->flags & FACT_NEEDED;
}

/* The name of a field that lies directly in the group path, else NULL. */
static const char *name_in(const char *path, const struct fact_field *field)
{
	size_t n = strlen(path);
	const char *name = field->path;

	if (n) {
		if (strncmp(field->path, path, n) != 0 || field->path[n] != '.')
			return NULL;
		name += n + 1;
	}
	return strchr(name, '.') ? NULL : name;
}

static enum err check_group(const struct check *k, const char *path, const struct json *group)
{
	if (group->type != JSON_OBJECT)
		return wrong(k, group, "%s takes fields of its own, one a line",
			     *path ? path : "a FACTS document");
	JSON_EACH(member, group) {
		const struct fact_field *field = NULL;

		for (size_t i = 0; i < COUNT_OF(fields) && !field; i++) {
			const char *name = name_in(path, &fields[i]);

			if (name && span_is(member->key, name))
				field = &fields[i];
		}
		if (!field)
			return wrong(k, member, "%s has no field '%.*s'", *path ? path : "FACTS",
				     HEAD_ARG(member->key));
		TRY(check_field(k, field, member));
	}
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const char *name = name_in(path, &fields[i]);

		if (name && is_needed(k, &fields[i]) && !json_get(group, name))
			return wrong(k, group, "%s is missing", fields[i].path);
	}
	return ERR_OK;
}

enum err facts_check(struct ctx *c, const char *name, const struct json *facts, unsigned flags)
{
	struct check k = { c, name, flags };

	return check_group(&k, "", facts);
}

enum err facts_check_provider(struct ctx *c, const char *name, const struct json *profile)
{
	struct check k = { c, name, FACTS_PROVIDER_REQUIRED };

	return check_group(&k, "provider", profile);
}
