/*
 * Notice, secrecy and preservation; see notify.h. A secrecy order on file forbids the notice: the
 * two cannot contradict each other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/8_notify/notify.h"

#include "base/num.h"
#include "format/time.h"
#include "order/letter.h"

static const struct {
	const char *code, *words;
} becauses[] = {
#define X(code, words) { code, words },
#include "order/8_notify/notice.def"
#undef X
};

const char *notice_because_words(struct span code)
{
	for (size_t i = 0; i < COUNT_OF(becauses); i++)
		if (span_is(code, becauses[i].code))
			return becauses[i].words;
	return NULL;
}

/* A day lasts until it has ended wherever on Earth it ends last (UTC-12). */
static bool day_is_over(struct ctx *c, struct span date)
{
	int year, month, day;

	return date_parse(date, &year, &month, &day) &&
	       c->seam->now_ms() / 1000 >=
		       (days_of_civil(year, month, day) + 1) * 86400 + 12 * 3600;
}

static bool gag_binds(struct ctx *c, const struct order *o)
{
	return o->gag && !day_is_over(c, json_opt_text(o->gag, "until", SPAN_NONE));
}

enum err order_notice(struct ctx *c, struct session *s, struct order *o, bool sent,
		      struct span because)
{
	struct json *body = json_object(c);
	struct new_act acts[2] = { { ACT_NOTICE_DECIDED, body }, { ACT_LETTERED, NULL } };
	struct span until = json_opt_text(o->gag, "until", SPAN_NONE);

	if (sent && gag_binds(c, o)) {
		err_next(c, "writ notify %.*s --withheld --because COURT_ORDER", SPAN_ARG(o->ref));
		FAIL(c, ERR_DENIED, "a secrecy order on file forbids the notice%s%.*s",
		     until.n ? " until " : "", SPAN_ARG(until));
	}
	if (!sent && !notice_because_words(because)) {
		err_next(c, "one of: COURT_ORDER, STATUTE, ISSUER_INFORMS, DANGER, INVESTIGATION, "
			    "NO_ADDRESS");
		FAIL(c, ERR_USAGE, "say why the customer is not told: --because CODE");
	}
	json_set_str(c, body, "decision", sent ? "sent" : "withheld");
	if (sent)
		json_set(c, body, "because", NULL);
	else
		json_set_text(c, body, "because", because);
	if (gag_binds(c, o) && until.n)
		json_set_text(c, body, "gag_until", until);
	else
		json_set(c, body, "gag_until", NULL);
	TRY(order_permit(c, s, o, ACT_NOTICE_DECIDED));
	if (o->notice && json_equal(o->notice, body)) {
		err_next(c, "approvals stay as they are; 'writ show %.*s' says what comes next",
			 SPAN_ARG(o->ref));
		FAIL(c, ERR_STATE, "this notice decision is on file already");
	}
	if (sent)
		TRY(letter_make(c, s, o, "notice", NULL, 0, &acts[1].body));
	return order_append_all(c, s, o, acts, sent ? 2 : 1);
}

static enum err need_date(struct ctx *c, struct span date)
{
	int year, month, day;

	if (date_parse(date, &year, &month, &day))
		return ERR_OK;
	err_next(c, "write it as 2027-02-21");
	FAIL(c, ERR_USAGE, "'%.*s' is not a day", SPAN_ARG(date));
}

static enum err need_day_to_come(struct ctx *c, struct span date)
{
	TRY(need_date(c, date));
	if (!day_is_over(c, date))
		return ERR_OK;
	err_next(c, "name its last day");
	FAIL(c, ERR_USAGE, "the day %.*s is over", SPAN_ARG(date));
}

/* Does the secrecy on file end later than the new one would (no end: empty)? */
static bool shortens(struct ctx *c, const struct order *o, struct span until)
{
	struct span old = json_opt_text(o->gag, "until", SPAN_NONE);

	return gag_binds(c, o) && until.n && (old.n == 0 || span_cmp(until, old) < 0);
}

enum err order_gag(struct ctx *c, struct session *s, struct order *o, struct span basis,
		   struct span until)
{
	struct json *body = json_object(c);

	TRY(order_permit(c, s, o, ACT_GAGGED));
	/* Whoever may lift secrecy may tell the customer: that is counsel's. */
	if (shortens(c, o, until))
		TRY(session_need_actor(c, s, "decide"));
	else if (until.n)
		TRY(need_day_to_come(c, until));
	if (until.n)
		TRY(need_date(c, until));
	if (basis.n == 0)
		FAIL(c, ERR_USAGE,
		     "say on what the secrecy rests: --basis TEXT (the court order or provision)");
	json_set_text(c, body, "basis", basis);
	if (until.n)
		json_set_text(c, body, "until", until);
	else
		json_set(c, body, "until", NULL);
	return order_append(c, s, o, ACT_GAGGED, body);
}

enum err order_preserve(struct ctx *c, struct session *s, struct order *o, struct span until)
{
	struct json *body = json_object(c);

	TRY(need_day_to_come(c, until));
	json_set_text(c, body, "until", until);
	return order_append(c, s, o, ACT_PRESERVED, body);
}
