/*
 * Adopting rule packs; see adopt.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/adopt.h"

#include "format/time.h"
#include "law/check.h"
#include "order/law_packs.h"

#define DOCUMENT_MAX ((size_t)64 << 10)
#define AHEAD_MAX_S 60

struct held {
	struct json *list;      /* of every sha256 the last document, with the name of who signed */
};

static enum err held_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct held *held = of;
	struct json *act, *document, *left = json_list(c), *copy;
	const struct json *body;
	struct span text;

	if (row->v[3].kind == STORE_NULL || !span_is(row->v[2].s, "adopted"))
		return ERR_OK;
	TRY(span_copy(c, row->v[3].s, &text));
	TRY(json_parse(c, text, &act));
	TRY(json_need_object(c, act, "body", &body));
	TRY(json_need_text(c, body, "document", &text));
	TRY(json_parse_canonical(c, text, &document));
	JSON_EACH(one, held->list) {
		if (span_eq(json_opt_text(one, "sha256", SPAN_NONE),
			    json_opt_text(document, "sha256", SPAN_NONE)))
			continue;
		TRY(json_clone(c, one, &copy));
		json_add(c, left, copy);
	}
	json_set_text(c, document, "name", json_opt_text(body, "name", SPAN_NONE));
	json_add(c, left, document);
	held->list = left;
	return ERR_OK;
}

/* Beginnings and ends, the last for each hash. */
static enum err last_of_each(struct ctx *c, struct session *s, struct json **out)
{
	struct held held = { json_list(c) };

	if (s->store)
		TRY(store_run(c, s->store, QUERY_ACT_OF_ORDER, PARAMS(P_STR("HOME")), held_row,
			      &held));
	*out = held.list;
	return ERR_OK;
}

static bool begins(const struct json *document)
{
	return span_is(json_opt_text(document, "action", SPAN_NONE), "begin");
}

enum err adoptions(struct ctx *c, struct session *s, struct json **out)
{
	struct json *all, *copy;

	TRY(last_of_each(c, s, &all));
	*out = json_list(c);
	JSON_EACH(one, all) {
		if (!begins(one))
			continue;
		TRY(json_clone(c, one, &copy));
		json_add(c, *out, copy);
	}
	return ERR_OK;
}

const struct json *adoption_of(const struct json *list, struct span sha256)
{
	JSON_EACH(one, list)
		if (span_eq(json_opt_text(one, "sha256", SPAN_NONE), sha256))
			return one;
	return NULL;
}

static enum err load(struct ctx *c, struct session *s, struct law **law_out, struct json **kept_out)
{
	char *dir;

	TRY(packs_dir(c, NULL, &s->home, &dir));
	return packs_load(c, s, dir, law_out, kept_out);
}

static enum err find_pack(struct ctx *c, const struct json *kept, struct span id,
			  const struct json **out)
{
	JSON_EACH(row, kept)
		if (span_eq(json_opt_text(row, "id", SPAN_NONE), id)) {
			*out = row;
			return ERR_OK;
		}
	err_next(c, "'writ law list' names them");
	FAIL(c, ERR_NOT_FOUND, "there is no rule pack '%.*s'", SPAN_ARG(id));
}

/* What a program can find wrong nobody can adopt. */
static enum err check_pack(struct ctx *c, const struct law *law, const struct json *pack)
{
	struct json *findings;

	TRY(law_check(c, law, c->seam->now_ms() / 1000, &findings));
	JSON_EACH(one, findings) {
		if (!span_eq(json_opt_text(one, "file", SPAN_NONE),
			     json_opt_text(pack, "name", SPAN_NONE)))
			continue;
		err_next(c, "writ law check");
		FAIL(c, ERR_FORMAT, "the pack has a fault, %.*s:%lld: %.*s",
		     SPAN_ARG(json_opt_text(one, "file", SPAN_NONE)),
		     (long long)json_opt_int(one, "line", 0),
		     SPAN_ARG(json_opt_text(one, "what", SPAN_NONE)));
	}
	return ERR_OK;
}

