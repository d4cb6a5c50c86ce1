/*
 * Approval: return.json and its companions are made here, the approval statement by the seal
 * alone; two people sign the statement. What approvers are shown comes from the statement, never
 * from the database.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_APPROVE_H
#define ORDER_APPROVE_H

#include "order/order.h"

/* The live statement of the order, made now if there is none that would still release; its
 * signature by the seal. */
enum err statement_current(struct ctx *c, struct session *s, struct order *o,
			   struct span *statement_out, struct span *seal_out) MUST_USE;
/* The statement in words: exactly what will leave, for which key. */
enum err statement_words(struct ctx *c, struct span statement, struct span *out) MUST_USE;
/* Takes one person's signature over the live statement. */
enum err approval_take(struct ctx *c, struct session *s, struct order *o, struct span statement,
		       struct span signature, struct span *name_out) MUST_USE;

/* return.json for the collected package (return.c). */
enum err return_make(struct ctx *c, struct session *s, const struct order *o, struct span readme,
		     struct span certificate, struct span *out) MUST_USE;
/* What was ordered and is not returned, and why: list of {id, category, reasons, words}. */
enum err return_not_returned(struct ctx *c, const struct order *o, const struct json *receipt,
			     struct json **out) MUST_USE;
/* README.txt and certificate.pdf of the delivered file. */
enum err readme_make(struct ctx *c, struct session *s, const struct order *o, struct span *out)
	MUST_USE;
enum err certificate_make(struct ctx *c, struct session *s, const struct order *o,
			  struct span *pdf_out) MUST_USE;

#endif
