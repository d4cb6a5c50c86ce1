/*
 * What has changed since somebody approved: between the statement that was signed and the one that
 * stands now, in words, and what was done meanwhile. Both statements are the seal's and stand in
 * the acts; nothing is compared but them and the scopes that they name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "format/words.h"
#include "order/3_judge/judge.h"
#include "web/desk/order_page.h"

#define ROWS_MAX 64u
#define TEXT_MAX_BYTES ((size_t)1 << 20)

struct comparing {
	struct visit *v;
	const struct json *then, *now;  /* statements; now is NULL where none stands */
	struct page_order_change *rows;
	struct page_order_changed *out;
};

static void row(struct comparing *k, struct span what, struct span before, struct span after)
{
	if (span_eq(before, after) || k->out->rows_n == ROWS_MAX)
		return;
	k->rows[k->out->rows_n++] = (struct page_order_change){
		what, before.n ? before : word_changed_nothing(k->v->base),
		after.n ? after : word_changed_nothing(k->v->base)
	};
}

/* ---- what was approved ---- */

static bool hash_is(struct visit *v, struct span text, struct span hex)
{
	struct span own;

	return sha256_hex(v->c, text, &own) == ERR_OK && span_eq(own, hex);
}

/* The act of that kind whose document (under that name) has that hash. */
static const struct json *act_of(struct visit *v, enum act_kind kind, const char *key,
				 struct span hex)
{
	JSON_EACH(act, v->order.acts) {
		const struct json *body = json_get(act, "body");

		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(kind)) &&
		    hash_is(v, json_opt_text(body, key, SPAN_NONE), hex))
			return body;
	}
	return NULL;
}

/* The last approval of another statement than the one that stands. */
static const struct json *void_approval(struct visit *v)
{
	struct span live = json_opt_text(v->order.stated, "statement", SPAN_NONE);
	const struct json *found = NULL;

	JSON_EACH(act, v->order.acts) {
		struct span hex = json_opt_text(json_get(act, "body"), "statement_sha256",
						SPAN_NONE);

		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_APPROVED)) &&
		    !(live.n && hash_is(v, live, hex)))
			found = act;
	}
	return found;
}

static enum err who_approved(struct visit *v, struct span hex, struct span *out)
{
	struct buf b;

	buf_begin(&b, v->c, TEXT_MAX_BYTES);
	JSON_EACH(act, v->order.acts) {
		const struct json *body = json_get(act, "body");

		if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_APPROVED)) &&
		    span_eq(json_opt_text(body, "statement_sha256", SPAN_NONE), hex))
			buf_fmt(&b, "%s%.*s", b.n ? ", " : "",
				SPAN_ARG(json_opt_text(body, "name", SPAN_NONE)));
	}
	return buf_done(v->c, &b, out);
}

/* ---- the differences ---- */

static enum err amount(struct visit *v, const struct json *of, struct span *out)
{
	*out = SPAN_NONE;
	return of ? word_changed_amount(v->c, v->base, json_opt_int(of, "items", 0),
					json_opt_int(of, "bytes", 0), out)
		  : ERR_OK;
}

static enum err line_words(struct visit *v, const struct json *line, struct span *out)
{
	struct span text;

	*out = SPAN_NONE;
	if (!line)
		return ERR_OK;
	TRY(amount(v, line, &text));
	return span_fmt(v->c, out, "%.*s, %.*s", SPAN_ARG(text),
			SPAN_ARG(json_opt_text(line, "account", SPAN("-"))));
}

static const struct json *same_line(const struct json *list, const struct json *line)
{
	JSON_EACH(one, list)
		if (span_eq(json_opt_text(one, "id", SPAN_NONE),
			    json_opt_text(line, "id", SPAN_NONE)) &&
		    span_eq(json_opt_text(one, "store", SPAN_NONE),
			    json_opt_text(line, "store", SPAN_NONE)))
			return one;
	return NULL;
}

static enum err line_row(struct comparing *k, const struct json *before, const struct json *after)
{
	const struct json *any = before ? before : after;
	struct span what, was, is;

	TRY(word_changed_line(k->v->c, k->v->base, json_opt_text(any, "id", SPAN_NONE),
			      json_opt_text(any, "store", SPAN_NONE), &what));
	TRY(line_words(k->v, before, &was));
	TRY(line_words(k->v, after, &is));
	row(k, what, was, is);
	return ERR_OK;
}

static enum err lines(struct comparing *k)
{
	const struct json *then = json_get(k->then, "lines"), *now = json_get(k->now, "lines");

	JSON_EACH(line, then)
		TRY(line_row(k, line, same_line(now, line)));
	JSON_EACH(line, now)
		if (!same_line(then, line))
			TRY(line_row(k, NULL, line));
	return ERR_OK;
}

static enum err keys(struct visit *v, const struct json *statement, struct span *out)
{
	struct buf b;

	buf_begin(&b, v->c, TEXT_MAX_BYTES);
	JSON_EACH(key, json_get(statement, "recipients"))
		buf_fmt(&b, "%s%.*s (%.*s, %.*s)", b.n ? "; " : "",
			SPAN_ARG(json_opt_text(key, "label", SPAN_NONE)),
			SPAN_ARG(json_opt_text(key, "agency", SPAN_NONE)),
			SPAN_ARG(json_opt_text(key, "key_sha256", SPAN_NONE)));
	return buf_done(v->c, &b, out);
}

