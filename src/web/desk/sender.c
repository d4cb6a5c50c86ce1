/*
 * How the sender was checked, and what follows by itself: the rule packs judge, and where the
 * sender is who it says the lines are counted. A number that was found before is offered, the call
 * is not: whoever chooses it says that it was made now, and nothing is chosen beforehand.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/2_authenticate/authenticate.h"

#include "format/time.h"
#include "order/3_judge/judgement.h"
#include "web/desk/order_page.h"
#include "web/desk/scope_page.h"

#define AGAIN "again:"

/* ---- the earlier numbers ---- */

static enum err again_choice(struct step *s, const struct earlier_check *one)
{
	struct visit *v = s->v;
	struct span value, label, hint, when;

	TRY(span_fmt(v->c, &value, AGAIN "%.*s", SPAN_ARG(one->order)));
	TRY(word_by_again(v->c, v->base, one->over, &label));
	TRY(time_ago(v->c, one->at_utc, v->r->now_ms / 1000, &when));
	visit_until(v, time_ago_changes(one->at_utc, v->r->now_ms / 1000, 3600));
	TRY(word_by_again_hint(v->c, v->base, one->found, one->by, one->order, when, &hint));
	step_choice_fresh(s, value, label, hint);
	return ERR_OK;
}

static enum err again_choices(struct step *s, size_t *n)
{
	struct earlier_check list[EARLIER_MAX];

	TRY(authenticate_earlier(s->v->c, &s->v->s, &s->v->order, list, n));
	for (size_t i = 0; i < *n; i++)
		TRY(again_choice(s, &list[i]));
	return ERR_OK;
}

enum err sender_again(struct step *s, bool *any_out)
{
	size_t n;

	step_radios(s, "by", word_authenticate_by(s->v->base), SPAN_NONE);
	TRY(again_choices(s, &n));
	step_checks(s, "sign", word_signs(s->v->base), SPAN_NONE);
	step_choice(s, SPAN("NONE"), word_sign_looked(s->v->base), SPAN_NONE, false);
	*any_out = n > 0;
	return ERR_OK;
}

/* The number is taken from the act that has it, not from the form. */
static enum err put_again(struct visit *v, struct span order, struct authentication *a)
{
	struct earlier_check list[EARLIER_MAX];
	size_t n;

	TRY(authenticate_earlier(v->c, &v->s, &v->order, list, &n));
	for (size_t i = 0; i < n; i++) {
		if (!span_eq(list[i].order, order))
			continue;
		a->by = SPAN("callback");
		a->over = list[i].over;
		a->found = list[i].found;
		a->again = list[i].order;
		return ERR_OK;
	}
	err_next(v->c, "ring a number that you have found yourself, and write it down");
	FAIL(v->c, ERR_DENIED, "no number of this agency is on record for %.*s", SPAN_ARG(order));
}

/* ---- the step ---- */

static enum err authenticate(struct visit *v)
{
	struct json *signs = json_list(v->c);
	struct authentication a = { .by = typed(v, "by"), .over = typed(v, "over"),
				    .found = typed(v, "found"), .agency = typed(v, "agency") };
	struct span sign;
	size_t at = 0;

	while (web_next(v->typed, "sign", &at, &sign))
		json_add(v->c, signs, json_text(v->c, sign));
	a.signs = signs->first ? signs : NULL;
	TRY(step_check(v));
	if (!a.by.n)
		FAIL(v->c, ERR_USAGE, "say how the sender was checked");
	if (span_starts(a.by, AGAIN) && (a.over.n || a.found.n || a.agency.n)) {
		err_next(v->c, "choose that you rang a number that you found, or empty the fields");
		FAIL(v->c, ERR_USAGE, "an earlier number is chosen, and another one written down");
	}
	if (span_starts(a.by, AGAIN))
		TRY(put_again(v, span_cut(a.by, sizeof AGAIN - 1, SIZE_MAX), &a));
	return order_authenticate(v->c, &v->s, &v->order, &a);
}

