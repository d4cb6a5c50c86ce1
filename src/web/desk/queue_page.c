/*
 * The queue on a page: the rows of order/queue.h with what a person needs to see at one glance.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/desk.h"
#include "web/pages.h"

#define ROWS_SHOWN 100

struct listing {
	struct visit *v;
	struct page_queue *page;
	struct page_queue_line *rows;
	int64_t now_utc;
	struct span first, last;        /* the places of the first and the last row */
};

/* A place among all orders as it stands in an address: "1793800000.W-XXXX-XXXX". */
static enum err place(struct ctx *c, const struct order_view *v, struct span *out)
{
	return span_fmt(c, out, "%lld.%.*s", (long long)v->received_at, SPAN_ARG(v->ref));
}

static bool place_of(struct ctx *c, struct span text, struct queue_at *out)
{
	struct span number, ref;
	bool fine = span_split(text, '.', &number, &ref) &&
		    span_to_i64(number, &out->received_utc) &&
		    order_ref(c, ref, &out->ref) == ERR_OK;

	err_clear(c);
	return fine;
}

static enum err flags_of(struct ctx *c, struct span words, struct page_queue_line *line)
{
	struct page_queue_flag *flags;
	struct span word;

	TRY(NEW_ARRAY(c, flags, FLAGS));
	line->flags = flags;
	while (line->flags_n < FLAGS && span_next(&words, ' ', &word)) {
		TRY(span_copy(c, word, &flags[line->flags_n].word));
		flags[line->flags_n++].words = span_str(order_flag_words(word));
	}
	return ERR_OK;
}

static int64_t lines_in(struct span s)
{
	int64_t n = s.n > 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static enum err take(struct ctx *c, void *of, const struct queue_row *q)
{
	struct listing *l = of;
	struct page_queue_line *line = &l->rows[l->page->rows_n++];
	const struct order_view *v = q->v;

	*line = (struct page_queue_line){ .late = q->breached, .for_me = q->for_me,
					  .targets = v->targets,
					  .eighths = queue_eighths(v, l->now_utc) };
	TRY(place(c, v, &l->last));
	if (l->page->rows_n == 1)
		l->first = l->last;
	TRY(span_copy(c, v->ref, &line->reference));
	if (v->open && v->clock_at != VIEW_NO_I64)
		TRY(span_copy(c, span_str(q->clock), &line->clock));
	line->clock_of = span_is(v->clock_of, "law")      ? word_clock_of_law(l->v->base)
			 : span_is(v->clock_of, "notice") ? word_clock_of_notice(l->v->base)
			 : span_is(v->clock_of, "order")  ? word_clock_of_order(l->v->base)
							  : SPAN_NONE;
	TRY(span_copy(c, kind_words(v->kind), &line->kind));
	TRY(span_copy(c, v->agency, &line->agency));
	TRY(span_copy(c, v->state, &line->state));
	TRY(span_copy(c, q->waiting_for, &line->waiting_for));
	if (v->approvals_needed != VIEW_NO_I64)
		TRY(span_fmt(c, &line->progress, "%lld/%lld", (long long)lines_in(v->approved_by),
			     (long long)v->approvals_needed));
	return flags_of(c, q->flags, line);
}

static struct queue_ask asked(struct visit *v)
{
	struct queue_ask ask = { .view = QUEUE_OPEN, .words = web_value(v->r->query, "words"),
				 .limit = ROWS_SHOWN, .now_utc = v->r->now_ms / 1000,
				 .team = v->desk->team, .who = v->who };
	int64_t number;

	(void)queue_view_of(web_value(v->r->query, "view"), &ask.view);
	if (ask.view != QUEUE_ALL &&
	    span_to_i64(web_value(v->r->query, "page"), &number) && number > 1 && number < 100000)
		ask.skip = (number - 1) * ROWS_SHOWN;
	if (ask.view == QUEUE_ALL && !place_of(v->c, web_value(v->r->query, "older"), &ask.from))
		ask.newer = place_of(v->c, web_value(v->r->query, "newer"), &ask.from);
	return ask;
}

static void turn_round(struct listing *l)
{
	size_t n = l->page->rows_n;
	struct span first = l->first;

	for (size_t i = 0; i < n / 2; i++) {
		struct page_queue_line line = l->rows[i];

		l->rows[i] = l->rows[n - 1 - i];
		l->rows[n - 1 - i] = line;
	}
	l->first = l->last;
	l->last = first;
}

/* All orders from a place on, with the places where the pages before and behind begin. */
static enum err walk(struct visit *v, struct listing *l, struct queue_ask *ask,
		     struct queue_counts *counts)
{
	struct page_queue *page = l->page;
	bool more;

	TRY(queue_walk(v->c, &v->s, ask, take, l, counts));
	if (ask->view != QUEUE_ALL)
		return ERR_OK;
	more = counts->matched > ROWS_SHOWN;
	if (ask->newer && !more) {
		/* What is before it is less than a page, or gone: the beginning. */
		ask->newer = false;
		ask->from = (struct queue_at){ .ref = SPAN_NONE };
		page->rows_n = 0;
		return walk(v, l, ask, counts);
	}
	if (ask->newer)
		turn_round(l);
	if (ask->newer || more)
		page->older = l->last;
	if (ask->newer || ask->from.ref.n)
		page->newer = page->rows_n ? l->first : SPAN("0.");
	return ERR_OK;
}

enum err queue_page(struct visit *v)
{
	struct queue_ask ask = asked(v);
	struct page_queue page = { .view_name = span_str(queue_view_word(ask.view)),
				   .words = ask.words };
	struct listing l = { .v = v, .page = &page, .now_utc = ask.now_utc };
	struct queue_counts counts;
	struct buf b;

	TRY(NEW_ARRAY(v->c, l.rows, ROWS_SHOWN));
	page.rows = l.rows;
	TRY(walk(v, &l, &ask, &counts));
	page.n_open = counts.n[QUEUE_OPEN];
	page.n_mine = counts.n[QUEUE_MINE];
	page.n_waiting = counts.n[QUEUE_WAITING];
	page.n_breached = counts.n[QUEUE_BREACHED];
	page.matched = ask.view == QUEUE_ALL ? (int64_t)page.rows_n : counts.matched;
	page.page_before = ask.skip / ROWS_SHOWN;
	if (ask.view != QUEUE_ALL && counts.matched > ask.skip + ROWS_SHOWN)
		page.page_behind = ask.skip / ROWS_SHOWN + 2;
	page.view = v->view;
	visit_buf(v, &b);
	TRY(page_queue(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}
