/*
 * What a home keeps beside its database: blobs that acts name, and the vault, where every
 * collection has one file under the id of its ticket, and keys that the seal destroys.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_VAULT_H
#define ORDER_VAULT_H

#include "order/order.h"

/* Keeps the bytes as a blob; body[key] becomes their hash. */
enum err keep_blob(struct ctx *c, const struct session *s, struct span bytes, struct json *body,
		   const char *key) MUST_USE;

enum err vault_path(struct ctx *c, const struct session *s, struct span ticket, char **out)
	MUST_USE;
/* The head of the delivered file, which is made once. */
enum err vault_head_path(struct ctx *c, const struct session *s, struct span ticket,
			 char **out) MUST_USE;
/* A new file of that ticket, held until every descriptor of it is closed: the hand's too. */
enum err vault_create(struct ctx *c, const struct session *s, struct span ticket, int *fd_out)
	MUST_USE;
/* Where the desk has the delivered file of an order, whether it is there or not: a copy, which can
 * be made again while the vault has what was released. */
enum err delivered_path(struct ctx *c, const struct home *home, struct span ref, char **out)
	MUST_USE;
/* ERR_BUSY while somebody holds the file of the collection that has begun. */
enum err vault_need_idle(struct ctx *c, const struct session *s, const struct order *o) MUST_USE;
/* Removes the files of every collection of this order that counts no more: replaced, killed,
 * decided anew, ended or destroyed. What was released stays until it has been delivered, or until
 * a signed document destroys it; then the desk's copy of it goes too. Harmless at any time. */
enum err vault_sweep(struct ctx *c, const struct session *s, const struct order *o) MUST_USE;

/* Of a row of seal_order_state: is it "released", "destroyed" ...? */
bool ticket_is(const struct json *row, const char *what);
/* Has the seal destroy the identity of a ticket (empty: of every ticket of the order), with a
 * signed document, or without one (empty) where the ticket's time is over. Adds the ids to gone. */
enum err keys_destroy(struct ctx *c, struct session *s, const struct order *o,
		      struct span document, struct span signature, struct span ticket,
		      struct json *gone) MUST_USE;

#endif
