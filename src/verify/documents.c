/*
 * The documents of a delivered file, and the documents inside them, taken as texts: canonical JSON
 * of version 1. Judges DOCUMENTS; when it is broken nothing that reads them goes on.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "verify/part.h"

enum err verify_when(struct ctx *c, const struct json *o, const char *key, int64_t *utc_out)
{
	struct span s;

	TRY(json_need_text(c, o, key, &s));
	if (!time_parse_utc(s, utc_out))
		FAIL(c, ERR_FORMAT, "%s is no time in UTC", key);
	return ERR_OK;
}

enum err verify_document(struct ctx *c, struct span text, const char *kind, struct json **out)
{
	int64_t version, made;
	struct span k;

	TRY(json_parse_canonical(c, text, out));
	if ((*out)->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "it is no document");
	TRY(json_need_int(c, *out, "version", &version));
	TRY(json_need_text(c, *out, "kind", &k));
	if (version != 1 || !span_is(k, kind))
		FAIL(c, ERR_FORMAT, "it is no %s of version 1", kind);
	return verify_when(c, *out, "made_at", &made);
}

enum err verify_hash_is(struct ctx *c, const struct json *o, const char *key,
			const struct sha256 *h)
{
	struct sha256 told;

	TRY(json_need_hex(c, o, key, told.b, sizeof told.b));
	if (!span_eq(sha256_span(&told), sha256_span(h)))
		FAIL(c, ERR_VERIFY, "%s is the hash of something else", key);
	return ERR_OK;
}

static enum err outer_document(struct verify *v, enum part part, const char *kind,
			       struct json **out)
{
	enum err e = verify_document(v->c, v->part[part], kind, out);

	if (e != ERR_OK)
		err_note(v->c, "%s", verify_part_name(part));
	return e;
}

static enum err inner_document(struct verify *v, const struct json *in, const char *key,
			       const char *kind, struct json **out)
{
	struct span text;
	enum err e;

	TRY(json_need_text(v->c, in, key, &text));
	e = verify_document(v->c, text, kind, out);
	if (e != ERR_OK)
		err_note(v->c, "%s", key);
	return e;
}

static enum err read_all(struct verify *v, struct verify *got)
{
	TRY(outer_document(v, PART_RETURN, "return", &got->ret));
	TRY(outer_document(v, PART_APPROVALS, "approvals", &got->approvals));
	TRY(outer_document(v, PART_STATEMENT, "statement", &got->statement));
	TRY(outer_document(v, PART_RELEASE, "act", &got->release));
	TRY(inner_document(v, got->ret, "receipt", "receipt", &got->receipt));
	TRY(inner_document(v, got->approvals, "statement", "approval", &got->approval));
	TRY(inner_document(v, got->approvals, "founding", "roster", &got->founding));
	return verify_when(v->c, got->statement, "released_at", &got->released_utc);
}

void verify_documents(struct verify *v)
{
	struct verify got = { .c = v->c };
	const struct json *issuer;

	if (!verify_judge(v, VERIFY_DOCUMENTS, read_all(v, &got)))
		return;
	v->ret = got.ret;
	v->approvals = got.approvals;
	v->statement = got.statement;
	v->release = got.release;
	v->receipt = got.receipt;
	v->approval = got.approval;
	v->founding = got.founding;
	v->released_utc = got.released_utc;
	issuer = json_get(v->ret, "issuer");
	v->r->order = json_opt_text(v->statement, "order", SPAN_NONE);
	v->r->provider = json_opt_text(v->founding, "provider", SPAN_NONE);
	if (issuer && issuer->type == JSON_OBJECT)
		v->r->agency = json_opt_text(issuer, "name", SPAN_NONE);
	v->r->released_at = json_opt_text(v->statement, "released_at", SPAN_NONE);
	v->r->items = json_opt_int(v->receipt, "items", 0);
	v->r->bytes = json_opt_int(v->receipt, "bytes", 0);
}
