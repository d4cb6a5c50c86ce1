/*
 * The fold: what the acts of an order mean together. The only place that knows; every command,
 * screen and check derives the state from here. It writes nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/order.h"

#include <stdio.h>

#include "base/num.h"
#include "format/facts.h"
#include "format/time.h"

static const struct {
	const char *word, *means, *turn;
	enum order_who who;
} states[ORDER_STATES] = {
#define X(name, word, means, turn, who) [ORDER_##name] = { word, means, turn, WHO_##who },
#include "order/state.def"
#undef X
};

static const char *const whos[WHOS] = { "nobody", "desk", "decide", "approve", "authority" };

static const struct {
	const char *word, *words;
} flags[FLAGS] = {
#define X(name, word, words) [FLAG_##name] = { word, words },
#include "order/flag.def"
#undef X
};

#define S(name) (1u << ORDER_##name)
#define IN_NONE 0u
#define IN_OPEN                                                                                    \
	(S(RECEIVED) | S(AUTHENTICATED) | S(DECIDED) | S(COLLECTED) | S(APPROVED) | S(ASKED) |     \
	 S(REDIRECTED))
#define IN_LIVE (IN_OPEN | S(COLLECTING))
/* A collection that was killed must not outlive its scope: counsel may decide anew. */
#define IN_DECIDABLE IN_LIVE
#define IN_COLLECTABLE (S(DECIDED) | S(COLLECTING) | S(COLLECTED) | S(APPROVED))
#define IN_COLLECTING S(COLLECTING)
#define IN_COLLECTED (S(COLLECTED) | S(APPROVED))
#define IN_APPROVED S(APPROVED)
#define IN_RELEASED (S(RELEASED) | S(DELIVERED))
#define IN_SEALED (S(COLLECTING) | S(COLLECTED) | S(APPROVED) | S(RELEASED))
/* The authority was told what is wrong with it, or with a part of it. */
#define IN_ANSWERED                                                                                \
	(IN_COLLECTABLE | IN_RELEASED | S(ASKED) | S(REDIRECTED) | S(REFUSED))
#define IN_ANY ((1u << ORDER_STATES) - 1)

static const struct {
	const char *word, *may, *words;
	unsigned states;
} kinds[ACT_KINDS] = {
#define X(name, word, states, may, words) [ACT_##name] = { word, may, words, states },
#include "order/act.def"
#undef X
};

static const struct {
	const char *code, *words, *cure;
} reasons[] = {
#define X(code, words, cure) { code, words, cure },
#include "law/reason.def"
#undef X
};

const char *order_state_word(enum order_state state)
{
	return states[state].word;
}

const char *order_state_means(enum order_state state)
{
	return states[state].means;
}

const char *order_state_turn(enum order_state state)
{
	return states[state].turn;
}

/* Nothing but the sender can be checked before somebody has written out what the paper says. */
static bool is_to_be_written(const struct order *o)
{
	return o->from_paper && !o->transcribed &&
	       (S(RECEIVED) | S(AUTHENTICATED)) & 1u << o->state;
}

struct span order_turn(const struct order *o)
{
	bool waits = o->state == ORDER_ASKED || o->state == ORDER_REDIRECTED;

	if (is_to_be_written(o))
		return SPAN("staff: write out what the paper says");
	if (o->proposed)
		return SPAN("counsel: sign as the second, or let it be");
	return waits && o->resubmitted ? SPAN("see the order as which it came again")
				       : span_str(states[o->state].turn);
}

enum order_who order_who(const struct order *o)
{
	/* Nothing is approved before a notice decision is on file. */
	bool waits_for_notice = o->state == ORDER_COLLECTED && !o->notice;

	if (o->proposed)
		return WHO_DECIDE;
	return waits_for_notice || is_to_be_written(o) ? WHO_DESK : states[o->state].who;
}

const char *order_who_word(enum order_who who)
{
	return whos[who];
}

