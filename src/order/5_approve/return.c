/*
 * return.json: the written reading of the order, the counts, what was ordered and not returned and
 * why. Its hash is what approvers sign (doc/protocol.md section 5). Every number is the receipt's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/hash.h"
#include "format/time.h"
#include "order/3_judge/judge.h"
#include "order/5_approve/approve.h"

#define RETURN_MAX ((size_t)4 << 20)

static void copy_text(struct ctx *c, struct json *to, const struct json *from, const char *key)
{
	const struct json *v = json_get(from, key);

	if (v && v->type == JSON_TEXT)
		json_set_text(c, to, key, v->s);
	else
		json_set(c, to, key, NULL);
}

static void copy_int(struct ctx *c, struct json *to, const struct json *from, const char *key)
{
	json_set_int(c, to, key, json_opt_int(from, key, 0));
}

static enum err instant(struct ctx *c, struct json *to, const struct json *line, const char *key)
{
	const struct json *v = json_get(line, key);
	struct span text;

	if (!v || v->type != JSON_INT) {
		json_set(c, to, key, NULL);
		return ERR_OK;
	}
	TRY(time_span(c, v->i, &text));
	json_set_text(c, to, key, text);
	return ERR_OK;
}

static enum err lines(struct ctx *c, const struct order *o, const struct json *receipt,
		      struct json *body)
{
	struct json *list = json_list(c), *reading = json_list(c);
	struct span words;

	JSON_EACH(counted, json_get(receipt, "lines")) {
		const struct json *line = json_with_id(json_get(o->scope, "lines"),
						  json_opt_text(counted, "id", SPAN_NONE));
		struct json *row = json_object(c);

		if (!line)
			FAIL(c, ERR_FORMAT,
			     "the receipt counts a line that the scope does not have");
		TRY(scope_line_words(c, line, &words));
		json_set_text(c, row, "words", words);
		for (const char *const *key = (const char *const[]){ "id", "category",
								     "date_meaning", "zone", NULL };
		     *key; key++)
			copy_text(c, row, line, *key);
		TRY(instant(c, row, line, "from"));
		TRY(instant(c, row, line, "until"));
		copy_text(c, row, counted, "store");
		copy_text(c, row, counted, "account");
		copy_int(c, row, counted, "items");
		copy_int(c, row, counted, "bytes");
		json_add(c, list, row);
	}
	JSON_EACH(line, json_get(o->scope, "lines")) {
		TRY(scope_line_words(c, line, &words));
		TRY(span_fmt(c, &words, "Line %.*s was read as: %.*s.",
			     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), SPAN_ARG(words)));
		json_add(c, reading, json_text(c, words));
	}
	json_set(c, body, "lines", list);
	json_set(c, body, "reading", reading);
	return ERR_OK;
}

static void missing(struct ctx *c, struct json *list, const struct json *demand,
		    struct json *reasons, const char *words)
{
	struct json *row = json_object(c);

	copy_text(c, row, demand, "id");
	copy_text(c, row, demand, "category");
	json_set(c, row, "reasons", reasons);
	json_set_str(c, row, "words", words);
	json_add(c, list, row);
}

static bool has_account(const struct json *receipt, struct span id)
{
	JSON_EACH(counted, json_get(receipt, "lines"))
		if (span_eq(json_opt_text(counted, "id", SPAN_NONE), id) &&
		    json_opt_text(counted, "account", SPAN_NONE).n)
			return true;
	return false;
}

enum err return_not_returned(struct ctx *c, const struct order *o, const struct json *receipt,
			     struct json **out)
{
	struct json *list = json_list(c), *reasons;

	JSON_EACH(demand, json_get(json_get(o->received, "facts"), "demands")) {
		struct span id = json_opt_text(demand, "id", SPAN_NONE),
			    category = json_opt_text(demand, "category", SPAN_NONE);

		if (!json_with_id(json_get(o->scope, "lines"), id)) {
			TRY(in_view_left_out(c, o, o->scope, id, &reasons));
			missing(c, list, demand, reasons, "not part of the decided scope");
		} else if (!span_is(category, "CONTENT_COMM") && !span_is(category, "MSG_META")) {
			missing(c, list, demand, json_list(c), "not held in this store");
		} else if (!has_account(receipt, id)) {
			/* An account that does not exist ends the collection: counsel decides. */
			missing(c, list, demand, json_list(c), "not held in the stores named");
		}
	}
	*out = list;
	return ERR_OK;
}

