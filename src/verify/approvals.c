/*
 * Who let it leave: the founding document against the policy, the rules in force, the statement
 * that the seal put before the approvers, their signatures over exactly its bytes, and the time.
 * The decider is not named in a package; whether that person approved too, the seal watched.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/sshsig.h"
#include "verify/part.h"

static enum err founding_known(struct verify *v)
{
	struct span text;
	struct sha256 h;

	TRY(json_need_text(v->c, v->approvals, "founding", &text));
	TRY(sha256_of(v->c, text, &h));
	TRY(hex_encode(v->c, sha256_span(&h), &v->r->founding));
	if (v->policy && !span_eq(sha256_span(&h), sha256_span(&v->policy->founding)))
		FAIL(v->c, ERR_VERIFY, "the policy names another founding document");
	return ERR_OK;
}

static enum err document_key_known(struct verify *v)
{
	struct ssh_key key;
	struct span line;

	TRY(json_need_text(v->c, v->founding, "document_key", &line));
	TRY(ssh_key_parse(v->c, line, &key));
	TRY(ssh_key_fingerprint(v->c, &key, &v->r->document_key));
	if (v->policy && !span_eq(line, v->policy->document_key))
		FAIL(v->c, ERR_VERIFY, "the policy names another key");
	return ERR_OK;
}

/* A text in a document with the seal's signature beside it. */
static enum err sealed(struct verify *v, const struct json *o, const char *text_key,
		       const char *seal_key)
{
	struct span text, seal, line, want;
	struct sshsig sig;

	TRY(json_need_text(v->c, v->founding, "document_key", &want));
	TRY(json_need_text(v->c, o, text_key, &text));
	TRY(json_need_text(v->c, o, seal_key, &seal));
	TRY(sshsig_verify(v->c, seal, "writ-seal@v1", text, &sig));
	TRY(ssh_key_line(v->c, &sig.key, &line));
	if (!span_eq(line, v->policy ? v->policy->document_key : want))
		FAIL(v->c, ERR_VERIFY, "another key than the seal's signed it");
	return ERR_OK;
}

/* How many people the rules in force demand; how many of them without a browser. */
struct needed {
	int64_t people, native;
};

static enum err values_in_force(struct verify *v, const struct roster *r, struct needed *out)
{
	struct sha256 h;
	struct span text;

	TRY(json_write(v->c, r->policy, (size_t)1 << 16, &text));
	TRY(sha256_of(v->c, text, &h));
	TRY(verify_hash_is(v->c, v->approval, "policy_sha256", &h));
	if (!span_to_i64(json_opt_text(r->policy, "approvals", SPAN_NONE), &out->people) ||
	    !span_to_i64(json_opt_text(r->policy, "native_approvals", SPAN("0")), &out->native))
		FAIL(v->c, ERR_FORMAT, "the number of approvals is no number");
	if (out->people < 2)
		out->people = 2;
	return ERR_OK;
}

static enum err stamp_demanded(struct verify *v, const struct roster *r)
{
	struct span value = json_opt_text(r->policy, "timestamp", SPAN_NONE);
	bool demanded = span_is(value, "required");

	if (!demanded && !span_is(value, "none"))
		FAIL(v->c, ERR_FORMAT, "the rule on timestamps is none that is known");
	if (demanded != v->stamped)
		FAIL(v->c, ERR_VERIFY,
		     demanded ? "the rules demand a timestamp, and there is none in the file"
			      : "there is a timestamp in the file, and the rules demand none");
	return ERR_OK;
}

/* The rows that the package shows must be those of the list, and all signers must be among them. */
static enum err rows_shown(struct verify *v, const struct roster *r, const struct signers *who)
{
	const struct json *rows;

