/*
 * The public side of the log against itself: names, entries, hash tiles, checkpoint. What differs
 * is named by file and by the number of the hash in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fts.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "log/verify.h"

/* Is name (below log/) the file of a tile that a tree of that size has? */
static enum err name_is_of_tree(struct ctx *c, const char *name, uint64_t size, bool *out)
{
	struct span rest = span_str(name), kind, number, tail;
	int level = TILE_ENTRIES;
	uint64_t index = 0;
	int64_t x;
	char *want;
	unsigned width;

	*out = false;
	if (!span_starts(rest, "tile/") ||
	    !span_split(span_cut(rest, 5, rest.n), '/', &kind, &rest))
		return ERR_OK;
	if (!span_is(kind, "entries")) {
		if (!span_to_i64(kind, &x) || x < 0 || x >= TILE_LEVELS)
			return ERR_OK;
		level = (int)x;
	}
	/* The groups of the number; what follows them is compared with the name as it should be. */
	while (span_split(rest, '/', &number, &tail) && number.n == 4 && number.p[0] == 'x' &&
	       index < UINT64_MAX / 1000000) {
		for (size_t i = 1; i < 4; i++)
			index = index * 10 + (uint64_t)(number.p[i] - '0') % 10;
		rest = tail;
	}
	for (size_t i = 0; i < 3 && i < rest.n; i++)
		index = index * 10 + (uint64_t)(rest.p[i] - '0') % 10;
	width = tile_width(size, level, index);
	if (width == 0)
		return ERR_OK;
	TRY(tile_file(c, "log", level, index, width, &want));
	*out = strcmp(want + 4, name) == 0;
	return ERR_OK;
}

static enum err one_name(struct ctx *c, struct verify *v, const FTSENT *at, const char *name)
{
	CTX_SCOPED struct ctx s;
	bool ours;

	if (at->fts_info == FTS_D || at->fts_info == FTS_DP)
		return ERR_OK;
	if (at->fts_info == FTS_F && (!strcmp(name, "lock") || !strcmp(name, "checkpoint")))
		return ERR_OK;
	TRY(verify_scratch(c, &s));
	TRY(name_is_of_tree(&s, name, v->checkpoint.size, &ours));
	if (!ours || at->fts_info != FTS_F)
		verify_found(v, "is no file of this log: left over, or put there", "log/%s", name);
	return ERR_OK;
}

static enum err walk_names(struct ctx *c, struct verify *v)
{
	char *dir, *roots[2] = { NULL, NULL };
	enum err e = ERR_OK;
	FTSENT *at;
	FTS *fts;

	TRY(span_cstr(c, span_str(v->l->dir), &dir));
	roots[0] = dir;
	fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!fts)
		FAIL(c, ERR_IO, "cannot walk through %s", dir);
	while (e == ERR_OK && (at = fts_read(fts)))
		e = one_name(c, v, at, at->fts_path + strlen(dir) + (at->fts_level > 0));
	fts_close(fts);
	return e;
}

/* Tiles at the right edge are read now; one that cannot be read is told later, with the others. */
static enum err load_edge(struct ctx *c, struct verify *v)
{
	uint64_t size = v->checkpoint.size;

	TRY(tiles_blank(c, v->l->dir, size, &v->tiles));
	for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
		uint64_t last = (level <= 0 ? size : size >> (8 * level)) / TILE_WIDTH;
		unsigned width = tile_width(size, level, last);

		if (width && tile_read(c, v->l->dir, level, last, width,
				       &v->tiles->edge[level + 1]) != ERR_OK)
			err_clear(c);
	}
	return ERR_OK;
}

enum err verify_names(struct ctx *c, struct verify *v)
{
	bool found;
	enum err e = log_checkpoint_read(c, v->l, &v->checkpoint, NULL, &found);

	if (e != ERR_OK) {
		verify_found(v, c->why, "log/checkpoint");
		err_clear(c);
		return ERR_OK;
	}
	TRY(load_edge(c, v));
	return walk_names(c, v);
}

