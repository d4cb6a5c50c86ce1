/*
 * Counting and collecting; see collect.h. A killed collection starts again from nothing with a
 * fresh key: its ticket is replaced, its file removed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/4_collect/collect.h"

#include "base/file.h"
#include "crypt/hash.h"
#include "order/3_judge/judge.h"
#include "order/vault.h"

static enum err ask_ticket(struct ctx *c, struct session *s, const struct order *o,
			   const char *purpose, struct span scope, struct json *signatures,
			   struct span replaces, const struct json **answer_out)
{
	struct json *request = json_object(c);
	struct span place;

	json_set_str(c, request, "request", "ticket");
	json_set_str(c, request, "for", purpose);
	json_set_text(c, request, "scope", scope);
	json_set(c, request, "signatures", signatures);
	if (replaces.n)
		json_set_text(c, request, "replaces", replaces);
	else
		json_set(c, request, "replaces", NULL);
	TRY(order_place(c, o, &place));
	return seal_ask(c, s, request, place, answer_out);
}

static enum err job_with_ticket(struct ctx *c, const char *name, const struct json *answer,
				struct span scope, struct json **job_out)
{
	struct json *job = json_object(c);
	struct span ticket, seal;

	TRY(json_need_text(c, answer, "ticket", &ticket));
	TRY(json_need_text(c, answer, "ticket_seal", &seal));
	json_set_str(c, job, "job", name);
	json_set_text(c, job, "ticket", ticket);
	json_set_text(c, job, "ticket_seal", seal);
	json_set_text(c, job, "scope", scope);
	*job_out = job;
	return ERR_OK;
}

enum err order_count(struct ctx *c, struct session *s, struct order *o, const struct json *edited,
		     const struct json **lines_out)
{
	struct json *job, *body = json_object(c), *copy, *document;
	const struct json *answer, *result;
	struct span scope;

	TRY(order_permit(c, s, o, ACT_COUNTED));
	TRY(count_document(c, s, o, edited, &scope));
	TRY(ask_ticket(c, s, o, "count", scope, json_list(c), SPAN_NONE, &answer));
	TRY(job_with_ticket(c, "count", answer, scope, &job));
	TRY(hand_run(c, s, job, NULL, 0, NULL, NULL, &result, NULL));
	TRY(json_need_list(c, result, "lines", lines_out));
	TRY(json_clone(c, *lines_out, &copy));
	json_set(c, body, "lines", copy);
	/* What the numbers are about: lines may be narrowed, and counted again. */
	TRY(json_parse_canonical(c, scope, &document));
	TRY(json_clone(c, json_get(document, "lines"), &copy));
	json_set(c, body, "scope", copy);
	return order_append(c, s, o, ACT_COUNTED, body);
}

/* The ticket of this very scope that the seal holds live, if there is one: it is replaced. */
static enum err live_ticket(struct ctx *c, struct session *s, const struct order *o,
			    struct span scope, struct span *id_out)
{
	const struct json *tickets;
	struct span scope_hex;

	*id_out = SPAN_NONE;
	TRY(sha256_hex(c, scope, &scope_hex));
	TRY(seal_order_state(c, s, o->ref, &tickets));
	JSON_EACH(row, tickets) {
		struct json *ticket;

		if (ticket_is(row, "destroyed") || ticket_is(row, "released"))
			continue;
		TRY(json_parse(c, json_opt_text(row, "ticket", SPAN("null")), &ticket));
		if (span_is(json_opt_text(ticket, "for", SPAN_NONE), "collect") &&
		    span_eq(json_opt_text(ticket, "scope_sha256", SPAN_NONE), scope_hex))
			*id_out = json_opt_text(ticket, "ticket", SPAN_NONE);
	}
	return ERR_OK;
}

/* While the hand worked others may have put things on file. Is it still this collection's turn? */
static enum err go_on(struct ctx *c, struct session *s, struct order *o, struct span ticket)
{
	TRY(order_load(c, s, o->ref, o));
	if (o->state == ORDER_COLLECTING &&
	    span_eq(json_opt_text(o->begun, "ticket", SPAN_NONE), ticket))
		return ERR_OK;
	err_next(c, "writ show %.*s", SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "order %.*s went on without this collection and is %s", SPAN_ARG(o->ref),
	     order_state_word(o->state));
}

static enum err failure_body(struct ctx *c, struct span ticket, struct span why,
			     const struct json *answer, struct json **out)
{
	const struct json *unreadable = json_get(answer, "unreadable");
	struct json *body = json_object(c), *copy;

	/* A long message may have been cut within a character. */
	for (int i = 0; i < 3 && !span_is_utf8(why); i++)
		why.n--;
	json_set_text(c, body, "ticket", ticket);
	json_set_text(c, body, "why", span_is_utf8(why) ? why : SPAN("its words are no text"));
	if (unreadable) {
		TRY(json_clone(c, unreadable, &copy));
		json_set(c, body, "unreadable", copy);
	}
	*out = body;
	return ERR_OK;
}

/* Records the failure that stands in c, which stays the command's own. */
static enum err record_failure(struct ctx *c, struct session *s, struct order *o,
			       struct span ticket, const struct json *answer)
{
	const struct ctx first = *c;
	struct json *body;
	enum err e;

