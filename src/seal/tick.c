/*
 * The request 'tick': closes one leaf of the log over writ's commitments and the seal's own acts,
 * from the right edge that the seal keeps itself. Makes one file durable: tick.json.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "crypt/tree.h"
#include "seal/make.h"
#include "seal/state.h"

#define PATH_BYTES (2u + INNER_DEPTH * SHA256_BYTES)

enum err gather_tick(struct turn *t)
{
	TRY(asked(t, json_need_int(t->c, t->ask, "size", &t->f.tick_size)));
	TRY(asked(t, json_need_int(t->c, t->ask, "count", &t->f.tick_count)));
	if (t->f.tick_size < 0 || t->f.tick_count < 0 || t->f.tick_count > INT32_MAX) {
		t->malformed = true;
		FAIL(t->c, ERR_FORMAT, "size and count are not negative");
	}
	t->f.tick_size_own = json_opt_int(t->tick, "size", -1);
	t->f.tick_file_bytes = (int64_t)t->commitments.n;
	return ERR_OK;
}

static enum err edge_read(struct turn *t, struct tree_edge *e)
{
	size_t n = 0;

	*e = (struct tree_edge){ .size = (uint64_t)json_opt_int(t->tick, "size", 0) };
	JSON_EACH(at, json_get(t->tick, "edge"))
		if (n >= TREE_EDGE_MAX || !hex_decode(at->s, e->node[n++].b, SHA256_BYTES))
			FAIL(t->c, ERR_FORMAT, "the seal's tick.json is damaged");
	if (n != tree_edge_count(e->size))
		FAIL(t->c, ERR_FORMAT,
		     "the seal's tick.json is damaged: its edge does not fit its size");
	return ERR_OK;
}

enum err tick_root(struct turn *t, struct sha256 *out)
{
	struct tree_edge e;

	TRY(edge_read(t, &e));
	return tree_edge_root(t->c, &e, out);
}

static enum err edge_keep(struct turn *t, const struct tree_edge *e)
{
	struct json *edge = json_list(t->c);

	for (size_t i = 0; i < tree_edge_count(e->size); i++) {
		struct span hex;

		TRY(hex_encode(t->c, sha256_span(&e->node[i]), &hex));
		json_add(t->c, edge, json_text(t->c, hex));
	}
	json_set(t->c, t->tick, "edge", edge);
	json_set_int(t->c, t->tick, "size", (int64_t)e->size);
	return ERR_OK;
}

/* The seal's acts that no tick holds yet, as many as fit; done_out: the number of the last of them.
 */
static enum err own_acts(struct turn *t, struct sha256 *commitments, size_t room, struct json *acts,
			 int64_t *done_out)
{
	size_t n = 0;

	*done_out = json_opt_int(t->tick, "acts_done", 0);
	JSON_EACH(at, json_get(t->core, "pending")) {
		struct span act = json_opt_text(at, "act", SPAN_NONE),
			    salt = json_opt_text(at, "salt", SPAN_NONE);
		struct json *one = json_object(t->c);
		unsigned char raw[32];

		if (json_opt_int(at, "seal_seq", 0) <= *done_out)
			continue;
		if (n == room)
			break;
		if (!hex_decode(salt, raw, sizeof raw))
			FAIL(t->c, ERR_FORMAT, "the seal's state.json is damaged: a salt");
		TRY(act_commitment(t->c, span_of(raw, sizeof raw), act, &commitments[n++]));
		json_set_text(t->c, one, "act", act);
		json_set_text(t->c, one, "salt", salt);
		json_add(t->c, acts, one);
		*done_out = json_opt_int(at, "seal_seq", 0);
	}
	return ERR_OK;
}

struct leaf {
	struct sha256 *commitments;
	size_t count;
	struct sha256 key, root;
	struct inner_path *paths;
};

static enum err leaf_build(struct turn *t, uint64_t index, struct leaf *l)
{
	struct span pad = span_of(t->s->keys.pad, sizeof t->s->keys.pad);

	TRY(NEW_ARRAY(t->c, l->paths, l->count));
	TRY(inner_tick_key(t->c, pad, index, &l->key));
	return inner_build(t->c, &l->key, l->commitments, l->count, &l->root, l->paths);
}

static enum err paths_file(struct turn *t, const struct leaf *l, int *fd_out)
{
	unsigned char *p, *at;

