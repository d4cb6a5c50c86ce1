/*
 * Taking an order in: its papers, and an order file where there is one, as they came. They go on to
 * the command in a process of its own, as descriptors and names; a hand reads them, in its cage.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "order/1_receive/receive.h"
#include "order/work.h"
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

/* "fd:3:NAME": the files are lent in the order in which they are told of. */
static enum err lend(struct visit *v, const struct web_file *f, int *lent, size_t *n, char **out)
{
	lent[*n] = f->fd;
	TRY(path_fmt(v->c, out, "fd:%zu:%.*s", 3 + *n, SPAN_ARG(f->name)));
	*n += 1;
	return ERR_OK;
}

struct intake {
	const char *argv[SEAM_WORDS_MAX + 1];
	size_t words;
	int lent[PAPERS_MAX + 1];
	size_t files, papers;
	bool with_order;
};

static enum err add_option(struct visit *v, struct intake *in, const char *name, struct span value)
{
	char *text;

	TRY(path_fmt(v->c, &text, "--%s=%.*s", name, SPAN_ARG(value)));
	in->argv[in->words++] = text;
	return ERR_OK;
}

static enum err add_file(struct visit *v, struct intake *in, const struct web_file *f)
{
	char *name;

	if (span_is(f->field, "paper")) {
		if (in->papers++ == PAPERS_MAX) {
			err_next(v->c, "put what belongs together into one PDF");
			FAIL(v->c, ERR_LIMIT, "an order has at most %u papers", PAPERS_MAX);
		}
		TRY(lend(v, f, in->lent, &in->files, &name));
		return add_option(v, in, "paper", span_str(name));
	}
	if (!span_is(f->field, "order") || in->with_order)
		FAIL(v->c, ERR_FORMAT, "papers, and at most one order file");
	in->with_order = true;
	TRY(lend(v, f, in->lent, &in->files, &name));
	in->argv[in->words++] = name;
	return ERR_OK;
}

/* 'writ order submit' as this person, with the files that came. */
static enum err compose(struct visit *v, struct intake *in)
{
	char *program;

	*in = (struct intake){ .words = 0 };
	TRY(home_program(v->c, "writ", &program));
	in->argv[in->words++] = program;
	in->argv[in->words++] = "order";
	in->argv[in->words++] = "submit";
	for (size_t i = 0; i < v->r->file_count; i++)
		TRY(add_file(v, in, &v->r->files[i]));
	if (!in->papers) {
		err_next(v->c, "the first of them is the order itself");
		FAIL(v->c, ERR_USAGE, "choose the papers");
	}
	if (typed(v, "language").n)
		TRY(add_option(v, in, "language", typed(v, "language")));
	if (typed(v, "resubmits").n)
		TRY(add_option(v, in, "resubmits", typed(v, "resubmits")));
	TRY(add_option(v, in, "as", v->who->name));
	TRY(add_option(v, in, "home", span_str(v->s.home.dir)));
	in->argv[in->words++] = "--read";
	return ERR_OK;
}

/* Its work is this person's alone: who knows the number of another's finds nothing. */
static enum err work_name(struct visit *v, struct span number, struct span *out)
{
	struct sha256 hash;

	TRY(hmac_sha256(v->c, v->who->name, number, &hash));
	TRY(hex_encode(v->c, sha256_span(&hash), out));
	return span_fmt(v->c, out, INTAKE_WORK "%.*s", SPAN_ARG(*out));
}

/* What was typed beside the files goes along, where it can be what it should be. */
static struct span plain_field(const struct visit *v, const char *name)
{
	struct span value = typed(v, name);

	for (size_t i = 0; i < value.n; i++) {
		unsigned char x = value.p[i];

		if (!(x >= 'A' && x <= 'Z') && !(x >= 'a' && x <= 'z') && !(x >= '0' && x <= '9') &&
		    x != '-')
			return SPAN_NONE;
	}
	return value.n <= 20 ? value : SPAN_NONE;
}

