/*
 * src/crypt/tree.c and inner.c against the recursive definitions, written down naively here, and
 * against the proofs of transparency-dev/merkle by path.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt_test.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/num.h"
#include "crypt/tree.h"

#define LEAVES 300u

struct naive {
	struct sha256 leaf[LEAVES];
};

/* MTH of RFC 6962 section 2.1, word by word. */
static void naive_root(struct ctx *c, const struct naive *t, uint64_t from, uint64_t n,
		       struct sha256 *out)
{
	struct sha256 l, r;
	uint64_t k = 1;

	if (n == 0) {
		ok(c, sha256_of(c, SPAN_NONE, out));
		return;
	}
	if (n == 1) {
		*out = t->leaf[from];
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive_root(c, t, from, k, &l);
	naive_root(c, t, from + k, n - k, &r);
	ok(c, tree_node(c, &l, &r, out));
}

static enum err naive_node(struct ctx *c, void *of, unsigned level, uint64_t index,
			   struct sha256 *out)
{
	naive_root(c, of, index << level, UINT64_C(1) << level, out);
	return ERR_OK;
}

static void naive_make(struct ctx *c, struct naive *t)
{
	for (unsigned i = 0; i < LEAVES; i++) {
		unsigned char entry[2] = { (unsigned char)(i >> 8), (unsigned char)i };

		ok(c, tree_leaf(c, span_of(entry, sizeof entry), &t->leaf[i]));
	}
}

static bool same(const struct sha256 *a, const struct sha256 *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static void test_hashes(void **state)
{
	CTX(c);
	struct sha256 h, l, long_leaf;
	unsigned char big[1000] = { 0 }, prefixed[1001] = { 0 };

	(void)state;
	/* RFC 6962: the empty tree, and the leaf of no bytes, SHA-256(0x00). */
	ok(&c, tree_empty_root(&c, &h));
	assert_memory_equal(
		h.b,
		unhex(&c, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").p,
		32);
	ok(&c, tree_leaf(&c, SPAN_NONE, &l));
	assert_memory_equal(
		l.b,
		unhex(&c, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d").p,
		32);
	ok(&c, tree_node(&c, &l, &l, &h));
	assert_false(same(&h, &l));
	for (size_t n = 254; n <= 257; n++) {
		ok(&c, tree_leaf(&c, span_of(big, n), &l));
		ok(&c, sha256_of(&c, span_of(prefixed, n + 1), &long_leaf));
		assert_true(same(&l, &long_leaf));
	}
}

static void test_edge(void **state)
{
	CTX(c);
	struct tree_edge e = { 0 };
	struct sha256 edge, naive, walked;
	struct naive *t;
	struct tree_source src;

	(void)state;
	ok(&c, NEW(&c, t));
	naive_make(&c, t);
	src = (struct tree_source){ t, naive_node };
	for (uint64_t size = 0; size <= LEAVES; size++) {
		naive_root(&c, t, 0, size, &naive);
		ok(&c, tree_edge_root(&c, &e, &edge));
		ok(&c, tree_root_of(&c, &src, size, &walked));
		assert_int_equal(e.size, size);
		assert_true(same(&edge, &naive));
		assert_true(same(&walked, &naive));
		if (size < LEAVES)
			ok(&c, tree_edge_add(&c, &e, &t->leaf[size]));
	}
	assert_int_equal(tree_edge_count(LEAVES), 4);
	e.size = UINT64_MAX;
	fails(&c, ERR_LIMIT, tree_edge_add(&c, &e, &edge));
}

static void flip(struct sha256 *h, unsigned bit)
{
	h->b[bit / 8] ^= (unsigned char)(1u << bit % 8);
}

/* One bit in each byte of each hash, or every bit; longer, shorter, other leaf, other root. */
static void inclusion_mutants(struct ctx *c, const struct sha256 *leaf, uint64_t index,
			      uint64_t size, struct tree_proof *p, const struct sha256 *root,
			      unsigned step)
{
	struct sha256 wrong = *root;

	for (size_t i = 0; i < p->count; i++)
		for (unsigned bit = (unsigned)(i + index) % step; bit < 256; bit += step) {
			flip(&p->hash[i], bit);
			fails(c, ERR_VERIFY, tree_check_inclusion(c, leaf, index, size, p, root));
			flip(&p->hash[i], bit);
		}
	flip(&wrong, (unsigned)index % 256);
	fails(c, ERR_VERIFY, tree_check_inclusion(c, leaf, index, size, p, &wrong));
	fails(c, ERR_VERIFY, tree_check_inclusion(c, &wrong, index, size, p, root));
	for (uint64_t other = 0; other <= size; other++)
		if (other != index)
			fails(c, ERR_VERIFY, tree_check_inclusion(c, leaf, other, size, p, root));
	p->hash[p->count++] = *root;
	fails(c, ERR_VERIFY, tree_check_inclusion(c, leaf, index, size, p, root));
	p->count--;
	if (p->count == 0)
		return;
	p->count--;
	fails(c, ERR_VERIFY, tree_check_inclusion(c, leaf, index, size, p, root));
	p->count++;
}

static void test_inclusion(void **state)
{
	CTX(c);
	struct tree_source src;
	struct tree_proof p;
	struct sha256 root;
	struct naive *t;

	(void)state;
	ok(&c, NEW(&c, t));
	naive_make(&c, t);
	src = (struct tree_source){ t, naive_node };
	for (uint64_t size = 1; size <= 64; size++) {
		naive_root(&c, t, 0, size, &root);
		for (uint64_t i = 0; i < size; i++) {
			ok(&c, tree_prove_inclusion(&c, &src, i, size, &p));
			ok(&c, tree_check_inclusion(&c, &t->leaf[i], i, size, &p, &root));
			inclusion_mutants(&c, &t->leaf[i], i, size, &p, &root,
					  size == 7 || size == 16 ? 1 : 32);
		}
		fails(&c, ERR_USAGE, tree_prove_inclusion(&c, &src, size, size, &p));
	}
	fails(&c, ERR_USAGE, tree_prove_inclusion(&c, &src, 0, 0, &p));
	fails(&c, ERR_LIMIT, tree_prove_inclusion(&c, &src, 0, UINT64_MAX, &p));
	p.count = 0;
	fails(&c, ERR_VERIFY, tree_check_inclusion(&c, &root, 0, 0, &p, &root));
	p.count = TREE_PROOF_MAX + 1;
	fails(&c, ERR_VERIFY, tree_check_inclusion(&c, &root, 0, 1, &p, &root));
}

static void consistency_mutants(struct ctx *c, uint64_t m, const struct sha256 *old, uint64_t n,
				const struct sha256 *root, struct tree_proof *p, unsigned step)
{
	struct sha256 wrong = *root;

	for (size_t i = 0; i < p->count; i++)
		for (unsigned bit = (unsigned)(i + m) % step; bit < 256; bit += step) {
			flip(&p->hash[i], bit);
			fails(c, ERR_VERIFY, tree_check_consistency(c, m, old, n, root, p));
			flip(&p->hash[i], bit);
		}
	flip(&wrong, (unsigned)m);
	/* Whatever the new root is, it continues the empty tree. */
	if (m != 0)
		fails(c, ERR_VERIFY, tree_check_consistency(c, m, old, n, &wrong, p));
	fails(c, ERR_VERIFY, tree_check_consistency(c, m, &wrong, n, root, p));
	if (m != n)
		fails(c, ERR_VERIFY, tree_check_consistency(c, n, root, m, old, p));
	p->hash[p->count++] = *root;
	fails(c, ERR_VERIFY, tree_check_consistency(c, m, old, n, root, p));
	p->count--;
	if (p->count == 0)
		return;
	p->count--;
	fails(c, ERR_VERIFY, tree_check_consistency(c, m, old, n, root, p));
	p->count++;
}

static void test_consistency(void **state)
{
	CTX(c);
	struct tree_source src;
	struct tree_proof p;
	struct sha256 root, old;
	struct naive *t;

	(void)state;
	ok(&c, NEW(&c, t));
	naive_make(&c, t);
	src = (struct tree_source){ t, naive_node };
	for (uint64_t n = 0; n <= 64; n++) {
		naive_root(&c, t, 0, n, &root);
		for (uint64_t m = 0; m <= n; m++) {
			naive_root(&c, t, 0, m, &old);
			ok(&c, tree_prove_consistency(&c, &src, m, n, &p));
			ok(&c, tree_check_consistency(&c, m, &old, n, &root, &p));
			consistency_mutants(&c, m, &old, n, &root, &p, n == 7 || n == 16 ? 1 : 32);
		}
		fails(&c, ERR_USAGE, tree_prove_consistency(&c, &src, n + 1, n, &p));
	}
	fails(&c, ERR_LIMIT, tree_prove_consistency(&c, &src, 1, UINT64_MAX, &p));
	p.count = TREE_PROOF_MAX + 1;
	fails(&c, ERR_VERIFY, tree_check_consistency(&c, 1, &old, 2, &root, &p));
}

/* A right way up to the root of a larger tree, told as that of a smaller: hashes are left over. */
static void test_other_sizes(void **state)
{
	CTX(c);
	struct tree_source src;
	struct tree_proof p;
	struct sha256 root, old;
	struct naive *t;

	(void)state;
	ok(&c, NEW(&c, t));
	naive_make(&c, t);
	src = (struct tree_source){ t, naive_node };
	for (uint64_t size = 2; size <= 64; size *= 2) {
		naive_root(&c, t, 0, size, &root);
		ok(&c, tree_prove_inclusion(&c, &src, size - 1, size, &p));
		for (uint64_t told = 1; told < size; told *= 2)
			fails(&c, ERR_VERIFY,
				tree_check_inclusion(&c, &t->leaf[size - 1], told - 1, told, &p,
						     &root));
	}
	naive_root(&c, t, 0, 7, &old);
	naive_root(&c, t, 0, 8, &root);
	ok(&c, tree_prove_consistency(&c, &src, 7, 8, &p));
	ok(&c, tree_check_consistency(&c, 7, &old, 8, &root, &p));
	fails(&c, ERR_VERIFY, tree_check_consistency(&c, 3, &old, 4, &root, &p));
}

/* The vectors hold texts that are no hashes, so they are filled up: leaves otherwise than roots. */
#define FILL_LEAF 0x11
#define FILL_ROOT 0x22

static void vector_hash(const json_t *j, struct ctx *c, unsigned char fill, struct sha256 *out)
{
	struct span raw;

	memset(out, fill, sizeof *out);
	ok(c, b64_decode(c, span_str(json_string_value(j)), &raw));
	memcpy(out->b, raw.p, raw.n < sizeof out->b ? raw.n : sizeof out->b);
}

static uint64_t vector_number(const json_t *o, const char *key)
{
	const json_t *j = json_object_get(o, key);

	if (json_is_integer(j))
		return (uint64_t)json_integer_value(j);
	return json_real_value(j) >= 0x1p64 ? UINT64_MAX : (uint64_t)json_real_value(j);
}

static void vector_proof(const json_t *o, struct ctx *c, struct tree_proof *out)
{
	const json_t *list = json_object_get(o, "proof");

	out->count = json_array_size(list);
	assert_true(out->count <= TREE_PROOF_MAX);
	for (size_t i = 0; i < out->count; i++)
		vector_hash(json_array_get(list, i), c, FILL_LEAF, &out->hash[i]);
}

/* tlog-witness: everything continues the empty tree by an empty proof. transparency-dev/merkle
 * refuses to answer for old size 0. Only these files may differ, and only so. */
static bool differs_by_convention(const char *path)
{
	return strstr(path, "additional/size1-is-zero-and-size2-is-not-zero.json") != NULL;
}

static void vector_run(const char *path, bool inclusion)
{
	CTX(c);
	struct sha256 a, b;
	struct tree_proof p;
	json_error_t error;
	json_t *o = json_load_file(path, 0, &error);
	bool want_error;
	enum err e;

	/* leafIdx 2^64 - 1 is beyond jansson's integers: the only such file. */
	if (!o && strstr(path, "leafIdx-sub-@1.json")) {
		o = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
		assert_non_null(o);
	}
	assert_non_null(o);
	want_error = json_is_true(json_object_get(o, "wantErr"));
	vector_proof(o, &c, &p);
	if (inclusion) {
		vector_hash(json_object_get(o, "leafHash"), &c, FILL_LEAF, &a);
		vector_hash(json_object_get(o, "root"), &c, FILL_ROOT, &b);
		e = tree_check_inclusion(&c, &a, vector_number(o, "leafIdx"),
					 vector_number(o, "treeSize"), &p, &b);
	} else {
		vector_hash(json_object_get(o, "root1"), &c, FILL_ROOT, &a);
		vector_hash(json_object_get(o, "root2"), &c, FILL_ROOT, &b);
		e = tree_check_consistency(&c, vector_number(o, "size1"), &a,
					   vector_number(o, "size2"), &b, &p);
	}
	if (differs_by_convention(path))
		want_error = !want_error;
	if (e != (want_error ? ERR_VERIFY : ERR_OK))
		fail_msg("%s: %s", path, err_name(e));
	json_decref(o);
}

static unsigned vectors_below(const char *top, bool inclusion)
{
	DIR *d = opendir(top);
	unsigned n = 0;

	if (!d)
		return 0;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		char path[4096];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", top, e->d_name);
		assert_int_equal(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			n += vectors_below(path, inclusion);
		} else {
			vector_run(path, inclusion);
			n++;
		}
	}
	closedir(d);
	return n;
}

static void test_vectors(void **state)
{
	static const char *const places[] = { "standards/tlog-vectors/testdata", "corpora/merkle" };
	const char *shared = getenv("WRIT_SHARED");
	unsigned skipped = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", shared ? shared : "../shared", places[i]);
		if (!file_exists(path)) {
			print_message("SKIPPED: %s is not here\n", places[i]);
			skipped++;
			continue;
		}
		strcat(path, "/inclusion");
		assert_int_equal(vectors_below(path, true), 98);
		*strrchr(path, '/') = '\0';
		strcat(path, "/consistency");
		assert_int_equal(vectors_below(path, false), 98);
	}
	if (skipped == COUNT_OF(places))
		skip();
}

static void key_of(struct ctx *c, uint64_t n, struct sha256 *out)
{
	ok(c, inner_tick_key(c, SPAN("a pad key for tests of 32 bytes!"), n, out));
}

static void commitments_of(struct ctx *c, size_t count, struct sha256 *out)
{
	for (size_t i = 0; i < count; i++)
		ok(c, sha256_of(c, span_of(&i, sizeof i), &out[i]));
}

static void test_tick_key(void **state)
{
	CTX(c);
	struct sha256 k, want;

	(void)state;
	key_of(&c, 0x0102030405060708, &k);
	ok(&c, hmac_sha256(&c, SPAN("a pad key for tests of 32 bytes!"), SPAN("\1\2\3\4\5\6\7\10"),
			   &want));
	assert_true(same(&k, &want));
}

static void test_commitment(void **state)
{
	CTX(c);
	struct sha256 h, want;

	(void)state;
	ok(&c, act_commitment(&c, SPAN("0123456789abcdef0123456789abcdef"), SPAN("{}"), &h));
	ok(&c, sha256_of(&c,
			 SPAN("writ/act/v1\0"
			      "0123456789abcdef0123456789abcdef{}"),
			 &want));
	assert_true(same(&h, &want));
	fails(&c, ERR_FORMAT, act_commitment(&c, SPAN("0123456789abcdef"), SPAN("{}"), &h));
}

static void test_places_permute(void **state)
{
	static unsigned char seen[INNER_PLACES];
	CTX(c);
	struct inner_order o;
	struct sha256 k;
	uint16_t one;

	(void)state;
	for (uint64_t n = 0; n < 20; n++) {
		key_of(&c, n, &k);
		ok(&c, inner_order_make(&c, &k, &o));
		memset(seen, 0, sizeof seen);
		for (unsigned i = 0; i < INNER_PLACES; i++)
			seen[inner_order_place(&o, (uint16_t)i)]++;
		for (unsigned i = 0; i < INNER_PLACES; i++)
			assert_int_equal(seen[i], 1);
		for (unsigned i = 0; i < INNER_PLACES; i += 6553) {
			ok(&c, inner_place(&c, &k, (uint16_t)i, &one));
			assert_int_equal(one, inner_order_place(&o, (uint16_t)i));
		}
	}
}

/* 64 classes, 4,096 keys: mean 63, deviation 11.2. The keys are fixed, so the result is too. */
static void chi_square(const unsigned class_count[64], const char *what)
{
	double sum = 0;

	for (size_t i = 0; i < 64; i++)
		sum += (class_count[i] - 64.0) * (class_count[i] - 64.0) / 64.0;
	if (sum < 25 || sum > 110)
		fail_msg("%s: chi-square %.1f", what, sum);
}

static void test_places_uniform(void **state)
{
	static const uint16_t tried[] = { 0, 1, 2, 255, 256, 65535 };
	unsigned high[COUNT_OF(tried)][64] = { 0 }, low[COUNT_OF(tried)][64] = { 0 },
		 step[64] = { 0 };
	struct inner_order o;
	struct sha256 k;

	(void)state;
	for (uint64_t n = 0; n < 4096; n++) {
		CTX(c);

		key_of(&c, n, &k);
		ok(&c, inner_order_make(&c, &k, &o));
		for (size_t i = 0; i < COUNT_OF(tried); i++) {
			uint16_t place = inner_order_place(&o, tried[i]);

			high[i][place >> 10]++;
			low[i][place & 63]++;
		}
		step[(uint16_t)(inner_order_place(&o, 1) - inner_order_place(&o, 0)) >> 10]++;
	}
	for (size_t i = 0; i < COUNT_OF(tried); i++) {
		chi_square(high[i], "high bits");
		chi_square(low[i], "low bits");
	}
	chi_square(step, "distance of neighbours");
}

/* All 131,071 nodes, the padding of each by hmac_sha256. */
static void naive_inner(struct ctx *c, const struct sha256 *key, const struct sha256 *commitments,
			size_t count, struct sha256 *node, bool *full)
{
	struct inner_order o;

	memset(full, 0, INNER_PLACES);
	ok(c, inner_order_make(c, key, &o));
	for (size_t i = 0; i < count; i++) {
		uint16_t place = inner_order_place(&o, (uint16_t)i);

		node[place] = commitments[i];
		full[place] = true;
	}
	for (unsigned level = 0; level <= INNER_DEPTH; level++)
		for (uint32_t i = 0; i < INNER_PLACES >> level; i++) {
			unsigned char b[3] = { (unsigned char)level, (unsigned char)(i >> 8),
					       (unsigned char)i };

			if (level > 0 && (full[2 * i] || full[2 * i + 1]))
				ok(c, tree_node(c, &node[2 * i], &node[2 * i + 1], &node[i]));
			if (level > 0)
				full[i] = full[2 * i] || full[2 * i + 1];
			if (level > 0 && !full[i])
				ok(c, hmac_sha256(c, sha256_span(key), span_of(b, sizeof b),
						  &node[i]));
			if (level == 0 && !full[i])
				ok(c, hmac_sha256(c, sha256_span(key), span_of(b, sizeof b),
						  &node[i]));
		}
}

static void inner_case(size_t count)
{
	static struct sha256 commitments[INNER_PLACES], node[INNER_PLACES];
	static struct inner_path paths[INNER_PLACES];
	static bool full[INNER_PLACES];
	struct sha256 k, root, bare, up;
	CTX(c);

	key_of(&c, 1000 + count, &k);
	commitments_of(&c, count, commitments);
	ok(&c, inner_build(&c, &k, commitments, count, &root, paths));
	ok(&c, inner_build(&c, &k, commitments, count, &bare, NULL));
	assert_true(same(&root, &bare));
	naive_inner(&c, &k, commitments, count, node, full);
	assert_true(same(&root, &node[0]));
	for (size_t i = 0; i < count; i++) {
		uint16_t place = paths[i].place;

		ok(&c, inner_root_of_path(&c, &commitments[i], &paths[i], &up));
		assert_true(same(&up, &root));
		if (i >= 20)
			continue;
		ok(&c, inner_place(&c, &k, (uint16_t)i, &place));
		assert_int_equal(place, paths[i].place);
		paths[i].place ^= (uint16_t)(1u << i % 16);
		ok(&c, inner_root_of_path(&c, &commitments[i], &paths[i], &up));
		assert_false(same(&up, &root));
		paths[i].place ^= (uint16_t)(1u << i % 16);
		flip(&paths[i].sibling[i % 16], (unsigned)i);
		ok(&c, inner_root_of_path(&c, &commitments[i], &paths[i], &up));
		assert_false(same(&up, &root));
	}
}

/* All together must say what each alone would say. */
static bool each_leads(struct ctx *c, const struct sha256 *commitments,
		       const struct inner_path *paths, size_t count, const struct sha256 *root)
{
	struct sha256 up;

	for (size_t i = 0; i < count; i++) {
		ok(c, inner_root_of_path(c, &commitments[i], &paths[i], &up));
		if (!same(&up, root))
			return false;
	}
	return true;
}

static void paths_case(size_t count, uint64_t number)
{
	static struct sha256 commitments[INNER_PLACES];
	static struct inner_path paths[INNER_PLACES];
	struct sha256 k, root;
	CTX(c);

	key_of(&c, number, &k);
	commitments_of(&c, count, commitments);
	ok(&c, inner_build(&c, &k, commitments, count, &root, paths));
	ok(&c, inner_paths_check(&c, commitments, paths, count, &root));
	assert_true(each_leads(&c, commitments, paths, count, &root));
	for (unsigned i = 0; i < 64; i++) {
		struct inner_path *one = &paths[(i * 37 + number) % count], was = *one;
		size_t at = (size_t)(one - paths);
		struct sha256 bare = commitments[at];

		if (i % 8 == 0)
			one->place ^= (uint16_t)(1u << i / 8);
		else if (i % 8 == 1)
			flip(&commitments[at], i);
		else
			flip(&one->sibling[i / 4], i);
		assert_false(each_leads(&c, commitments, paths, count, &root));
		fails(&c, ERR_VERIFY, inner_paths_check(&c, commitments, paths, count, &root));
		*one = was;
		commitments[at] = bare;
	}
	flip(&root, 7);
	fails(&c, ERR_VERIFY, inner_paths_check(&c, commitments, paths, count, &root));
	flip(&root, 7);
	ok(&c, inner_paths_check(&c, commitments, paths, count, &root));
	/* The same act twice: each path leads to the root, and yet one stands for nothing. */
	commitments[count] = commitments[0];
	paths[count] = paths[0];
	assert_true(each_leads(&c, commitments, paths, count + 1, &root));
	fails(&c, ERR_VERIFY, inner_paths_check(&c, commitments, paths, count + 1, &root));
}

static void test_paths_together(void **state)
{
	static const size_t counts[] = { 1, 2, 3, 17, 300, 1000 };
	CTX(c);

	(void)state;
	ok(&c, inner_paths_check(&c, NULL, NULL, 0, &(struct sha256){ { 0 } }));
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		for (uint64_t number = 0; number < (counts[i] < 300 ? 20 : 1); number++)
			paths_case(counts[i], number);
}

static void test_inner(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 17, 1000, INNER_PLACES };
	struct sha256 root, k = { { 1 } };
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		inner_case(counts[i]);
	fails(&c, ERR_LIMIT, inner_build(&c, &k, NULL, INNER_PLACES + 1, &root, NULL));
}

static void test_entry(void **state)
{
	struct sha256 root = { { 7 } }, read;
	unsigned char e[TICK_ENTRY_BYTES + 1] = { 0 };
	int64_t time;

	(void)state;
	tick_entry(0x0102030405060708, &root, e);
	assert_memory_equal(e, "\1\1\2\3\4\5\6\7\10\7", 10);
	assert_true(tick_entry_read(span_of(e, TICK_ENTRY_BYTES), &time, &read));
	assert_true(time == 0x0102030405060708 && same(&root, &read));
	assert_false(tick_entry_read(span_of(e, TICK_ENTRY_BYTES - 1), &time, &read));
	assert_false(tick_entry_read(span_of(e, TICK_ENTRY_BYTES + 1), &time, &read));
	assert_false(tick_entry_read(SPAN_NONE, &time, &read));
	e[0] = 2;
	assert_false(tick_entry_read(span_of(e, TICK_ENTRY_BYTES), &time, &read));
	e[0] = 1;
	e[1] = 0x80;
	assert_false(tick_entry_read(span_of(e, TICK_ENTRY_BYTES), &time, &read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),	       cmocka_unit_test(test_edge),
		cmocka_unit_test(test_inclusion),      cmocka_unit_test(test_consistency),
		cmocka_unit_test(test_other_sizes),    cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_tick_key),       cmocka_unit_test(test_commitment),
		cmocka_unit_test(test_places_permute), cmocka_unit_test(test_places_uniform),
		cmocka_unit_test(test_inner),	       cmocka_unit_test(test_entry),
		cmocka_unit_test(test_paths_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
