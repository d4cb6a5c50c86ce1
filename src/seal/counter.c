/*
 * Signature counters of passkeys (WebAuthn section 7.2 step 22): the highest of each stands in
 * state.json with the time at which it counted, every pair of key and counter in find/. A copied
 * passkey shows by a counter that comes twice or does not grow. Signatures need not arrive in the
 * order in which they were made, so a lower counter is taken, once, for a document that was there
 * before the highest counted. The same assertion again is no copy: a ticket that replaces another
 * rests on the same signed scope.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "crypt/passkey.h"
#include "format/time.h"
#include "seal/signed.h"
#include "seal/state.h"

/* What is known of the counter that an assertion bears. */
struct counted {
	struct span key;                /* SHA-256 of the public key: entered anew, it counts on */
	char *path;                     /* of the pair, below DIR */
	struct span assertion;          /* in hex */
	bool there, same;               /* the pair has counted; for this very assertion */
	struct json *record;            /* of the key, or NULL */
};

static enum err look(struct turn *t, const struct signer *signer, struct counted *out)
{
	struct span before;
	struct passkey key;
	char *whole;

	*out = (struct counted){ 0 };
	TRY(passkey_parse(t->c, signer->key, &key));
	TRY(sha256_hex(t->c, key.public_key, &out->key));
	TRY(hex_encode(t->c, sha256_span(&signer->by.assertion), &out->assertion));
	TRY(path_fmt(t->c, &out->path, "find/p%.*s-%u", SPAN_ARG(out->key),
		     (unsigned)signer->by.counter));
	TRY(path_fmt(t->c, &whole, "%s/%s", t->s->dir, out->path));
	out->there = signer->by.counter > 0 && file_exists(whole);
	if (out->there) {
		TRY(file_read(t->c, whole, 128, &before));
		out->same = span_eq(before, out->assertion);
	}
	for (struct json *at = own(t->core, "counters")->first; at; at = at->next)
		if (span_eq(json_opt_text(at, "key", SPAN_NONE), out->key))
			out->record = at;
	return ERR_OK;
}

/* A document that does not say when it was made counts as made just now. */
static int64_t made_at(struct turn *t, struct span document)
{
	int64_t utc = INT64_MAX;
	struct json *j;

	if (json_parse(t->c, document, &j) != ERR_OK)
		err_clear(t->c);
	else if (!time_parse_utc(json_opt_text(j, "made_at", SPAN_NONE), &utc))
		utc = INT64_MAX;
	return utc;
}

enum err counter_gather(struct turn *t, const struct signer *signer, struct span document)
{
	struct counted counted;
	int64_t highest, since;

	/* Without a core it is the founding, where no passkey signs. */
	if (!signer->by.passkey || !t->core)
		return ERR_OK;
	TRY(look(t, signer, &counted));
	highest = json_opt_int(counted.record, "counter", 0);
	since = json_opt_int(counted.record, "at", 0);
	/* Zero and zero: an authenticator that does not count. */
	if (counted.same || (!highest && !signer->by.counter))
		return ERR_OK;
	if (counted.there || !signer->by.counter ||
	    (signer->by.counter <= highest && made_at(t, document) >= since))
		t->f.counter_behind = true;
	return ERR_OK;
}

static enum err keep_one(struct turn *t, const struct signer *signer)
{
	struct counted counted;

	TRY(look(t, signer, &counted));
	if (counted.there || !signer->by.counter)
		return ERR_OK;
	TRY(change_put(t, counted.path, counted.assertion));
	if (signer->by.counter <= json_opt_int(counted.record, "counter", 0))
		return ERR_OK;
	if (!counted.record) {
		counted.record = json_object(t->c);
		json_set_text(t->c, counted.record, "key", counted.key);
		json_add(t->c, own(t->core, "counters"), counted.record);
	}
	json_set_int(t->c, counted.record, "counter", signer->by.counter);
	json_set_int(t->c, counted.record, "at", t->now);
	t->core_dirty = true;
	return ERR_OK;
}

enum err counters_keep(struct turn *t)
{
	for (size_t i = 0; i < t->signer_count; i++)
		if (t->signers[i].by.passkey)
			TRY(keep_one(t, &t->signers[i]));
	return ERR_OK;
}
