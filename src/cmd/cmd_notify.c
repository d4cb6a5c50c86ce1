/*
 * Commands of the other duties and of the ends: notify, gag, preserve, withdraw, void, destroy,
 * halt, resume.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/cmd.h"
#include "order/8_notify/notify.h"

enum err cmd_notify(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	if (args_has(a, "sent") == args_has(a, "withheld"))
		FAIL(c, ERR_USAGE, "say --sent, or --withheld --because CODE");
	TRY(order_notice(c, &s, &o, args_has(a, "sent"), args_span(a, "because")));
	say("%.*s: notice %s", SPAN_ARG(o.ref), args_has(a, "sent") ? "sent" : "withheld");
	return order_close_tick(c, &s);
}

enum err cmd_gag(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	if (!args_get(a, "until") && !args_has(a, "indefinite"))
		FAIL(c, ERR_USAGE, "say --until DAY, or --indefinite (which stays flagged)");
	TRY(order_gag(c, &s, &o, args_span(a, "basis"), args_span(a, "until")));
	say("%.*s: secrecy on file %s%s", SPAN_ARG(o.ref),
	    args_get(a, "until") ? "until " : "without an end",
	    args_get(a, "until") ? args_get(a, "until") : "");
	return order_close_tick(c, &s);
}

enum err cmd_preserve(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	TRY(order_preserve(c, &s, &o, args_span(a, "until")));
	say("%.*s: preservation on file until %s", SPAN_ARG(o.ref), args_get(a, "until"));
	return order_close_tick(c, &s);
}

static enum err end(struct ctx *c, const struct command *self, const struct args *a,
		    const char *kind, bool withdrawn)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span because = args_span(a, "because"), document = SPAN_NONE;
	struct signed_document sd;
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	if (withdrawn && because.n == 0)
		because = SPAN("withdrawn by the authority");
	if (!has_signature(a))
		TRY(end_document(c, &s, kind, &o, because, &document));
	TRY(sign_or_print(c, a, &s, kind, document, SPAN_NONE, &sd));
	if (sd.printed)
		return ERR_OK;
	TRY(order_end(c, &s, &o, kind, sd.document, sd.signatures->first->s, withdrawn));
	if (!strcmp(kind, "destroy"))
		say("%.*s: the key of its collected data is gone", SPAN_ARG(o.ref));
	else
		say("%.*s is %s", SPAN_ARG(o.ref), order_state_word(o.state));
	return order_close_tick(c, &s);
}

enum err cmd_withdraw(struct ctx *c, const struct command *self, const struct args *a)
{
	return end(c, self, a, "void", true);
}

enum err cmd_void(struct ctx *c, const struct command *self, const struct args *a)
{
	return end(c, self, a, "void", false);
}

enum err cmd_destroy(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct order o;

	if (args_has(a, "key") || args_has(a, "print") || has_signature(a))
		return end(c, self, a, "destroy", false);
	TRY(command_order(c, self, a, &s, &o));
	TRY(order_shred(c, &s, &o));
	say("%.*s: the key of its collected data is gone", SPAN_ARG(o.ref));
	return order_close_tick(c, &s);
}

static enum err halt(struct ctx *c, const struct command *self, const struct args *a,
		     const char *kind)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct signed_document sd;
	struct span document = SPAN_NONE;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(session_need_actor(c, &s, "halt"));
	if (!has_signature(a))
		TRY(end_document(c, &s, kind, NULL, args_span(a, "because"), &document));
	TRY(sign_or_print(c, a, &s, kind, document, SPAN_NONE, &sd));
	if (sd.printed)
		return ERR_OK;
	TRY(home_halt(c, &s, kind, sd.document, sd.signatures));
	say("%s", !strcmp(kind, "halt") ? "halted: nothing is released until two people resume"
					: "resumed");
	return order_close_tick(c, &s);
}

enum err cmd_halt(struct ctx *c, const struct command *self, const struct args *a)
{
	return halt(c, self, a, "halt");
}

enum err cmd_resume(struct ctx *c, const struct command *self, const struct args *a)
{
	return halt(c, self, a, "resume");
}
