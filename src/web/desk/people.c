/*
 * People: who works here, where one is signed in, and invitations: one with 'roster' invites, the
 * invited makes a passkey, two with 'roster' sign its row, and the seal decides.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "order/home.h"
#include "web/desk/step.h"

#include "web/desk/invitation.h"

#define ROWS_MAX 64u

enum err invitation_find(struct visit *v, struct span id, struct invitation *out)
{
	struct store_value row[10];
	bool found;

	TRY(store_one(v->c, v->desk->store, QUERY_INVITATION_GET, PARAMS(P_TEXT(id)), row,
		      COUNT_OF(row), &found));
	if (found)
		TRY(invitation_of_row(v->c, row, out));
	if (found && v->r->now_ms / 1000 < out->ends_utc)
		return ERR_OK;
	err_next(v->c, "have somebody with the right roster invite you again; an invitation is "
		    "good for one day");
	FAIL(v->c, ERR_NOT_FOUND, "this invitation is over, or was never made");
}

/* ---- the page ---- */

static enum err people(struct visit *v, struct page_people *page)
{
	const struct team *team = v->desk->team;
	struct page_person_row *list;

	TRY(NEW_ARRAY(v->c, list, team->count + 1));
	page->people = list;
	for (size_t i = 0; i < team->count; i++) {
		list[i].name = team->person[i].name;
		TRY(roles_say(v->c, &team->person[i], &list[i].rights));
		page->people_n++;
	}
	return ERR_OK;
}

struct rows {
	struct visit *v;
	struct page_people *page;
	struct page_sitting_row *sittings;
	struct page_invitation_row *invitations;
};

static enum err take_sitting(struct ctx *c, void *of, const struct sitting *s)
{
	struct rows *r = of;
	struct page_sitting_row *row;

	if (r->page->sittings_n == ROWS_MAX)
		return ERR_OK;
	row = &r->sittings[r->page->sittings_n++];
	row->since = s->created_utc;
	row->seen = s->seen_utc;
	return span_copy(c, s->agent, &row->browser);
}

static enum err take_invitation(struct ctx *c, void *of, const struct store_row *stored)
{
	struct rows *r = of;
	const struct page_base *w = r->v->base;
	struct page_invitation_row *row;
	struct invitation i;

	if (r->page->invitations_n == ROWS_MAX)
		return ERR_OK;
	TRY(invitation_of_row(c, stored->v, &i));
	row = &r->invitations[r->page->invitations_n++];
	*row = (struct page_invitation_row){
		.id = i.id, .name = i.name, .until = i.ends_utc,
		.ready = i.key.n > 0,
		.state = !i.key.n         ? word_people_waits_key(w)
			 : !i.signature.n ? word_people_waits_two(w)
					  : word_people_waits_one(w),
	};
	return rights_say(c, i.may, &row->rights);
}

enum err people_page(struct visit *v)
{
	struct page_people page = { .view = v->view };
	struct rows r = { v, &page, NULL, NULL };
	struct buf b;

