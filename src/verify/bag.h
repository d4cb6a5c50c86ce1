/*
 * What bag.c and items.c share: the running hashes by which the payload, its manifest and its lists
 * are compared without keeping any of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VERIFY_BAG_H
#define VERIFY_BAG_H

#include "verify/part.h"

struct line_state {
	const struct json *line;        /* of return.json */
	struct span id, category, date_meaning, store, account;
	int64_t from_utc, until_utc;    /* INT64_MIN, INT64_MAX where open */
	int64_t items, bytes;           /* counted */
};

/* Sum of the hashes of things that come in any order. */
struct any_order {
	uint64_t lane[4];
	int64_t count;
};

struct bag {
	struct verify *v;
	struct tar_walk w;              /* the inner tar */
	struct hasher *item, *manifest, *listed, *file;
	struct sha256 want_manifest, want_list;
	int64_t items, bytes;
	bool dated;                     /* mtime_utc holds the time of all members */
	int64_t mtime_utc;
	struct sha256 tag[5];           /* in the order of the tagmanifest */

	struct line_state *line;
	size_t line_count;
	uint64_t *folder;               /* marks of the folders that were there */
	size_t folder_count, folder_cap;
	struct {
		struct span where;      /* "data/line/account/folder/" */
		struct span date, source;
		int64_t number;
		bool any;
	} last;
	char room[3][LINE_MAX_BYTES];
	struct any_order undated_items, undated_listed;
};

/* items.c: the lines of return.json by which items are judged, then the two lists. */
enum err bag_lines_read(struct bag *b) MUST_USE;
enum err bag_items_list(struct bag *b) MUST_USE;
enum err bag_undated_list(struct bag *b) MUST_USE;
/* Adds what an item is to a running hash: the payload and the list must come to the same. */
enum err bag_mark(struct bag *b, struct hasher *h, struct span path, struct span sha256,
		  int64_t bytes) MUST_USE;
/* Everything of one line of a list is forgotten behind it. */
#define SCRATCH_BYTES ((size_t)32 << 20)

#endif
