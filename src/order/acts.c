/*
 * Appending acts: an act, its salted commitment for the log and the row that screens read
 * (project.c) are one transaction. (order, seq) is unique, so of two commands that race one fails
 * and is told to look again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "crypt/tree.h"
#include "format/time.h"
#include "order/order.h"

#define ACT_MAX ((size_t)4 << 20)
#define SALT_BYTES 32u

static enum err load_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct order *o = of;
	struct span text;
	struct json *act;

	if (row->v[3].kind == STORE_NULL)
		FAIL(c, ERR_STATE,
		     "order %.*s: retention has removed its acts; only their commitments are left",
		     SPAN_ARG(o->ref));
	TRY(span_copy(c, row->v[3].s, &text));
	TRY(json_parse(c, text, &act));
	TRY(order_fold(c, o, act));
	struct json *acts;

	memcpy(&acts, &o->acts, sizeof acts);
	json_add(c, acts, act);
	return ERR_OK;
}

enum err order_load_exact(struct ctx *c, struct session *s, struct span ref, struct order *out)
{
	*out = (struct order){ .ref = ref };
	out->acts = json_list(c);
	return store_run(c, s->store, QUERY_ACT_OF_ORDER, PARAMS(P_TEXT(ref)), load_row, out);
}

enum err order_ref(struct ctx *c, struct span ref, struct span *out)
{
	char text[12] = "W-";
	size_t n = 2, letters = 0;

	for (size_t i = 0; i < ref.n; i++)
		letters += ref.p[i] != '-';
	for (size_t i = 0; i < ref.n; i++) {
		unsigned char x = ref.p[i];

		if (x == '-' || (i == 0 && letters == 9 && (x == 'w' || x == 'W')))
			continue;
		if (n == 6)
			text[n++] = '-';
		if (n >= 11)
			FAIL(c, ERR_NOT_FOUND, "'%.*s' is not a reference (W-XXXX-XXXX)",
			     SPAN_ARG(ref));
		text[n++] = (char)(x >= 'a' && x <= 'z' ? x - 32 : x);
	}
	if (n != 11)
		FAIL(c, ERR_NOT_FOUND, "'%.*s' is not a reference (W-XXXX-XXXX)", SPAN_ARG(ref));
	return span_copy(c, span_of(text, n), out);
}

enum err order_load(struct ctx *c, struct session *s, struct span ref, struct order *out)
{
	struct span exact;

	TRY(order_ref(c, ref, &exact));
	TRY(order_load_exact(c, s, exact, out));
	if (out->last_seq == 0)
		FAIL(c, ERR_NOT_FOUND, "there is no order %.*s in this home", SPAN_ARG(exact));
	return ERR_OK;
}

static enum err act_document(struct ctx *c, const struct session *s, struct span ref, int64_t seq,
			     const char *word, struct json *body, struct span *text_out,
			     struct json **act_out)
{
	struct json *act = json_object(c), *actor = json_object(c);
	struct span at;

	TRY(time_span(c, c->seam->now_ms() / 1000, &at));
	json_set_int(c, act, "version", 1);
	json_set_str(c, act, "kind", "act");
	json_set_text(c, act, "order", ref);
	json_set_text(c, act, "made_at", at);
	json_set_int(c, act, "seq", seq);
	json_set_str(c, act, "act", word);
	if (s->actor.n)
		json_set_text(c, actor, "name", s->actor);
	else
		json_set(c, actor, "name", NULL);
	json_set_text(c, actor, "unix_user", s->unix_user);
	json_set(c, act, "actor", actor);
	json_set(c, act, "body", body);
	*act_out = act;
	return json_write(c, act, ACT_MAX, text_out);
}

static enum err insert_act(struct ctx *c, struct session *s, struct span ref, int64_t seq,
			   const char *word, struct span text, const struct json *act)
{
	unsigned char salt[SALT_BYTES];
	struct span salt_hex, commitment_hex;
	struct sha256 commitment;
	int64_t made_at_utc;

	if (c->seam->random(salt, sizeof salt) != 0)
		FAIL(c, ERR_IO, "the machine gives no randomness");
	TRY(act_commitment(c, span_of(salt, sizeof salt), text, &commitment));
	TRY(hex_encode(c, span_of(salt, sizeof salt), &salt_hex));
	TRY(hex_encode(c, sha256_span(&commitment), &commitment_hex));
	if (!time_parse(json_opt_text(act, "made_at", SPAN_NONE), &made_at_utc))
		FAIL(c, ERR_FAILED, "an act without a time");
	return store_run(c, s->store, QUERY_ACT_ADD,
			 PARAMS(P_TEXT(ref), P_INT(seq), P_INT(made_at_utc), P_STR(word),
				P_TEXT(text), P_TEXT(salt_hex), P_TEXT(commitment_hex)),
			 NULL, NULL);
}

/* Folds what was written by reading it back as text: the fold sees what a later load will see. */
static enum err fold_text(struct ctx *c, struct order *o, struct span text)
{
	struct json *act, *acts;

