/*
 * Why a signer's key counts: the roster documents by which it, and the keys that signed for it,
 * began, back to the founding document (approvals.json, member "chain"); and those that changed
 * the policy, so that its hash can be computed from the founding document on.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "base/num.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"
#include "seal/ticket.h"

/* The row of that key that stood in the roster of that version. */
static const struct json *entry_at(const struct json *rows, struct span key, int64_t version)
{
	JSON_EACH(entry, rows)
		if (row_is(entry, "person") && span_eq(row_text(entry, "key"), key) &&
		    json_opt_int(entry, "begun", INT64_MAX) <= version &&
		    json_opt_int(entry, "ended", INT64_MAX) > version)
			return entry;
	return NULL;
}

/* Who signs a document is older than what it begins, so one walk downwards finds all. */
enum err chain_close(struct ctx *c, const struct json *rows, const struct chain_source *src,
		     bool *needed, int64_t versions)
{
	for (int64_t version = versions; version > 1; version--) {
		const struct json *keys;

		if (!needed[version])
			continue;
		TRY(src->keys(c, src->of, version, &keys));
		JSON_EACH(key, keys) {
			const struct json *entry = entry_at(rows, key->s, version - 1);
			int64_t begun = json_opt_int(entry, "begun", 0);

			if (begun < 1 || begun >= version)
				FAIL(c, ERR_FORMAT,
				     "roster document %lld is signed by a key that had no row then",
				     (long long)version);
			needed[begun] = true;
		}
	}
	return ERR_OK;
}

static enum err document_at(struct turn *t, int64_t version, struct json **out)
{
	char *path;

	TRY(path_fmt(t->c, &path, "roster/%lld.json", (long long)version));
	return state_read(t, path, out);
}

static enum err keys_at(struct ctx *c, void *of, int64_t version, const struct json **out)
{
	struct json *j;

	TRY(document_at(of, version, &j));
	return json_need_list(c, j, "keys", out);
}

static enum err add_document(struct turn *t, int64_t version, struct json *chain)
{
	struct json *kept, *one = json_object(t->c);

	TRY(document_at(t, version, &kept));
	json_set(t->c, one, "document", own(kept, "document"));
	json_set(t->c, one, "signatures", own(kept, "signatures"));
	json_add(t->c, chain, one);
	return ERR_OK;
}

static enum err mark_policies(struct turn *t, bool *needed, int64_t versions)
{
	for (int64_t version = 2; version <= versions; version++) {
		struct json *kept, *document;

		TRY(document_at(t, version, &kept));
		TRY(json_parse(t->c, json_opt_text(kept, "document", SPAN_NONE), &document));
		if (span_is(json_opt_text(json_get(document, "row"), "row", SPAN_NONE), "policy"))
			needed[version] = true;
	}
	return ERR_OK;
}

enum err chain_make(struct turn *t, struct json **chain_out, struct json **rows_out)
{
	const struct json *rows = json_get(t->core, "rows");
	int64_t versions = json_opt_int(t->core, "roster_version", 0);
	struct chain_source src = { .of = t, .keys = keys_at };
	bool *needed;

	TRY(NEW_ARRAY(t->c, needed, (size_t)versions + 1));
	*chain_out = json_list(t->c);
	*rows_out = json_list(t->c);
	for (size_t i = 0; i < t->signer_count; i++) {
		const struct json *entry = t->signers[i].entry;
		int64_t begun = json_opt_int(entry, "begun", 0);
		struct json *copy;

		/* Whether a key without a row may sign is for check.def to say. */
		if (!entry)
			continue;
		if (begun < 1 || begun > versions)
			FAIL(t->c, ERR_FORMAT, "a row of the roster began at no version");
		needed[begun] = true;
		TRY(json_clone(t->c, json_get(entry, "row"), &copy));
		json_add(t->c, *rows_out, copy);
	}
	TRY(mark_policies(t, needed, versions));
	TRY(chain_close(t->c, rows, &src, needed, versions));
	for (int64_t version = 2; version <= versions; version++)
		if (needed[version])
			TRY(add_document(t, version, *chain_out));
	return ERR_OK;
}