static enum err receive(struct visit *v)
{
	unsigned char bytes[16];
	struct span number, name;
	struct intake in;

	TRY(check_files(v));
	TRY(seal_need(v->c, &v->s));
	TRY(compose(v, &in));
	if (v->c->seam->random(bytes, sizeof bytes) != 0)
		FAIL(v->c, ERR_IO, "the machine gives no randomness");
	TRY(hex_encode(v->c, span_of(bytes, sizeof bytes), &number));
	TRY(work_name(v, number, &name));
	TRY(work_start(v->c, &v->s.home, name, in.argv, in.lent, in.files));
	return answer_see(v->r, v->a, "/intake?work=%.*s&language=%.*s&resubmits=%.*s",
			  SPAN_ARG(number), SPAN_ARG(plain_field(v, "language")),
			  SPAN_ARG(plain_field(v, "resubmits")));
}

/* ---- what came of it ---- */

static enum err show_running(struct visit *v)
{
	struct page_work page = { .view = v->view, .title = word_intake(v->base), .runs = true };
	struct buf b;

	v->a->refresh_s = 1;
	visit_buf(v, &b);
	TRY(page_work(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}

/* The command says the reference in a line of its own. */
static struct span reference_in(struct ctx *c, struct span said)
{
	struct reader r = { said, 0 };
	struct span line, ref;

	while (take_line(&r, &line)) {
		if (order_ref(c, line, &ref) == ERR_OK && span_eq(ref, line))
			return ref;
		err_clear(c);
	}
	return SPAN_NONE;
}

/* Paper alone is being read by now: what it says is written out next. */
static enum err received(struct visit *v, struct span ref)
{
	TRY(order_load_exact(v->c, &v->s, ref, &v->order));
	return answer_see(v->r, v->a, "/order/%.*s%s", SPAN_ARG(ref),
			  v->order.from_paper ? "/read" : "");
}

static enum err not_received(struct visit *v, struct span said)
{
	struct span why, next;
	enum err e = work_failure(said, &why, &next);

	if (e == ERR_OK) {
		e = ERR_AGAIN;
		why = word_intake_lost(v->base);
		next = word_intake_lost_next(v->base);
	}
	/* What any command says where it knows nothing better is no page's to say. */
	if (!span_is(next, err_hint(e)))
		/* What every failure of a command has as its next step is no help at the desk. */
	if (!span_is(next, err_hint(e)) && !span_starts(next, "'writ help"))
		err_next(v->c, "%.*s", SPAN_ARG(next));
	FAIL(v->c, e, "%.*s", SPAN_ARG(why));
}

/* The end of what this person began; *done_out where the answer is made. */
static enum err look(struct visit *v, bool *done_out)
{
	struct span name, said, ref, number = web_value(v->r->query, "work");
	enum work state;

	*done_out = false;
	TRY(work_name(v, number, &name));
	TRY(work_look(v->c, &v->s.home, name, &state, &said));
	if (state == WORK_NONE)
		return ERR_OK;
	*done_out = true;
	if (state == WORK_RUNS)
		return show_running(v);
	ref = reference_in(v->c, said);
	if (ref.n)
		return received(v, ref);
	v->typed = v->r->query;
	return not_received(v, said);
}

enum err intake_step(struct visit *v)
{
	const struct page_base *w = v->base;
	bool done = is_post(v);
	struct step s;
	enum err e = done ? receive(v) : look(v, &done);

	if (e == ERR_OK && done)
		return ERR_OK;
	v->order = (struct order){ .ref = SPAN_NONE };
	TRY(step_failed(v, e));
	step_begin(v, &s, word_intake(w), word_intake_says(w), word_intake_do(w));
	step_files(&s, "paper", word_intake_papers(w), word_intake_papers_hint(w));
	step_input(&s, "language", word_intake_language(w), word_intake_language_hint(w));
	step_files(&s, "order", word_intake_order(w), word_intake_order_hint(w));
	step_input(&s, "resubmits", word_intake_resubmits(w), word_intake_resubmits_hint(w));
	return step_show(&s);
}
