/*
 * The request 'statement': makes what people will sign, from the receipt, the roster and
 * return.json. return.json is writ's work, so all that it says about what was collected must be
 * word for word what the receipt says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/num.h"
#include "crypt/age.h"
#include "crypt/hash.h"
#include "format/time.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"
#include "seal/ticket.h"

#define EARLIER_MAX 16u

enum err recipient_gather(struct turn *t, struct span agency, struct span label)
{
	const struct json *found = NULL, *elsewhere = NULL;
	struct facts *f = &t->f;

	JSON_EACH(entry, json_get(t->core, "rows")) {
		if (!row_is(entry, "agency") || !span_eq(row_text(entry, "label"), label))
			continue;
		if (!span_eq(row_text(entry, "id"), agency))
			elsewhere = entry;
		else if (!found || !row_live(found, t->now))
			found = entry;
	}
	f->recipient_of_another = f->recipient_of_another || (!found && elsewhere);
	f->recipient_unknown = f->recipient_unknown || (!found && !elsewhere);
	if (!found)
		found = elsewhere;
	t->incomplete = t->incomplete || !found;
	if (!found)
		return ERR_OK;
	f->recipient_early = f->recipient_early || t->now < row_from(found);
	f->recipient_ended = f->recipient_ended || t->now >= row_until(found);
	JSON_EACH(at, t->recipients)
		f->recipient_twice = f->recipient_twice ||
			span_eq(row_text(at, "recipient"), row_text(found, "recipient"));
	struct json *copy;
	TRY(json_clone(t->c, found, &copy));
	json_add(t->c, t->recipients, copy);
	return ERR_OK;
}

static enum err return_form(struct turn *t, struct span text, struct json **out)
{
	const struct json *notice, *lines, *issuer, *papers;
	struct span kind, made_at;
	int64_t version;
	struct json *j;

	TRY(json_parse_canonical(t->c, text, &j));
	TRY(json_only(t->c, j,
		      "version kind made_at order authority_reference provider issuer paper_sha256 "
		      "scope_sha256 "
		      "ticket manifest_sha256 tagmanifest_sha256 items bytes undated reading lines "
		      "not_returned times "
		      "notice separation software receipt receipt_seal members"));
	TRY(json_need_int(t->c, j, "version", &version));
	TRY(json_need_text(t->c, j, "kind", &kind));
	TRY(json_need_text(t->c, j, "made_at", &made_at));
	if (version != 1 || !span_is(kind, "return") || !time_parse_utc(made_at, &t->f.made_at))
		FAIL(t->c, ERR_FORMAT, "its version, kind or made_at is not that of a return.json");
	TRY(json_need_object(t->c, j, "notice", &notice));
	TRY(json_need_object(t->c, j, "issuer", &issuer));
	TRY(json_need_list(t->c, j, "lines", &lines));
	TRY(json_need_list(t->c, j, "paper_sha256", &papers));
	JSON_EACH(line, lines)
		if (line->type != JSON_OBJECT)
			FAIL(t->c, ERR_FORMAT, "its lines must be objects");
	*out = j;
	return ERR_OK;
}

static bool same(const struct json *a, const struct json *b, const char *key)
{
	return json_equal(json_get(a, key), json_get(b, key));
}

static bool lines_same(const struct json *of_return, const struct json *of_receipt)
{
	static const char *const keys[] = { "id", "store", "account", "items", "bytes" };
	const struct json *a = json_get(of_return, "lines")->first,
			  *b = json_get(of_receipt, "lines")->first;

	for (; a && b; a = a->next, b = b->next)
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			if (!same(a, b, keys[i]))
				return false;
	return !a && !b;
}

static bool notice_decided(const struct json *notice)
{
	struct span decision = json_opt_text(notice, "decision", SPAN_NONE);
	const struct json *gag = json_get(notice, "gag_until");
	int year, month, day;

	if (!gag || (gag->type != JSON_NULL &&
		     (gag->type != JSON_TEXT || !date_parse(gag->s, &year, &month, &day))))
		return false;
	return span_is(decision, "sent") ||
	       (span_is(decision, "withheld") && json_opt_text(notice, "because", SPAN_NONE).n > 0);
}

/* The same instant; return.json writes it for people, the scope in seconds. */
static bool same_instant(const struct json *line, const struct json *wanted, const char *key)
{
	const struct json *said = json_get(line, key), *is = json_get(wanted, key);
	int64_t utc;

	if (!said || said->type != JSON_TEXT)
		return json_equal(said, is);
	return is && is->type == JSON_INT && time_parse_utc(said->s, &utc) && utc == is->i;
}

