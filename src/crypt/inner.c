/*
 * The private inner tree of one tick (doc/protocol.md 9): commitments at places that a keyed
 * permutation draws, everything else padded by a keyed function, so that neither size nor path
 * tells how many acts there were. Costs count * 16 hashes, never 65,536. Knows nothing of acts
 * beyond their bytes and keeps no key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "crypt/ossl.h"
#include "crypt/tree.h"

#define ACT_LABEL SPAN("writ/act/v1\0")
#define BLOCKS (256u / SHA256_BYTES) /* HMACs for one table of 256 bytes */

/* HMAC-SHA256 under one key, scheduled once. */
static enum err keyed_open(struct ctx *c, const struct sha256 *key, EVP_MAC_CTX **out)
{
	char name[] = "SHA2-256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
				OSSL_PARAM_construct_end() };
	EVP_MAC *algorithm;

	TRY(ossl_hmac(c, &algorithm));
	*out = EVP_MAC_CTX_new(algorithm);
	if (!*out || EVP_MAC_init(*out, key->b, SHA256_BYTES, params) != 1)
		OSSL_FAIL(c, "HMAC");
	return ERR_OK;
}

static enum err keyed(struct ctx *c, EVP_MAC_CTX *mac, struct span s, struct sha256 *out)
{
	size_t n = 0;

	/* Without a key EVP_MAC_init goes back to the one that is scheduled. */
	if (EVP_MAC_init(mac, NULL, 0, NULL) != 1 || EVP_MAC_update(mac, s.p, s.n) != 1 ||
	    EVP_MAC_final(mac, out->b, &n, SHA256_BYTES) != 1 || n != SHA256_BYTES)
		OSSL_FAIL(c, "HMAC");
	return ERR_OK;
}

enum err act_commitment(struct ctx *c, struct span salt32, struct span act, struct sha256 *out)
{
	struct hasher *h = NULL;
	enum err e;

	if (salt32.n != SHA256_BYTES)
		FAIL(c, ERR_FORMAT, "the salt of an act has 32 bytes, not %zu", salt32.n);
	TRY(hasher_open(c, &h));
	e = hasher_add(c, h, ACT_LABEL);
	if (e == ERR_OK)
		e = hasher_add(c, h, salt32);
	if (e == ERR_OK)
		e = hasher_add(c, h, act);
	if (e == ERR_OK)
		e = hasher_end(c, h, out);
	hasher_close(&h);
	return e;
}

enum err inner_tick_key(struct ctx *c, struct span pad_key, uint64_t n, struct sha256 *out)
{
	unsigned char b[8];

	for (size_t i = 0; i < 8; i++)
		b[i] = (unsigned char)(n >> (56 - 8 * i));
	return hmac_sha256(c, pad_key, span_of(b, sizeof b), out);
}

/* Block of round r's table: HMAC over "place", round, block; the padding's are over 3 bytes. */
static enum err place_block(struct ctx *c, EVP_MAC_CTX *mac, unsigned r, unsigned block,
			    struct sha256 *out)
{
	unsigned char b[7] = { 'p', 'l', 'a', 'c', 'e', (unsigned char)r, (unsigned char)block };

	return keyed(c, mac, span_of(b, sizeof b), out);
}

static enum err order_fill(struct ctx *c, EVP_MAC_CTX *mac, struct inner_order *out)
{
	for (unsigned r = 0; r < INNER_ROUNDS; r++)
		for (unsigned block = 0; block < BLOCKS; block++) {
			struct sha256 h;

			TRY(place_block(c, mac, r, block, &h));
			memcpy(out->round[r] + block * SHA256_BYTES, h.b, SHA256_BYTES);
		}
	return ERR_OK;
}

enum err inner_order_make(struct ctx *c, const struct sha256 *tick_key, struct inner_order *out)
{
	SCOPED(mac_ctx) EVP_MAC_CTX *mac = NULL;

	TRY(keyed_open(c, tick_key, &mac));
	return order_fill(c, mac, out);
}

uint16_t inner_order_place(const struct inner_order *o, uint16_t i)
{
	unsigned char l = (unsigned char)(i >> 8), r = (unsigned char)i;

	for (unsigned k = 0; k < INNER_ROUNDS; k++) {
		unsigned char was = r;

		r = l ^ o->round[k][r];
		l = was;
	}
	return (uint16_t)(l << 8 | r);
}

static void order_wipe(struct inner_order *o)
{
	wipe(o, sizeof *o);
}

#define ORDER_SCOPED __attribute__((cleanup(order_wipe)))

enum err inner_place(struct ctx *c, const struct sha256 *tick_key, uint16_t i, uint16_t *out)
{
	ORDER_SCOPED struct inner_order o;

