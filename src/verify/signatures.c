/*
 * What the signed statement of release covers: its signature and certificate, and the hashes and
 * lengths by which it holds the other parts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/cms.h"
#include "crypt/timestamp.h"
#include "verify/part.h"

static enum err certificate_known(struct verify *v, const struct sha256 *certificate)
{
	struct span hex;

	TRY(hex_encode(v->c, sha256_span(certificate), &hex));
	v->r->certificate = hex;
	if (!v->policy)
		return verify_hash_is(v->c, v->founding, "certificate_sha256", certificate);
	JSON_EACH(one, v->policy->certificates) {
		if (one->type == JSON_TEXT && span_eq(one->s, hex))
			return ERR_OK;
	}
	FAIL(v->c, ERR_VERIFY, "the policy does not list the certificate %.*s", SPAN_ARG(hex));
}

/* Over the very bytes of the signature, and not from before there was one. How much later is not
 * asked: an authority that could not be reached was asked again. */
static enum err stamped(struct verify *v, struct timestamp *t)
{
	struct sha256 h;

	TRY(sha256_of(v->c, v->part[PART_P7S], &h));
	TRY(timestamp_verify(v->c, v->part[PART_TSR], &h, t));
	if (t->made_utc < v->released_utc - TIMESTAMP_SKEW_S)
		FAIL(v->c, ERR_VERIFY, "it was stamped before it was released");
	return ERR_OK;
}

static enum err tsa_known(struct verify *v, const struct sha256 *certificate)
{
	TRY(hex_encode(v->c, sha256_span(certificate), &v->r->tsa));
	if (!v->policy)
		return ERR_OK;
	JSON_EACH(one, v->policy->tsa_certificates)
		if (one->type == JSON_TEXT && span_eq(one->s, v->r->tsa))
			return ERR_OK;
	FAIL(v->c, ERR_VERIFY, "the policy does not list the certificate %.*s",
	     SPAN_ARG(v->r->tsa));
}

static void judge_stamp(struct verify *v)
{
	struct timestamp t;

	if (!v->stamped) /* whether the rules allow that is asked where the rules are read */
		verify_judge(v, VERIFY_TIMESTAMP_CERTIFICATE, ERR_OK);
	else if (verify_judge(v, VERIFY_TIMESTAMP, stamped(v, &t)))
		verify_judge(v, VERIFY_TIMESTAMP_CERTIFICATE, tsa_known(v, &t.certificate));
}

static enum err part_hash(struct verify *v, enum part part, const char *key)
{
	struct sha256 h;

	TRY(sha256_of(v->c, v->part[part], &h));
	return verify_hash_is(v->c, v->statement, key, &h);
}

static enum err paper(struct verify *v, const struct json *told, enum part part)
{
	struct sha256 h;
	struct span name;
	int64_t bytes;

	if (!told || told->type != JSON_OBJECT)
		FAIL(v->c, ERR_FORMAT, "return.json does not tell of %s", verify_part_name(part));
	TRY(json_need_text(v->c, told, "name", &name));
	TRY(json_need_int(v->c, told, "bytes", &bytes));
	TRY(sha256_of(v->c, v->part[part], &h));
	if (!span_is(name, verify_part_name(part)))
		FAIL(v->c, ERR_VERIFY, "return.json does not tell of %s", verify_part_name(part));
	if (bytes != (int64_t)v->part[part].n)
		FAIL(v->c, ERR_VERIFY, "%s has %zu bytes, not %lld", verify_part_name(part),
		     v->part[part].n, (long long)bytes);
	TRY(verify_hash_is(v->c, told, "sha256", &h));
	return ERR_OK;
}

static enum err papers(struct verify *v)
{
	const struct json *list;

	TRY(json_need_list(v->c, v->ret, "members", &list));
	if (json_count(list) != 2)
		FAIL(v->c, ERR_VERIFY, "return.json tells of %zu papers, not of two",
		     json_count(list));
	TRY(paper(v, list->first, PART_README));
	return paper(v, list->first->next, PART_CERTIFICATE);
}

static enum err header(struct verify *v)
{
	struct sha256 h;
	int64_t bytes;

	TRY(json_need_int(v->c, v->statement, "header_bytes", &bytes));
	if (bytes != (int64_t)v->header.n)
		FAIL(v->c, ERR_VERIFY, "it has %zu bytes, not %lld", v->header.n, (long long)bytes);
	TRY(sha256_of(v->c, v->header, &h));
	return verify_hash_is(v->c, v->statement, "header_sha256", &h);
}

static enum err payload(struct verify *v)
{
	int64_t bytes;

	TRY(json_need_int(v->c, v->statement, "payload_bytes", &bytes));
	if (bytes != v->payload_bytes)
		FAIL(v->c, ERR_VERIFY, "it has %lld bytes, not %lld", (long long)v->payload_bytes,
		     (long long)bytes);
	return ERR_OK;
}

void verify_signatures(struct verify *v)
{
	struct sha256 certificate;
	enum err e = cms_verify(v->c, v->part[PART_P7S], v->part[PART_STATEMENT], &certificate);

	if (verify_judge(v, VERIFY_STATEMENT_SIGNATURE, e))
		verify_judge(v, VERIFY_CERTIFICATE, certificate_known(v, &certificate));
	judge_stamp(v);
	verify_judge(v, VERIFY_RETURN_HASH, part_hash(v, PART_RETURN, "return_sha256"));
	verify_judge(v, VERIFY_APPROVALS_HASH, part_hash(v, PART_APPROVALS, "approvals_sha256"));
	verify_judge(v, VERIFY_PAPERS, papers(v));
	verify_judge(v, VERIFY_HEADER, header(v));
	verify_judge(v, VERIFY_PAYLOAD_LENGTH, payload(v));
}
