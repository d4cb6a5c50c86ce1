/*
 * Merkle trees of RFC 6962 section 2.1: roots, the right edge, inclusion and consistency proofs and
 * their checks (RFC 9162 sections 2.1.3.2 and 2.1.4.2). Keeps no tree: nodes are read through
 * struct tree_source. Refuses proofs with a hash too many or too few, and indexes beyond the size.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/tree.h"

#include <string.h>

/* What is still to prove, as a range of leaves: lo is aligned to the width's power of two. */
struct range {
	uint64_t lo, hi;
};

enum err tree_leaf(struct ctx *c, struct span entry, struct sha256 *out)
{
	unsigned char few[256], *b = few;

	if (entry.n >= sizeof few)
		TRY(NEW_ARRAY(c, b, entry.n + 1));
	b[0] = 0;
	if (entry.n)
		memcpy(b + 1, entry.p, entry.n);
	return sha256_of(c, span_of(b, entry.n + 1), out);
}

enum err tree_node(struct ctx *c, const struct sha256 *l, const struct sha256 *r,
		   struct sha256 *out)
{
	unsigned char b[1 + 2 * SHA256_BYTES];

	b[0] = 1;
	memcpy(b + 1, l->b, SHA256_BYTES);
	memcpy(b + 1 + SHA256_BYTES, r->b, SHA256_BYTES);
	return sha256_of(c, span_of(b, sizeof b), out);
}

enum err tree_empty_root(struct ctx *c, struct sha256 *out)
{
	return sha256_of(c, SPAN_NONE, out);
}

size_t tree_edge_count(uint64_t size)
{
	return (size_t)__builtin_popcountll(size);
}

enum err tree_edge_add(struct ctx *c, struct tree_edge *e, const struct sha256 *leaf)
{
	size_t n = tree_edge_count(e->size);
	struct sha256 h = *leaf;

	if (e->size == UINT64_MAX)
		FAIL(c, ERR_LIMIT, "a tree is full");
	/* Each low one of the size is a complete subtree as large as what has grown so far. */
	for (uint64_t rest = e->size; rest & 1; rest >>= 1)
		TRY(tree_node(c, &e->node[--n], &h, &h));
	e->node[n] = h;
	e->size++;
	return ERR_OK;
}

enum err tree_edge_root(struct ctx *c, const struct tree_edge *e, struct sha256 *out)
{
	size_t n = tree_edge_count(e->size);

	if (n == 0)
		return tree_empty_root(c, out);
	*out = e->node[--n];
	while (n > 0)
		TRY(tree_node(c, &e->node[--n], out, out));
	return ERR_OK;
}

static unsigned log2_floor(uint64_t x)
{
	return 63u - (unsigned)__builtin_clzll(x);
}

/* Root over the leaves of a range that is not empty. */
static enum err range_root(struct ctx *c, const struct tree_source *src, struct range r,
			   struct sha256 *out)
{
	struct sha256 part[TREE_EDGE_MAX];
	size_t n = 0;

	while (r.lo < r.hi) {
		unsigned level = log2_floor(r.hi - r.lo);

		TRY(src->node(c, src->of, level, r.lo >> level, &part[n++]));
		r.lo += UINT64_C(1) << level;
	}
	*out = part[--n];
	while (n > 0)
		TRY(tree_node(c, &part[--n], out, out));
	return ERR_OK;
}

enum err tree_root_of(struct ctx *c, const struct tree_source *src, uint64_t size,
		      struct sha256 *out)
{
	if (size == 0)
		return tree_empty_root(c, out);
	return range_root(c, src, (struct range){ 0, size }, out);
}

/* Where RFC 6962 splits a range of more than one leaf: the largest power of two below its width. */
static uint64_t split_of(struct range r)
{
	return r.lo + (UINT64_C(1) << log2_floor(r.hi - r.lo - 1));
}

/* A consistency proof has up to log2(size) + 1 hashes: beyond 2^63 leaves one too many for ours. */
static enum err size_ok(struct ctx *c, uint64_t size)
{
	if (size > INT64_MAX)
		FAIL(c, ERR_LIMIT, "a tree has more than 2^63 leaves");
	return ERR_OK;
}

/* Hashes are found from the root down and written from the leaf up. */
static void proof_reverse(struct tree_proof *p)
{
	for (size_t i = 0; i < p->count / 2; i++) {
		struct sha256 h = p->hash[i];

		p->hash[i] = p->hash[p->count - 1 - i];
		p->hash[p->count - 1 - i] = h;
	}
}

enum err tree_prove_inclusion(struct ctx *c, const struct tree_source *src, uint64_t index,
			      uint64_t size, struct tree_proof *out)
{
	struct range r = { 0, size };

	out->count = 0;
	TRY(size_ok(c, size));
	if (index >= size)
		FAIL(c, ERR_USAGE, "a tree of %llu leaves has no leaf %llu",
		     (unsigned long long)size, (unsigned long long)index);
	while (r.hi - r.lo > 1) {
		uint64_t mid = split_of(r);
		struct range left = { r.lo, mid }, right = { mid, r.hi };

		TRY(range_root(c, src, index < mid ? right : left, &out->hash[out->count++]));
		r = index < mid ? left : right;
	}
	proof_reverse(out);
	return ERR_OK;
}

