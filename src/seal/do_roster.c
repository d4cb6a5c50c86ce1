/*
 * The request 'roster': a row begins or ends, the version grows by one. The roster as it would be
 * is built beside the one that stands; only do_roster puts it in its place.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "format/time.h"
#include "seal/make.h"
#include "seal/policy.h"
#include "seal/signed.h"
#include "seal/state.h"

static const struct policy {
	const char *name, *value, *words;
	int64_t least, most;
} policies[] = {
#define X(name, value, least, most, words) { #name, value, words, least, most },
#include "seal/policy.def"
#undef X
};

struct json *policy_defaults(struct ctx *c)
{
	struct json *j = json_object(c);

	for (size_t i = 0; i < COUNT_OF(policies); i++)
		json_set_str(c, j, policies[i].name, policies[i].value);
	return j;
}

static const struct policy *policy_of(struct span name)
{
	for (size_t i = 0; i < COUNT_OF(policies); i++)
		if (span_is(name, policies[i].name))
			return &policies[i];
	return NULL;
}

const char *policy_default(struct span name)
{
	const struct policy *p = policy_of(name);

	return p ? p->value : NULL;
}

static bool in_range(const struct policy *p, struct span value)
{
	struct span rest = span_str(p->words), word;
	int64_t n;

	while (span_split(rest, ' ', &word, &rest))
		if (span_eq(word, value))
			return true;
	if (rest.n)
		return span_eq(rest, value);
	return span_to_i64(value, &n) && n >= p->least && n <= p->most;
}

void policy_gather(struct facts *f, struct span name, struct span value)
{
	const struct policy *p = policy_of(name);
	int64_t n;

	f->policy_unknown = f->policy_unknown || !p;
	if (!p)
		return;
	f->policy_out_of_range = f->policy_out_of_range || !in_range(p, value);
	if (span_is(name, "approvals") && span_to_i64(value, &n))
		f->approvals_wanted = n;
}

void roster_left(struct turn *t, const struct json *rows, const struct json *policy)
{
	int64_t approvals;

	if (!span_to_i64(json_opt_text(policy, "approvals", SPAN_NONE), &approvals))
		approvals = INT64_MAX;
	t->f.approvals_after = approvals;
	t->f.roster_people_left = (int64_t)people_with(rows, MAY_ROSTER, t->now, SPAN_NONE);
	t->f.approve_people_left = (int64_t)people_with(rows, MAY_APPROVE, t->now, SPAN_NONE);
}

void key_gather(struct facts *f, const struct json *rows, struct span name, struct span key,
		int64_t now)
{
	JSON_EACH(entry, rows) {
		if (!row_is(entry, "person") || !person_key_same(row_text(entry, "key"), key))
			continue;
		if (!span_eq(row_text(entry, "name"), name))
			f->key_of_another = true;
		else if (now < row_until(entry))
			f->key_there = true;
	}
}

static void gather_agency(struct turn *t, const struct json *row)
{
	JSON_EACH(entry, json_get(t->core, "rows")) {
		bool same_id;

		if (!row_is(entry, "agency") || t->now >= row_until(entry))
			continue;
		same_id = span_eq(row_text(entry, "id"), json_opt_text(row, "id", SPAN_NONE));
		if (same_id &&
		    span_eq(row_text(entry, "label"), json_opt_text(row, "label", SPAN_NONE)))
			t->f.label_there = true;
		else if (span_eq(row_text(entry, "recipient"),
				 json_opt_text(row, "recipient", SPAN_NONE)))
			t->f.agency_key_there = true;
	}
}

static enum err begin_row(struct turn *t, const struct json *row)
{
	struct span kind = json_opt_text(row, "row", SPAN_NONE),
		    name = json_opt_text(row, "name", SPAN_NONE);
	struct json *entry = json_object(t->c), *copy;
	char *key;

	if (span_is(kind, "policy")) {
		policy_gather(&t->f, name, json_opt_text(row, "value", SPAN_NONE));
		TRY(span_cstr(t->c, name, &key));
		json_set_text(t->c, t->new_policy, key, json_opt_text(row, "value", SPAN_NONE));
		return ERR_OK;
	}
	if (span_is(kind, "person"))
		key_gather(&t->f, json_get(t->core, "rows"), name,
			   json_opt_text(row, "key", SPAN_NONE), t->now);
	else
		gather_agency(t, row);
	TRY(json_clone(t->c, row, &copy));
	json_set(t->c, entry, "row", copy);
	json_set_int(t->c, entry, "begun", t->f.version_now + 1);
	json_set(t->c, entry, "ended", NULL);
	json_add(t->c, t->new_rows, entry);
	return ERR_OK;
}

static enum err end_policy(struct turn *t, const struct json *row)
{
	struct span name = json_opt_text(row, "name", SPAN_NONE);
	const char *value = policy_default(name);
	char *key;

	t->f.policy_unknown = !value;
	TRY(span_cstr(t->c, name, &key));
	t->f.row_absent = value &&
			  !span_eq(json_opt_text(json_get(t->core, "policy"), key, SPAN_NONE),
				   json_opt_text(row, "value", SPAN_NONE));
	if (value)
		json_set_str(t->c, t->new_policy, key, value);
	return ERR_OK;
}

static enum err end_row(struct turn *t, const struct json *row)
{
	struct span now;

	if (span_is(json_opt_text(row, "row", SPAN_NONE), "policy"))
		return end_policy(t, row);
	TRY(time_span(t->c, t->now, &now));
	t->f.row_absent = true;
	for (struct json *at = t->new_rows->first; at; at = at->next) {
		if (!t->f.row_absent || !json_equal(json_get(at, "row"), row) ||
		    t->now >= row_until(at))
			continue;
		t->f.row_absent = false;
		json_set_text(t->c, own(at, "row"), "until", now);
		json_set_int(t->c, at, "ended", t->f.version_now + 1);
	}
	return ERR_OK;
}

static size_t signing_without(const struct turn *t, struct span name)
{
	size_t n = 0;

	for (size_t i = 0; i < t->signer_count; i++) {
		const struct json *entry = t->signers[i].entry;
		bool again = !entry || span_eq(row_text(entry, "name"), name);

		for (size_t k = 0; k < i && !again; k++)
			again = t->signers[k].entry &&
				span_eq(row_text(t->signers[k].entry, "name"),
					row_text(entry, "name"));
		n += !again;
	}
	return n;
}

static enum err gather_change(struct turn *t)
{
	const struct json *row = json_get(t->doc.j, "row");
	struct span action = json_opt_text(t->doc.j, "action", SPAN_NONE);

	TRY(fact_of(t, row_check(t->c, row, false), &t->f.row_malformed));
	t->f.version_said = json_opt_int(t->doc.j, "roster_version", -1);
	t->f.action_unknown = !span_is(action, "begin") && !span_is(action, "end");
	t->incomplete = t->incomplete || t->f.row_malformed || t->f.action_unknown;
	if (t->incomplete)
		return ERR_OK;
	if (span_is(json_opt_text(row, "row", SPAN_NONE), "person")) {
		struct span name = json_opt_text(row, "name", SPAN_NONE);

		t->f.others_there = people_with(json_get(t->core, "rows"), MAY_ROSTER, t->now,
						name);
		t->f.others_signing = signing_without(t, name);
	}
	if (span_is(action, "begin"))
		TRY(begin_row(t, row));
	else
		TRY(end_row(t, row));
	roster_left(t, t->new_rows, t->new_policy);
	return ERR_OK;
}

enum err gather_roster(struct turn *t)
{
	const struct json *signatures;
	struct span document;

	TRY(asked(t, json_need_text(t->c, t->ask, "document", &document)));
	TRY(asked(t, json_need_list(t->c, t->ask, "signatures", &signatures)));
	t->f.version_now = json_opt_int(t->core, "roster_version", 0);
	t->f.approve_people_left = t->f.roster_people_left = 2;
	TRY(json_clone(t->c, json_get(t->core, "rows"), &t->new_rows));
	TRY(json_clone(t->c, json_get(t->core, "policy"), &t->new_policy));
	TRY(gather_document(t, document, "roster"));
	TRY(gather_signatures(t, signatures, document, t->doc.kind, MAY_ROSTER,
			      json_get(t->core, "rows")));
	return t->doc.j ? gather_change(t) : ERR_OK;
}

/* roster/N.json keeps the document with the keys that signed it, for the chain of approvals.json.
 */
