/*
 * Counting and collecting; see collect.h. A killed collection starts again from nothing with a
 * fresh key: its ticket is replaced, its file removed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/4_collect/collect.h"

#include <fcntl.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "order/3_judge/judge.h"

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

enum err order_count(struct ctx *c, struct session *s, struct order *o,
		     const struct json **lines_out)
{
	struct json *job, *body = json_object(c), *copy;
	const struct json *answer, *result;
	struct span scope;

	TRY(order_permit(c, s, o, ACT_COUNTED));
	TRY(count_document(c, s, o, &scope));
	TRY(ask_ticket(c, s, o, "count", scope, json_list(c), SPAN_NONE, &answer));
	TRY(job_with_ticket(c, "count", answer, scope, &job));
	TRY(hand_run(c, s, job, NULL, 0, NULL, NULL, &result, NULL));
	TRY(json_need_list(c, result, "lines", lines_out));
	TRY(json_clone(c, *lines_out, &copy));
	json_set(c, body, "lines", copy);
	return order_append(c, s, o, ACT_COUNTED, body);
}

enum err vault_path(struct ctx *c, const struct session *s, struct span ticket, char **out)
{
	return path_fmt(c, out, "%s/%.*s", s->home.vault, SPAN_ARG(ticket));
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
		const struct json *gone = json_get(row, "destroyed"),
				  *released = json_get(row, "released");

		if ((gone && gone->type == JSON_BOOL && gone->b) ||
		    (released && released->type == JSON_BOOL && released->b))
			continue;
		TRY(json_parse(c, json_opt_text(row, "ticket", SPAN("null")), &ticket));
		if (span_is(json_opt_text(ticket, "for", SPAN_NONE), "collect") &&
		    span_eq(json_opt_text(ticket, "scope_sha256", SPAN_NONE), scope_hex))
			*id_out = json_opt_text(ticket, "ticket", SPAN_NONE);
	}
	return ERR_OK;
}

static enum err record_failure(struct ctx *c, struct session *s, struct order *o,
			       struct span ticket, enum err why, const struct json *answer)
{
	struct ctx CTX_SCOPED own;
	struct json *body, *copy;

	/* The failure stands in c; the record of it is made beside it. */
	TRY(ctx_begin(&own, (size_t)64 << 20));
	body = json_object(&own);
	json_set_text(&own, body, "ticket", ticket);
	json_set_str(&own, body, "why", c->why);
	if (json_get(answer, "unreadable")) {
		TRY(json_clone(&own, json_get(answer, "unreadable"), &copy));
		json_set(&own, body, "unreadable", copy);
	}
	/* If even the record fails the order stays 'collecting', from which one collects again. */
	if (order_append(&own, s, o, ACT_COLLECTION_FAILED, body) != ERR_OK)
		err_note(c, "the failure could not be recorded (%s)", own.why);
	return why;
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

enum err order_collect(struct ctx *c, struct session *s, struct order *o, hand_progress *progress,
		       void *of, const struct json **unreadable_out)
{
	const struct json *answer, *result = NULL, *failed = NULL;
	struct json *signatures = json_list(c), *job;
	struct span scope, signature, ticket, old;
	FD_SCOPED int vault = -1;
	char *path;
	enum err e;

	*unreadable_out = NULL;
	TRY(order_permit(c, s, o, ACT_COLLECTION_BEGUN));
	TRY(json_need_text(c, o->decided, "document", &scope));
	TRY(json_need_text(c, o->decided, "signature", &signature));
	json_add(c, signatures, json_text(c, signature));
	TRY(live_ticket(c, s, o, scope, &old));
	TRY(ask_ticket(c, s, o, "collect", scope, signatures, old, &answer));
	seam_crash_point(CRASH_COLLECT_AFTER_TICKET);
	if (old.n) {
		TRY(vault_path(c, s, old, &path));
		TRY(file_remove(c, path));
	}
	TRY(begin(c, s, o, scope, json_opt_text(answer, "ticket", SPAN_NONE), &ticket));
	seam_crash_point(CRASH_COLLECT_AFTER_BEGUN);
	TRY(vault_path(c, s, ticket, &path));
	TRY(file_open(c, path, O_RDWR | O_CREAT | O_EXCL, 0600, &vault));
	TRY(dir_sync(c, s->home.vault));
	TRY(job_with_ticket(c, "fetch", answer, scope, &job));
	e = hand_run(c, s, job, &vault, 1, progress, of, &result, &failed);
	seam_crash_point(CRASH_COLLECT_AFTER_HAND);
	if (e != ERR_OK) {
		*unreadable_out = json_get(failed, "unreadable");
		c->seam->unlink(path);
		return record_failure(c, s, o, ticket, e, failed);
	}
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