	TRY(people(v, &page));
	TRY(NEW_ARRAY(v->c, r.sittings, ROWS_MAX));
	TRY(NEW_ARRAY(v->c, r.invitations, ROWS_MAX));
	page.sittings = r.sittings;
	page.invitations = r.invitations;
	TRY(sitting_each(v->c, v->desk->store, v->who->name, take_sitting, &r));
	page.may_invite = permit_has(PERMIT_PEOPLE_CHANGE, v->roles);
	if (page.may_invite)
		TRY(store_run(v->c, v->desk->store, QUERY_INVITATION_ALL,
			      PARAMS(P_INT(v->r->now_ms / 1000)), take_invitation, &r));
	visit_buf(v, &b);
	TRY(page_people(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

enum err sittings_end(struct visit *v)
{
	int64_t count;

	TRY(sitting_end_all(v->c, v->desk->store, v->who->name, &count));
	TRY(access_note(v->c, v->desk->store, "signed out everywhere", v->who->name, SPAN_NONE,
			v->sitting.agent));
	TRY(answer_cookie(v->r, v->a, "writ", SPAN_NONE, -1));
	return answer_see(v->r, v->a, "/");
}

/* ---- inviting ---- */

static const char *const rights[] = { "decide", "approve", "roster", "halt", "audit" };

static enum err rights_typed(struct visit *v, struct span *out)
{
	struct span value;
	size_t at = 0;
	struct buf b;

	buf_begin(&b, v->c, 4096);
	while (web_next(v->typed, "may", &at, &value))
		buf_fmt(&b, "%s%.*s", b.n ? " " : "", SPAN_ARG(value));
	return buf_done(v->c, &b, out);
}

static enum err invite(struct visit *v, struct span *link_out)
{
	struct invitation who = { .name = span_trim(typed(v, "name")),
				  .unix_user = span_trim(typed(v, "user")),
				  .invited_by = v->who->name };
	struct span code;

	TRY(rights_typed(v, &who.may));
	TRY(invitation_add(v->c, v->desk->store, &who, &code));
	TRY(access_note(v->c, v->desk->store, "invited", v->who->name, SPAN_NONE, who.name));
	return span_fmt(v->c, link_out, "%.*s/enrol/%.*s", SPAN_ARG(v->r->origin), SPAN_ARG(code));
}

enum err invite_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct span link = SPAN_NONE;
	struct step s;

	if (is_post(v))
		TRY(step_failed(v, invite(v, &link)));
	step_begin(v, &s, word_people_invite(w), link.n ? word_invite_link(w) : word_invite_says(w),
		   word_invite_do(w));
	s.page.preview = link;
	s.page.preview_title = word_invite_link_title(w);
	step_input(&s, "name", word_invite_name(w), SPAN_NONE);
	step_input(&s, "user", word_invite_user(w), word_invite_user_hint(w));
	step_checks(&s, "may", word_invite_may(w), SPAN_NONE);
	for (size_t i = 0; i < COUNT_OF(rights); i++)
		step_choice(&s, span_str(rights[i]), span_str(rights[i]), SPAN_NONE, false);
	return step_show(&s);
}

/* ---- two sign ---- */

static struct json *row_of(struct visit *v, const struct invitation *i, struct span from)
{
	struct json *row = json_object(v->c), *may = json_list(v->c);
	struct span rest = i->may, word;

	while (span_next(&rest, ' ', &word))
		json_add(v->c, may, json_text(v->c, word));
	json_set_str(v->c, row, "row", "person");
	json_set_text(v->c, row, "name", i->name);
	json_set_text(v->c, row, "unix_user", i->unix_user);
	json_set_text(v->c, row, "key", i->key);
	json_set(v->c, row, "may", may);
	json_set_bool(v->c, row, "user_verified", true);
	json_set_text(v->c, row, "from", from);
	json_set(v->c, row, "until", NULL);
	return row;
}

static enum err document_of(struct visit *v, const struct invitation *i, struct span *out)
{
	struct span now;

	TRY(time_span(v->c, v->r->now_ms / 1000, &now));
	return roster_document(v->c, &v->s, "begin", row_of(v, i, now), out);
}

/* Whoever signs first hands the document in, and the second compares six words of the invited
 * person's key: so it is that person's row and no other, from a moment within the invitation's
 * day. And it is for the roster as it is now: one that was changed since is signed anew. */
static enum err document_check(struct visit *v, const struct invitation *i, struct span document)
{
	const struct json *said;
	struct span from;
	struct json *d;
	int64_t at, now = v->r->now_ms / 1000;

	TRY(json_parse_canonical(v->c, document, &d));
	said = json_get(d, "row");
	from = json_opt_text(said, "from", SPAN_NONE);
	if (!json_equal(said, row_of(v, i, from)) ||
	    !span_is(json_opt_text(d, "action", SPAN_NONE), "begin") ||
	    !time_parse_utc(from, &at) || at > now || at < i->ends_utc - INVITATION_S) {
		err_next(v->c, "load the page again and sign what it shows");
		FAIL(v->c, ERR_VERIFY, "what was signed is not the row of this invitation");
	}
	if (json_opt_int(d, "roster_version", -1) !=
	    json_opt_int(v->desk->seal_state, "roster_version", -2)) {
		err_next(v->c, "load the page again: both sign the new document");
		FAIL(v->c, ERR_STATE, "the roster was changed since this document was made");
	}
	return ERR_OK;
}

static bool is_present(struct visit *v, const struct invitation *i)
{
	bool good = i->document.n && document_check(v, i, i->document) == ERR_OK;

	err_clear(v->c);
	return good;
}

static enum err admit_sign(struct visit *v, struct invitation *i)
{
	struct json *signatures = json_list(v->c);
	struct span document = typed(v, "document"), signature, name;

	TRY(document_check(v, i, document));
	TRY(sign_take(v, "roster", document, &signature));
	TRY(roster_signer(v->c, &v->s, "roster", "roster", document, signature, &name));
	if (!is_present(v, i) || !span_eq(document, i->document))
		return store_run(v->c, v->desk->store, QUERY_INVITATION_SIGN,
				 PARAMS(P_TEXT(i->id), P_TEXT(document), P_TEXT(signature),
					P_TEXT(name)),
				 NULL, NULL);
	if (span_eq(name, i->signed_by)) {
		err_next(v->c, "ask another person with the right roster to open this page");
		FAIL(v->c, ERR_DENIED,
		     "you have signed: another person with 'roster' signs it too");
	}
	json_add(v->c, signatures, json_text(v->c, i->signature));
	json_add(v->c, signatures, json_text(v->c, signature));
	TRY(roster_take(v->c, &v->s, document, signatures));
	TRY(step_done(v));
	v->desk->told_ms = 0;   /* the roster is another one */
	return store_run(v->c, v->desk->store, QUERY_INVITATION_REMOVE,
			 PARAMS(P_TEXT(i->id), P_INT(v->r->now_ms / 1000)), NULL, NULL);
}

enum err admit_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct page_code_word *words;
	struct span document, title;
	struct invitation i;
	struct step s;
	size_t n;

	TRY(invitation_find(v, v->r->args[0], &i));
	if (!i.key.n) {
		err_next(v->c, "wait until the person has opened the invitation; its words are "
			    "shown then");
		FAIL(v->c, ERR_STATE, "the passkey has not been made yet");
	}
	if (is_post(v)) {
		enum err e = admit_sign(v, &i);

		if (e == ERR_OK)
			return answer_see(v->r, v->a, "/people");
		TRY(step_failed(v, e));
	}
	document = i.document;
	if (!is_present(v, &i))
		TRY(document_of(v, &i, &document));
	TRY(word_admit_title(v->c, w, i.name, &title));
	step_begin(v, &s, title, word_admit_says(w), word_admit_sign(w));
	TRY(step_words(v, i.key, &words, &n));
	s.page.words = words;
	s.page.words_n = n;
	s.page.preview_title = word_admit_row(w);
	s.page.preview = document;
	TRY(sign_ask(&s, "roster", document));
	return step_show(&s);
}
