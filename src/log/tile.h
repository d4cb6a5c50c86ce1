/*
 * For the files of log.h only: tiles on the disk. Kinds are "entries" and the levels 0, 1, ...; a
 * hash tile holds 256 hashes of 32 bytes, an entries tile 256 entries of two length bytes and 41.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LOG_TILE_H
#define LOG_TILE_H

#include "base/ctx.h"
#include "crypt/note.h"
#include "crypt/tree.h"

#define TILE_WIDTH 256u
#define TILE_LEVELS 8                   /* 2^64 entries */
#define TILE_ENTRIES (-1)               /* as a level: the entries */
#define TILE_ENTRY_BYTES (2u + TICK_ENTRY_BYTES)
#define TILE_BYTES_MAX (TILE_WIDTH * TILE_ENTRY_BYTES)

/* Reads tiles of a tree of a size. The tiles at the right edge, which a later tick replaces, are
 * read at the start; full ones never change. */
struct tile_kept {
	uint64_t index;
	unsigned width;                 /* 0 = nothing kept */
	unsigned char bytes[TILE_BYTES_MAX];
};
struct tiles {
	const char *dir;
	uint64_t size;
	struct tile_kept edge[1 + TILE_LEVELS], full[1 + TILE_LEVELS];  /* by level + 1 */
};

/* How many hashes (or entries) stand in that tile of a tree of that size; 0 = no such tile. */
unsigned tile_width(uint64_t size, int level, uint64_t index);
size_t tile_item_bytes(int level);
/* DIR/tile/... in the arena. */
enum err tile_file(struct ctx *c, const char *dir, int level, uint64_t index, unsigned width,
		   char **out) MUST_USE;
/* The tile's bytes, exactly as long as its width wants: ERR_VERIFY if it is missing or of another
 * length. */
enum err tile_read(struct ctx *c, const char *dir, int level, uint64_t index, unsigned width,
		   struct tile_kept *out) MUST_USE;

enum err tiles_open(struct ctx *c, const char *dir, uint64_t size, struct tiles **out) MUST_USE;
/* The same without a look at the disk, for who loads the edge tile by tile. */
enum err tiles_blank(struct ctx *c, const char *dir, uint64_t size, struct tiles **out) MUST_USE;
enum err tiles_get(struct ctx *c, struct tiles *t, int level, uint64_t index,
		   const struct tile_kept **out) MUST_USE;
enum err tiles_entry(struct ctx *c, struct tiles *t, uint64_t n, struct span *out) MUST_USE;
struct tree_source tiles_source(struct tiles *t);
enum err tiles_edge(struct ctx *c, struct tiles *t, struct tree_edge *out) MUST_USE;
/* Root over a full or partial run of hashes whose count is a power of two. */
enum err hashes_root(struct ctx *c, const unsigned char *hashes, unsigned count, struct sha256 *out)
	MUST_USE;

/* Writing the entry of a tree of size n, which becomes n + 1, and its leaf. All tiles are durable
 * when this returns; those above level 0 change once in 256 times. */
enum err tiles_add(struct ctx *c, const char *dir, uint64_t n, struct span entry,
		   const struct sha256 *leaf) MUST_USE;
/* Makes the right edge of the levels above 0 again from the level below. */
enum err tiles_mend(struct ctx *c, const char *dir, uint64_t size) MUST_USE;
/* Takes away what is no part of a tree of that size at its right edge: older partial tiles. */
void tiles_sweep(struct ctx *c, const char *dir, uint64_t size);

#endif
