/*
 * Information on the impossibility to execute an EPOC or EPOC-PR, the form of Annex III of
 * Regulation (EU) 2023/1543, filled from the judgement; see told.h. It says what the judgement and
 * the order say, and nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/3_judge/told.h"
#include "order/letter.h"

static struct span instrument(const struct told *t)
{
	return json_opt_text(json_get(json_get(t->body, "facts"), "instrument"), "kind", SPAN_NONE);
}

bool told_wants_form(const struct told *t)
{
	bool for_them = false;

	JSON_EACH(code, t->codes)
		for_them |= !reason_is_ours(code->s);
	return t->law && t->decision != DECIDE_COMPLY && for_them &&
	       (span_is(instrument(t), "EPOC") || span_is(instrument(t), "EPOC_PR"));
}

static bool is_conflict(struct span code)
{
	return span_is(code, "TERR-CONFLICT") || span_is(code, "TERR-BLOCKING-LAW") ||
	       span_is(code, "TERR-ART48");
}

/* The grounds that the form knows. */
static const char *ground_of(struct span code)
{
	static const struct {
		const char *begins, *ground;
	} grounds[] = {
		{ "FACT-UNKNOWN(", "Not enough information" },
		{ "PART-NO-", "Not enough information" },
		{ "INST-UNSIGNED", "Incomplete" },
		{ "INST-NO-CERTIFICATE", "Incomplete" },
		{ "ISS-NO-VALIDATION", "Incomplete" },
		{ "SERV-LANGUAGE", "Incomplete" },
		{ "PRIV-", "Immunity or privilege, or freedom of the press" },
		{ "CAT-SECRET", "Impossible in fact" },
		{ "PART-PROSPECTIVE", "Impossible in fact" },
		{ "RT-OUT-OF-SCOPE", "Impossible in fact" },
		{ "ISS-", "Manifest error" },
		{ "INST-", "Manifest error" },
		{ "CAT-", "Manifest error" },
		{ "THR-", "Manifest error" },
		{ "PART-", "Manifest error" },
		{ "SERV-", "Manifest error" },
	};

	if (is_conflict(code))
		return "Conflicting obligation";
	for (size_t i = 0; i < COUNT_OF(grounds); i++)
		if (span_starts(code, grounds[i].begins))
			return grounds[i].ground;
	return "Other reason";
}

/* "CODE: words. Law: source.", after the ground where there is one. */
static enum err put_reason(const struct told *t, const char *ground, struct span code,
			   unsigned indent, struct buf *b)
{
	struct span words, sources, text;

	TRY(letter_reason(t->c, code, &words));
	TRY(told_sources(t, code, &sources));
	TRY(span_fmt(t->c, &text, "%s%s%.*s: %.*s.%s%.*s%s", ground, *ground ? ". " : "",
		     SPAN_ARG(code), SPAN_ARG(words), sources.n ? " Law: " : "", SPAN_ARG(sources),
		     sources.n && !span_ends(sources, ".") ? "." : ""));
	letter_put(b, indent, text);
	return ERR_OK;
}

static bool same_reasons(const struct told *t, const struct json *a, const struct json *b)
{
	JSON_EACH(code, t->codes)
		if (told_line_has(t, a, code->s) != told_line_has(t, b, code->s))
			return false;
	return true;
}

static struct span id_of(const struct json *line)
{
	return json_opt_text(line, "id", SPAN_NONE);
}

static enum err put_line(const struct told *t, const struct json *line, struct json *told,
			 struct buf *b)
{
	const struct json *earlier = json_get(t->judged, "demands")->first;
	struct span what, text;

	TRY(told_demand(t, id_of(line), &what));
	TRY(span_fmt(t->c, &text, "%.*s: %.*s", SPAN_ARG(id_of(line)), SPAN_ARG(what)));
	letter_put(b, LETTER_ITEM, text);
	while (earlier != line && !same_reasons(t, earlier, line))
		earlier = earlier->next;
	if (earlier != line) {
		TRY(span_fmt(t->c, &text, "As for %.*s.", SPAN_ARG(id_of(earlier))));
		letter_put(b, LETTER_PART, text);
		return ERR_OK;
	}
	JSON_EACH(code, t->codes) {
		if (!told_line_has(t, line, code->s))
			continue;
		TRY(put_reason(t, ground_of(code->s), code->s, LETTER_PART, b));
		json_add(t->c, told, json_text(t->c, code->s));
	}
	return ERR_OK;
}

/* D: for each identifier; then what counsel found beside the judgement. */
static enum err reasons(const struct told *t, struct span *out)
{
	struct json *told = json_list(t->c);
	bool headed = false;
	struct buf b;

	buf_begin(&b, t->c, LETTER_MAX);
	JSON_EACH(line, json_get(t->judged, "demands")) {
		bool any = false;

		JSON_EACH(code, t->codes)
			any |= told_line_has(t, line, code->s);
		if (any)
			TRY(put_line(t, line, told, &b));
	}
	JSON_EACH(code, t->codes) {
		if (json_has_text(told, code->s))
			continue;
		if (!headed)
			letter_put(&b, LETTER_ITEM, SPAN("The order as a whole"));
		headed = true;
		TRY(put_reason(t, ground_of(code->s), code->s, LETTER_PART, &b));
	}
	return buf_done(t->c, &b, out);
}

/* E: obligations under the law of a third country. */
static enum err conflicts(const struct told *t, struct span *out)
{
	struct span until = SPAN_NONE, text;
	struct buf b;

