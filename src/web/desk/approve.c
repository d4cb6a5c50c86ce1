/*
 * Approval: exactly what will leave, from the statement that the seal made and from nothing else;
 * its code of words, who has approved, and the signature over its bytes. Whether it counts the seal
 * says at the release.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/5_approve/approve.h"

#include "crypt/signature.h"
#include "format/time.h"
#include "web/desk/order_page.h"
#include "web/desk/step.h"

#define FACTS_MAX 8u

struct statement {
	struct visit *v;
	struct span text;
	const struct json *doc;
	struct page_approve page;
};

static enum err words_of(struct statement *st)
{
	struct page_code_word *words;

	TRY(step_words(st->v, st->text, &words, &st->page.words_n));
	st->page.words = words;
	return ERR_OK;
}

static enum err what_leaves(struct statement *st)
{
	const struct json *to = json_get(st->doc, "recipients");
	const struct page_base *w = st->v->base;
	struct buf lines, keys;

	st->page.items = json_opt_int(st->doc, "items", -1);
	st->page.size = json_opt_int(st->doc, "bytes", -1);
	buf_begin(&lines, st->v->c, (size_t)1 << 20);
	JSON_EACH(line, json_get(st->doc, "lines"))
		buf_fmt(&lines, "%s%.*s: %lld, %.*s", lines.n ? "; " : "",
			SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)),
			(long long)json_opt_int(line, "items", -1),
			SPAN_ARG(json_opt_text(line, "account", SPAN("-"))));
	TRY(buf_done(st->v->c, &lines, &st->page.lines));
	buf_begin(&keys, st->v->c, (size_t)1 << 20);
	JSON_EACH(key, to)
		buf_fmt(&keys, "%s%.*s (%.*s)", keys.n ? ", " : "",
			SPAN_ARG(json_opt_text(key, "label", SPAN_NONE)),
			SPAN_ARG(json_opt_text(key, "agency", SPAN_NONE)));
	TRY(buf_done(st->v->c, &keys, &st->page.key));
	if (to && to->first)
		TRY(word_approve_registered(st->v->c, w,
					    json_opt_text(to->first, "registered_on", SPAN_NONE),
					    &st->page.key_since));
	if (json_opt_text(st->doc, "gag_until", SPAN_NONE).n)
		return word_approve_secret(st->v->c, w,
					   json_opt_text(st->doc, "gag_until", SPAN_NONE),
					   &st->page.secrecy);
	return ERR_OK;
}

static enum err facts_of(struct statement *st)
{
	const struct page_base *w = st->v->base;
	const struct {
		struct span label;
		const char *member;
	} rows[] = {
		{ word_approve_notice(w), "notice" },
		{ word_approve_expires(w), "expires_at" },
		{ word_approve_scope(w), "scope_sha256" },
		{ word_approve_manifest(w), "manifest_sha256" },
		{ word_approve_return(w), "return_sha256" },
	};
	struct page_approve_fact *list;

	TRY(NEW_ARRAY(st->v->c, list, FACTS_MAX));
	st->page.facts = list;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		list[st->page.facts_n++] = (struct page_approve_fact){
			rows[i].label, json_opt_text(st->doc, rows[i].member, SPAN_NONE)
		};
	return ERR_OK;
}

/* When somebody of that name approved: of the acts, the last. */
static int64_t approved_at(const struct order *o, struct span name)
{
	int64_t at = 0;

	JSON_EACH(act, o->acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_APPROVED)) &&
		    span_eq(json_opt_text(json_get(act, "body"), "name", SPAN_NONE), name))
			(void)time_parse(json_opt_text(act, "made_at", SPAN_NONE), &at);
	return at;
}

/* With what a person signed, as the signature says that holds over this statement. */
static struct span signed_with(struct statement *st, struct span signature)
{
	struct span text = json_opt_text(st->v->order.stated, "statement", SPAN_NONE);
	const struct page_base *w = st->v->base;
	struct signature sig;

	if (signature_verify(st->v->c, signature, "writ-approval@v1", text, &sig) != ERR_OK) {
		err_clear(st->v->c);
		return word_unknown(w);
	}
	if (sig.passkey)
		return sig.native ? word_approve_by_native(w) : word_approve_by_passkey(w);
	return span_starts(sig.key, "sk-") ? word_approve_by_ssh_key(w) : word_approve_by_ssh(w);
}

static enum err approvers_of(struct statement *st)
{
	const struct order *o = &st->v->order;
	int64_t needed = json_opt_int(o->stated, "approvals_needed", 2);
	struct page_approver *list;

	if (needed < (int64_t)o->approvals || needed > APPROVALS_MAX)
		needed = APPROVALS_MAX;
	TRY(NEW_ARRAY(st->v->c, list, (size_t)needed + 1));
	st->page.approvers = list;
	for (int64_t i = 0; i < needed; i++) {
		struct page_approver *a = &list[st->page.approvers_n++];

		TRY(span_fmt(st->v->c, &a->which, "%lld", (long long)i + 1));
		if ((size_t)i >= o->approvals)
			continue;
		a->person = json_opt_text(o->approved[i], "name", SPAN_NONE);
		a->done = true;
		a->at = approved_at(o, a->person);
		a->with = signed_with(st, json_opt_text(o->approved[i], "signature", SPAN_NONE));
	}
	return ERR_OK;
}

