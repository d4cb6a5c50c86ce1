/*
 * What people sign about an order: counsel's decision, or its end. First the page shows
 * exactly what it is, with the document in it; then the signature over these bytes comes back with
 * them. What counts is checked by src/order and by the seal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/8_notify/notify.h"
#include "order/letter.h"
#include "web/desk/order_page.h"
#include "web/desk/scope_page.h"

static enum err one_signature(struct visit *v, const char *kind, struct span document,
			      struct json **list_out)
{
	struct span signature;

	TRY(sign_take(v, kind, document, &signature));
	*list_out = json_list(v->c);
	json_add(v->c, *list_out, json_text(v->c, signature));
	return ERR_OK;
}

/* ---- counsel's decision ---- */

static struct json *reasons(struct visit *v)
{
	struct json *list = json_list(v->c);
	struct span value;
	size_t at = 0;

	while (web_next(v->typed, "reason", &at, &value))
		if (!json_has_text(list, value))
			json_add(v->c, list, json_text(v->c, value));
	return list;
}

/* What stands in the lines is looked at in whatever is decided over them. */
static enum err compose(struct visit *v, struct span *document_out, const char **kind_out)
{
	struct decision_asked ask = { .edited = NULL };
	struct scope_typed as = { .lines = NULL };

	if (!decision_parse(typed(v, "decision"), &ask.decision)) {
		err_next(v->c, "choose one above; the reasons come after it");
		FAIL(v->c, ERR_USAGE, "choose what you decide");
	}
	ask.reasons = reasons(v);
	if (scope_is_typed(v) && decision_has_scope(ask.decision))
		TRY(scope_typed(v, &as));
	if (ask.decision == DECIDE_COMPLY && as.narrower) {
		err_next(v->c, "choose to narrow, and say why; or set the lines back");
		FAIL(v->c, ERR_USAGE,
		     "the lines are less than the order asks for: to comply is to "
		     "take every line as it stands in the order, and what cannot be "
		     "dated of all in one way");
	}
	ask.undated_deliver = ask.decision == DECIDE_COMPLY && as.deliver;
	if (ask.decision == DECIDE_NARROW)
		ask.edited = as.lines;
	return decision_document(v->c, &v->s, &v->order, &ask, document_out, kind_out);
}

/* What a document says: against whom, the letter that goes out with it or else its lines, and the
 * code of words of it. */
static enum err put_decision(struct step *s, struct span document, const struct json *d)
{
	struct visit *v = s->v;
	struct page_code_word *code;
	struct span words;
	struct buf b;

	TRY(order_overruled(v, d, &s->page.overruled, &s->page.overruled_n));
	TRY(step_words(v, document, &code, &s->page.words_n));
	s->page.words = code;
	TRY(decision_letter(v->c, &v->s, &v->order, document, &s->page.preview));
	s->page.preview_title = word_decide_letter(v->base);
	if (s->page.preview.n)
		return ERR_OK;
	buf_begin(&b, v->c, (size_t)1 << 20);
	buf_fmt(&b, "%.*s\n", SPAN_ARG(json_opt_text(d, "decision", SPAN_NONE)));
	JSON_EACH(line, json_get(d, "lines")) {
		TRY(scope_line_words(v->c, line, &words));
		buf_fmt(&b, "\n%.*s: %.*s\n", SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)),
			SPAN_ARG(words));
	}
	s->page.preview_title = word_decide_scope(v->base);
	return buf_done(v->c, &b, &s->page.preview);
}

/* The second page: what is signed, and what goes out with it. */
static enum err show_decision(struct visit *v, struct span document, const char *kind)
{
	const struct page_base *w = v->base;
	struct json *d;
	struct step s;

	TRY(json_parse_canonical(v->c, document, &d));
	step_begin(v, &s, word_decide(w), word_decide_check(w),
		   decision_takes_two(d)  ? word_decide_sign_first(w)
		   : json_get(d, "lines") ? word_decide_sign_collect(w)
					  : word_decide_sign(w));
	TRY(put_decision(&s, document, d));
	step_keep(&s);
	TRY(sign_ask(&s, kind, document));
	return step_show(&s);
}

