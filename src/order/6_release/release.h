/*
 * Release: the seal checks everything by itself and re-heads the package; here its answer is kept,
 * and stamped by a timestamp authority where the policy demands it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_RELEASE_H
#define ORDER_RELEASE_H

#include "order/order.h"

enum err order_release(struct ctx *c, struct session *s, struct order *o) MUST_USE;

/* Whether what was released must be stamped (the signed statement lists statement.tsr) and is not
 * yet. false for what is not released. */
enum err timestamp_is_due(struct ctx *c, struct session *s, const struct order *o,
			  bool *due_out) MUST_USE;
/* If it is due, has a hand ask the timestamp authority, and keeps what it checked. */
enum err order_timestamp(struct ctx *c, struct session *s, struct order *o) MUST_USE;

#endif
