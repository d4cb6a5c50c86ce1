/*
 * A home that goes on with a new seal; see again.h. Nothing is deleted: the old database and log
 * stay whole beside the new ones.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/again.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/signature.h"
#include "log/log.h"
#include "order/vault.h"
#include "store/view.h"

#define BEFORE_MAX 1000
#define SIGNERS_MAX 16u

/* ---- people and policy, as the home's acts tell them ---- */

struct acts {
	struct json *rows, *policy;     /* every row that has begun and not ended */
	const struct json *founding;    /* the founding document before this act */
	struct span founding_text;
	again_say *say;                 /* NULL: nothing is checked */
	void *of;
	int64_t differences;
};

static bool same_row(const struct json *a, const struct json *b)
{
	static const char *const keys[] = { "row", "name", "key", "id", "label" };

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		/* A person is its name and key, an agency's key its id and label. */
		if (!span_is(json_opt_text(a, "row", SPAN_NONE), "person") &&
		    (!strcmp(keys[i], "name") || !strcmp(keys[i], "key")))
			continue;
		if (!span_eq(json_opt_text(a, keys[i], SPAN_NONE),
			     json_opt_text(b, keys[i], SPAN_NONE)))
			return false;
	}
	return true;
}

static enum err drop_row(struct ctx *c, struct acts *a, const struct json *row)
{
	struct json *left = json_list(c), *copy;

	JSON_EACH(at, a->rows) {
		if (same_row(at, row))
			continue;
		TRY(json_clone(c, at, &copy));
		json_add(c, left, copy);
	}
	a->rows = left;
	return ERR_OK;
}

/* A value that ends is the default again: it stands in no list. */
static enum err policy_row(struct ctx *c, struct acts *a, const struct json *row, bool begin)
{
	struct span name = json_opt_text(row, "name", SPAN_NONE);
	struct json *left = json_object(c);
	char *key;

	JSON_EACH(at, a->policy) {
		TRY(span_cstr(c, at->key, &key));
		if (!span_eq(at->key, name))
			json_set_text(c, left, key, at->s);
	}
	TRY(span_cstr(c, name, &key));
	if (begin)
		json_set_text(c, left, key, json_opt_text(row, "value", SPAN_NONE));
	a->policy = left;
	return ERR_OK;
}

static enum err take_roster(struct ctx *c, struct acts *a, const struct json *body)
{
	const struct json *row;
	struct json *document, *copy;
	struct span text;
	bool begin;

	TRY(json_need_text(c, body, "document", &text));
	TRY(json_parse(c, text, &document));
	TRY(json_need_object(c, document, "row", &row));
	begin = span_is(json_opt_text(document, "action", SPAN_NONE), "begin");
	if (span_is(json_opt_text(row, "row", SPAN_NONE), "policy"))
		return policy_row(c, a, row, begin);
	TRY(drop_row(c, a, row));
	if (!begin)
		return ERR_OK;
	TRY(json_clone(c, row, &copy));
	json_add(c, a->rows, copy);
	return ERR_OK;
}

/* ---- what a founding that goes on must be ---- */

static const char *not_continued(struct ctx *c, const struct acts *a, const struct json *document)
{
	const struct json *after = json_get(document, "continues");
	struct span sha, vkey = json_opt_text(after, "log_vkey", SPAN_NONE);
	struct note_key key;
	struct checkpoint cp;

	if (!after || after->type != JSON_OBJECT)
		return "is a second founding that continues nothing";
	if (sha256_hex(c, a->founding_text, &sha) != ERR_OK ||
	    !span_eq(sha, json_opt_text(after, "founding_sha256", SPAN_NONE)) ||
	    !span_eq(vkey, json_opt_text(a->founding, "log_vkey", SPAN_NONE)))
		return "continues another founding than the one before it";
	if (note_key_parse(c, vkey, &key) != ERR_OK ||
	    checkpoint_open(c, json_opt_text(after, "checkpoint", SPAN_NONE), &key, &cp) != ERR_OK)
		return "continues from a checkpoint that the old log's key did not sign";
	return NULL;
}

/* Different people who may change the roster, and who signed this document. */
static size_t signers(struct ctx *c, const struct acts *a, struct span text,
		      const struct json *signatures)
{
	struct span names[SIGNERS_MAX];
	size_t n = 0;

	JSON_EACH(signature, signatures) {
		struct signature sig;

		if (signature_verify(c, signature->s, "writ-roster@v1", text, &sig) != ERR_OK) {
			err_clear(c);
			continue;
		}
		JSON_EACH(row, a->rows) {
			struct span name = json_opt_text(row, "name", SPAN_NONE);
			bool again = n == SIGNERS_MAX ||
				     !span_eq(json_opt_text(row, "key", SPAN_NONE), sig.key) ||
				     !roster_may(row, "roster");

			for (size_t i = 0; i < n; i++)
				again |= span_eq(names[i], name);
			if (!again)
				names[n++] = name;
		}
	}
	return n;
}

