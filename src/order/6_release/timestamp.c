/*
 * The timestamp of a release (RFC 3161), over the signature that the seal made; see release.h. It
 * is a hand that asks and checks: here nothing of it is read. The seal has signed that it must be
 * there, so without it nothing is delivered.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/hash.h"
#include "order/6_release/release.h"
#include "order/vault.h"
#include "store/blob.h"

#define STATEMENT_MAX ((size_t)4 << 20)
#define MEMBER "statement.tsr"

static enum err is_listed(struct ctx *c, struct session *s, const struct order *o, bool *out)
{
	const struct json *members;
	struct json *statement;
	struct sha256 hash;
	struct span text;

	*out = false;
	TRY(json_need_hex(c, o->released, "statement_sha256", hash.b, sizeof hash.b));
	TRY(blob_read(c, s->home.blob, &hash, STATEMENT_MAX, &text));
	TRY(json_parse(c, text, &statement));
	TRY(json_need_list(c, statement, "members", &members));
	JSON_EACH(one, members)
		*out = *out || (one->type == JSON_TEXT && span_is(one->s, MEMBER));
	return ERR_OK;
}

enum err timestamp_is_due(struct ctx *c, struct session *s, const struct order *o, bool *due_out)
{
	*due_out = false;
	if (!o->released || o->timestamped)
		return ERR_OK;
	return is_listed(c, s, o, due_out);
}

/* The imprint is the hash of statement.p7s, which the act of the release names already. */
static enum err ask(struct ctx *c, struct session *s, const struct order *o,
		    const struct json **answer_out)
{
	struct json *job = json_object(c);
	struct span hex;

	TRY(json_need_text(c, o->released, "p7s_sha256", &hex));
	json_set_str(c, job, "job", "send");
	json_set_str(c, job, "address", "timestamp");
	json_set_text(c, job, "imprint_sha256", hex);
	return hand_run(c, s, job, NULL, 0, NULL, NULL, answer_out, NULL);
}

enum err order_timestamp(struct ctx *c, struct session *s, struct order *o)
{
	struct json *body = json_object(c);
	const struct json *answer;
	struct span text, tsr, at, certificate;
	bool due;

	TRY(timestamp_is_due(c, s, o, &due));
	if (!due)
		return ERR_OK;
	TRY(order_permit(c, s, o, ACT_TIMESTAMPED));
	TRY(ask(c, s, o, &answer));
	seam_crash_point(CRASH_TIMESTAMP_AFTER_HAND);
	TRY(json_need_text(c, answer, "tsr", &text));
	TRY(json_need_text(c, answer, "stamped_at", &at));
	TRY(json_need_text(c, answer, "certificate_sha256", &certificate));
	TRY(b64_decode(c, text, &tsr));
	TRY(keep_blob(c, s, tsr, body, "tsr_sha256"));
	json_set_text(c, body, "stamped_at", at);
	json_set_text(c, body, "certificate_sha256", certificate);
	TRY(order_append(c, s, o, ACT_TIMESTAMPED, body));
	seam_crash_point(CRASH_TIMESTAMP_AFTER_ACT);
	return ERR_OK;
}
