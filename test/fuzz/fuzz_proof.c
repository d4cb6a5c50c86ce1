/*
 * tlog-proofs: what is read is written again as the same bytes. With the input as the tree's other
 * half, a proof that we make ourselves holds, and none but this one does for its act.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "crypt/note.h"
#include "crypt/sign.h"
#include "world.h"

static const unsigned char secret[32] = { 9 };
static const char act[] = "{\"act\":\"released\"}";

static void log_key(struct ctx *c, struct note_key *out)
{
	unsigned char public[32];

	CHECK(ed25519_public_of(c, span_of(secret, 32), public) == ERR_OK);
	CHECK(note_key_make(c, SPAN("log.example/1"), span_of(public, 32), out) == ERR_OK);
}

/* The root that a parsed proof leads to, signed: so its inner path and its place count. */
static void check_leads(struct ctx *c, struct act_proof *p, const struct note_key *key)
{
	struct checkpoint cp = { .origin = key->name, .size = p->index + 1 };
	unsigned char entry[TICK_ENTRY_BYTES];
	struct span body;
	struct sha256 h;

	if (p->index >= INT64_MAX)
		return;
	CHECK(act_commitment(c, span_of(p->salt, sizeof p->salt), span_str(act), &h) == ERR_OK);
	CHECK(inner_root_of_path(c, &h, &p->path, &h) == ERR_OK);
	tick_entry(p->tick_time_ms, &h, entry);
	CHECK(tree_leaf(c, span_of(entry, sizeof entry), &h) == ERR_OK);
	/* The last leaf of a tree hangs on the right edge: each hash is its left neighbour. */
	for (size_t i = 0; i < p->outer.count; i++)
		CHECK(tree_node(c, &p->outer.hash[i], &h, &h) == ERR_OK);
	cp.root = h;
	CHECK(checkpoint_body(c, &cp, &body) == ERR_OK);
	CHECK(note_sign(c, body, key, span_of(secret, 32), &p->checkpoint) == ERR_OK);
	if (p->outer.count != tree_edge_count(p->index)) {
		CHECK(act_proof_check(c, p, span_str(act), key, &cp) != ERR_OK);
		return;
	}
	CHECK(act_proof_check(c, p, span_str(act), key, &cp) == ERR_OK);
	CHECK(act_proof_check(c, p, SPAN("{}"), key, &cp) != ERR_OK);
	err_clear(c);
	p->path.place ^= 1;
	CHECK(act_proof_check(c, p, span_str(act), key, &cp) != ERR_OK);
	err_clear(c);
	p->path.place ^= 1;
	p->tick_time_ms ^= 1;
	CHECK(act_proof_check(c, p, span_str(act), key, &cp) != ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct note_key key;
	struct act_proof p;
	struct checkpoint cp;
	struct span again;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = act_proof_parse(&c, span_of(data, size), &p);
	check_result(&c, e);
	if (e != ERR_OK)
		return 0;
	CHECK(act_proof_write(&c, &p, &again) == ERR_OK);
	CHECK(span_eq(again, span_of(data, size)));
	log_key(&c, &key);
	CHECK(act_proof_check(&c, &p, span_str(act), &key, &cp) != ERR_OK);
	err_clear(&c);
	check_leads(&c, &p, &key);
	return 0;
}
