/*
 * One answered tick: read and checked in itself, against the stored tiles and against what was
 * sent; then database, entries, tiles, checkpoint, in this order. Each step can be done again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/time.h"
#include "log/part.h"

#define PATH_BYTES (2u + INNER_DEPTH * SHA256_BYTES)
#define PATH_HEX (2u * INNER_DEPTH * SHA256_BYTES)
#define SALT_BYTES 32u

static void hex_of(struct span s, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		out[2 * i] = digit[s.p[i] >> 4];
		out[2 * i + 1] = digit[s.p[i] & 15];
	}
}

/* Reading the answer */

enum err log_answer_read(struct ctx *c, const struct log *l, const struct json *j, int paths,
			 struct log_answer *out)
{
	int64_t size, count, time_ms;

	*out = (struct log_answer){ .paths = paths };
	TRY(json_need_int(c, j, "size", &size));
	TRY(json_need_hex(c, j, "entry", out->entry, sizeof out->entry));
	TRY(json_need_text(c, j, "checkpoint", &out->note));
	TRY(json_need_int(c, j, "time_ms", &time_ms));
	TRY(json_need_int(c, j, "count", &count));
	TRY(json_need_list(c, j, "acts", &out->acts));
	if (size < 1 || count < 0 || count > LOG_TICK_ACTS)
		FAIL(c, ERR_FORMAT, "the seal's tick has the size %lld and %lld commitments",
		     (long long)size, (long long)count);
	out->size = (uint64_t)size;
	out->count = (size_t)count;
	if (!tick_entry_read(span_of(out->entry, sizeof out->entry), &out->time_ms,
			     &out->inner_root) ||
	    out->time_ms != time_ms)
		FAIL(c, ERR_VERIFY, "the entry of the seal's tick is none, or of another time");
	TRY(checkpoint_open(c, out->note, l->key, &out->checkpoint));
	if (out->checkpoint.size != out->size)
		FAIL(c, ERR_VERIFY, "the checkpoint of the seal's tick has another size");
	if (paths < 0 && (out->count > 0 || json_count(out->acts) > 0))
		FAIL(c, ERR_FORMAT, "the seal's tick came without its paths");
	return tree_leaf(c, span_of(out->entry, sizeof out->entry), &out->leaf);
}

/* Against the stored tiles */

static enum err edge_fits(struct ctx *c, const struct log *l, const struct log_answer *a)
{
	uint64_t before = a->size - 1;
	struct tree_edge edge;
	struct sha256 root;
	struct tiles *t;

	TRY(tiles_open(c, l->dir, before, &t));
	if (before > 0) {
		struct span last;
		int64_t last_ms;

		TRY(tiles_entry(c, t, before - 1, &last));
		if (!tick_entry_read(last, &last_ms, &root) || last_ms >= a->time_ms)
			FAIL(c, ERR_VERIFY,
			     "the time of the seal's tick is not after that of the last entry");
	}
	TRY(tiles_edge(c, t, &edge));
	TRY(tree_edge_add(c, &edge, &a->leaf));
	TRY(tree_edge_root(c, &edge, &root));
	if (!span_eq(sha256_span(&root), sha256_span(&a->checkpoint.root))) {
		err_next(c, "run 'writ log verify': it names the tile that changed");
		FAIL(c, ERR_VERIFY,
		     "the stored tiles with the new entry do not give the root of the seal's "
		     "checkpoint");
	}
	return ERR_OK;
}

/* A power failure may have taken a tile above level 0, which follows from those below it. */
static enum err edge_check(struct ctx *c, const struct log *l, const struct log_answer *a)
{
	enum err e = edge_fits(c, l, a);

	if (e != ERR_VERIFY || a->size <= TILE_WIDTH)
		return e;
	err_clear(c);
	TRY(tiles_mend(c, l->dir, a->size - 1));
	return edge_fits(c, l, a);
}

/* The root once more, as a reader of the files will compute it. */
static enum err files_check(struct ctx *c, const struct log *l, const struct log_answer *a)
{
	struct tree_source source;
	struct sha256 root;
	struct tiles *t;

