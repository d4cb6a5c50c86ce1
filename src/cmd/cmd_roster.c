/*
 * Commands of the roster: people, agencies, policy. Two people sign each change.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "crypt/hash.h"
#include "crypt/passkey.h"
#include "crypt/signature.h"
#include "format/time.h"
#include "format/words.h"
#include "order/home.h"
#include "order/invitation.h"
#include "order/sign.h"

enum err pub_line(struct ctx *c, const struct args *a, struct span *out)
{
	struct person_key key;
	struct span text;

	if (!args_get(a, "pub"))
		FAIL(c, ERR_USAGE, "name the public key: --pub FILE, an SSH key or a passkey");
	TRY(user_read(c, args_get(a, "pub"), 65536, &text));
	TRY(person_key_parse(c, span_trim(text), &key));
	*out = key.line;
	return ERR_OK;
}

/* Without --rp-id the host of the site. */
static enum err rp_of(struct ctx *c, const struct args *a, struct span site, struct span *out)
{
	struct span rest, port;

	if (!span_starts(site, "https://"))
		FAIL(c, ERR_USAGE, "name the desk's address: --site https://HOST[:PORT]");
	rest = span_cut(site, 8, site.n);
	*out = span_split(rest, ':', out, &port) ? *out : rest;
	if (args_get(a, "rp-id"))
		*out = args_span(a, "rp-id");
	if (site_check(c, *out, site) != ERR_OK)
		err_next(c, "name the desk's address as browsers know it, without a page: --site "
			    "https://HOST[:PORT]");
	return c->code;
}

enum err cmd_passkey_make(struct ctx *c, const struct command *self, const struct args *a)
{
	struct span site = args_span(a, "site"), rp, line, print;

	TRY(usage_check(c, self, a, 0));
	if (!args_get(a, "name"))
		FAIL(c, ERR_USAGE, "whose is it? --name NAME, as it will stand in the roster");
	TRY(rp_of(c, a, site, &rp));
	TRY(person_make_passkey(c, rp, site, args_span(a, "name"), &line));
	TRY(person_key_print(c, line, &print));
	if (!args_get(a, "out")) {
		say("%.*s", SPAN_ARG(line));
	} else {
		TRY(span_fmt(c, &line, "%.*s\n", SPAN_ARG(line)));
		TRY(user_write(c, args_get(a, "out"), line, 0644));
	}
	talk("made %.*s; two people enter it with: writ roster add --pub FILE ...",
	     SPAN_ARG(print));
	return ERR_OK;
}

/* ---- passkeys that are made in a browser, at a desk that nobody can enter yet ---- */

enum err cmd_passkey_invite(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct invitation who = { .name = span_trim(args_span(a, "name")),
				  .unix_user = span_trim(args_span(a, "user")) };
	struct span site = args_span(a, "site"), rp, code;
	struct buf may;

	TRY(usage_check(c, self, a, 0));
	TRY(rp_of(c, a, site, &rp));
	TRY(command_session(c, a, &s));
	TRY(session_need_actor(c, &s, "roster"));
	buf_begin(&may, c, 4096);
	JSON_EACH(right, args_list(c, a, "may"))
		buf_fmt(&may, "%s%.*s", may.n ? " " : "", SPAN_ARG(right->s));
	TRY(buf_done(c, &may, &who.may));
	who.invited_by = s.actor;
	TRY(invitation_add(c, s.store, &who, &code));
	say("%.*s/enrol/%.*s", SPAN_ARG(site), SPAN_ARG(code));
	talk("give it to %.*s alone; it is good for one day and one passkey, then: writ passkey "
	     "invited --name %.*s",
	     SPAN_ARG(plain(c, who.name)), SPAN_ARG(plain(c, who.name)));
	return ERR_OK;
}

struct invited {
	struct span name;               /* of whom; empty: of all */
	struct invitation last;
	bool found;
};

static enum err take_invited(struct ctx *c, void *of, const struct store_row *row)
{
	struct invited *n = of;
	struct invitation i;

	TRY(invitation_of_row(c, row->v, &i));
	if (!n->name.n)
		say("%-16.*s %-28.*s %s", SPAN_ARG(plain(c, i.name)), SPAN_ARG(i.may),
		    i.key.n ? "has made a passkey" : "has not made a passkey");
	if (!span_eq(n->name, i.name) || (n->found && n->last.key.n && !i.key.n))
		return ERR_OK;
	n->last = i;
	n->found = true;
	return ERR_OK;
}

/* Its line, and how it is entered: who signs has compared the words with the person. */
static enum err show_invited(struct ctx *c, const struct args *a, const struct invitation *i)
{
	struct sha256 hash;
	struct span words, line, rest = i->may, right;
	struct buf may;

