/*
 * The request 'release': the one place where a header is wrapped to somebody outside. Opens this
 * ticket's header with this ticket's identity, never another, and makes the files that prove why.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "crypt/age.h"
#include "crypt/cms.h"
#include "crypt/hash.h"
#include "format/time.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"
#include "seal/ticket.h"

static enum err take_if(struct turn *t, struct json *ticket, const struct json *from,
			struct span sha, bool earlier)
{
	struct span text = json_opt_text(from, "statement", SPAN_NONE), its;

	if (!text.n)
		return ERR_OK;
	TRY(sha256_hex(t->c, text, &its));
	if (!span_eq(its, sha))
		return ERR_OK;
	t->ticket = ticket;
	t->statement = text;
	t->statement_seal = json_opt_text(from, "statement_seal", SPAN_NONE);
	t->f.statement_replaced = earlier;
	return ERR_OK;
}

static enum err find_statement(struct turn *t, struct span sha)
{
	bool found = false;

	if (hex_ok(sha, 32))
		TRY(state_find(t, "s", sha, &found));
	for (struct json *at = found ? own(t->order, "tickets")->first : NULL; at; at = at->next) {
		JSON_EACH(one, json_get(at, "earlier"))
			TRY(take_if(t, at, one, sha, true));
		TRY(take_if(t, at, at, sha, false));
	}
	t->f.statement_unknown = !t->statement.n;
	t->incomplete = t->incomplete || !t->statement.n;
	return ERR_OK;
}

static void gather_decider(struct turn *t)
{
	bool allowed = span_is(
		json_opt_text(json_get(t->core, "policy"), "decider_may_approve", SPAN_NONE),
		"yes");

	for (size_t i = 0; i < t->signer_count && !allowed; i++)
		JSON_EACH(name, json_get(t->ticket, "deciders"))
			if (t->signers[i].entry &&
			    span_eq(name->s, row_text(t->signers[i].entry, "name")))
				t->f.decider_approves = true;
}

static enum err gather_recipients(struct turn *t, const struct json *statement)
{
	struct span agency = json_opt_text(statement, "agency", SPAN_NONE);

	t->recipients = json_list(t->c);
	JSON_EACH(one, json_get(statement, "recipients"))
		TRY(recipient_gather(t, agency, json_opt_text(one, "label", SPAN_NONE)));
	return ERR_OK;
}

/* A home from before there were passkeys does not name it; a damaged value lets nobody release. */
static int64_t native_approvals(const struct turn *t)
{
	const struct json *value = json_get(json_get(t->core, "policy"), "native_approvals");
	int64_t n = 0;

	if (value && (value->type != JSON_TEXT || !span_to_i64(value->s, &n)))
		return INT64_MAX;
	return n;
}

static enum err gather_live(struct turn *t)
{
	struct facts *f = &t->f;
	struct span policy;
	struct json *statement;

	f->approvals = policy_number(t, "approvals");
	f->native_approvals = native_approvals(t);
	if (!t->ticket) {
		/* There is nothing that could be signed; that it is unknown is the fact. */
		f->people = (size_t)f->approvals;
		f->native_people = (size_t)f->native_approvals;
		return ERR_OK;
	}
	TRY(json_parse(t->c, t->statement, &statement));
	TRY(policy_hash(t, &policy));
	f->ticket_replaced = is_set(t->ticket, "replaced");
	f->ticket_destroyed = !f->ticket_replaced &&
			      json_get(t->ticket, "destroyed")->type != JSON_NULL;
	f->order_destroyed = !f->ticket_destroyed && is_set(t->order, "destroyed");
	f->order_void = json_get(t->order, "void")->type != JSON_NULL;
	f->order_released = is_set(t->order, "released");
	if (!time_parse_utc(json_opt_text(statement, "expires_at", SPAN_NONE),
			    &f->statement_expires_at))
		f->statement_expires_at = INT64_MIN;
	f->rests_on = made_at_of(statement);
	f->epoch_then = json_opt_int(statement, "halt_epoch", -1);
	f->epoch_now = json_opt_int(t->core, "halt_epoch", 0);
	f->policy_changed = !span_eq(policy, json_opt_text(statement, "policy_sha256", SPAN_NONE));
	f->roster_changed = json_opt_int(statement, "roster_version", -1) !=
			    json_opt_int(t->core, "roster_version", 0);
	gather_decider(t);
	return gather_recipients(t, statement);
}

enum err gather_release(struct turn *t)
{
	const struct json *signatures;
	struct span sha;

	TRY(asked(t, json_need_text(t->c, t->ask, "statement_sha256", &sha)));
	TRY(asked(t, json_need_list(t->c, t->ask, "signatures", &signatures)));
	t->f.halted = is_set(t->core, "halted");
	TRY(find_statement(t, sha));
	if (t->ticket)
		TRY(gather_signatures(t, signatures, t->statement, span_str("approval"),
				      MAY_APPROVE, json_get(t->core, "rows")));
	return gather_live(t);
}

struct release {
	struct json *statement, *receipt;       /* parsed */
	struct span header, approvals, document, p7s, act;
};

/* The keys of the roster are those that the approvers saw: a label alone proves nothing. */
static enum err recipients_parse(struct turn *t, const struct release *r, struct age_recipient *to)
{
	const struct json *seen = json_get(r->statement, "recipients")->first;
	struct span sha;

	JSON_EACH(entry, t->recipients) {
		TRY(age_recipient_parse(t->c, row_text(entry, "recipient"), to));
		TRY(sha256_hex(t->c, span_of(to->key, sizeof to->key), &sha));
		if (!seen || !span_eq(sha, json_opt_text(seen, "key_sha256", SPAN_NONE)))
			FAIL(t->c, ERR_VERIFY, "a recipient's key is not the one in the statement");
		seen = seen->next;
		to++;
	}
	return ERR_OK;
}

