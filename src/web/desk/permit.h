/*
 * Who may see and do what at the desk: one table (permit.def), asked for every route and for every
 * object that an address names. It knows roles and orders, no pages; it gives no right that the
 * roster does not give, and takes none of what the seal checks by itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_PERMIT_H
#define WEB_DESK_PERMIT_H

#include "order/queue.h"

enum permit {
#define X(name, object, roles, words) PERMIT_##name,
#include "web/desk/permit.def"
#undef X
	PERMITS
};

enum permit_object { OBJECT_NOTHING, OBJECT_ORDER, OBJECT_OWN };

/* One bit each; what NOBODY may (who is not signed in) everybody may. */
enum role {
	ROLE_DESK = 1, ROLE_DECIDE = 2, ROLE_APPROVE = 4, ROLE_ROSTER = 8, ROLE_HALT = 16,
	ROLE_AUDIT = 32, ROLE_NOBODY = 64
};
unsigned roles_of(const struct team_person *p);         /* NULL: nobody */
/* The rights as the roster calls them, a blank between, for people to read; and those of a person.
 */
enum err rights_say(struct ctx *c, struct span rights, struct span *out) MUST_USE;
enum err roles_say(struct ctx *c, const struct team_person *p, struct span *out) MUST_USE;

bool permit_has(enum permit what, unsigned roles);
enum permit_object permit_object(enum permit what);
const char *permit_name(enum permit what);
const char *permit_words(enum permit what);

/* ERR_DENIED with words unless these roles may. */
enum err permit_need(struct ctx *c, enum permit what, unsigned roles) MUST_USE;
/* The same about an order of an address, loaded. Who may not see orders gets the same answer for
 * one that is there as for one that is not: ERR_NOT_FOUND. */
enum err permit_order(struct ctx *c, struct session *s, enum permit what, unsigned roles,
		      struct span ref, struct order *out) MUST_USE;

#endif