	TRY(sha256_of(c, i->key, &hash));
	TRY(hash_words(c, sha256_span(&hash), &words));
	buf_begin(&may, c, 4096);
	while (span_next(&rest, ' ', &right))
		buf_fmt(&may, " --may %.*s", SPAN_ARG(right));
	if (!args_get(a, "out")) {
		say("%.*s", SPAN_ARG(i->key));
	} else {
		TRY(span_fmt(c, &line, "%.*s\n", SPAN_ARG(i->key)));
		TRY(user_write(c, args_get(a, "out"), line, 0644));
	}
	talk("its words are %.*s: ring the person, or meet; if they are not the same there, sign "
	     "nothing",
	     SPAN_ARG(words));
	talk("then two sign: writ roster add --name '%.*s' --user %.*s --pub FILE%.*s "
	     "--user-verified --key A --key B",
	     SPAN_ARG(plain(c, i->name)), SPAN_ARG(plain(c, i->unix_user)), (int)may.n,
	     (const char *)may.p);
	return ERR_OK;
}

enum err cmd_passkey_invited(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct invited n = { .name = args_span(a, "name") };

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(store_run(c, s.store, QUERY_INVITATION_ALL, PARAMS(P_INT(c->seam->now_ms() / 1000)),
		      take_invited, &n));
	if (!n.name.n)
		return ERR_OK;
	if (!n.found) {
		err_next(c, "writ passkey invite; an invitation is good for one day");
		FAIL(c, ERR_NOT_FOUND, "nobody of that name is invited");
	}
	if (!n.last.key.n) {
		err_next(c, "wait until the address was opened and the passkey made");
		FAIL(c, ERR_STATE, "the passkey has not been made yet");
	}
	return show_invited(c, a, &n.last);
}

static enum err need(struct ctx *c, const struct args *a, struct json *row, const char *option,
		     const char *member)
{
	if (!args_get(a, option))
		FAIL(c, ERR_USAGE, "--%s is missing", option);
	json_set_text(c, row, member, args_span(a, option));
	return ERR_OK;
}

enum err until_text(struct ctx *c, const struct args *a, struct span *out)
{
	int64_t until_utc;

	*out = SPAN_NONE;
	if (!args_get(a, "until"))
		return ERR_OK;
	if (!time_parse(args_span(a, "until"), &until_utc))
		FAIL(c, ERR_USAGE, "--until takes a time with its zone: 2027-01-01T00:00:00Z");
	return time_span(c, until_utc, out);
}

static enum err span_of_validity(struct ctx *c, const struct args *a, struct json *row)
{
	struct span now, until;

	TRY(until_text(c, a, &until));
	TRY(time_span(c, c->seam->now_ms() / 1000, &now));
	json_set_text(c, row, "from", now);
	json_set(c, row, "until", until.n ? json_text(c, until) : NULL);
	return ERR_OK;
}

/* Signs or prints the document of a change, and hands it to the seal. */
static enum err change(struct ctx *c, const struct args *a, struct session *s, const char *action,
		       struct json *row)
{
	struct signed_document sd;
	struct span document = SPAN_NONE;

	if (!has_signature(a))
		TRY(roster_document(c, s, action, row, &document));
	TRY(sign_or_print(c, a, s, "roster", document, SPAN_NONE, &sd));
	if (sd.printed)
		return ERR_OK;
	TRY(roster_take(c, s, sd.document, sd.signatures));
	say("the roster is changed");
	return order_close_tick(c, s);
}

static enum err person_row(struct ctx *c, const struct args *a, struct json *row)
{
	struct span key;

	json_set_str(c, row, "row", "person");
	TRY(need(c, a, row, "name", "name"));
	TRY(need(c, a, row, "user", "unix_user"));
	TRY(pub_line(c, a, &key));
	json_set_text(c, row, "key", key);
	json_set(c, row, "may", args_list(c, a, "may"));
	json_set_bool(c, row, "user_verified", args_has(a, "user-verified"));
	return span_of_validity(c, a, row);
}

enum err cmd_roster_add(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *row = json_object(c);

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	if (has_signature(a))
		return change(c, a, &s, "begin", NULL);
	if (args_get(a, "policy")) {
		json_set_str(c, row, "row", "policy");
		TRY(need(c, a, row, "policy", "name"));
		TRY(need(c, a, row, "value", "value"));
	} else {
		TRY(person_row(c, a, row));
	}
	return change(c, a, &s, "begin", row);
}

enum err cmd_roster_end(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *like = json_object(c), *row = NULL;
	struct span key;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	if (!has_signature(a)) {
		json_set_str(c, like, "row", "person");
		TRY(need(c, a, like, "name", "name"));
		TRY(pub_line(c, a, &key));
		json_set_text(c, like, "key", key);
		TRY(roster_find(c, &s, like, &row));
	}
	return change(c, a, &s, "end", row);
}

