/*
 * The timeline of an order as a file that a court keeps: its acts and those that the seal made for
 * it, byte for byte, each with the proof that it stands in the log (doc/protocol.md section 9). It
 * holds what the acts hold, names of people too; it says nothing that no act says.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_TIMELINE_H
#define ORDER_TIMELINE_H

#include "order/order.h"

/* ERR_AGAIN while one of them waits for its tick: a file with a hole is not made. */
enum err timeline_export(struct ctx *c, struct session *s, const struct order *o,
			 struct span *out) MUST_USE;

#endif
