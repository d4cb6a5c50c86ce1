/*
 * Writing tiles. See tile.h. Each file is written whole under a temporary name and renamed, and
 * nothing that a published checkpoint needs is taken away before the next one is published.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "log/tile.h"

#define PUBLIC_DIR 0755
#define PUBLIC_FILE 0644

/* Makes the folder of a file and its parents, each durable in the one above it. For the first tile
 * in it also if it was there: whoever made it may have been killed before that. */
static enum err folder_of(struct ctx *c, const char *path, unsigned width)
{
	const char *slash = strrchr(path, '/');
	char *folder, *above;

	TRY(span_cstr(c, span_of(path, (size_t)(slash - path)), &folder));
	if (width > 1 && file_exists(folder))
		return ERR_OK;
	TRY(folder_of(c, folder, file_exists(folder) ? 2 : 1));
	TRY(dir_make(c, folder, PUBLIC_DIR));
	slash = strrchr(folder, '/');
	TRY(span_cstr(c, span_of(folder, (size_t)(slash - folder)), &above));
	return dir_sync(c, *above ? above : "/");
}

static enum err tile_put(struct ctx *c, const char *dir, int level, const struct tile_kept *t)
{
	struct span s = span_of(t->bytes, t->width * tile_item_bytes(level));
	char *path;

	TRY(tile_file(c, dir, level, t->index, t->width, &path));
	TRY(folder_of(c, path, t->width));
	return file_write(c, path, s, PUBLIC_FILE);
}

/* A tile on its way to the disk: its temporary file, then its name. */
struct write {
	struct ctx *c;
	int fd;
	char *path, *tmp;               /* tmp is NULL when the file has its name */
};

static void write_end(struct write *w)
{
	fd_close(&w->fd);
	if (w->tmp)
		w->c->seam->unlink(w->tmp);
}
#define WRITE_SCOPED __attribute__((cleanup(write_end)))

/* The last tile of a tree of n items, with one item more, under its temporary name. */
static enum err append(struct ctx *c, const char *dir, int level, uint64_t n, struct span item,
		       struct write *out)
{
	struct tile_kept *t;
	unsigned width = (unsigned)(n % TILE_WIDTH);

	TRY(NEW(c, t));
	if (width)
		TRY(tile_read(c, dir, level, n / TILE_WIDTH, width, t));
	memcpy(t->bytes + width * tile_item_bytes(level), item.p, tile_item_bytes(level));
	TRY(tile_file(c, dir, level, n / TILE_WIDTH, width + 1, &out->path));
	TRY(folder_of(c, out->path, width + 1));
	TRY(path_fmt(c, &out->tmp, "%s.tmp", out->path));
	TRY(file_open(c, out->tmp, O_WRONLY | O_CREAT | O_TRUNC, PUBLIC_FILE, &out->fd));
	if (fchmod(out->fd, PUBLIC_FILE) != 0)
		FAIL(c, ERR_IO, "cannot set the mode of %s", out->tmp);
	return fd_write_all(c, out->fd, span_of(t->bytes, (width + 1) * tile_item_bytes(level)));
}

static enum err name(struct ctx *c, struct write *w)
{
	if (c->seam->rename(w->tmp, w->path) != 0)
		FAIL(c, ERR_IO, "cannot put %s in place: %s", w->path, strerror(errno));
	w->tmp = NULL;
	return ERR_OK;
}

static enum err name_sync(struct ctx *c, const struct write *w)
{
	char *folder;

	TRY(span_cstr(c, span_of(w->path, (size_t)(strrchr(w->path, '/') - w->path)), &folder));
	return dir_sync(c, folder);
}

/* Both are written before either is waited for: the disk then takes them together. */
static enum err add_both(struct ctx *c, const char *dir, uint64_t n, struct span entry,
			 struct span leaf)
{
	WRITE_SCOPED struct write e = { .c = c, .fd = -1 };
	WRITE_SCOPED struct write h = { .c = c, .fd = -1 };

