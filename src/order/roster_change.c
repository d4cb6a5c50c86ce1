/*
 * Changes of the roster: documents of one row each, signed by two people, kept by the seal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/hash.h"
#include "format/time.h"
#include "order/home.h"

#define DOCUMENT_MAX ((size_t)1 << 20)

enum err roster_document(struct ctx *c, struct session *s, const char *action, struct json *row,
			 struct span *document_out)
{
	struct json *d = json_object(c);
	const struct json *state;
	struct span at;

	TRY(seal_state(c, s, true, &state));
	TRY(time_span(c, c->seam->now_ms() / 1000, &at));
	json_set_int(c, d, "version", 1);
	json_set_str(c, d, "kind", "roster");
	json_set_text(c, d, "made_at", at);
	json_set_str(c, d, "action", action);
	json_set_int(c, d, "roster_version", json_opt_int(state, "roster_version", 0));
	json_set(c, d, "row", row);
	return json_write(c, d, DOCUMENT_MAX, document_out);
}

enum err roster_find(struct ctx *c, struct session *s, const struct json *like,
		     struct json **row_out)
{
	const struct json *state, *roster;
	int64_t now_utc = c->seam->now_ms() / 1000;

	TRY(seal_state(c, s, true, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		bool same = roster_row_live(row, now_utc) ||
			    span_is(json_opt_text(row, "row", SPAN_NONE), "policy");

		JSON_EACH(member, like) {
			char *key;

			TRY(span_cstr(c, member->key, &key));
			same = same && json_equal(json_get(row, key), member);
		}
		if (same)
			return json_clone(c, row, row_out);
	}
	err_next(c, "'writ roster list' and 'writ agency list' show the rows");
	FAIL(c, ERR_NOT_FOUND, "there is no live row like that in the roster");
}

enum err roster_take(struct ctx *c, struct session *s, struct span document,
		     const struct json *signatures)
{
	struct json *request = json_object(c), *body = json_object(c), *copy;
	const struct json *answer;

	TRY(session_need_actor(c, s, "roster"));
	json_set_str(c, request, "request", "roster");
	json_set_text(c, request, "document", document);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, request, "signatures", copy);
	TRY(seal_ask(c, s, request, SPAN("HOME"), &answer));
	s->seal_state = NULL;
	json_set_text(c, body, "document", document);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, body, "signatures", copy);
	json_set_int(c, body, "roster_version", json_opt_int(answer, "roster_version", 0));
	return home_append(c, s, "roster", body);
}

/* The certificates of the timestamp authority stand in addresses.yaml, which only hands read. */
static enum err tsa_certificates(struct ctx *c, struct session *s, struct json **out)
{
	struct json *job = json_object(c), *copy;
	const struct json *answer;

	*out = json_list(c);
	json_set_str(c, job, "job", "describe");
	TRY(hand_run(c, s, job, NULL, 0, NULL, NULL, &answer, NULL));
	JSON_EACH(address, json_get(answer, "addresses")) {
		struct span problem = json_opt_text(address, "problem", SPAN_NONE);

		if (problem.n)
			FAIL(c, ERR_FORMAT, "%.*s", SPAN_ARG(problem));
		JSON_EACH(one, json_get(address, "certificates")) {
			TRY(json_clone(c, one, &copy));
			json_add(c, *out, copy);
		}
	}
	return ERR_OK;
}

enum err policy_export(struct ctx *c, struct session *s, struct span *out)
{
	const struct json *state, *founded, *log;
	struct json *p = json_object(c), *certificates = json_list(c), *tsa;
	struct span hex, policy_text;

	TRY(home_last(c, s, "founded", &founded));
	TRY(seal_state(c, s, true, &state));
	TRY(json_need_object(c, state, "log", &log));
	TRY(sha256_hex(c, json_opt_text(founded, "document", SPAN_NONE), &hex));
	TRY(span_fmt(c, &policy_text, "log %.*s\nquorum none\n",
		     SPAN_ARG(json_opt_text(log, "vkey", SPAN_NONE))));
	json_set_int(c, p, "policy_version", 1);
	json_set_text(c, p, "provider", json_opt_text(founded, "provider", SPAN_NONE));
	json_add(c, certificates,
		 json_text(c, json_opt_text(state, "certificate_sha256", SPAN_NONE)));
	json_set(c, p, "seal_certificates", certificates);
	json_set_text(c, p, "document_key", json_opt_text(state, "document_key", SPAN_NONE));
	json_set_text(c, p, "founding_sha256", hex);
	TRY(tsa_certificates(c, s, &tsa));
	json_set(c, p, "tsa_certificates", tsa);
	json_set_text(c, p, "tlog_policy", policy_text);
	return json_write(c, p, DOCUMENT_MAX, out);
}
