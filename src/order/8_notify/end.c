/*
 * The ends of an order and of all releases: withdrawal, voiding, destruction, halt and resume.
 * Each is a signed document that the seal checks and keeps as an act of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "format/time.h"
#include "order/4_collect/collect.h"
#include "order/8_notify/notify.h"
#include "order/letter.h"

#define DOCUMENT_MAX ((size_t)64 << 10)

enum err end_document(struct ctx *c, struct session *s, const char *kind, const struct order *o,
		      struct span because, struct span *document_out)
{
	struct json *d = json_object(c);
	const struct json *state;
	struct span at;

	if (because.n == 0)
		FAIL(c, ERR_USAGE, "say why: --because TEXT");
	TRY(time_span(c, c->seam->now_ms() / 1000, &at));
	json_set_int(c, d, "version", 1);
	json_set_str(c, d, "kind", kind);
	json_set_text(c, d, "made_at", at);
	json_set_text(c, d, "because", because);
	if (o) {
		json_set_text(c, d, "order", o->ref);
	} else {
		TRY(seal_state(c, s, true, &state));
		json_set_int(c, d, "halt_epoch", json_opt_int(state, "halt_epoch", 0));
	}
	return json_write(c, d, DOCUMENT_MAX, document_out);
}

static enum err ask(struct ctx *c, struct session *s, const char *kind, struct span document,
		    const struct json *signatures, struct span ticket, struct span place,
		    const struct json **answer_out)
{
	struct json *request = json_object(c), *copy;

	json_set_str(c, request, "request", kind);
	if (document.n)
		json_set_text(c, request, "document", document);
	else
		json_set(c, request, "document", NULL);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, request, "signatures", copy);
	if (ticket.n)
		json_set_text(c, request, "ticket", ticket);
	else if (!strcmp(kind, "destroy"))
		json_set(c, request, "ticket", NULL);
	return seal_ask(c, s, request, place, answer_out);
}

/* The vault files of tickets whose key is gone say nothing any more. */
static enum err drop_files(struct ctx *c, struct session *s, const struct json *tickets)
{
	char *path;

	JSON_EACH(ticket, tickets) {
		TRY(vault_path(c, s, ticket->s, &path));
		TRY(file_exists(path) ? file_remove(c, path) : ERR_OK);
	}
	return ERR_OK;
}

static enum err destroyed(struct ctx *c, struct session *s, struct order *o,
			  const struct json *answer, const char *because)
{
	struct json *body = json_object(c), *tickets;

	if (json_count(json_get(answer, "tickets")) == 0)
		return ERR_OK;
	TRY(json_clone(c, json_get(answer, "tickets"), &tickets));
	json_set(c, body, "tickets", tickets);
	json_set_str(c, body, "because", because);
	TRY(order_append(c, s, o, ACT_DESTROYED, body));
	return drop_files(c, s, tickets);
}

enum err order_end(struct ctx *c, struct session *s, struct order *o, const char *kind,
		   struct span document, struct span signature, bool withdrawn)
{
	struct json *signatures = json_list(c), *body = json_object(c), *d;
	bool is_void = !strcmp(kind, "void");
	enum act_kind act = withdrawn ? ACT_WITHDRAWN : is_void ? ACT_VOIDED : ACT_DESTROYED;
	const struct json *answer;
	struct span place;

	TRY(order_permit(c, s, o, act));
	TRY(json_parse_canonical(c, document, &d));
	if (!span_eq(json_opt_text(d, "order", SPAN_NONE), o->ref) ||
	    !span_is(json_opt_text(d, "kind", SPAN_NONE), kind))
		FAIL(c, ERR_DENIED, "the document is not a %s document of order %.*s", kind,
		     SPAN_ARG(o->ref));
	json_add(c, signatures, json_text(c, signature));
	TRY(order_place(c, o, &place));
	TRY(ask(c, s, kind, document, signatures, SPAN_NONE, place, &answer));
	if (!is_void)
		return destroyed(c, s, o, answer, "destroyed by a signed document");
	json_set_text(c, body, "document", document);
	json_set_text(c, body, "signature", signature);
	json_set_text(c, body, "because", json_opt_text(d, "because", SPAN_NONE));
	TRY(order_append(c, s, o, act, body));
	return withdrawn ? letter_send(c, s, o, "withdrawal", NULL, 0) : ERR_OK;
}

/* Without a document the seal is asked ticket by ticket: each by itself is released, past its time,
 * or still needed. One that is gone already is asked again, in case we were stopped after it. */
enum err order_shred(struct ctx *c, struct session *s, struct order *o)
{
	struct json *gone = json_list(c), *all = json_object(c), *ticket;
	const struct json *tickets, *answer;
	struct span place, id;

	TRY(session_need_actor(c, s, ""));
	TRY(order_place(c, o, &place));
	TRY(seal_order_state(c, s, o->ref, &tickets));
	JSON_EACH(row, tickets) {
		TRY(json_parse(c, json_opt_text(row, "ticket", SPAN("null")), &ticket));
		if (!span_is(json_opt_text(ticket, "for", SPAN_NONE), "collect"))
			continue;
		TRY(json_need_text(c, ticket, "ticket", &id));
		TRY(ask(c, s, "destroy", SPAN_NONE, json_list(c), id, place, &answer));
		json_add(c, gone, json_text(c, id));
	}
	if (json_count(gone) == 0)
		FAIL(c, ERR_NOT_FOUND, "nothing was collected for order %.*s", SPAN_ARG(o->ref));
	json_set(c, all, "tickets", gone);
	return destroyed(c, s, o, all, "released or kept long enough");
}

enum err home_halt(struct ctx *c, struct session *s, const char *kind, struct span document,
		   const struct json *signatures)
{
	struct json *body = json_object(c), *copy;
	const struct json *answer;

	TRY(session_need_actor(c, s, ""));
	TRY(ask(c, s, kind, document, signatures, SPAN_NONE, SPAN("HOME"), &answer));
	json_set_text(c, body, "document", document);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, body, "signatures", copy);
	json_set_int(c, body, "halt_epoch", json_opt_int(answer, "halt_epoch", 0));
	return home_append(c, s, kind, body);
}
