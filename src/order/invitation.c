/*
 * Invitations in the store; see invitation.h. It signs nothing and asks for no right.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/invitation.h"

#include "crypt/hash.h"

static enum err check(struct ctx *c, const struct invitation *who)
{
	static const char *const rights[] = { "decide", "approve", "roster", "halt", "audit" };
	struct span rest = who->may, word;

	if (!who->name.n || !who->unix_user.n) {
		err_next(c, "both are needed: the name for the roster, the user for the command "
			    "line");
		FAIL(c, ERR_USAGE, "say who is invited, and as which Unix user");
	}
	while (span_next(&rest, ' ', &word)) {
		bool known = false;

		for (size_t i = 0; i < COUNT_OF(rights); i++)
			known |= span_is(word, rights[i]);
		if (!known) {
			err_next(c, "one of: decide, approve, roster, halt, audit");
			FAIL(c, ERR_USAGE, "there is no such right");
		}
	}
	return ERR_OK;
}

enum err invitation_add(struct ctx *c, struct store *store, const struct invitation *who,
			struct span *code_out)
{
	unsigned char bytes[32];
	struct span id;

	TRY(check(c, who));
	if (c->seam->random(bytes, sizeof bytes) != 0)
		FAIL(c, ERR_IO, "the machine gives no randomness");
	TRY(b64url_encode(c, span_of(bytes, sizeof bytes), code_out));
	TRY(sha256_hex(c, *code_out, &id));
	return store_run(c, store, QUERY_INVITATION_ADD,
			 PARAMS(P_TEXT(id), P_TEXT(who->name), P_TEXT(who->unix_user),
				P_TEXT(who->may), P_TEXT(who->invited_by), P_NULL,
				P_INT(c->seam->now_ms() / 1000 + INVITATION_S)),
			 NULL, NULL);
}

enum err invitation_of_row(struct ctx *c, const struct store_value *v, struct invitation *out)
{
	struct span *const texts[] = { &out->id,  &out->name,     &out->unix_user, &out->may,
				       &out->invited_by, NULL, &out->key, &out->document,
				       &out->signature, &out->signed_by };

	out->ends_utc = v[5].i;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (!texts[i])
			continue;
		*texts[i] = SPAN_NONE;
		if (v[i].kind == STORE_TEXT)
			TRY(span_copy(c, v[i].s, texts[i]));
	}
	return ERR_OK;
}
