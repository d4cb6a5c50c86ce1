/*
 * Release; see release.h. What the seal made is kept as blobs, because the delivered file is
 * composed of exactly these bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/6_release/release.h"

#include "crypt/hash.h"
#include "order/vault.h"

static enum err keep_text(struct ctx *c, struct session *s, struct json *body, const char *key,
			  const struct json *answer, const char *field, bool base64)
{
	struct span text;

	TRY(json_need_text(c, answer, field, &text));
	if (base64)
		TRY(b64_decode(c, text, &text));
	return keep_blob(c, s, text, body, key);
}

/* The same request whenever it is repeated, also after other acts or a further approval: the seal
 * releases once, and this is how its answer is had again. So as many signatures as are needed, in
 * the order in which they came. */
static enum err ask_release(struct ctx *c, struct session *s, const struct order *o,
			    const struct json **answer_out)
{
	struct json *request = json_object(c), *signatures = json_list(c);
	int64_t needed = json_opt_int(o->stated, "approvals_needed", (int64_t)o->approvals);
	struct span statement, hex, signature, place;

	TRY(json_need_text(c, o->stated, "statement", &statement));
	TRY(sha256_hex(c, statement, &hex));
	for (size_t i = 0; i < o->approvals && (int64_t)i < needed; i++) {
		TRY(json_need_text(c, o->approved[i], "signature", &signature));
		json_add(c, signatures, json_text(c, signature));
	}
	json_set_str(c, request, "request", "release");
	json_set_text(c, request, "statement_sha256", hex);
	json_set(c, request, "signatures", signatures);
	TRY(span_fmt(c, &place, "%.*s/release", SPAN_ARG(o->ref)));
	return seal_ask(c, s, request, place, answer_out);
}

enum err order_release(struct ctx *c, struct session *s, struct order *o)
{
	struct json *body = json_object(c);
	const struct json *answer;
	struct span ticket;

	TRY(order_permit(c, s, o, ACT_RELEASED));
	TRY(order_need_answerable(c, o));
	TRY(ask_release(c, s, o, &answer));
	seam_crash_point(CRASH_RELEASE_AFTER_SEAL);
	TRY(keep_text(c, s, body, "approvals_sha256", answer, "approvals", false));
	TRY(keep_text(c, s, body, "header_sha256", answer, "header", true));
	TRY(keep_text(c, s, body, "statement_sha256", answer, "statement", false));
	TRY(keep_text(c, s, body, "p7s_sha256", answer, "p7s", true));
	TRY(keep_text(c, s, body, "release_sha256", answer, "release", false));
	TRY(json_need_text(c, o->collected, "ticket", &ticket));
	json_set_text(c, body, "ticket", ticket);
	for (const char *const *key = (const char *const[]){ "readme_sha256", "certificate_sha256",
							     "return_sha256", NULL }; *key; key++)
		json_set_text(c, body, *key, json_opt_text(o->stated, *key, SPAN_NONE));
	TRY(order_append(c, s, o, ACT_RELEASED, body));
	seam_crash_point(CRASH_RELEASE_AFTER_ACT);
	return ERR_OK;
}
