/*
 * Authentication: who established, in which way and over which independently found number or key,
 * that the sender is who it says. A mail address or domain proves nothing and is recorded as such.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_AUTHENTICATE_H
#define ORDER_AUTHENTICATE_H

#include "order/order.h"

struct authentication {
	struct span by;                 /* callback, certificate, official-channel, domain, none */
	struct span over;               /* the number or key */
	struct span found;              /* where it was found, independently of the request */
	struct span agency;             /* id of the register; empty = as the order claims */
	const struct json *signs;       /* list of impersonation signs, or NULL */
	const struct json *facts;       /* list of {path, value}, set by staff, or NULL */
	struct span again;              /* the order whose check gave over and found, or empty */
};

/* A number by which this agency was rung back before, as staff found it then. It saves looking it
 * up, not the call: who says that it was used again says that it was rung now. */
#define EARLIER_MAX 3u
struct earlier_check {
	struct span order, over, found, by;     /* by: who checked */
	int64_t at_utc;
};
/* Of the agency that the order claims, if the register has it: the newest first, each number once.
 * None of an order that was made void, or of a sender with signs of being false. */
enum err authenticate_earlier(struct ctx *c, struct session *s, const struct order *o,
			      struct earlier_check out[EARLIER_MAX], size_t *count_out) MUST_USE;

enum err order_authenticate(struct ctx *c, struct session *s, struct order *o,
			    const struct authentication *a) MUST_USE;
/* Whether staff set that fact, one by one. */
bool order_fact_is_ours(struct span path);
/* Facts that only the provider may set (man writ-order), checked and recorded. */
enum err order_establish(struct ctx *c, struct session *s, struct order *o,
			 const struct json *facts) MUST_USE;

#endif
