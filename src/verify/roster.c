/*
 * The people of a package: the founding document, the later documents that matter to it, and whose
 * key made a signature. Believes a row only where two people of the list before it signed for it.
 * It cannot know of endings that the package does not carry; the seal watched those at release.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/note.h"
#include "crypt/signature.h"
#include "verify/part.h"

#define PEOPLE_MAX 4096u

/* since: a founding from before a value was known does not name it. */
static const struct {
	const char *name, *fallback;
	bool since;
} values[] = {
	{ "approvals", "2" }, { "decider_may_approve", "no" }, { "statement_hours", "4" },
	{ "scope_hours", "72" }, { "ticket_hours", "24" }, { "ticket_days", "30" },
	{ "counts_per_day", "200" }, { "timestamp", "none" },
	{ "native_approvals", "0", true },
};
#define VALUE_NAMES                                                                                \
	"approvals decider_may_approve statement_hours scope_hours ticket_hours ticket_days "      \
	"counts_per_day timestamp native_approvals"

static bool live(const struct person *p, int64_t since_utc, int64_t until_utc)
{
	return p->from_utc <= until_utc && since_utc < p->until_utc;
}

/* A key may have several rows, one after the other: the last that is live then, else the last. */
static const struct person *person_of(const struct roster *r, struct span key,
				      const struct demand *demand)
{
	const struct person *last = NULL;

	for (const struct person *p = r->people; p; p = p->next) {
		if (!span_eq(json_opt_text(p->row, "key", SPAN_NONE), key))
			continue;
		if (!demand->may || live(p, demand->since_utc, demand->until_utc))
			return p;
		last = last ? last : p;
	}
	return last;
}

static bool belongs_to_another(const struct roster *r, struct span key, struct span name)
{
	for (const struct person *p = r->people; p; p = p->next)
		if (person_key_same(json_opt_text(p->row, "key", SPAN_NONE), key) &&
		    !span_eq(json_opt_text(p->row, "name", SPAN_NONE), name))
			return true;
	return false;
}

static enum err person_add(struct verify *v, struct roster *r, const struct json *row)
{
	struct span key, name, kind;
	struct person *p;
	bool touched;

	if (row->type != JSON_OBJECT)
		FAIL(v->c, ERR_FORMAT, "a person is no row");
	TRY(json_need_text(v->c, row, "row", &kind));
	TRY(json_need_text(v->c, row, "name", &name));
	TRY(json_need_text(v->c, row, "key", &key));
	TRY(json_need_bool(v->c, row, "user_verified", &touched));
	if (!span_is(kind, "person") || name.n == 0)
		FAIL(v->c, ERR_FORMAT, "a row of people is none of a person");
	if (belongs_to_another(r, key, name))
		FAIL(v->c, ERR_VERIFY, "the key of %.*s is another person's", SPAN_ARG(name));
	TRY(NEW(v->c, p));
	TRY(verify_when(v->c, row, "from", &p->from_utc));
	p->until_utc = INT64_MAX;
	if (json_get(row, "until") && json_get(row, "until")->type != JSON_NULL)
		TRY(verify_when(v->c, row, "until", &p->until_utc));
	p->row = row;
	p->next = r->people;
	r->people = p;
	return ERR_OK;
}

static enum err may_do(struct verify *v, const struct person *p, const struct demand *demand)
{
	struct span name = json_opt_text(p->row, "name", SPAN_NONE);
	const struct json *rights;

	TRY(json_need_list(v->c, p->row, "may", &rights));
	if (!live(p, demand->since_utc, demand->until_utc))
		FAIL(v->c, ERR_VERIFY, "%.*s was not on the list at that time", SPAN_ARG(name));
	JSON_EACH(one, rights) {
		if (one->type == JSON_TEXT && span_is(one->s, demand->may))
			return ERR_OK;
	}
	FAIL(v->c, ERR_VERIFY, "%.*s may not '%s'", SPAN_ARG(name), demand->may);
}