	TRY(inner_order_make(c, tick_key, &o));
	*out = inner_order_place(&o, i);
	return ERR_OK;
}

static enum err empty_subtree(struct ctx *c, EVP_MAC_CTX *mac, unsigned level, uint32_t place,
			      struct sha256 *out)
{
	unsigned char b[3] = { (unsigned char)level, (unsigned char)(place >> 8),
			       (unsigned char)place };

	return keyed(c, mac, span_of(b, sizeof b), out);
}

/* The occupied nodes of one level in order of place, and which commitments stand below each. */
struct level {
	size_t n;
	uint32_t *place;
	struct sha256 *hash;
	struct sha256 *sibling;
	uint32_t *leaf; /* commitments in order of place */
	uint32_t *above; /* per leaf: its node at this level */
};

static enum err level_leaves(struct ctx *c, EVP_MAC_CTX *mac, const struct sha256 *commitments,
			     size_t count, struct level *out)
{
	ORDER_SCOPED struct inner_order order;
	uint32_t *at;

	TRY(NEW_ARRAY(c, at, INNER_PLACES));
	TRY(NEW_ARRAY(c, out->place, count));
	TRY(NEW_ARRAY(c, out->hash, count));
	TRY(NEW_ARRAY(c, out->sibling, count));
	TRY(NEW_ARRAY(c, out->leaf, count));
	TRY(NEW_ARRAY(c, out->above, count));
	TRY(order_fill(c, mac, &order));
	for (size_t i = 0; i < count; i++)
		at[inner_order_place(&order, (uint16_t)i)] = (uint32_t)i + 1;
	out->n = 0;
	for (uint32_t place = 0; place < INNER_PLACES; place++) {
		if (at[place] == 0)
			continue;
		out->place[out->n] = place;
		out->leaf[out->n] = at[place] - 1;
		out->above[out->n] = (uint32_t)out->n;
		out->hash[out->n++] = commitments[at[place] - 1];
	}
	return ERR_OK;
}

/* Siblings of the nodes of a level; then the level above, in the same arrays. */
static enum err level_siblings(struct ctx *c, EVP_MAC_CTX *mac, unsigned level, struct level *v)
{
	for (size_t i = 0; i < v->n; i++) {
		uint32_t other = v->place[i] ^ 1;

		if (i + 1 < v->n && v->place[i + 1] == other)
			v->sibling[i] = v->hash[i + 1];
		else if (i > 0 && v->place[i - 1] == other)
			v->sibling[i] = v->hash[i - 1];
		else
			TRY(empty_subtree(c, mac, level, other, &v->sibling[i]));
	}
	return ERR_OK;
}

static enum err level_up(struct ctx *c, struct level *v, size_t count)
{
	size_t n = 0, leaf = 0;

	for (size_t i = 0; i < v->n; n++) {
		bool right = v->place[i] & 1,
		     pair = i + 1 < v->n && v->place[i + 1] == (v->place[i] ^ 1);
		const struct sha256 *l = right ? &v->sibling[i] : &v->hash[i],
				    *r = right ? &v->hash[i] : &v->sibling[i];
		size_t next = i + (pair ? 2 : 1);

		TRY(tree_node(c, l, r, &v->hash[n]));
		v->place[n] = v->place[i] >> 1;
		for (; leaf < count && v->above[leaf] < next; leaf++)
			v->above[leaf] = (uint32_t)n;
		i = next;
	}
	v->n = n;
	return ERR_OK;
}

enum err inner_build(struct ctx *c, const struct sha256 *tick_key, const struct sha256 *commitments,
		     size_t count, struct sha256 *root_out, struct inner_path *paths)
{
	SCOPED(mac_ctx) EVP_MAC_CTX *mac = NULL;
	struct level v = { 0 };

	if (count > INNER_PLACES)
		FAIL(c, ERR_LIMIT,
		     "a tick takes at most %u acts, not %zu: the rest waits for the next",
		     INNER_PLACES, count);
	TRY(keyed_open(c, tick_key, &mac));
	if (count == 0)
		return empty_subtree(c, mac, INNER_DEPTH, 0, root_out);
	TRY(level_leaves(c, mac, commitments, count, &v));
	for (size_t i = 0; paths && i < count; i++)
		paths[v.leaf[i]].place = (uint16_t)v.place[i];
	for (unsigned level = 0; level < INNER_DEPTH; level++) {
		TRY(level_siblings(c, mac, level, &v));
		for (size_t i = 0; paths && i < count; i++)
			paths[v.leaf[i]].sibling[level] = v.sibling[v.above[i]];
		TRY(level_up(c, &v, count));
	}
	*root_out = v.hash[0];
	return ERR_OK;
}

