/*
 * Going on without the old seal: its keys are lost, or it knows more ticks than the home that was
 * restored. A new seal with a new log, whose founding document, and so whose first entry, holds
 * the last checkpoint of the old one, signed by two rostered people (doc/restore.md).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_AGAIN_H
#define ORDER_AGAIN_H

#include "order/order.h"

/* What the home's own acts say of people and policy: {people, agencies (rows live now), policy}. */
enum err roster_of_acts(struct ctx *c, struct session *s, struct json **out) MUST_USE;
/* The input of writ-seal --init for such a founding, and what init keeps of the old founding. */
enum err again_input(struct ctx *c, struct session *s, struct json **input_out,
		     struct json **answers_out) MUST_USE;
/* Puts database and log aside (HOME/before-N) and carries every act over into a new database,
 * where it waits for the new log. */
enum err again_carry(struct ctx *c, const struct home *h) MUST_USE;
/* After the founding: what the lost seal held the keys of is to be collected anew. */
enum err again_orders(struct ctx *c, struct session *s) MUST_USE;
/* Every founding after the first: does it continue the one before, and did two people sign it who
 * were rostered then? */
typedef void again_say(void *of, bool difference, const char *place, const char *what);
enum err again_check(struct ctx *c, struct session *s, again_say *say, void *of,
		     int64_t *differences_out) MUST_USE;

#endif