static void times(struct ctx *c, const struct order *o, struct json *body)
{
	struct json *list = json_list(c);

	JSON_EACH(act, o->acts) {
		struct json *row = json_object(c);

		copy_text(c, row, act, "act");
		json_set_text(c, row, "at", json_opt_text(act, "made_at", SPAN_NONE));
		json_add(c, list, row);
	}
	json_set(c, body, "times", list);
}

static enum err member(struct ctx *c, struct json *list, const char *name, struct span bytes)
{
	struct json *row = json_object(c);
	struct span hex;

	TRY(sha256_hex(c, bytes, &hex));
	json_set_str(c, row, "name", name);
	json_set_text(c, row, "sha256", hex);
	json_set_int(c, row, "bytes", (int64_t)bytes.n);
	json_add(c, list, row);
	return ERR_OK;
}

static enum err who(struct ctx *c, struct session *s, const struct order *o, struct json *body)
{
	struct json *issuer = json_object(c), *papers, *notice = json_object(c);
	const struct json *founded, *agency;

	TRY(home_last(c, s, "founded", &founded));
	/* As the register of agencies says it, not as the order claims. */
	TRY(roster_agency(c, s, json_opt_text(o->scope, "agency", SPAN_NONE), &agency));
	if (!agency)
		FAIL(c, ERR_STATE, "the agency '%.*s' is no longer in the register",
		     SPAN_ARG(json_opt_text(o->scope, "agency", SPAN_NONE)));
	json_set_text(c, body, "provider",
		      json_opt_text(founded, "provider", SPAN("the provider")));
	copy_text(c, body, o->received, "authority_reference");
	copy_text(c, issuer, o->scope, "agency");
	json_set_text(c, issuer, "name", json_opt_text(agency, "name", SPAN_NONE));
	json_set_text(c, issuer, "country", json_opt_text(agency, "country", SPAN_NONE));
	json_set(c, body, "issuer", issuer);
	TRY(json_clone(c, json_get(o->scope, "paper_sha256"), &papers));
	json_set(c, body, "paper_sha256", papers);
	copy_text(c, notice, o->notice, "decision");
	copy_text(c, notice, o->notice, "because");
	copy_text(c, notice, o->notice, "gag_until");
	json_set(c, body, "notice", notice);
	return ERR_OK;
}

enum err return_make(struct ctx *c, struct session *s, const struct order *o, struct span readme,
		     struct span certificate, struct span *out)
{
	struct json *body = json_object(c), *receipt, *not_returned, *members = json_list(c),
		    *software = json_object(c);
	struct span text, at;

	TRY(json_need_text(c, o->collected, "receipt", &text));
	TRY(json_parse_canonical(c, text, &receipt));
	TRY(time_span(c, c->seam->now_ms() / 1000, &at));
	json_set_int(c, body, "version", 1);
	json_set_str(c, body, "kind", "return");
	json_set_text(c, body, "order", o->ref);
	json_set_text(c, body, "made_at", at);
	TRY(who(c, s, o, body));
	for (const char *const *key =
		     (const char *const[]){ "scope_sha256", "ticket", "manifest_sha256",
					    "tagmanifest_sha256", "separation", NULL };
	     *key; key++)
		copy_text(c, body, receipt, *key);
	for (const char *const *key = (const char *const[]){ "items", "bytes", "undated", NULL };
	     *key; key++)
		copy_int(c, body, receipt, *key);
	TRY(lines(c, o, receipt, body));
	TRY(return_not_returned(c, o, receipt, &not_returned));
	json_set(c, body, "not_returned", not_returned);
	times(c, o, body);
	json_set_str(c, software, "name", "writ");
	json_set_str(c, software, "version", WRIT_VERSION);
	json_set(c, body, "software", software);
	json_set_text(c, body, "receipt", text);
	copy_text(c, body, o->collected, "receipt_seal");
	TRY(member(c, members, "README.txt", readme));
	TRY(member(c, members, "certificate.pdf", certificate));
	json_set(c, body, "members", members);
	return json_write(c, body, RETURN_MAX, out);
}
