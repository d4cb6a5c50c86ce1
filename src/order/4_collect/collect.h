/*
 * Counting and collecting: a ticket from the seal, a hand that bears it, and what came of it. The
 * scope and the key come to the hand by the ticket, not from here alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_COLLECT_H
#define ORDER_COLLECT_H

#include "order/order.h"

/* Numbers per line before anything is collected; the hand's list {id, store, account, items ...}.
 * edited: what scope_edit_read gave, to count the lines as counsel would narrow them; NULL: as the
 * order has them. */
enum err order_count(struct ctx *c, struct session *s, struct order *o, const struct json *edited,
		     const struct json **lines_out) MUST_USE;
/* ERR_DEGRADED with *unreadable_out where something in scope could not be read: no package then.
 * What is collected already is thrown away and collected anew only with again. */
enum err order_collect(struct ctx *c, struct session *s, struct order *o, bool again,
		       hand_progress *progress, void *of, const struct json **unreadable_out)
	MUST_USE;
/* What the stores say of themselves (describe), recorded as an act of the home. */
enum err stores_check(struct ctx *c, struct session *s, const struct json **stores_out) MUST_USE;

#endif
