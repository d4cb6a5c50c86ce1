/*
 * The seal's act of release and its place in the provider's log: the act speaks of this statement,
 * the log's signed root holds it, and the times and ticks are in order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/note.h"
#include "verify/part.h"

static enum err act_text_is(struct ctx *c, const struct json *o, const char *key, struct span want)
{
	struct span got;

	TRY(json_need_text(c, o, key, &got));
	if (!span_eq(got, want))
		FAIL(c, ERR_VERIFY, "%s is %.*s, not %.*s", key, SPAN_ARG(got), SPAN_ARG(want));
	return ERR_OK;
}

static enum err act(struct verify *v)
{
	const struct json *body;
	int64_t seq, version, approved;
	struct sha256 h;

	TRY(act_text_is(v->c, v->release, "act", SPAN("released")));
	TRY(act_text_is(v->c, v->release, "actor", SPAN("seal")));
	TRY(act_text_is(v->c, v->release, "made_at",
			json_opt_text(v->statement, "released_at", SPAN_NONE)));
	TRY(json_need_int(v->c, v->release, "seal_seq", &seq));
	TRY(json_need_object(v->c, v->release, "body", &body));
	TRY(sha256_of(v->c, v->part[PART_STATEMENT], &h));
	TRY(verify_hash_is(v->c, body, "statement_sha256", &h));
	TRY(sha256_of(v->c, v->part[PART_P7S], &h));
	TRY(verify_hash_is(v->c, body, "p7s_sha256", &h));
	TRY(json_need_int(v->c, body, "roster_version", &version));
	TRY(json_need_int(v->c, v->approval, "roster_version", &approved));
	if (seq < 1)
		FAIL(v->c, ERR_FORMAT, "it has no number");
	if (version != approved)
		FAIL(v->c, ERR_VERIFY,
		     "it was released under another list of people than approved under");
	return ERR_OK;
}

static enum err log_key(struct verify *v, struct note_key *out)
{
	struct span vkey;

	TRY(json_need_text(v->c, v->founding, "log_vkey", &vkey));
	TRY(note_key_parse(v->c, vkey, out));
	v->r->log_key = vkey;
	if (v->policy && !span_eq(vkey, v->policy->log_vkey))
		FAIL(v->c, ERR_VERIFY, "the policy names another log");
	return ERR_OK;
}

enum err verify_signed_alone(struct ctx *c, struct span note)
{
	size_t at = note.n, lines = 0;

	while (at >= 2 && !(note.p[at - 1] == '\n' && note.p[at - 2] == '\n'))
		at--;
	for (size_t i = at; i < note.n; i++)
		lines += note.p[i] == '\n';
	if (lines != 1)
		FAIL(c, ERR_VERIFY,
		     "the checkpoint has %zu signature lines; only the log's is known here", lines);
	return ERR_OK;
}

static enum err proof(struct verify *v, const struct note_key *key, struct act_proof *p)
{
	struct note_key policy_key;
	struct checkpoint cp;

	TRY(act_proof_parse(v->c, v->part[PART_PROOF], p));
	if (v->policy) {
		TRY(note_key_parse(v->c, v->policy->log_vkey, &policy_key));
		key = &policy_key;
	}
	TRY(act_proof_check(v->c, p, v->part[PART_RELEASE], key, &cp));
	return verify_signed_alone(v->c, p->checkpoint);
}

static enum err order_of_events(struct verify *v, const struct act_proof *p)
{
	const struct json *body;
	int64_t before, last;

	TRY(json_need_object(v->c, v->release, "body", &body));
	TRY(json_need_int(v->c, v->approval, "last_tick", &before));
	TRY(json_need_int(v->c, body, "last_tick", &last));
	if (before < 0 || last < before || (uint64_t)last > p->index)
		FAIL(v->c, ERR_VERIFY, "approval, release and tick are not in this order");
	if (p->tick_time_ms < v->released_utc * 1000 - VERIFY_TICK_TOLERANCE_MS)
		FAIL(v->c, ERR_VERIFY, "the tick was closed before the release");
	return ERR_OK;
}

void verify_proof(struct verify *v)
{
	struct act_proof p = { .index = 0 };
	struct note_key key;

	verify_judge(v, VERIFY_RELEASE_ACT, act(v));
	if (verify_judge(v, VERIFY_LOG_KEY, log_key(v, &key)) &&
	    verify_judge(v, VERIFY_LOG_PROOF, proof(v, &key, &p)))
		verify_judge(v, VERIFY_LOG_TIME, order_of_events(v, &p));
}