	TRY(append(c, dir, TILE_ENTRIES, n, entry, &e));
	TRY(append(c, dir, 0, n, leaf, &h));
	TRY(fd_sync(c, e.fd));
	TRY(fd_sync(c, h.fd));
	TRY(name(c, &e));
	seam_crash_point(CRASH_LOG_AFTER_ENTRIES);
	TRY(name(c, &h));
	TRY(name_sync(c, &e));
	return name_sync(c, &h);
}

/* A tile of a level above 0, each hash the root of a full tile below. */
static enum err build(struct ctx *c, const char *dir, int level, struct tile_kept *t)
{
	struct tile_kept *below;

	TRY(NEW(c, below));
	for (unsigned i = 0; i < t->width; i++) {
		struct sha256 root;

		TRY(tile_read(c, dir, level - 1, t->index * TILE_WIDTH + i, TILE_WIDTH, below));
		TRY(hashes_root(c, below->bytes, TILE_WIDTH, &root));
		memcpy(t->bytes + (size_t)i * SHA256_BYTES, root.b, SHA256_BYTES);
	}
	return ERR_OK;
}

/* The last tile of that level which holds anything. */
static enum err build_last(struct ctx *c, const char *dir, int level, uint64_t size)
{
	uint64_t items = size >> (8 * level);
	struct tile_kept *t;

	TRY(NEW(c, t));
	t->index = (items - 1) / TILE_WIDTH;
	t->width = tile_width(size, level, t->index);
	TRY(build(c, dir, level, t));
	return tile_put(c, dir, level, t);
}

enum err tiles_mend(struct ctx *c, const char *dir, uint64_t size)
{
	for (int level = 1; level < TILE_LEVELS && size >> (8 * level); level++)
		TRY(build_last(c, dir, level, size));
	return ERR_OK;
}

enum err tiles_add(struct ctx *c, const char *dir, uint64_t n, struct span entry,
		   const struct sha256 *leaf)
{
	unsigned char item[TILE_ENTRY_BYTES] = { 0, TICK_ENTRY_BYTES };
	uint64_t size = n + 1;

	if (entry.n != TICK_ENTRY_BYTES)
		FAIL(c, ERR_FORMAT, "an entry of %zu bytes", entry.n);
	memcpy(item + 2, entry.p, TICK_ENTRY_BYTES);
	TRY(add_both(c, dir, n, span_of(item, sizeof item), sha256_span(leaf)));
	/* A level grows when the one below it has filled a tile. */
	for (int level = 1; level < TILE_LEVELS; level++) {
		if (size & ((UINT64_C(1) << (8 * level)) - 1))
			break;
		TRY(build_last(c, dir, level, size));
	}
	return ERR_OK;
}

/* Empties the folder of partial tiles of one tile but for the one that the tree has, if any. What
 * cannot be removed stays; the check of the log names it. */
static void sweep_one(struct ctx *c, const char *dir, int level, uint64_t index, unsigned keep)
{
	char *path, *slash, *file, keep_name[8];
	struct dirent *at;
	DIR *folder;

	if (tile_file(c, dir, level, index, 1, &path) != ERR_OK)
		return;
	slash = strrchr(path, '/');
	*slash = '\0';
	folder = opendir(path);
	if (!folder)
		return;
	snprintf(keep_name, sizeof keep_name, "%u", keep);
	while ((at = readdir(folder))) {
		if (at->d_name[0] == '.' || strcmp(at->d_name, keep_name) == 0)
			continue;
		if (path_fmt(c, &file, "%s/%s", path, at->d_name) == ERR_OK)
			c->seam->unlink(file);
	}
	closedir(folder);
	if (keep == 0)
		rmdir(path);
}

void tiles_sweep(struct ctx *c, const char *dir, uint64_t size)
{
	for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
		uint64_t items = level <= 0 ? size : size >> (8 * level), last = items / TILE_WIDTH;

		if (items == 0)
			return;
		sweep_one(c, dir, level, last, (unsigned)(items % TILE_WIDTH));
		if (last > 0)
			sweep_one(c, dir, level, last - 1, 0);
	}
}
