/*
 * The scope of an order on a page: shared by counting and by counsel's decision.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_SCOPE_PAGE_H
#define WEB_DESK_SCOPE_PAGE_H

#include "order/3_judge/judge.h"
#include "web/desk/step.h"

/* Whether the form with the lines was sent, or a shorter one without them. */
bool scope_is_typed(const struct visit *v);
/* Its lines as decision_asked takes them: {id, from, until, undated} of those that are kept. */
struct scope_typed {
	const struct json *lines;
	bool narrower;                  /* less than the order asks for, or not all alike */
	bool deliver;                   /* what cannot be dated is delivered, on every line */
};
enum err scope_typed(struct visit *v, struct scope_typed *out) MUST_USE;

/* The page; with the fields of a decision, or NULL. edited: lines that were narrowed, or NULL: as
 * they were counted last. What was typed goes before. */
enum err scope_show(struct visit *v, struct step *decide, const struct json *edited) MUST_USE;

#define SCOPE_LINES "lines."     /* begins the names of files of lines that are being counted */

/* Starts the count of these lines, or of all as ordered, and answers with the page that waits. */
enum err scope_count(struct visit *v, const struct json *edited) MUST_USE;

#endif
