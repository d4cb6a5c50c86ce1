/*
 * The other duties of an order: telling the customer or having on file why not, secrecy orders,
 * preservation; and its ends: withdrawal, voiding, destruction of keys, halt and resume.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_NOTIFY_H
#define ORDER_NOTIFY_H

#include "order/order.h"

/* sent: the customer has been or is told now; else withheld because of a code. */
enum err order_notice(struct ctx *c, struct session *s, struct order *o, bool sent,
		      struct span because) MUST_USE;
/* until: a date, or empty = without an end (flagged until it is reviewed). Only who may decide
 * shortens the secrecy that is on file. */
enum err order_gag(struct ctx *c, struct session *s, struct order *o, struct span basis,
		   struct span until) MUST_USE;
enum err order_preserve(struct ctx *c, struct session *s, struct order *o, struct span until)
	MUST_USE;
const char *notice_because_words(struct span code);     /* NULL if there is no such code */

/* Documents that people sign: kind void, destroy (order named), halt, resume (for the home). */
enum err end_document(struct ctx *c, struct session *s, const char *kind, const struct order *o,
		      struct span because, struct span *document_out) MUST_USE;
/* Takes a signed void or destroy document in; withdrawn = by the authority. */
enum err order_end(struct ctx *c, struct session *s, struct order *o, const char *kind,
		   struct span document, struct span signature, bool withdrawn) MUST_USE;
/* Destroys the keys of a released or expired collection, without a document. */
enum err order_shred(struct ctx *c, struct session *s, struct order *o) MUST_USE;
/* halt: one signature, resume: two. */
enum err home_halt(struct ctx *c, struct session *s, const char *kind, struct span document,
		   const struct json *signatures) MUST_USE;

#endif
