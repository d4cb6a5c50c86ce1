/*
 * What writ serves: the routes, and who is asked before and after each.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include "web/http.h"

/* The handlers of route.def. */
#define X(name, method, path, body, most, door, run)                                               \
	enum err run(struct request *r, struct answer *a) MUST_USE;
#define DESK(name, method, path, body, most, permit, handler)
#include "web/route.def"
#undef X
#undef DESK

/* For the life of a serving process. */
enum err site_open(struct ctx *c, const struct home *home, struct web_site *out) MUST_USE;

#endif
