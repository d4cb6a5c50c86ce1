/*
 * Acts and acts of the seal, row by row: the columns against the signed text, the text against its
 * commitment, the commitment along its path to the entry of its tick.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/time.h"
#include "log/verify.h"

/* Columns that both queries begin with. */
enum { BODY, SALT, COMMITMENT, TICK, PLACE, SIBLINGS, SHARED };
/* Then those of act, and those of seal_act. */
enum { ID = SHARED, ORDER_REF, SEQ, MADE_AT, ACT };
enum { SEAL_SEQ = SHARED, SEAL_ORDER, SEAL_ACT };

struct row {
	struct verify *v;
	struct ctx *s;                  /* memory of this row alone */
	const struct store_value *col;
	char name[256];                 /* "act[W-1 3]" */
};

static void found(struct row *r, const char *column, const char *what)
{
	verify_found(r->v, what, "%s.%s", r->name, column);
}

/* The proof's row: its path must lead to the inner root in the entry of its tick. */
static enum err check_proof(struct row *r, const struct sha256 *commitment)
{
	struct sha256 root, inner;
	struct inner_path path;
	struct span entry;
	int64_t ms;

	if (!r->v->tiles)
		return ERR_OK;
	if (r->col[TICK].i < 0 || (uint64_t)r->col[TICK].i >= r->v->checkpoint.size) {
		found(r, "proof.tick", "names a tick that the log does not have");
		return ERR_OK;
	}
	if (log_path_of_row(r->s, &r->col[PLACE], &r->col[SIBLINGS], &path) != ERR_OK) {
		found(r, "proof", r->s->why);
		err_clear(r->s);
		return ERR_OK;
	}
	if (tiles_entry(r->s, r->v->tiles, (uint64_t)r->col[TICK].i, &entry) != ERR_OK) {
		err_clear(r->s);        /* the file is told where files are */
		return ERR_OK;
	}
	TRY(inner_root_of_path(r->s, commitment, &path, &root));
	if (!tick_entry_read(entry, &ms, &inner) ||
	    !span_eq(sha256_span(&root), sha256_span(&inner)))
		found(r, "proof",
		      "tick, place and siblings do not lead from the commitment to the entry of "
		      "the log");
	return ERR_OK;
}

/* *json_out NULL where the body cannot be read. */
static enum err check_body(struct row *r, const struct sha256 *commitment,
			   const struct json **json_out)
{
	unsigned char salt[32];
	struct sha256 want;
	struct json *j = NULL;

	*json_out = NULL;
	if (json_parse_canonical(r->s, r->col[BODY].s, &j) != ERR_OK) {
		found(r, "body", r->s->why);
		err_clear(r->s);
	}
	*json_out = j;
	if (!hex_decode(r->col[SALT].s, salt, sizeof salt)) {
		found(r, "salt", "is not 32 bytes in lower-case hex");
		return ERR_OK;
	}
	TRY(act_commitment(r->s, span_of(salt, sizeof salt), r->col[BODY].s, &want));
	if (!span_eq(sha256_span(&want), sha256_span(commitment)))
		found(r, "commitment",
		      "is not the hash of salt and body: one of the three was changed");
	return ERR_OK;
}

static void check_text(struct row *r, const struct json *j, const char *key,
		       const struct store_value *col, const char *column)
{
	const struct json *have = json_get(j, key);
	bool null = !have || have->type == JSON_NULL;

	if (null != (col->kind == STORE_NULL) ||
	    (!null && !span_eq(json_opt_text(j, key, SPAN_NONE), col->s)))
		found(r, column, "differs from what the act says");
}

static void check_number(struct row *r, const struct json *j, const char *key,
			 const struct store_value *col)
{
	if (json_opt_int(j, key, -1) != col->i)
		found(r, key, "differs from what the act says");
}

static void check_kind(struct row *r, const struct json *j)
{
	if (json_opt_int(j, "version", 0) != 1 ||
	    !span_is(json_opt_text(j, "kind", SPAN_NONE), "act"))
		found(r, "body", "is no act of version 1");
}

static int by_commitment(const void *key, const void *at)
{
	const struct sha256 *want = key;
	const struct verify_removed *have = at;

	return memcmp(want->b, have->commitment.b, SHA256_BYTES);
}

/* A body may be missing only where an act of the home says that it was removed. */
static void check_removed(struct row *r, const struct sha256 *commitment)
{
	const struct verify_removed *on_file = NULL;

	if (r->v->removed_count)
		on_file = bsearch(commitment, r->v->removed, r->v->removed_count,
				  sizeof *r->v->removed, by_commitment);
	if (!on_file || !span_eq(on_file->order_ref, r->col[ORDER_REF].s) ||
	    on_file->seq != r->col[SEQ].i)
		found(r, "body", "is missing, and no act of the home says that it was removed");
	if (r->col[SALT].s.n || r->col[ACT].s.n || r->col[MADE_AT].i != 0)
		found(r, "salt", "an act without body keeps a salt, a name or a time");
	r->v->sum->removed++;
}