/* Why this person cannot approve it; empty where it can. The seal says it again. */
static struct span why_not(const struct visit *v)
{
	for (size_t i = 0; i < v->order.approvals; i++)
		if (span_eq(json_opt_text(v->order.approved[i], "name", SPAN_NONE), v->who->name))
			return word_approve_done(v->base);
	if (!v->desk->team->decider_may_approve &&
	    (span_eq(json_opt_text(v->order.decided, "name", SPAN_NONE), v->who->name) ||
	     json_has_text(json_get(v->order.decided, "names"), v->who->name)))
		return word_approve_decided(v->base);
	return SPAN_NONE;
}

static enum err sign_of(struct statement *st)
{
	struct signing how;

	st->page.why_not = why_not(st->v);
	if (st->page.why_not.n)
		return ERR_OK;
	if (sign_prepare(st->v, "approval", st->text, &how) != ERR_OK) {
		TRY(span_copy(st->v->c, span_str(st->v->c->why), &st->page.why_not));
		err_clear(st->v->c);
		return ERR_OK;
	}
	st->page.may_sign = true;
	st->page.may_refuse = permit_has(PERMIT_DECIDE, st->v->roles);
	st->page.demo_signs = how.demo;
	st->page.sign = (struct page_to_sign){ how.challenge, how.rp, how.allow, st->text };
	return ERR_OK;
}

/* Who does not want this to leave does not sign, and turns to somebody who can change it. */
static enum err deciders(struct statement *st)
{
	const struct team *team = st->v->desk->team;
	struct buf b;

	buf_begin(&b, st->v->c, (size_t)64 << 10);
	for (size_t i = 0; i < team->count; i++)
		if (team->person[i].decide)
			buf_fmt(&b, "%s%.*s", b.n ? ", " : "", SPAN_ARG(team->person[i].name));
	return buf_done(st->v->c, &b, &st->page.deciders);
}

static enum err show(struct visit *v)
{
	struct statement st = { .v = v, .page = { .view = v->view, .problem = v->problem,
						     .remedy = v->remedy } };
	struct json *doc;
	struct buf b;

	TRY(json_need_text(v->c, v->order.stated, "statement", &st.text));
	TRY(json_parse_canonical(v->c, st.text, &doc));
	st.doc = doc;
	TRY(order_head(v, &st.page.order, NULL));
	TRY(words_of(&st));
	TRY(what_leaves(&st));
	TRY(facts_of(&st));
	TRY(approvers_of(&st));
	TRY(sign_of(&st));
	TRY(deciders(&st));
	TRY(order_changed(v, &st.page.changed));
	TRY(span_fmt(v->c, &st.page.command, "writ approve %.*s --key SSHKEY",
		     SPAN_ARG(v->order.ref)));
	visit_buf(v, &b);
	TRY(page_approve(v->c, &st.page, &b));
	return answer_page(v->r, v->a, &b);
}

/* A statement that is over would be refused: another one is made when it is asked for. */
static bool is_live(const struct visit *v)
{
	struct span text = json_opt_text(v->order.stated, "statement", SPAN_NONE);
	struct json *doc;
	int64_t until;

	return text.n && json_parse_canonical(v->c, text, &doc) == ERR_OK &&
	       time_parse(json_opt_text(doc, "expires_at", SPAN_NONE), &until) &&
	       v->r->now_ms / 1000 < until;
}

static enum err make(struct visit *v)
{
	struct span statement, seal;

	TRY(step_check(v));
	TRY(statement_current(v->c, &v->s, &v->order, &statement, &seal));
	TRY(step_done(v));
	return answer_see(v->r, v->a, "/order/%.*s/approve", SPAN_ARG(v->order.ref));
}

static enum err take(struct visit *v)
{
	struct span signature, name;

	TRY(sign_take(v, "approval", typed(v, "statement"), &signature));
	TRY(approval_take(v->c, &v->s, &v->order, typed(v, "statement"), signature, &name));
	return step_to_order(v);
}

/* Shown before there is a statement, or after one that is over. */
static enum err show_first(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	step_begin(v, &s, word_approve(w), word_approve_first(w), word_approve_show(w));
	TRY(span_fmt(v->c, &s.page.path, "/order/%.*s/approve", SPAN_ARG(v->order.ref)));
	return step_show(&s);
}

enum err approve_next(struct visit *v)
{
	struct span statement, seal;
	bool approves = permit_has(PERMIT_APPROVE, v->roles);
	enum err e;

	if (v->order.state != ORDER_COLLECTED)
		return step_to_order(v);
	e = statement_current(v->c, &v->s, &v->order, &statement, &seal);
	if (e != ERR_OK)
		TRY(step_failed(v, e));
	if (!approves)
		return step_to_order(v);
	if (e != ERR_OK) {
		TRY(step_done(v));
		return show_first(v);
	}
	TRY(step_done(v));
	return answer_see(v->r, v->a, "/order/%.*s/approve", SPAN_ARG(v->order.ref));
}

enum err approve_step(struct visit *v)
{
	if (is_post(v)) {
		enum err e = typed(v, "statement").n ? take(v) : make(v);

		if (e == ERR_OK)
			return ERR_OK;
		TRY(step_failed(v, e));
	}
	if (is_live(v))
		return show(v);
	err_clear(v->c);
	return show_first(v);
}