static enum err signer(struct verify *v, const struct roster *r, struct span text,
		       const struct json *signature, const struct demand *demand,
		       const struct person **out, bool *native_out)
{
	struct signature sig;
	bool touched;

	if (signature->type != JSON_TEXT)
		FAIL(v->c, ERR_FORMAT, "a signature is no text");
	TRY(signature_verify(v->c, signature->s, demand->name_space, text, &sig));
	*native_out = sig.native;
	*out = person_of(r, sig.key, demand);
	if (!*out)
		FAIL(v->c, ERR_VERIFY, "somebody signed who is not on the list");
	TRY(json_need_bool(v->c, (*out)->row, "user_verified", &touched));
	if (touched && !sig.user_verified)
		FAIL(v->c, ERR_VERIFY,
		     "a key did not verify its user, which this person's must");
	return ERR_OK;
}

enum err roster_signers(struct verify *v, const struct roster *r, struct span text,
			const struct json *signatures, const struct demand *demand,
			struct signers *out)
{
	*out = (struct signers){ .count = 0 };
	JSON_EACH(one, signatures) {
		const struct person *p = NULL;

		if (out->count == SIGNERS_MAX)
			FAIL(v->c, ERR_LIMIT, "more than %u signatures", SIGNERS_MAX);
		TRY(signer(v, r, text, one, demand, &p, &out->native[out->count]));
		if (demand->may)
			TRY(may_do(v, p, demand));
		out->person[out->count++] = p;
	}
	return ERR_OK;
}

size_t signers_people(const struct signers *s, bool native)
{
	size_t people = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct span name = json_opt_text(s->person[i]->row, "name", SPAN_NONE);
		size_t k = 0;

		if (native && !s->native[i])
			continue;
		while (k < i &&
		       (!span_eq(json_opt_text(s->person[k]->row, "name", SPAN_NONE), name) ||
			(native && !s->native[k])))
			k++;
		people += k == i;
	}
	return people;
}

static enum err founding_values(struct verify *v, struct roster *out)
{
	const struct json *policy;
	struct span value;

	TRY(json_need_object(v->c, v->founding, "policy", &policy));
	TRY(json_only(v->c, policy, VALUE_NAMES));
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (!values[i].since || json_get(policy, values[i].name))
			TRY(json_need_text(v->c, policy, values[i].name, &value));
	return json_clone(v->c, policy, &out->policy);
}

/* A seal that was lost: the old log's last checkpoint, which the founders signed with the rest.
 * Whether it was the last one only people who kept a later one can say. */
static enum err founding_continues(struct verify *v)
{
	const struct json *after = json_get(v->founding, "continues");
	struct span vkey, note, sha;
	struct checkpoint cp;
	struct note_key key;

	if (!after)
		return ERR_OK;
	TRY(json_need_object(v->c, v->founding, "continues", &after));
	TRY(json_only(v->c, after, "checkpoint founding_sha256 log_vkey"));
	TRY(json_need_text(v->c, after, "log_vkey", &vkey));
	TRY(json_need_text(v->c, after, "checkpoint", &note));
	TRY(json_need_text(v->c, after, "founding_sha256", &sha));
	TRY(note_key_parse(v->c, vkey, &key));
	TRY(checkpoint_open(v->c, note, &key, &cp));
	return span_fmt(v->c, &v->r->continues, "%.*s, %llu ticks", SPAN_ARG(cp.origin),
			(unsigned long long)cp.size);
}

static enum err founding(struct verify *v, struct roster *out)
{
	const struct demand demand = { .name_space = "writ-roster@v1" };
	const struct json *people, *signatures;
	struct span action, text;
	struct signers who;

