/*
 * Paths in the bag and its three long texts: manifest-sha256.txt, items.jsonl, undated.jsonl. They
 * are made line by line from the compact list, once to know their length and once for good, so
 * that memory does not grow with them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "connect/select.h"
#include "format/time.h"
#include "hand/pack_part.h"

#define PATH_BYTES ((size_t)4096)
#define LINE_BYTES ((size_t)64 << 10)

int64_t entry_bytes(const struct pack *p, const struct entry *e)
{
	return entry_is_meta(p, e) ? (int64_t)e->bytes_meta : entry_item(p, e)->bytes;
}

static bool component_byte(unsigned char x)
{
	return (x >= 'A' && x <= 'Z') || (x >= 'a' && x <= 'z') || (x >= '0' && x <= '9') ||
	       (x && strchr("._@+-", x));
}

void put_component(struct buf *b, struct span s)
{
	bool dots = true;

	for (size_t i = 0; i < s.n; i++)
		dots &= s.p[i] == '.';
	for (size_t i = 0; i < s.n; i++) {
		/* "." and ".." may be names in a store; in a package they are ways out of it. */
		if (component_byte(s.p[i]) && !dots)
			buf_byte(b, s.p[i]);
		else
			buf_fmt(b, "%%%02X", s.p[i]);
	}
}

void walk_begin(struct ctx *c, const struct pack *p, struct walk *w)
{
	*w = (struct walk){ .p = p };
	buf_begin(&w->path, c, PATH_BYTES);
}

static bool same_folder(const struct pack *p, const struct entry *a, const struct entry *b)
{
	const struct pack_source *x = entry_source(p, a), *y = entry_source(p, b);

	return x->s->line == y->s->line && span_eq(x->s->account, y->s->account) &&
	       span_eq(x->plan.folder[entry_item(p, a)->folder],
		       y->plan.folder[entry_item(p, b)->folder]);
}

struct entry *walk_next(struct walk *w, struct span *path_out)
{
	const struct pack *p = w->p;
	const struct pack_source *x;
	struct entry *e;
	if (w->at == p->entry_count)
		return NULL;
	e = &p->entry[w->at];
	x = entry_source(p, e);
	if (w->at == 0 || !same_folder(p, e, e - 1)) {
		w->path.n = 0;
		buf_str(&w->path, "data/");
		put_component(&w->path, x->s->line->id);
		buf_byte(&w->path, '/');
		buf_add(&w->path, x->account_dir);
		buf_byte(&w->path, '/');
		put_component(&w->path, x->plan.folder[entry_item(p, e)->folder]);
		buf_byte(&w->path, '/');
		w->prefix = w->path.n;
		w->number = 0;
	}
	w->path.n = w->prefix;
	w->number++;
	for (uint64_t least = 100000; w->number < least && least > 1; least /= 10)
		buf_byte(&w->path, '0');        /* six digits, or more */
	buf_i64(&w->path, (int64_t)w->number);
	buf_str(&w->path, entry_is_meta(p, e) ? ".json" : ".eml");
	w->at++;
	*path_out = span_of(w->path.p, w->path.n);
	return e;
}

/* Sends the line that was built on, or counts it. */
static enum err line_end(struct ctx *c, struct text *t)
{
	struct span line;

	TRY(buf_done(c, &t->line, &line));
	t->bytes += (int64_t)line.n;
	t->line.n = 0;
	return t->bag ? bag_put(c, t->bag, line) : ERR_OK;
}

static void line_begin(struct ctx *c, struct text *t)
{
	buf_begin(&t->line, c, LINE_BYTES);
}

enum err text_manifest(struct ctx *c, const struct pack *p, struct text *t)
{
	const struct entry *e;
	struct span path;
	struct walk w;

	walk_begin(c, p, &w);
	line_begin(c, t);
	while ((e = walk_next(&w, &path))) {
		buf_hex(&t->line, sha256_span(&e->hash));
		buf_str(&t->line, "  ");
		buf_add(&t->line, path);
		buf_byte(&t->line, '\n');
		TRY(line_end(c, t));
	}
	return ERR_OK;
}

static void put_time(struct buf *b, const char *key, int64_t utc)
{
	char text[TIME_TEXT_MAX];

	buf_str(b, key);
	if (utc == DATE_UNKNOWN) {
		buf_str(b, "null");
		return;
	}
	time_text(utc, text);
	buf_byte(b, '"');
	buf_str(b, text);
	buf_byte(b, '"');
}

