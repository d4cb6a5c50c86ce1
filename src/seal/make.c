/*
 * Making documents, signatures and acts; see make.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/make.h"

#include <string.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "crypt/sshsig.h"
#include "format/time.h"
#include "seal/state.h"

struct json *document_new(struct turn *t, const char *kind, struct span order)
{
	struct json *j = json_object(t->c);
	struct span made_at = SPAN_NONE;

	if (time_span(t->c, t->now, &made_at) != ERR_OK)
		return NULL;
	json_set_int(t->c, j, "version", 1);
	json_set_str(t->c, j, "kind", kind);
	if (order.n)
		json_set_text(t->c, j, "order", order);
	json_set_text(t->c, j, "made_at", made_at);
	return j;
}

enum err document_text(struct turn *t, const struct json *j, struct span *out)
{
	if (!j)
		return t->c->code != ERR_OK ? t->c->code : ERR_NOMEM;
	return json_write(t->c, j, DOCUMENT_MAX, out);
}

enum err document_seal(struct turn *t, const struct json *j, struct span *text_out,
		       struct span *seal_out)
{
	struct span secret = span_of(t->s->keys.document, sizeof t->s->keys.document);

	TRY(document_text(t, j, text_out));
	return sshsig_sign_ed25519(t->c, secret, "writ-seal@v1", *text_out, seal_out);
}

enum err act_add(struct turn *t, const char *act, struct span order, struct json *body,
		 struct span *text_out)
{
	int64_t seq = json_opt_int(t->core, "seal_seq", 0) + 1;
	struct json *j = document_new(t, "act", order), *waiting = json_object(t->c);
	unsigned char salt[32];
	struct span text, hex;

	if (!order.n)
		json_set(t->c, j, "order", NULL);
	json_set_str(t->c, j, "act", act);
	json_set_str(t->c, j, "actor", "seal");
	json_set_int(t->c, j, "seal_seq", seq);
	json_set(t->c, j, "body", body);
	TRY(document_text(t, j, &text));
	if (t->c->seam->random(salt, sizeof salt) != 0)
		FAIL(t->c, ERR_CRYPTO, "no randomness for the salt of an act");
	TRY(hex_encode(t->c, span_of(salt, sizeof salt), &hex));
	json_set_int(t->c, waiting, "seal_seq", seq);
	json_set_text(t->c, waiting, "act", text);
	json_set_text(t->c, waiting, "salt", hex);
	json_add(t->c, own(t->core, "pending"), waiting);
	json_set_int(t->c, t->core, "seal_seq", seq);
	t->core_dirty = true;
	if (text_out)
		*text_out = text;
	return ERR_OK;
}

/* The list of identities in state.json without this one. */
static void identity_forget(struct turn *t, struct span ticket)
{
	struct json *left = json_list(t->c);

	JSON_EACH(at, json_get(t->core, "identities")) {
		struct json *copy;

		if (span_eq(json_opt_text(at, "ticket", SPAN_NONE), ticket))
			continue;
		if (json_clone(t->c, at, &copy) == ERR_OK)
			json_add(t->c, left, copy);
	}
	json_set(t->c, t->core, "identities", left);
	t->core_dirty = true;
}

enum err ticket_destroy(struct turn *t, struct json *ticket, struct span because)
{
	struct span id = json_opt_text(ticket, "ticket", SPAN_NONE);
	struct json *body = json_object(t->c);
	char *path;

	json_set_text(t->c, body, "ticket", id);
	json_set_text(t->c, body, "because", because);
	TRY(act_add(t, "destroy", t->ref, body, NULL));
	json_set_text(t->c, ticket, "destroyed", because);
	t->order_dirty = true;
	identity_forget(t, id);
	TRY(path_fmt(t->c, &path, "id/%.*s", SPAN_ARG(id)));
	return change_drop(t, path);
}

static const struct json *expired_one(const struct turn *t)
{
	JSON_EACH(at, json_get(t->core, "identities"))
		if (json_opt_int(at, "keep_until", INT64_MAX) <= t->now)
			return at;
	return NULL;
}

enum err purge_expired(struct turn *t)
{
	const struct json *gone;

	while ((gone = expired_one(t)) != NULL) {
		struct span id = json_opt_text(gone, "ticket", SPAN_NONE);
		struct json *ticket = NULL;

		TRY(state_order(t, json_opt_text(gone, "order", SPAN_NONE)));
		for (struct json *at = own(t->order, "tickets")->first; at; at = at->next)
			if (span_eq(json_opt_text(at, "ticket", SPAN_NONE), id))
				ticket = at;
		if (!ticket)
			FAIL(t->c, ERR_FORMAT,
			     "state.json names a key that its order does not know");
		TRY(ticket_destroy(t, ticket, span_str("keep_until")));
		TRY(state_commit(t));
		t->order = NULL;
	}
	return ERR_OK;
}

int64_t policy_number(const struct turn *t, const char *name)
{
	int64_t value;

	/* A damaged value reads as 0, which every check that asks for it takes as the strictest. */
	return span_to_i64(json_opt_text(json_get(t->core, "policy"), name, SPAN_NONE), &value)
		       ? value
		       : 0;
}

enum err policy_hash(struct turn *t, struct span *hex_out)
{
	struct span text;

	TRY(json_write(t->c, json_get(t->core, "policy"), DOCUMENT_MAX, &text));
	return sha256_hex(t->c, text, hex_out);
}