/* What each line was to be is what was signed: category, instants and their meaning. */
static bool lines_as_signed(const struct json *ret, const struct json *scope)
{
	static const char *const keys[] = { "category", "date_meaning", "zone" };

	JSON_EACH(line, json_get(ret, "lines")) {
		const struct json *wanted = NULL;

		JSON_EACH(at, json_get(scope, "lines"))
			if (same(at, line, "id"))
				wanted = at;
		for (size_t i = 0; wanted && i < COUNT_OF(keys); i++)
			if (!same(line, wanted, keys[i]))
				return false;
		if (wanted &&
		    (!same_instant(line, wanted, "from") || !same_instant(line, wanted, "until")))
			return false;
	}
	return true;
}

/* The issuer is the agency of the scope, under a name that the roster has for it. */
static bool issuer_registered(const struct turn *t, const struct json *ret,
			      const struct json *scope)
{
	const struct json *issuer = json_get(ret, "issuer");

	if (!same(issuer, scope, "agency"))
		return false;
	JSON_EACH(entry, json_get(t->core, "rows"))
		if (row_is(entry, "agency") &&
		    span_eq(row_text(entry, "id"), json_opt_text(issuer, "agency", SPAN_NONE)) &&
		    same(json_get(entry, "row"), issuer, "name") &&
		    same(json_get(entry, "row"), issuer, "country"))
			return true;
	return false;
}

static void gather_against_receipt(struct turn *t, const struct json *ret,
				   const struct json *receipt, const struct json *scope)
{
	struct facts *f = &t->f;

	f->return_manifest = !same(ret, receipt, "manifest_sha256");
	f->return_tagmanifest = !same(ret, receipt, "tagmanifest_sha256");
	f->return_items = !same(ret, receipt, "items");
	f->return_bytes = !same(ret, receipt, "bytes");
	f->return_undated = !same(ret, receipt, "undated");
	f->return_separation = !same(ret, receipt, "separation");
	f->return_lines = !lines_same(ret, receipt) || !lines_as_signed(ret, scope);
	f->return_receipt = !same(ret, t->ticket, "receipt") ||
			    !same(ret, t->ticket, "receipt_seal");
}

static enum err gather_return(struct turn *t, struct span text)
{
	struct json *ret = NULL, *receipt, *scope;
	struct facts *f = &t->f;

	TRY(fact_of(t, return_form(t, text, &ret), &f->return_malformed));
	t->ret = ret;
	t->incomplete = t->incomplete || !ret || f->receipt_missing;
	if (!ret || !t->ticket)
		return ERR_OK;
	TRY(json_parse(t->c, json_opt_text(t->ticket, "scope", SPAN_NONE), &scope));
	f->return_order = !span_eq(json_opt_text(ret, "order", SPAN_NONE), t->ref);
	f->return_scope = !same(ret, t->ticket, "scope_sha256");
	f->return_ticket = !same(ret, t->ticket, "ticket");
	f->return_provider = !span_eq(json_opt_text(ret, "provider", SPAN_NONE), t->s->provider);
	f->return_agency = !issuer_registered(t, ret, scope);
	f->return_papers = !same(ret, scope, "paper_sha256");
	f->notice_missing = !notice_decided(json_get(ret, "notice"));
	if (f->receipt_missing)
		return ERR_OK;
	TRY(json_parse(t->c, json_opt_text(t->ticket, "receipt", SPAN_NONE), &receipt));
	f->rests_on = made_at_of(receipt);
	gather_against_receipt(t, ret, receipt, scope);
	return ERR_OK;
}

static enum err gather_recipients(struct turn *t, const struct json *labels)
{
	struct json *scope;

	t->recipients = json_list(t->c);
	t->f.recipients = json_count(labels);
	if (!t->ticket || t->f.recipients > 1000)
		return ERR_OK;
	TRY(json_parse(t->c, json_opt_text(t->ticket, "scope", SPAN_NONE), &scope));
	JSON_EACH(label, labels)
		TRY(recipient_gather(t, json_opt_text(scope, "agency", SPAN_NONE), label->s));
	return ERR_OK;
}

enum err gather_statement(struct turn *t)
{
	const struct json *labels;
	struct span id, ret;

	TRY(asked(t, json_need_text(t->c, t->ask, "ticket", &id)));
	TRY(asked(t, json_need_text(t->c, t->ask, "return", &ret)));
	TRY(asked(t, json_need_list(t->c, t->ask, "recipients", &labels)));
	JSON_EACH(label, labels)
		t->malformed = t->malformed || label->type != JSON_TEXT;
	if (t->malformed)
		FAIL(t->c, ERR_FORMAT, "a recipient is the label of a key");
	t->f.halted = is_set(t->core, "halted");
	if (hex_ok(id, 16))
		TRY(ticket_gather(t, id));
	else
		t->f.ticket_unknown = t->incomplete = true;
	TRY(gather_return(t, ret));
	return gather_recipients(t, labels);
}

static enum err recipient_words(struct turn *t, const struct json *entry, struct json **out)
{
	struct age_recipient key;
	struct json *j = json_object(t->c);
	struct span sha;

