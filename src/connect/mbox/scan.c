/*
 * Planning: one pass over each mbox file up to its bound. Mail that is delivered meanwhile lies
 * behind the bound; whatever else changes a file is named, and every item carries the sum of its
 * bytes, so that a rewriting is noticed when the item is read, whatever its times say.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ctx.h"
#include "connect/mbox/part.h"
#include "connect/plan.h"

#define SCANS_MAX 5
#define HEAD_FIRST 4096u        /* bytes: the first read of a header block */
#define FROM_KEPT_MAX 230u      /* bytes of a From_ line that items.jsonl gets */
_Static_assert(FROM_KEPT_MAX + sizeof(uint64_t) + 17 <= POOL_NAME_MAX, "room for the offset");
#define BEFORE_BYTES 3          /* of the bound: as much as an empty line needs */
#define BEHIND_BYTES 7u

/* For all sources, one after the other; wiped, for this is content. */
static unsigned char window[(size_t)1 << 20], head[HEADER_BLOCK_MAX];

struct scan {
	struct ctx *c;
	struct source *s;
	struct mbox *m;
	struct plan *p;
	const struct mbox_folder *f;
	size_t folder;
	struct mbox_sum found;          /* over all items, to compare two scans */
	bool disturbed;                 /* a file was written to meanwhile */
};

static bool read_at(void *of, int64_t at, unsigned char *p, size_t max, size_t *n_out)
{
	const struct scan *scan = of;

	return mbox_read_at(scan->c, scan->f->fd, at, p, max, n_out);
}

static enum err scan_blame(struct scan *scan, struct span source_id, const char *why)
{
	return unreadable_add(scan->c, &scan->p->unreadable, &(struct unreadable){
		.store = scan->s->store->name,
		.account = scan->s->account,
		.folder = scan->f ? scan->f->name : SPAN_NONE,
		.source_id = source_id,
		.why = span_str(why),
	});
}

/* Dates by the header block, read again from the file: it is in the system's memory by now. */
static bool header_date(struct scan *scan, const struct mbox_item *it, int64_t *out)
{
	int64_t all = it->end - it->begin;
	size_t most = all < (int64_t)HEADER_BLOCK_MAX ? (size_t)all : HEADER_BLOCK_MAX;
	size_t want = most < HEAD_FIRST ? most : HEAD_FIRST, n = 0, got, length;
	struct header_dates dates;

	for (;;) {
		if (!read_at(scan, it->begin + (int64_t)n, head + n, want - n, &got))
			return false;
		n += got;
		length = header_block_length(span_of(head, n));
		if (length || n < want || n == most)
			break;
		want = want * 2 < most ? want * 2 : most;
	}
	header_dates_of(span_of(head, length ? length : n), &dates);
	*out = scan->s->line->meaning == DATE_BY_HEADER ? dates.header_utc : dates.received_utc;
	return n >= want;
}

/* The item's record: its id, the sum of its bytes, the From_ line as far as there is room. */
static struct span record_make(const struct mbox_item *it, unsigned char *record, size_t *id_n)
{
	int n = snprintf((char *)record, POOL_NAME_MAX, "%012lld", (long long)it->at);
	struct span line;

	*id_n = n > 0 ? (size_t)n : 0;
	memcpy(record + *id_n, &it->sum, MBOX_SUM_BYTES);
	line = span_cut(it->from_line, 0, FROM_KEPT_MAX);
	if (line.n)
		memcpy(record + *id_n + MBOX_SUM_BYTES, line.p, line.n);
	return span_of(record, *id_n + MBOX_SUM_BYTES + line.n);
}

static enum err item_add(struct scan *scan, const struct mbox_item *it)
{
	const struct demand_line *line = scan->s->line;
	int64_t delivery_utc = it->from_cut ? DATE_UNKNOWN : mbox_from_date(it->from_line);
	int64_t date_utc = delivery_utc;
	unsigned char record[POOL_NAME_MAX];
	struct span name;
	size_t id_n;

	name = record_make(it, record, &id_n);
	if (line->meaning != DATE_BY_DELIVERY && !header_date(scan, it, &date_utc))
		return scan_blame(scan, span_cut(name, 0, id_n), "it changed while it was read");
	if (date_utc != DATE_UNKNOWN && !line_takes(line, date_utc)) {
		plan_outside(scan->p, line, date_utc);
		return ERR_OK;
	}
	return plan_add(scan->c, scan->p, &(struct item){
		.date_utc = date_utc,
		.delivery_utc = delivery_utc,
		.bytes = it->end - it->begin,
		.place = (uint64_t)it->begin,
		.folder = (uint16_t)scan->folder,
	}, name, id_n);
}

