/*
 * Reading tiles, and nodes, edge and root of the tree that they hold. See tile.h. Nothing is
 * written here, and no missing byte is guessed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log/tile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

size_t tile_item_bytes(int level)
{
	return level == TILE_ENTRIES ? TILE_ENTRY_BYTES : SHA256_BYTES;
}

unsigned tile_width(uint64_t size, int level, uint64_t index)
{
	uint64_t items = level <= 0 ? size : size >> (8 * level);
	uint64_t before;

	if (level >= TILE_LEVELS || __builtin_mul_overflow(index, TILE_WIDTH, &before) ||
	    before >= items)
		return 0;
	return items - before >= TILE_WIDTH ? TILE_WIDTH : (unsigned)(items - before);
}

enum err tile_file(struct ctx *c, const char *dir, int level, uint64_t index, unsigned width,
		   char **out)
{
	char kind[8] = "entries", *below;

	if (level != TILE_ENTRIES)
		snprintf(kind, sizeof kind, "%d", level & 0x3f);
	TRY(tile_path(c, kind, index, width, &below));
	return path_fmt(c, out, "%s/%s", dir, below);
}

static enum err read_exactly(struct ctx *c, const char *path, unsigned char *out, size_t n)
{
	FD_SCOPED int fd = -1;
	unsigned char more;
	size_t at = 0;

	TRY(file_open(c, path, O_RDONLY | O_NOFOLLOW, 0, &fd));
	for (;;) {
		ssize_t got = at < n ? c->seam->read(fd, out + at, n - at)
				     : c->seam->read(fd, &more, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			FAIL(c, ERR_IO, "cannot read %s: %s", path, strerror(errno));
		if (got == 0)
			break;
		at += (size_t)got;
		if (at > n)
			break;
	}
	if (at != n)
		FAIL(c, ERR_VERIFY, "%s is %s than its %zu bytes", path,
		     at < n ? "shorter" : "longer", n);
	return ERR_OK;
}

enum err tile_read(struct ctx *c, const char *dir, int level, uint64_t index, unsigned width,
		   struct tile_kept *out)
{
	enum err e;
	char *path;

	out->width = 0;
	TRY(tile_file(c, dir, level, index, width, &path));
	e = read_exactly(c, path, out->bytes, width * tile_item_bytes(level));
	if (e == ERR_NOT_FOUND) {
		err_clear(c);
		FAIL(c, ERR_VERIFY, "%s is missing", path);
	}
	TRY(e);
	out->index = index;
	out->width = width;
	return ERR_OK;
}

enum err tiles_blank(struct ctx *c, const char *dir, uint64_t size, struct tiles **out)
{
	struct tiles *t;

	TRY(NEW(c, t));
	t->dir = dir;
	t->size = size;
	*out = t;
	return ERR_OK;
}

enum err tiles_open(struct ctx *c, const char *dir, uint64_t size, struct tiles **out)
{
	TRY(tiles_blank(c, dir, size, out));
	for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
		uint64_t last = (level <= 0 ? size : size >> (8 * level)) / TILE_WIDTH;
		unsigned width = tile_width(size, level, last);

		if (width)
			TRY(tile_read(c, dir, level, last, width, &(*out)->edge[level + 1]));
	}
	return ERR_OK;
}

enum err tiles_get(struct ctx *c, struct tiles *t, int level, uint64_t index,
		   const struct tile_kept **out)
{
	unsigned width = tile_width(t->size, level, index);
	struct tile_kept *edge = &t->edge[level + 1], *full = &t->full[level + 1];

	if (width == 0)
		FAIL(c, ERR_VERIFY, "a tree of %llu has no tile %llu of level %d",
		     (unsigned long long)t->size, (unsigned long long)index, level);
	*out = edge;
	if (edge->width && edge->index == index)
		return ERR_OK;
	*out = full;
	if (full->width && full->index == index)
		return ERR_OK;
	return tile_read(c, t->dir, level, index, width, full);
}

enum err tiles_entry(struct ctx *c, struct tiles *t, uint64_t n, struct span *out)
{
	const struct tile_kept *tile;

	TRY(tiles_get(c, t, TILE_ENTRIES, n / TILE_WIDTH, &tile));
	*out = span_of(tile->bytes + n % TILE_WIDTH * TILE_ENTRY_BYTES + 2, TICK_ENTRY_BYTES);
	return ERR_OK;
}

enum err hashes_root(struct ctx *c, const unsigned char *hashes, unsigned count, struct sha256 *out)
{
	struct sha256 h[TILE_WIDTH];

	memcpy(h, hashes, count * SHA256_BYTES);
	for (; count > 1; count /= 2)
		for (unsigned i = 0; i < count / 2; i++)
			TRY(tree_node(c, &h[2 * i], &h[2 * i + 1], &h[i]));
	*out = h[0];
	return ERR_OK;
}

/* Node (level, index) stands in, or is the root over a part of, one tile. */
static enum err read_node(struct ctx *c, void *of, unsigned level, uint64_t index,
			  struct sha256 *out)
{
	int tile_level = (int)(level / 8);
	unsigned count = 1u << level % 8, at;
	uint64_t first = index << level % 8;
	const struct tile_kept *tile;

	TRY(tiles_get(c, of, tile_level, first / TILE_WIDTH, &tile));
	at = (unsigned)(first % TILE_WIDTH);
	if (at + count > tile->width)
		FAIL(c, ERR_VERIFY, "the tiles do not reach to node %llu of level %u",
		     (unsigned long long)index, level);
	return hashes_root(c, tile->bytes + (size_t)at * SHA256_BYTES, count, out);
}

struct tree_source tiles_source(struct tiles *t)
{
	return (struct tree_source){ t, read_node };
}

enum err tiles_edge(struct ctx *c, struct tiles *t, struct tree_edge *out)
{
	uint64_t begin = 0;
	size_t n = 0;

	*out = (struct tree_edge){ .size = t->size };
	for (unsigned level = 64; level-- > 0;) {
		if (!(t->size >> level & 1))
			continue;
		TRY(read_node(c, t, level, begin >> level, &out->node[n++]));
		begin += UINT64_C(1) << level;
	}
	return ERR_OK;
}