bool order_who_of(struct span word, enum order_who *out)
{
	for (int i = 0; i < WHOS; i++) {
		if (!span_is(word, whos[i]))
			continue;
		*out = (enum order_who)i;
		return true;
	}
	return false;
}

const char *order_flag_word(enum order_flag flag)
{
	return flags[flag].word;
}

const char *order_flag_words(struct span word)
{
	for (int i = 0; i < FLAGS; i++)
		if (span_is(word, flags[i].word))
			return flags[i].words;
	return NULL;
}

bool order_state_is_open(enum order_state state)
{
	return state != ORDER_DELIVERED && state != ORDER_REFUSED && state != ORDER_WITHDRAWN &&
	       state != ORDER_VOID;
}

const char *act_word(enum act_kind kind)
{
	return kinds[kind].word;
}

const char *act_words(struct span act)
{
	for (size_t i = 0; i < ACT_KINDS; i++)
		if (span_is(act, kinds[i].word))
			return kinds[i].words;
	return "recorded";
}

bool act_by_itself(struct span act)
{
	for (size_t i = 0; i < ACT_KINDS; i++)
		if (span_is(act, kinds[i].word))
			return kinds[i].may[0] == '-';
	return false;
}

bool reason_known(struct span code)
{
	return reason_words(code) != NULL;
}

/* In a reason a field of a demand line is written demand.FIELD. */
const struct fact_field *reason_fact(struct span code)
{
	struct span path;
	char text[80];

	if (code.n <= 14 || !span_starts(code, "FACT-UNKNOWN(") || !span_ends(code, ")"))
		return NULL;
	path = span_cut(code, 13, code.n - 14);
	if (!span_starts(path, "demand."))
		return facts_field(path);
	if (snprintf(text, sizeof text, "demands[].%.*s", SPAN_ARG(span_cut(path, 7, path.n))) >=
	    (int)sizeof text)
		return NULL;
	return facts_field(span_str(text));
}

const char *reason_words(struct span code)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (span_is(code, reasons[i].code))
			return reasons[i].words;
	return reason_fact(code) ? "a fact that matters is not stated" : NULL;
}

const char *reason_cure(struct span code)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (span_is(code, reasons[i].code))
			return reasons[i].cure;
	return reason_fact(code) ? "State it" : NULL;
}

/* An approval counts for the statement that is live; a new statement, a new collection or a new
 * notice decision ends both. */
static void forget_statement(struct order *o)
{
	o->stated = NULL;
	o->approvals = 0;
	if (o->state == ORDER_APPROVED)
		o->state = ORDER_COLLECTED;
}

static void forget_collection(struct order *o)
{
	forget_statement(o);
	o->collected = NULL;
}

static enum err fold_decided(struct ctx *c, struct order *o, const struct json *body)
{
	struct span text, decision;
	struct json *scope;

	TRY(json_need_text(c, body, "document", &text));
	TRY(json_parse_canonical(c, text, &scope));
	TRY(json_need_text(c, scope, "decision", &decision));
	forget_collection(o);
	o->proposed = NULL;
	o->decided = body;
	o->scope = scope;
	if (span_is(decision, "comply") || span_is(decision, "narrow"))
		o->state = ORDER_DECIDED;
	else if (span_is(decision, "ask"))
		o->state = ORDER_ASKED;
	else if (span_is(decision, "redirect"))
		o->state = ORDER_REDIRECTED;
	else
		o->state = ORDER_REFUSED;
	return ERR_OK;
}

static enum err fold_approved(struct ctx *c, struct order *o, const struct json *body)
{
	const struct json *needed = json_get(o->stated, "approvals_needed");
	struct span name, other;

	TRY(json_need_text(c, body, "name", &name));
	for (size_t i = 0; i < o->approvals; i++) {
		TRY(json_need_text(c, o->approved[i], "name", &other));
		if (span_eq(name, other))
			return ERR_OK;
	}
	if (o->approvals < APPROVALS_MAX)
		o->approved[o->approvals++] = body;
	if (needed && (int64_t)o->approvals >= needed->i)
		o->state = ORDER_APPROVED;
	return ERR_OK;
}

