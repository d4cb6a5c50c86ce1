/*
 * Packing: reads each item once and writes the bag; the belt hashes and seals it. See pack.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pack.h"

#include <stdio.h>

#include "base/num.h"
#include "format/time.h"
#include "hand/pack_part.h"

#define READ_BYTES HEADER_BLOCK_MAX     /* the first read has the whole header block */
#define META_STEP ((size_t)4096)
#define META_BYTES ((size_t)512 << 10)
#define PROGRESS_MS 250

/* The files that tell about the payload, in the order in which they stand in the bag. */
enum { TAG_BAGIT, TAG_INFO, TAG_MANIFEST, TAG_ITEMS, TAG_UNDATED, TAG_TAGMANIFEST, TAGS };

static const char *const tag_name[TAGS] = {
	[TAG_BAGIT] = "bagit.txt",
	[TAG_INFO] = "bag-info.txt",
	[TAG_MANIFEST] = "manifest-sha256.txt",
	[TAG_ITEMS] = "items.jsonl",
	[TAG_UNDATED] = "undated.jsonl",
	[TAG_TAGMANIFEST] = "tagmanifest-sha256.txt",
};

struct work {
	struct pack *p;
	struct bag bag;
	unsigned char *head;            /* READ_BYTES: a header block of MSG_META */
	struct buf meta;
	struct sha256 *tag;             /* hashes of the tag files */
	struct pack_progress progress;
	int64_t told_ms;
	size_t read_count;              /* entries that are in the bag */
};

static void work_close(struct work *w)
{
	if (w->head)
		wipe(w->head, READ_BYTES);
	if (w->meta.p)
		wipe(w->meta.p, w->meta.cap);
}
#define WORK_SCOPED __attribute__((cleanup(work_close)))

/* About how long the bag will be, rather too much: headers and padding, and the lines on an item in
 * the manifest and in items.jsonl. What MSG_META takes of a message is not known yet. */
static int64_t bag_estimate(const struct pack *p)
{
	int64_t bytes = (int64_t)1 << 20;

	for (size_t i = 0; i < p->entry_count; i++) {
		const struct entry *e = &p->entry[i];
		int64_t item = entry_is_meta(p, e) ? TAR_BLOCK : entry_item(p, e)->bytes;

		if (!num_add(bytes, item, &bytes) ||
		    !num_add(bytes, 3 * (int64_t)TAR_BLOCK, &bytes))
			return 0;
	}
	return bytes;
}

static enum err work_open(struct ctx *c, struct pack *p, int64_t made_at_utc,
			  const struct age_recipient *to, struct belt *belt, struct work *w,
			  struct span *header_out)
{
	w->p = p;
	w->progress = (struct pack_progress){ .items = p->counts.items, .bytes = p->counts.bytes };
	TRY(NEW_ARRAY(c, w->head, READ_BYTES));
	TRY(NEW_ARRAY(c, w->tag, TAGS));
	w->bag.belt = belt;
	TRY(belt_begin(c, belt, to, bag_estimate(p), header_out));
	buf_begin(&w->meta, c, META_BYTES);
	buf_begin(&w->bag.head, c, TAR_HEAD_MAX);
	w->bag.mtime_utc = made_at_utc;
	return span_fmt(c, &w->bag.top, "%.*s/", SPAN_ARG(p->job.order));
}

static void tell(struct ctx *c, struct work *w, bool last)
{
	int64_t now_ms;

	if (!w->p->job.progress)
		return;
	now_ms = c->seam->mono_ms();
	if (!last && now_ms - w->told_ms < PROGRESS_MS)
		return;
	w->told_ms = now_ms;
	w->p->job.progress(w->p->job.of, &w->progress);
}

/* ---- items ---- */

/* What an item was selected by must still be so: who may write to a store can set a file's times
 * back, and then only its header tells that it was changed. */
static enum err entry_dates(struct ctx *c, const struct pack *p, struct entry *e, struct span block)
{
	enum date_meaning meaning = entry_source(p, e)->s->line->meaning;
	int64_t planned = entry_item(p, e)->date_utc;
	struct header_dates dates;

	header_dates_of(block, &dates);
	e->header_utc = dates.header_utc;
	e->received_utc = dates.received_utc;
	e->further_dates = dates.further_dates;
	if ((meaning == DATE_BY_HEADER && dates.header_utc != planned) ||
	    (meaning == DATE_BY_RECEIVED && dates.received_utc != planned))
		FAIL(c, ERR_DEGRADED, "its date changed after it was planned");
	return ERR_OK;
}

/* Straight into the belt: what is read is copied no more. */
static enum err content_put(struct ctx *c, struct work *w, struct entry *e, struct source *s)
{
	bool first = true;
	size_t n;

