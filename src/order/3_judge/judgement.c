/*
 * The rule packs over an order; see judgement.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/3_judge/judgement.h"

#include <string.h>

#include "crypt/hash.h"
#include "format/facts.h"
#include "format/time.h"
#include "order/law_packs.h"
#include "order/vault.h"

/* ---- the facts ---- */

static enum err path_of(struct ctx *c, struct span in, struct span name, struct span *out)
{
	return span_fmt(c, out, "%.*s%s%.*s", SPAN_ARG(in), in.n ? "." : "", SPAN_ARG(name));
}

/* A group of fields without those that are not the sender's to set. */
static enum err stated(struct ctx *c, const struct json *group, struct span at, struct json **out)
{
	struct json *kept = json_object(c), *copy, *lines;

	JSON_EACH(member, group) {
		const struct fact_field *field;
		struct span path;
		char *key;

		TRY(path_of(c, at, member->key, &path));
		TRY(span_cstr(c, member->key, &key));
		field = facts_field(path);
		if (!field || (field->flags & FACT_OURS))
			continue;
		if (field->type == FACT_GROUP) {
			TRY(stated(c, member, path, &copy));
		} else if (field->type == FACT_LINES) {
			lines = json_list(c);
			JSON_EACH(line, member) {
				TRY(stated(c, line, SPAN("demands[]"), &copy));
				json_add(c, lines, copy);
			}
			copy = lines;
		} else {
			TRY(json_clone(c, member, &copy));
		}
		json_set(c, kept, key, copy);
	}
	*out = kept;
	return ERR_OK;
}

/* The group in which a path ends, made where it is missing, and the name in it. */
static enum err place_of(struct ctx *c, struct json *facts, struct span path,
			 struct json **group_out, char **name_out)
{
	struct span head, rest;

	while (span_split(path, '.', &head, &rest)) {
		struct json *next = NULL, *copy;
		char *name;

		TRY(span_cstr(c, head, &name));
		if (json_get(facts, name))
			TRY(json_clone(c, json_get(facts, name), &copy));
		else
			copy = json_object(c);
		json_set(c, facts, name, copy);
		next = copy;
		facts = next;
		path = rest;
	}
	*group_out = facts;
	return span_cstr(c, path, name_out);
}

static enum err put(struct ctx *c, struct json *facts, struct span path, struct json *value)
{
	struct json *group;
	char *name;

	TRY(place_of(c, facts, path, &group, &name));
	json_set(c, group, name, value);
	return ERR_OK;
}

/* How the sender was checked. Signs of a false one that nobody wrote down are unknown: who has
 * looked and found none says --sign NONE. */
static enum err put_check(struct ctx *c, struct json *facts, const struct json *body)
{
	const struct json *signs = json_get(body, "impersonation_signs");
	struct json *copy;

	TRY(put(c, facts, SPAN("issuer.contact_check"),
		json_text(c, json_opt_text(body, "contact_check", SPAN("unknown")))));
	if (!signs || !signs->first)
		return put(c, facts, SPAN("issuer.impersonation_signs"), NULL);
	TRY(json_clone(c, signs, &copy));
	return put(c, facts, SPAN("issuer.impersonation_signs"), copy);
}

static bool before(const struct json *list, const struct json *end, struct span path)
{
	JSON_EACH(fact, list) {
		if (fact == end)
			return false;
		if (span_eq(json_opt_text(fact, "path", SPAN_NONE), path))
			return true;
	}
	return false;
}

/* One act's facts: of a list each value in a fact of its own, which together replace an older list.
 */
