/*
 * What the rule packs make of an order: the facts as they are known, the decision on them, and both
 * kept as an act, so that anybody repeats it later with the packs of that day. It decides nothing:
 * counsel does, with it in view.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_JUDGEMENT_H
#define ORDER_JUDGEMENT_H

#include "law/law.h"
#include "order/order.h"

/* FACTS: what the authority states, what staff have established (the last word counts), how the
 * sender was checked, the reference and the time of receipt, and the provider's profile. What only
 * the provider may set counts for nothing where the sender set it. */
enum err judgement_facts(struct ctx *c, struct session *s, const struct order *o,
			 struct json **out) MUST_USE;
/* Judges the order with the packs of the home and appends the act `judged`; the page for people. */
enum err judgement_make(struct ctx *c, struct session *s, struct order *o,
			struct span *page_out) MUST_USE;

/* An earlier judgement repeated from what was kept of it. */
struct judgement_replay {
	int64_t seq;
	const struct json *stored;      /* body of the act */
	const struct json *decision;    /* as it comes out today */
	struct span sha256;             /* of that decision */
	struct json *differs;           /* names of what differs: empty where nothing does */
	struct span page;
};
/* seq 0: the last one. ERR_NOT_FOUND where the order has none. */
enum err judgement_repeat(struct ctx *c, struct session *s, const struct order *o, int64_t seq,
			  struct judgement_replay *out) MUST_USE;

#endif
