/*
 * The request 'ticket': a fresh age identity for one collection alone, or the leave to count. Makes
 * no second live ticket for a scope and keeps no identity that the state does not name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "crypt/age.h"
#include "format/time.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"

#define TICKET_BYTES 16u
#define DAY_S 86400

static bool is_live(const struct json *ticket)
{
	const struct json *gone = json_get(ticket, "destroyed");

	return span_is(json_opt_text(ticket, "for", SPAN_NONE), "collect") && gone &&
	       gone->type == JSON_NULL;
}

static void gather_replaced(struct turn *t, struct span replaces)
{
	for (struct json *at = own(t->order, "tickets")->first; at; at = at->next) {
		bool this_scope = span_eq(json_opt_text(at, "scope_sha256", SPAN_NONE),
					  t->doc.sha) &&
				  span_is(json_opt_text(at, "for", SPAN_NONE), "collect");

		if (replaces.n && span_eq(json_opt_text(at, "ticket", SPAN_NONE), replaces)) {
			t->old_ticket = at;
			t->f.replaces_other = !this_scope;
			t->f.replaces_dead = !is_live(at);
		} else if (this_scope && is_live(at)) {
			t->f.other_live_ticket = true;
		}
	}
	if (replaces.n && !t->old_ticket)
		t->f.replaces_other = true;
}

static void gather_counts(struct turn *t)
{
	const struct json *counts = json_get(t->core, "counts");
	int64_t today = t->now / DAY_S;

	t->f.counts_most = policy_number(t, "counts_per_day");
	t->f.counts_today = json_opt_int(counts, "day", 0) == today
				    ? json_opt_int(counts, "count", 0)
				    : 0;
	t->f.count_lines = (int64_t)json_count(json_get(t->doc.j, "lines"));
}

static enum err gather_order_of_scope(struct turn *t, struct span replaces)
{
	if (!t->doc.j)
		return ERR_OK;
	TRY(state_order(t, t->doc.order));
	t->f.order_void = json_get(t->order, "void")->type != JSON_NULL;
	t->f.order_destroyed = is_set(t->order, "destroyed");
	t->f.order_released = is_set(t->order, "released");
	if (t->f.for_count)
		gather_counts(t);
	else
		gather_replaced(t, replaces);
	return ERR_OK;
}

enum err gather_ticket(struct turn *t)
{
	const struct json *signatures, *replaces = json_get(t->ask, "replaces");
	struct span kind, scope;

	TRY(asked(t, json_need_text(t->c, t->ask, "for", &kind)));
	TRY(asked(t, json_need_text(t->c, t->ask, "scope", &scope)));
	TRY(asked(t, json_need_list(t->c, t->ask, "signatures", &signatures)));
	if (!replaces || (replaces->type != JSON_NULL && replaces->type != JSON_TEXT)) {
		t->malformed = true;
		FAIL(t->c, ERR_FORMAT, "'replaces' must be a ticket or null");
	}
	t->f.halted = is_set(t->core, "halted");
	t->f.for_count = span_is(kind, "count");
	t->f.for_unknown = !t->f.for_count && !span_is(kind, "collect");
	t->f.count_signed = t->f.for_count && signatures->first;
	t->f.count_replaces = t->f.for_count && replaces->type == JSON_TEXT;
	t->f.good_for_most = policy_number(t, "scope_hours") * 3600;
	TRY(gather_document(t, scope, "scope"));
	if (!t->f.for_count) {
		TRY(gather_signatures(t, signatures, scope, span_str("scope"), MAY_DECIDE,
				      json_get(t->core, "rows")));
		t->f.overrules = json_count(json_get(t->doc.j, "overrules"));
	}
	return gather_order_of_scope(t, replaces->type == JSON_TEXT ? replaces->s : SPAN_NONE);
}

/* The identity is on the disk before any ticket names it; without a ticket the next start removes
 * it. */
static enum err identity_make(struct turn *t, struct span id, struct span *recipient_out)
{
	struct age_identity secret;
	struct age_recipient public;
	struct span text;
	char *path;
	enum err e;

	TRY(age_identity_make(t->c, &secret));
	e = age_recipient_of(t->c, &secret, &public);
	if (e == ERR_OK)
		e = age_identity_text(t->c, &secret, &text);
	wipe(&secret, sizeof secret);
	TRY(e);
	TRY(age_recipient_text(t->c, &public, recipient_out));
	TRY(path_fmt(t->c, &path, "%s/id/%.*s", t->s->dir, SPAN_ARG(id)));
	TRY(file_write(t->c, path, text, 0600));
	seam_crash_point(CRASH_SEAL_AFTER_IDENTITY);
	return ERR_OK;
}