enum err tree_prove_consistency(struct ctx *c, const struct tree_source *src, uint64_t old_size,
				uint64_t size, struct tree_proof *out)
{
	struct range r = { 0, size };

	out->count = 0;
	TRY(size_ok(c, size));
	if (old_size > size)
		FAIL(c, ERR_USAGE, "a tree of %llu leaves never had %llu", (unsigned long long)size,
		     (unsigned long long)old_size);
	/* tlog-witness: everything continues the empty tree, by the empty proof. */
	if (old_size == 0)
		return ERR_OK;
	while (r.hi != old_size) {
		uint64_t mid = split_of(r);
		struct range left = { r.lo, mid }, right = { mid, r.hi };

		TRY(range_root(c, src, old_size <= mid ? right : left, &out->hash[out->count++]));
		r = old_size <= mid ? left : right;
	}
	/* A verifier knows the old root; it does not know a subtree in the middle of it. */
	if (r.lo != 0)
		TRY(range_root(c, src, r, &out->hash[out->count++]));
	proof_reverse(out);
	return ERR_OK;
}

static bool hash_eq(const struct sha256 *a, const struct sha256 *b)
{
	return span_eq(sha256_span(a), sha256_span(b));
}

enum err tree_check_inclusion(struct ctx *c, const struct sha256 *leaf, uint64_t index,
			      uint64_t size, const struct tree_proof *proof,
			      const struct sha256 *root)
{
	uint64_t fn = index, sn = size - 1;
	struct sha256 r = *leaf;

	if (index >= size)
		FAIL(c, ERR_VERIFY, "a tree of %llu leaves has no leaf %llu",
		     (unsigned long long)size, (unsigned long long)index);
	if (proof->count > TREE_PROOF_MAX)
		FAIL(c, ERR_VERIFY, "an inclusion proof is longer than any tree is deep");
	for (size_t i = 0; i < proof->count; i++) {
		if (sn == 0)
			FAIL(c, ERR_VERIFY,
			     "an inclusion proof is too long for a tree of this size");
		if ((fn & 1) || fn == sn) {
			TRY(tree_node(c, &proof->hash[i], &r, &r));
			for (; !(fn & 1) && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			TRY(tree_node(c, &r, &proof->hash[i], &r));
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		FAIL(c, ERR_VERIFY, "an inclusion proof is too short for a tree of this size");
	if (!hash_eq(&r, root))
		FAIL(c, ERR_VERIFY, "an inclusion proof leads to another root than the tree's");
	return ERR_OK;
}

/* Sizes for which there is nothing to compute: equal ones, and the empty old tree. */
static enum err check_trivial(struct ctx *c, uint64_t old_size, const struct sha256 *old_root,
			      uint64_t size, const struct sha256 *root,
			      const struct tree_proof *proof)
{
	struct sha256 empty;

	if (proof->count != 0)
		FAIL(c, ERR_VERIFY, "a consistency proof is longer than for these sizes");
	TRY(tree_empty_root(c, &empty));
	if (old_size == 0 && !hash_eq(old_root, &empty))
		FAIL(c, ERR_VERIFY, "the root of an empty tree is another one");
	if (old_size == size && !hash_eq(old_root, root))
		FAIL(c, ERR_VERIFY,
		     "two trees of the same size have different roots: the log shows two faces");
	return ERR_OK;
}

struct fold {
	uint64_t fn, sn;
	struct sha256 old_root, root;
};

static enum err fold_step(struct ctx *c, struct fold *f, const struct sha256 *h)
{
	if (f->sn == 0)
		FAIL(c, ERR_VERIFY, "a consistency proof is too long for these sizes");
	if ((f->fn & 1) || f->fn == f->sn) {
		TRY(tree_node(c, h, &f->old_root, &f->old_root));
		TRY(tree_node(c, h, &f->root, &f->root));
		for (; !(f->fn & 1) && f->fn != 0; f->fn >>= 1)
			f->sn >>= 1;
	} else {
		TRY(tree_node(c, &f->root, h, &f->root));
	}
	f->fn >>= 1;
	f->sn >>= 1;
	return ERR_OK;
}

enum err tree_check_consistency(struct ctx *c, uint64_t old_size, const struct sha256 *old_root,
				uint64_t size, const struct sha256 *root,
				const struct tree_proof *proof)
{
	struct fold f = { .fn = old_size - 1, .sn = size - 1 };
	bool complete = (old_size & (old_size - 1)) == 0;
	size_t i = 0;

	if (old_size > size)
		FAIL(c, ERR_VERIFY, "a tree of %llu leaves never had %llu: the log has shrunk",
		     (unsigned long long)size, (unsigned long long)old_size);
	if (proof->count > TREE_PROOF_MAX)
		FAIL(c, ERR_VERIFY, "a consistency proof is longer than any tree is deep");
	if (old_size == 0 || old_size == size)
		return check_trivial(c, old_size, old_root, size, root, proof);
	if (proof->count == 0)
		FAIL(c, ERR_VERIFY, "a consistency proof is empty");
	for (; f.fn & 1; f.fn >>= 1)
		f.sn >>= 1;
	/* The old tree is one complete subtree: then its root is the first hash, and left out. */
	f.old_root = f.root = complete ? *old_root : proof->hash[i++];
	for (; i < proof->count; i++)
		TRY(fold_step(c, &f, &proof->hash[i]));
	if (f.sn != 0)
		FAIL(c, ERR_VERIFY, "a consistency proof is too short for these sizes");
	if (!hash_eq(&f.old_root, old_root) || !hash_eq(&f.root, root))
		FAIL(c, ERR_VERIFY,
		     "a consistency proof leads to other roots: the log was rewritten");
	return ERR_OK;
}