bool order_is_verified(const struct order *o)
{
	const struct json *verified = json_get(o->authenticated, "verified");

	return verified && verified->type == JSON_BOOL && verified->b;
}

enum err order_need_verified(struct ctx *c, const struct order *o)
{
	if (order_is_verified(o))
		return ERR_OK;
	err_next(c,
		 "writ authenticate %.*s --by callback --over NUMBER --found WHERE, or refuse with "
		 "AUTH-UNVERIFIED",
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "the sender of %.*s is not verified", SPAN_ARG(o->ref));
}

enum err order_need_written(struct ctx *c, const struct order *o)
{
	if (!o->from_paper || o->transcribed)
		return ERR_OK;
	err_next(c, "write out what the paper says: writ order transcribe %.*s FILE, or at the "
		    "desk", SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "order %.*s came as paper alone, and nobody has written out what it "
			   "asks for", SPAN_ARG(o->ref));
}

enum err order_need_answerable(struct ctx *c, const struct order *o)
{
	struct span agency = json_opt_text(o->authenticated, "agency", SPAN_NONE);
	struct span decided_for = json_opt_text(o->scope, "agency", SPAN_NONE);

	TRY(order_need_verified(c, o));
	if (span_eq(agency, decided_for))
		return ERR_OK;
	err_next(c, "counsel decides again: writ decide %.*s ...", SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "counsel decided for the agency '%.*s', the sender is '%.*s'",
	     SPAN_ARG(decided_for), SPAN_ARG(agency));
}

enum err order_need_last(struct ctx *c, struct session *s, const struct order *o)
{
	struct span later = json_opt_text(o->resubmitted, "order", SPAN_NONE);
	struct order as;

	if (!o->resubmitted)
		return ERR_OK;
	TRY(order_load(c, s, later, &as));
	if (as.state == ORDER_WITHDRAWN || as.state == ORDER_VOID)
		return ERR_OK;
	err_next(c, "go on with %.*s; if that one is no correction of it, void that one",
		 SPAN_ARG(later));
	FAIL(c, ERR_STATE, "order %.*s came again as %.*s and is answered there", SPAN_ARG(o->ref),
	     SPAN_ARG(later));
}

/* What was collected is gone for good; what was handed over stays handed over. */
static void fold_destroyed(struct order *o, const struct json *body)
{
	o->destroyed = body;
	if (o->state != ORDER_COLLECTING && o->state != ORDER_COLLECTED &&
	    o->state != ORDER_APPROVED)
		return;
	forget_collection(o);
	o->state = ORDER_DECIDED;
}

/* What was judged is so no more, and nobody signs as the second what answers it. */
static void facts_changed(struct order *o)
{
	o->judged_stale = o->judged != NULL;
	o->proposed = NULL;
}

/* Acts that only put one thing on file. */
static void fold_file(struct order *o, enum act_kind kind, const struct json *body)
{
	if (kind == ACT_COUNTED)
		o->counted = body;
	if (kind == ACT_JUDGED) {
		o->judged = body;
		o->judged_stale = false;
		o->proposed = NULL;
	}
	if (kind == ACT_GAGGED)
		o->gag = body;
	if (kind == ACT_RESUBMITTED)
		o->resubmitted = body;
	if (kind == ACT_PROPOSED || kind == ACT_LET_BE)
		o->proposed = kind == ACT_PROPOSED ? body : NULL;
	if (kind == ACT_PRESERVED)
		o->preserved = body;
	if (kind == ACT_NOTICE_DECIDED) {
		o->notice = body;
		if (o->state != ORDER_RELEASED && o->state != ORDER_DELIVERED)
			forget_statement(o);
	}
}

static enum err fold_established(struct ctx *c, struct order *o, const struct json *body)
{
	const struct json *facts;

	TRY(json_need_list(c, body, "facts", &facts));
	facts_changed(o);
	JSON_EACH(fact, facts) {
		struct json *copy;

		TRY(json_clone(c, fact, &copy));
		json_add(c, o->established, copy);
	}
	return ERR_OK;
}