static enum err show_judge(struct visit *v)
{
	struct step s;

	step_begin(v, &s, word_judge(v->base), word_judge_says(v->base), word_judge_do(v->base));
	TRY(span_fmt(v->c, &s.page.path, "/order/%.*s/judge", SPAN_ARG(v->order.ref)));
	return step_show(&s);
}

/* Numbers of the lines, for whoever decides: nobody is asked for them. */
static enum err and_count(struct visit *v)
{
	struct json *lines, *open;
	enum err e;

	TRY(scope_compile(v->c, &v->order, &lines, &open));
	if (!order_is_verified(&v->order) || !lines->first)
		return step_to_order(v);
	TRY(step_done(v));
	e = scope_count(v, NULL);
	if (e == ERR_OK)
		return ERR_OK;
	TRY(step_failed(v, e));         /* checked and judged all the same; it can be asked for */
	return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
}

/* The check stands, whether the packs can judge now or not. */
static enum err and_judge(struct visit *v)
{
	struct span page;
	enum err e;

	if (order_is_unwritten(&v->order))
		return step_to_order(v);
	e = judgement_make(v->c, &v->s, &v->order, &page);
	if (e == ERR_OK)
		return and_count(v);
	TRY(step_failed(v, e));
	TRY(step_done(v));
	return show_judge(v);
}

enum err authenticate_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;
	size_t n;

	if (is_post(v)) {
		enum err e = authenticate(v);

		if (e == ERR_OK)
			return and_judge(v);
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_authenticate(w), word_authenticate_says(w), word_authenticate_do(w));
	step_radios(&s, "by", word_authenticate_by(w), SPAN_NONE);
	TRY(again_choices(&s, &n));
	step_choice(&s, SPAN("callback"), word_by_callback(w), word_by_callback_hint(w), false);
	step_choice(&s, SPAN("certificate"), word_by_certificate(w), SPAN_NONE, false);
	step_choice(&s, SPAN("official-channel"), word_by_channel(w), SPAN_NONE, false);
	step_choice(&s, SPAN("domain"), word_by_domain(w), word_by_domain_hint(w), false);
	step_choice(&s, SPAN("none"), word_by_none(w), SPAN_NONE, false);
	step_input(&s, "over", word_fact_over(w), word_over_hint(w));
	step_input(&s, "found", word_fact_found(w), word_found_hint(w));
	step_input(&s, "agency", word_agency_id(w), word_agency_hint(w));
	step_checks(&s, "sign", word_signs(w), SPAN_NONE);
	step_choice(&s, SPAN("NONE"), word_sign_looked(w), SPAN_NONE, false);
	step_choice(&s, SPAN("LOOKALIKE_DOMAIN"), word_sign_domain(w), SPAN_NONE, false);
	step_choice(&s, SPAN("REFUSES_CALL_BACK"), word_sign_refuses(w), SPAN_NONE, false);
	step_choice(&s, SPAN("ALTERED_DOCUMENT"), word_sign_altered(w), SPAN_NONE, false);
	step_choice(&s, SPAN("REUSED_DOCUMENT"), word_sign_reused(w), SPAN_NONE, false);
	step_choice(&s, SPAN("WRONG_STATUTE_FOR_ISSUER"), word_sign_statute(w), SPAN_NONE, false);
	step_choice(&s, SPAN("UNKNOWN_JUDGE"), word_sign_judge(w), SPAN_NONE, false);
	step_choice(&s, SPAN("ODD_HOUR"), word_sign_hour(w), SPAN_NONE, false);
	return step_show(&s);
}

static enum err judge(struct visit *v)
{
	struct span page;

	TRY(step_check(v));
	return judgement_make(v->c, &v->s, &v->order, &page);
}

enum err judge_step(struct visit *v)
{
	if (is_post(v)) {
		enum err e = judge(v);

		if (e == ERR_OK)
			return step_to_order(v);
		TRY(step_failed(v, e));
	}
	return show_judge(v);
}
