/*
 * Counsel's decision: the document that is signed, and taking it in. What the document says is
 * checked against the order whoever wrote it; the seal checks the signature again by itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "crypt/sshsig.h"
#include "format/time.h"
#include "order/3_judge/judge.h"
#include "order/letter.h"

#define DOCUMENT_MAX ((size_t)1 << 20)

static const struct {
	const char *word, *letter;
} decisions[DECISIONS] = {
	[DECIDE_COMPLY] = { "comply", NULL },
	[DECIDE_NARROW] = { "narrow", "narrowing" },
	[DECIDE_REFUSE] = { "refuse", "refusal" },
	[DECIDE_ASK] = { "ask", "clarification" },
	[DECIDE_REDIRECT] = { "redirect", "redirect" },
};

const char *decision_word(enum decision d)
{
	return decisions[d].word;
}

bool decision_parse(struct span word, enum decision *out)
{
	for (int i = 0; i < DECISIONS; i++)
		if (span_is(word, decisions[i].word)) {
			*out = (enum decision)i;
			return true;
		}
	return false;
}

static enum err check_reasons(struct ctx *c, enum decision d, const struct json *reasons)
{
	JSON_EACH(code, reasons)
		if (!reason_known(code->s)) {
			err_next(c, "'writ help reasons' lists the codes");
			FAIL(c, ERR_USAGE, "'%.*s' is no reason code", SPAN_ARG(code->s));
		}
	if (d != DECIDE_COMPLY && json_count(reasons) == 0) {
		err_next(c, "add --reason CODE ('writ help reasons' lists them)");
		FAIL(c, ERR_USAGE, "'%s' needs at least one reason", decisions[d].word);
	}
	return ERR_OK;
}

/* comply takes every line; narrow takes those named, or those that counsel has edited. */
static enum err chosen_lines(struct ctx *c, const struct order *o, const struct decision_asked *a,
			     struct json **out)
{
	struct json *lines, *open, *chosen = json_list(c), *copy;
	const struct json *from;

	TRY(scope_compile(c, o, &lines, &open));
	from = a->edited ? a->edited : lines;
	if (!a->edited && open->first &&
	    (!a->lines || json_has_text(a->lines, json_opt_text(open->first, "id", SPAN_NONE)))) {
		err_next(c,
			 "writ scope %.*s --edit FILE, write the dates, then decide narrow --scope "
			 "FILE",
			 SPAN_ARG(o->ref));
		FAIL(c, ERR_STATE, "line %.*s: the order states no dates, so counsel must",
		     SPAN_ARG(json_opt_text(open->first, "id", SPAN_NONE)));
	}
	JSON_EACH(line, from) {
		if (a->lines && !json_has_text(a->lines, json_opt_text(line, "id", SPAN_NONE)))
			continue;
		TRY(a->edited ? scope_line_edited(c, o, line, &copy) : json_clone(c, line, &copy));
		if (a->undated_deliver)
			json_set_str(c, copy, "undated", "deliver");
		json_add(c, chosen, copy);
	}
	if (!chosen->first)
		FAIL(c, ERR_USAGE, "no line is left: that is a refusal");
	if (a->decision == DECIDE_COMPLY &&
	    json_count(chosen) != json_count(json_get(json_get(o->received, "facts"), "demands")))
		FAIL(c, ERR_USAGE,
		     "to comply is to take every line; with fewer it is 'narrow', with a reason");
	*out = chosen;
	return ERR_OK;
}

static enum err set_deadline(struct ctx *c, struct session *s, struct json *document)
{
	const struct json *state;
	struct span hours_text, made, until;
	int64_t hours, now_utc = c->seam->now_ms() / 1000;

	TRY(seal_state(c, s, false, &state));
	hours_text = json_opt_text(json_get(state, "policy"), "scope_hours", SPAN("72"));
	if (!span_to_i64(hours_text, &hours))
		hours = 72;
	TRY(time_span(c, now_utc, &made));
	TRY(time_span(c, now_utc + hours * 3600, &until));
	json_set_text(c, document, "made_at", made);
	json_set_text(c, document, "good_until", until);
	return ERR_OK;
}

static enum err common(struct ctx *c, struct session *s, const struct order *o, const char *kind,
		       const char *decision, const struct json *reasons, struct json **out)
{
	struct json *d = json_object(c), *papers = json_list(c), *copy;

	json_set_int(c, d, "version", 1);
	json_set_str(c, d, "kind", kind);
	json_set_text(c, d, "order", o->ref);
	TRY(set_deadline(c, s, d));
	JSON_EACH(paper, json_get(o->received, "papers"))
		json_add(c, papers, json_text(c, json_opt_text(paper, "sha256", SPAN_NONE)));
	json_set(c, d, "paper_sha256", papers);
	json_set_text(c, d, "agency",
		      json_opt_text(o->authenticated, "agency",
				    json_opt_text(o->received, "agency", SPAN_NONE)));
	json_set_str(c, d, "decision", decision);
	TRY(reasons ? json_clone(c, reasons, &copy) : ERR_OK);
	json_set(c, d, "reasons", reasons ? copy : json_list(c));
	json_set(c, d, "judgement_sha256", NULL);
	json_set(c, d, "overrules", json_list(c));
	*out = d;
	return ERR_OK;
}

