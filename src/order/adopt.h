/*
 * Adoption: the operator's counsel says by signature that a rule pack, of exactly these bytes, may
 * be relied on. Nothing else lets a pack give SUFFICIENT. It is an act of the home; the seal has no
 * part in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_ADOPT_H
#define ORDER_ADOPT_H

#include "order/order.h"

/* Every adoption that holds: list of {pack, pack_version, sha256, made_at, name}. A session without
 * a home has none. */
enum err adoptions(struct ctx *c, struct session *s, struct json **out) MUST_USE;
const struct json *adoption_of(const struct json *list, struct span sha256);
/* The document that a person with `decide` signs (kind adoption): of the pack of that id as it lies
 * in the home's folder now; with end of the one that was adopted last. */
enum err adoption_document(struct ctx *c, struct session *s, struct span pack, bool end,
			   struct span *document_out) MUST_USE;
/* Takes it in, if it is about that pack: checked against folder, roster and what holds already. */
enum err adoption_take(struct ctx *c, struct session *s, struct span pack, struct span document,
		       struct span signature) MUST_USE;
/* The packs of the home with their states: list of {name, id, version, sha256, state, next_review,
 * adopted_by (or null)}. */
enum err adoption_list(struct ctx *c, struct session *s, struct json **out) MUST_USE;

#endif
