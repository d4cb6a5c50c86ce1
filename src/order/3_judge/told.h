/*
 * What an authority is told of the judgement that counsel had in view: for each reason the words,
 * the rules that decided with their sources, and what would cure it; each line; the dates. It
 * judges nothing: everything is taken from the judgement on file and the packs that were kept.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_TOLD_H
#define ORDER_TOLD_H

#include "law/law.h"
#include "order/3_judge/in_view.h"

struct told {
	struct ctx *c;
	const struct law *law;          /* the packs of that day; NULL: there is no judgement */
	const struct json *body;        /* of the act judged */
	const struct json *judged;      /* the decision of the rule packs */
	const struct json *document;    /* counsel's */
	const struct json *codes;       /* what the authority is told, in_view_outward */
	const struct order *o;
	enum decision decision;
};

enum err told_open(struct ctx *c, struct session *s, const struct order *o,
		   const struct json *document, struct told *out) MUST_USE;
/* The reasons as a list; without a judgement their words alone. */
enum err told_reasons(const struct told *t, struct span *out) MUST_USE;
/* What follows the reasons: the lines of a narrowed scope, secrecy, dates; empty where there is no
 * judgement, or it adds nothing. */
enum err told_rest(const struct told *t, struct span *out) MUST_USE;
/* Does the letter object for a conflict of laws? */
bool told_objects(const struct told *t);

/* The form of Annex III of Regulation (EU) 2023/1543 goes with a letter about an EPOC or EPOC-PR
 * that was judged. */
bool told_wants_form(const struct told *t);
struct letter_slot;
#define FORM_SLOTS 8u
enum err told_form(const struct told *t, struct letter_slot *slots, size_t *count_out) MUST_USE;

/* For the form: the judged line of a demand has this reason and is not answered. */
bool told_line_has(const struct told *t, const struct json *line, struct span code);
/* The sources of the rules that gave a reason, as a letter cites them; empty where no rule did. */
enum err told_sources(const struct told *t, struct span code, struct span *out) MUST_USE;
enum err told_cure(const struct told *t, struct span code, struct span *out) MUST_USE;
/* "alice@mail.example: content of messages". */
enum err told_demand(const struct told *t, struct span id, struct span *out) MUST_USE;

#endif
