/*
 * The form of the documents that people sign (doc/protocol.md section 3), field by field. What a
 * document asks for is not judged here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/num.h"
#include "format/time.h"
#include "seal/signed.h"
#include "seal/state.h"

#define SCOPE_LINES_MAX 1000u

static enum err texts_check(struct ctx *c, const struct json *o, const char *key)
{
	const struct json *list;

	TRY(json_need_list(c, o, key, &list));
	JSON_EACH(at, list)
		if (at->type != JSON_TEXT)
			FAIL(c, ERR_FORMAT, "'%s' must be a list of texts", key);
	return ERR_OK;
}

static enum err hash_check(struct ctx *c, const struct json *o, const char *key, bool or_null)
{
	const struct json *at = json_get(o, key);
	unsigned char hash[32];

	if (or_null && at && at->type == JSON_NULL)
		return ERR_OK;
	return json_need_hex(c, o, key, hash, sizeof hash);
}

static enum err papers_check(struct ctx *c, const struct json *o)
{
	const struct json *list;

	TRY(json_need_list(c, o, "paper_sha256", &list));
	JSON_EACH(at, list)
		if (at->type != JSON_TEXT || !hex_ok(at->s, 32))
			FAIL(c, ERR_FORMAT, "'paper_sha256' must be a list of SHA-256 hashes");
	return ERR_OK;
}

static enum err text_or_null(struct ctx *c, const struct json *o, const char *key)
{
	const struct json *at = json_get(o, key);

	if (!at || (at->type != JSON_TEXT && at->type != JSON_NULL))
		FAIL(c, ERR_FORMAT, "'%s' must be a text or null", key);
	return ERR_OK;
}

static enum err instant_check(struct ctx *c, const struct json *o, const char *key, int64_t open,
			      int64_t *out)
{
	const struct json *at = json_get(o, key);

	if (!at || (at->type != JSON_INT && at->type != JSON_NULL))
		FAIL(c, ERR_FORMAT, "'%s' must be UTC seconds or null", key);
	*out = at->type == JSON_INT ? at->i : open;
	return ERR_OK;
}

static enum err one_of(struct ctx *c, const struct json *o, const char *key,
		       const char *const *words, size_t count)
{
	struct span s;

	TRY(json_need_text(c, o, key, &s));
	for (size_t i = 0; i < count; i++)
		if (span_is(s, words[i]))
			return ERR_OK;
	FAIL(c, ERR_FORMAT, "'%s' has a value that is not known", key);
}

static enum err line_check(struct ctx *c, const struct json *line)
{
	static const char *const meanings[] = { "delivery", "header", "received" };
	static const char *const undated[] = { "list", "deliver" };
	int64_t from, until;
	struct span id;

	TRY(json_only(c, line,
		      "id category target_kind target stores folders date_meaning zone from_words "
		      "until_words "
		      "from until undated"));
	TRY(json_need_text(c, line, "id", &id));
	if (id.n == 0 || id.n > 64)
		FAIL(c, ERR_FORMAT, "the 'id' of a line has 1 to 64 bytes");
	TRY(json_need_text(c, line, "category", &id));
	TRY(json_need_text(c, line, "target_kind", &id));
	TRY(json_need_text(c, line, "target", &id));
	TRY(texts_check(c, line, "stores"));
	TRY(texts_check(c, line, "folders"));
	TRY(one_of(c, line, "date_meaning", meanings, COUNT_OF(meanings)));
	TRY(text_or_null(c, line, "zone"));
	TRY(text_or_null(c, line, "from_words"));
	TRY(text_or_null(c, line, "until_words"));
	TRY(instant_check(c, line, "from", INT64_MIN, &from));
	TRY(instant_check(c, line, "until", INT64_MAX, &until));
	if (from > until)
		FAIL(c, ERR_FORMAT, "a line ends before it begins");
	return one_of(c, line, "undated", undated, COUNT_OF(undated));
}

static enum err lines_check(struct ctx *c, const struct json *j)
{
	const struct json *lines;
	size_t n = 0;

	TRY(json_need_list(c, j, "lines", &lines));
	JSON_EACH(line, lines) {
		if (++n > SCOPE_LINES_MAX)
			FAIL(c, ERR_LIMIT, "a scope has at most %u lines", SCOPE_LINES_MAX);
		TRY(line_check(c, line));
		for (const struct json *at = lines->first; at != line; at = at->next)
			if (json_equal(json_get(at, "id"), json_get(line, "id")))
				FAIL(c, ERR_FORMAT, "two lines have the same id");
	}
	if (n == 0)
		FAIL(c, ERR_FORMAT, "a scope without lines asks for nothing");
	return ERR_OK;
}

/* What scope and decision have in common. */
static enum err decided_check(struct ctx *c, const struct json *j)
{
	struct span s;
	int64_t utc;

