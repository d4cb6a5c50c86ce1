/*
 * The requests that end something: void, destroy, halt and resume; and 'sign', which signs records
 * of a closed list, never the text that they speak of.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"

static enum err signed_by(struct turn *t, const char *kinds, unsigned may)
{
	const struct json *signatures;
	struct span document;

	TRY(asked(t, json_need_text(t->c, t->ask, "document", &document)));
	TRY(asked(t, json_need_list(t->c, t->ask, "signatures", &signatures)));
	t->f.people_needed = 1;
	TRY(gather_document(t, document, kinds));
	return gather_signatures(t, signatures, document, t->doc.kind, may,
				 json_get(t->core, "rows"));
}

enum err gather_void(struct turn *t)
{
	TRY(signed_by(t, "void", MAY_DECIDE | MAY_APPROVE | MAY_HALT));
	return t->doc.j ? state_order(t, t->doc.order) : ERR_OK;
}

enum err do_void(struct turn *t)
{
	struct json *body = json_object(t->c);

	json_set_text(t->c, t->order, "void", t->doc.sha);
	t->order_dirty = true;
	json_set_text(t->c, body, "document_sha256", t->doc.sha);
	TRY(act_add(t, "void", t->ref, body, NULL));
	json_set_text(t->c, t->answer, "order", t->ref);
	return ERR_OK;
}

static bool is_null(const struct json *o, const char *key)
{
	const struct json *at = json_get(o, key);

	return !at || at->type == JSON_NULL;
}

/* Which tickets are meant: the one that is named, else all of the order that collect. */
static bool is_meant(const struct turn *t, const struct json *ticket)
{
	struct span id = json_opt_text(t->ask, "ticket", SPAN_NONE);

	if (!span_is(json_opt_text(ticket, "for", SPAN_NONE), "collect"))
		return false;
	return !id.n || span_eq(json_opt_text(ticket, "ticket", SPAN_NONE), id);
}

static void gather_meant(struct turn *t)
{
	bool some = false;

	JSON_EACH(at, json_get(t->order, "tickets")) {
		if (!is_meant(t, at))
			continue;
		some = true;
		/* What is destroyed already is past its time or was released; nothing is left to
		 * guard. */
		if (is_null(at, "destroyed") && is_null(at, "released") &&
		    is_null(t->ask, "document"))
			t->f.destroy_too_early = true;
	}
	t->f.ticket_of_another = !is_null(t->ask, "ticket") && !some;
}

static enum err gather_destroy_signed(struct turn *t)
{
	const struct json *signatures = json_get(t->ask, "signatures");
	struct span document = json_opt_text(t->ask, "document", SPAN_NONE);

	t->f.people_needed = 1;
	t->f.good_for_most = policy_number(t, "scope_hours") * 3600;
	TRY(gather_document(t, document, "destroy decision"));
	t->f.decision_not_refusing = span_is(t->doc.kind, "decision") &&
		!span_is(json_opt_text(t->doc.j, "decision", SPAN_NONE), "refuse");
	TRY(gather_signatures(t, signatures, document, t->doc.kind,
			      span_is(t->doc.kind, "decision") ? MAY_DECIDE
							       : MAY_DECIDE | MAY_APPROVE,
			      json_get(t->core, "rows")));
	return t->doc.j ? state_order(t, t->doc.order) : ERR_OK;
}

enum err gather_destroy(struct turn *t)
{
	const struct json *document = json_get(t->ask, "document"),
			  *ticket = json_get(t->ask, "ticket"), *signatures;
	bool found = false;

	TRY(asked(t, json_need_list(t->c, t->ask, "signatures", &signatures)));
	if (!document || (document->type != JSON_NULL && document->type != JSON_TEXT) || !ticket ||
	    (ticket->type != JSON_NULL && ticket->type != JSON_TEXT) ||
	    (document->type == JSON_NULL && signatures->first)) {
		t->malformed = true;
		FAIL(t->c, ERR_FORMAT,
		     "a destroy request names a document with its signatures, a ticket, or both");
	}
	if (document->type == JSON_TEXT) {
		TRY(gather_destroy_signed(t));
	} else if (ticket->type == JSON_TEXT && hex_ok(ticket->s, 16)) {
		TRY(state_find(t, "t", ticket->s, &found));
	}
	t->f.nothing_named = document->type == JSON_NULL && ticket->type == JSON_NULL;
	t->f.ticket_of_another = ticket->type == JSON_TEXT && !t->order;
	t->incomplete = t->incomplete || !t->order;
	if (t->order)
		gather_meant(t);
	return ERR_OK;
}

