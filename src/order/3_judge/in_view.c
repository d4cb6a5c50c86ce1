/*
 * Counsel's document and the judgement; see in_view.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/3_judge/in_view.h"

#include "order/letter.h"

static bool is(const struct json *judged, const char *verdict)
{
	return span_is(json_opt_text(judged, "verdict", SPAN_NONE), verdict);
}

static const struct json *judged_lines(const struct json *body)
{
	return json_get(json_get(body, "decision"), "demands");
}

/* The state of our packs is no business of the authority's, and no reason for it. */
static bool is_ours(struct span code)
{
	return span_starts(code, "PACK-");
}

static void add_once(struct ctx *c, struct json *list, struct span code)
{
	if (!json_has_text(list, code))
		json_add(c, list, json_text(c, code));
}

/* ---- for the document ---- */

enum err in_view_sufficient(struct ctx *c, const struct order *o, const struct json **ids_out)
{
	struct json *ids = json_list(c);
	bool bad = false;

	JSON_EACH(line, judged_lines(o->judged)) {
		if (is(line, "INSUFFICIENT"))
			bad = true;
		else
			json_add(c, ids, json_text(c, json_opt_text(line, "id", SPAN_NONE)));
	}
	*ids_out = bad ? ids : NULL;
	if (!bad || ids->first)
		return ERR_OK;
	err_next(c, "writ decide %.*s refuse; or name with --line what is to be overruled",
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_USAGE, "the rule packs call every line INSUFFICIENT: that is a refusal");
}

/* Which reasons of a judged line stand for a decision that does not answer it. */
static bool speaks_for(enum decision d, const struct json *line, struct span code)
{
	if (is_ours(code) || is(line, "SUFFICIENT"))
		return false;
	if (d == DECIDE_REDIRECT)
		return span_starts(code, "BIZ-");
	return d == DECIDE_ASK || is(line, "INSUFFICIENT");
}

static void add_reasons(struct ctx *c, enum decision d, const struct json *line,
			struct json *reasons)
{
	JSON_EACH(code, json_get(line, "reasons"))
		if (speaks_for(d, line, code->s))
			add_once(c, reasons, code->s);
}

enum err in_view_reasons(struct ctx *c, const struct order *o, enum decision decision,
		      const struct json *lines, const struct json *own, struct json **out)
{
	bool any = own && own->first;

	*out = json_list(c);
	JSON_EACH(code, own)
		add_once(c, *out, code->s);
	if (decision == DECIDE_COMPLY || (any && decision != DECIDE_NARROW))
		return ERR_OK;
	JSON_EACH(line, judged_lines(o->judged))
		if (!json_with_id(lines, json_opt_text(line, "id", SPAN_NONE)))
			add_reasons(c, decision, line, *out);
	return ERR_OK;
}

enum err in_view_put(struct ctx *c, const struct order *o, struct json *document)
{
	struct json *overrules = json_list(c);

	JSON_EACH(line, json_get(document, "lines")) {
		struct span id = json_opt_text(line, "id", SPAN_NONE);

		if (is(json_with_id(judged_lines(o->judged), id), "INSUFFICIENT"))
			json_add(c, overrules, json_text(c, id));
	}
	json_set(c, document, "overrules", overrules);
	json_set(c, document, "judgement_sha256",
		 o->judged ? json_text(c, json_opt_text(o->judged, "decision_sha256", SPAN_NONE))
			   : NULL);
	return ERR_OK;
}

/* ---- may it be collected? ---- */

static bool names_one(const struct json *reasons, const struct json *of)
{
	JSON_EACH(code, of)
		if (json_has_text(reasons, code->s))
			return true;
	return !of || !of->first;
}

static enum err codes_of(struct ctx *c, const struct json *line, struct span *out)
{
	struct buf b;

	buf_begin(&b, c, LETTER_MAX);
	JSON_EACH(code, json_get(line, "reasons"))
		buf_fmt(&b, "%s%.*s", b.n ? " " : "", SPAN_ARG(code->s));
	return buf_done(c, &b, out);
}

static enum err need_answer(struct ctx *c, const struct order *o, const struct json *line,
			    const struct json *reasons)
{
	const struct json *codes = json_get(line, "reasons");
	struct span text;

	if (is(line, "SUFFICIENT"))
		return ERR_OK;
	if (json_has_text(codes, SPAN("TERR-CONFLICT")) &&
	    !json_has_text(reasons, SPAN("TERR-CONFLICT"))) {
		err_next(c, "counsel decides with --reason TERR-CONFLICT that the answer is lawful "
			    "all the same, or not at all");
		FAIL(c, ERR_DENIED, "line %.*s of %.*s: another law is said to forbid the answer",
		     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), SPAN_ARG(o->ref));
	}
	if (names_one(reasons, codes))
		return ERR_OK;
	TRY(codes_of(c, line, &text));
	err_next(c, "name with --reason what is decided over, or leave the line out: writ decide "
		    "%.*s narrow --line ID", SPAN_ARG(o->ref));
	FAIL(c, ERR_DENIED, "the rule packs call line %.*s %.*s: %.*s",
	     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)),
	     SPAN_ARG(json_opt_text(line, "verdict", SPAN_NONE)), SPAN_ARG(text));
}