	TRY(json_need_list(v->c, v->approvals, "rows", &rows));
	JSON_EACH(row, rows) {
		const struct person *p = r->people;

		while (p && !json_equal(p->row, row))
			p = p->next;
		if (!p)
			FAIL(v->c, ERR_VERIFY, "a row of an approver is not in the list");
	}
	for (size_t i = 0; i < who->count; i++) {
		const struct json *row = rows->first;

		while (row && !json_equal(row, who->person[i]->row))
			row = row->next;
		if (!row)
			FAIL(v->c, ERR_VERIFY, "an approver's row is not shown");
	}
	return ERR_OK;
}

static enum err enough_people(struct verify *v, const struct roster *r, const struct signers *who,
			      const struct needed *needed)
{
	size_t people = signers_people(who, false), native = signers_people(who, true);

	if ((int64_t)native < needed->native)
		FAIL(v->c, ERR_VERIFY,
		     "%zu approved without a browser, the rules demand %lld different people",
		     native, (long long)needed->native);
	if ((int64_t)people < needed->people)
		FAIL(v->c, ERR_VERIFY, "%zu approved, the rules demand %lld different people",
		     people, (long long)needed->people);
	return rows_shown(v, r, who);
}

static enum err in_time(struct verify *v)
{
	int64_t made, expires;

	TRY(verify_when(v->c, v->approval, "made_at", &made));
	TRY(verify_when(v->c, v->approval, "expires_at", &expires));
	if (v->released_utc < made)
		FAIL(v->c, ERR_VERIFY, "it was released before the statement was made");
	if (v->released_utc >= expires)
		FAIL(v->c, ERR_VERIFY, "the statement had expired when it was released");
	return ERR_OK;
}

static enum err receipt(struct verify *v)
{
	int64_t received, approved;
	struct span base64, header;
	size_t n;

	TRY(sealed(v, v->ret, "receipt", "receipt_seal"));
	TRY(verify_when(v->c, v->receipt, "made_at", &received));
	TRY(verify_when(v->c, v->approval, "made_at", &approved));
	if (received > approved)
		FAIL(v->c, ERR_VERIFY,
		     "the receipt is younger than the statement that was approved");
	TRY(json_need_text(v->c, v->receipt, "header", &base64));
	TRY(b64_decode(v->c, base64, &header));
	return age_header_recipients(v->c, header, &n);
}

/* Signatures first, so that it is told apart who signed and who was entitled to. */
static void people(struct verify *v, const struct roster *r, const struct needed *needed)
{
	struct demand demand = { "writ-approval@v1", NULL, v->released_utc, v->released_utc };
	const struct json *signatures = NULL;
	struct signers who = { .count = 0 };
	struct span text = json_opt_text(v->approvals, "statement", SPAN_NONE);
	enum err e = json_need_list(v->c, v->approvals, "signatures", &signatures);

	if (e == ERR_OK)
		e = roster_signers(v, r, text, signatures, &demand, &who);
	if (!verify_judge(v, VERIFY_APPROVAL_SIGNATURES, e))
		return;
	demand.may = "approve";
	if (verify_judge(v, VERIFY_APPROVAL_PEOPLE,
			 roster_signers(v, r, text, signatures, &demand, &who)))
		verify_judge(v, VERIFY_APPROVAL_PEOPLE, enough_people(v, r, &who, needed));
}

void verify_approvals(struct verify *v)
{
	struct needed needed = { .people = 2 };
	struct roster r;

	verify_judge(v, VERIFY_FOUNDING, founding_known(v));
	verify_judge(v, VERIFY_DOCUMENT_KEY, document_key_known(v));
	verify_judge(v, VERIFY_APPROVAL_SEAL,
		     sealed(v, v->approvals, "statement", "statement_seal"));
	verify_judge(v, VERIFY_APPROVAL_TIME, in_time(v));
	verify_judge(v, VERIFY_RECEIPT_SEAL, receipt(v));
	if (!roster_read(v, &r))
		return;
	verify_judge(v, VERIFY_POLICY_VALUES, values_in_force(v, &r, &needed));
	verify_judge(v, VERIFY_TIMESTAMP, stamp_demanded(v, &r));
	people(v, &r, &needed);
}
