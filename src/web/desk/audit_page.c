/*
 * The auditor's page: the checkpoints, everything of the log compared with everything when it is
 * asked for, tiles, proofs, and who signed in and looked at which order. It shows no order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "log/log.h"
#include "web/desk/desk.h"
#include "web/pages.h"
#include "order/work.h"

#define LINES_SHOWN 200
#define TICKS_SHOWN 20u
#define PEOPLE_SHOWN 300u
#define FINDINGS_SHOWN 100
#define VERIFY_PART ((size_t)64 << 10)

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

/* ---- everything compared with everything: 'writ log verify', a process of its own ---- */

#define VERIFY SPAN("audit.verify")

static enum err verify_start(struct visit *v)
{
	char *program;

	TRY(home_program(v->c, "writ", &program));
	TRY(work_start(v->c, &v->s.home, VERIFY,
		       (const char *const[]){ program, "log", "verify", "--json", "--home",
					      v->s.home.dir, NULL }, NULL, 0));
	return answer_see(v->r, v->a, "/audit?verify=shown");
}

/* Up to the last place where that stands; false where it stands nowhere. */
static bool before_last(struct span s, const char *mark, struct span *out)
{
	for (size_t at = s.n; at > 0; at--) {
		if (!span_starts(span_cut(s, at - 1, s.n), mark))
			continue;
		*out = span_cut(s, 0, at - 1);
		return true;
	}
	return false;
}

static enum err read_at(struct ctx *c, int fd, off_t from, struct span *out)
{
	unsigned char *room;
	ssize_t got;

	TRY(NEW_ARRAY(c, room, VERIFY_PART));
	got = pread(fd, room, VERIFY_PART, from);
	if (got < 0)
		FAIL(c, ERR_IO, "what the comparison found cannot be read");
	*out = span_of(room, (size_t)got);
	return ERR_OK;
}

/* What it printed: one line of canonical JSON. Where that is longer than anybody reads here its
 * middle is left out, from before one finding to the end of them all: no text within it can look
 * like either, for quotes in texts are escaped. */
static enum err verify_sum(struct visit *v, int fd, struct json **out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct span head, tail, rest, before;
	struct buf b;

	TRY(read_at(v->c, fd, 0, &head));
	if (span_split(head, '\n', &head, &rest) || head.n < VERIFY_PART)
		return json_parse(v->c, head, out);
	TRY(read_at(v->c, fd, size - (off_t)VERIFY_PART, &tail));
	if (!before_last(head, ",{\"difference\":", &head) ||
	    !before_last(tail, "],\"json_version\":", &before) ||
	    !span_split(span_cut(tail, before.n, tail.n), '\n', &tail, &rest))
		FAIL(v->c, ERR_FORMAT, "the comparison did not come to its end");
	buf_begin(&b, v->c, 2 * VERIFY_PART);
	buf_add(&b, head);
	buf_add(&b, tail);
	TRY(buf_done(v->c, &b, &head));
	return json_parse(v->c, head, out);
}

/* A line of JSON, behind it in words what it failed for. Whatever is not the sum of a comparison
 * without a difference is shown as it stands, and nothing holds. */
static enum err verify_read(struct visit *v, struct span said, struct page_audit *page)
{
	FD_SCOPED int fd = -1;
	struct span first, rest = said;
	struct json *sum;
	int64_t shown = 0;
	struct buf b;

	page->verified = true;
	page->said = said;
	TRY(work_open(v->c, &v->s.home, VERIFY, &fd));
	if (verify_sum(v, fd, &sum) != ERR_OK) {
		err_clear(v->c);
		return ERR_OK;
	}
	if (span_starts(said, "{") && !span_split(said, '\n', &first, &rest))
		return ERR_OK;
	page->acts = json_opt_int(sum, "acts", 0);
	page->size = json_opt_int(sum, "size", 0);
	page->differences = json_opt_int(sum, "differences", -1);
	page->holds = page->differences == 0 && !span_trim(rest).n;
	buf_begin(&b, v->c, WEB_TEXT_MAX);
	JSON_EACH(finding, json_get(sum, "findings")) {
		const struct json *difference = json_get(finding, "difference");

		if (difference && difference->type == JSON_BOOL && difference->b &&
		    shown++ < FINDINGS_SHOWN)
			buf_fmt(&b, "%.*s: %.*s\n",
				SPAN_ARG(json_opt_text(finding, "place", SPAN_NONE)),
				SPAN_ARG(json_opt_text(finding, "what", SPAN_NONE)));
	}
	page->shown = shown < FINDINGS_SHOWN ? shown : FINDINGS_SHOWN;
	buf_add(&b, rest);
	return buf_done(v->c, &b, &page->said);
}

static enum err verify_show(struct visit *v, struct page_audit *page)
{
	struct span said;
	enum work state;

	TRY(work_look(v->c, &v->s.home, VERIFY, &state, &said));
	page->verifying = state == WORK_RUNS;
	if (page->verifying)
		v->a->refresh_s = 2;
	return state == WORK_ENDED ? verify_read(v, said, page) : ERR_OK;
}

/* All that the last comparison said; while it goes on there is none. */
enum err audit_findings(struct visit *v)
{
	struct span said;
	enum work state;
	int fd;

	TRY(work_look(v->c, &v->s.home, VERIFY, &state, &said));
	if (state != WORK_ENDED) {
		err_next(v->c, "have everything compared, and look at the auditor's page");
		FAIL(v->c, ERR_NOT_FOUND, "no comparison has come to its end");
	}
	TRY(work_open(v->c, &v->s.home, VERIFY, &fd));
	return answer_file(v->r, v->a, fd, "text/plain; charset=utf-8", SPAN_NONE,
			   SPAN("findings.txt"));
}