static void check_founding(struct ctx *c, struct acts *a, int64_t seq, const struct json *body,
			   struct span text, const struct json *document)
{
	const char *what = not_continued(c, a, document);
	char place[64];

	err_clear(c);
	if (!what && signers(c, a, text, json_get(body, "signatures")) < 2)
		what = "continues the log without the signatures of two people who were rostered";
	if (!what)
		return;
	snprintf(place, sizeof place, "act[HOME %lld].body", (long long)seq);
	a->say(a->of, true, place, what);
	a->differences++;
}

/* The people of a founding are all there are; agencies are registered anew after it. */
static enum err take_founded(struct ctx *c, struct acts *a, int64_t seq, const struct json *body)
{
	const struct json *people, *policy;
	struct json *document;
	struct span text;

	TRY(json_need_text(c, body, "document", &text));
	TRY(json_parse(c, text, &document));
	if (a->founding && a->say)
		check_founding(c, a, seq, body, text, document);
	TRY(json_need_list(c, document, "people", &people));
	TRY(json_need_object(c, document, "policy", &policy));
	TRY(json_clone(c, people, &a->rows));
	TRY(json_clone(c, policy, &a->policy));
	a->founding = document;
	a->founding_text = text;
	return ERR_OK;
}

static enum err act_row(struct ctx *c, void *of, const struct store_row *row)
{
	bool founded = span_is(row->v[2].s, "founded");
	const struct json *body;
	struct json *act;
	struct span text;

	if (row->v[3].kind == STORE_NULL || (!founded && !span_is(row->v[2].s, "roster")))
		return ERR_OK;
	TRY(span_copy(c, row->v[3].s, &text));
	TRY(json_parse(c, text, &act));
	body = json_get(act, "body");
	return founded ? take_founded(c, of, row->v[0].i, body) : take_roster(c, of, body);
}

static enum err read_acts(struct ctx *c, struct session *s, struct acts *a)
{
	a->rows = json_list(c);
	a->policy = json_object(c);
	TRY(store_run(c, s->store, QUERY_ACT_OF_ORDER, PARAMS(P_STR("HOME")), act_row, a));
	if (!a->founding)
		FAIL(c, ERR_STATE, "this home was never founded");
	return ERR_OK;
}

enum err again_check(struct ctx *c, struct session *s, again_say *say, void *of,
		     int64_t *differences_out)
{
	struct acts a = { .say = say, .of = of };

	TRY(read_acts(c, s, &a));
	*differences_out = a.differences;
	return ERR_OK;
}

enum err roster_of_acts(struct ctx *c, struct session *s, struct json **out)
{
	struct json *people = json_list(c), *agencies = json_list(c), *copy;
	int64_t now_utc = c->seam->now_ms() / 1000;
	struct acts a = { .say = NULL };

	TRY(read_acts(c, s, &a));
	*out = json_object(c);
	JSON_EACH(row, a.rows) {
		bool person = span_is(json_opt_text(row, "row", SPAN_NONE), "person");

		if (!roster_row_live(row, now_utc))
			continue;
		TRY(json_clone(c, row, &copy));
		json_add(c, person ? people : agencies, copy);
	}
	json_set(c, *out, "people", people);
	json_set(c, *out, "agencies", agencies);
	json_set(c, *out, "policy", a.policy);
	return ERR_OK;
}

/* ---- founding anew ---- */

static enum err continues_of(struct ctx *c, struct session *s, const struct json *founded,
			     struct json **out)
{
	struct json *document, *j = json_object(c);
	struct span text, sha, note, vkey;
	struct checkpoint cp;
	struct log l;

	TRY(json_need_text(c, founded, "document", &text));
	TRY(json_parse(c, text, &document));
	TRY(json_need_text(c, document, "log_vkey", &vkey));
	TRY(sha256_hex(c, text, &sha));
	TRY(order_log(c, s, &l));
	TRY(log_checkpoint(c, &l, &cp, &note));
	json_set_text(c, j, "founding_sha256", sha);
	json_set_text(c, j, "log_vkey", vkey);
	json_set_text(c, j, "checkpoint", note);
	*out = j;
	return ERR_OK;
}

/* Keys begin with the founding, so the rows lose their own beginning. */
static enum err people_of(struct ctx *c, const struct json *rows, struct json **out)
{
	struct json *copy;
	char *key;