static enum err check_columns(struct row *r, const struct sha256 *commitment)
{
	const struct json *j;
	int64_t made_at;

	TRY(check_body(r, commitment, &j));
	if (!j)
		return ERR_OK;
	check_kind(r, j);
	check_text(r, j, "order", &r->col[ORDER_REF], "order_ref");
	check_number(r, j, "seq", &r->col[SEQ]);
	check_text(r, j, "act", &r->col[ACT], "act");
	if (!time_parse(json_opt_text(j, "made_at", SPAN_NONE), &made_at) ||
	    made_at != r->col[MADE_AT].i)
		found(r, "made_at_utc", "differs from what the act says");
	return ERR_OK;
}

static enum err check_act(struct row *r)
{
	struct sha256 commitment;

	snprintf(r->name, sizeof r->name, "act[%.*s %lld]", SPAN_ARG(r->col[ORDER_REF].s),
		 (long long)r->col[SEQ].i);
	if (r->col[ID].i != ++r->v->sum->acts)
		found(r, "id", "the acts of the home are not numbered without gap");
	if (!hex_decode(r->col[COMMITMENT].s, commitment.b, SHA256_BYTES)) {
		found(r, "commitment", "is not 32 bytes in lower-case hex");
		return ERR_OK;
	}
	if (r->col[BODY].kind == STORE_NULL)
		check_removed(r, &commitment);
	else
		TRY(check_columns(r, &commitment));
	if (r->col[TICK].kind == STORE_NULL) {
		if (r->col[ID].i <= r->v->until_id)
			found(r, "proof", "is missing: a tick has taken this act");
		else
			r->v->sum->waiting++;
		return ERR_OK;
	}
	if (r->col[ID].i > r->v->until_id)
		found(r, "id", "has a proof, and the ticks say that it waits");
	return check_proof(r, &commitment);
}

static enum err check_seal_act(struct row *r)
{
	struct sha256 commitment;
	const struct json *j;

	snprintf(r->name, sizeof r->name, "seal_act[%lld]", (long long)r->col[SEAL_SEQ].i);
	if (r->col[SEAL_SEQ].i != ++r->v->sum->seal_acts) {
		found(r, "seal_seq", "the acts of the seal are not numbered without gap");
		r->v->sum->seal_acts = r->col[SEAL_SEQ].i;
	}
	if (!hex_decode(r->col[COMMITMENT].s, commitment.b, SHA256_BYTES)) {
		found(r, "commitment", "is not 32 bytes in lower-case hex");
		return ERR_OK;
	}
	TRY(check_body(r, &commitment, &j));
	if (j) {
		check_kind(r, j);
		if (!span_is(json_opt_text(j, "actor", SPAN_NONE), "seal"))
			found(r, "body", "is no act of the seal");
		check_number(r, j, "seal_seq", &r->col[SEAL_SEQ]);
		check_text(r, j, "order", &r->col[SEAL_ORDER], "order_ref");
		check_text(r, j, "act", &r->col[SEAL_ACT], "act");
	}
	if (r->col[TICK].kind == STORE_NULL) {
		found(r, "proof", "is missing: acts of the seal come with their tick");
		return ERR_OK;
	}
	return check_proof(r, &commitment);
}

struct rows_of {
	struct verify *v;
	enum err (*check)(struct row *r);
};

static enum err check_row(struct ctx *c, void *of, const struct store_row *row)
{
	const struct rows_of *w = of;
	CTX_SCOPED struct ctx s;
	struct row r = { .v = w->v, .s = &s, .col = row->v };
	enum err e;

	TRY(verify_scratch(c, &s));
	e = w->check(&r);
	if (e != ERR_OK)
		FAIL(c, e, "%s: %s", r.name, s.why);
	return ERR_OK;
}

/* A table that cannot be read to its end is a finding like any other. */
static enum err check_rows(struct ctx *c, struct verify *v, enum store_query q,
			   enum err (*check)(struct row *r), const char *table)
{
	struct rows_of w = { v, check };
	enum err e = store_run(c, v->l->store, q, PARAMS_NONE, check_row, &w);

	if (e != ERR_VERIFY)
		return e;
	verify_found(v, c->why, "%s", table);
	err_clear(c);
	return ERR_OK;
}

enum err verify_acts(struct ctx *c, struct verify *v)
{
	return check_rows(c, v, QUERY_ACT_CHECK, check_act, "act");
}

enum err verify_seal_acts(struct ctx *c, struct verify *v)
{
	return check_rows(c, v, QUERY_SEAL_ACT_CHECK, check_seal_act, "seal_act");
}
