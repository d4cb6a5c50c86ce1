/*
 * RFC 6962 section 2.1 trees, and the private inner tree of a tick (doc/protocol.md 9).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_TREE_H
#define CRYPT_TREE_H

#include "base/ctx.h"
#include "base/span.h"
#include "crypt/hash.h"

enum err tree_leaf(struct ctx *c, struct span entry, struct sha256 *out)
	MUST_USE; /* SHA-256(0x00, entry) */
enum err tree_node(struct ctx *c, const struct sha256 *l, const struct sha256 *r,
		   struct sha256 *out) MUST_USE;
enum err tree_empty_root(struct ctx *c, struct sha256 *out) MUST_USE;

/* The right edge: roots of the maximal complete subtrees, largest first; count = ones of size. */
#define TREE_EDGE_MAX 64
struct tree_edge {
	uint64_t size;
	struct sha256 node[TREE_EDGE_MAX];
};
enum err tree_edge_add(struct ctx *c, struct tree_edge *e, const struct sha256 *leaf) MUST_USE;
enum err tree_edge_root(struct ctx *c, const struct tree_edge *e, struct sha256 *out) MUST_USE;
size_t tree_edge_count(uint64_t size);

/* Reading of node hashes, whoever keeps them: complete subtree (level, index). */
struct tree_source {
	void *of;
	enum err (*node)(struct ctx *c, void *of, unsigned level, uint64_t index,
			 struct sha256 *out);
};
#define TREE_PROOF_MAX 64
struct tree_proof {
	size_t count;
	struct sha256 hash[TREE_PROOF_MAX];
};
enum err tree_root_of(struct ctx *c, const struct tree_source *src, uint64_t size,
		      struct sha256 *out) MUST_USE;
enum err tree_prove_inclusion(struct ctx *c, const struct tree_source *src, uint64_t index,
			      uint64_t size, struct tree_proof *out) MUST_USE;
enum err tree_prove_consistency(struct ctx *c, const struct tree_source *src, uint64_t old_size,
				uint64_t size, struct tree_proof *out) MUST_USE;
/* RFC 9162 sections 2.1.3.2 and 2.1.4.2: ERR_VERIFY if the proof does not hold or has another
 * length. */
enum err tree_check_inclusion(struct ctx *c, const struct sha256 *leaf, uint64_t index,
			      uint64_t size, const struct tree_proof *proof,
			      const struct sha256 *root) MUST_USE;
enum err tree_check_consistency(struct ctx *c, uint64_t old_size, const struct sha256 *old_root,
				uint64_t size, const struct sha256 *root,
				const struct tree_proof *proof) MUST_USE;

/* The inner tree of tick n: depth 16, a commitment is itself the leaf's hash. */
#define INNER_DEPTH 16u
#define INNER_PLACES 65536u
struct inner_path {
	uint16_t place;
	struct sha256 sibling[INNER_DEPTH];     /* from the leaf up */
};
/* commitment = SHA-256("writ/act/v1" 0x00, salt, act). */
enum err act_commitment(struct ctx *c, struct span salt32, struct span act, struct sha256 *out)
	MUST_USE;
/* k_n = HMAC-SHA256(pad key, n as u64): padding and places of tick n. */
enum err inner_tick_key(struct ctx *c, struct span pad_key, uint64_t n, struct sha256 *out)
	MUST_USE;
/* The i-th commitment's place: a permutation of 0..65535 keyed by the tick's key, a Feistel network
 * over two bytes. Its tables take 96 HMACs: make them once for many places; they are secret. */
#define INNER_ROUNDS 12u
struct inner_order {
	unsigned char round[INNER_ROUNDS][256];
};
enum err inner_order_make(struct ctx *c, const struct sha256 *tick_key, struct inner_order *out)
	MUST_USE;
uint16_t inner_order_place(const struct inner_order *o, uint16_t i);
/* The same for one place alone. */
enum err inner_place(struct ctx *c, const struct sha256 *tick_key, uint16_t i, uint16_t *out)
	MUST_USE;
/* Root, and (paths may be NULL) the path of each of the count <= 65,536 commitments. */
enum err inner_build(struct ctx *c, const struct sha256 *tick_key, const struct sha256 *commitments,
		     size_t count, struct sha256 *root_out, struct inner_path *paths) MUST_USE;
enum err inner_root_of_path(struct ctx *c, const struct sha256 *commitment,
			    const struct inner_path *path, struct sha256 *root_out) MUST_USE;
/* That each path leads from its commitment to root, as inner_root_of_path would say of each, and
 * none begins where another does: what lies above several is computed once. */
enum err inner_paths_check(struct ctx *c, const struct sha256 *commitments,
			   const struct inner_path *paths, size_t count, const struct sha256 *root)
	MUST_USE;

/* Entry of a tick, 41 bytes: 0x01, tick time (u64, UTC ms), inner root. */
#define TICK_ENTRY_BYTES 41u
void tick_entry(int64_t time_ms, const struct sha256 *inner_root,
		unsigned char out[TICK_ENTRY_BYTES]);
bool tick_entry_read(struct span entry, int64_t *time_ms_out, struct sha256 *inner_root_out);

#endif
