/*
 * Commands that answer: approve, release, deliver.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "crypt/passkey.h"
#include "crypt/sshsig.h"
#include "order/5_approve/approve.h"
#include "order/6_release/release.h"
#include "order/7_deliver/deliver.h"

#define DOCUMENT_MAX ((size_t)4 << 20)

/* The founding document that this approver pinned when the key was enrolled: --pin FILE, else
 * ~/.config/writ/founding.json. Empty if there is none. */
static enum err pinned_key(struct ctx *c, const struct args *a, struct span *key_out)
{
	const char *path = args_get(a, "pin"), *user_home = getenv("HOME");
	struct json *founding;
	struct span text;
	char *own;

	*key_out = SPAN_NONE;
	if (!path && user_home) {
		TRY(path_fmt(c, &own, "%s/.config/writ/founding.json", user_home));
		path = file_exists(own) ? own : NULL;
	}
	if (!path)
		return ERR_OK;
	TRY(file_read(c, path, DOCUMENT_MAX, &text));
	TRY(json_parse_canonical(c, text, &founding));
	return json_need_text(c, founding, "document_key", key_out);
}

/* FILE.sig beside the statement, by the security key that holds the passkey of --pub. */
static enum err sign_shown(struct ctx *c, const struct args *a, const char *path,
			   struct span statement)
{
	struct json *lines = json_list(c), *signatures = json_list(c);
	struct span line;
	char *beside;

	TRY(pub_line(c, a, &line));
	if (passkey_is_line(line))
		json_add(c, lines, json_text(c, line));
	TRY(sign_by_touch(c, a, lines, "approval", statement, signatures));
	TRY(path_fmt(c, &beside, "%s.sig", path));
	TRY(user_write(c, beside, signatures->first->s, 0600));
	talk("written to %s; hand it in where the home is: writ approve REF --signature %s", beside,
	     beside);
	return ERR_OK;
}

/* On the approver's own machine: who made this statement, and what it says. Needs no home. */
static enum err show_statement(struct ctx *c, const struct args *a, const char *path)
{
	struct span statement, seal, words, pinned, key, print;
	struct sshsig sig;
	char *beside;

	TRY(file_read(c, path, DOCUMENT_MAX, &statement));
	TRY(path_fmt(c, &beside, "%s.seal", path));
	TRY(file_read(c, beside, 65536, &seal));
	TRY(sshsig_verify(c, seal, "writ-seal@v1", statement, &sig));
	TRY(ssh_key_line(c, &sig.key, &key));
	TRY(ssh_key_fingerprint(c, &sig.key, &print));
	TRY(pinned_key(c, a, &pinned));
	if (pinned.n && !span_eq(pinned, key)) {
		err_next(c, "do not sign it; ask the provider by a way that you trust");
		FAIL(c, ERR_VERIFY,
		     "the statement is not signed by the seal that you pinned (its key is %.*s)",
		     SPAN_ARG(print));
	}
	TRY(statement_words(c, statement, &words));
	say_span(words);
	if (pinned.n) {
		say("signed by the seal that you pinned (%.*s)", SPAN_ARG(print));
		return args_has(a, "security-key") ? sign_shown(c, a, path, statement) : ERR_OK;
	}
	err_next(c, "copy the provider's founding.json to ~/.config/writ/founding.json, or name it "
		    "with --pin FILE");
	FAIL(c, ERR_DEGRADED, "signed by the key %.*s, which was not compared with anything",
	     SPAN_ARG(print));
}

static enum err approve(struct ctx *c, const struct args *a, struct session *s, struct order *o)
{
	struct span statement = SPAN_NONE, seal = SPAN_NONE, words, name;
	struct signed_document sd;

