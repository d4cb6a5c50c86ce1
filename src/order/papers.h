/*
 * The files that acts name by their hash (papers, letters, the parts of a delivered file): are they
 * there, and are they whole?
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_PAPERS_H
#define ORDER_PAPERS_H

#include "order/order.h"

/* Says each one that is missing or altered: place "blob SHA256", what it is and of which order. */
typedef void papers_say(void *of, bool difference, const char *place, const char *what);
enum err papers_check(struct ctx *c, struct session *s, papers_say *say, void *of,
		      int64_t *differences_out) MUST_USE;

#endif