static void identity_note(struct turn *t, struct span id, int64_t keep_until)
{
	struct json *j = json_object(t->c);

	json_set_text(t->c, j, "ticket", id);
	json_set_text(t->c, j, "order", t->ref);
	json_set_int(t->c, j, "keep_until", keep_until);
	json_add(t->c, own(t->core, "identities"), j);
}

static void count_note(struct turn *t)
{
	struct json *counts = json_object(t->c);

	json_set_int(t->c, counts, "day", t->now / DAY_S);
	json_set_int(t->c, counts, "count", t->f.counts_today + 1);
	json_set(t->c, t->core, "counts", counts);
}

static struct json *deciders(struct turn *t)
{
	struct json *names = json_list(t->c);

	for (size_t i = 0; i < t->signer_count; i++)
		if (t->signers[i].entry)
			json_add(t->c, names,
				 json_text(t->c, row_text(t->signers[i].entry, "name")));
	return names;
}

static struct json *record_new(struct turn *t, struct span id, struct span kind, struct span text,
			       struct span seal)
{
	static const char *const later[] = { "receipt",        "receipt_seal", "statement",
					     "statement_seal", "released",     "destroyed" };
	struct json *j = json_object(t->c);

	json_set_text(t->c, j, "ticket", id);
	json_set_text(t->c, j, "for", kind);
	json_set_text(t->c, j, "scope", t->doc.text);
	json_set_text(t->c, j, "scope_sha256", t->doc.sha);
	json_set(t->c, j, "deciders", deciders(t));
	json_set_text(t->c, j, "document", text);
	json_set_text(t->c, j, "document_seal", seal);
	json_set_bool(t->c, j, "replaced", false);
	json_set(t->c, j, "earlier", json_list(t->c));
	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		json_set(t->c, j, later[i], NULL);
	return j;
}

static enum err replace_old(struct turn *t)
{
	static const char *const gone[] = { "receipt", "receipt_seal", "statement",
					    "statement_seal" };

	if (!t->old_ticket)
		return ERR_OK;
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		json_set(t->c, t->old_ticket, gone[i], NULL);
	json_set_bool(t->c, t->old_ticket, "replaced", true);
	return ticket_destroy(t, t->old_ticket, span_str("replaced"));
}

static enum err ticket_document(struct turn *t, struct span id, struct span kind,
				struct span recipient, int64_t keep_until, struct span *text_out,
				struct span *seal_out)
{
	struct json *j = document_new(t, "ticket", t->ref);
	struct span expires, keep;

	TRY(time_span(t->c, t->now + policy_number(t, "ticket_hours") * 3600, &expires));
	TRY(time_span(t->c, keep_until, &keep));
	json_set_text(t->c, j, "ticket", id);
	json_set_text(t->c, j, "for", kind);
	json_set_text(t->c, j, "scope_sha256", t->doc.sha);
	if (recipient.n)
		json_set_text(t->c, j, "recipient", recipient);
	else
		json_set(t->c, j, "recipient", NULL);
	json_set_text(t->c, j, "expires_at", expires);
	json_set_text(t->c, j, "keep_until", keep);
	return document_seal(t, j, text_out, seal_out);
}

static enum err ticket_act(struct turn *t, struct span id, struct span kind, struct span recipient)
{
	struct json *body = json_object(t->c);

	json_set_text(t->c, body, "ticket", id);
	json_set_text(t->c, body, "for", kind);
	json_set_text(t->c, body, "scope_sha256", t->doc.sha);
	if (recipient.n)
		json_set_text(t->c, body, "recipient", recipient);
	else
		json_set(t->c, body, "recipient", NULL);
	return act_add(t, "ticket", t->ref, body, NULL);
}

enum err do_ticket(struct turn *t)
{
	int64_t keep_until = t->now + policy_number(t, "ticket_days") * DAY_S;
	struct span id, text, seal, recipient = SPAN_NONE;
	struct span kind = t->f.for_count ? span_str("count") : span_str("collect");
	unsigned char raw[TICKET_BYTES];

	if (t->c->seam->random(raw, sizeof raw) != 0)
		FAIL(t->c, ERR_CRYPTO, "no randomness for a ticket");
	TRY(hex_encode(t->c, span_of(raw, sizeof raw), &id));
	if (!t->f.for_count)
		TRY(identity_make(t, id, &recipient));
	TRY(ticket_document(t, id, kind, recipient, keep_until, &text, &seal));
	TRY(replace_old(t));
	json_add(t->c, own(t->order, "tickets"), record_new(t, id, kind, text, seal));
	t->order_dirty = true;
	if (t->f.for_count)
		count_note(t);
	else
		identity_note(t, id, keep_until);
	TRY(ticket_act(t, id, kind, recipient));
	TRY(state_index(t, "t", id));
	json_set_text(t->c, t->answer, "ticket", text);
	json_set_text(t->c, t->answer, "ticket_seal", seal);
	return ERR_OK;
}
