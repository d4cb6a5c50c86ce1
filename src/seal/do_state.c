/*
 * The request 'state': what anybody who may ask may know. Never a secret, never a change.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "seal/make.h"
#include "seal/state.h"

enum err gather_state(struct turn *t)
{
	const struct json *order = json_get(t->ask, "order");
	bool tick;

	TRY(asked(t, json_need_bool(t->c, t->ask, "tick", &tick)));
	if (!order ||
	    (order->type != JSON_NULL && (order->type != JSON_TEXT || !ref_ok(order->s)))) {
		t->malformed = true;
		FAIL(t->c, ERR_FORMAT, "'order' must be a reference or null");
	}
	return order->type == JSON_TEXT ? state_order(t, order->s) : ERR_OK;
}

static void share(struct turn *t, const char *key)
{
	json_set(t->c, t->answer, key, own(t->core, key));
}

static enum err add_roster(struct turn *t)
{
	struct json *rows = json_list(t->c), *documents = json_list(t->c);
	int64_t version = json_opt_int(t->core, "roster_version", 0);

	for (struct json *at = own(t->core, "rows")->first; at; at = at->next)
		json_add(t->c, rows, own(at, "row"));
	for (int64_t v = 2; v <= version; v++) {
		struct json *kept, *one = json_object(t->c);
		char *path;

		TRY(path_fmt(t->c, &path, "roster/%lld.json", (long long)v));
		TRY(state_read(t, path, &kept));
		json_set(t->c, one, "document", own(kept, "document"));
		json_set(t->c, one, "signatures", own(kept, "signatures"));
		json_add(t->c, documents, one);
	}
	json_set(t->c, t->answer, "roster", rows);
	json_set(t->c, t->answer, "roster_documents", documents);
	return ERR_OK;
}

static void add_keys(struct turn *t)
{
	struct json *log = json_object(t->c), *signatures;

	json_set_text(t->c, log, "origin", t->s->origin);
	json_set_text(t->c, log, "vkey", t->s->vkey);
	json_set_int(t->c, log, "size", json_opt_int(t->tick, "size", 0));
	json_set(t->c, t->answer, "log", log);
	json_set_text(t->c, t->answer, "document_key", t->s->document_key);
	json_set_text(t->c, t->answer, "certificate", t->s->certificate);
	json_set_text(t->c, t->answer, "certificate_sha256", t->s->certificate_sha256);
	json_set_text(t->c, t->answer, "founding", t->s->document);
	if (json_clone(t->c, json_get(t->s->founding, "signatures"), &signatures) == ERR_OK)
		json_set(t->c, t->answer, "founding_signatures", signatures);
	json_set_str(t->c, t->answer, "separation", seal_separation(t->s));
}

static void add_tickets(struct turn *t)
{
	static const char *const names[][2] = {
		{ "document", "ticket" },     { "document_seal", "ticket_seal" },
		{ "receipt", "receipt" },     { "receipt_seal", "receipt_seal" },
		{ "statement", "statement" }, { "statement_seal", "statement_seal" },
		{ "released", "released" },   { "destroyed", "destroyed" },
	};
	struct json *list = json_list(t->c);

	for (struct json *at = t->order ? own(t->order, "tickets")->first : NULL; at;
	     at = at->next) {
		struct json *one = json_object(t->c);

		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			json_set(t->c, one, names[i][1], own(at, names[i][0]));
		json_add(t->c, list, one);
	}
	json_set(t->c, t->answer, "tickets", list);
}

static enum err add_tick(struct turn *t)
{
	struct span last = json_opt_text(t->tick, "answer", SPAN_NONE);
	struct json *answer = NULL;
	bool wanted;

	TRY(json_need_bool(t->c, t->ask, "tick", &wanted));
	if (!wanted)
		return ERR_OK;
	if (last.n) {
		TRY(json_parse(t->c, last, &answer));
		TRY(tick_paths(t, t->tick, &t->answer_fd));
	}
	json_set(t->c, t->answer, "last_tick", answer);
	return ERR_OK;
}

enum err do_state(struct turn *t)
{
	struct span policy;

	TRY(policy_hash(t, &policy));
	TRY(add_roster(t));
	share(t, "roster_version");
	share(t, "policy");
	share(t, "halted");
	share(t, "halt_epoch");
	share(t, "seal_seq");
	json_set_text(t->c, t->answer, "policy_sha256", policy);
	add_keys(t);
	add_tickets(t);
	return add_tick(t);
}