const char *mbox_changed(const struct mbox_folder *f, struct stat *st)
{
	if (fstat(f->fd, st) != 0)
		return strerror(errno);
	if (st->st_nlink == 0)
		return "another file has taken its place since it was opened";
	if (st->st_size < f->bound)
		return "it shrank after it was opened";
	return NULL;
}

/* Behind the bound nothing but new items may have come: if another line stands there, or the last
 * line was continued, then somebody rewrote the file, and the last item may be a part of one. */
static bool bound_holds(struct scan *scan, const struct stat *st)
{
	unsigned char p[BEFORE_BYTES + BEHIND_BYTES];
	int64_t before = scan->f->bound < BEFORE_BYTES ? scan->f->bound : BEFORE_BYTES;
	size_t n;

	if (st->st_size == scan->f->bound)
		return true;
	return read_at(scan, scan->f->bound - before, p, (size_t)before + BEHIND_BYTES, &n) &&
	       n >= (size_t)before &&
	       mbox_continues(span_of(p, (size_t)before),
			      span_of(p + before, n - (size_t)before));
}

static enum err stray_blame(struct scan *scan, int64_t bytes)
{
	struct span text;
	char *why;

	TRY(span_fmt(scan->c, &text,
		     "it does not begin with a From_ line: its first %lld bytes belong to no "
		     "message",
		     (long long)bytes));
	TRY(span_cstr(scan->c, text, &why));
	return scan_blame(scan, SPAN_NONE, why);
}

static bool same_times(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum err folder_scan(struct scan *scan, struct mbox_split *split)
{
	struct mbox_item it;
	struct stat before, st;
	const char *why;
	int64_t stray;

	why = mbox_changed(scan->f, &before);
	if (why)
		return scan_blame(scan, SPAN_NONE, why);
	split->size = scan->f->bound;
	errno = 0;
	if (mbox_split_begin(split, &stray) && stray)
		TRY(stray_blame(scan, stray));
	while (mbox_split_next(split, &it)) {
		mbox_sum_add(&scan->found, span_of(&it.begin, sizeof it.begin));
		mbox_sum_add(&scan->found, span_of(&it.sum, sizeof it.sum));
		TRY(item_add(scan, &it));
	}
	if (split->failed)
		return scan_blame(scan, SPAN_NONE,
				  errno ? strerror(errno) : "it shrank while it was read");
	why = mbox_changed(scan->f, &st);
	if (!why && !bound_holds(scan, &st))
		why = "it was rewritten after it was opened";
	scan->disturbed |= !same_times(&before, &st);
	return why ? scan_blame(scan, SPAN_NONE, why) : ERR_OK;
}

static enum err folders_scan(struct scan *scan, struct mbox_split *split)
{
	for (const struct unreadable *u = scan->m->blocked.first; u; u = u->next) {
		struct unreadable what = *u;

		what.store = scan->s->store->name;
		what.account = scan->s->account;
		TRY(unreadable_add(scan->c, &scan->p->unreadable, &what));
	}
	for (size_t i = 0; i < scan->m->folder_count; i++) {
		scan->f = &scan->m->folder[i];
		scan->folder = i;
		TRY(folder_scan(scan, split));
	}
	return ERR_OK;
}

/* A file that was written to while it was scanned is scanned again, until two scans agree: where
 * messages moved under the scan, one may have slipped through. */
static enum err scan_settle(struct scan *scan, struct mbox_split *split)
{
	uint64_t last = 0;

	for (int n = 1; n <= SCANS_MAX; n++) {
		plan_empty(scan->p);
		mbox_sum_begin(&scan->found, scan->m->key);
		scan->disturbed = false;
		TRY(folders_scan(scan, split));
		if (!scan->disturbed || (n > 1 && mbox_sum_end(&scan->found) == last))
			return ERR_OK;
		last = mbox_sum_end(&scan->found);
	}
	scan->f = NULL;
	return scan_blame(scan, SPAN_NONE, "the account was rewritten during each of five scans");
}

enum err mbox_scan(struct ctx *c, struct source *s, struct plan *p)
{
	struct scan scan = { .c = c, .s = s, .m = s->of, .p = p };
	struct mbox_split split = {
		.read_at = read_at,
		.of = &scan,
		.key = scan.m->key,
		.window = window,
		.window_max = sizeof window,
		.head = s->store->content_length ? head : NULL,
	};
	enum err e = scan_settle(&scan, &split);

	wipe(window, sizeof window);
	wipe(head, sizeof head);
	wipe(split.from, sizeof split.from);
	return e;
}
