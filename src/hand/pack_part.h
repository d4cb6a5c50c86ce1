/*
 * What the files of the packing pipeline share. Nobody else includes this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PACK_PART_H
#define HAND_PACK_PART_H

#include "hand/pack.h"
#include "hand/stage.h"

#define NONE UINT32_MAX

/* One opened source with its plan. */
struct pack_source {
	struct source *s;
	struct plan plan;
	struct span account_dir;        /* percent-encoded */
	uint32_t *stored;               /* entry of each item of the plan (by rank), or NONE; NULL
	                                 * where no other source can name the same items */
	uint32_t *by_id;                /* the plan's items in order of folder and source id */
};

/* One item of the bag, in the order of the payload: 64 bytes. */
struct entry {
	struct sha256 hash;
	int64_t header_utc, received_utc;
	uint32_t source, i;             /* which item of which plan */
	uint32_t bytes_meta;            /* MSG_META: length of its line (else the item's) */
	uint32_t also : 31;             /* 1 + first of the further lines that name it, 0 = none */
	uint32_t further_dates : 1;
};

/* A further line that names an entry. */
struct also {
	uint32_t line;
	uint32_t next;                  /* as entry.also */
};

struct pack {
	struct pack_job job;
	struct pack_source *source;
	struct entry *entry;
	size_t entry_count;
	struct also *also;
	size_t also_count, also_cap;
	struct pack_counts counts;
};

static inline const struct pack_source *entry_source(const struct pack *p, const struct entry *e)
{
	return &p->source[e->source];
}

static inline const struct item *entry_item(const struct pack *p, const struct entry *e)
{
	return plan_item(&p->source[e->source].plan, e->i);
}

static inline bool entry_is_meta(const struct pack *p, const struct entry *e)
{
	return entry_source(p, e)->s->line->category == CATEGORY_MSG_META;
}

/* Length of the file in the bag, known once the item has been read. */
int64_t entry_bytes(const struct pack *p, const struct entry *e);

/* ---- paths: walks the entries in order and names each ---- */
struct walk {
	const struct pack *p;
	size_t at;                      /* of the entry that was named last, plus 1 */
	uint64_t number;
	struct buf path;                /* "data/<line>/<account>/<folder>/" and the number */
	size_t prefix;
};
void walk_begin(struct ctx *c, const struct pack *p, struct walk *w);
/* The next entry and its path below the top folder; NULL at the end. */
struct entry *walk_next(struct walk *w, struct span *path_out);
/* Percent-encoded outside [A-Za-z0-9._@+-], and where it consists of dots alone. */
void put_component(struct buf *b, struct span s);

/* ---- texts of the bag, written twice: for their length and for good (items.c) ---- */
struct text {
	struct bag *bag;                /* NULL: count only */
	int64_t bytes;
	struct buf line;                /* LINE_BYTES; a line is built here */
};
enum err text_manifest(struct ctx *c, const struct pack *p, struct text *t) MUST_USE;
enum err text_items(struct ctx *c, const struct pack *p, struct text *t) MUST_USE;
enum err text_undated(struct ctx *c, const struct pack *p, struct text *t) MUST_USE;

/* The line of MSG_META, from the header block alone (meta.c). */
enum err meta_line(struct ctx *c, struct span block, int64_t bytes, int64_t delivery_utc,
		   const struct header_dates *dates, struct buf *out) MUST_USE;

#endif
