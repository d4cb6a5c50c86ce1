/*
 * A first passkey: made in the browser of who was invited, for this site, with its user verified.
 * It opens nothing until two people have signed its row of the roster.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/passkey.h"
#include "web/desk/invitation.h"
#include "web/desk/step.h"

static enum err find(struct visit *v, struct invitation *out)
{
	struct span id;

	TRY(sha256_hex(v->c, v->r->args[0], &id));
	return invitation_find(v, id, out);
}

static enum err show(struct visit *v, const struct invitation *i)
{
	struct page_enrol page = { .view = v->view, .name = i->name,
				   .invited = true, .until = i->ends_utc, .rp = v->r->origin,
				   .rp_name = v->desk->provider, .code = v->r->args[0],
				   .problem = v->problem, .remedy = v->remedy };
	struct page_code_word *words;
	struct span challenge, user;
	struct sha256 handle;
	struct buf b;

	TRY(visit_need_token(v));
	TRY(rights_say(v->c, i->may, &page.rights));
	if (i->key.n) {
		TRY(step_words(v, i->key, &words, &page.words_n));
		page.words = words;
	} else {
		TRY(visit_challenge(v, "enrol", &challenge));
		TRY(b64url_encode(v->c, challenge, &page.challenge));
		/* The handle tells nobody's name; one person has one. */
		TRY(sha256_of(v->c, i->name, &handle));
		TRY(b64url_encode(v->c, sha256_span(&handle), &user));
		page.user = user;
	}
	page.rp = visit_rp(v);
	page.label.value = typed(v, "label");
	visit_buf(v, &b);
	TRY(page_enrol(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

enum err enrol_page(struct visit *v)
{
	struct invitation i;

	TRY(find(v, &i));
	return show(v, &i);
}

static enum err make(struct visit *v, const struct invitation *i)
{
	struct passkey_registration r;
	struct passkey_made made;
	struct span challenge, line;

	if (!typed(v, "attestation").n) {
		err_next(v->c, "use a browser with script and passkeys");
		FAIL(v->c, ERR_FORMAT, "no passkey was made");
	}
	TRY(b64url_decode(v->c, typed(v, "challenge"), &challenge));
	TRY(b64url_decode(v->c, typed(v, "attestation"), &r.attestation_object));
	TRY(b64url_decode(v->c, typed(v, "client_data"), &r.client_data));
	TRY(visit_challenged(v, "enrol", challenge));
	TRY(passkey_register(v->c, visit_rp(v), v->r->origin, challenge, &r, &made));
	TRY(challenge_use(v->c, v->desk->store, "enrol", challenge));
	if (made.native)
		FAIL(v->c, ERR_VERIFY, "no browser made this passkey");
	if (!made.user_verified) {
		err_next(v->c, "set a PIN, a fingerprint or a face for your key");
		FAIL(v->c, ERR_VERIFY, "the passkey did not verify its user");
	}
	TRY(passkey_line(v->c, &made.key, &line));
	TRY(store_run(v->c, v->desk->store, QUERY_INVITATION_KEY,
		      PARAMS(P_TEXT(i->id), P_TEXT(line)), NULL, NULL));
	return access_note(v->c, v->desk->store, "passkey made", SPAN_NONE, SPAN_NONE, i->name);
}

enum err enrol_take(struct visit *v)
{
	struct invitation i;

	TRY(find(v, &i));
	if (!i.key.n) {
		enum err e = make(v, &i);

		if (e == ERR_OK)
			return answer_see(v->r, v->a, "/enrol/%.*s", SPAN_ARG(v->r->args[0]));
		TRY(step_failed(v, e));
	}
	return show(v, &i);
}
