/*
 * What takes longer at the desk: the command itself, as this person, in a process of its own; and
 * the page that says how it goes. Which act says that it is done stands in the order, not here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "web/desk/order_page.h"
#include "web/desk/step.h"
#include "order/work.h"

int64_t order_last_act(const struct order *o, enum act_kind kind)
{
	int64_t seq = 0;

	JSON_EACH(act, o->acts)
		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(kind)))
			seq = json_opt_int(act, "seq", 0);
	return seq;
}

enum err long_begin(struct visit *v, const char *what, const char *const *words, const char *more,
		    const char *value)
{
	TRY(work_order(v->c, &v->s, v->order.ref, what, words, more, value));
	return answer_see(v->r, v->a, "/order/%.*s/%s?since=%lld", SPAN_ARG(v->order.ref), what,
			  (long long)v->order.last_seq);
}

enum err long_show(struct visit *v, struct span name, struct span title, struct span button,
		   bool done)
{
	struct page_work page = { .view = v->view, .title = title, .again_path = v->r->path,
				  .again_button = button, .seq = v->order.last_seq };
	struct order_steps next;
	enum work state;
	struct buf b;

	TRY(order_head(v, &page.order, NULL));
	TRY(work_look(v->c, &v->s.home, name, &state, &page.said));
	page.runs = state == WORK_RUNS;
	page.failed = !page.runs && !done;
	page.lacks = v->problem;
	if (page.runs)
		v->a->refresh_s = 2;
	TRY(order_steps(v, &next));
	if (!page.runs && !page.failed) {
		page.steps = next.turn;
		page.steps_n = next.turn_n;
	}
	visit_buf(v, &b);
	TRY(page_work(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

enum err long_form(struct visit *v, struct span title, struct span says, struct span button)
{
	struct step s;

	step_begin(v, &s, title, says, button);
	return step_show(&s);
}

enum err long_step(struct visit *v, const char *what, struct span title, struct span says,
		   struct span button, enum act_kind done, const char *const *words,
		   const char *more, const char *value)
{
	int64_t since;
	struct span name;

	TRY(span_fmt(v->c, &name, "%.*s.%s", SPAN_ARG(v->order.ref), what));
	if (is_post(v)) {
		enum err e = step_check(v);

		if (e == ERR_OK)
			e = long_begin(v, what, words, more, value);
		if (e == ERR_OK)
			return ERR_OK;
		TRY(step_failed(v, e));
	} else if (span_to_i64(web_value(v->r->query, "since"), &since)) {
		return long_show(v, name, title, button,
				 order_last_act(&v->order, done) > since && !v->problem.n);
	}
	return long_form(v, title, says, button);
}