enum err inner_root_of_path(struct ctx *c, const struct sha256 *commitment,
			    const struct inner_path *path, struct sha256 *root_out)
{
	*root_out = *commitment;
	for (unsigned level = 0; level < INNER_DEPTH; level++) {
		const struct sha256 *other = &path->sibling[level];
		bool right = path->place >> level & 1;

		TRY(tree_node(c, right ? other : root_out, right ? root_out : other, root_out));
	}
	return ERR_OK;
}

/* The nodes of one level that some path goes through, in order of place, and for each the path that
 * speaks for all that go through it: from here up they are the same. */
struct climb {
	size_t n;
	uint32_t *place, *path;
	struct sha256 *hash;
};

#define NO_PATH(c)                                                                                 \
	FAIL(c, ERR_VERIFY, "a path of a tick does not lead from its commitment to the tick's root")

static enum err climb_begin(struct ctx *c, const struct sha256 *commitments,
			    const struct inner_path *paths, size_t count, struct climb *out)
{
	uint32_t *at;

	TRY(NEW_ARRAY(c, at, INNER_PLACES));
	TRY(NEW_ARRAY(c, out->place, count));
	TRY(NEW_ARRAY(c, out->path, count));
	TRY(NEW_ARRAY(c, out->hash, count));
	for (size_t i = 0; i < count; i++) {
		if (at[paths[i].place])
			FAIL(c, ERR_VERIFY, "two paths of a tick begin at the same place");
		at[paths[i].place] = (uint32_t)i + 1;
	}
	for (uint32_t place = 0; place < INNER_PLACES; place++) {
		if (at[place] == 0)
			continue;
		out->place[out->n] = place;
		out->path[out->n] = at[place] - 1;
		out->hash[out->n++] = commitments[at[place] - 1];
	}
	return ERR_OK;
}

/* Two paths meet above this level: each says what the other has come to, and both say the same of
 * all that is above. Where both lead to one root nothing else is possible. */
static bool paths_meet(const struct inner_path *l, const struct inner_path *r, unsigned level,
		       const struct sha256 *node)
{
	return memcmp(&l->sibling[level], &node[1], SHA256_BYTES) == 0 &&
	       memcmp(&r->sibling[level], &node[0], SHA256_BYTES) == 0 &&
	       memcmp(l->sibling + level + 1, r->sibling + level + 1,
		      (INNER_DEPTH - 1 - level) * SHA256_BYTES) == 0;
}

static enum err climb_up(struct ctx *c, const struct inner_path *paths, unsigned level,
			 struct climb *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; n++) {
		const struct sha256 *other = &paths[v->path[i]].sibling[level];
		bool right = v->place[i] & 1;
		bool pair = i + 1 < v->n && v->place[i + 1] == (v->place[i] ^ 1);

		if (pair && !paths_meet(&paths[v->path[i]], &paths[v->path[i + 1]], level,
					&v->hash[i]))
			NO_PATH(c);
		TRY(tree_node(c, right ? other : &v->hash[i], right ? &v->hash[i] : other,
			      &v->hash[n]));
		v->place[n] = v->place[i] >> 1;
		v->path[n] = v->path[i];
		i += pair ? 2 : 1;
	}
	v->n = n;
	return ERR_OK;
}

enum err inner_paths_check(struct ctx *c, const struct sha256 *commitments,
			   const struct inner_path *paths, size_t count, const struct sha256 *root)
{
	struct climb v = { 0 };

	if (count == 0)
		return ERR_OK;
	TRY(climb_begin(c, commitments, paths, count, &v));
	for (unsigned level = 0; level < INNER_DEPTH; level++)
		TRY(climb_up(c, paths, level, &v));
	if (!span_eq(sha256_span(&v.hash[0]), sha256_span(root)))
		NO_PATH(c);
	return ERR_OK;
}

void tick_entry(int64_t time_ms, const struct sha256 *inner_root,
		unsigned char out[TICK_ENTRY_BYTES])
{
	out[0] = 1;
	for (size_t i = 0; i < 8; i++)
		out[1 + i] = (unsigned char)((uint64_t)time_ms >> (56 - 8 * i));
	memcpy(out + 9, inner_root->b, SHA256_BYTES);
}

bool tick_entry_read(struct span entry, int64_t *time_ms_out, struct sha256 *inner_root_out)
{
	struct reader r = { .s = entry };
	uint8_t version;
	uint64_t time;
	struct span root;

	if (!take_u8(&r, &version) || version != 1 || !take_u64(&r, &time) || time > INT64_MAX ||
	    !take_bytes(&r, SHA256_BYTES, &root) || !reader_done(&r))
		return false;
	*time_ms_out = (int64_t)time;
	memcpy(inner_root_out->b, root.p, SHA256_BYTES);
	return true;
}
