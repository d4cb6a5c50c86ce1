/*
 * What a person can do with an order now, and the question that the order waits for, on its own
 * page: short forms of steps, sent to the steps themselves, which say what is wrong with them.
 * Nothing is chosen beforehand.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "order/vault.h"
#include "web/desk/order_page.h"
#include "web/desk/step.h"

bool order_is_unwritten(const struct order *o)
{
	return o->from_paper && !o->transcribed;
}

struct possible_step {
	enum permit permit;
	enum act_kind act;
	const char *path;
	struct span label;
	bool turn;              /* whether it is what the order waits for */
	bool at_once;           /* nothing is asked: one click here is the whole step */
};

/* What counsel has decided on is corrected by who may decide. */
static bool may_write_out(const struct visit *v)
{
	return v->order.from_paper &&
	       (!v->order.decided || permit_has(PERMIT_DECIDE, v->roles));
}

/* Those of the steps that this person may do now. The lists have room for all. */
static void choose_steps(struct visit *v, const struct possible_step *all, size_t n,
			 struct page_order_step *turn, struct page_order_step *rest,
			 struct order_steps *out)
{
	for (size_t i = 0; i < n; i++) {
		struct page_order_step step = { span_str(all[i].path), all[i].label,
						all[i].at_once };
		bool may = permit_has(all[i].permit, v->roles) &&
			   order_permit(v->c, &v->s, &v->order, all[i].act) == ERR_OK;

		err_clear(v->c);
		if (all[i].act == ACT_TRANSCRIBED && !may_write_out(v))
			continue;
		if (may && all[i].turn)
			turn[out->turn_n++] = step;
		else if (may)
			rest[out->rest_n++] = step;
	}
}

enum err order_steps(struct visit *v, struct order_steps *out)
{
	const struct page_base *w = v->base;
	const struct possible_step all[] = {
		{ PERMIT_TRANSCRIBE, ACT_TRANSCRIBED, "transcribe",
		  v->order.transcribed ? word_transcribe_again(w) : word_transcribe(w),
		  !v->order.transcribed, false },
		{ PERMIT_AUTHENTICATE, ACT_AUTHENTICATED, "authenticate", word_authenticate(w),
		  v->order.state == ORDER_RECEIVED, false },
		{ PERMIT_JUDGE, ACT_JUDGED, "judge", word_judge(w),
		  v->order.state == ORDER_AUTHENTICATED && !order_is_unwritten(&v->order) &&
			  (!v->order.judged || v->order.judged_stale),
		  true },
		{ PERMIT_AUTHENTICATE, ACT_ESTABLISHED, "facts", word_facts(w),
		  v->order.state == ORDER_AUTHENTICATED && facts_are_missed(v), false },
		{ PERMIT_COUNT, ACT_COUNTED, "scope", word_scope(w), false, false },
		{ PERMIT_DECIDE, ACT_DECIDED, "decide", word_decide(w),
		  v->order.proposed || (v->order.state == ORDER_AUTHENTICATED &&
					!order_is_unwritten(&v->order)),
		  false },
		{ PERMIT_COLLECT, ACT_COLLECTION_BEGUN, "collect",
		  v->order.collected ? word_collect_again(w) : word_collect(w),
		  v->order.state == ORDER_DECIDED, v->order.state == ORDER_DECIDED },
		{ PERMIT_NOTICE, ACT_NOTICE_DECIDED, "notice", word_notice(w),
		  v->order.state == ORDER_COLLECTED && !v->order.notice, false },
		{ PERMIT_NOTICE, ACT_GAGGED, "secrecy", word_secrecy(w), false, false },
		/* The first click has the seal state what would leave; its page is signed. */
		{ PERMIT_APPROVE, ACT_APPROVED, "approve", word_approve(w),
		  v->order.state == ORDER_COLLECTED && v->order.notice, !v->order.stated },
		{ PERMIT_RELEASE, ACT_RELEASED, "release", word_release(w), true, false },
		{ PERMIT_DELIVER, ACT_DELIVERED, "deliver", word_deliver(w),
		  v->order.state == ORDER_RELEASED, false },
		{ PERMIT_END, ACT_VOIDED, "end", word_end(w), false, false },
	};
	struct page_order_step *list, *rest;
	char *path;

	TRY(NEW_ARRAY(v->c, list, COUNT_OF(all) + 2));
	TRY(NEW_ARRAY(v->c, rest, COUNT_OF(all)));
	*out = (struct order_steps){ .turn = list, .rest = rest };
	/* The desk's own copy: handed over elsewhere, or old, it is written here again first. */
	TRY(delivered_path(v->c, &v->s.home, v->order.ref, &path));
	if (v->order.delivered && file_exists(path) && permit_has(PERMIT_DELIVER, v->roles)) {
		list[out->turn_n++] = (struct page_order_step){ SPAN("download"), word_download(w),
								false };
		list[out->turn_n++] = (struct page_order_step){ SPAN("links"), word_links(w),
								false };
	}
	choose_steps(v, all, COUNT_OF(all), list, rest, out);
	return ERR_OK;
}

