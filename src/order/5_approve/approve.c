/*
 * The approval statement and the signatures under it; see approve.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/5_approve/approve.h"

#include "crypt/hash.h"
#include "crypt/signature.h"
#include "format/time.h"
#include "format/words.h"
#include "order/3_judge/judge.h"
#include "order/vault.h"

static enum err need_notice(struct ctx *c, const struct order *o)
{
	if (o->notice)
		return ERR_OK;
	err_next(c, "writ notify %.*s --sent, or --withheld --because CODE", SPAN_ARG(o->ref));
	FAIL(c, ERR_STATE,
	     "no notice decision is on file: is the customer told, or what forbids it?");
}

/* Would the seal still release on it? Asked here only to spare people a signature in vain. */
static enum err still_good(struct ctx *c, struct session *s, const struct order *o, bool *out)
{
	const struct json *state;
	struct json *st;
	struct span text, expires;
	int64_t expires_utc, version, epoch;

	*out = false;
	if (!o->stated)
		return ERR_OK;
	TRY(json_need_text(c, o->stated, "statement", &text));
	TRY(json_parse(c, text, &st));
	TRY(seal_state(c, s, false, &state));
	TRY(json_need_text(c, st, "expires_at", &expires));
	TRY(json_need_int(c, st, "roster_version", &version));
	TRY(json_need_int(c, st, "halt_epoch", &epoch));
	*out = time_parse(expires, &expires_utc) && expires_utc > c->seam->now_ms() / 1000 &&
	       version == json_opt_int(state, "roster_version", -1) &&
	       epoch == json_opt_int(state, "halt_epoch", -1);
	return ERR_OK;
}

static enum err ask_statement(struct ctx *c, struct session *s, const struct order *o,
			      struct span returned, const struct json **answer_out)
{
	struct json *request = json_object(c), *recipients;
	struct span ticket, place;

	TRY(json_need_text(c, o->collected, "ticket", &ticket));
	TRY(json_clone(c, json_get(o->received, "recipients"), &recipients));
	json_set_str(c, request, "request", "statement");
	json_set_text(c, request, "ticket", ticket);
	json_set_text(c, request, "return", returned);
	json_set(c, request, "recipients", recipients);
	TRY(order_place(c, o, &place));
	return seal_ask(c, s, request, place, answer_out);
}

static enum err policy_value(struct ctx *c, struct session *s, const char *name, int64_t *out)
{
	const struct json *state;

	TRY(seal_state(c, s, false, &state));
	if (!span_to_i64(json_opt_text(json_get(state, "policy"), name, SPAN("0")), out))
		*out = 0;
	return ERR_OK;
}

static enum err make(struct ctx *c, struct session *s, struct order *o)
{
	struct json *body = json_object(c);
	const struct json *answer;
	struct span readme, certificate, returned, statement, seal;
	int64_t needed, native;

	TRY(readme_make(c, s, o, &readme));
	TRY(certificate_make(c, s, o, &certificate));
	TRY(return_make(c, s, o, readme, certificate, &returned));
	TRY(keep_blob(c, s, readme, body, "readme_sha256"));
	TRY(keep_blob(c, s, certificate, body, "certificate_sha256"));
	TRY(keep_blob(c, s, returned, body, "return_sha256"));
	TRY(ask_statement(c, s, o, returned, &answer));
	seam_crash_point(CRASH_APPROVE_AFTER_STATEMENT);
	TRY(json_need_text(c, answer, "statement", &statement));
	TRY(json_need_text(c, answer, "statement_seal", &seal));
	TRY(policy_value(c, s, "approvals", &needed));
	TRY(policy_value(c, s, "native_approvals", &native));
	needed = needed < 2 ? 2 : needed;
	needed = needed < native ? native : needed;
	json_set_text(c, body, "statement", statement);
	json_set_text(c, body, "statement_seal", seal);
	json_set_int(c, body, "approvals_needed", needed);
	return order_append(c, s, o, ACT_STATED, body);
}

enum err statement_current(struct ctx *c, struct session *s, struct order *o,
			   struct span *statement_out, struct span *seal_out)
{
	bool good;

	TRY(order_permit(c, s, o, ACT_STATED));
	TRY(order_need_answerable(c, o));
	TRY(need_notice(c, o));
	TRY(still_good(c, s, o, &good));
	if (!good)
		TRY(make(c, s, o));
	TRY(json_need_text(c, o->stated, "statement", statement_out));
	return json_need_text(c, o->stated, "statement_seal", seal_out);
}

/* Everybody who signed the scope: two where it overrules the rule packs. */
static bool decided_by(const struct order *o, struct span name)
{
	return span_eq(name, json_opt_text(o->decided, "name", SPAN_NONE)) ||
	       json_has_text(json_get(o->decided, "names"), name);
}

/* A release bears no more signatures than are needed: a browser's may not take the place that the
 * policy keeps for one without. */
static enum err leaves_native(struct ctx *c, struct session *s, const struct order *o,
			      struct span statement, const struct signature *sig)
{
	int64_t wanted, needed = json_opt_int(o->stated, "approvals_needed", 2);
	struct signature before;
	struct span text;

	TRY(policy_value(c, s, "native_approvals", &wanted));
	for (size_t i = 0; i < o->approvals; i++) {
		TRY(json_need_text(c, o->approved[i], "signature", &text));
		TRY(signature_verify(c, text, "writ-approval@v1", statement, &before));
		wanted -= before.native;
	}
	if (sig->native || wanted <= 0 || needed - (int64_t)o->approvals > wanted)
		return ERR_OK;
	err_next(c,
		 "sign on the command line: writ approve %.*s --security-key, or with an SSH key",
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_DENIED, "the policy demands %lld more approvals without a browser",
	     (long long)wanted);
}

