/*
 * Signing in and out: a passkey of the roster with its user verified, by a challenge that counts
 * once, soon, and in this browser alone. There are no passwords. An invented home also takes one
 * click; no other home knows that door.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/passkey.h"
#include "web/desk/desk.h"
#include "web/pages.h"

static enum err demo_people(struct visit *v, struct page_sign_in *page)
{
	const struct team *team = v->desk->team;
	struct page_demo_person *people;

	if (!v->desk->demo_keys.n)
		return ERR_OK;
	TRY(NEW_ARRAY(v->c, people, team->count + 1));
	for (size_t i = 0; i < team->count; i++) {
		people[i].name = team->person[i].name;
		TRY(roles_say(v->c, &team->person[i], &people[i].rights));
	}
	page->people = people;
	page->people_n = team->count;
	return ERR_OK;
}

static enum err show(struct visit *v)
{
	struct page_sign_in page = { .rp = visit_rp(v), .problem = v->problem, .remedy = v->remedy,
				     .signed_in = v->who != NULL };
	struct span challenge;
	struct buf b;

	TRY(visit_need_token(v));
	TRY(visit_challenge(v, "sign-in", &challenge));
	TRY(b64url_encode(v->c, challenge, &page.challenge));
	page.to = web_value(v->r->method == WEB_GET ? v->r->query : v->r->form, "to");
	TRY(demo_people(v, &page));
	page.view = v->view;
	visit_buf(v, &b);
	TRY(page_sign_in(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

enum err sign_in_page(struct visit *v)
{
	return show(v);
}

/* The live row whose key is that passkey; ERR_DENIED where nobody's is. */
static enum err find_key(struct visit *v, struct span credential, const struct json **row_out,
			 struct passkey *key_out)
{
	const struct json *roster = json_get(v->desk->seal_state, "roster");

	JSON_EACH(row, roster) {
		struct span line = json_opt_text(row, "key", SPAN_NONE);

		if (!roster_row_is(row, "person", v->r->now_ms / 1000) || !passkey_is_line(line))
			continue;
		TRY(passkey_parse(v->c, line, key_out));
		if (!span_eq(key_out->credential, credential))
			continue;
		*row_out = row;
		return ERR_OK;
	}
	err_next(v->c, "ask two people with 'roster' to invite you, or to look whether your key "
		       "has ended");
	FAIL(v->c, ERR_DENIED, "this passkey is nobody's here");
}

static enum err field(struct visit *v, const char *name, struct span *out)
{
	struct span text = typed(v, name);

	if (!text.n) {
		err_next(v->c, "signing in needs a browser with script and passkeys; without it "
			       "people work by the command line");
		FAIL(v->c, ERR_FORMAT, "no passkey has answered");
	}
	return b64url_decode(v->c, text, out);
}

/* Who has signed the challenge of this form: its roster row. *proved_out: somebody's key has, even
 * where it is refused for something else. */
static enum err check_assertion(struct visit *v, const struct json **row_out, bool *proved_out)
{
	struct passkey_assertion assertion;
	struct span credential, challenge;
	struct passkey_used used;
	struct passkey key;

	*proved_out = false;
	TRY(field(v, "credential", &credential));
	TRY(field(v, "challenge", &challenge));
	TRY(field(v, "authenticator_data", &assertion.authenticator_data));
	TRY(field(v, "client_data", &assertion.client_data));
	TRY(field(v, "signature", &assertion.signature));
	TRY(visit_challenged(v, "sign-in", challenge));
	TRY(find_key(v, credential, row_out, &key));
	if (!span_eq(key.origin, v->r->origin)) {
		err_next(v->c, "open the desk at that address");
		FAIL(v->c, ERR_VERIFY, "this passkey is for %.*s", SPAN_ARG(key.origin));
	}
	TRY(passkey_verify(v->c, &key, challenge, &assertion, &used));
	*proved_out = true;
	TRY(challenge_use(v->c, v->desk->store, "sign-in", challenge));
	if (used.native)
		FAIL(v->c, ERR_VERIFY, "people sign in with a browser, and none signed this");
	if (!used.user_verified) {
		err_next(v->c, "answer with the PIN, fingerprint or face of your key");
		FAIL(v->c, ERR_VERIFY, "the passkey did not verify its user");
	}
	return counter_check(v->c, v->desk->store, json_opt_text(*row_out, "key", SPAN_NONE),
			     used.counter);
}

/* A fresh token in any case: what stood in the cookie before opens nothing (no fixation). */
static enum err begin(struct visit *v, const struct json *row)
{
	struct span name = json_opt_text(row, "name", SPAN_NONE), token;
	const char *agent = agent_family(web_header(v->r, "User-Agent"));
	struct span to = typed(v, "to");

	TRY(sitting_begin(v->c, v->desk->store, name, json_opt_text(row, "key", SPAN_NONE), agent,
			  &token));
	TRY(access_note(v->c, v->desk->store, "signed in", name, SPAN_NONE, span_str(agent)));
	TRY(answer_cookie(v->r, v->a, "writ", token, SITTING_MAX_S));
	if (span_starts(to, "/") && answer_see(v->r, v->a, "%.*s", SPAN_ARG(to)) == ERR_OK)
		return ERR_OK;
	err_clear(v->c);
	return answer_see(v->r, v->a, roster_may(row, "audit") ? "/audit" : "/desk");
}

/* The page once more with why not; the access report tells it, without a name that nobody proved.
 */
static enum err refuse(struct visit *v, enum err e, bool proved)
{
	struct span why = span_str(v->c->why);

	if (err_http_status(e) >= 500)
		return e;
	TRY(span_copy(v->c, why, &why));
	TRY(span_copy(v->c, visit_next(v, e), &v->remedy));
	v->a->status = (unsigned)err_http_status(e);
	err_clear(v->c);
	TRY(proved ? access_note(v->c, v->desk->store, "refused", SPAN_NONE, SPAN_NONE, why)
		   : access_refused(v->c, v->desk->store, &v->desk->refused, why));
	v->problem = why;
	return show(v);
}

enum err sign_in_take(struct visit *v)
{
	const struct json *row = NULL;
	bool proved;
	enum err e = check_assertion(v, &row, &proved);

	if (e == ERR_OK)
		return begin(v, row);
	return refuse(v, e, proved);
}

enum err sign_in_demo(struct visit *v)
{
	const struct json *roster = json_get(v->desk->seal_state, "roster");

	if (!v->desk->demo_keys.n) {
		err_next(v->c, "sign in with a passkey");
		FAIL(v->c, ERR_NOT_FOUND, "there is no such page");
	}
	JSON_EACH(row, roster)
		if (roster_row_is(row, "person", v->r->now_ms / 1000) && typed(v, "name").n &&
		    span_eq(json_opt_text(row, "name", SPAN_NONE), typed(v, "name")))
			return begin(v, row);
	err_next(v->c, "choose one of the names of the page");
	FAIL(v->c, ERR_NOT_FOUND, "nobody of that name works here");
}

enum err sign_out(struct visit *v)
{
	TRY(sitting_end(v->c, v->desk->store, v->sitting.id));
	TRY(access_note(v->c, v->desk->store, "signed out", v->who->name, SPAN_NONE,
			v->sitting.agent));
	TRY(answer_cookie(v->r, v->a, "writ", SPAN_NONE, -1));
	return answer_see(v->r, v->a, "/");
}
