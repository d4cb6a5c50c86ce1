/*
 * What several documents say alike: reference, hashes, counts, lines, recipients, notice. They are
 * signed at different times by different hands, so a difference is a finding, never a detail.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/part.h"

/* The member must be there and the same in every document of the list (NULL ends it). */
static enum err same(struct ctx *c, const char *key, const struct json *const *docs)
{
	const struct json *first = json_get(docs[0], key);

	if (!first || first->type == JSON_NULL)
		FAIL(c, ERR_VERIFY, "%s is missing", key);
	for (size_t i = 1; docs[i]; i++)
		if (!json_get(docs[i], key) || !json_equal(json_get(docs[i], key), first))
			FAIL(c, ERR_VERIFY, "%s is not the same in all documents", key);
	return ERR_OK;
}

static enum err same_names(struct verify *v, const struct json *body)
{
	const struct json *everywhere[] = { v->ret, v->receipt, v->approval, v->statement,
					    v->approvals, v->release, NULL };
	const struct json *counted[] = { v->ret, v->receipt, v->approval, NULL };
	const struct json *hashed[] = { v->ret, v->receipt, v->approval, v->statement, NULL };
	const struct json *ticket[] = { v->ret, v->receipt, v->approval, body, NULL };
	const struct json *payload[] = { v->receipt, v->statement, NULL };
	const struct json *separation[] = { v->ret, v->receipt, NULL };
	const struct json *returned[] = { v->approval, v->statement, NULL };
	const struct json *provider[] = { v->ret, v->founding, NULL };

	TRY(same(v->c, "order", everywhere));
	TRY(same(v->c, "scope_sha256", hashed));
	TRY(same(v->c, "manifest_sha256", hashed));
	TRY(same(v->c, "tagmanifest_sha256", hashed));
	TRY(same(v->c, "ticket", ticket));
	TRY(same(v->c, "items", counted));
	TRY(same(v->c, "bytes", counted));
	TRY(same(v->c, "undated", counted));
	TRY(same(v->c, "payload_bytes", payload));
	TRY(same(v->c, "separation", separation));
	TRY(same(v->c, "return_sha256", returned));
	return same(v->c, "provider", provider);
}

static enum err same_line(struct ctx *c, const struct json *told, const struct json *got)
{
	static const char *const keys[] = { "id", "store", "account", "items", "bytes" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!json_get(told, keys[i]) || !json_get(got, keys[i]) ||
		    !json_equal(json_get(told, keys[i]), json_get(got, keys[i])))
			FAIL(c, ERR_VERIFY, "%s of a line is not what the receipt says", keys[i]);
	return ERR_OK;
}

/* return.json tells of the receipt's lines one by one; these add up to the totals. */
static enum err lines_add_up(struct verify *v)
{
	const struct json *told, *got, *approved;
	int64_t items = 0, bytes = 0, n;

	TRY(json_need_list(v->c, v->ret, "lines", &told));
	TRY(json_need_list(v->c, v->receipt, "lines", &got));
	TRY(json_need_list(v->c, v->approval, "lines", &approved));
	if (!json_equal(got, approved) || json_count(told) != json_count(got))
		FAIL(v->c, ERR_VERIFY, "the lines are not the same in all documents");
	told = told->first;
	JSON_EACH(line, got) {
		if (line->type != JSON_OBJECT || told->type != JSON_OBJECT)
			FAIL(v->c, ERR_FORMAT, "a line is no object");
		TRY(same_line(v->c, told, line));
		TRY(json_need_int(v->c, line, "items", &n));
		if (n < 0 || __builtin_add_overflow(items, n, &items))
			FAIL(v->c, ERR_FORMAT, "a number cannot be");
		TRY(json_need_int(v->c, line, "bytes", &n));
		if (n < 0 || __builtin_add_overflow(bytes, n, &bytes))
			FAIL(v->c, ERR_FORMAT, "a number cannot be");
		told = told->next;
	}
	if (items != json_opt_int(v->receipt, "items", -1) ||
	    bytes != json_opt_int(v->receipt, "bytes", -1))
		FAIL(v->c, ERR_VERIFY, "the lines do not add up to the totals");
	return ERR_OK;
}

static enum err numbers(struct verify *v)
{
	unsigned char room[SHA256_BYTES];
	const struct json *body;
	int64_t n;

	TRY(json_need_object(v->c, v->release, "body", &body));
	TRY(same_names(v, body));
	TRY(json_need_hex(v->c, v->ret, "scope_sha256", room, sizeof room));
	TRY(json_need_hex(v->c, v->ret, "manifest_sha256", room, sizeof room));
	TRY(json_need_hex(v->c, v->ret, "tagmanifest_sha256", room, sizeof room));
	TRY(json_need_int(v->c, v->ret, "undated", &n));
	if (n < 0)
		FAIL(v->c, ERR_FORMAT, "undated is negative");
	if (v->policy && !span_eq(v->policy->provider, v->r->provider))
		FAIL(v->c, ERR_VERIFY, "the policy is another provider's");
	return lines_add_up(v);
}

static enum err recipients(struct verify *v)
{
	const struct json *to, *approved, *issuer;
	struct span agency, id;
	size_t stanzas;

	TRY(json_need_list(v->c, v->statement, "recipients", &to));
	TRY(json_need_list(v->c, v->approval, "recipients", &approved));
	TRY(json_need_object(v->c, v->ret, "issuer", &issuer));
	TRY(json_need_text(v->c, v->approval, "agency", &agency));
	TRY(json_need_text(v->c, issuer, "agency", &id));
	if (!json_equal(to, approved))
		FAIL(v->c, ERR_VERIFY, "it was locked for others than were approved");
	if (!to->first || !span_eq(agency, id))
		FAIL(v->c, ERR_VERIFY, "the recipient is not the one who ordered");
	JSON_EACH(one, to) {
		if (one->type != JSON_OBJECT ||
		    !span_eq(json_opt_text(one, "agency", SPAN_NONE), agency))
			FAIL(v->c, ERR_VERIFY, "a recipient belongs to another agency");
	}
	if (v->header.n == 0)
		FAIL(v->c, ERR_VERIFY, "the lock cannot be read");
	TRY(age_header_recipients(v->c, v->header, &stanzas));
	if (stanzas != json_count(to))
		FAIL(v->c, ERR_VERIFY, "the lock is for %zu keys, %zu were approved", stanzas,
		     json_count(to));
	return ERR_OK;
}

static enum err notice(struct verify *v)
{
	const struct json *told, *gag, *approved_gag;
	struct span decision, approved;

	TRY(json_need_object(v->c, v->ret, "notice", &told));
	TRY(json_need_text(v->c, told, "decision", &decision));
	TRY(json_need_text(v->c, v->approval, "notice", &approved));
	gag = json_get(told, "gag_until");
	approved_gag = json_get(v->approval, "gag_until");
	if (!span_is(decision, "sent") && !span_is(decision, "withheld"))
		FAIL(v->c, ERR_FORMAT, "the decision is neither sent nor withheld");
	if (!span_eq(decision, approved) || !gag || !approved_gag || !json_equal(gag, approved_gag))
		FAIL(v->c, ERR_VERIFY, "return.json and the approved statement differ");
	return ERR_OK;
}

void verify_numbers(struct verify *v)
{
	verify_judge(v, VERIFY_NUMBERS, numbers(v));
	verify_judge(v, VERIFY_RECIPIENTS, recipients(v));
	verify_judge(v, VERIFY_NOTICE, notice(v));
}
