/*
 * The judgement of the rule packs as counsel's document answers it: what it overrules, over which
 * doubts it decides, with which reasons lines are left out. It judges nothing and decides nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_IN_VIEW_H
#define ORDER_IN_VIEW_H

#include "order/3_judge/judge.h"

/* Ids of the demands that the last judgement does not call INSUFFICIENT; NULL where it calls none
 * so, or where there is no judgement. */
enum err in_view_sufficient(struct ctx *c, const struct order *o, const struct json **ids_out)
	MUST_USE;
/* Counsel's own reasons, and those that the judgement gives for what is not answered: of lines left
 * out of a narrowed scope always, else where counsel gives none. */
enum err in_view_reasons(struct ctx *c, const struct order *o, enum decision decision,
		      const struct json *lines, const struct json *own,
		      struct json **out) MUST_USE;
/* judgement_sha256 (null where there is no judgement) and overrules: the lines of the document that
 * the judgement calls INSUFFICIENT. */
enum err in_view_put(struct ctx *c, const struct order *o, struct json *document) MUST_USE;

/* What the authority is told: the reasons of the document without those by which counsel decided
 * over doubts on lines that are answered. */
enum err in_view_outward(struct ctx *c, const struct order *o, const struct json *document,
		      struct json **out) MUST_USE;
/* The body of the judgement that the document was made in view of, whatever was judged after it;
 * NULL where there was none. */
const struct json *in_view_judged(const struct order *o, const struct json *document);

#endif