static enum err wrap(struct turn *t, struct release *r)
{
	unsigned char file_key[AGE_FILE_KEY_BYTES] = { 0 };
	struct age_recipient *to;
	struct span vault_header;
	size_t n = json_count(t->recipients);
	enum err e;

	TRY(NEW_ARRAY(t->c, to, n));
	TRY(recipients_parse(t, r, to));
	TRY(b64_decode(t->c, json_opt_text(r->receipt, "header", SPAN_NONE), &vault_header));
	e = identity_open(t, vault_header, file_key);
	if (e == ERR_OK)
		e = age_header_make(t->c, span_of(file_key, sizeof file_key), to, n, &r->header);
	wipe(file_key, sizeof file_key);
	return e;
}

static struct json *texts(struct turn *t)
{
	struct json *list = json_list(t->c);

	for (size_t i = 0; i < t->signer_count; i++)
		json_add(t->c, list, json_text(t->c, t->signers[i].text));
	return list;
}

static enum err approvals_make(struct turn *t, struct release *r)
{
	struct json *j = document_new(t, "approvals", t->ref), *chain, *rows, *founding_signatures;

	TRY(chain_make(t, &chain, &rows));
	TRY(json_clone(t->c, json_get(t->s->founding, "signatures"), &founding_signatures));
	json_set_text(t->c, j, "statement", t->statement);
	json_set_text(t->c, j, "statement_seal", t->statement_seal);
	json_set(t->c, j, "signatures", texts(t));
	json_set_text(t->c, j, "founding", t->s->document);
	json_set(t->c, j, "founding_signatures", founding_signatures);
	json_set(t->c, j, "chain", chain);
	json_set(t->c, j, "rows", rows);
	return document_text(t, j, &r->approvals);
}

/* The timestamp stamps the signature, so it comes later; that it must come is signed here. */
static struct json *members(struct turn *t)
{
	static const char *const names[] = { "README.txt",	"certificate.pdf",
					     "return.json",	"approvals.json",
					     "statement.json",	"statement.p7s",
					     "statement.tsr",	"release.json",
					     "statement.tlog-proof", "package.age" };
	bool stamped = !span_is(json_opt_text(json_get(t->core, "policy"), "timestamp", SPAN_NONE),
				"none");
	struct json *list = json_list(t->c);

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (stamped || strcmp(names[i], "statement.tsr") != 0)
			json_add(t->c, list, json_text(t->c, span_str(names[i])));
	return list;
}

static enum err document_make(struct turn *t, struct release *r)
{
	static const char *const copied[] = { "scope_sha256", "return_sha256", "manifest_sha256",
					      "tagmanifest_sha256", "recipients" };
	struct json *j = document_new(t, "statement", t->ref);
	struct span approvals_sha, header_sha, released_at;

	TRY(sha256_hex(t->c, r->approvals, &approvals_sha));
	TRY(sha256_hex(t->c, r->header, &header_sha));
	TRY(time_span(t->c, t->now, &released_at));
	for (size_t i = 0; i < COUNT_OF(copied); i++)
		json_set(t->c, j, copied[i], own(r->statement, copied[i]));
	json_set_text(t->c, j, "approvals_sha256", approvals_sha);
	json_set_text(t->c, j, "header_sha256", header_sha);
	json_set_int(t->c, j, "header_bytes", (int64_t)r->header.n);
	json_set_int(t->c, j, "payload_bytes", json_opt_int(r->receipt, "payload_bytes", -1));
	json_set_text(t->c, j, "released_at", released_at);
	json_set(t->c, j, "members", members(t));
	TRY(document_text(t, j, &r->document));
	return cms_sign(t->c, t->s->keys.cms_key, t->s->certificate, r->document, &r->p7s);
}

static enum err release_act(struct turn *t, struct release *r)
{
	struct json *body = json_object(t->c);
	struct span document_sha, p7s_sha;

	TRY(sha256_hex(t->c, r->document, &document_sha));
	TRY(sha256_hex(t->c, r->p7s, &p7s_sha));
	json_set_text(t->c, body, "ticket", json_opt_text(t->ticket, "ticket", SPAN_NONE));
	json_set_text(t->c, body, "statement_sha256", document_sha);
	json_set_text(t->c, body, "p7s_sha256", p7s_sha);
	json_set_int(t->c, body, "roster_version", json_opt_int(t->core, "roster_version", 0));
	json_set_int(t->c, body, "last_tick", json_opt_int(t->tick, "size", 0));
	return act_add(t, "released", t->ref, body, &r->act);
}

enum err do_release(struct turn *t)
{
	struct release r = { 0 };
	struct span header64, p7s64;

	TRY(json_parse(t->c, t->statement, &r.statement));
	TRY(json_parse(t->c, json_opt_text(t->ticket, "receipt", SPAN_NONE), &r.receipt));
	TRY(wrap(t, &r));
	TRY(approvals_make(t, &r));
	TRY(document_make(t, &r));
	TRY(release_act(t, &r));
	json_set_text(t->c, t->ticket, "released", r.act);
	json_set_bool(t->c, t->order, "released", true);
	t->order_dirty = true;
	TRY(b64_encode(t->c, r.header, &header64));
	TRY(b64_encode(t->c, r.p7s, &p7s64));
	json_set_text(t->c, t->answer, "approvals", r.approvals);
	json_set_text(t->c, t->answer, "header", header64);
	json_set_text(t->c, t->answer, "statement", r.document);
	json_set_text(t->c, t->answer, "p7s", p7s64);
	json_set_text(t->c, t->answer, "release", r.act);
	return ERR_OK;
}
