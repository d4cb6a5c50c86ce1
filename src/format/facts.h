/*
 * FACTS: the document that says what is known about one order. Checks its form against facts.def:
 * unknown keys and words, days that do not exist and repeated lines are errors with file:line. It
 * refuses to judge: whether a fact is true or enough is for src/law and for people.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_FACTS_H
#define FORMAT_FACTS_H

#include "format/json.h"

#define FACTS_LINES_MAX 200u
#define FACTS_TEXT_MAX 400u     /* characters of one text */

enum fact_type {
	FACT_GROUP,             /* an object of further fields */
	FACT_LINES,             /* demands: a list of objects */
	FACT_VERSION,           /* "1" */
	FACT_WORD,              /* one of the row's words */
	FACT_YES_NO,
	FACT_TEXT,              /* 1 to FACTS_TEXT_MAX characters, no control characters */
	FACT_NAME,              /* [a-z][a-z0-9_]{0,31} */
	FACT_CODE,              /* [A-Z][A-Z0-9_]* */
	FACT_NUMBER,            /* 1 to 6 digits */
	FACT_SHA256,
	FACT_COUNTRY,           /* ISO 3166-1, two capitals */
	FACT_COUNTRY_OR_NONE,
	FACT_REGION,            /* ISO 3166-2 */
	FACT_LANGUAGE,          /* ISO 639-1, two small letters */
	FACT_DATE,              /* 2026-11-22 */
	FACT_INSTANT,           /* 2026-11-22T10:00:00Z */
	FACT_DATE_OR_INSTANT,
};

enum {
	FACT_LIST = 1,          /* a list of one value or more; [NONE] = known to be empty */
	FACT_NEEDED = 2,        /* the document is none without it */
	FACT_MANDATORY = 4,     /* unknown or absent: no line may be SUFFICIENT */
	FACT_OURS = 8,          /* only the provider may set it */
};

struct fact_field {
	const char *path;       /* "issuer.country", "demands[].id" */
	enum fact_type type;
	unsigned flags;
	const char *words;      /* of a WORD, separated by spaces, "unknown" left out */
	const char *meaning;
};

const struct fact_field *facts_fields(size_t *count_out);
/* The row of a path as in the table, or NULL. */
const struct fact_field *facts_field(struct span path);
/* Whether value may stand in that field (one item of it where it is a list). */
bool facts_value_ok(const struct fact_field *field, struct span value);
/* In words, what its value is; a field of words has them in field->words. */
const char *facts_wanted(const struct fact_field *field);

/* What this place demands of the two fields that are not the sender's. */
enum {
	FACTS_PROVIDER_REQUIRED = 1,    /* the whole profile, a bare name is none */
	FACTS_PROVIDER_ABSENT = 2,
	FACTS_ORDER_ID_REQUIRED = 4,
	FACTS_ORDER_ID_ABSENT = 8,
};
/* Fails with ERR_FORMAT, "name:line: what is wrong" (the line where it came from YAML). */
enum err facts_check(struct ctx *c, const char *name, const struct json *facts,
		     unsigned flags) MUST_USE;
/* The same of a provider's profile by itself, the group "provider". */
enum err facts_check_provider(struct ctx *c, const char *name, const struct json *profile) MUST_USE;

#endif
