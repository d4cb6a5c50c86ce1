/*
 * Counsel's decision: the document that is signed, and taking it in. What the document says is
 * checked against the order whoever wrote it; the seal checks the signature again by itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "format/time.h"
#include "order/3_judge/in_view.h"
#include "order/3_judge/told.h"
#include "order/letter.h"
#include "order/vault.h"

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
		err_next(c, "choose one: at the desk under 'Further reasons', else with --reason "
			    "CODE ('writ help reasons' lists them)");
		FAIL(c, ERR_USAGE, "'%s' needs at least one reason", decisions[d].word);
	}
	return ERR_OK;
}

static const struct json *demands_of(const struct order *o)
{
	return json_get(json_get(o->received, "facts"), "demands");
}

/* Lines whose dates the order does not state are counsel's to write; none is left out in silence.
 */
static enum err check_open(struct ctx *c, const struct order *o, const struct json *open,
			   const struct json *chosen_ids)
{
	JSON_EACH(line, open) {
		struct span id = json_opt_text(line, "id", SPAN_NONE);
		struct span problem = json_opt_text(line, "problem", SPAN_NONE);

		if (chosen_ids && !json_has_text(chosen_ids, id))
			continue;
		if (problem.n) {
			err_next(c, "ask the authority for a correction, or decide narrow and name "
				    "the other lines with --line");
			FAIL(c, ERR_FORMAT, "%.*s", SPAN_ARG(problem));
		}
		err_next(c,
			 "writ scope %.*s --edit FILE, write the dates, then decide narrow --scope "
			 "FILE",
			 SPAN_ARG(o->ref));
		FAIL(c, ERR_STATE, "line %.*s: the order states no dates, so counsel must",
		     SPAN_ARG(id));
	}
	return ERR_OK;
}

/* What is not looked at must not be said. */
static enum err check_asked(struct ctx *c, const struct decision_asked *a)
{
	if (!decision_has_scope(a->decision) && (a->lines || a->edited || a->undated_deliver))
		FAIL(c, ERR_USAGE, "--line, --scope and --undated go with comply and narrow only");
	if (a->decision != DECIDE_NARROW && a->edited) {
		err_next(c, "writ decide REF narrow --scope FILE --reason CODE");
		FAIL(c, ERR_USAGE, "an edited scope is a narrowing: --scope goes with narrow");
	}
	return ERR_OK;
}

/* comply takes every line; narrow takes those named, or those that counsel has edited. */
static enum err chosen_lines(struct ctx *c, const struct order *o, const struct decision_asked *a,
			     struct json **out)
{
	struct json *lines, *open, *chosen = json_list(c), *copy;

	TRY(scope_compile(c, o, &lines, &open));
	if (!a->edited)
		TRY(check_open(c, o, open, a->lines));
	JSON_EACH(line, a->edited ? a->edited : lines) {
		if (a->lines && !json_has_text(a->lines, json_opt_text(line, "id", SPAN_NONE)))
			continue;
		TRY(a->edited ? scope_line_edited(c, o, line, &copy) : json_clone(c, line, &copy));
		if (a->undated_deliver)
			json_set_str(c, copy, "undated", "deliver");
		json_add(c, chosen, copy);
	}
	if (!chosen->first)
		FAIL(c, ERR_USAGE, "no line is left: that is a refusal");
	JSON_EACH(id, a->lines) {
		bool there = false;

		JSON_EACH(line, chosen)
			there |= span_eq(json_opt_text(line, "id", SPAN_NONE), id->s);
		if (!there)
			FAIL(c, ERR_USAGE, "there is no line '%.*s'", SPAN_ARG(id->s));
	}
	*out = chosen;
	return ERR_OK;
}

static bool is_end(const struct json *end)
{
	return end && (end->type == JSON_INT || end->type == JSON_NULL);
}

static enum err check_line_form(struct ctx *c, const struct json *line)
{
	struct span id = json_opt_text(line, "id", SPAN_NONE),
		    undated = json_opt_text(line, "undated", SPAN_NONE);

	TRY(json_only(c, line, "id category target_kind target stores folders date_meaning zone "
			       "from_words until_words from until undated"));
	if (!is_end(json_get(line, "from")) || !is_end(json_get(line, "until")))
		FAIL(c, ERR_FORMAT, "line %.*s: from and until are UTC seconds or null",
		     SPAN_ARG(id));
	if (!span_is(undated, "list") && !span_is(undated, "deliver"))
		FAIL(c, ERR_FORMAT, "line %.*s: undated is list or deliver", SPAN_ARG(id));
	return ERR_OK;
}

