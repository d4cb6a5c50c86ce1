/*
 * Pages of orders that were made a moment ago, kept by one process in memory. A page is given again
 * to the sitting for which it was made and to no other, while the order's last act is the same, the
 * seal has said nothing new of people and rules, nothing more was read on the paper, and no clock
 * on it would read differently; after SHELF_S at the latest it is made anew. Who may see it is
 * asked by the caller, each time, before.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_SHELF_H
#define WEB_DESK_SHELF_H

#include "web/http.h"

#define SHELF_S 30                      /* the longest that anything else may go unnoticed */
#define SHELF_BYTES ((size_t)96 << 20)  /* all pages together; then places are cleared, in turn */

struct shelf;

/* For whom and of what a page is, and by what it was made. */
struct shelf_page {
	struct span sitting, origin, target;
	int64_t last_seq;               /* of the order's acts */
	int64_t told;                   /* number of what the seal said of people and rules */
	int64_t read_ns;                /* when anything was last read on a paper */
	int64_t made_utc, until_utc;    /* from then on a clock reads differently */
	struct span body;
};

enum err shelf_open(struct ctx *c, struct shelf **out) MUST_USE;
/* Answers where there is such a page that still holds. */
bool shelf_answer(struct shelf *s, const struct shelf_page *p, int64_t now_utc, struct answer *a);
/* A page for which there is no room or no memory is not kept, which is no failure. */
void shelf_put(struct shelf *s, const struct shelf_page *p, int64_t now_utc);

#endif