enum err approval_take(struct ctx *c, struct session *s, struct order *o, struct span statement,
		       struct span signature, struct span *name_out)
{
	struct json *body = json_object(c);
	struct span live, hex;
	const struct json *row, *state;
	struct signature sig;

	TRY(order_permit(c, s, o, ACT_APPROVED));
	TRY(order_need_answerable(c, o));
	if (!o->stated)
		FAIL(c, ERR_STATE, "there is no statement to approve; 'writ approve %.*s --print "
		     "FILE' makes one", SPAN_ARG(o->ref));
	TRY(json_need_text(c, o->stated, "statement", &live));
	if (!span_eq(live, statement)) {
		err_next(c, "print it again with --print FILE and sign that");
		FAIL(c, ERR_STATE,
		     "what was signed is not the live statement: something changed since it was "
		     "printed");
	}
	TRY(signature_verify(c, signature, "writ-approval@v1", statement, &sig));
	TRY(roster_person_of_key(c, s, sig.key, &row));
	if (!row || !roster_may(row, "approve"))
		FAIL(c, ERR_DENIED, "the key that signed belongs to nobody who may approve");
	TRY(roster_need_verified(c, row, sig.user_verified));
	*name_out = json_opt_text(row, "name", SPAN_NONE);
	TRY(seal_state(c, s, false, &state));
	if (decided_by(o, *name_out) &&
	    !span_is(json_opt_text(json_get(state, "policy"), "decider_may_approve", SPAN("no")),
		     "yes")) {
		err_next(c, "somebody else approves; the policy decider_may_approve is 'no'");
		FAIL(c, ERR_DENIED, "%.*s decided this order and may not approve it",
		     SPAN_ARG(*name_out));
	}
	TRY(leaves_native(c, s, o, statement, &sig));
	TRY(sha256_hex(c, statement, &hex));
	json_set_text(c, body, "name", *name_out);
	json_set_text(c, body, "statement_sha256", hex);
	json_set_text(c, body, "signature", signature);
	TRY(order_append(c, s, o, ACT_APPROVED, body));
	seam_crash_point(CRASH_APPROVE_AFTER_ACT);
	return ERR_OK;
}

static void size_words(struct buf *b, int64_t bytes)
{
	if (bytes < 10000)
		buf_fmt(b, "%lld bytes", (long long)bytes);
	else if (bytes < 10000000)
		buf_fmt(b, "%lld kB", (long long)(bytes / 1000));
	else
		buf_fmt(b, "%lld MB", (long long)(bytes / 1000000));
}

enum err statement_words(struct ctx *c, struct span statement, struct span *out)
{
	struct span code;
	struct sha256 h;
	struct json *st;
	struct buf b;

	TRY(sha256_of(c, statement, &h));
	TRY(hash_words(c, sha256_span(&h), &code));
	TRY(json_parse_canonical(c, statement, &st));
	if (!span_is(json_opt_text(st, "kind", SPAN_NONE), "approval"))
		FAIL(c, ERR_FORMAT, "this is no approval statement");
	buf_begin(&b, c, (size_t)1 << 20);
	buf_fmt(&b, "You approve exactly this, for order %.*s:\n",
		SPAN_ARG(json_opt_text(st, "order", SPAN_NONE)));
	buf_fmt(&b, "  release %lld items, ", (long long)json_opt_int(st, "items", -1));
	size_words(&b, json_opt_int(st, "bytes", -1));
	buf_fmt(&b, " (%lld more could not be dated and are only listed or as the scope says)\n",
		(long long)json_opt_int(st, "undated", -1));
	JSON_EACH(line, json_get(st, "lines"))
		buf_fmt(&b, "    line %.*s: %lld items of account %.*s in store %.*s\n",
			SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)),
			(long long)json_opt_int(line, "items", -1),
			SPAN_ARG(json_opt_text(line, "account", SPAN("(none)"))),
			SPAN_ARG(json_opt_text(line, "store", SPAN_NONE)));
	JSON_EACH(to, json_get(st, "recipients"))
		buf_fmt(&b, "  to the key \"%.*s\" of %.*s, registered %.*s\n",
			SPAN_ARG(json_opt_text(to, "label", SPAN_NONE)),
			SPAN_ARG(json_opt_text(to, "agency", SPAN_NONE)),
			SPAN_ARG(json_opt_text(to, "registered_on", SPAN_NONE)));
	buf_fmt(&b, "  the customer: notice %.*s",
		SPAN_ARG(json_opt_text(st, "notice", SPAN_NONE)));
	if (json_opt_text(st, "gag_until", SPAN_NONE).n)
		buf_fmt(&b, ", secret until %.*s",
			SPAN_ARG(json_opt_text(st, "gag_until", SPAN_NONE)));
	buf_fmt(&b, "\n  good until %.*s\n  scope     %.*s\n  manifest  %.*s\n",
		SPAN_ARG(json_opt_text(st, "expires_at", SPAN_NONE)),
		SPAN_ARG(json_opt_text(st, "scope_sha256", SPAN_NONE)),
		SPAN_ARG(json_opt_text(st, "manifest_sha256", SPAN_NONE)));
	buf_fmt(&b,
		"  code      %.*s (compare it: these words are 66 bits of the statement's hash)\n",
		SPAN_ARG(code));
	return buf_done(c, &b, out);
}
