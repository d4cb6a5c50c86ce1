/*
 * Makes the log of a home as long as years of idle ticks would: entries, tiles, checkpoint and the
 * seal's edge, by the same code that a tick uses, signed with the keys that stand in the home. For
 * test/bench, where closing millions of ticks one by one would take hours.
 *   growlog HOME SIZE     the seal must not run; the next tick makes its last answer fit again
 * The inner roots are hashes of a counter: without the pad key nobody can tell. Never installed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "crypt/note.h"
#include "format/json.h"
#include "log/tile.h"

#define MEMORY_BYTES ((size_t)512 << 20)
#define FILE_MAX ((size_t)4 << 20)
#define LEVEL_1 ((uint64_t)TILE_WIDTH * TILE_WIDTH)

struct grown {
	char *log, *seal;
	struct json *tick;              /* the seal's tick.json */
	struct tree_edge edge;
	int64_t time_ms;
	struct tile_kept entries, hashes;
};

static enum err read_edge(struct ctx *c, struct grown *g)
{
	const struct json *list;
	struct span text;
	int64_t size;
	char *path;
	size_t n = 0;

	TRY(path_fmt(c, &path, "%s/tick.json", g->seal));
	TRY(file_read(c, path, FILE_MAX, &text));
	TRY(json_parse_canonical(c, text, &g->tick));
	TRY(json_need_int(c, g->tick, "size", &size));
	TRY(json_need_int(c, g->tick, "time_ms", &g->time_ms));
	TRY(json_need_list(c, g->tick, "edge", &list));
	JSON_EACH(at, list)
		if (n >= TREE_EDGE_MAX || !hex_decode(at->s, g->edge.node[n++].b, SHA256_BYTES))
			FAIL(c, ERR_FORMAT, "the seal's edge cannot be read");
	g->edge.size = (uint64_t)size;
	return ERR_OK;
}

static enum err put(struct ctx *c, const struct grown *g, int level, const struct tile_kept *t)
{
	FD_SCOPED int fd = -1;
	char *path, *folder;

	TRY(tile_file(c, g->log, level, t->index, t->width, &path));
	TRY(span_cstr(c, span_str(path), &folder));
	*strrchr(folder, '/') = '\0';
	TRY(dir_make(c, folder, 0755));
	TRY(file_open(c, path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &fd));
	return fd_write_all(c, fd, span_of(t->bytes, t->width * tile_item_bytes(level)));
}

static enum err put_both(struct ctx *c, const struct grown *g)
{
	CTX_SCOPED struct ctx one;
	enum err e;

	TRY(ctx_begin(&one, MEMORY_BYTES));
	e = put(&one, g, TILE_ENTRIES, &g->entries);
	if (e == ERR_OK)
		e = put(&one, g, 0, &g->hashes);
	/* Each level above is made from full tiles below, whenever one of its own is full. */
	if (e == ERR_OK && g->edge.size % LEVEL_1 == 0)
		e = tiles_mend(&one, g->log, g->edge.size);
	tiles_sweep(&one, g->log, g->edge.size);
	if (e != ERR_OK)
		FAIL(c, e, "%s", one.why);
	return ERR_OK;
}

static enum err add_entry(struct ctx *c, struct grown *g)
{
	unsigned at = (unsigned)(g->edge.size % TILE_WIDTH);
	unsigned char *entry = g->entries.bytes + at * TILE_ENTRY_BYTES;
	struct sha256 inner, leaf;

	g->entries.index = g->hashes.index = g->edge.size / TILE_WIDTH;
	TRY(sha256_of(c, span_of((const unsigned char *)&g->edge.size, sizeof g->edge.size),
		      &inner));
	entry[0] = 0;
	entry[1] = TICK_ENTRY_BYTES;
	tick_entry(++g->time_ms, &inner, entry + 2);
	TRY(tree_leaf(c, span_of(entry + 2, TICK_ENTRY_BYTES), &leaf));
	memcpy(g->hashes.bytes + (size_t)at * SHA256_BYTES, leaf.b, SHA256_BYTES);
	g->entries.width = g->hashes.width = at + 1;
	return tree_edge_add(c, &g->edge, &leaf);
}