static enum err put_established(struct ctx *c, struct json *facts, const struct json *list)
{
	JSON_EACH(fact, list) {
		struct span path = json_opt_text(fact, "path", SPAN_NONE),
			    value = json_opt_text(fact, "value", SPAN("unknown"));
		const struct fact_field *field = facts_field(path);
		struct json *values;

		if (!field)
			FAIL(c, ERR_FORMAT, "the fact '%.*s' is none that this version knows",
			     SPAN_ARG(path));
		if (!(field->flags & FACT_LIST)) {
			TRY(put(c, facts, path, json_text(c, value)));
			continue;
		}
		if (before(list, fact, path))
			continue;
		values = json_list(c);
		for (const struct json *at = fact; at; at = at->next)
			if (span_eq(json_opt_text(at, "path", SPAN_NONE), path))
				json_add(c, values, json_text(c, json_opt_text(at, "value",
									       SPAN_NONE)));
		TRY(put(c, facts, path, values));
	}
	return ERR_OK;
}

/* A group without the members that are null: a fact that is not known is not there. */
static enum err known(struct ctx *c, const struct json *group, struct json **out)
{
	struct json *kept = json_object(c), *copy;
	char *key;

	JSON_EACH(member, group) {
		if (member->type == JSON_NULL)
			continue;
		TRY(span_cstr(c, member->key, &key));
		TRY(member->type == JSON_OBJECT ? known(c, member, &copy)
						: json_clone(c, member, &copy));
		json_set(c, kept, key, copy);
	}
	*out = kept;
	return ERR_OK;
}

enum err judgement_facts(struct ctx *c, struct session *s, const struct order *o,
			 struct json **out)
{
	const struct json *paper = json_get(o->received, "papers");
	struct json *facts, *provider;
	struct span received;

	TRY(stated(c, json_get(o->received, "facts"), SPAN_NONE, &facts));
	TRY(time_span(c, o->received_utc, &received));
	TRY(put(c, facts, SPAN("order.received_at"), json_text(c, received)));
	JSON_EACH(act, o->acts) {
		struct span word = json_opt_text(act, "act", SPAN_NONE);
		const struct json *body = json_get(act, "body");

		if (span_is(word, act_word(ACT_AUTHENTICATED)))
			TRY(put_check(c, facts, body));
		if (span_is(word, act_word(ACT_ESTABLISHED)))
			TRY(put_established(c, facts, json_get(body, "facts")));
	}
	TRY(put(c, facts, SPAN("order.id"), json_text(c, o->ref)));
	if (paper && paper->first)
		TRY(put(c, facts, SPAN("order.document_sha256"),
			json_text(c, json_opt_text(paper->first, "sha256", SPAN("unknown")))));
	TRY(provider_read(c, s, &provider));
	json_set(c, facts, "provider", provider);
	TRY(known(c, facts, out));
	return facts_check(c, "the facts of the order", *out,
			   FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED);
}

/* ---- judging ---- */

/* The packs as blobs, so that the judgement can be repeated when they are long gone. */
static enum err keep_packs(struct ctx *c, struct session *s, const struct json *kept,
			   struct json **out)
{
	*out = json_list(c);
	JSON_EACH(row, kept) {
		struct json *pack = json_object(c);

		TRY(keep_blob(c, s, json_opt_text(row, "text", SPAN_NONE), pack, "sha256"));
		for (const char *const *key = (const char *const[]){ "name", "id", "version",
								     "state", NULL };
		     *key; key++)
			json_set_text(c, pack, *key, json_opt_text(row, *key, SPAN_NONE));
		json_add(c, *out, pack);
	}
	return ERR_OK;
}

static enum err decide_on(struct ctx *c, const struct law *law, const struct json *facts,
			  int64_t now_utc_s, struct json **decision_out, struct span *sha256_out)
{
	struct law_how how = { .now_utc_s = now_utc_s };
	struct span text;

	TRY(law_judge(c, law, facts, &how, decision_out));
	TRY(json_write(c, *decision_out, LAW_DECISION_MAX, &text));
	return sha256_hex(c, text, sha256_out);
}

enum err judgement_make(struct ctx *c, struct session *s, struct order *o, struct span *page_out)
{
	struct json *body = json_object(c), *facts, *kept, *packs, *decision;
	int64_t now_utc_s = c->seam->now_ms() / 1000;
	struct span sha256, at = SPAN_NONE;
	struct law *law;
	char *dir;