static struct span because(const struct turn *t, const struct json *ticket)
{
	if (!t->doc.j)
		return is_null(ticket, "released") ? span_str("keep_until") : span_str("released");
	return span_is(t->doc.kind, "decision") ? span_str("refused")
						: json_opt_text(t->doc.j, "because", SPAN_NONE);
}

enum err do_destroy(struct turn *t)
{
	struct json *gone = json_list(t->c);

	for (struct json *at = own(t->order, "tickets")->first; at; at = at->next) {
		if (!is_meant(t, at))
			continue;
		if (is_null(at, "destroyed"))
			TRY(ticket_destroy(t, at, because(t, at)));
		json_add(t->c, gone, json_text(t->c, json_opt_text(at, "ticket", SPAN_NONE)));
	}
	/* The document speaks of the order: nothing is collected for it any more. */
	if (t->doc.j)
		json_set_bool(t->c, t->order, "destroyed", true);
	answers_forget(t);
	json_set(t->c, t->answer, "tickets", gone);
	return ERR_OK;
}

static enum err gather_halting(struct turn *t, const char *kind)
{
	TRY(signed_by(t, kind, MAY_HALT));
	t->f.halted_already = is_set(t->core, "halted");
	t->f.not_halted = !t->f.halted_already;
	if (t->doc.j)
		t->f.epoch_differs = json_opt_int(t->doc.j, "halt_epoch", -1) !=
				     json_opt_int(t->core, "halt_epoch", 0);
	return ERR_OK;
}

enum err gather_halt(struct turn *t)
{
	return gather_halting(t, "halt");
}

enum err gather_resume(struct turn *t)
{
	return gather_halting(t, "resume");
}

static enum err halting(struct turn *t, const char *act, bool halted)
{
	int64_t epoch = json_opt_int(t->core, "halt_epoch", 0) + 1;
	struct json *body = json_object(t->c);

	json_set_bool(t->c, t->core, "halted", halted);
	json_set_int(t->c, t->core, "halt_epoch", epoch);
	t->core_dirty = true;
	json_set_text(t->c, body, "document_sha256", t->doc.sha);
	json_set_int(t->c, body, "halt_epoch", epoch);
	TRY(act_add(t, act, SPAN_NONE, body, NULL));
	json_set_bool(t->c, t->answer, "halted", halted);
	json_set_int(t->c, t->answer, "halt_epoch", epoch);
	return ERR_OK;
}

enum err do_halt(struct turn *t)
{
	return halting(t, "halt", true);
}

enum err do_resume(struct turn *t)
{
	return halting(t, "resume", false);
}

static enum err sign_form(struct turn *t, struct span *order_out)
{
	struct span s;
	unsigned char hash[32];

	TRY(json_need_text(t->c, t->ask, "for", &s));
	TRY(json_need_text(t->c, t->ask, "order", order_out));
	TRY(json_need_hex(t->c, t->ask, "sha256", hash, sizeof hash));
	TRY(json_need_text(t->c, t->ask, "template", &s));
	if (!ref_ok(*order_out) || s.n == 0 || s.n > 128)
		FAIL(t->c, ERR_FORMAT, "a record names an order and a template");
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			FAIL(t->c, ERR_FORMAT, "the name of a template is one plain word");
	return ERR_OK;
}

enum err gather_sign(struct turn *t)
{
	struct span order, kind;

	TRY(asked(t, sign_form(t, &order)));
	kind = json_get(t->ask, "for")->s;
	t->f.sign_unknown = !span_is(kind, "intake") && !span_is(kind, "letter");
	return state_order(t, order);
}

enum err do_sign(struct turn *t)
{
	struct span text, seal, kind = json_get(t->ask, "for")->s;
	struct json *j;
	char *z;

	TRY(span_cstr(t->c, kind, &z));
	j = document_new(t, z, t->ref);
	json_set_text(t->c, j, "template", json_get(t->ask, "template")->s);
	json_set_text(t->c, j, "sha256", json_get(t->ask, "sha256")->s);
	TRY(document_seal(t, j, &text, &seal));
	json_set_text(t->c, t->answer, "record", text);
	json_set_text(t->c, t->answer, "record_seal", seal);
	return ERR_OK;
}
