/*
 * Taking an order in: its papers, and an order file where there is one, as they came. A hand reads
 * them, in its cage; here they are descriptors and names.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/1_receive/receive.h"
#include "web/desk/step.h"

/* What is wrong with the files, each by its name: who has to choose them again knows which. */
static enum err check_files(struct visit *v)
{
	struct span one;
	struct buf b;

	buf_begin(&b, v->c, (size_t)64 << 10);
	for (size_t i = 0; i < v->r->file_count; i++) {
		if (v->r->files[i].bytes > 0)
			continue;
		TRY(word_intake_empty(v->c, v->base, v->r->files[i].name, &one));
		buf_fmt(&b, "%s%.*s", b.n ? " " : "", SPAN_ARG(one));
	}
	if (!b.n)
		return ERR_OK;
	TRY(buf_done(v->c, &b, &one));
	err_next(v->c, "nothing was taken in; choose the files again");
	FAIL(v->c, ERR_FORMAT, "%.*s", SPAN_ARG(one));
}

static enum err take(struct visit *v, struct submission *in)
{
	for (size_t i = 0; i < v->r->file_count; i++) {
		struct web_file *f = &v->r->files[i];
		char *name;

		TRY(span_cstr(v->c, f->name, &name));
		if (span_is(f->field, "order") && in->order.fd < 0) {
			in->order = (struct submitted_file){ name, f->fd };
		} else if (span_is(f->field, "paper")) {
			if (in->papers == PAPERS_MAX) {
				err_next(v->c, "put what belongs together into one PDF");
				FAIL(v->c, ERR_LIMIT, "an order has at most %u papers", PAPERS_MAX);
			}
			in->paper[in->papers++] = (struct submitted_file){ name, f->fd };
		} else {
			FAIL(v->c, ERR_FORMAT, "papers, and at most one order file");
		}
	}
	if (!in->papers) {
		err_next(v->c, "the first of them is the order itself");
		FAIL(v->c, ERR_USAGE, "choose the papers");
	}
	return ERR_OK;
}

static enum err receive(struct visit *v)
{
	struct submission in = { .order.fd = -1, .resubmits = typed(v, "resubmits"),
				 .language = typed(v, "language") };
	const struct json *record;
	struct span receipt;

	TRY(check_files(v));
	TRY(take(v, &in));
	return order_receive(v->c, &v->s, &in, &v->order, &receipt, &record);
}

/* Paper alone is read at once, by a process of its own: what it says is written out next. */
static enum err received(struct visit *v)
{
	TRY(step_done(v));
	if (!v->order.from_paper)
		return answer_see(v->r, v->a, "/order/%.*s", SPAN_ARG(v->order.ref));
	TRY(read_begin(v));
	return answer_see(v->r, v->a, "/order/%.*s/read", SPAN_ARG(v->order.ref));
}

enum err intake_step(struct visit *v)
{
	const struct page_base *w = v->base;
	struct step s;

	if (is_post(v)) {
		enum err e = receive(v);

		if (e == ERR_OK)
			return received(v);
		v->order = (struct order){ .ref = SPAN_NONE };
		TRY(step_failed(v, e));
	}
	step_begin(v, &s, word_intake(w), word_intake_says(w), word_intake_do(w));
	step_files(&s, "paper", word_intake_papers(w), word_intake_papers_hint(w));
	step_input(&s, "language", word_intake_language(w), word_intake_language_hint(w));
	step_files(&s, "order", word_intake_order(w), word_intake_order_hint(w));
	step_input(&s, "resubmits", word_intake_resubmits(w), word_intake_resubmits_hint(w));
	return step_show(&s);
}
