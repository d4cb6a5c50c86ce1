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
};

enum err order_authenticate(struct ctx *c, struct session *s, struct order *o,
			    const struct authentication *a) MUST_USE;
/* Whether staff set that fact, one by one. */
bool order_fact_is_ours(struct span path);
/* Facts that only the provider may set (man writ-order), checked and recorded. */
enum err order_establish(struct ctx *c, struct session *s, struct order *o,
			 const struct json *facts) MUST_USE;

#endif
