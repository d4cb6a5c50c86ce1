/*
 * The request 'receipt': what a hand says it wrote, believed only from the hand's user, once, and
 * only if what it wrote can be opened with this ticket's identity and no other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "base/num.h"
#include "crypt/age.h"
#include "crypt/hash.h"
#include "format/time.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"
#include "seal/ticket.h"

#define LINES_MAX 4096u

int64_t made_at_of(const struct json *document)
{
	int64_t utc;

	return time_parse_utc(json_opt_text(document, "made_at", SPAN_NONE), &utc) ? utc
										 : INT64_MAX;
}

enum err ticket_gather(struct turn *t, struct span id)
{
	struct facts *f = &t->f;
	struct json *doc;
	bool found;

	TRY(state_find(t, "t", id, &found));
	if (found)
		for (struct json *at = own(t->order, "tickets")->first; at; at = at->next)
			if (span_eq(json_opt_text(at, "ticket", SPAN_NONE), id))
				t->ticket = at;
	f->ticket_unknown = !t->ticket;
	t->incomplete = t->incomplete || !t->ticket;
	if (!t->ticket)
		return ERR_OK;
	f->ticket_counts = !span_is(json_opt_text(t->ticket, "for", SPAN_NONE), "collect");
	f->ticket_replaced = is_set(t->ticket, "replaced");
	f->ticket_destroyed = !f->ticket_replaced &&
			      json_get(t->ticket, "destroyed")->type != JSON_NULL;
	/* A document that destroys speaks of the order, whichever ticket was named with it. */
	f->order_destroyed = !f->ticket_destroyed && is_set(t->order, "destroyed");
	f->receipt_there = json_get(t->ticket, "receipt")->type != JSON_NULL;
	f->receipt_missing = !f->receipt_there;
	f->order_void = json_get(t->order, "void")->type != JSON_NULL;
	f->order_released = is_set(t->order, "released");
	TRY(json_parse(t->c, json_opt_text(t->ticket, "document", SPAN_NONE), &doc));
	if (!time_parse_utc(json_opt_text(doc, "expires_at", SPAN_NONE), &f->ticket_expires_at))
		f->ticket_expires_at = INT64_MIN;
	f->rests_on = made_at_of(doc);
	return ERR_OK;
}

enum err identity_open(struct turn *t, struct span header,
		       unsigned char file_key_out[AGE_FILE_KEY_BYTES])
{
	struct age_identity secret = { { 0 } };
	struct span text;
	char *path;
	enum err e;

	TRY(path_fmt(t->c, &path, "%s/id/%.*s", t->s->dir,
		     SPAN_ARG(json_opt_text(t->ticket, "ticket", SPAN_NONE))));
	TRY(file_read(t->c, path, 256, &text));
	TRY(age_identity_parse(t->c, text, &secret));
	e = age_header_open(t->c, header, &secret, file_key_out);
	wipe(&secret, sizeof secret);
	return e;
}

static enum err header_form(struct turn *t, struct span header)
{
	size_t length;

	TRY(age_header_length(t->c, header, &length));
	if (length != header.n)
		FAIL(t->c, ERR_FORMAT, "bytes stand behind its end");
	return age_header_recipients(t->c, header, &t->f.header_stanzas);
}

static enum err gather_header(struct turn *t, struct span header64)
{
	unsigned char file_key[AGE_FILE_KEY_BYTES];
	struct span header = SPAN_NONE;
	enum err e;

	TRY(fact_of(t, b64_decode(t->c, header64, &header), &t->f.header_malformed));
	if (!t->f.header_malformed)
		TRY(fact_of(t, header_form(t, header), &t->f.header_malformed));
	/* A ticket without an identity has facts of its own that say so. */
	if (t->f.header_malformed || !t->ticket || t->f.ticket_counts ||
	    json_get(t->ticket, "destroyed")->type != JSON_NULL)
		return ERR_OK;
	e = identity_open(t, header, file_key);
	wipe(file_key, sizeof file_key);
	return fact_of(t, e, &t->f.header_foreign);
}

static const struct json *line_of(const struct json *lines, struct span id)
{
	JSON_EACH(line, lines)
		if (span_eq(json_opt_text(line, "id", SPAN_NONE), id))
			return line;
	return NULL;
}

static bool has_text(const struct json *list, struct span s)
{
	JSON_EACH(at, list)
		if (span_eq(at->s, s))
			return true;
	return false;
}

/* The line's store belongs to its line of the scope, and the same three stand only once. */
static bool line_in_scope(const struct json *lines, const struct json *line,
			  const struct json *scope_lines)
{
	const struct json *of_scope = line_of(scope_lines, json_opt_text(line, "id", SPAN_NONE));

	if (!of_scope ||
	    !has_text(json_get(of_scope, "stores"), json_opt_text(line, "store", SPAN_NONE)))
		return false;
	for (const struct json *at = lines->first; at != line; at = at->next)
		if (json_equal(json_get(at, "id"), json_get(line, "id")) &&
		    json_equal(json_get(at, "store"), json_get(line, "store")) &&
		    json_equal(json_get(at, "account"), json_get(line, "account")))
			return false;
	return true;
}

