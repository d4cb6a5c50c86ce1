/*
 * Facts about signed documents and their signatures; see signed.h. Says what is so, never whether
 * it is enough.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/signed.h"

#include <string.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "format/time.h"
#include "seal/state.h"

static bool listed(const char *words, struct span word)
{
	struct span rest = span_str(words), one;

	while (span_split(rest, ' ', &one, &rest))
		if (span_eq(one, word))
			return true;
	return span_eq(rest, word);
}

static enum err head_check(struct turn *t, const struct json *j, struct span *kind_out)
{
	struct span made_at;
	int64_t version;

	TRY(json_need_int(t->c, j, "version", &version));
	if (version != 1)
		FAIL(t->c, ERR_FORMAT, "its version is not 1");
	TRY(json_need_text(t->c, j, "kind", kind_out));
	TRY(json_need_text(t->c, j, "made_at", &made_at));
	if (!time_parse_utc(made_at, &t->f.made_at))
		FAIL(t->c, ERR_FORMAT, "its made_at is no time like 2026-11-22T10:00:00Z");
	return ERR_OK;
}

/* What a document of a wrong kind says beside its kind is nobody's business. */
static enum err read_document(struct turn *t, const char *kinds)
{
	struct json *j;
	struct span kind, good_until;

	TRY(json_parse_canonical(t->c, t->doc.text, &j));
	TRY(head_check(t, j, &kind));
	t->doc.kind = kind;
	t->f.doc_other_kind = !listed(kinds, kind);
	TRY(document_check(t->c, j, kind));
	if (json_get(j, "good_until")) {
		TRY(json_need_text(t->c, j, "good_until", &good_until));
		if (!time_parse_utc(good_until, &t->f.good_until))
			FAIL(t->c, ERR_FORMAT,
			     "its good_until is no time like 2026-11-22T10:00:00Z");
		t->f.good_for = t->f.good_until - t->f.made_at;
	}
	t->doc.order = json_opt_text(j, "order", SPAN_NONE);
	t->doc.j = j;
	return ERR_OK;
}

enum err gather_document(struct turn *t, struct span text, const char *kinds)
{
	struct span rest;

	t->doc = (struct document){ .text = text };
	TRY(sha256_hex(t->c, text, &t->doc.sha));
	TRY(fact_of(t, read_document(t, kinds), &t->f.doc_malformed));
	t->incomplete = t->incomplete || !t->doc.j;
	/* The namespace follows from what the request is for, not from what the document claims. */
	if (t->f.doc_other_kind || !t->doc.kind.n)
		if (!span_split(span_str(kinds), ' ', &t->doc.kind, &rest))
			t->doc.kind = span_str(kinds);
	return ERR_OK;
}

/* A key may have several rows; the one in force speaks, else the last. */
static const struct json *entry_of(const struct json *rows, struct span key, int64_t now)
{
	const struct json *found = NULL;

	JSON_EACH(entry, rows) {
		if (!row_is(entry, "person") || !span_eq(row_text(entry, "key"), key))
			continue;
		if (row_live(entry, now))
			return entry;
		found = entry;
	}
	return found;
}

static void gather_row(struct turn *t, const struct json *entry, unsigned may, bool holds,
		       bool user_verified)
{
	struct facts *f = &t->f;
	bool wanted = false;

	if (!entry) {
		f->key_unknown = true;
		return;
	}
	f->key_early = f->key_early || f->now < row_from(entry);
	f->key_ended = f->key_ended || f->now >= row_until(entry);
	f->key_may_not = f->key_may_not || !(row_may(entry) & may);
	/* A row that does not say is as strict as one that says yes. */
	const struct json *say = json_get(json_get(entry, "row"), "user_verified");
	wanted = !say || say->type != JSON_BOOL || say->b;
	f->key_unverified = f->key_unverified || (holds && wanted && !user_verified);
}

/* Is it good in the namespace that it claims? Whether that is the right one is a fact of its own.
 */
static enum err gather_one(struct turn *t, struct signer *signer, struct span message,
			   const char *name_space, unsigned may, const struct json *rows)
{
	bool unformed = false, broken = false;
	struct signature claims = { .passkey = false };
	char *own_space;

	TRY(fact_of(t, signature_claims(t->c, signer->text, &claims), &unformed));
	t->f.sig_malformed = t->f.sig_malformed || unformed;
	if (unformed)
		return ERR_OK;
	signer->key = claims.key;
	/* What a passkey's signature is for, the document that it is over says itself. */
	t->f.sig_other_namespace = t->f.sig_other_namespace ||
				   (!claims.passkey && !span_is(claims.name_space, name_space));
	TRY(span_cstr(t->c, claims.name_space, &own_space));
	TRY(fact_of(t,
		    signature_verify(t->c, signer->text, claims.passkey ? name_space : own_space,
				     message, &signer->by),
		    &broken));
	t->f.sig_broken = t->f.sig_broken || broken;
	signer->entry = entry_of(rows, signer->key, t->now);
	gather_row(t, signer->entry, may, !broken, signer->by.user_verified);
	return signer->entry && !broken ? counter_gather(t, signer, message) : ERR_OK;
}

static void count_signers(struct turn *t)
{
	for (size_t i = 0; i < t->signer_count; i++) {
		const struct signer *one = &t->signers[i];
		bool key_again = false, person_again = false, native_again = false;

		for (size_t k = 0; k < i; k++) {
			key_again = key_again || person_key_same(one->key, t->signers[k].key);
			bool same = one->entry && t->signers[k].entry &&
				    span_eq(row_text(one->entry, "name"),
					    row_text(t->signers[k].entry, "name"));

			person_again = person_again || same;
			native_again = native_again || (same && t->signers[k].by.native);
		}
		t->f.keys += !key_again;
		t->f.people += one->entry && !person_again;
		t->f.native_people += one->entry && one->by.native && !native_again;
	}
	t->f.signatures = t->signer_count;
}

enum err gather_signatures(struct turn *t, const struct json *list, struct span message,
			   struct span kind, unsigned may, const struct json *rows)
{
	char *name_space;

	TRY(path_fmt(t->c, &name_space, "writ-%.*s@v1", SPAN_ARG(kind)));
	if (json_count(list) > SIGNATURES_MAX) {
		t->malformed = true;
		FAIL(t->c, ERR_FORMAT, "a request has at most %d signatures", SIGNATURES_MAX);
	}
	JSON_EACH(text, list) {
		struct signer *signer = &t->signers[t->signer_count++];

		if (text->type != JSON_TEXT) {
			t->malformed = true;
			FAIL(t->c, ERR_FORMAT, "a signature is a text");
		}
		*signer = (struct signer){ .text = text->s };
		TRY(gather_one(t, signer, message, name_space, may, rows));
	}
	count_signers(t);
	return ERR_OK;
}