/* Dates and folders that counsel has signed. */
static enum err scope_words(struct visit *v, struct span hex, struct span *out)
{
	const struct json *body = act_of(v, ACT_DECIDED, "document", hex);
	struct span words;
	struct json *d;
	struct buf b;

	*out = SPAN_NONE;
	if (!body)
		return ERR_OK;
	TRY(json_parse_canonical(v->c, json_opt_text(body, "document", SPAN_NONE), &d));
	buf_begin(&b, v->c, TEXT_MAX_BYTES);
	JSON_EACH(line, json_get(d, "lines")) {
		TRY(scope_line_words(v->c, line, &words));
		buf_fmt(&b, "%s%.*s: %.*s", b.n ? "; " : "",
			SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), SPAN_ARG(words));
	}
	return buf_done(v->c, &b, out);
}

static enum err scopes(struct comparing *k)
{
	struct span then = json_opt_text(k->then, "scope_sha256", SPAN_NONE);
	struct span now = json_opt_text(k->now, "scope_sha256", SPAN_NONE), was, is;

	if (span_eq(then, now))
		return ERR_OK;
	TRY(scope_words(k->v, then, &was));
	TRY(scope_words(k->v, now, &is));
	if (span_eq(was, is))           /* decided anew, with the same lines */
		was = then, is = now;
	row(k, word_changed_scope(k->v->base), was, is);
	return ERR_OK;
}

/* A hash as the words that people compare. */
static enum err in_words(struct visit *v, struct span hex, struct span *out)
{
	unsigned char hash[32];

	*out = SPAN_NONE;
	if (!hex.n)
		return ERR_OK;
	if (!hex_decode(hex, hash, sizeof hash))
		FAIL(v->c, ERR_VERIFY, "a statement names a hash that is none");
	return hash_words(v->c, span_of(hash, sizeof hash), out);
}

static enum err hashes(struct comparing *k)
{
	const struct page_base *w = k->v->base;
	const struct {
		struct span what;
		const char *key;
	} all[] = {
		{ word_changed_items(w), "manifest_sha256" },
		{ word_changed_policy(w), "policy_sha256" },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct span was, is;

		TRY(in_words(k->v, json_opt_text(k->then, all[i].key, SPAN_NONE), &was));
		TRY(in_words(k->v, json_opt_text(k->now, all[i].key, SPAN_NONE), &is));
		row(k, all[i].what, was, is);
	}
	return ERR_OK;
}

static void texts(struct comparing *k)
{
	const struct page_base *w = k->v->base;
	const struct {
		struct span what;
		const char *key;
	} all[] = {
		{ word_fact_agency(w), "agency" },
		{ word_fact_notice(w), "notice" },
		{ word_fact_secret(w), "gag_until" },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		row(k, all[i].what, json_opt_text(k->then, all[i].key, SPAN_NONE),
		    json_opt_text(k->now, all[i].key, SPAN_NONE));
}

static enum err numbers(struct comparing *k)
{
	const struct page_base *w = k->v->base;
	const struct {
		struct span what;
		const char *key;
	} all[] = {
		{ word_changed_undated(w), "undated" },
		{ word_changed_roster(w), "roster_version" },
		{ word_changed_halt(w), "halt_epoch" },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct span was, is;

		TRY(span_fmt(k->v->c, &was, "%lld",
			     (long long)json_opt_int(k->then, all[i].key, 0)));
		TRY(span_fmt(k->v->c, &is, "%lld", (long long)json_opt_int(k->now, all[i].key, 0)));
		row(k, all[i].what, was, is);
	}
	return ERR_OK;
}

static enum err compare(struct comparing *k)
{
	struct span was, is;

	TRY(NEW_ARRAY(k->v->c, k->rows, ROWS_MAX));
	k->out->rows = k->rows;
	TRY(amount(k->v, k->then, &was));
	TRY(amount(k->v, k->now, &is));
	row(k, word_changed_all(k->v->base), was, is);
	TRY(lines(k));
	TRY(scopes(k));
	TRY(keys(k->v, k->then, &was));
	TRY(keys(k->v, k->now, &is));
	row(k, word_changed_key(k->v->base), was, is);
	texts(k);
	TRY(hashes(k));
	return numbers(k);
}

enum err order_changed(struct visit *v, struct page_order_changed *out)
{
	const struct json *act = void_approval(v), *body = json_get(act, "body"), *stated;
	struct span hex = json_opt_text(body, "statement_sha256", SPAN_NONE), text;
	struct comparing k = { .v = v, .out = out };
	struct page_order_act *acts;
	struct json *doc;

	*out = (struct page_order_changed){ .rows_n = 0 };
	if (!body || v->order.released || !order_state_is_open(v->order.state))
		return ERR_OK;
	stated = act_of(v, ACT_STATED, "statement", hex);
	if (!stated)
		return ERR_OK;
	TRY(json_parse_canonical(v->c, json_opt_text(stated, "statement", SPAN_NONE), &doc));
	k.then = doc;
	text = json_opt_text(v->order.stated, "statement", SPAN_NONE);
	out->stands = text.n > 0;
	if (out->stands) {
		TRY(json_parse_canonical(v->c, text, &doc));
		k.now = doc;
		TRY(compare(&k));
	}
	TRY(who_approved(v, hex, &out->who));
	if (!time_parse(json_opt_text(act, "made_at", SPAN_NONE), &out->at))
		out->at = 0;
	TRY(order_acts(v, json_opt_int(act, "seq", 0), &acts, &out->acts_n));
	out->acts = acts;
	return ERR_OK;
}