static enum err keep_document(struct turn *t, int64_t version)
{
	struct json *j = json_object(t->c), *keys = json_list(t->c), *signatures;
	struct span text;
	char *path;

	TRY(json_clone(t->c, json_get(t->ask, "signatures"), &signatures));
	for (size_t i = 0; i < t->signer_count; i++)
		json_add(t->c, keys, json_text(t->c, t->signers[i].key));
	json_set_text(t->c, j, "document", t->doc.text);
	json_set(t->c, j, "signatures", signatures);
	json_set(t->c, j, "keys", keys);
	TRY(json_write(t->c, j, SEAL_FILE_MAX, &text));
	TRY(path_fmt(t->c, &path, "roster/%lld.json", (long long)version));
	return change_put(t, path, text);
}

enum err do_roster(struct turn *t)
{
	int64_t version = t->f.version_now + 1;
	struct json *body = json_object(t->c);

	json_set(t->c, t->core, "rows", t->new_rows);
	json_set(t->c, t->core, "policy", t->new_policy);
	json_set_int(t->c, t->core, "roster_version", version);
	t->core_dirty = true;
	TRY(keep_document(t, version));
	json_set_text(t->c, body, "roster_sha256", t->doc.sha);
	json_set_int(t->c, body, "roster_version", version);
	TRY(act_add(t, "roster", SPAN_NONE, body, NULL));
	json_set_int(t->c, t->answer, "roster_version", version);
	return ERR_OK;
}