/* Each line within the order's, none twice; all of them where it says comply. */
static enum err check_lines(struct ctx *c, const struct order *o, const struct json *lines,
			    enum decision decision)
{
	if (!lines || lines->type != JSON_LIST || !lines->first)
		FAIL(c, ERR_USAGE, "no line is left: that is a refusal");
	JSON_EACH(line, lines) {
		struct span id = json_opt_text(line, "id", SPAN_NONE);

		TRY(check_line_form(c, line));
		TRY(scope_line_within(c, o, line));
		for (const struct json *at = lines->first; at != line; at = at->next)
			if (span_eq(json_opt_text(at, "id", SPAN_NONE), id))
				FAIL(c, ERR_DENIED, "line %.*s stands there twice", SPAN_ARG(id));
	}
	if (decision == DECIDE_COMPLY && json_count(lines) != json_count(demands_of(o)))
		FAIL(c, ERR_USAGE,
		     "to comply is to take every line; with fewer it is 'narrow', with a reason");
	return ERR_OK;
}

static enum err scope_hours(struct ctx *c, struct session *s, int64_t *out)
{
	const struct json *state;

	TRY(seal_state(c, s, false, &state));
	if (!span_to_i64(json_opt_text(json_get(state, "policy"), "scope_hours", SPAN("72")), out))
		*out = 72;
	return ERR_OK;
}

static enum err set_deadline(struct ctx *c, struct session *s, struct json *document)
{
	struct span made, until;
	int64_t hours, now_utc = c->seam->now_ms() / 1000;

	TRY(scope_hours(c, s, &hours));
	TRY(time_span(c, now_utc, &made));
	TRY(time_span(c, now_utc + hours * 3600, &until));
	json_set_text(c, document, "made_at", made);
	json_set_text(c, document, "good_until", until);
	return ERR_OK;
}

static struct json *papers_of(struct ctx *c, const struct order *o)
{
	struct json *papers = json_list(c);

	JSON_EACH(paper, json_get(o->received, "papers"))
		json_add(c, papers, json_text(c, json_opt_text(paper, "sha256", SPAN_NONE)));
	return papers;
}

static struct span agency_of(const struct order *o)
{
	return json_opt_text(o->authenticated, "agency",
			     json_opt_text(o->received, "agency", SPAN_NONE));
}

static enum err common(struct ctx *c, struct session *s, const struct order *o, const char *kind,
		       const char *decision, const struct json *reasons, struct json **out)
{
	struct json *d = json_object(c), *copy;

	json_set_int(c, d, "version", 1);
	json_set_str(c, d, "kind", kind);
	json_set_text(c, d, "order", o->ref);
	TRY(set_deadline(c, s, d));
	json_set(c, d, "paper_sha256", papers_of(c, o));
	json_set_text(c, d, "agency", agency_of(o));
	json_set_str(c, d, "decision", decision);
	TRY(reasons ? json_clone(c, reasons, &copy) : ERR_OK);
	json_set(c, d, "reasons", reasons ? copy : json_list(c));
	json_set(c, d, "judgement_sha256", NULL);
	json_set(c, d, "overrules", json_list(c));
	*out = d;
	return ERR_OK;
}

/* Data go to a verified sender, and once. */
static enum err need_answerable(struct ctx *c, struct session *s, const struct order *o)
{
	TRY(order_need_verified(c, o));
	TRY(order_need_written(c, o));
	return order_need_last(c, s, o);
}

enum err decision_document(struct ctx *c, struct session *s, const struct order *o,
			   const struct decision_asked *a, struct span *document_out,
			   const char **kind_out)
{
	bool scope = decision_has_scope(a->decision);
	struct json *d, *lines = NULL, *reasons;
	struct decision_asked asked = *a;

	/* A decision that was killed at its end is run again: done already, but for this. */
	TRY(vault_sweep(c, s, o));
	TRY(order_permit(c, s, o, ACT_DECIDED));
	TRY(check_asked(c, a));
	if (!o->judged)
		TRY(check_reasons(c, a->decision, a->reasons));
	if (scope)
		TRY(need_answerable(c, s, o));
	if (a->decision == DECIDE_NARROW && !a->lines && !a->edited)
		TRY(in_view_sufficient(c, o, &asked.lines));
	if (scope)
		TRY(chosen_lines(c, o, &asked, &lines));
	TRY(in_view_reasons(c, o, a->decision, lines, a->reasons, &reasons));
	TRY(check_reasons(c, a->decision, reasons));
	*kind_out = scope ? "scope" : "decision";
	TRY(common(c, s, o, *kind_out, decisions[a->decision].word, reasons, &d));
	if (scope) {
		TRY(check_lines(c, o, lines, a->decision));
		json_set(c, d, "lines", lines);
	}
	TRY(in_view_put(c, o, d));
	if (scope)
		TRY(in_view_allows(c, o, lines, json_get(d, "overrules"), a->reasons));
	return json_write(c, d, DOCUMENT_MAX, document_out);
}