	*out = json_list(c);
	JSON_EACH(row, rows) {
		struct json *person = json_object(c);

		JSON_EACH(member, row) {
			TRY(span_cstr(c, member->key, &key));
			if (!strcmp(key, "from"))
				continue;
			TRY(json_clone(c, member, &copy));
			json_set(c, person, key, copy);
		}
		json_add(c, *out, person);
	}
	return ERR_OK;
}

enum err again_input(struct ctx *c, struct session *s, struct json **input_out,
		     struct json **answers_out)
{
	struct json *roster, *people, *policy, *continues, *input = json_object(c), *agencies;
	const struct json *founded;

	TRY(home_last(c, s, "founded", &founded));
	TRY(roster_of_acts(c, s, &roster));
	TRY(people_of(c, json_get(roster, "people"), &people));
	TRY(json_clone(c, json_get(roster, "policy"), &policy));
	TRY(json_clone(c, json_get(roster, "agencies"), &agencies));
	TRY(continues_of(c, s, founded, &continues));
	json_set_text(c, input, "provider", json_opt_text(founded, "provider", SPAN_NONE));
	json_set(c, input, "people", people);
	json_set(c, input, "policy", policy);
	json_set(c, input, "continues", continues);
	*input_out = input;
	TRY(json_clone(c, founded, answers_out));
	json_set(c, *answers_out, "agencies", agencies);
	return ERR_OK;
}

static enum err carry_acts(struct ctx *c, struct store *from, struct store *to)
{
	STORE_WORK_SCOPED struct store_work work = { NULL };
	STORE_ROWS_SCOPED struct store_rows rows = { NULL };
	bool more;

	TRY(store_begin(c, to, &work));
	TRY(store_rows_open(c, from, QUERY_ACT_CHECK, PARAMS_NONE, &rows));
	TRY(store_rows_next(c, &rows, &more));
	while (more) {
		const struct store_value *v = rows.row.v;

		/* Columns: body, salt, commitment, its proof (3), id, order, seq, made at, act. */
		TRY(store_run(c, to, QUERY_ACT_ADD,
			      PARAMS(v[7], v[8], v[9], v[10], v[0], v[1], v[2]), NULL, NULL));
		TRY(store_rows_next(c, &rows, &more));
	}
	return store_commit(c, &work);
}

static enum err carry_database(struct ctx *c, const struct home *h, const char *path)
{
	STORE_SCOPED struct store *from = NULL, *to = NULL;

	TRY(file_remove(c, path));
	/* Opened as a writer once, so that nothing of it is left in its write-ahead log. */
	TRY(store_open(c, h->db, STORE_WRITE, &from));
	store_close(&from);
	TRY(store_open(c, h->db, STORE_READ, &from));
	TRY(store_open(c, path, STORE_CREATE, &to));
	return carry_acts(c, from, to);
}

static enum err move(struct ctx *c, const char *from, const char *to)
{
	if (c->seam->rename(from, to) != 0)
		FAIL(c, ERR_IO, "cannot put %s at %s: %s", from, to, strerror(errno));
	return ERR_OK;
}

enum err again_carry(struct ctx *c, const struct home *h)
{
	char *new, *aside = NULL, *path;

	for (int n = 1; n < BEFORE_MAX; n++) {
		TRY(path_fmt(c, &aside, "%s/before-%d", h->dir, n));
		if (!file_exists(aside))
			break;
	}
	TRY(path_fmt(c, &new, "%s/writ.db.new", h->dir));
	TRY(carry_database(c, h, new));
	TRY(dir_make(c, aside, 0700));
	TRY(path_fmt(c, &path, "%s/writ.db", aside));
	TRY(move(c, h->db, path));
	TRY(move(c, new, h->db));
	TRY(path_fmt(c, &path, "%s/log", aside));
	TRY(move(c, h->log, path));
	TRY(dir_make(c, h->log, 0755));
	return dir_sync(c, h->dir);
}

static bool was_sealed(enum order_state state)
{
	return state == ORDER_COLLECTING || state == ORDER_COLLECTED || state == ORDER_APPROVED ||
	       state == ORDER_RELEASED;
}

static enum err ref_row(struct ctx *c, void *of, const struct order_view *view)
{
	struct span ref;

	TRY(span_copy(c, view->ref, &ref));
	json_add(c, of, json_text(c, ref));
	return ERR_OK;
}

enum err again_orders(struct ctx *c, struct session *s)
{
	struct json *refs = json_list(c);
	int64_t orders;

	TRY(order_rebuild_all(c, s, &orders));
	TRY(view_all(c, s->store, ref_row, refs));
	JSON_EACH(ref, refs) {
		struct order o;

		TRY(order_load(c, s, ref->s, &o));
		if (!was_sealed(o.state))
			continue;
		TRY(order_append(c, s, &o, ACT_SEAL_LOST, json_object(c)));
		TRY(vault_sweep(c, s, &o));
	}
	return ERR_OK;
}