static enum err agency_row(struct ctx *c, const struct args *a, struct json *row)
{
	json_set_str(c, row, "row", "agency");
	for (const char *const *key = (const char *const[]){ "id", "name", "country", "label",
							     "recipient", "checked",
							     NULL }; *key; key++)
		TRY(need(c, a, row, *key, *key));
	return span_of_validity(c, a, row);
}

enum err cmd_agency_add(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *row = json_object(c);

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	if (!has_signature(a))
		TRY(agency_row(c, a, row));
	return change(c, a, &s, "begin", row);
}

enum err cmd_agency_end(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *like = json_object(c), *row = NULL;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	if (!has_signature(a)) {
		json_set_str(c, like, "row", "agency");
		TRY(need(c, a, like, "id", "id"));
		TRY(need(c, a, like, "label", "label"));
		TRY(roster_find(c, &s, like, &row));
	}
	return change(c, a, &s, "end", row);
}

static enum err show_person(struct ctx *c, const struct json *row)
{
	struct span print;
	struct buf may;

	TRY(person_key_print(c, json_opt_text(row, "key", SPAN_NONE), &print));
	buf_begin(&may, c, 4096);
	JSON_EACH(m, json_get(row, "may"))
		buf_fmt(&may, "%s%.*s", may.n ? "," : "", SPAN_ARG(m->s));
	say("%-16.*s %-12.*s %-28.*s %.*s  from %.*s%s%.*s",
	    SPAN_ARG(plain(c, json_opt_text(row, "name", SPAN_NONE))),
	    SPAN_ARG(plain(c, json_opt_text(row, "unix_user", SPAN_NONE))), (int)may.n,
	    (const char *)may.p, SPAN_ARG(print), SPAN_ARG(json_opt_text(row, "from", SPAN_NONE)),
	    json_opt_text(row, "until", SPAN_NONE).n ? " until " : "",
	    SPAN_ARG(json_opt_text(row, "until", SPAN_NONE)));
	return ERR_OK;
}

static void show_agency(struct ctx *c, const struct json *row)
{
	say("%-12.*s %-30.*s %.*s  \"%.*s\" %.*s%s%.*s",
	    SPAN_ARG(plain(c, json_opt_text(row, "id", SPAN_NONE))),
	    SPAN_ARG(plain(c, json_opt_text(row, "name", SPAN_NONE))),
	    SPAN_ARG(json_opt_text(row, "country", SPAN_NONE)),
	    SPAN_ARG(plain(c, json_opt_text(row, "label", SPAN_NONE))),
	    SPAN_ARG(json_opt_text(row, "recipient", SPAN_NONE)),
	    json_opt_text(row, "until", SPAN_NONE).n ? " until " : "",
	    SPAN_ARG(json_opt_text(row, "until", SPAN_NONE)));
}

static enum err list(struct ctx *c, const struct args *a, const char *kind)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *out = json_object(c), *rows = json_list(c), *copy;
	const struct json *state, *roster;
	bool people = !strcmp(kind, "person");

	TRY(command_session(c, a, &s));
	TRY(seal_state(c, &s, true, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		if (!span_is(json_opt_text(row, "row", SPAN_NONE), kind) ||
		    (!args_has(a, "all") && !roster_row_live(row, c->seam->now_ms() / 1000)))
			continue;
		TRY(json_clone(c, row, &copy));
		json_add(c, rows, copy);
		if (args_has(a, "json"))
			continue;
		TRY(people ? show_person(c, row) : ERR_OK);
		if (!people)
			show_agency(c, row);
	}
	if (args_has(a, "json")) {
		json_set(c, out, "rows", rows);
		TRY(json_clone(c, json_get(state, "policy"), &copy));
		json_set(c, out, "policy", copy);
		json_set_int(c, out, "roster_version", json_opt_int(state, "roster_version", 0));
		return say_json(c, out);
	}
	if (!people)
		return ERR_OK;
	say("policy, at roster version %lld", (long long)json_opt_int(state, "roster_version", 0));
	JSON_EACH(value, json_get(state, "policy"))
		say("  %-20.*s %.*s", SPAN_ARG(value->key), SPAN_ARG(value->s));
	return ERR_OK;
}

enum err cmd_roster_list(struct ctx *c, const struct command *self, const struct args *a)
{
	TRY(usage_check(c, self, a, 0));
	return list(c, a, "person");
}

enum err cmd_agency_list(struct ctx *c, const struct command *self, const struct args *a)
{
	TRY(usage_check(c, self, a, 0));
	return list(c, a, "agency");
}