static bool is_null(const struct json *j)
{
	return j && j->type == JSON_NULL;
}

/* What staff wrote out of the paper stands where an order file's words would. */
static enum err fold_transcribed(struct ctx *c, struct order *o, const struct json *body)
{
	static const char *const members[] = { "facts", "authority_reference", "agency",
					       "recipients", "lines", "order_file" };
	struct json *received, *copy;

	TRY(json_clone(c, o->received, &received));
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const struct json *said = json_get(body, members[i]);

		if (!said)
			continue;
		TRY(json_clone(c, said, &copy));
		json_set(c, received, members[i], copy);
	}
	o->received = received;
	o->transcribed = body;
	o->counted = NULL;
	facts_changed(o);
	if (!o->decided)
		return ERR_OK;
	/* What was decided, collected and approved was another order: counsel decides anew. */
	forget_collection(o);
	o->decided = NULL;
	o->scope = NULL;
	o->state = order_is_verified(o) ? ORDER_AUTHENTICATED : ORDER_RECEIVED;
	return ERR_OK;
}

/* What staff say of the order. */
static enum err fold_words(struct ctx *c, struct order *o, enum act_kind kind,
			   const struct json *body)
{
	return kind == ACT_TRANSCRIBED ? fold_transcribed(c, o, body)
				       : fold_established(c, o, body);
}

static enum err fold_received(struct ctx *c, struct order *o, const struct json *body)
{
	o->received = body;
	o->from_paper = is_null(json_get(body, "order_file"));
	o->state = ORDER_RECEIVED;
	o->established = json_list(c);
	o->letters = json_list(c);
	return ERR_OK;
}

static enum err fold_collection(struct order *o, enum act_kind kind, const struct json *body)
{
	if (kind == ACT_COLLECTION_BEGUN) {
		forget_collection(o);
		o->begun = body;
		o->state = ORDER_COLLECTING;
	} else if (kind == ACT_COLLECTION_FAILED) {
		o->state = ORDER_DECIDED;
	} else {
		o->collected = body;
		o->state = ORDER_COLLECTED;
	}
	return ERR_OK;
}

static enum err fold_release(struct order *o, enum act_kind kind, const struct json *body)
{
	if (kind == ACT_RELEASED) {
		o->released = body;
		o->timestamped = NULL; /* that of an earlier release counts no more */
		o->state = ORDER_RELEASED;
	} else if (kind == ACT_TIMESTAMPED) {
		o->timestamped = body;
	} else {
		o->delivered = body;
		o->state = ORDER_DELIVERED;
	}
	return ERR_OK;
}

static enum err fold_end(struct order *o, enum act_kind kind, const struct json *body)
{
	o->ended = body;
	o->proposed = NULL;
	o->state = kind == ACT_WITHDRAWN ? ORDER_WITHDRAWN : ORDER_VOID;
	return ERR_OK;
}

static enum err fold_lettered(struct ctx *c, struct order *o, const struct json *body)
{
	struct json *copy;

	TRY(json_clone(c, body, &copy));
	json_add(c, o->letters, copy);
	return ERR_OK;
}