	TRY(age_recipient_parse(t->c, row_text(entry, "recipient"), &key));
	TRY(sha256_hex(t->c, span_of(key.key, sizeof key.key), &sha));
	TRY(span_copy(t->c, sha, &sha));
	json_set_text(t->c, j, "agency", row_text(entry, "id"));
	json_set_text(t->c, j, "label", row_text(entry, "label"));
	json_set_text(t->c, j, "key_sha256", sha);
	/* The day is enough for people to compare with their own register. */
	json_set_text(t->c, j, "registered_on", span_cut(row_text(entry, "from"), 0, 10));
	*out = j;
	return ERR_OK;
}

static enum err add_from_receipt(struct turn *t, struct json *j)
{
	static const char *const fields[] = { "manifest_sha256", "tagmanifest_sha256",
					      "items",           "bytes",
					      "undated",         "lines" };
	struct json *receipt;

	TRY(json_parse(t->c, json_opt_text(t->ticket, "receipt", SPAN_NONE), &receipt));
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		json_set(t->c, j, fields[i], own(receipt, fields[i]));
	return ERR_OK;
}

static enum err add_recipients(struct turn *t, struct json *j)
{
	struct json *list = json_list(t->c), *one;

	JSON_EACH(entry, t->recipients) {
		TRY(recipient_words(t, entry, &one));
		json_add(t->c, list, one);
	}
	json_set(t->c, j, "recipients", list);
	return ERR_OK;
}

static enum err statement_make(struct turn *t, struct json *j)
{
	struct span sha, policy, expires,
		gag = json_opt_text(json_get(t->ret, "notice"), "gag_until", SPAN_NONE);
	struct json *scope;

	TRY(json_parse(t->c, json_opt_text(t->ticket, "scope", SPAN_NONE), &scope));
	TRY(sha256_hex(t->c, json_get(t->ask, "return")->s, &sha));
	TRY(policy_hash(t, &policy));
	TRY(time_span(t->c, t->now + policy_number(t, "statement_hours") * 3600, &expires));
	TRY(add_from_receipt(t, j));
	TRY(add_recipients(t, j));
	json_set_text(t->c, j, "agency", json_opt_text(scope, "agency", SPAN_NONE));
	json_set_text(t->c, j, "ticket", json_opt_text(t->ticket, "ticket", SPAN_NONE));
	json_set_text(t->c, j, "scope_sha256", json_opt_text(t->ticket, "scope_sha256", SPAN_NONE));
	json_set_text(t->c, j, "return_sha256", sha);
	json_set_text(t->c, j, "notice",
		      json_opt_text(json_get(t->ret, "notice"), "decision", SPAN_NONE));
	json_set(t->c, j, "gag_until", gag.n ? json_text(t->c, gag) : NULL);
	json_set_int(t->c, j, "roster_version", json_opt_int(t->core, "roster_version", 0));
	json_set_text(t->c, j, "policy_sha256", policy);
	json_set_int(t->c, j, "halt_epoch", json_opt_int(t->core, "halt_epoch", 0));
	json_set_int(t->c, j, "last_tick", json_opt_int(t->tick, "size", 0));
	json_set_text(t->c, j, "expires_at", expires);
	return ERR_OK;
}

/* The statement that stood there till now, so that a release of it can be told from nonsense. */
static void keep_earlier(struct turn *t)
{
	struct span text = json_opt_text(t->ticket, "statement", SPAN_NONE);
	struct json *one = json_object(t->c), *left = json_list(t->c);
	size_t skip = json_count(json_get(t->ticket, "earlier"));

	if (!text.n)
		return;
	skip = skip >= EARLIER_MAX ? skip - EARLIER_MAX + 1 : 0;
	for (struct json *at = own(t->ticket, "earlier")->first; at; at = at->next)
		if (skip)
			skip--;
		else
			json_add(t->c, left, at);
	json_set_text(t->c, one, "statement", text);
	json_set_text(t->c, one, "statement_seal",
		      json_opt_text(t->ticket, "statement_seal", SPAN_NONE));
	json_add(t->c, left, one);
	json_set(t->c, t->ticket, "earlier", left);
}

enum err do_statement(struct turn *t)
{
	struct json *j = document_new(t, "approval", t->ref);
	struct span text, seal, sha;

	TRY(statement_make(t, j));
	TRY(document_seal(t, j, &text, &seal));
	TRY(sha256_hex(t->c, text, &sha));
	keep_earlier(t);
	json_set_text(t->c, t->ticket, "statement", text);
	json_set_text(t->c, t->ticket, "statement_seal", seal);
	t->order_dirty = true;
	TRY(state_index(t, "s", sha));
	json_set_text(t->c, t->answer, "statement", text);
	json_set_text(t->c, t->answer, "statement_seal", seal);
	return ERR_OK;
}
