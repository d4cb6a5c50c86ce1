/*
 * The selection as lines. See select.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/select.h"

#include <string.h>

#include "base/buf.h"
#include "crypt/hash.h"
#include "format/time.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define READ_BYTES ((size_t)1 << 20)    /* at least HEADER_BLOCK_MAX, see connector.h */

struct selection {
	const struct select_job *job;
	struct source *s;
	struct plan plan;
	struct hasher *hasher;
	unsigned char *p;
	struct buf line;
	bool degraded;
};

enum err name_text(struct ctx *c, struct span stored, struct span *out)
{
	struct buf b;

	if (span_is_utf8(stored) && !(stored.n && memchr(stored.p, 0, stored.n))) {
		*out = stored;
		return ERR_OK;
	}
	buf_begin(&b, c, stored.n * 3 + 1);
	for (size_t i = 0; i < stored.n; i++) {
		if (stored.p[i] == '%' || stored.p[i] == 0 || stored.p[i] > 0x7f)
			buf_fmt(&b, "%%%02X", stored.p[i]);
		else
			buf_byte(&b, stored.p[i]);
	}
	return buf_done(c, &b, out);
}

static void put_time(struct buf *b, const char *key, int64_t utc)
{
	char text[TIME_TEXT_MAX];

	if (utc == DATE_UNKNOWN) {
		buf_fmt(b, "\"%s\":null,", key);
		return;
	}
	time_text(utc, text);
	buf_fmt(b, "\"%s\":\"%s\",", key, text);
}

/* Reads one item: hash and dates. */
static enum err item_read(struct ctx *c, struct selection *x, size_t i, struct sha256 *hash,
			  struct header_dates *dates)
{
	const struct connector *con = x->s->connector;
	bool first = true;
	size_t n;

	TRY(con->begin(c, x->s, &x->plan, i));
	TRY(hasher_begin(c, x->hasher));
	do {
		struct span got;

		TRY(con->read(c, x->s, x->p, READ_BYTES, &n));
		got = span_of(x->p, n);
		if (first)
			header_dates_of(got, dates);
		first = false;
		TRY(hasher_add(c, x->hasher, got));
	} while (n);
	return hasher_end(c, x->hasher, hash);
}

/* Members in the order of their names, as canonical JSON has them. */
static enum err item_line(struct ctx *c, struct selection *x, const struct item *it,
			  const struct sha256 *hash, const struct header_dates *dates)
{
	struct buf *b = &x->line;
	struct span path, text;

	TRY(x->s->connector->path(c, x->s, &x->plan, it, &path));
	TRY(name_text(c, path, &path));
	b->n = 0;
	buf_fmt(b, "{\"bytes\":%lld,", (long long)it->bytes);
	put_time(b, "delivery", it->delivery_utc);
	put_time(b, "header", dates->header_utc);
	buf_str(b, "\"path\":");
	json_put_text(b, path);
	buf_byte(b, ',');
	put_time(b, "received", dates->received_utc);
	buf_str(b, "\"sha256\":\"");
	buf_hex(b, sha256_span(hash));
	buf_str(b, it->date_utc == DATE_UNKNOWN ? "\",\"undated\":true}\n" : "\"}\n");
	TRY(buf_done(c, b, &text));
	return x->job->line(c, x->job->of, text);
}

static enum err item_show(struct ctx *c, struct selection *x, size_t i)
{
	const struct item *it = plan_item(&x->plan, i);
	struct header_dates dates;
	struct sha256 hash;
	enum err e = item_read(c, x, i, &hash, &dates);

	x->s->connector->end(x->s);
	if (e == ERR_OK)
		return item_line(c, x, it, &hash, &dates);
	if (e != ERR_DEGRADED)
		return e;
	x->degraded = true;
	x->job->unreadable(x->job->of, &(struct unreadable){
		.account = x->job->account,
		.folder = x->plan.folder[it->folder],
		.source_id = plan_source_id(&x->plan, it),
		.why = span_str(c->why),
	});
	err_clear(c);
	return ERR_OK;
}

static enum err items_show(struct ctx *c, struct selection *x, bool undated)
{
	for (size_t i = 0; i < x->plan.count; i++)
		if ((plan_item(&x->plan, i)->date_utc == DATE_UNKNOWN) == undated)
			TRY(item_show(c, x, i));
	return ERR_OK;
}

static enum err selection_run(struct ctx *c, struct selection *x)
{
	TRY(x->s->connector->plan(c, x->s, &x->plan));
	for (const struct unreadable *u = x->plan.unreadable.first; u; u = u->next)
		x->job->unreadable(x->job->of, u);
	x->degraded = x->plan.unreadable.count > 0;
	TRY(items_show(c, x, false));
	TRY(items_show(c, x, true));
	if (x->degraded)
		FAIL(c, ERR_DEGRADED, "something in this store could not be read");
	return ERR_OK;
}

static enum err line_of_job(struct ctx *c, const struct select_job *job, struct demand_line *line)
{
	*line = (struct demand_line){
		.id = SPAN("1"),
		.category_name = SPAN("CONTENT_COMM"),
		.category = CATEGORY_CONTENT_COMM,
		.target = job->account,
		.all_folders = true,
		.meaning = job->meaning,
		.from_utc = job->from_utc,
		.until_utc = job->until_utc,
	};
	if (line->from_utc > line->until_utc)
		FAIL(c, ERR_USAGE, "the interval ends before it begins");
	return ERR_OK;
}

enum err select_run(struct ctx *c, const struct select_job *job)
{
	const struct connector *con = connector_find(job->kind);
	struct selection x = { .job = job };
	struct demand_line line;
	struct store store = { .name = job->kind, .kind = job->kind, .connector = con };
	enum err e;

	if (!con)
		FAIL(c, ERR_USAGE, "this build has no connector for a store of kind %.*s",
		     SPAN_ARG(job->kind));
	TRY(line_of_job(c, job, &line));
	TRY(NEW_ARRAY(c, x.p, READ_BYTES));
	buf_begin(&x.line, c, LINE_MAX_BYTES);
	TRY(con->open_path(c, job->path, &store, job->account, &line, &x.s));
	if (x.s->problem.n) {
		struct span problem = x.s->problem;

		con->close(&x.s);
		FAIL(c, ERR_NOT_FOUND, "%s: %.*s", job->path, SPAN_ARG(problem));
	}
	e = hasher_open(c, &x.hasher);
	if (e == ERR_OK)
		e = selection_run(c, &x);
	hasher_close(&x.hasher);
	con->close(&x.s);
	return e;
}