	TRY(json_need_text(c, j, "good_until", &s));
	if (!time_parse_utc(s, &utc))
		FAIL(c, ERR_FORMAT, "its good_until is no time like 2026-11-22T10:00:00Z");
	TRY(papers_check(c, j));
	TRY(json_need_text(c, j, "agency", &s));
	TRY(texts_check(c, j, "reasons"));
	TRY(hash_check(c, j, "judgement_sha256", true));
	return texts_check(c, j, "overrules");
}

static enum err order_check(struct ctx *c, const struct json *j)
{
	struct span ref;

	TRY(json_need_text(c, j, "order", &ref));
	if (!ref_ok(ref))
		FAIL(c, ERR_FORMAT, "its order is no reference");
	return ERR_OK;
}

static enum err scope_check(struct ctx *c, const struct json *j)
{
	static const char *const decisions[] = { "comply", "narrow" };

	TRY(json_only(c, j,
		      "version kind made_at order good_until paper_sha256 agency decision reasons "
		      "judgement_sha256 overrules lines"));
	TRY(order_check(c, j));
	TRY(decided_check(c, j));
	TRY(one_of(c, j, "decision", decisions, COUNT_OF(decisions)));
	return lines_check(c, j);
}

static enum err decision_check(struct ctx *c, const struct json *j)
{
	static const char *const decisions[] = { "refuse", "ask", "redirect" };

	TRY(json_only(c, j,
		      "version kind made_at order good_until paper_sha256 agency decision reasons "
		      "judgement_sha256 overrules"));
	TRY(order_check(c, j));
	TRY(decided_check(c, j));
	return one_of(c, j, "decision", decisions, COUNT_OF(decisions));
}

static enum err ending_check(struct ctx *c, const struct json *j)
{
	struct span because;

	TRY(json_only(c, j, "version kind made_at order because"));
	TRY(order_check(c, j));
	return json_need_text(c, j, "because", &because);
}

static enum err halting_check(struct ctx *c, const struct json *j)
{
	struct span because;
	int64_t epoch;

	TRY(json_only(c, j, "version kind made_at halt_epoch because"));
	TRY(json_need_int(c, j, "halt_epoch", &epoch));
	return json_need_text(c, j, "because", &because);
}

static enum err roster_check(struct ctx *c, const struct json *j)
{
	const struct json *row;
	struct span action;
	int64_t version;

	TRY(json_only(c, j, "version kind made_at action roster_version row"));
	TRY(json_need_text(c, j, "action", &action));
	TRY(json_need_int(c, j, "roster_version", &version));
	return json_need_object(c, j, "row", &row);
}

enum err document_check(struct ctx *c, const struct json *j, struct span kind)
{
	static const struct {
		const char *kind;
		enum err (*check)(struct ctx *c, const struct json *j);
	} forms[] = {
		{ "scope", scope_check },    { "decision", decision_check },
		{ "roster", roster_check },  { "void", ending_check },
		{ "destroy", ending_check }, { "halt", halting_check },
		{ "resume", halting_check },
	};

	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (span_is(kind, forms[i].kind))
			return forms[i].check(c, j);
	FAIL(c, ERR_FORMAT, "its kind is not one that people sign");
}
