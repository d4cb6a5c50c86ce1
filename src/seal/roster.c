/*
 * Rows of the roster: their form, their times, who may what. Knows nothing of requests.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "crypt/age.h"
#include "crypt/signature.h"
#include "format/time.h"
#include "seal/signed.h"

#define NAME_MAX_BYTES 200u

struct span row_text(const struct json *entry, const char *key)
{
	return json_opt_text(json_get(entry, "row"), key, SPAN_NONE);
}

bool row_is(const struct json *entry, const char *kind)
{
	return span_is(row_text(entry, "row"), kind);
}

int64_t row_from(const struct json *entry)
{
	int64_t utc;

	return time_parse(row_text(entry, "from"), &utc) ? utc : INT64_MAX;
}

int64_t row_until(const struct json *entry)
{
	struct span until = row_text(entry, "until");
	int64_t utc;

	if (!until.n)
		return INT64_MAX;
	return time_parse(until, &utc) ? utc : INT64_MIN;
}

bool row_live(const struct json *entry, int64_t now)
{
	return row_from(entry) <= now && now < row_until(entry);
}

static unsigned may_of(struct span word)
{
	static const char *const words[] = { "decide", "approve", "roster", "halt", "audit" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (span_is(word, words[i]))
			return 1u << i;
	return 0;
}

unsigned row_may(const struct json *entry)
{
	unsigned may = 0;

	JSON_EACH(word, json_get(json_get(entry, "row"), "may"))
		may |= may_of(word->s);
	return may;
}

size_t people_with(const struct json *rows, unsigned may, int64_t now, struct span without)
{
	size_t n = 0;

	JSON_EACH(entry, rows) {
		bool again = false;

		if (!row_is(entry, "person") || !row_live(entry, now) || !(row_may(entry) & may) ||
		    span_eq(row_text(entry, "name"), without))
			continue;
		for (const struct json *at = rows->first; at != entry; at = at->next)
			again = again ||
				(row_is(at, "person") && row_live(at, now) && (row_may(at) & may) &&
				 span_eq(row_text(at, "name"), row_text(entry, "name")));
		n += !again;
	}
	return n;
}

/* Words for people: something, not endless, no control characters. */
static enum err words_check(struct ctx *c, const struct json *row, const char *key)
{
	struct span s;

	TRY(json_need_text(c, row, key, &s));
	if (s.n == 0 || s.n > NAME_MAX_BYTES)
		FAIL(c, ERR_FORMAT, "'%s' must have 1 to %u bytes", key, NAME_MAX_BYTES);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			FAIL(c, ERR_FORMAT, "'%s' holds a control character", key);
	return ERR_OK;
}

static enum err times_check(struct ctx *c, const struct json *row, bool filled_in)
{
	const struct json *until = json_get(row, "until");
	int64_t from_utc = INT64_MIN, until_utc;
	struct span from;

	if (!json_get(row, "from") && filled_in)
		from = SPAN_NONE;
	else
		TRY(json_need_text(c, row, "from", &from));
	if (from.n && !time_parse_utc(from, &from_utc))
		FAIL(c, ERR_FORMAT, "'from' is no time like 2026-11-22T10:00:00Z");
	if (!until && !filled_in)
		FAIL(c, ERR_FORMAT, "'until' is missing: a time, or null");
	if (!until || until->type == JSON_NULL)
		return ERR_OK;
	if (until->type != JSON_TEXT || !time_parse_utc(until->s, &until_utc))
		FAIL(c, ERR_FORMAT, "'until' is neither null nor a time like 2026-11-22T10:00:00Z");
	if (until_utc <= from_utc)
		FAIL(c, ERR_FORMAT, "'until' is not after 'from'");
	return ERR_OK;
}

static enum err person_check(struct ctx *c, const struct json *row, bool filled_in)
{
	const struct json *may;
	struct person_key parsed;
	struct span key;
	unsigned seen = 0;
	bool verified;

	TRY(json_only(c, row, "row name unix_user key may user_verified from until"));
	TRY(words_check(c, row, "name"));
	TRY(words_check(c, row, "unix_user"));
	TRY(json_need_text(c, row, "key", &key));
	TRY(person_key_parse(c, key, &parsed));
	if (!span_eq(parsed.line, key))
		FAIL(c, ERR_FORMAT, "'key' must be the kind and the base64 alone, without comment");
	TRY(json_need_list(c, row, "may", &may));
	JSON_EACH(word, may) {
		unsigned bit = word->type == JSON_TEXT ? may_of(word->s) : 0;

		if (!bit || (seen & bit))
			FAIL(c, ERR_FORMAT,
			     "'may' lists each of decide, approve, roster and halt at most once, "
			     "or audit alone");
		seen |= bit;
	}
	if ((seen & MAY_AUDIT) && seen != MAY_AUDIT)
		FAIL(c, ERR_FORMAT, "who audits may do nothing else: 'audit' stands alone");
	TRY(json_need_bool(c, row, "user_verified", &verified));
	if (verified && !parsed.verifies)
		FAIL(c, ERR_FORMAT, "'user_verified' is for passkeys and keys of hardware kinds");
	return times_check(c, row, filled_in);
}

static enum err agency_check(struct ctx *c, const struct json *row)
{
	struct age_recipient recipient;
	struct span text;

	TRY(json_only(c, row, "row id name country label recipient checked from until"));
	TRY(words_check(c, row, "id"));
	TRY(words_check(c, row, "name"));
	TRY(words_check(c, row, "country"));
	TRY(words_check(c, row, "label"));
	TRY(words_check(c, row, "checked"));
	TRY(json_need_text(c, row, "recipient", &text));
	TRY(age_recipient_parse(c, text, &recipient));
	return times_check(c, row, false);
}

enum err row_check(struct ctx *c, const struct json *row, bool filled_in)
{
	struct span kind;

	TRY(json_need_text(c, row, "row", &kind));
	if (span_is(kind, "person"))
		return person_check(c, row, filled_in);
	if (span_is(kind, "agency") && !filled_in)
		return agency_check(c, row);
	if (!span_is(kind, "policy") || filled_in)
		FAIL(c, ERR_FORMAT, "a row is a person, an agency or a policy");
	TRY(json_only(c, row, "row name value"));
	TRY(words_check(c, row, "name"));
	return words_check(c, row, "value");
}