enum err decision_document(struct ctx *c, struct session *s, const struct order *o,
			   const struct decision_asked *a, struct span *document_out,
			   const char **kind_out)
{
	bool scope = decision_has_scope(a->decision);
	struct json *d, *lines = NULL;

	TRY(order_permit(c, s, o, ACT_DECIDED));
	TRY(check_reasons(c, a->decision, a->reasons));
	*kind_out = scope ? "scope" : "decision";
	TRY(common(c, s, o, *kind_out, decisions[a->decision].word, a->reasons, &d));
	if (scope) {
		TRY(order_need_verified(c, o));
		TRY(chosen_lines(c, o, a, &lines));
		JSON_EACH(line, lines)
			TRY(scope_line_within(c, o, line));
		json_set(c, d, "lines", lines);
	}
	return json_write(c, d, DOCUMENT_MAX, document_out);
}

enum err count_document(struct ctx *c, struct session *s, const struct order *o,
			struct span *document_out)
{
	struct json *d, *lines = NULL, *open = NULL;

	TRY(scope_compile(c, o, &lines, &open));
	TRY(common(c, s, o, "scope", "comply", NULL, &d));
	json_set(c, d, "lines", lines);
	return json_write(c, d, DOCUMENT_MAX, document_out);
}

/* Who signed, by the roster; the seal will check again. */
static enum err signer_of(struct ctx *c, struct session *s, const char *kind, struct span document,
			  struct span signature, struct span *name_out)
{
	const struct json *row;
	struct sshsig sig;
	struct span key, name_space;
	char *space;

	TRY(span_fmt(c, &name_space, "writ-%s@v1", kind));
	TRY(span_cstr(c, name_space, &space));
	TRY(sshsig_verify(c, signature, space, document, &sig));
	TRY(ssh_key_line(c, &sig.key, &key));
	TRY(roster_person_of_key(c, s, key, &row));
	if (!row)
		FAIL(c, ERR_DENIED, "the key that signed is not rostered");
	if (!roster_may(row, "decide"))
		FAIL(c, ERR_DENIED, "%.*s may not decide",
		     SPAN_ARG(json_opt_text(row, "name", SPAN_NONE)));
	*name_out = json_opt_text(row, "name", SPAN_NONE);
	return ERR_OK;
}

static enum err check_document(struct ctx *c, const struct order *o, const struct json *d,
			       enum decision *out)
{
	struct span until = json_opt_text(d, "good_until", SPAN_NONE);
	int64_t until_utc;

	if (!decision_parse(json_opt_text(d, "decision", SPAN_NONE), out))
		FAIL(c, ERR_FORMAT, "the document decides nothing that writ knows");
	if (!span_is(json_opt_text(d, "kind", SPAN_NONE),
		     decision_has_scope(*out) ? "scope" : "decision"))
		FAIL(c, ERR_FORMAT, "the document's kind and its decision do not go together");
	if (!span_eq(json_opt_text(d, "order", SPAN_NONE), o->ref))
		FAIL(c, ERR_DENIED, "the document is about order %.*s",
		     SPAN_ARG(json_opt_text(d, "order", SPAN_NONE)));
	if (!time_parse(until, &until_utc) || until_utc <= c->seam->now_ms() / 1000) {
		err_next(
			c,
			"decide again: the time that a scope stays good is a policy (scope_hours)");
		FAIL(c, ERR_STATE, "the document was good until %.*s", SPAN_ARG(until));
	}
	TRY(check_reasons(c, *out, json_get(d, "reasons")));
	if (!decision_has_scope(*out))
		return ERR_OK;
	TRY(order_need_verified(c, o));
	JSON_EACH(line, json_get(d, "lines"))
		TRY(scope_line_within(c, o, line));
	return ERR_OK;
}

static enum err destroy_keys(struct ctx *c, struct session *s, struct order *o,
			     struct span document, struct span signature)
{
	struct json *request = json_object(c), *signatures = json_list(c), *body = json_object(c),
		    *copy;
	const struct json *answer;
	struct span place;

	json_set_str(c, request, "request", "destroy");
	json_set_text(c, request, "document", document);
	json_add(c, signatures, json_text(c, signature));
	json_set(c, request, "signatures", signatures);
	json_set(c, request, "ticket", NULL);
	TRY(order_place(c, o, &place));
	TRY(seal_ask(c, s, request, place, &answer));
	if (json_count(json_get(answer, "tickets")) == 0)
		return ERR_OK;
	TRY(json_clone(c, json_get(answer, "tickets"), &copy));
	json_set(c, body, "tickets", copy);
	json_set_str(c, body, "because", "refused");
	return order_append(c, s, o, ACT_DESTROYED, body);
}

enum err decision_take(struct ctx *c, struct session *s, struct order *o, struct span document,
		       struct span signature)
{
	struct json *body = json_object(c), *d;
	struct letter_slot reasons = { "reasons", SPAN_NONE };
	enum decision decision;
	struct span name;

	TRY(json_parse_canonical(c, document, &d));
	TRY(order_permit(c, s, o, ACT_DECIDED));
	TRY(check_document(c, o, d, &decision));
	TRY(signer_of(c, s, decision_has_scope(decision) ? "scope" : "decision", document,
		      signature, &name));
	json_set_str(c, body, "decision", decisions[decision].word);
	json_set_text(c, body, "document", document);
	json_set_text(c, body, "signature", signature);
	json_set_text(c, body, "name", name);
	TRY(order_append(c, s, o, ACT_DECIDED, body));
	seam_crash_point(CRASH_DECIDE_AFTER_ACT);
	if (!decisions[decision].letter)
		return ERR_OK;
	TRY(letter_reasons(c, json_get(d, "reasons"), &reasons.value));
	TRY(letter_send(c, s, o, decisions[decision].letter, &reasons, 1));
	seam_crash_point(CRASH_DECIDE_AFTER_LETTER);
	return decision == DECIDE_REFUSE ? destroy_keys(c, s, o, document, signature) : ERR_OK;
}