	TRY(json_parse(c, text, &act));
	TRY(order_fold(c, o, act));
	memcpy(&acts, &o->acts, sizeof acts);
	json_add(c, acts, act);
	return ERR_OK;
}

/* Of two commands on one order the second was decided on what is no longer so. */
static enum err check_unchanged(struct ctx *c, struct session *s, const struct order *o)
{
	struct store_value last;
	bool found;

	TRY(store_one(c, s->store, QUERY_ACT_LAST_SEQ, PARAMS(P_TEXT(o->ref)), &last, 1, &found));
	if (found && last.i == o->last_seq)
		return ERR_OK;
	err_next(c,
		 "look at it with 'writ show %.*s', and run the command again if it still applies",
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_BUSY, "another command has changed order %.*s meanwhile", SPAN_ARG(o->ref));
}

static enum err append_one(struct ctx *c, struct session *s, struct order *o,
			   const struct new_act *new)
{
	const char *word = act_word(new->kind);
	struct span text;
	struct json *act;

	TRY(order_permit(c, s, o, new->kind));
	TRY(act_document(c, s, o->ref, o->last_seq + 1, word, new->body, &text, &act));
	TRY(insert_act(c, s, o->ref, o->last_seq + 1, word, text, act));
	return fold_text(c, o, text);
}

enum err order_append_all(struct ctx *c, struct session *s, struct order *o,
			  const struct new_act *acts, size_t count)
{
	STORE_WORK_SCOPED struct store_work work = { NULL };

	/* Before the transaction: who acts is asked of the seal, and nobody else waits for that. */
	TRY(order_permit(c, s, o, acts[0].kind));
	if (!o->acts)
		o->acts = json_list(c);
	TRY(store_begin(c, s->store, &work));
	TRY(check_unchanged(c, s, o));
	for (size_t i = 0; i < count; i++)
		TRY(append_one(c, s, o, &acts[i]));
	TRY(order_project(c, s, o));
	return store_commit(c, &work);
}

enum err order_append_both(struct ctx *c, struct session *s, struct order *o,
			   const struct new_act *act, struct order *other,
			   const struct new_act *on_other)
{
	STORE_WORK_SCOPED struct store_work work = { NULL };

	TRY(order_permit(c, s, o, act->kind));
	if (!o->acts)
		o->acts = json_list(c);
	TRY(store_begin(c, s->store, &work));
	TRY(check_unchanged(c, s, o));
	TRY(check_unchanged(c, s, other));
	TRY(append_one(c, s, o, act));
	TRY(append_one(c, s, other, on_other));
	TRY(order_project(c, s, o));
	TRY(order_project(c, s, other));
	return store_commit(c, &work);
}

enum err order_append(struct ctx *c, struct session *s, struct order *o, enum act_kind kind,
		      struct json *body)
{
	return order_append_all(c, s, o, &(struct new_act){ kind, body }, 1);
}

enum err order_exists(struct ctx *c, struct session *s, struct span ref, bool *out)
{
	struct store_value last;

	TRY(store_one(c, s->store, QUERY_ACT_LAST_SEQ, PARAMS(P_TEXT(ref)), &last, 1, out));
	*out = *out && last.i > 0;
	return ERR_OK;
}

enum err home_append(struct ctx *c, struct session *s, const char *act_name, struct json *body)
{
	STORE_WORK_SCOPED struct store_work work = { NULL };
	struct store_value last;
	struct span text;
	struct json *act;
	bool found;

	TRY(store_begin(c, s->store, &work));
	TRY(store_one(c, s->store, QUERY_ACT_LAST_SEQ, PARAMS(P_STR("HOME")), &last, 1, &found));
	TRY(act_document(c, s, SPAN("HOME"), last.i + 1, act_name, body, &text, &act));
	TRY(insert_act(c, s, SPAN("HOME"), last.i + 1, act_name, text, act));
	return store_commit(c, &work);
}

struct last_of {
	const char *act;
	struct json *body;
};

static enum err last_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct last_of *want = of;
	struct span text;
	struct json *act;

	if (!span_is(row->v[2].s, want->act) || row->v[3].kind == STORE_NULL)
		return ERR_OK;
	TRY(span_copy(c, row->v[3].s, &text));
	TRY(json_parse(c, text, &act));
	return json_clone(c, json_get(act, "body"), &want->body);
}

enum err home_last(struct ctx *c, struct session *s, const char *act, const struct json **body_out)
{
	struct last_of want = { act, NULL };

	TRY(store_run(c, s->store, QUERY_ACT_OF_ORDER, PARAMS(P_STR("HOME")), last_row, &want));
	*body_out = want.body;
	return ERR_OK;
}
