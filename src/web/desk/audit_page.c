/*
 * The auditor's page: the checkpoint, everything of the log compared with everything when it is
 * asked for, and who signed in and looked at which order. It shows no order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/log.h"
#include "store/view.h"
#include "web/desk/desk.h"
#include "web/pages.h"

#define LINES_SHOWN 200

struct report {
	struct page_audit *page;
	struct page_audit_access *list;
};

static enum err take(struct ctx *c, void *of, const struct access_line *line)
{
	struct report *r = of;
	struct page_audit_access *row;

	r->page->below = line->id;
	if (r->page->report_n == LINES_SHOWN) {
		r->page->more = true;
		return ERR_OK;
	}
	row = &r->list[r->page->report_n++];
	row->number = line->id;
	row->at = line->at_utc;
	TRY(span_copy(c, line->what, &row->what));
	TRY(span_copy(c, line->person, &row->person));
	TRY(span_copy(c, line->order, &row->reference));
	return span_copy(c, line->detail, &row->detail);
}

struct findings {
	struct buf said;
};

static void finding(void *of, bool difference, const char *place, const char *what)
{
	struct findings *f = of;

	if (difference)
		buf_fmt(&f->said, "%s: %s\n", place, what);
}

static enum err view_of(struct ctx *c, void *of, struct span ref, struct order_view *out,
			bool *exists_out)
{
	return order_view_of(c, of, ref, out, exists_out);
}

static enum err verify(struct visit *v, const struct log *l, struct page_audit *page)
{
	struct findings f;
	struct log_report report = { &f, finding };
	struct log_fold fold = { &v->s, view_of };
	struct log_sum sum;

	buf_begin(&f.said, v->c, (size_t)1 << 20);
	TRY(log_verify(v->c, l, &fold, &report, &sum));
	page->verified = true;
	page->holds = sum.differences == 0;
	page->acts = sum.acts;
	page->size = (int64_t)sum.size;
	return buf_done(v->c, &f.said, &page->said);
}

enum err audit_page(struct visit *v)
{
	struct page_audit page = { .view = v->view };
	struct report r = { &page, NULL };
	int64_t below = INT64_MAX;
	struct checkpoint cp;
	struct log l;
	struct buf b;
	enum err e;

	TRY(order_log(v->c, &v->s, &l));
	e = log_checkpoint(v->c, &l, &cp, &page.checkpoint);
	if (e == ERR_NOT_FOUND)
		err_clear(v->c);
	else
		TRY(e);
	if (web_value(v->r->query, "verify").n)
		TRY(verify(v, &l, &page));
	if (!span_to_i64(web_value(v->r->query, "below"), &below))
		below = INT64_MAX;
	TRY(NEW_ARRAY(v->c, r.list, LINES_SHOWN));
	page.report = r.list;
	TRY(access_last(v->c, v->desk->store, below, LINES_SHOWN + 1, take, &r));
	if (page.more)
		page.below = r.list[LINES_SHOWN - 1].number;
	visit_buf(v, &b);
	TRY(page_audit(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}