	buf_begin(&b, t->c, LETTER_MAX);
	JSON_EACH(code, t->codes)
		if (is_conflict(code->s))
			TRY(put_reason(t, "", code->s, LETTER_ITEM, &b));
	if (!b.n)
		return span_fmt(t->c, out, "No conflicting obligation is claimed.");
	JSON_EACH(watch, json_get(t->judged, "watch"))
		if (span_is(json_opt_text(watch, "what", SPAN_NONE), "OBJECTION_ART17"))
			until = json_opt_text(watch, "by", SPAN_NONE);
	if (until.n) {
		TRY(letter_date(t->c, until, &until));
		TRY(span_fmt(
			t->c, &text,
			"The reasoned objection (art. 17) goes to the issuing authority and to "
			"the enforcing authority until %.*s.",
			SPAN_ARG(until)));
		letter_put(&b, LETTER_ITEM, text);
	}
	return buf_done(t->c, &b, out);
}

/* F: what would let us execute it. */
static enum err needed(const struct told *t, struct span *out)
{
	struct span cure, words, text;
	struct buf b;
	int n = 0;

	buf_begin(&b, t->c, LETTER_MAX);
	JSON_EACH(code, t->codes) {
		TRY(letter_reason(t->c, code->s, &words));
		TRY(told_cure(t, code->s, &cure));
		TRY(span_fmt(t->c, &text, "%d. %.*s: %.*s.", ++n, SPAN_ARG(code->s),
			     SPAN_ARG(words)));
		letter_put(&b, LETTER_ITEM, text);
		TRY(span_fmt(t->c, &text, "What would cure it: %.*s%s", SPAN_ARG(cure),
			     span_ends(cure, ".") ? "" : "."));
		letter_put(&b, LETTER_PART, text);
	}
	return buf_done(t->c, &b, out);
}

/* G: what of the data is kept. */
static enum err kept(const struct told *t, struct span *out)
{
	struct span on_file = json_opt_text(t->o->preserved, "until", SPAN_NONE), due, text;
	struct buf b;

	buf_begin(&b, t->c, LETTER_MAX);
	if (t->decision == DECIDE_REFUSE)
		letter_put(&b, LETTER_ITEM, SPAN("No copy of the data is kept for this order."));
	else if (!on_file.n)
		letter_put(&b, LETTER_ITEM, SPAN("No preservation is on file for this order."));
	if (on_file.n) {
		TRY(letter_date(t->c, on_file, &due));
		TRY(span_fmt(t->c, &text,
			     "A preservation is on file until the end of %.*s.", SPAN_ARG(due)));
		letter_put(&b, LETTER_ITEM, text);
	}
	due = json_opt_text(t->judged, "preserve_until", SPAN_NONE);
	if (due.n) {
		TRY(letter_date(t->c, due, &due));
		TRY(span_fmt(t->c, &text, "The time for which the law has data preserved ends with "
			     "%.*s.", SPAN_ARG(due)));
		letter_put(&b, LETTER_ITEM, text);
	}
	return buf_done(t->c, &b, out);
}

static bool is_stated(struct span value)
{
	return value.n && !span_is(value, "NONE") && !span_is(value, "unknown");
}

/* H: who answers. */
static enum err identity(const struct told *t, struct span *out)
{
	const struct json *provider = json_get(json_get(t->body, "facts"), "provider");
	struct span addressee = json_opt_text(provider, "eu_addressee", SPAN_NONE),
		    in = json_opt_text(provider, "eu_addressee_in", SPAN_NONE), text;
	struct buf b;

	buf_begin(&b, t->c, LETTER_MAX);
	TRY(span_fmt(t->c, &text, "Service provider: %.*s",
		     SPAN_ARG(json_opt_text(provider, "legal_entity", SPAN("unknown")))));
	letter_put(&b, LETTER_ITEM, text);
	if (is_stated(addressee)) {
		TRY(span_fmt(t->c, &text, "Addressee in the Union: %.*s%s%.*s",
			     SPAN_ARG(addressee), is_stated(in) ? ", " : "",
			     SPAN_ARG(is_stated(in) ? in : SPAN_NONE)));
		letter_put(&b, LETTER_ITEM, text);
	}
	return buf_done(t->c, &b, out);
}

enum err told_form(const struct told *t, struct letter_slot *slots, size_t *count_out)
{
	const struct json *of = json_get(json_get(t->body, "facts"), "instrument");
	size_t n = 0;

	slots[n++] = (struct letter_slot){
		"certificate", span_is(instrument(t), "EPOC")
				       ? SPAN("European Production Order Certificate (EPOC)")
				       : SPAN("European Preservation Order Certificate (EPOC-PR)")
	};
	slots[n++] = (struct letter_slot){ "issued", SPAN_NONE };
	if (json_opt_text(of, "issued_on", SPAN_NONE).n)
		TRY(letter_date(t->c, json_opt_text(of, "issued_on", SPAN_NONE),
				&slots[n - 1].value));
	slots[n].name = "d";
	TRY(reasons(t, &slots[n++].value));
	slots[n].name = "e";
	TRY(conflicts(t, &slots[n++].value));
	slots[n].name = "f";
	TRY(needed(t, &slots[n++].value));
	slots[n].name = "g";
	TRY(kept(t, &slots[n++].value));
	slots[n].name = "h";
	TRY(identity(t, &slots[n++].value));
	*count_out = n;
	return ERR_OK;
}