static enum err fold_body(struct ctx *c, struct order *o, enum act_kind kind,
			  const struct json *body)
{
	switch (kind) {
	case ACT_RECEIVED:
		return fold_received(c, o, body);
	case ACT_TRANSCRIBED:
	case ACT_ESTABLISHED:
		return fold_words(c, o, kind, body);
	case ACT_AUTHENTICATED:
		o->authenticated = body;
		facts_changed(o);
		if (o->state == ORDER_RECEIVED || o->state == ORDER_AUTHENTICATED)
			o->state = order_is_verified(o) ? ORDER_AUTHENTICATED : ORDER_RECEIVED;
		return ERR_OK;
	case ACT_DECIDED:
		return fold_decided(c, o, body);
	case ACT_LETTERED:
		return fold_lettered(c, o, body);
	case ACT_COLLECTION_BEGUN:
	case ACT_COLLECTION_FAILED:
	case ACT_COLLECTED:
		return fold_collection(o, kind, body);
	case ACT_STATED:
		forget_statement(o);
		o->stated = body;
		return ERR_OK;
	case ACT_APPROVED:
		return fold_approved(c, o, body);
	case ACT_RELEASED:
	case ACT_TIMESTAMPED:
	case ACT_DELIVERED:
		return fold_release(o, kind, body);
	case ACT_WITHDRAWN:
	case ACT_VOIDED:
		return fold_end(o, kind, body);
	case ACT_COUNTED:
	case ACT_JUDGED:
	case ACT_PROPOSED:
	case ACT_LET_BE:
	case ACT_GAGGED:
	case ACT_PRESERVED:
	case ACT_RESUBMITTED:
	case ACT_NOTICE_DECIDED:
		fold_file(o, kind, body);
		return ERR_OK;
	case ACT_SEAL_LOST:
		/* Keys, statement and release died with it; what was handed over stays so. */
		forget_collection(o);
		o->released = NULL;
		o->state = ORDER_DECIDED;
		return ERR_OK;
	case ACT_DESTROYED:
		fold_destroyed(o, body);
		return ERR_OK;
	case ACT_KINDS:
		break;
	}
	FAIL(c, ERR_FORMAT, "an act of unknown kind");
}

/* Kept by the fold, so that an order of many acts is not walked again for each one more. */
static void fold_actor(struct ctx *c, struct order *o, const struct json *act)
{
	struct span name = json_opt_text(json_get(act, "actor"), "name", SPAN_NONE);

	if (!o->people)
		o->people = json_list(c);
	if (name.n && !json_has_text(o->people, name))
		json_add(c, o->people, json_text(c, name));
}

enum err order_fold(struct ctx *c, struct order *o, const struct json *act)
{
	struct span word, at, ref;
	const struct json *body;
	int64_t seq;

	TRY(json_need_text(c, act, "act", &word));
	TRY(json_need_text(c, act, "made_at", &at));
	TRY(json_need_text(c, act, "order", &ref));
	TRY(json_need_int(c, act, "seq", &seq));
	TRY(json_need_object(c, act, "body", &body));
	if (seq != o->last_seq + 1)
		FAIL(c, ERR_FORMAT, "order %.*s: act %lld stands where act %lld belongs",
		     SPAN_ARG(ref), (long long)seq, (long long)o->last_seq + 1);
	if (!time_parse(at, &o->last_utc))
		FAIL(c, ERR_FORMAT, "order %.*s act %lld: its time is not a time", SPAN_ARG(ref),
		     (long long)seq);
	o->last_seq = seq;
	fold_actor(c, o, act);
	if (seq == 1)
		o->received_utc = o->last_utc;
	for (int i = 0; i < ACT_KINDS; i++)
		if (span_is(word, kinds[i].word))
			return fold_body(c, o, (enum act_kind)i, body);
	FAIL(c, ERR_FORMAT, "order %.*s act %lld: '%.*s' is no act that this version knows",
	     SPAN_ARG(ref), (long long)seq, SPAN_ARG(word));
}

enum err order_permit(struct ctx *c, struct session *s, const struct order *o, enum act_kind kind)
{
	const char *may = kinds[kind].may;

	if (o->last_seq > 0 && !(kinds[kind].states & 1u << o->state)) {
		err_next(c, "whose turn it is: %s", states[o->state].turn);
		FAIL(c, ERR_STATE, "order %.*s is %s (%s): '%s' is not possible now",
		     SPAN_ARG(o->ref), states[o->state].word, states[o->state].means,
		     kinds[kind].words);
	}
	return may[0] == '-' ? ERR_OK : session_need_actor(c, s, may);
}

enum err order_place(struct ctx *c, const struct order *o, struct span *out)
{
	return span_fmt(c, out, "%.*s/%lld", SPAN_ARG(o->ref), (long long)o->last_seq + 1);
}