static enum err take_decision(struct visit *v)
{
	struct span document = typed(v, "document"), kind;
	struct json *signatures, *d;
	char *z;

	TRY(step_check(v));
	TRY(json_parse_canonical(v->c, document, &d));
	TRY(json_need_text(v->c, d, "kind", &kind));
	if (!span_is(kind, "scope") && !span_is(kind, "decision")) {
		err_next(v->c, "go back to the order and decide it from there");
		FAIL(v->c, ERR_FORMAT, "the document decides nothing");
	}
	TRY(span_cstr(v->c, kind, &z));
	TRY(one_signature(v, z, document, &signatures));
	if (decision_takes_two(d))
		return decision_propose(v->c, &v->s, &v->order, document, signatures->first->s);
	return decision_take(v->c, &v->s, &v->order, document, signatures);
}

/* ---- the second signature, under a decision against the rule packs ---- */

static bool is_own(const struct visit *v)
{
	return span_eq(json_opt_text(v->order.proposed, "name", SPAN_NONE), v->who->name);
}

/* Exactly what the first has signed: the first takes it back, another signs it or lets it be. */
static enum err show_proposed(struct visit *v)
{
	const struct page_base *w = v->base;
	struct span document, lead = word_second_own(w), button = SPAN_NONE;
	struct json *d;
	struct step s;

	TRY(json_need_text(v->c, v->order.proposed, "document", &document));
	TRY(json_parse_canonical(v->c, document, &d));
	if (!is_own(v)) {
		button = word_second_sign(w);
		TRY(word_second_says(v->c, w, json_opt_text(v->order.proposed, "name", SPAN_NONE),
				     &lead));
	}
	step_begin(v, &s, word_second(w), lead, SPAN_NONE);
	s.page.let_be = is_own(v) ? word_second_take_back(w) : word_second_let_be(w);
	TRY(put_decision(&s, document, d));
	step_hidden(&s, SPAN("proposed"), SPAN("1"));
	if (!is_own(v)) {
		/* Who has no key that signs here can still let it be. */
		TRY(step_failed(v, sign_ask(&s, "scope", document)));
		s.page.problem = v->problem;
		s.page.remedy = v->remedy;
		s.page.button = s.page.signs ? button : SPAN_NONE;
	}
	return step_show(&s);
}

static enum err take_second(struct visit *v)
{
	struct span document = typed(v, "document"), signature;

	TRY(step_check(v));
	if (!span_eq(document, json_opt_text(v->order.proposed, "document", SPAN_NONE)))
		FAIL(v->c, ERR_BUSY, "this is not the decision that waits for a second signature");
	TRY(sign_take(v, "scope", document, &signature));
	return decision_second(v->c, &v->s, &v->order, signature);
}

static enum err let_be(struct visit *v)
{
	TRY(step_check(v));
	return decision_let_be(v->c, &v->s, &v->order);
}

enum err decide_reasons(struct step *s)
{
	const struct page_base *w = s->v->base;
	const struct json *decision = json_get(s->v->order.judged, "decision");

	if (json_count(json_get(decision, "reasons")))
		step_checks(s, "reason", word_decide_reasons(w), word_decide_reasons_hint(w));
	JSON_EACH(code, json_get(decision, "reasons")) {
		struct span words;

		TRY(letter_reason(s->v->c, code->s, &words));
		step_choice(s, code->s, code->s, words, false);
	}
	return ERR_OK;
}

/* Every other reason that there is, folded: nobody learns codes by heart. */
static enum err further_reasons(struct step *s)
{
	static const char *const codes[] = {
#define X(code, text, cure) code,
#include "law/reason.def"
#undef X
	};
	const struct json *found =
		json_get(json_get(s->v->order.judged, "decision"), "reasons");
	const struct page_base *w = s->v->base;

	step_checks(s, "reason", word_decide_codes(w), word_decide_codes_hint(w));
	step_fold(s, s->v->problem.n > 0);
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct span code = span_str(codes[i]), words;

		if (json_has_text(found, code))
			continue;
		TRY(letter_reason(s->v->c, code, &words));
		step_choice(s, code, code, words, false);
	}
	return ERR_OK;
}