/* ---- the question ---- */

static bool waits_for(const struct order_steps *can, const char *path)
{
	for (size_t i = 0; i < can->turn_n; i++)
		if (span_is(can->turn[i].path, path))
			return true;
	return false;
}

static enum err ask_about(struct visit *v, const char *path, struct span title, struct span lead,
			  struct span more, struct order_ask *out)
{
	out->form = (struct page_order_form){ .title = title, .lead = lead, .more_words = more };
	TRY(span_fmt(v->c, &out->form.path, "/order/%.*s/%s", SPAN_ARG(v->order.ref), path));
	out->form.more = out->form.path;
	return ERR_OK;
}

/* Whose number is known already: who rings it says so here. Everybody else is checked on the step's
 * own page. */
static enum err ask_sender(struct visit *v, struct step *s, struct order_ask *out)
{
	const struct page_base *w = v->base;
	bool any;

	TRY(sender_again(s, &any));
	if (!any)
		return ERR_OK;
	out->buttons[out->buttons_n++].label = word_authenticate_do(w);
	return ask_about(v, "authenticate", word_authenticate(w), word_authenticate_says(w),
			 word_ask_other_way(w), out);
}

/* The first of two has signed against the rule packs; what it is stands on the next page. */
static enum err ask_second(struct visit *v, struct order_ask *out)
{
	const struct page_base *w = v->base;
	struct span by = json_opt_text(v->order.proposed, "name", SPAN_NONE);
	struct span says = word_second_own(w), see = word_second_see_own(w);

	if (!span_eq(by, v->who->name)) {
		see = word_second_see(w);
		TRY(word_second_waits(v->c, w, by, &says));
	}
	out->buttons[out->buttons_n++] =
		(struct page_step_button){ SPAN("proposed"), SPAN("1"), see };
	return ask_about(v, "decide", word_second(w), says, word_ask_other_decision(w), out);
}

/* Nothing is decided by these buttons: the signature on the next page does that. */
static enum err ask_decision(struct visit *v, struct step *s, struct order_ask *out)
{
	const struct page_base *w = v->base;
	const struct page_step_button all[] = {
		{ SPAN("decision"), SPAN("comply"), word_decide_comply(w) },
		{ SPAN("decision"), SPAN("narrow"), word_decide_narrow(w) },
		{ SPAN("decision"), SPAN("ask"), word_decide_ask(w) },
		{ SPAN("decision"), SPAN("refuse"), word_decide_refuse(w) },
		{ SPAN("decision"), SPAN("redirect"), word_decide_redirect(w) },
	};

	if (v->order.proposed)
		return ask_second(v, out);
	if (!v->order.judged || v->order.judged_stale)
		return ERR_OK;
	TRY(decide_reasons(s));
	for (size_t i = 0; i < COUNT_OF(all); i++)
		out->buttons[out->buttons_n++] = all[i];
	return ask_about(v, "decide", word_decide(w), word_decide_says(w), word_ask_decide(w), out);
}

static enum err ask_notice(struct visit *v, struct step *s, struct order_ask *out)
{
	const struct page_base *w = v->base;

	notice_fields(s);
	out->buttons[out->buttons_n++].label = word_notice_do(w);
	return ask_about(v, "notice", word_notice(w), word_notice_says(w), SPAN_NONE, out);
}

/* What is asked here needs no way to its own page beside it. */
static enum err take_out(struct visit *v, struct order_steps *can, const char *path)
{
	struct page_order_step *list;
	size_t n = 0;

	TRY(NEW_ARRAY(v->c, list, can->turn_n + 1));
	for (size_t i = 0; i < can->turn_n; i++)
		if (!span_is(can->turn[i].path, path))
			list[n++] = can->turn[i];
	can->turn = list;
	can->turn_n = n;
	return ERR_OK;
}

typedef enum err ask_fn(struct visit *v, struct step *s, struct order_ask *out);

enum err order_ask(struct visit *v, struct order_steps *can, struct order_ask *out)
{
	static const struct {
		const char *path;
		ask_fn *put;
	} all[] = {
		{ "authenticate", ask_sender },
		{ "decide", ask_decision },
		{ "notice", ask_notice },
	};
	struct step *s;

	*out = (struct order_ask){ .buttons_n = 0 };
	TRY(NEW(v->c, s));
	step_begin(v, s, SPAN_NONE, SPAN_NONE, SPAN_NONE);
	for (size_t i = 0; i < COUNT_OF(all) && !out->buttons_n; i++) {
		if (!waits_for(can, all[i].path))
			continue;
		TRY(all[i].put(v, s, out));
		if (out->buttons_n)
			TRY(take_out(v, can, all[i].path));
	}
	if (s->e != ERR_OK)
		FAIL(v->c, s->e, "the question of this order could not be put");
	out->fields = s->field;
	out->fields_n = out->buttons_n ? s->page.fields_n : 0;
	return ERR_OK;
}