	if (!has_signature(a)) {
		TRY(statement_current(c, s, o, &statement, &seal));
		TRY(statement_words(c, statement, &words));
		/* Where the caller's own process signs, it says them: see asked.c. */
		if (!args_get(a, "print") || *user_name(args_get(a, "print")))
			say_span(words);
	}
	TRY(sign_or_print(c, a, s, "approval", statement, seal, &sd));
	if (sd.printed)
		return order_close_tick(c, s);
	TRY(approval_take(c, s, o, sd.document, sd.signatures->first->s, &name));
	say("approved by %.*s: %zu of %lld", SPAN_ARG(name), o->approvals,
	    (long long)json_opt_int(o->stated, "approvals_needed", 2));
	return order_close_tick(c, s);
}

enum err cmd_approve(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct order o;

	if (args_get(a, "show"))
		return show_statement(c, a, args_get(a, "show"));
	TRY(command_order(c, self, a, &s, &o));
	TRY(session_need_actor(c, &s, "approve"));
	return approve(c, a, &s, &o);
}

/* What is released stays released: a timestamp that does not come is asked for again later. */
static enum err stamp(struct ctx *c, struct session *s, struct order *o)
{
	char why[sizeof c->why];
	enum err e = order_timestamp(c, s, o);

	if (e == ERR_OK) {
		if (o->timestamped)
			say("stamped at %.*s",
			    SPAN_ARG(json_opt_text(o->timestamped, "stamped_at", SPAN_NONE)));
		return order_close_tick(c, s);
	}
	snprintf(why, sizeof why, "%s", c->why);
	err_clear(c);
	TRY(order_close_tick(c, s));
	err_next(c, "writ release %.*s or writ deliver %.*s asks for it again", SPAN_ARG(o->ref),
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_DEGRADED, "released, but without the timestamp that the policy demands: %s",
	     why);
}

enum err cmd_release(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct order o;
	bool due;

	TRY(command_order(c, self, a, &s, &o));
	TRY(timestamp_is_due(c, &s, &o, &due));
	if (due)
		TRY(session_need_actor(c, &s, ""));
	else
		TRY(order_release(c, &s, &o));
	say("%.*s is released", SPAN_ARG(o.ref));
	talk("hand it over with: writ deliver %.*s --out %.*s.writ.tar", SPAN_ARG(o.ref),
	     SPAN_ARG(o.ref));
	return stamp(c, &s, &o);
}

static void show(void *of, int64_t done, int64_t bytes)
{
	progress_show(of, done, bytes, 0);
}

enum err cmd_deliver(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const char *path = args_get(a, "out");
	struct progress bar;
	FD_SCOPED int fd = -1;
	struct order o;
	off_t from;

	TRY(command_order(c, self, a, &s, &o));
	if (!path)
		FAIL(c, ERR_USAGE, "say where to: --out FILE");
	if (!args_has(a, "resume") && user_name(path) == path && file_exists(path)) {
		err_next(c, "name another file, or go on with a delivery that broke off: --resume");
		FAIL(c, ERR_STATE, "%s exists already", path);
	}
	TRY(user_open(c, path, O_RDWR | O_CREAT | (args_has(a, "resume") ? 0 : O_EXCL), 0600,
		      &fd));
	from = lseek(fd, 0, SEEK_END);
	if (from < 0)
		FAIL(c, ERR_IO, "cannot find the end of %s: %s", path, strerror(errno));
	progress_begin(&bar, c, "deliver");
	/* Before the act says that it is there: bytes that are safe under a name that is not are
	 * lost.
	 */
	enum err e = user_lent(path) ? ERR_OK : parent_sync(c, path);

	if (e == ERR_OK)
		e = order_deliver(c, &s, &o, fd, from, user_name(path), show, &bar);

	progress_end(&bar);
	/* Nothing of a delivery that did not begin stays behind, if the file was made here. */
	if (e != ERR_OK && !args_has(a, "resume") && lseek(fd, 0, SEEK_END) == 0)
		c->seam->unlink(path);
	TRY(e);
	say("%s", user_name(path));
	talk("anybody can check it: writ-verify %s --policy POLICY --identity AGEKEY",
	     user_name(path));
	return order_close_tick(c, &s);
}