	TRY(NEW_ARRAY(t->c, p, l->count * PATH_BYTES + 1));
	at = p;
	for (size_t i = 0; i < l->count; i++) {
		*at++ = (unsigned char)(l->paths[i].place >> 8);
		*at++ = (unsigned char)(l->paths[i].place & 0xff);
		for (size_t k = 0; k < INNER_DEPTH; k++, at += SHA256_BYTES)
			memcpy(at, l->paths[i].sibling[k].b, SHA256_BYTES);
	}
	return memfd_of(t->c, "writ-paths", span_of(p, l->count * PATH_BYTES), fd_out);
}

enum err tick_paths(struct turn *t, const struct json *tick, int *fd_out)
{
	struct leaf l = { 0 };
	struct span raw;

	TRY(b64_decode(t->c, json_opt_text(tick, "commitments", SPAN_NONE), &raw));
	l.count = raw.n / SHA256_BYTES;
	TRY(NEW_ARRAY(t->c, l.commitments, l.count));
	memcpy(l.commitments, raw.p, l.count * SHA256_BYTES);
	TRY(leaf_build(t, (uint64_t)(json_opt_int(tick, "size", 1) - 1), &l));
	return paths_file(t, &l, fd_out);
}

static enum err commitments_keep(struct turn *t, const struct leaf *l)
{
	struct span b64;

	TRY(b64_encode(t->c, span_of(l->commitments, l->count * SHA256_BYTES), &b64));
	json_set_text(t->c, t->tick, "commitments", b64);
	return ERR_OK;
}

static enum err checkpoint_sign(struct turn *t, const struct tree_edge *e, struct span *note_out)
{
	struct checkpoint cp = { .origin = t->s->origin, .size = e->size };
	struct span body;

	TRY(tree_edge_root(t->c, e, &cp.root));
	TRY(checkpoint_body(t->c, &cp, &body));
	return note_sign(t->c, body, &t->s->note, span_of(t->s->keys.log, sizeof t->s->keys.log),
			 note_out);
}

/* Appends the entry of this leaf to the edge and says so in the answer. */
static enum err entry_add(struct turn *t, const struct leaf *l)
{
	int64_t last = json_opt_int(t->tick, "time_ms", 0);
	int64_t time_ms = t->now_ms > last ? t->now_ms : last + 1;
	unsigned char entry[TICK_ENTRY_BYTES];
	struct span hex, checkpoint;
	struct tree_edge edge;
	struct sha256 leaf;

	TRY(edge_read(t, &edge));
	tick_entry(time_ms, &l->root, entry);
	TRY(tree_leaf(t->c, span_of(entry, sizeof entry), &leaf));
	TRY(tree_edge_add(t->c, &edge, &leaf));
	TRY(checkpoint_sign(t, &edge, &checkpoint));
	TRY(hex_encode(t->c, span_of(entry, sizeof entry), &hex));
	TRY(edge_keep(t, &edge));
	json_set_int(t->c, t->tick, "time_ms", time_ms);
	json_set_int(t->c, t->answer, "size", (int64_t)edge.size);
	json_set_text(t->c, t->answer, "entry", hex);
	json_set_text(t->c, t->answer, "checkpoint", checkpoint);
	json_set_int(t->c, t->answer, "time_ms", time_ms);
	return ERR_OK;
}

enum err do_tick(struct turn *t)
{
	size_t count = (size_t)t->f.tick_count, pending = json_count(json_get(t->core, "pending"));
	size_t room = count < INNER_PLACES ? INNER_PLACES - count : 0;
	struct json *acts = json_list(t->c);
	struct leaf l = { 0 };
	int64_t done;

	if (count * SHA256_BYTES > t->commitments.n)
		FAIL(t->c, ERR_FAILED, "the commitments did not come with the request");
	TRY(NEW_ARRAY(t->c, l.commitments, count + pending));
	if (count)
		memcpy(l.commitments, t->commitments.p, count * SHA256_BYTES);
	TRY(own_acts(t, l.commitments + count, room, acts, &done));
	l.count = count + json_count(acts);
	TRY(leaf_build(t, (uint64_t)t->f.tick_size_own, &l));
	TRY(entry_add(t, &l));
	TRY(commitments_keep(t, &l));
	json_set_int(t->c, t->tick, "acts_done", done);
	t->tick_dirty = true;
	json_set_int(t->c, t->answer, "count", t->f.tick_count);
	json_set(t->c, t->answer, "acts", acts);
	return paths_file(t, &l, &t->answer_fd);
}
