/*
 * Proofs for those outside: that an act stands in the log, that one tree begins another. Each is
 * checked as its reader will check it before it leaves.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "log/part.h"

#define LOOKS 5u    /* at a log that other processes let grow */

enum err log_path_of_row(struct ctx *c, const struct store_value *place,
			 const struct store_value *siblings, struct inner_path *out)
{
	if (place->kind != STORE_INT || place->i < 0 || place->i >= INNER_PLACES)
		FAIL(c, ERR_VERIFY, "the place is not one of the %u of a tick", INNER_PLACES);
	out->place = (uint16_t)place->i;
	if (siblings->kind != STORE_TEXT ||
	    !hex_decode(siblings->s, out->sibling[0].b, sizeof out->sibling))
		FAIL(c, ERR_VERIFY, "the siblings are not %u hashes in lower-case hex",
		     INNER_DEPTH);
	return ERR_OK;
}

static enum err prove_at(struct ctx *c, struct tiles *t, struct span note, uint64_t n,
			 struct act_proof *p)
{
	struct tree_source source = tiles_source(t);
	struct sha256 inner_root;
	struct span entry;

	p->index = n;
	p->checkpoint = note;
	TRY(tiles_entry(c, t, n, &entry));
	if (!tick_entry_read(entry, &p->tick_time_ms, &inner_root))
		FAIL(c, ERR_VERIFY, "entry %llu of the log is none", (unsigned long long)n);
	TRY(tree_prove_inclusion(c, &source, n, t->size, &p->outer));
	return ERR_OK;
}

/* row: body, salt, commitment, tick, place, siblings. */
static enum err prove_once(struct ctx *c, const struct log *l, const struct store_value *row,
			  struct span *proof_out, struct span *act_out)
{
	struct act_proof p = { .index = 0 };
	struct checkpoint cp, checked;
	struct span note;
	struct tiles *t;

	if (row[0].kind == STORE_NULL)
		FAIL(c, ERR_STATE, "retention has removed this act; only its commitment is left");
	if (row[3].kind == STORE_NULL) {
		err_next(c, "close a tick with 'writ tick', or wait for the next one");
		FAIL(c, ERR_AGAIN, "this act still waits for its tick");
	}
	TRY(log_checkpoint(c, l, &cp, &note));
	if (row[3].i < 0 || (uint64_t)row[3].i >= cp.size) {
		err_next(c, "close a tick with 'writ tick': it finishes the last one");
		FAIL(c, ERR_AGAIN, "the tick of this act is not finished");
	}
	if (!hex_decode(row[1].s, p.salt, sizeof p.salt))
		FAIL(c, ERR_VERIFY, "the salt of this act is not 32 bytes in hex");
	TRY(log_path_of_row(c, &row[4], &row[5], &p.path));
	TRY(tiles_open(c, l->dir, cp.size, &t));
	TRY(prove_at(c, t, note, (uint64_t)row[3].i, &p));
	TRY(act_proof_check(c, &p, row[0].s, l->key, &checked));
	*act_out = row[0].s;
	return act_proof_write(c, &p, proof_out);
}

/* A tick that another process closes meanwhile puts a longer tile in the place of the one that is
 * looked for: what fails is looked at again. */
static enum err prove_row(struct ctx *c, const struct log *l, const struct store_value *row,
			  struct span *proof_out, struct span *act_out)
{
	for (unsigned look = 1; look < LOOKS; look++) {
		enum err e = prove_once(c, l, row, proof_out, act_out);

		if (e != ERR_VERIFY)
			return e;
		err_clear(c);
	}
	return prove_once(c, l, row, proof_out, act_out);
}

enum err log_prove(struct ctx *c, const struct log *l, struct span order_ref, int64_t seq,
		   struct span *proof_out, struct span *act_out)
{
	struct store_value row[6];
	bool found;

	TRY(store_one(c, l->store, QUERY_ACT_WITH_PROOF, PARAMS(P_TEXT(order_ref), P_INT(seq)), row,
		      6, &found));
	if (!found)
		FAIL(c, ERR_NOT_FOUND, "there is no act %lld of %.*s", (long long)seq,
		     SPAN_ARG(order_ref));
	return prove_row(c, l, row, proof_out, act_out);
}

enum err log_prove_seal(struct ctx *c, const struct log *l, int64_t seal_seq,
			struct span *proof_out, struct span *act_out)
{
	struct store_value row[6];
	bool found;

	TRY(store_one(c, l->store, QUERY_SEAL_ACT_WITH_PROOF, PARAMS(P_INT(seal_seq)), row, 6,
		      &found));
	if (!found) {
		err_next(c, "acts of the seal come with the next tick");
		FAIL(c, ERR_AGAIN, "there is no act %lld of the seal here yet",
		     (long long)seal_seq);
	}
	return prove_row(c, l, row, proof_out, act_out);
}

enum err log_prove_consistency(struct ctx *c, const struct log *l, uint64_t old_size,
			       struct tree_proof *out)
{
	struct tree_source source;
	struct checkpoint cp;
	struct tiles *t;

	TRY(log_checkpoint(c, l, &cp, NULL));
	if (old_size > cp.size)
		FAIL(c, ERR_NOT_FOUND, "the log has %llu entries, not %llu",
		     (unsigned long long)cp.size, (unsigned long long)old_size);
	TRY(tiles_open(c, l->dir, cp.size, &t));
	source = tiles_source(t);
	return tree_prove_consistency(c, &source, old_size, cp.size, out);
}