/* A sum that does not fit is no total. */
static bool totals_differ(const struct json *ask, const char *key)
{
	int64_t sum = 0;

	JSON_EACH(line, json_get(ask, "lines"))
		if (!num_add(sum, json_opt_int(line, key, 0), &sum))
			return true;
	return sum != json_opt_int(ask, key, -1);
}

static enum err gather_lines(struct turn *t, const struct json *lines)
{
	const struct json *scope_lines;
	struct json *scope;

	if (!t->ticket)
		return ERR_OK;
	TRY(json_parse(t->c, json_opt_text(t->ticket, "scope", SPAN_NONE), &scope));
	scope_lines = json_get(scope, "lines");
	JSON_EACH(line, lines)
		t->f.lines_outside_scope = t->f.lines_outside_scope ||
					   !line_in_scope(lines, line, scope_lines);
	/* A line that names no store is for what no store holds; people read of it in return.json.
	 */
	JSON_EACH(line, scope_lines)
		t->f.lines_missing = t->f.lines_missing ||
				     (json_get(line, "stores")->first &&
				      !line_of(lines, json_opt_text(line, "id", SPAN_NONE)));
	return ERR_OK;
}

static enum err need_count(struct ctx *c, const struct json *o, const char *key)
{
	int64_t n;

	TRY(json_need_int(c, o, key, &n));
	if (n < 0)
		FAIL(c, ERR_FORMAT, "'%s' is negative", key);
	return ERR_OK;
}

static enum err line_form(struct ctx *c, const struct json *line)
{
	const struct json *account = json_get(line, "account");
	struct span s;

	TRY(json_only(c, line, "id store account items bytes"));
	TRY(json_need_text(c, line, "id", &s));
	TRY(json_need_text(c, line, "store", &s));
	if (!account || (account->type != JSON_TEXT && account->type != JSON_NULL))
		FAIL(c, ERR_FORMAT, "'account' must be a text or null");
	TRY(need_count(c, line, "items"));
	return need_count(c, line, "bytes");
}

static enum err ask_form(struct ctx *c, const struct json *ask)
{
	static const char *const counts[] = { "items", "bytes", "undated", "payload_bytes" };
	unsigned char hash[32];
	const struct json *lines;

	TRY(json_need_hex(c, ask, "manifest_sha256", hash, sizeof hash));
	TRY(json_need_hex(c, ask, "tagmanifest_sha256", hash, sizeof hash));
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		TRY(need_count(c, ask, counts[i]));
	TRY(json_need_list(c, ask, "lines", &lines));
	if (json_count(lines) > LINES_MAX)
		FAIL(c, ERR_FORMAT, "a receipt has at most %u lines", LINES_MAX);
	JSON_EACH(line, lines)
		TRY(line_form(c, line));
	return ERR_OK;
}

enum err gather_receipt(struct turn *t)
{
	struct span id, header;

	TRY(asked(t, json_need_text(t->c, t->ask, "ticket", &id)));
	TRY(asked(t, json_need_text(t->c, t->ask, "header", &header)));
	TRY(asked(t, ask_form(t->c, t->ask)));
	t->f.halted = is_set(t->core, "halted");
	if (hex_ok(id, 16))
		TRY(ticket_gather(t, id));
	else
		t->f.ticket_unknown = t->incomplete = true;
	TRY(gather_header(t, header));
	t->f.totals_differ = totals_differ(t->ask, "items") || totals_differ(t->ask, "bytes");
	t->f.payload_impossible = age_plain_bytes(json_opt_int(t->ask, "payload_bytes", -1)) < 0;
	return gather_lines(t, json_get(t->ask, "lines"));
}

enum err do_receipt(struct turn *t)
{
	static const char *const fields[] = { "ticket", "manifest_sha256", "tagmanifest_sha256",
					      "items",  "bytes",           "undated",
					      "lines",  "header",          "payload_bytes" };
	struct json *j = document_new(t, "receipt", t->ref), *body = json_object(t->c);
	struct span text, seal, sha;

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		struct json *copy;

		TRY(json_clone(t->c, json_get(t->ask, fields[i]), &copy));
		json_set(t->c, j, fields[i], copy);
	}
	json_set_text(t->c, j, "scope_sha256", json_opt_text(t->ticket, "scope_sha256", SPAN_NONE));
	json_set_str(t->c, j, "separation", seal_separation(t->s));
	TRY(document_seal(t, j, &text, &seal));
	TRY(sha256_hex(t->c, text, &sha));
	json_set_text(t->c, t->ticket, "receipt", text);
	json_set_text(t->c, t->ticket, "receipt_seal", seal);
	t->order_dirty = true;
	json_set_text(t->c, body, "ticket", json_opt_text(t->ticket, "ticket", SPAN_NONE));
	json_set_text(t->c, body, "receipt_sha256", sha);
	TRY(act_add(t, "receipt", t->ref, body, NULL));
	json_set_text(t->c, t->answer, "receipt", text);
	json_set_text(t->c, t->answer, "receipt_seal", seal);
	return ERR_OK;
}