/* The adoption of that pack that was made last and holds. */
static enum err last_held(struct ctx *c, struct session *s, struct span id,
			  const struct json **out)
{
	struct json *held;

	*out = NULL;
	TRY(adoptions(c, s, &held));
	JSON_EACH(one, held)
		if (span_eq(json_opt_text(one, "pack", SPAN_NONE), id))
			*out = one;
	if (!*out)
		FAIL(c, ERR_NOT_FOUND, "the rule pack '%.*s' is not adopted", SPAN_ARG(id));
	return ERR_OK;
}

static enum err write(struct ctx *c, bool end, struct span id, struct span version,
		      struct span sha256, struct span *out)
{
	struct json *d = json_object(c);
	struct span at;

	TRY(time_span(c, c->seam->now_ms() / 1000, &at));
	json_set_int(c, d, "version", 1);
	json_set_str(c, d, "kind", "adoption");
	json_set_text(c, d, "made_at", at);
	json_set_str(c, d, "action", end ? "end" : "begin");
	json_set_text(c, d, "pack", id);
	json_set_text(c, d, "pack_version", version);
	json_set_text(c, d, "sha256", sha256);
	return json_write(c, d, DOCUMENT_MAX, out);
}

enum err adoption_document(struct ctx *c, struct session *s, struct span pack, bool end,
			   struct span *document_out)
{
	struct json *kept, *held;
	const struct json *row;
	struct law *law;

	TRY(session_need_actor(c, s, "decide"));
	if (end) {
		TRY(last_held(c, s, pack, &row));
		return write(c, true, pack, json_opt_text(row, "pack_version", SPAN_NONE),
			     json_opt_text(row, "sha256", SPAN_NONE), document_out);
	}
	TRY(load(c, s, &law, &kept));
	TRY(find_pack(c, kept, pack, &row));
	TRY(adoptions(c, s, &held));
	if (adoption_of(held, json_opt_text(row, "sha256", SPAN_NONE)))
		FAIL(c, ERR_STATE, "the rule pack '%.*s' is adopted already", SPAN_ARG(pack));
	TRY(check_pack(c, law, row));
	return write(c, false, pack, json_opt_text(row, "version", SPAN_NONE),
		     json_opt_text(row, "sha256", SPAN_NONE), document_out);
}

static enum err check_form(struct ctx *c, const struct json *d)
{
	unsigned char hash[32];
	int64_t at_utc;

	TRY(json_only(c, d, "version kind made_at action pack pack_version sha256"));
	if (json_opt_int(d, "version", 0) != 1 ||
	    !span_is(json_opt_text(d, "kind", SPAN_NONE), "adoption"))
		FAIL(c, ERR_FORMAT, "the document is no adoption of a rule pack");
	if (!begins(d) && !span_is(json_opt_text(d, "action", SPAN_NONE), "end"))
		FAIL(c, ERR_FORMAT, "the document neither begins an adoption nor ends one");
	TRY(json_need_hex(c, d, "sha256", hash, sizeof hash));
	if (!time_parse(json_opt_text(d, "made_at", SPAN_NONE), &at_utc) ||
	    at_utc > c->seam->now_ms() / 1000 + AHEAD_MAX_S)
		FAIL(c, ERR_DENIED, "the document is of a time that has not come");
	return ERR_OK;
}

/* A begin of what lies in the folder, an end of what holds; and nothing older than what is known:
 * an adoption that has ended does not come back with its old document. */
static enum err check_against_home(struct ctx *c, struct session *s, const struct json *d)
{
	struct span id = json_opt_text(d, "pack", SPAN_NONE),
		    sha256 = json_opt_text(d, "sha256", SPAN_NONE);
	const struct json *row, *last;
	struct json *kept, *all;
	struct law *law;
	int64_t at_utc = 0, last_utc = 0;