	do {
		/* One byte more than is due would show that it grew. */
		size_t want = w->bag.left < (int64_t)READ_BYTES ? (size_t)w->bag.left + 1
								: READ_BYTES;
		unsigned char *to;
		struct span got;

		TRY(belt_room(c, w->bag.belt, want, &to));
		TRY(s->connector->read(c, s, to, want, &n));
		got = span_of(to, n);
		if (first)
			TRY(entry_dates(c, w->p, e, got));
		first = false;
		TRY(bag_took(c, &w->bag, n));
	} while (n);
	return ERR_OK;
}

/* The header block alone: what lies behind it is not asked for (up to 4 KiB come with it). */
static enum err head_take(struct ctx *c, struct work *w, struct source *s, struct span *out)
{
	size_t n = 0, got, head = 0;

	do {
		TRY(s->connector->read(c, s, w->head + n, META_STEP, &got));
		n += got;
		head = header_block_length(span_of(w->head, n));
	} while (head == 0 && got == META_STEP && n < READ_BYTES);
	*out = span_of(w->head, head ? head : n);
	return ERR_OK;
}

static enum err meta_take(struct ctx *c, struct work *w, struct entry *e, struct source *s)
{
	const struct item *it = entry_item(w->p, e);
	struct header_dates dates;
	struct span block, line;

	TRY(head_take(c, w, s, &block));
	TRY(entry_dates(c, w->p, e, block));
	header_dates_of(block, &dates);
	TRY(meta_line(c, block, it->bytes, it->delivery_utc, &dates, &w->meta));
	TRY(buf_done(c, &w->meta, &line));
	e->bytes_meta = (uint32_t)line.n;
	return ERR_OK;
}

static enum err entry_put(struct ctx *c, struct work *w, struct entry *e, struct span path)
{
	struct pack_source *x = &w->p->source[e->source];
	struct span line;

	TRY(x->s->connector->begin(c, x->s, &x->plan, e->i));
	if (entry_is_meta(w->p, e))
		TRY(meta_take(c, w, e, x->s));
	TRY(bag_begin(c, &w->bag, path, entry_bytes(w->p, e), &e->hash));
	if (entry_is_meta(w->p, e)) {
		TRY(buf_done(c, &w->meta, &line));
		TRY(bag_put(c, &w->bag, line));
	} else {
		TRY(content_put(c, w, e, x->s));
	}
	return bag_end(c, &w->bag);
}

static enum err entry_blame(struct ctx *c, struct pack *p, const struct entry *e)
{
	const struct pack_source *x = entry_source(p, e);
	const struct item *it = entry_item(p, e);
	struct unreadable what = {
		.store = x->s->store->name,
		.account = x->s->account,
		.folder = x->plan.folder[it->folder],
		.source_id = plan_source_id(&x->plan, it),
	};

	TRY(span_copy(c, span_str(c->why), &what.why));
	err_clear(c);
	return unreadable_add(c, &p->counts.unreadable, &what);
}

/* One item spoils the package; those from first on are still looked at, so that the account of what
 * cannot be read is complete. */
static enum err rest_look(struct ctx *c, struct pack *p, size_t first)
{
	size_t n;

	for (size_t i = first; i < p->entry_count; i++) {
		struct pack_source *x = &p->source[p->entry[i].source];
		enum err e = x->s->connector->begin(c, x->s, &x->plan, p->entry[i].i);

		x->s->connector->end(x->s);
		if (e == ERR_DEGRADED)
			e = entry_blame(c, p, &p->entry[i]);
		TRY(e);
	}
	n = p->counts.unreadable.count;
	if (n > UNREADABLE_LISTED_MAX)
		FAIL(c, ERR_DEGRADED,
		     "%zu items or folders cannot be read, or changed; the first %u are listed", n,
		     UNREADABLE_LISTED_MAX);
	FAIL(c, ERR_DEGRADED, "%zu items or folders cannot be read, or changed", n);
}

static enum err payload_put(struct ctx *c, struct work *w)
{
	struct entry *e;
	struct span path;
	struct walk walk;

	walk_begin(c, w->p, &walk);
	while ((e = walk_next(&walk, &path))) {
		struct source *s = entry_source(w->p, e)->s;
		enum err failed = entry_put(c, w, e, path);

		s->connector->end(s);
		if (failed == ERR_DEGRADED) {
			TRY(entry_blame(c, w->p, e));
			return rest_look(c, w->p, w->read_count + 1);
		}
		TRY(failed);
		w->read_count++;
		w->progress.done_items++;
		w->progress.done_bytes += entry_item(w->p, e)->bytes;
		tell(c, w, false);
	}
	tell(c, w, true);
	return ERR_OK;
}

/* ---- tag files ---- */

static enum err short_put(struct ctx *c, struct work *w, int tag, struct span text)
{
	TRY(bag_begin(c, &w->bag, span_str(tag_name[tag]), (int64_t)text.n, &w->tag[tag]));
	TRY(bag_put(c, &w->bag, text));
	return bag_end(c, &w->bag);
}

