/*
 * The kill switch: one person with 'halt' stops every release by a signature, two end that. The
 * seal keeps it; here is nothing but the page, and the first of the two signatures until the
 * second one comes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/8_notify/notify.h"
#include "web/desk/step.h"

#define JOINT_S 86400

struct joint {
	bool there;
	struct span document, signature, signed_by;
};

/* The first signature under a resume, where it is for the halt that is on now. */
static enum err find_joint(struct visit *v, struct joint *out)
{
	struct store_value row[3];
	struct json *d;

	*out = (struct joint){ .there = false };
	TRY(store_one(v->c, v->desk->store, QUERY_JOINT_GET,
		      PARAMS(P_STR("resume"), P_INT(v->r->now_ms / 1000)), row, 3, &out->there));
	if (!out->there)
		return ERR_OK;
	*out = (struct joint){ true, row[0].s, row[1].s, row[2].s };
	TRY(json_parse_canonical(v->c, out->document, &d));
	out->there = json_opt_int(d, "halt_epoch", -1) ==
		     json_opt_int(v->desk->seal_state, "halt_epoch", -2);
	return ERR_OK;
}

static enum err tell_seal(struct visit *v, const char *kind, struct span first, struct span second)
{
	struct json *signatures = json_list(v->c);

	json_add(v->c, signatures, json_text(v->c, first));
	if (second.n)
		json_add(v->c, signatures, json_text(v->c, second));
	TRY(home_halt(v->c, &v->s, kind, typed(v, "document"), signatures));
	v->desk->told_ms = 0;   /* the seal says something else now */
	TRY(store_run(v->c, v->desk->store, QUERY_JOINT_REMOVE, PARAMS(P_STR("resume")), NULL,
		      NULL));
	return step_done(v);
}

static enum err take(struct visit *v, const char *kind, const struct joint *first)
{
	struct span document = typed(v, "document"), signature, name;

	TRY(sign_take(v, kind, document, &signature));
	if (span_is(span_str(kind), "halt"))
		return tell_seal(v, kind, signature, SPAN_NONE);
	TRY(roster_signer(v->c, &v->s, kind, "halt", document, signature, &name));
	if (!first->there || !span_eq(document, first->document))
		return store_run(v->c, v->desk->store, QUERY_JOINT_PUT,
				 PARAMS(P_STR("resume"), P_TEXT(document), P_TEXT(signature),
					P_TEXT(name), P_INT(v->r->now_ms / 1000 + JOINT_S)),
				 NULL, NULL);
	if (span_eq(name, first->signed_by)) {
		err_next(v->c, "ask another person with 'halt' to open this page");
		FAIL(v->c, ERR_DENIED, "you have signed it: another person signs it, too");
	}
	return tell_seal(v, kind, first->signature, signature);
}

static enum err show_signing(struct visit *v, const char *kind, struct span document,
			     struct span because)
{
	const struct page_base *w = v->base;
	bool halts = span_is(span_str(kind), "halt");
	struct step s;

	step_begin(v, &s, halts ? word_halt(w) : word_resume(w), word_halt_check(w),
		   halts ? word_halt_sign(w) : word_resume_sign(w));
	s.page.preview_title = word_end_because(w);
	s.page.preview = because;
	TRY(sign_ask(&s, kind, document));
	return step_show(&s);
}

static enum err begin(struct visit *v, const char *kind)
{
	struct span document;

	if (!span_trim(typed(v, "because")).n) {
		err_next(v->c, "one sentence is enough; it is kept with the signature");
		FAIL(v->c, ERR_USAGE, "say why");
	}
	TRY(end_document(v->c, &v->s, kind, NULL, typed(v, "because"), &document));
	return show_signing(v, kind, document, typed(v, "because"));
}

static enum err show(struct visit *v, const char *kind, const struct joint *first)
{
	const struct page_base *w = v->base;
	bool halts = span_is(span_str(kind), "halt");
	struct json *d;
	struct span lead;
	struct step s;

	if (first->there && !span_eq(first->signed_by, v->who->name)) {
		TRY(json_parse_canonical(v->c, first->document, &d));
		return show_signing(v, kind, first->document,
				    json_opt_text(d, "because", SPAN_NONE));
	}
	lead = halts ? word_halt_says(w) : word_resume_says(w);
	if (first->there)
		lead = word_resume_waits(w);
	step_begin(v, &s, halts ? word_halt(w) : word_resume(w), lead, word_end_next(w));
	s.page.secondary_only = first->there;
	step_long(&s, "because", word_end_because(w), SPAN_NONE);
	return step_show(&s);
}

enum err halt_step(struct visit *v)
{
	const char *kind = v->desk->health.halted ? "resume" : "halt";
	struct joint first;
	enum err e;

	TRY(find_joint(v, &first));
	if (is_post(v)) {
		bool signs = typed(v, "document").n > 0;

		e = signs ? take(v, kind, &first) : begin(v, kind);
		if (e == ERR_OK)
			return signs ? answer_see(v->r, v->a, "/halt") : ERR_OK;
		TRY(step_failed(v, e));
	}
	return show(v, kind, &first);
}