enum err count_document(struct ctx *c, struct session *s, const struct order *o,
			const struct json *edited, struct span *document_out)
{
	const struct decision_asked narrowed = { .decision = DECIDE_NARROW, .edited = edited };
	struct json *d, *lines = NULL, *open = NULL;

	TRY(edited ? chosen_lines(c, o, &narrowed, &lines) : scope_compile(c, o, &lines, &open));
	if (edited)
		TRY(check_lines(c, o, lines, DECIDE_NARROW));
	TRY(common(c, s, o, "scope", "comply", NULL, &d));
	json_set(c, d, "lines", lines);
	return json_write(c, d, DOCUMENT_MAX, document_out);
}

static enum err check_times(struct ctx *c, struct session *s, const struct json *d)
{
	struct span until = json_opt_text(d, "good_until", SPAN_NONE);
	int64_t until_utc, made_utc, hours;

	TRY(scope_hours(c, s, &hours));
	if (!time_parse(until, &until_utc) || until_utc <= c->seam->now_ms() / 1000) {
		err_next(
			c,
			"decide again: the time that a scope stays good is a policy (scope_hours)");
		FAIL(c, ERR_STATE, "the document was good until %.*s", SPAN_ARG(until));
	}
	if (!time_parse(json_opt_text(d, "made_at", SPAN_NONE), &made_utc) ||
	    until_utc > made_utc + hours * 3600)
		FAIL(c, ERR_DENIED,
		     "the document is good for longer than the policy's scope_hours");
	return ERR_OK;
}

/* What is the order's and not counsel's to say. */
static enum err check_order_of(struct ctx *c, const struct order *o, const struct json *d)
{
	struct json *due = json_object(c), *lines;

	if (!span_eq(json_opt_text(d, "order", SPAN_NONE), o->ref))
		FAIL(c, ERR_DENIED, "the document is about order %.*s",
		     SPAN_ARG(json_opt_text(d, "order", SPAN_NONE)));
	if (!span_eq(json_opt_text(d, "agency", SPAN_NONE), agency_of(o)))
		FAIL(c, ERR_DENIED, "the document is for the agency '%.*s', the sender is '%.*s'",
		     SPAN_ARG(json_opt_text(d, "agency", SPAN_NONE)), SPAN_ARG(agency_of(o)));
	if (!json_equal(json_get(d, "paper_sha256"), papers_of(c, o)))
		FAIL(c, ERR_DENIED, "the document names other papers than the order's");
	if (json_get(d, "lines")) {
		TRY(json_clone(c, json_get(d, "lines"), &lines));
		json_set(c, due, "lines", lines);
	}
	TRY(in_view_put(c, o, due));
	if (!json_equal(json_get(d, "judgement_sha256"), json_get(due, "judgement_sha256"))) {
		err_next(c, "look at it with 'writ show %.*s', and decide again", SPAN_ARG(o->ref));
		FAIL(c, ERR_DENIED, "the document was not made in view of the order's last "
				    "judgement");
	}
	if (!json_equal(json_get(d, "overrules"), json_get(due, "overrules")))
		FAIL(c, ERR_DENIED, "the document overrules other lines than it takes against the "
				    "rule packs");
	return ERR_OK;
}