/* ---- checkpoints ---- */

static enum err ticks(struct visit *v, const struct log *l, struct page_audit *page)
{
	struct page_audit_tick *list;
	struct log_past *past;
	int64_t below;
	size_t n;

	if (!span_to_i64(web_value(v->r->query, "ticks"), &below) || below < 1)
		below = INT64_MAX;
	TRY(NEW_ARRAY(v->c, past, TICKS_SHOWN));
	TRY(NEW_ARRAY(v->c, list, TICKS_SHOWN));
	TRY(log_history(v->c, l, (uint64_t)below, TICKS_SHOWN, past, &n));
	for (size_t i = 0; i < n; i++) {
		list[i].size = (int64_t)past[i].size;
		list[i].at = past[i].time_ms / 1000;
		list[i].tile = (list[i].size - 1) / 256;
		TRY(b64_encode(v->c, sha256_span(&past[i].root), &list[i].root));
	}
	page->ticks = list;
	page->ticks_n = n;
	page->ticks_below = n ? list[n - 1].size - 1 : 0;
	page->ticks_more = page->ticks_below > 0;
	return ERR_OK;
}

enum err audit_tile(struct visit *v)
{
	int64_t level = LOG_TILE_ENTRIES, index;
	struct span name = v->r->args[0], bytes;
	unsigned width;
	struct log l;

	if ((!span_is(name, "entries") && (!span_to_i64(name, &level) || level < 0 || level > 7)) ||
	    !span_to_i64(v->r->args[1], &index) || index < 0) {
		err_next(v->c, "follow a link of the auditor's page");
		FAIL(v->c, ERR_NOT_FOUND, "the log has no such tile");
	}
	TRY(order_log(v->c, &v->s, &l));
	TRY(log_tile(v->c, &l, (int)level, (uint64_t)index, &width, &bytes));
	v->a->status = 200;
	v->a->type = SPAN("application/octet-stream");
	v->a->body = bytes;
	return span_fmt(v->c, &v->a->download, "tile-%.*s-%lld.%u", SPAN_ARG(name),
			(long long)index, width);
}

enum err audit_prove(struct visit *v)
{
	struct span ref = span_trim(web_value(v->r->query, "order")), proof, act;
	struct log l;
	int64_t seq;

	if (!ref.n || !span_to_i64(web_value(v->r->query, "seq"), &seq) || seq < 1) {
		err_next(v->c, "name the order, W-XXXX-XXXX, and the number of the act, from 1 on");
		FAIL(v->c, ERR_USAGE, "it is not said which act is to be proved");
	}
	TRY(order_log(v->c, &v->s, &l));
	TRY(log_prove(v->c, &l, ref, seq, &proof, &act));
	TRY(access_note(v->c, v->desk->store, "proved an act of", v->who->name, ref, SPAN_NONE));
	v->a->status = 200;
	v->a->type = SPAN("text/plain; charset=utf-8");
	v->a->body = proof;
	return span_fmt(v->c, &v->a->download, "act-%lld.tlog-proof", (long long)seq);
}

/* ---- who looked ---- */

struct crowd {
	struct page_audit *page;
	struct page_audit_person *list;
};

static enum err take_person(struct ctx *c, void *of, const struct store_row *row)
{
	struct crowd *k = of;
	struct page_audit_person *p;

	if (k->page->people_n == PEOPLE_SHOWN)
		return ERR_OK;
	p = &k->list[k->page->people_n++];
	*p = (struct page_audit_person){ .lines = row->v[1].i, .orders = row->v[2].i,
					 .last = row->v[3].i };
	return span_copy(c, row->v[0].s, &p->name);
}

static enum err report(struct visit *v, struct page_audit *page)
{
	struct report r = { page, NULL };
	struct crowd k = { page, NULL };
	int64_t below;

	page->of = web_value(v->r->query, "person");
	if (!span_to_i64(web_value(v->r->query, "below"), &below))
		below = INT64_MAX;
	TRY(NEW_ARRAY(v->c, k.list, PEOPLE_SHOWN));
	page->people = k.list;
	TRY(store_run(v->c, v->desk->store, QUERY_ACCESS_PEOPLE, PARAMS_NONE, take_person, &k));
	TRY(NEW_ARRAY(v->c, r.list, LINES_SHOWN));
	page->report = r.list;
	TRY(access_last(v->c, v->desk->store, page->of, below, LINES_SHOWN + 1, take, &r));
	if (page->more)
		page->below = r.list[LINES_SHOWN - 1].number;
	return ERR_OK;
}

enum err audit_page(struct visit *v)
{
	struct page_audit page = { .view = v->view };
	struct checkpoint cp;
	struct log l;
	struct buf b;
	enum err e;

	if (span_is(web_value(v->r->query, "verify"), "1"))
		return verify_start(v);
	TRY(order_log(v->c, &v->s, &l));
	e = log_checkpoint(v->c, &l, &cp, &page.checkpoint);
	if (e == ERR_NOT_FOUND)
		err_clear(v->c);
	else
		TRY(e);
	if (e == ERR_OK)
		TRY(ticks(v, &l, &page));
	if (span_is(web_value(v->r->query, "verify"), "shown"))
		TRY(verify_show(v, &page));
	TRY(report(v, &page));
	visit_buf(v, &b);
	TRY(page_audit(v->c, &page, &b));
	return answer_page(v->r, v->a, &b);
}