static enum err grow(struct ctx *c, struct grown *g, uint64_t size)
{
	unsigned width = (unsigned)(g->edge.size % TILE_WIDTH);

	if (width) {
		uint64_t index = g->edge.size / TILE_WIDTH;

		TRY(tile_read(c, g->log, TILE_ENTRIES, index, width, &g->entries));
		TRY(tile_read(c, g->log, 0, index, width, &g->hashes));
	}
	while (g->edge.size < size) {
		TRY(add_entry(c, g));
		if (g->edge.size % TILE_WIDTH == 0 || g->edge.size == size)
			TRY(put_both(c, g));
	}
	TRY(tiles_mend(c, g->log, size));
	tiles_sweep(c, g->log, size);
	return ERR_OK;
}

static enum err sign_checkpoint(struct ctx *c, const struct grown *g)
{
	struct span founding, vkey, body, secret, note;
	struct checkpoint cp = { .size = g->edge.size };
	struct note_key key;
	struct json *j;
	char *path;

	TRY(path_fmt(c, &path, "%s/founding.json", g->seal));
	TRY(file_read(c, path, FILE_MAX, &founding));
	TRY(json_parse_canonical(c, founding, &j));
	TRY(json_need_text(c, j, "log_origin", &cp.origin));
	TRY(json_need_text(c, j, "vkey", &vkey));
	TRY(note_key_parse(c, vkey, &key));
	TRY(tree_edge_root(c, &g->edge, &cp.root));
	TRY(checkpoint_body(c, &cp, &body));
	TRY(path_fmt(c, &path, "%s/key/log", g->seal));
	TRY(file_read(c, path, 64, &secret));
	TRY(note_sign(c, body, &key, secret, &note));
	TRY(path_fmt(c, &path, "%s/checkpoint", g->log));
	return file_write(c, path, note, 0644);
}

static enum err keep_edge(struct ctx *c, struct grown *g)
{
	struct json *edge = json_list(c);
	struct span hex, text;
	char *path;

	for (size_t i = 0; i < tree_edge_count(g->edge.size); i++) {
		TRY(hex_encode(c, sha256_span(&g->edge.node[i]), &hex));
		json_add(c, edge, json_text(c, hex));
	}
	json_set(c, g->tick, "edge", edge);
	json_set_int(c, g->tick, "size", (int64_t)g->edge.size);
	json_set_int(c, g->tick, "time_ms", g->time_ms);
	TRY(json_write(c, g->tick, FILE_MAX, &text));
	TRY(path_fmt(c, &path, "%s/tick.json", g->seal));
	return file_write(c, path, text, 0600);
}

static enum err run(struct ctx *c, const char *home, const char *size_text)
{
	struct grown *g;
	int64_t size;

	TRY(NEW(c, g));
	TRY(path_fmt(c, &g->log, "%s/log", home));
	TRY(path_fmt(c, &g->seal, "%s/seal", home));
	TRY(read_edge(c, g));
	if (!span_to_i64(span_str(size_text), &size) || size < (int64_t)g->edge.size)
		FAIL(c, ERR_USAGE, "the log has %llu entries and only grows",
		     (unsigned long long)g->edge.size);
	TRY(grow(c, g, (uint64_t)size));
	TRY(sign_checkpoint(c, g));
	return keep_edge(c, g);
}

int main(int words, char **word)
{
	CTX_SCOPED struct ctx c;
	enum err e = ctx_begin(&c, MEMORY_BYTES);

	if (e == ERR_OK)
		e = words == 3 ? run(&c, word[1], word[2]) : ERR_USAGE;
	if (e != ERR_OK)
		fprintf(stderr, "growlog: %s: %s\n", err_text(e), c.why);
	return err_exit_status(e);
}