	*out = (struct roster){ .version = 1 };
	TRY(json_need_text(v->c, v->founding, "action", &action));
	TRY(json_need_text(v->c, v->approvals, "founding", &text));
	TRY(json_need_list(v->c, v->approvals, "founding_signatures", &signatures));
	TRY(json_need_list(v->c, v->founding, "people", &people));
	if (!span_is(action, "found") || json_opt_int(v->founding, "roster_version", 0) != 1)
		FAIL(v->c, ERR_VERIFY, "it is no founding document");
	if (json_count(people) > PEOPLE_MAX)
		FAIL(v->c, ERR_LIMIT, "more than %u people", PEOPLE_MAX);
	JSON_EACH(row, people)
		TRY(person_add(v, out, row));
	TRY(founding_values(v, out));
	TRY(founding_continues(v));
	TRY(roster_signers(v, out, text, signatures, &demand, &who));
	if (signers_people(&who, false) < 2)
		FAIL(v->c, ERR_VERIFY,
		     "fewer than two different people signed the founding document");
	return ERR_OK;
}

static enum err value_change(struct verify *v, struct roster *r, const struct json *row, bool begin)
{
	struct span name, value;

	TRY(json_need_text(v->c, row, "name", &name));
	TRY(json_need_text(v->c, row, "value", &value));
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		if (!span_is(name, values[i].name))
			continue;
		json_set_text(v->c, r->policy, values[i].name,
			      begin ? value : span_str(values[i].fallback));
		return ERR_OK;
	}
	FAIL(v->c, ERR_FORMAT, "there is no rule named %.*s", SPAN_ARG(name));
}

static enum err row_change(struct verify *v, struct roster *r, const struct json *doc, bool begin)
{
	const struct json *row;
	struct span kind;
	int64_t made;

	TRY(verify_when(v->c, doc, "made_at", &made));
	TRY(json_need_object(v->c, doc, "row", &row));
	TRY(json_need_text(v->c, row, "row", &kind));
	if (span_is(kind, "policy"))
		return value_change(v, r, row, begin);
	if (!span_is(kind, "person"))
		return ERR_OK;
	if (begin)
		return person_add(v, r, row);
	for (struct person *p = r->people; p; p = p->next)
		if (json_equal(p->row, row))
			p->until_utc = made;
	return ERR_OK;
}

static enum err follow(struct verify *v, struct roster *r, const struct json *link)
{
	struct demand demand = { "writ-roster@v1", "roster", 0, v->released_utc };
	const struct json *signatures;
	struct span text, action;
	int64_t version, made;
	struct signers who;
	struct json *doc;

	if (link->type != JSON_OBJECT)
		FAIL(v->c, ERR_FORMAT, "a link of the chain is no object");
	TRY(json_need_text(v->c, link, "document", &text));
	TRY(json_need_list(v->c, link, "signatures", &signatures));
	TRY(verify_document(v->c, text, "roster", &doc));
	TRY(json_need_int(v->c, doc, "roster_version", &version));
	TRY(json_need_text(v->c, doc, "action", &action));
	TRY(verify_when(v->c, doc, "made_at", &made));
	if (!span_is(action, "begin") && !span_is(action, "end"))
		FAIL(v->c, ERR_FORMAT, "a change of the list neither begins nor ends a row");
	if (version < r->version || version >= INT64_MAX)
		FAIL(v->c, ERR_VERIFY,
		     "the changes of the list are not in the order of their versions");
	r->version = version + 1;
	demand.since_utc = made;
	TRY(roster_signers(v, r, text, signatures, &demand, &who));
	if (signers_people(&who, false) < 2)
		FAIL(v->c, ERR_VERIFY,
		     "version %lld of the list was not signed by two different people",
		     (long long)r->version);
	return row_change(v, r, doc, span_is(action, "begin"));
}

static enum err chain(struct verify *v, struct roster *r)
{
	const struct json *links;
	int64_t present;

	TRY(json_need_list(v->c, v->approvals, "chain", &links));
	JSON_EACH(link, links)
		TRY(follow(v, r, link));
	TRY(json_need_int(v->c, v->approval, "roster_version", &present));
	if (r->version > present)
		FAIL(v->c, ERR_VERIFY,
		     "the list goes further than the version that was approved under");
	return ERR_OK;
}

bool roster_read(struct verify *v, struct roster *out)
{
	return verify_judge(v, VERIFY_FOUNDING_SIGNATURES, founding(v, out)) &&
	       verify_judge(v, VERIFY_ROSTER_CHAIN, chain(v, out));
}