/* A stored name; only one that is no UTF-8 costs memory. */
static enum err put_name(struct ctx *c, struct buf *b, const char *key, struct span stored)
{
	struct span s;

	TRY(name_text(c, stored, &s));
	buf_str(b, key);
	json_put_text(b, s);
	return ERR_OK;
}

static void put_lines(const struct pack *p, struct buf *b, const struct entry *e)
{
	buf_str(b, ",\"lines\":[");
	json_put_text(b, entry_source(p, e)->s->line->id);
	for (uint32_t at = e->also; at; at = p->also[at - 1].next) {
		buf_byte(b, ',');
		json_put_text(b, p->job.lines->line[p->also[at - 1].line].id);
	}
	buf_byte(b, ']');
}

/* Members in the order of their names, as canonical JSON has them. */
static enum err item_line(struct ctx *c, const struct pack *p, const struct entry *e,
			  struct span path, struct buf *b)
{
	const struct pack_source *x = entry_source(p, e);
	const struct item *it = entry_item(p, e);

	buf_str(b, "{\"account\":");
	json_put_text(b, x->s->account);
	buf_str(b, ",\"bytes\":");
	buf_i64(b, entry_bytes(p, e));
	put_time(b, ",\"delivery\":", it->delivery_utc);
	TRY(put_name(c, b, ",\"folder\":", x->plan.folder[it->folder]));
	if (x->s->connector->from_line)
		TRY(put_name(c, b, ",\"from_line\":", x->s->connector->from_line(&x->plan, it)));
	buf_str(b, e->further_dates ? ",\"further_dates\":true" : ",\"further_dates\":false");
	put_time(b, ",\"header\":", e->header_utc);
	put_lines(p, b, e);
	buf_str(b, ",\"path\":");
	json_put_text(b, path);
	put_time(b, ",\"received\":", e->received_utc);
	buf_str(b, ",\"sha256\":\"");
	buf_hex(b, sha256_span(&e->hash));
	buf_byte(b, '"');
	TRY(put_name(c, b, ",\"source_id\":", plan_source_id(&x->plan, it)));
	buf_str(b, ",\"store\":");
	json_put_text(b, x->s->store->name);
	buf_str(b, "}\n");
	return ERR_OK;
}

enum err text_items(struct ctx *c, const struct pack *p, struct text *t)
{
	const struct entry *e;
	struct span path;
	struct walk w;

	walk_begin(c, p, &w);
	line_begin(c, t);
	while ((e = walk_next(&w, &path))) {
		TRY(item_line(c, p, e, path, &t->line));
		TRY(line_end(c, t));
	}
	return ERR_OK;
}

static enum err undated_line(struct ctx *c, const struct pack_source *x, const struct item *it,
			     struct buf *b)
{
	buf_str(b, "{\"account\":");
	json_put_text(b, x->s->account);
	buf_str(b, ",\"bytes\":");
	buf_i64(b, it->bytes);
	buf_str(b, ",\"date_meaning\":");
	json_put_text(b, span_str(date_meaning_word(x->s->line->meaning)));
	buf_str(b, x->s->line->deliver_undated ? ",\"delivered\":true" : ",\"delivered\":false");
	TRY(put_name(c, b, ",\"folder\":", x->plan.folder[it->folder]));
	buf_str(b, ",\"line\":");
	json_put_text(b, x->s->line->id);
	TRY(put_name(c, b, ",\"source_id\":", plan_source_id(&x->plan, it)));
	buf_str(b, ",\"store\":");
	json_put_text(b, x->s->store->name);
	buf_str(b, "}\n");
	return ERR_OK;
}

enum err text_undated(struct ctx *c, const struct pack *p, struct text *t)
{
	line_begin(c, t);
	for (size_t s = 0; s < p->job.source_count; s++) {
		const struct pack_source *x = &p->source[s];

		for (size_t i = 0; i < x->plan.count; i++) {
			const struct item *it = plan_item(&x->plan, i);

			if (it->date_utc != DATE_UNKNOWN)
				continue;
			TRY(undated_line(c, x, it, &t->line));
			TRY(line_end(c, t));
		}
	}
	return ERR_OK;
}