static enum err decide_form(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	step_begin(v, &s, word_decide(w), word_decide_says(w), word_decide_next(w));
	step_radios(&s, "decision", word_decide_what(w), SPAN_NONE);
	step_choice(&s, SPAN("comply"), word_decide_comply(w), SPAN_NONE, false);
	step_choice(&s, SPAN("narrow"), word_decide_narrow(w), word_decide_narrow_hint(w), false);
	step_choice(&s, SPAN("ask"), word_decide_ask(w), SPAN_NONE, false);
	step_choice(&s, SPAN("refuse"), word_decide_refuse(w), SPAN_NONE, false);
	step_choice(&s, SPAN("redirect"), word_decide_redirect(w), SPAN_NONE, false);
	TRY(decide_reasons(&s));
	TRY(further_reasons(&s));
	return scope_show(v, &s, NULL);
}

/* Narrowing begins with the lines: the short form of the order's page does not have them. */
static bool wants_lines(const struct visit *v)
{
	return span_is(typed(v, "decision"), "narrow") && !scope_is_typed(v);
}

static enum err second_step(struct visit *v)
{
	enum err e;

	if (typed(v, "let_be").n) {
		e = let_be(v);
		if (e == ERR_OK)
			return step_to_order(v);
	} else if (typed(v, "document").n) {
		e = take_second(v);
		if (e == ERR_OK)
			return collect_next(v);
	} else {
		e = step_check(v);
	}
	TRY(step_failed(v, e));
	return v->order.proposed ? show_proposed(v) : decide_form(v);
}

enum err decide_step(struct visit *v)
{
	struct span document;
	const char *kind;
	enum err e;

	if (!is_post(v) || wants_lines(v))
		return decide_form(v);
	if (typed(v, "proposed").n)
		return second_step(v);
	if (typed(v, "document").n) {
		e = take_decision(v);
		if (e == ERR_OK)
			return collect_next(v);
	} else {
		e = step_check(v);
		if (e == ERR_OK)
			e = compose(v, &document, &kind);
		if (e == ERR_OK)
			e = show_decision(v, document, kind);
		if (e == ERR_OK)
			return ERR_OK;
	}
	TRY(step_failed(v, e));
	return decide_form(v);
}

/* ---- withdrawn by the authority, or void ---- */

static enum err take_end(struct visit *v)
{
	struct json *signatures;

	TRY(step_check(v));
	TRY(one_signature(v, "void", typed(v, "document"), &signatures));
	return order_end(v->c, &v->s, &v->order, "void", typed(v, "document"),
			 signatures->first->s, span_is(typed(v, "who"), "authority"));
}

static enum err show_end(struct visit *v)
{
	const struct page_base *w = v->base;
	struct span document;
	struct step s;

	TRY(step_check(v));
	if (!typed(v, "because").n || !typed(v, "who").n) {
		err_next(v->c, "choose who, and write one sentence");
		FAIL(v->c, ERR_USAGE, "say who ends it, and why");
	}
	TRY(end_document(v->c, &v->s, "void", &v->order, typed(v, "because"), &document));
	step_begin(v, &s, word_end(w), word_end_check(w), word_end_sign(w));
	s.page.preview_title = word_end_because(w);
	s.page.preview = typed(v, "because");
	step_keep(&s);
	TRY(sign_ask(&s, "void", document));
	return step_show(&s);
}

enum err end_step(struct visit *v)
{
	static const struct step_take nothing = { NULL, NULL };
	const struct page_base *w = v->base;
	struct step s;
	enum err e;

	if (is_post(v)) {
		bool signs = typed(v, "document").n > 0;

		e = signs ? take_end(v) : show_end(v);
		if (e == ERR_OK)
			return signs ? step_to_order(v) : ERR_OK;
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_end(w), word_end_says(w), word_end_next(w));
	step_radios(&s, "who", word_end_who(w), SPAN_NONE);
	step_choice(&s, SPAN("authority"), word_end_withdrawn(w), SPAN_NONE, false);
	step_choice(&s, SPAN("us"), word_end_void(w), SPAN_NONE, false);
	step_long(&s, "because", word_end_because(w), SPAN_NONE);
	step_paper(&s, &nothing);
	return step_show(&s);
}
