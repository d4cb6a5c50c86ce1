/*
 * Commands that take data: store check, collect.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "cmd/cmd.h"
#include "order/4_collect/collect.h"

enum err cmd_store_check(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *out = json_object(c), *copy;
	const struct json *stores;
	bool problem = false;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(stores_check(c, &s, &stores));
	JSON_EACH(store, stores) {
		struct span what = json_opt_text(store, "problem", SPAN_NONE);

		problem |= what.n > 0;
		if (args_has(a, "json"))
			continue;
		say("%-16.*s %-8.*s region %.*s, law of %.*s: %.*s",
		    SPAN_ARG(plain(c, json_opt_text(store, "name", SPAN_NONE))),
		    SPAN_ARG(plain(c, json_opt_text(store, "kind", SPAN_NONE))),
		    SPAN_ARG(plain(c, json_opt_text(store, "region", SPAN("unknown")))),
		    SPAN_ARG(plain(c, json_opt_text(store, "law", SPAN("unknown")))),
		    SPAN_ARG(what.n ? plain(c, what) : SPAN("ready")));
	}
	if (args_has(a, "json")) {
		TRY(json_clone(c, stores, &copy));
		json_set(c, out, "stores", copy);
		TRY(say_json(c, out));
	}
	TRY(order_close_tick(c, &s));
	if (!problem)
		return ERR_OK;
	err_next(c, "correct stores.yaml or the rights of the hand's user, then run it again");
	FAIL(c, ERR_DEGRADED, "a store cannot be reached");
}

static void show(void *of, const struct json *p)
{
	progress_show(of, json_opt_int(p, "done_bytes", 0), json_opt_int(p, "bytes", 0),
		      json_opt_int(p, "done_items", 0));
}

enum err cmd_collect(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const struct json *unreadable = NULL;
	struct progress bar;
	struct json *receipt;
	struct order o;
	enum err e;

	TRY(command_order(c, self, a, &s, &o));
	progress_begin(&bar, c, "collect");
	e = order_collect(c, &s, &o, args_has(a, "again"), show, &bar, &unreadable);
	progress_end(&bar);
	JSON_EACH(item, unreadable)
		talk("cannot be read: store %.*s, account %.*s, folder %.*s, %.*s: %.*s",
		     SPAN_ARG(plain(c, json_opt_text(item, "store", SPAN_NONE))),
		     SPAN_ARG(plain(c, json_opt_text(item, "account", SPAN_NONE))),
		     SPAN_ARG(plain(c, json_opt_text(item, "folder", SPAN_NONE))),
		     SPAN_ARG(plain(c, json_opt_text(item, "source_id", SPAN_NONE))),
		     SPAN_ARG(plain(c, json_opt_text(item, "why", SPAN_NONE))));
	TRY(e);
	TRY(json_parse(c, json_opt_text(o.collected, "receipt", SPAN_NONE), &receipt));
	if (args_has(a, "json"))
		TRY(say_json(c, receipt));
	else
		say("%.*s is collected: %lld items, %lld bytes, %lld that could not be dated; "
		    "sealed, and readable to nobody yet",
		    SPAN_ARG(o.ref), (long long)json_opt_int(receipt, "items", 0),
		    (long long)json_opt_int(receipt, "bytes", 0),
		    (long long)json_opt_int(receipt, "undated", 0));
	return order_close_tick(c, &s);
}