	TRY(session_need_actor(c, s, ""));
	TRY(order_permit(c, s, o, ACT_JUDGED));
	TRY(order_need_written(c, o));
	TRY(judgement_facts(c, s, o, &facts));
	TRY(packs_dir(c, NULL, &s->home, &dir));
	TRY(packs_load(c, s, dir, &law, &kept));
	TRY(decide_on(c, law, facts, now_utc_s, &decision, &sha256));
	TRY(time_span(c, now_utc_s, &at));
	TRY(law_page(c, law, facts, decision, page_out));
	TRY(keep_packs(c, s, kept, &packs));
	json_set(c, body, "facts", facts);
	json_set(c, body, "decision", decision);
	json_set_text(c, body, "judged_at", at);
	json_set_text(c, body, "decision_sha256", sha256);
	json_set(c, body, "packs", packs);
	json_set_str(c, body, "software", WRIT_VERSION);
	return order_append(c, s, o, ACT_JUDGED, body);
}

/* ---- again ---- */

static enum err find_judged(struct ctx *c, const struct order *o, int64_t seq,
			    struct judgement_replay *out)
{
	JSON_EACH(act, o->acts) {
		int64_t at = json_opt_int(act, "seq", 0);

		if (!span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_JUDGED)) ||
		    (seq && at != seq))
			continue;
		out->seq = at;
		out->stored = json_get(act, "body");
	}
	if (out->stored)
		return ERR_OK;
	if (seq)
		FAIL(c, ERR_NOT_FOUND, "act %lld of %.*s is no judgement", (long long)seq,
		     SPAN_ARG(o->ref));
	err_next(c, "writ judge %.*s", SPAN_ARG(o->ref));
	FAIL(c, ERR_NOT_FOUND, "order %.*s has not been judged", SPAN_ARG(o->ref));
}

/* The members of the one that are not, or not so, in the other. */
static enum err compare(struct ctx *c, const struct json *was, const struct json *is,
			struct json *differs)
{
	JSON_EACH(member, was) {
		const struct json *now;
		char *key;

		TRY(span_cstr(c, member->key, &key));
		now = json_get(is, key);
		if ((!now || !json_equal(member, now)) && !json_has_text(differs, member->key))
			json_add(c, differs, json_text(c, member->key));
	}
	return ERR_OK;
}

/* The packs are as good as they were on that day. Acts of before it was written down hold the one
 * of receipt to be that day, which evaluated_at is. */
static int64_t judged_at(const struct json *stored)
{
	int64_t utc_s = 0;

	(void)time_parse(json_opt_text(stored, "judged_at", SPAN_NONE), &utc_s);
	return utc_s;
}

enum err judgement_repeat(struct ctx *c, struct session *s, const struct order *o, int64_t seq,
			  struct judgement_replay *out)
{
	const struct json *facts, *packs, *stored;
	struct json *decision;
	struct law *law;

	*out = (struct judgement_replay){ .differs = json_list(c) };
	TRY(find_judged(c, o, seq, out));
	TRY(json_need_object(c, out->stored, "facts", &facts));
	TRY(json_need_list(c, out->stored, "packs", &packs));
	TRY(json_need_object(c, out->stored, "decision", &stored));
	TRY(facts_check(c, "the facts as judged", facts,
			FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED));
	TRY(packs_again(c, s, packs, &law));
	TRY(decide_on(c, law, facts, judged_at(out->stored), &decision, &out->sha256));
	TRY(compare(c, stored, decision, out->differs));
	TRY(compare(c, decision, stored, out->differs));
	if (!span_eq(out->sha256, json_opt_text(out->stored, "decision_sha256", SPAN_NONE)) &&
	    !out->differs->first)
		json_add(c, out->differs, json_text(c, SPAN("decision_sha256")));
	out->decision = decision;
	return law_page(c, law, facts, decision, &out->page);
}