static enum err check_document(struct ctx *c, struct session *s, const struct order *o,
			       const struct json *d, enum decision *out)
{
	if (!decision_parse(json_opt_text(d, "decision", SPAN_NONE), out))
		FAIL(c, ERR_FORMAT, "the document decides nothing that writ knows");
	if (!span_is(json_opt_text(d, "kind", SPAN_NONE),
		     decision_has_scope(*out) ? "scope" : "decision"))
		FAIL(c, ERR_FORMAT, "the document's kind and its decision do not go together");
	if (json_opt_int(d, "version", 0) != 1)
		FAIL(c, ERR_FORMAT, "the document is of a version that writ does not know");
	TRY(json_only(
		c, d,
		decision_has_scope(*out)
			? "version kind order made_at good_until paper_sha256 agency decision "
			  "reasons judgement_sha256 overrules lines"
			: "version kind order made_at good_until paper_sha256 agency decision "
			  "reasons judgement_sha256 overrules"));
	TRY(check_order_of(c, o, d));
	TRY(check_times(c, s, d));
	TRY(check_reasons(c, *out, json_get(d, "reasons")));
	if (!decision_has_scope(*out))
		return ERR_OK;
	TRY(need_answerable(c, s, o));
	TRY(check_lines(c, o, json_get(d, "lines"), *out));
	return in_view_allows(c, o, json_get(d, "lines"), json_get(d, "overrules"),
			   json_get(d, "reasons"));
}

/* The keys of what was collected go before the refusal is on file: a refused order never has one.
 */
static enum err refusal_keys(struct ctx *c, struct session *s, const struct order *o,
			     struct span document, struct span signature, struct new_act *out)
{
	struct json *gone = json_list(c);

	TRY(keys_destroy(c, s, o, document, signature, SPAN_NONE, gone));
	if (!gone->first)
		return ERR_OK;
	*out = (struct new_act){ ACT_DESTROYED, json_object(c) };
	json_set(c, out->body, "tickets", gone);
	json_set_str(c, out->body, "because", "refused");
	return ERR_OK;
}

/* The letter of a decision, and before it the form that the law has for this instrument. */
static enum err decision_letters(struct ctx *c, struct session *s, const struct order *o,
				 enum decision decision, const struct json *d,
				 struct new_act *acts, size_t *count)
{
	struct letter_slot slots[2] = { { "reasons", SPAN_NONE }, { "judged", SPAN_NONE } };
	struct letter_slot form[FORM_SLOTS];
	const char *name = decisions[decision].letter;
	struct told t;
	size_t n;

	if (!name)
		return ERR_OK;
	TRY(told_open(c, s, o, d, &t));
	TRY(told_reasons(&t, &slots[0].value));
	TRY(told_rest(&t, &slots[1].value));
	if (told_wants_form(&t)) {
		TRY(told_form(&t, form, &n));
		TRY(letter_make(c, s, o, "annex3", form, n, &acts[*count].body));
		acts[(*count)++].kind = ACT_LETTERED;
	}
	TRY(letter_make(c, s, o, told_objects(&t) ? "objection" : name, slots, 2,
			&acts[*count].body));
	acts[(*count)++].kind = ACT_LETTERED;
	return ERR_OK;
}

enum err decision_letter(struct ctx *c, struct session *s, const struct order *o,
			 struct span document, struct span *text_out)
{
	struct letter_slot slots[2] = { { "reasons", SPAN_NONE }, { "judged", SPAN_NONE } };
	enum decision decision;
	struct json *d;
	struct told t;

	*text_out = SPAN_NONE;
	TRY(json_parse_canonical(c, document, &d));
	if (!decision_parse(json_opt_text(d, "decision", SPAN_NONE), &decision))
		FAIL(c, ERR_FORMAT, "the document decides nothing that writ knows");
	if (!decisions[decision].letter)
		return ERR_OK;
	TRY(told_open(c, s, o, d, &t));
	TRY(told_reasons(&t, &slots[0].value));
	TRY(told_rest(&t, &slots[1].value));
	return letter_text_now(c, s, o, told_objects(&t) ? "objection" : decisions[decision].letter,
			   slots, 2, text_out);
}

/* The decision, its letters and the end of the keys are one: whoever looks sees all or nothing. */
static enum err decision_acts(struct ctx *c, struct session *s, struct order *o,
			      enum decision decision, const struct json *d, struct json *body)
{
	struct new_act acts[4] = { { ACT_DECIDED, body } };
	size_t count = 1;

	TRY(decision_letters(c, s, o, decision, d, acts, &count));
	seam_crash_point(CRASH_DECIDE_AFTER_LETTER);
	if (decision == DECIDE_REFUSE)
		TRY(refusal_keys(c, s, o, json_get(body, "document")->s,
				 json_get(body, "signature")->s, &acts[count]));
	count += acts[count].body != NULL;
	TRY(order_append_all(c, s, o, acts, count));
	seam_crash_point(CRASH_DECIDE_AFTER_ACT);
	return vault_sweep(c, s, o);
}

