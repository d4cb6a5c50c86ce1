/*
 * The permit table as code; see permit.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/permit.h"

#define ROLE_SIGNED_IN                                                                             \
	(ROLE_DESK | ROLE_DECIDE | ROLE_APPROVE | ROLE_ROSTER | ROLE_HALT | ROLE_AUDIT)
#define ROLE_EVERYBODY (ROLE_SIGNED_IN | ROLE_NOBODY)

static const struct {
	const char *name;
	enum permit_object object;
	unsigned roles;
	const char *words;
} permits[PERMITS] = {
#define X(name, object, roles, words)                                                              \
	[PERMIT_##name] = { #name, OBJECT_##object, ROLE_##roles, words },
#include "web/desk/permit.def"
#undef X
};

unsigned roles_of(const struct team_person *p)
{
	if (!p)
		return ROLE_NOBODY;
	if (p->audit)
		return ROLE_AUDIT;
	return ROLE_DESK | (p->decide ? ROLE_DECIDE : 0u) | (p->approve ? ROLE_APPROVE : 0u) |
	       (p->roster ? ROLE_ROSTER : 0u) | (p->halt ? ROLE_HALT : 0u);
}

enum err rights_say(struct ctx *c, struct span rights, struct span *out)
{
	struct span word;
	struct buf b;

	buf_begin(&b, c, 4096);
	while (span_next(&rights, ' ', &word))
		if (word.n)
			buf_fmt(&b, "%s%.*s", b.n ? ", " : "", SPAN_ARG(word));
	return buf_done(c, &b, out);
}

enum err roles_say(struct ctx *c, const struct team_person *p, struct span *out)
{
	struct span rights;

	TRY(span_fmt(c, &rights, "%s%s%s%s%s", p->decide ? "decide " : "",
		     p->approve ? "approve " : "", p->roster ? "roster " : "",
		     p->halt ? "halt " : "", p->audit ? "audit " : ""));
	return rights_say(c, rights, out);
}

bool permit_has(enum permit what, unsigned roles)
{
	return permits[what].roles & (roles | ROLE_NOBODY);
}

enum permit_object permit_object(enum permit what)
{
	return permits[what].object;
}

const char *permit_name(enum permit what)
{
	return permits[what].name;
}

const char *permit_words(enum permit what)
{
	return permits[what].words;
}

enum err permit_need(struct ctx *c, enum permit what, unsigned roles)
{
	if (permit_has(what, roles))
		return ERR_OK;
	err_next(c, "ask a person who may; two people with 'roster' give rights");
	FAIL(c, ERR_DENIED, "your rights do not let you %s", permits[what].words);
}

enum err permit_order(struct ctx *c, struct session *s, enum permit what, unsigned roles,
		      struct span ref, struct order *out)
{
	enum err e = ERR_NOT_FOUND;

	if (permit_has(PERMIT_ORDER_SEE, roles)) {
		e = order_load(c, s, ref, out);
		if (e == ERR_OK)
			return permit_need(c, what, roles);
		if (e != ERR_NOT_FOUND)
			return e;
		err_clear(c);
	}
	err_next(c, "look for it in the queue");
	FAIL(c, e, "there is no such order here");
}
