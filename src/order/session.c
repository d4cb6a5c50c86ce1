/*
 * Opening and closing a session, and who is acting.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/session.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "order/home.h"
#include "order/order.h"

/* The caller's real user; in an installed home, which is reached through sudo (dist/sudoers), the
 * one who called it, as sudo says. */
static enum err calling_user(struct ctx *c, bool single_user, struct span *out)
{
	const char *through = single_user ? NULL : getenv("SUDO_UID");
	struct passwd *p;
	int64_t uid = getuid();

	if (through && !span_to_i64(span_str(through), &uid))
		FAIL(c, ERR_DENIED, "SUDO_UID is not a user id");
	p = getpwuid((uid_t)uid);
	if (!p)
		return span_fmt(c, out, "uid-%lld", (long long)uid);
	return span_copy(c, span_str(p->pw_name), out);
}

/* --as NAME where several people share one Unix user: the name must be rostered for that user. */
/* The desk of an installed home signs people in by itself, and what it starts acts for them: only a
 * process of the home's own user, which nobody reached through sudo, may say for whom. */
static bool speaks_for_others(const struct session *s)
{
	struct stat st;

	return !s->home.single_user && !getenv("SUDO_UID") && stat(s->home.dir, &st) == 0 &&
	       st.st_uid == getuid();
}

static enum err find_actor(struct ctx *c, struct session *s, const char *as)
{
	const struct json *state, *roster, *found = NULL;
	int64_t now_utc = c->seam->now_ms() / 1000;
	bool any_user = as && speaks_for_others(s);

	TRY(seal_state(c, s, false, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		if (!roster_row_is(row, "person", now_utc))
			continue;
		if (!any_user &&
		    !span_eq(json_opt_text(row, "unix_user", SPAN_NONE), s->unix_user))
			continue;
		if (as && !span_is(json_opt_text(row, "name", SPAN_NONE), as))
			continue;
		if (found && !span_eq(json_opt_text(row, "name", SPAN_NONE),
				      json_opt_text(found, "name", SPAN_NONE))) {
			err_next(c, "say who you are with --as NAME");
			FAIL(c, ERR_USAGE, "several people share the user %.*s",
			     SPAN_ARG(s->unix_user));
		}
		found = row;
	}
	if (as && !found)
		FAIL(c, ERR_DENIED, "'%s' is not rostered for the user %.*s", as,
		     SPAN_ARG(s->unix_user));
	s->actor = found ? json_opt_text(found, "name", SPAN_NONE) : SPAN_NONE;
	return ERR_OK;
}

enum err session_open(struct ctx *c, const char *dir, const char *as, struct session *out)
{
	*out = (struct session){ .seal = -1 };
	TRY(home_find(c, dir, &out->home));
	TRY(calling_user(c, out->home.single_user, &out->unix_user));
	if (!file_exists(out->home.db)) {
		TRY(home_none_yet(c, out->home.dir, out->home.single_user));
		err_next(c, "make one with 'writ init', look at one with 'writ demo', or name it "
			    "with --home DIR");
		FAIL(c, ERR_NOT_FOUND, "there is no home at %s", out->home.dir);
	}
	TRY(store_open(c, out->home.db, STORE_WRITE, &out->store));
	/* What cannot be made now is told by 'log verify'; it hinders nothing else. */
	if (order_view_need(c, out) != ERR_OK)
		err_clear(c);
	if (as)
		return find_actor(c, out, as);
	return ERR_OK;
}

void session_close(struct session *s)
{
	store_close(&s->store);
	fd_close(&s->seal);
}

enum err session_need_actor(struct ctx *c, struct session *s, const char *may)
{
	const struct json *state, *roster;
	int64_t now_utc = c->seam->now_ms() / 1000;
	bool audits = false, holds = false;

	if (s->actor.n == 0)
		TRY(find_actor(c, s, NULL));
	if (s->actor.n == 0) {
		err_next(c,
			 "two people with 'roster' add you: writ roster add --name NAME --user "
			 "%.*s --pub FILE.pub --may ...",
			 SPAN_ARG(s->unix_user));
		FAIL(c, ERR_DENIED,
		     "the user %.*s is not rostered here; without that only reading commands run",
		     SPAN_ARG(s->unix_user));
	}
	TRY(seal_state(c, s, false, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		if (!roster_row_is(row, "person", now_utc) ||
		    !span_eq(json_opt_text(row, "name", SPAN_NONE), s->actor))
			continue;
		audits |= roster_may(row, "audit");
		holds |= !*may || roster_may(row, may);
	}
	if (audits)
		FAIL(c, ERR_DENIED, "%.*s audits: who audits looks, and records nothing",
		     SPAN_ARG(s->actor));
	if (!holds)
		FAIL(c, ERR_DENIED, "%.*s may not %s", SPAN_ARG(s->actor),
		     *may ? may : "act any more: the roster ended");
	return ERR_OK;
}