	err_clear(c);
	e = failure_body(c, ticket, span_str(first.why), answer, &body);
	if (e == ERR_OK)
		e = go_on(c, s, o, ticket);
	if (e == ERR_OK)
		e = order_append(c, s, o, ACT_COLLECTION_FAILED, body);
	const struct ctx second = *c;

	*c = first;
	/* The order then stays as it is: 'collecting', from which one collects again. */
	if (e != ERR_OK)
		err_note(c, "the failure could not be recorded (%.200s)", second.why);
	return first.code;
}

static enum err begin(struct ctx *c, struct session *s, struct order *o, struct span scope,
		      struct span ticket_text, struct span *ticket_out)
{
	struct json *body = json_object(c), *ticket;
	struct span scope_hex;

	TRY(json_parse_canonical(c, ticket_text, &ticket));
	TRY(json_need_text(c, ticket, "ticket", ticket_out));
	TRY(sha256_hex(c, scope, &scope_hex));
	json_set_text(c, body, "ticket", *ticket_out);
	json_set_text(c, body, "scope_sha256", scope_hex);
	json_set_text(c, body, "document", ticket_text);
	return order_append(c, s, o, ACT_COLLECTION_BEGUN, body);
}

static enum err finish(struct ctx *c, struct session *s, struct order *o, struct span ticket,
		       const struct json *answer)
{
	struct json *body = json_object(c);
	struct span receipt, seal;

	TRY(json_need_text(c, answer, "receipt", &receipt));
	TRY(json_need_text(c, answer, "receipt_seal", &seal));
	json_set_text(c, body, "ticket", ticket);
	json_set_text(c, body, "receipt", receipt);
	json_set_text(c, body, "receipt_seal", seal);
	return order_append(c, s, o, ACT_COLLECTED, body);
}

static enum err may_collect(struct ctx *c, struct session *s, const struct order *o, bool again)
{
	TRY(order_permit(c, s, o, ACT_COLLECTION_BEGUN));
	TRY(order_need_answerable(c, o));
	/* It may have been judged again since counsel decided. */
	TRY(in_view_allows(c, o, json_get(o->scope, "lines"), json_get(o->scope, "overrules"),
			json_get(o->scope, "reasons")));
	TRY(vault_need_idle(c, s, o));
	if (!o->collected || again)
		return ERR_OK;
	err_next(c, "writ collect %.*s --again throws away what is sealed, and its approvals, and "
		    "collects anew", SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE, "order %.*s is collected already", SPAN_ARG(o->ref));
}

/* A ticket, the act that names it, and its new file in the vault. */
static enum err start(struct ctx *c, struct session *s, struct order *o, struct span *ticket_out,
		      struct json **job_out, int *vault_out)
{
	const struct json *answer, *two = json_get(o->decided, "signatures");
	struct json *signatures = json_list(c);
	struct span scope, signature, old;

	TRY(json_need_text(c, o->decided, "document", &scope));
	TRY(json_need_text(c, o->decided, "signature", &signature));
	if (two)
		TRY(json_clone(c, two, &signatures));
	else
		json_add(c, signatures, json_text(c, signature));
	TRY(live_ticket(c, s, o, scope, &old));
	TRY(ask_ticket(c, s, o, "collect", scope, signatures, old, &answer));
	seam_crash_point(CRASH_COLLECT_AFTER_TICKET);
	TRY(begin(c, s, o, scope, json_opt_text(answer, "ticket", SPAN_NONE), ticket_out));
	TRY(vault_sweep(c, s, o));
	seam_crash_point(CRASH_COLLECT_AFTER_BEGUN);
	TRY(vault_create(c, s, *ticket_out, vault_out));
	return job_with_ticket(c, "fetch", answer, scope, job_out);
}

enum err order_collect(struct ctx *c, struct session *s, struct order *o, bool again,
		       hand_progress *progress, void *of, const struct json **unreadable_out)
{
	const struct json *result = NULL, *failed = NULL;
	FD_SCOPED int vault = -1;
	struct span ticket;
	struct json *job;
	char *path;
	enum err e;

	*unreadable_out = NULL;
	TRY(may_collect(c, s, o, again));
	TRY(start(c, s, o, &ticket, &job, &vault));
	TRY(vault_path(c, s, ticket, &path));
	e = hand_run(c, s, job, &vault, 1, progress, of, &result, &failed);
	seam_crash_point(CRASH_COLLECT_AFTER_HAND);
	if (e != ERR_OK) {
		*unreadable_out = json_get(failed, "unreadable");
		c->seam->unlink(path);
		return record_failure(c, s, o, ticket, failed);
	}
	TRY(go_on(c, s, o, ticket));
	TRY(finish(c, s, o, ticket, result));
	seam_crash_point(CRASH_COLLECT_AFTER_ACT);
	return ERR_OK;
}

enum err stores_check(struct ctx *c, struct session *s, const struct json **stores_out)
{
	struct json *job = json_object(c), *body = json_object(c), *copy;
	const struct json *answer;

	TRY(session_need_actor(c, s, ""));
	json_set_str(c, job, "job", "describe");
	TRY(hand_run(c, s, job, NULL, 0, NULL, NULL, &answer, NULL));
	TRY(json_need_list(c, answer, "stores", stores_out));
	TRY(json_clone(c, *stores_out, &copy));
	json_set(c, body, "stores", copy);
	return home_append(c, s, "stores", body);
}