/* The texts on all items. Their length does not depend on the hashes; it is found while the last of
 * these are made. */
static enum err texts_put(struct ctx *c, struct work *w)
{
	static const struct {
		int tag;
		enum err (*make)(struct ctx *c, const struct pack *p, struct text *t);
	} all[] = { { TAG_MANIFEST, text_manifest },
		    { TAG_ITEMS, text_items },
		    { TAG_UNDATED, text_undated } };
	struct text count[COUNT_OF(all)] = { 0 };

	for (size_t i = 0; i < COUNT_OF(all); i++)
		TRY(all[i].make(c, w->p, &count[i]));
	TRY(belt_hashed(c, w->bag.belt));
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		int tag = all[i].tag;
		struct text text = { .bag = &w->bag };

		TRY(bag_begin(c, &w->bag, span_str(tag_name[tag]), count[i].bytes, &w->tag[tag]));
		TRY(all[i].make(c, w->p, &text));
		TRY(bag_end(c, &w->bag));
	}
	return ERR_OK;
}

static enum err info_put(struct ctx *c, struct work *w)
{
	const struct pack_counts *n = &w->p->counts;
	char made_at[TIME_TEXT_MAX];
	struct span text;

	time_text(w->bag.mtime_utc, made_at);
	TRY(span_fmt(c, &text,
		     "Bag-Software-Agent: writ " WRIT_VERSION "\n"
		     "Bagging-Date: %.10s\n"
		     "External-Identifier: %.*s\n"
		     "Payload-Oxum: %lld.%lld\n",
		     made_at, SPAN_ARG(w->p->job.order), (long long)n->bytes, (long long)n->items));
	return short_put(c, w, TAG_INFO, text);
}

static enum err tagmanifest_put(struct ctx *c, struct work *w)
{
	struct span text;
	struct buf b;

	TRY(belt_hashed(c, w->bag.belt));
	buf_begin(&b, c, 4096);
	for (int tag = 0; tag < TAG_TAGMANIFEST; tag++) {
		buf_hex(&b, sha256_span(&w->tag[tag]));
		buf_fmt(&b, "  %s\n", tag_name[tag]);
	}
	TRY(buf_done(c, &b, &text));
	return short_put(c, w, TAG_TAGMANIFEST, text);
}

/* What was planned for MSG_META were the messages' lengths; what is in the bag is what counts. */
static void counts_settle(struct pack *p)
{
	p->counts.bytes = 0;
	for (size_t i = 0; i < p->counts.line_count; i++)
		p->counts.line[i].bytes = 0;
	for (size_t i = 0; i < p->entry_count; i++) {
		int64_t bytes = entry_bytes(p, &p->entry[i]);

		p->counts.line[p->entry[i].source].bytes += bytes;
		p->counts.bytes += bytes;
	}
}

static enum err bag_write(struct ctx *c, struct work *w, struct pack_result *out)
{
	TRY(short_put(c, w, TAG_BAGIT,
		      SPAN("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")));
	TRY(payload_put(c, w));
	counts_settle(w->p);
	TRY(info_put(c, w));
	TRY(texts_put(c, w));
	TRY(tagmanifest_put(c, w));
	TRY(bag_close(c, &w->bag));
	TRY(belt_end(c, w->bag.belt, &out->payload_bytes));
	out->manifest = w->tag[TAG_MANIFEST];
	out->tagmanifest = w->tag[TAG_TAGMANIFEST];
	return ERR_OK;
}

static enum err check_whole(struct ctx *c, struct pack *p)
{
	for (size_t i = 0; i < p->job.source_count; i++) {
		const struct source *s = p->job.sources[i];

		if (s->problem.n && s->held)
			FAIL(c, ERR_NOT_FOUND, "line %.*s, store %.*s: %.*s", SPAN_ARG(s->line->id),
			     SPAN_ARG(s->store->name), SPAN_ARG(s->problem));
	}
	return p->counts.unreadable.count ? rest_look(c, p, 0) : ERR_OK;
}

static enum err pack_run(struct ctx *c, struct pack *p, int64_t made_at_utc,
			 const struct age_recipient *to, struct belt *belt,
			 struct pack_result *out)
{
	WORK_SCOPED struct work w = { 0 };

	TRY(check_whole(c, p));
	TRY(work_open(c, p, made_at_utc, to, belt, &w, &out->header));
	return bag_write(c, &w, out);
}

enum err pack_write(struct ctx *c, struct pack *p, int64_t made_at_utc,
		    const struct age_recipient *to, struct belt *belt, struct pack_result *out)
{
	enum err e;

	*out = (struct pack_result){ 0 };
	e = pack_run(c, p, made_at_utc, to, belt, out);
	out->counts = p->counts;
	return e;
}