	TRY(tiles_open(c, l->dir, a->size, &t));
	source = tiles_source(t);
	TRY(tree_root_of(c, &source, a->size, &root));
	if (!span_eq(sha256_span(&root), sha256_span(&a->checkpoint.root)))
		FAIL(c, ERR_VERIFY,
		     "the tiles as written do not give the root of the seal's checkpoint");
	return ERR_OK;
}

/* Into the database */

/* What a tick took: the commitments of writ, then those of the seal's acts, and their paths. */
struct taken {
	size_t n;
	struct sha256 *commitment;
	struct inner_path *path;
};

static enum err seal_commitment(struct ctx *c, const struct json *item, struct sha256 *out)
{
	unsigned char salt[SALT_BYTES];
	struct span text;

	TRY(json_need_text(c, item, "act", &text));
	TRY(json_need_hex(c, item, "salt", salt, sizeof salt));
	return act_commitment(c, span_of(salt, sizeof salt), text, out);
}

static enum err paths_read(struct ctx *c, const struct log_answer *a, size_t count,
			   struct inner_path **out)
{
	size_t wanted = count * PATH_BYTES;
	struct reader r = { .s = SPAN_NONE };
	struct span part;

	if (lseek(a->paths, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot read the paths of the seal's tick");
	TRY(fd_read_all(c, a->paths, wanted, &r.s));
	TRY(NEW_ARRAY(c, *out, count));
	for (size_t i = 0; i < count; i++) {
		if (!take_u16(&r, &(*out)[i].place) ||
		    !take_bytes(&r, sizeof (*out)[i].sibling, &part))
			FAIL(c, ERR_FORMAT, "the seal's tick has too few paths");
		memcpy((*out)[i].sibling, part.p, part.n);
	}
	return ERR_OK;
}

static enum err taken_read(struct ctx *c, const struct log_answer *a,
			   const struct log_waiting *waiting, struct taken *out)
{
	size_t n = 0;

	out->n = a->count + json_count(a->acts);
	TRY(NEW_ARRAY(c, out->commitment, out->n));
	for (; n < a->count; n++)
		out->commitment[n] = waiting[n].commitment;
	JSON_EACH(item, a->acts)
		TRY(seal_commitment(c, item, &out->commitment[n++]));
	TRY(paths_read(c, a, out->n, &out->path));
	return inner_paths_check(c, out->commitment, out->path, out->n, &a->inner_root);
}

static enum err add_proof(struct ctx *c, const struct log *l, const struct log_answer *a,
			  const struct sha256 *commitment, const struct inner_path *path)
{
	char name[2 * SHA256_BYTES], siblings[PATH_HEX];

	hex_of(sha256_span(commitment), name);
	hex_of(span_of(path->sibling, sizeof path->sibling), siblings);
	return store_run(c, l->store, QUERY_PROOF_ADD,
			 PARAMS(P_TEXT(span_of(name, sizeof name)), P_INT((int64_t)a->size - 1),
				P_INT(path->place), P_TEXT(span_of(siblings, sizeof siblings))),
			 NULL, NULL);
}

static enum err add_seal_act(struct ctx *c, const struct log *l, const struct json *item,
			     const struct sha256 *commitment)
{
	char name[2 * SHA256_BYTES];
	struct span text, salt, act, order;
	struct store_value last;
	struct json *j;
	int64_t seq;

	TRY(json_need_text(c, item, "act", &text));
	TRY(json_need_text(c, item, "salt", &salt));
	TRY(json_parse_canonical(c, text, &j));
	TRY(json_need_int(c, j, "seal_seq", &seq));
	TRY(json_need_text(c, j, "act", &act));
	TRY(store_one(c, l->store, QUERY_SEAL_ACT_LAST, PARAMS_NONE, &last, 1, NULL));
	if (seq != last.i + 1)
		FAIL(c, ERR_VERIFY, "act %lld of the seal came where %lld was due", (long long)seq,
		     (long long)last.i + 1);
	hex_of(sha256_span(commitment), name);
	order = json_opt_text(j, "order", SPAN_NONE);
	const struct store_value row[] = {
		P_INT(seq),
		{ .kind = order.p ? STORE_TEXT : STORE_NULL, .s = order },
		P_TEXT(act),
		P_TEXT(text),
		P_TEXT(salt),
		P_TEXT(span_of(name, sizeof name)),
	};
	return store_run(c, l->store, QUERY_SEAL_ACT_ADD, row, COUNT_OF(row), NULL, NULL);
}

static enum err add_tick(struct ctx *c, const struct log *l, const struct log_answer *a,
			 int64_t until_id)
{
	char entry[2 * TICK_ENTRY_BYTES];

	hex_of(span_of(a->entry, sizeof a->entry), entry);
	return store_run(c, l->store, QUERY_TICK_ADD,
			 PARAMS(P_INT((int64_t)a->size - 1), P_INT(a->time_ms),
				P_TEXT(span_of(entry, sizeof entry)), P_INT((int64_t)a->size),
				P_INT(until_id)),
			 NULL, NULL);
}

/* Is the tick's row there already? Then so is all that came with it. */
static enum err tick_is_stored(struct ctx *c, const struct log *l, const struct log_answer *a,
			       bool *out)
{
	char entry[2 * TICK_ENTRY_BYTES];
	struct store_value row[4];

	TRY(store_one(c, l->store, QUERY_TICK_GET, PARAMS(P_INT((int64_t)a->size - 1)), row, 4,
		      out));
	hex_of(span_of(a->entry, sizeof a->entry), entry);
	if (*out && !span_eq(row[1].s, span_of(entry, sizeof entry)))
		FAIL(c, ERR_VERIFY, "the database has another entry for tick %llu than the seal",
		     (unsigned long long)a->size - 1);
	return ERR_OK;
}

static enum err store_answer(struct ctx *c, const struct log *l, const struct log_answer *a,
			     const struct log_waiting *waiting, size_t waiting_count,
			     int64_t until_id)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };
	size_t acts = a->count;
	struct taken taken = { 0 };
	bool stored;