/* Every signature is of a person who may decide; two people where the rule packs are overruled. The
 * seal asks the same before it gives a ticket. */
static enum err take_signers(struct ctx *c, struct session *s, const char *kind,
			     struct span document, const struct json *signatures, bool two,
			     struct json *body)
{
	struct json *names = json_list(c), *copy;

	if (!signatures || !signatures->first)
		FAIL(c, ERR_DENIED, "nobody has signed the document");
	JSON_EACH(signature, signatures) {
		struct span name;

		TRY(roster_signer(c, s, kind, "decide", document, signature->s, &name));
		if (json_has_text(names, name)) {
			err_next(c, "another person who may decide signs it, too");
			FAIL(c, ERR_DENIED, "%.*s has signed twice", SPAN_ARG(name));
		}
		json_add(c, names, json_text(c, name));
	}
	if (two && !names->first->next) {
		err_next(c, "give --key twice; or --print FILE, and later --signature twice with "
			    "--document FILE");
		FAIL(c, ERR_DENIED, "this decision overrules the rule packs: two people who may "
				    "decide sign it");
	}
	json_set_text(c, body, "signature", signatures->first->s);
	json_set_text(c, body, "name", names->first->s);
	if (!names->first->next)
		return ERR_OK;
	TRY(json_clone(c, signatures, &copy));
	json_set(c, body, "signatures", copy);
	json_set(c, body, "names", names);
	return ERR_OK;
}

bool decision_takes_two(const struct json *document)
{
	return json_count(json_get(document, "overrules")) > 0;
}

/* The document as it may be signed now. */
static enum err open_document(struct ctx *c, struct session *s, struct order *o,
			      struct span document, struct json **d_out, enum decision *out)
{
	TRY(vault_sweep(c, s, o));
	TRY(order_permit(c, s, o, ACT_DECIDED));
	TRY(vault_need_idle(c, s, o));
	TRY(json_parse_canonical(c, document, d_out));
	return check_document(c, s, o, *d_out, out);
}

enum err decision_take(struct ctx *c, struct session *s, struct order *o, struct span document,
		       const struct json *signatures)
{
	struct json *body = json_object(c), *d;
	enum decision decision;

	TRY(open_document(c, s, o, document, &d, &decision));
	TRY(take_signers(c, s, decision_has_scope(decision) ? "scope" : "decision", document,
			 signatures, decision_takes_two(d), body));
	json_set_str(c, body, "decision", decisions[decision].word);
	json_set_text(c, body, "document", document);
	return decision_acts(c, s, o, decision, d, body);
}

/* ---- two signatures, one after the other ---- */

enum err decision_propose(struct ctx *c, struct session *s, struct order *o, struct span document,
			  struct span signature)
{
	struct json *body = json_object(c), *d;
	enum decision decision;
	struct span name;

	TRY(open_document(c, s, o, document, &d, &decision));
	if (!decision_takes_two(d))
		FAIL(c, ERR_USAGE, "the document takes nothing against the rule packs: the one "
				   "signature decides");
	TRY(roster_signer(c, s, "scope", "decide", document, signature, &name));
	json_set_text(c, body, "document", document);
	json_set_text(c, body, "signature", signature);
	json_set_text(c, body, "name", name);
	return order_append(c, s, o, ACT_PROPOSED, body);
}

static enum err need_proposed(struct ctx *c, const struct order *o)
{
	if (o->proposed)
		return ERR_OK;
	err_next(c, "look at what happened; who still wants it decides anew, and signs first");
	FAIL(c, ERR_STATE, "no decision of %.*s waits for a second signature", SPAN_ARG(o->ref));
}

enum err decision_second(struct ctx *c, struct session *s, struct order *o, struct span signature)
{
	struct json *signatures = json_list(c);
	struct span document, first;

	TRY(need_proposed(c, o));
	TRY(json_need_text(c, o->proposed, "document", &document));
	TRY(json_need_text(c, o->proposed, "signature", &first));
	json_add(c, signatures, json_text(c, first));
	json_add(c, signatures, json_text(c, signature));
	return decision_take(c, s, o, document, signatures);
}

enum err decision_let_be(struct ctx *c, struct session *s, struct order *o)
{
	TRY(need_proposed(c, o));
	return order_append(c, s, o, ACT_LET_BE, json_object(c));
}
