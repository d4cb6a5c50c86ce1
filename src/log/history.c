/*
 * The log as those outside look at it: each tree that it was, and the tiles from which anybody
 * computes that. All of it is computed from the stored tiles and no more true than they are.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/part.h"

#define LOOKS 5u    /* at a log that other processes let grow */

static enum err one(struct ctx *c, struct tiles *t, uint64_t size, struct log_past *out)
{
	struct tree_source source = tiles_source(t);
	struct sha256 inner_root;
	struct span entry;

	out->size = size;
	TRY(tree_root_of(c, &source, size, &out->root));
	TRY(tiles_entry(c, t, size - 1, &entry));
	if (!tick_entry_read(entry, &out->time_ms, &inner_root))
		FAIL(c, ERR_VERIFY, "entry %llu of the log is none", (unsigned long long)size - 1);
	return ERR_OK;
}

static enum err history_once(struct ctx *c, const struct log *l, uint64_t below, size_t most,
			     struct log_past *out, size_t *n_out)
{
	struct checkpoint cp;
	struct tiles *t;

	*n_out = 0;
	TRY(log_checkpoint(c, l, &cp, NULL));
	TRY(tiles_open(c, l->dir, cp.size, &t));
	for (uint64_t size = below > cp.size ? cp.size : below; size > 0 && *n_out < most; size--)
		TRY(one(c, t, size, &out[(*n_out)++]));
	return ERR_OK;
}

enum err log_history(struct ctx *c, const struct log *l, uint64_t below, size_t most,
		     struct log_past *out, size_t *n_out)
{
	/* A tick that another process closes meanwhile puts a longer tile in the place of one. */
	for (unsigned look = 1; look < LOOKS; look++) {
		enum err e = history_once(c, l, below, most, out, n_out);

		if (e != ERR_VERIFY)
			return e;
		err_clear(c);
	}
	return history_once(c, l, below, most, out, n_out);
}

enum err log_tile(struct ctx *c, const struct log *l, int level, uint64_t index,
		  unsigned *width_out, struct span *out)
{
	struct tile_kept *kept;
	struct checkpoint cp;

	TRY(log_checkpoint(c, l, &cp, NULL));
	*width_out = tile_width(cp.size, level, index);
	if (*width_out == 0)
		FAIL(c, ERR_NOT_FOUND, "the log has no such tile");
	TRY(NEW(c, kept));
	TRY(tile_read(c, l->dir, level, index, *width_out, kept));
	return span_copy(c, span_of(kept->bytes, *width_out * tile_item_bytes(level)), out);
}