	TRY(last_of_each(c, s, &all));
	last = adoption_of(all, sha256);
	if (last && begins(last) == begins(d))
		FAIL(c, ERR_STATE, "the rule pack '%.*s' is %s already", SPAN_ARG(id),
		     begins(d) ? "adopted" : "given up");
	if (last && (!time_parse(json_opt_text(last, "made_at", SPAN_NONE), &last_utc) ||
		     !time_parse(json_opt_text(d, "made_at", SPAN_NONE), &at_utc) ||
		     at_utc < last_utc))
		FAIL(c, ERR_STATE, "the document is older than the last one about this pack");
	if (!begins(d)) {
		if (last && span_eq(json_opt_text(last, "pack", SPAN_NONE), id) &&
		    span_eq(json_opt_text(last, "pack_version", SPAN_NONE),
			    json_opt_text(d, "pack_version", SPAN_NONE)))
			return ERR_OK;
		FAIL(c, ERR_NOT_FOUND, "that version of the rule pack '%.*s' is not adopted",
		     SPAN_ARG(id));
	}
	TRY(load(c, s, &law, &kept));
	TRY(find_pack(c, kept, id, &row));
	if (!span_eq(json_opt_text(row, "sha256", SPAN_NONE), sha256) ||
	    !span_eq(json_opt_text(row, "version", SPAN_NONE),
		     json_opt_text(d, "pack_version", SPAN_NONE)))
		FAIL(c, ERR_STATE, "the rule pack '%.*s' is another one than was signed",
		     SPAN_ARG(id));
	return check_pack(c, law, row);
}

/* The same document a second time would be one act more and change nothing, or bring back what has
 * ended in the same second. */
static enum err used_row(struct ctx *c, void *of, const struct store_row *row)
{
	const struct span *document = of;
	struct json *act;
	struct span text;

	if (row->v[3].kind == STORE_NULL || !span_is(row->v[2].s, "adopted"))
		return ERR_OK;
	TRY(span_copy(c, row->v[3].s, &text));
	TRY(json_parse(c, text, &act));
	if (span_eq(json_opt_text(json_get(act, "body"), "document", SPAN_NONE), *document))
		FAIL(c, ERR_STATE, "this document has been taken in already");
	return ERR_OK;
}

enum err adoption_take(struct ctx *c, struct session *s, struct span pack, struct span document,
		       struct span signature)
{
	struct json *body = json_object(c), *d;
	struct span name;

	TRY(session_need_actor(c, s, "decide"));
	TRY(json_parse_canonical(c, document, &d));
	TRY(check_form(c, d));
	if (!span_eq(json_opt_text(d, "pack", SPAN_NONE), pack))
		FAIL(c, ERR_USAGE, "the document is about the rule pack '%.*s'",
		     SPAN_ARG(json_opt_text(d, "pack", SPAN_NONE)));
	TRY(roster_signer(c, s, "adoption", "decide", document, signature, &name));
	TRY(store_run(c, s->store, QUERY_ACT_OF_ORDER, PARAMS(P_STR("HOME")), used_row,
		      &document));
	TRY(check_against_home(c, s, d));
	json_set_text(c, body, "document", document);
	json_set_text(c, body, "signature", signature);
	json_set_text(c, body, "name", name);
	return home_append(c, s, "adopted", body);
}

enum err adoption_list(struct ctx *c, struct session *s, struct json **out)
{
	struct json *kept, *held;
	struct law *law;

	TRY(adoptions(c, s, &held));
	TRY(load(c, s, &law, &kept));
	*out = json_list(c);
	JSON_EACH(row, kept) {
		const struct json *by = adoption_of(held, json_opt_text(row, "sha256", SPAN_NONE));
		struct json *one = json_object(c);

		for (const char *const *key =
			     (const char *const[]){ "name", "id", "version", "sha256", "state",
						    "next_review", NULL };
		     *key; key++)
			json_set_text(c, one, *key, json_opt_text(row, *key, SPAN_NONE));
		json_set(c, one, "adopted_by",
			 by ? json_text(c, json_opt_text(by, "name", SPAN_NONE)) : NULL);
		json_add(c, *out, one);
	}
	return ERR_OK;
}
