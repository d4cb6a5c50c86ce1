/*
 * The ends of an order and of all releases: withdrawal, voiding, destruction, halt and resume.
 * Each is a signed document that the seal checks and keeps as an act of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/time.h"
#include "order/8_notify/notify.h"
#include "order/letter.h"
#include "order/vault.h"

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
		    const struct json *signatures, struct span place,
		    const struct json **answer_out)
{
	struct json *request = json_object(c), *copy;

	json_set_str(c, request, "request", kind);
	json_set_text(c, request, "document", document);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, request, "signatures", copy);
	return seal_ask(c, s, request, place, answer_out);
}

static enum err end_void(struct ctx *c, struct session *s, struct order *o, struct json *body,
			 struct span document, const struct json *signatures, bool withdrawn)
{
	struct new_act acts[2] = { { withdrawn ? ACT_WITHDRAWN : ACT_VOIDED, body },
				   { ACT_LETTERED, NULL } };
	const struct json *answer;
	struct span place;

	TRY(order_place(c, o, &place));
	TRY(ask(c, s, "void", document, signatures, place, &answer));
	if (withdrawn)
		TRY(letter_make(c, s, o, "withdrawal", NULL, 0, &acts[1].body));
	return order_append_all(c, s, o, acts, withdrawn ? 2 : 1);
}

enum err order_end(struct ctx *c, struct session *s, struct order *o, const char *kind,
		   struct span document, struct span signature, bool withdrawn)
{
	struct json *signatures = json_list(c), *body = json_object(c), *gone = json_list(c), *d;
	bool is_void = !strcmp(kind, "void");

	TRY(session_need_actor(c, s, ""));
	TRY(vault_sweep(c, s, o));
	TRY(order_permit(c, s, o, withdrawn ? ACT_WITHDRAWN
				  : is_void ? ACT_VOIDED
					    : ACT_DESTROYED));
	TRY(json_parse_canonical(c, document, &d));
	if (!span_eq(json_opt_text(d, "order", SPAN_NONE), o->ref) ||
	    !span_is(json_opt_text(d, "kind", SPAN_NONE), kind))
		FAIL(c, ERR_DENIED, "the document is not a %s document of order %.*s", kind,
		     SPAN_ARG(o->ref));
	json_add(c, signatures, json_text(c, signature));
	json_set_text(c, body, "document", document);
	json_set_text(c, body, "signature", signature);
	json_set_text(c, body, "because", json_opt_text(d, "because", SPAN_NONE));
	if (is_void) {
		TRY(end_void(c, s, o, body, document, signatures, withdrawn));
	} else {
		TRY(keys_destroy(c, s, o, document, signature, SPAN_NONE, gone));
		json_set(c, body, "tickets", gone);
		TRY(order_append(c, s, o, ACT_DESTROYED, body));
	}
	return vault_sweep(c, s, o);
}

static bool time_is_over(struct ctx *c, const struct json *row, const struct json *ticket)
{
	int64_t until_utc;

	return ticket_is(row, "released") ||
	       (time_parse(json_opt_text(ticket, "keep_until", SPAN_NONE), &until_utc) &&
		until_utc <= c->seam->now_ms() / 1000);
}

/* Destroys the keys of the order that may be destroyed without a document (over), or all that there
 * are, where the seal says why not. Adds to gone also what is destroyed already. */
static enum err shred(struct ctx *c, struct session *s, struct order *o, const struct json *rows,
		      bool over, struct json *gone)
{
	JSON_EACH(row, rows) {
		struct json *ticket;
		struct span id;

		TRY(json_parse(c, json_opt_text(row, "ticket", SPAN("null")), &ticket));
		if (!span_is(json_opt_text(ticket, "for", SPAN_NONE), "collect"))
			continue;
		TRY(json_need_text(c, ticket, "ticket", &id));
		if (json_has_text(gone, id))
			continue;
		if (ticket_is(row, "destroyed"))
			json_add(c, gone, json_text(c, id));
		else if (!over || time_is_over(c, row, ticket))
			TRY(keys_destroy(c, s, o, SPAN_NONE, SPAN_NONE, id, gone));
	}
	return ERR_OK;
}

enum err order_shred(struct ctx *c, struct session *s, struct order *o)
{
	struct span own = json_opt_text(o->released, "ticket",
					json_opt_text(o->collected, "ticket", SPAN_NONE));
	struct json *body = json_object(c), *gone = json_list(c);
	const struct json *rows;

	TRY(session_need_actor(c, s, ""));
	TRY(seal_order_state(c, s, o->ref, &rows));
	TRY(shred(c, s, o, rows, true, gone));
	if (own.n ? !json_has_text(gone, own) : !gone->first)
		TRY(shred(c, s, o, rows, false, gone));
	if (!gone->first)
		FAIL(c, ERR_STATE,
		     "nothing was collected for order %.*s: there is no key to destroy",
		     SPAN_ARG(o->ref));
	if (own.n && !json_has_text(json_get(o->destroyed, "tickets"), own)) {
		json_set(c, body, "tickets", gone);
		json_set_str(c, body, "because", "released or kept long enough");
		TRY(order_append(c, s, o, ACT_DESTROYED, body));
	}
	return vault_sweep(c, s, o);
}

enum err home_halt(struct ctx *c, struct session *s, const char *kind, struct span document,
		   const struct json *signatures)
{
	struct json *body = json_object(c), *copy;
	const struct json *answer;

	TRY(session_need_actor(c, s, ""));
	TRY(ask(c, s, kind, document, signatures, SPAN("HOME"), &answer));
	json_set_text(c, body, "document", document);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, body, "signatures", copy);
	json_set_int(c, body, "halt_epoch", json_opt_int(answer, "halt_epoch", 0));
	return home_append(c, s, kind, body);
}