	if (a->count == 0 && json_count(a->acts) == 0)
		return ERR_OK;
	TRY(store_begin(c, l->store, &w));
	TRY(tick_is_stored(c, l, a, &stored));
	if (stored)
		return ERR_OK;
	if (waiting_count < a->count)
		FAIL(c, ERR_VERIFY, "the seal's tick took %zu acts, only %zu wait here", a->count,
		     waiting_count);
	TRY(taken_read(c, a, waiting, &taken));
	TRY(add_tick(c, l, a, a->count ? waiting[a->count - 1].id : until_id));
	JSON_EACH(item, a->acts)
		TRY(add_seal_act(c, l, item, &taken.commitment[acts++]));
	for (size_t i = 0; i < taken.n; i++)
		TRY(add_proof(c, l, a, &taken.commitment[i], &taken.path[i]));
	return store_commit(c, &w);
}

enum err log_answer_publish(struct ctx *c, const struct log *l, const struct log_answer *a)
{
	char *path;

	TRY(files_check(c, l, a));
	seam_crash_point(CRASH_LOG_AFTER_TILES);
	TRY(path_fmt(c, &path, "%s/checkpoint", l->dir));
	TRY(file_write(c, path, a->note, 0644));
	seam_crash_point(CRASH_LOG_AFTER_CHECKPOINT);
	tiles_sweep(c, l->dir, a->size);
	return ERR_OK;
}

enum err log_answer_apply(struct ctx *c, const struct log *l, const struct log_answer *a,
			  const struct log_waiting *waiting, size_t waiting_count, int64_t until_id)
{
	uint64_t n = a->size - 1;

	TRY(edge_check(c, l, a));
	seam_crash_point(CRASH_LOG_BEFORE_DB);
	TRY(store_answer(c, l, a, waiting, waiting_count, until_id));
	seam_crash_point(CRASH_LOG_AFTER_DB);
	TRY(tiles_add(c, l->dir, n, span_of(a->entry, sizeof a->entry), &a->leaf));
	return log_answer_publish(c, l, a);
}
