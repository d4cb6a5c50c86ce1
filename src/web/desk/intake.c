/*
 * Taking an order in: an order file and its papers, as they came. A read hand parses them, in its
 * cage; here they are descriptors and names.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/1_receive/receive.h"
#include "web/desk/step.h"

static enum err take(struct visit *v, struct submission *in)
{
	for (size_t i = 0; i < v->r->file_count; i++) {
		struct web_file *f = &v->r->files[i];
		char *name;

		TRY(span_cstr(v->c, f->name, &name));
		if (span_is(f->field, "order") && in->order.fd < 0) {
			in->order = (struct submitted_file){ name, f->fd };
		} else if (span_is(f->field, "paper")) {
			if (in->papers == PAPERS_MAX)
				FAIL(v->c, ERR_LIMIT, "an order has at most %u papers", PAPERS_MAX);
			in->paper[in->papers++] = (struct submitted_file){ name, f->fd };
		} else {
			FAIL(v->c, ERR_FORMAT, "one order file, and its papers");
		}
	}
	if (in->order.fd < 0) {
		err_next(v->c, "'writ order new' writes one to fill in; the papers go beside it");
		FAIL(v->c, ERR_USAGE, "choose the order file");
	}
	return ERR_OK;
}

static enum err receive(struct visit *v)
{
	struct submission in = { .order.fd = -1, .resubmits = typed(v, "resubmits") };
	const struct json *record;
	struct span receipt;

	TRY(take(v, &in));
	return order_receive(v->c, &v->s, &in, &v->order, &receipt, &record);
}

enum err intake_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	if (v->r->method == WEB_POST) {
		enum err e = receive(v);

		if (e == ERR_OK)
			e = step_done(v);
		if (e == ERR_OK)
			return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
		v->order = (struct order){ .ref = SPAN_NONE };
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_intake(w), word_intake_says(w), word_intake_do(w));
	step_files(&s, "order", word_intake_order(w), word_intake_order_hint(w));
	step_files(&s, "paper", word_intake_papers(w), word_intake_papers_hint(w));
	step_input(&s, "resubmits", word_intake_resubmits(w), word_intake_resubmits_hint(w));
	return step_show(&s);
}