static void tile_found(struct ctx *s, struct verify *v, int level, uint64_t index, int at,
		       const char *what)
{
	char *path = NULL;

	if (tile_file(s, "log", level, index, tile_width(v->checkpoint.size, level, index),
		      &path) != ERR_OK)
		return;
	if (at < 0)
		verify_found(v, what, "%s", path);
	else
		verify_found(v, what, "%s %s %d", path, level == TILE_ENTRIES ? "entry" : "hash",
			     at);
}

/* NULL where it cannot be read, which is a finding. */
static const struct tile_kept *get(struct ctx *s, struct verify *v, int level, uint64_t index)
{
	const struct tile_kept *tile = NULL;

	if (tiles_get(s, v->tiles, level, index, &tile) == ERR_OK)
		return tile;
	tile_found(s, v, level, index, -1, s->why);
	err_clear(s);
	return NULL;
}

static enum err check_entries(struct ctx *s, struct verify *v, uint64_t index,
			      const struct tile_kept *hashes, int64_t *last_ms)
{
	const struct tile_kept *entries = get(s, v, TILE_ENTRIES, index);

	for (unsigned i = 0; entries && i < entries->width; i++) {
		const unsigned char *at = entries->bytes + i * TILE_ENTRY_BYTES;
		struct span entry = span_of(at + 2, TICK_ENTRY_BYTES);
		struct sha256 leaf, inner;
		int64_t ms = *last_ms;

		if (at[0] != 0 || at[1] != TICK_ENTRY_BYTES || !tick_entry_read(entry, &ms, &inner))
			tile_found(s, v, TILE_ENTRIES, index, (int)i, "is not the entry of a tick");
		else if (ms <= *last_ms)
			tile_found(s, v, TILE_ENTRIES, index, (int)i,
				   "its time is not after that of the entry before");
		*last_ms = ms;
		TRY(tree_leaf(s, entry, &leaf));
		if (hashes &&
		    memcmp(leaf.b, hashes->bytes + (size_t)i * SHA256_BYTES, SHA256_BYTES) != 0)
			tile_found(s, v, TILE_ENTRIES, index, (int)i,
				   "does not have the hash that the tile of level 0 holds");
	}
	return ERR_OK;
}

static enum err check_above(struct ctx *s, struct verify *v, int level, uint64_t index,
			    const struct tile_kept *tile)
{
	const struct tile_kept *above;
	struct sha256 root;
	unsigned at = (unsigned)(index % TILE_WIDTH);

	TRY(hashes_root(s, tile->bytes, TILE_WIDTH, &root));
	above = get(s, v, level + 1, index / TILE_WIDTH);
	if (above && memcmp(root.b, above->bytes + (size_t)at * SHA256_BYTES, SHA256_BYTES) != 0)
		tile_found(s, v, level + 1, index / TILE_WIDTH, (int)at,
			   "is not the root of the tile below it");
	return ERR_OK;
}

static enum err check_tile(struct ctx *c, struct verify *v, int level, uint64_t index,
			   int64_t *last_ms)
{
	CTX_SCOPED struct ctx s;
	const struct tile_kept *tile;

	TRY(verify_scratch(c, &s));
	tile = get(&s, v, level, index);
	if (level == 0)
		TRY(check_entries(&s, v, index, tile, last_ms));
	if (tile && tile->width == TILE_WIDTH && level + 1 < TILE_LEVELS)
		TRY(check_above(&s, v, level, index, tile));
	return ERR_OK;
}

enum err verify_tiles(struct ctx *c, struct verify *v)
{
	CTX_SCOPED struct ctx s;
	struct tree_source source;
	struct sha256 root;
	int64_t last_ms = 0;

	if (!v->tiles || v->checkpoint.size == 0)
		return ERR_OK;
	for (int level = 0; level < TILE_LEVELS; level++)
		for (uint64_t index = 0; tile_width(v->checkpoint.size, level, index); index++)
			TRY(check_tile(c, v, level, index, &last_ms));
	TRY(verify_scratch(c, &s));
	source = tiles_source(v->tiles);
	if (tree_root_of(&s, &source, v->checkpoint.size, &root) != ERR_OK)
		return ERR_OK; /* the tile that is missing was told above */
	if (memcmp(root.b, v->checkpoint.root.b, SHA256_BYTES) != 0)
		verify_found(v, "the hash tiles do not give the root that the checkpoint signs",
			     "log/checkpoint");
	return ERR_OK;
}
