/*
 * The life of an order: its acts, and its state as a fold over them. A command loads the order,
 * checks that the act is permitted in this state, and appends it; nothing is updated in place.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "order/session.h"

enum order_state {
#define X(name, word, means, turn, who) ORDER_##name,
#include "order/state.def"
#undef X
	ORDER_STATES
};

/* Whose turn it is. */
enum order_who { WHO_NOBODY, WHO_DESK, WHO_DECIDE, WHO_APPROVE, WHO_AUTHORITY, WHOS };

/* What a queue shows beside an order. */
enum order_flag {
#define X(name, word, words) FLAG_##name,
#include "order/flag.def"
#undef X
	FLAGS
};

enum act_kind {
#define X(name, word, states, may, words) ACT_##name,
#include "order/act.def"
#undef X
	ACT_KINDS
};

#define APPROVALS_MAX 16

struct order {
	struct span ref;
	enum order_state state;
	int64_t last_seq;
	int64_t received_utc, last_utc;         /* s */
	const struct json *acts;                /* every act, in order */
	struct json *people;                    /* who acted, each name once, the first first */
	/* Bodies of the acts that count now; NULL where there is none. */
	const struct json *received, *authenticated, *decided, *begun, *collected, *notice, *gag;
	const struct json *preserved, *stated, *released, *timestamped, *delivered, *counted;
	const struct json *ended, *destroyed;
	const struct json *resubmitted;         /* the order as which it came again */
	const struct json *judged;              /* the last judgement of the rule packs */
	const struct json *proposed;    /* signed against it by the first of two who may decide */
	bool from_paper;                        /* it came without an order file */
	const struct json *transcribed;         /* then: what staff wrote out of the paper */
	bool judged_stale;                      /* facts have changed since */
	const struct json *scope;               /* the decided scope or decision document, read */
	struct json *established; /* facts set by staff: {path, value}, the last wins */
	const struct json *approved[APPROVALS_MAX];
	size_t approvals;
	struct json *letters;                   /* bodies of lettered acts */
};

const char *order_state_word(enum order_state state);
const char *order_state_means(enum order_state state);
const char *order_state_turn(enum order_state state);
/* Whose turn it is: of its state, or of the order as which it came again. */
struct span order_turn(const struct order *o);
enum order_who order_who(const struct order *o);
const char *order_who_word(enum order_who who);         /* "desk", "approve" */
bool order_who_of(struct span word, enum order_who *out);
bool order_state_is_open(enum order_state state);       /* somebody still has to act */
bool order_is_verified(const struct order *o);          /* the sender is who it says */
const char *order_flag_word(enum order_flag flag);
const char *order_flag_words(struct span word);         /* for people; NULL if it is none */
const char *act_word(enum act_kind kind);
const char *act_words(struct span act);                 /* for the timeline */
bool act_by_itself(struct span act);                    /* it follows from what a person did */

/* "w7kqf2m9d" and "W-7KQF-2M9D" are one reference: its canonical form, ERR_NOT_FOUND if it is none.
 */
enum err order_ref(struct ctx *c, struct span ref, struct span *out) MUST_USE;
/* ERR_NOT_FOUND if there is no such order. ref in any case, with or without "W-" and dashes. */
enum err order_load(struct ctx *c, struct session *s, struct span ref, struct order *out) MUST_USE;
/* The same of a reference in its canonical form; last_seq 0 where there is none. */
enum err order_load_exact(struct ctx *c, struct session *s, struct span ref, struct order *out)
	MUST_USE;
/* Fold of one act (its whole JSON) into the order; the one place that knows what acts mean. */
enum err order_fold(struct ctx *c, struct order *o, const struct json *act) MUST_USE;
/* ERR_STATE with words unless the act may be appended now; ERR_DENIED unless the actor may. */
enum err order_permit(struct ctx *c, struct session *s, const struct order *o, enum act_kind kind)
	MUST_USE;

/* Only a verified sender is answered with data. */
enum err order_need_verified(struct ctx *c, const struct order *o) MUST_USE;
/* What came as paper alone is judged and answered once somebody has written out what it says. */
enum err order_need_written(struct ctx *c, const struct order *o) MUST_USE;
/* Once counsel has decided: the sender is still verified, and still the agency that
 * counsel decided for. */
enum err order_need_answerable(struct ctx *c, const struct order *o) MUST_USE;
/* ERR_STATE where it came again as another order that still stands: an order is answered once. */
enum err order_need_last(struct ctx *c, struct session *s, const struct order *o) MUST_USE;

/* Appends acts with their salted commitments and the projection, in one transaction, and folds
 * them into o: either all happened or none. o may be a new order (last_seq 0, ref set). ERR_BUSY
 * where the order has changed since it was loaded. The first act is the one that the actor must be
 * permitted; those after it follow from it. */
struct new_act {
	enum act_kind kind;
	struct json *body;
};
enum err order_append_all(struct ctx *c, struct session *s, struct order *o,
			  const struct new_act *acts, size_t count) MUST_USE;
enum err order_append(struct ctx *c, struct session *s, struct order *o, enum act_kind kind,
		      struct json *body) MUST_USE;
/* An act each on two orders that are linked by them, in one transaction. */
enum err order_append_both(struct ctx *c, struct session *s, struct order *o,
			   const struct new_act *act, struct order *other,
			   const struct new_act *on_other) MUST_USE;
/* Whether that reference (in its canonical form) is taken. */
enum err order_exists(struct ctx *c, struct session *s, struct span ref, bool *out) MUST_USE;
/* The same for the home itself (order HOME): act words founded, roster, agency, policy, stores ...
 */
enum err home_append(struct ctx *c, struct session *s, const char *act, struct json *body) MUST_USE;
/* The last HOME act of that word, or NULL. */
enum err home_last(struct ctx *c, struct session *s, const char *act, const struct json **body_out)
	MUST_USE;

/* The projection of screens, rebuilt by one function from the acts alone. */
enum err order_project(struct ctx *c, struct session *s, const struct order *o) MUST_USE;
enum err order_rebuild_all(struct ctx *c, struct session *s, int64_t *orders_out) MUST_USE;
/* The same where a newer schema has left the rows to be made again. */
enum err order_view_need(struct ctx *c, struct session *s) MUST_USE;
struct order_view;
/* What the acts say that the order's row must be (for log_verify). */
enum err order_view_of(struct ctx *c, struct session *s, struct span ref, struct order_view *out,
		       bool *exists_out) MUST_USE;
/* Where the next act of this order stands, for seal_ask: "REF/seq". */
enum err order_place(struct ctx *c, const struct order *o, struct span *out) MUST_USE;

/* Whether a text is a reason code: a row of reason.def, or FACT-UNKNOWN(field). */
bool reason_known(struct span code);
const char *reason_words(struct span code);
const char *reason_cure(struct span code);      /* what would cure it, as a rule */
/* The fact of a code FACT-UNKNOWN(field), or NULL. */
struct fact_field;
const struct fact_field *reason_fact(struct span code);

/* The log of this home, with its key as the seal's founding document pins it. */
struct log;
enum err order_log(struct ctx *c, struct session *s, struct log *out) MUST_USE;
/* Every command that wrote calls this last: closes a tick where the home's ticks are on demand.
 * ERR_DEGRADED with words if that failed: done, not yet logged. */
enum err order_close_tick(struct ctx *c, struct session *s) MUST_USE;

#endif