enum err in_view_allows(struct ctx *c, const struct order *o, const struct json *lines,
		     const struct json *overrules, const struct json *reasons)
{
	const struct json *decision = json_get(o->judged, "decision");

	if (!decision)
		return ERR_OK;
	if (o->judged_stale) {
		err_next(c, "writ judge %.*s", SPAN_ARG(o->ref));
		FAIL(c, ERR_STATE, "facts of %.*s have changed since it was judged",
		     SPAN_ARG(o->ref));
	}
	JSON_EACH(line, lines) {
		struct span id = json_opt_text(line, "id", SPAN_NONE);
		const struct json *judged = json_with_id(json_get(decision, "demands"), id);

		if (!judged) {
			err_next(c, "writ judge %.*s", SPAN_ARG(o->ref));
			FAIL(c, ERR_DENIED, "the judgement of %.*s says nothing of line %.*s",
			     SPAN_ARG(o->ref), SPAN_ARG(id));
		}
		TRY(need_answer(c, o, judged, reasons));
		if (is(judged, "INSUFFICIENT") && !json_has_text(overrules, id)) {
			err_next(c, "counsel decides again: writ decide %.*s ...",
				 SPAN_ARG(o->ref));
			FAIL(c, ERR_DENIED,
			     "the rule packs call line %.*s INSUFFICIENT, and nobody overruled "
			     "them", SPAN_ARG(id));
		}
	}
	if (!span_is(json_opt_text(decision, "redirect", SPAN_NONE), "REQUIRE") ||
	    json_has_text(reasons, SPAN("BIZ-REDIRECT")) ||
	    json_has_text(reasons, SPAN("BIZ-PROCESSOR")))
		return ERR_OK;
	err_next(c, "writ decide %.*s redirect; or decide with --reason BIZ-REDIRECT that it need "
		    "not be asked", SPAN_ARG(o->ref));
	FAIL(c, ERR_DENIED, "the law wants the business asked before %.*s is answered",
	     SPAN_ARG(o->ref));
}

/* ---- for the authority ---- */

const struct json *in_view_judged(const struct order *o, const struct json *document)
{
	struct span sha256 = json_opt_text(document, "judgement_sha256", SPAN_NONE);
	const struct json *found = NULL;

	if (!sha256.n)
		return NULL;
	JSON_EACH(act, o->acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_JUDGED)) &&
		    span_eq(json_opt_text(json_get(act, "body"), "decision_sha256", SPAN_NONE),
			    sha256))
			found = json_get(act, "body");
	return found;
}

/* Does a code stand on a judged line that is answered, or on one that is not? */
static bool stands_on(const struct json *judged, const struct json *lines, struct span code,
		      bool answered)
{
	JSON_EACH(line, judged)
		if ((json_with_id(lines, json_opt_text(line, "id", SPAN_NONE)) != NULL) ==
			    answered &&
		    json_has_text(json_get(line, "reasons"), code))
			return true;
	return false;
}

enum err in_view_outward(struct ctx *c, const struct order *o, const struct json *document,
		      struct json **out)
{
	const struct json *judged = judged_lines(in_view_judged(o, document));
	const struct json *lines = json_get(document, "lines");

	*out = json_list(c);
	JSON_EACH(code, json_get(document, "reasons")) {
		bool counsels = lines && stands_on(judged, lines, code->s, true) &&
				!stands_on(judged, lines, code->s, false);

		/* What only the provider can know is no question to the authority. */
		if (!judged || (!counsels && !reason_is_ours(code->s)))
			add_once(c, *out, code->s);
	}
	if ((*out)->first)
		return ERR_OK;
	return json_clone(c, json_get(document, "reasons"), out);
}

enum err in_view_left_out(struct ctx *c, const struct order *o, const struct json *document,
		       struct span id, struct json **out)
{
	const struct json *line = json_with_id(judged_lines(in_view_judged(o, document)), id);

	*out = json_list(c);
	if (is(line, "INSUFFICIENT"))
		add_reasons(c, DECIDE_NARROW, line, *out);
	return (*out)->first ? ERR_OK : in_view_outward(c, o, document, out);
}
