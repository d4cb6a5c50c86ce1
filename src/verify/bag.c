/*
 * The contents: opens the lock with the recipient's key, reads the payload as it passes by, hashes
 * each item once and compares it with the manifest, the manifest with what was signed, and the
 * lists with both. Nothing of the contents is kept or written.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/time.h"
#include "verify/bag.h"

#include <stdio.h>
#include <string.h>

#define SEALED_CHUNK ((size_t)AGE_CHUNK + AGE_TAG)
#define TAG_FILE_MAX ((size_t)64 << 10)
#define META_MAX ((size_t)1 << 20)
#define BAGIT "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

enum tag { TAG_BAGIT, TAG_INFO, TAG_MANIFEST, TAG_ITEMS, TAG_UNDATED, TAG_COUNT };
static const char *const tag_names[TAG_COUNT] = {
	"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "items.jsonl", "undated.jsonl",
};

static enum err recipient_known(struct verify *v, const struct age_identity *id)
{
	struct age_recipient own;
	const struct json *to;
	struct sha256 h;
	struct span hex;

	TRY(age_recipient_of(v->c, id, &own));
	TRY(sha256_of(v->c, span_of(own.key, sizeof own.key), &h));
	TRY(hex_encode(v->c, sha256_span(&h), &hex));
	TRY(json_need_list(v->c, v->statement, "recipients", &to));
	JSON_EACH(one, to) {
		if (one->type == JSON_OBJECT &&
		    span_eq(json_opt_text(one, "key_sha256", SPAN_NONE), hex))
			return ERR_OK;
	}
	FAIL(v->c, ERR_VERIFY, "the lock opens, but no recipient with this key was approved");
}

static enum err open_lock(struct verify *v)
{
	for (size_t i = 0; i < v->identity_count; i++) {
		enum err e = age_header_open(v->c, v->header, &v->identities[i], v->file_key);

		if (e == ERR_OK)
			return recipient_known(v, &v->identities[i]);
		if (e == ERR_NOMEM || e == ERR_IO)
			return e;
		if (i + 1 == v->identity_count)
			return e;
		err_clear(v->c);
	}
	FAIL(v->c, ERR_VERIFY, "there is no key to open it with");
}

bool verify_opens(struct verify *v)
{
	return verify_judge(v, VERIFY_OPENS, open_lock(v));
}

struct chunks {
	struct verify *v;
	struct tar_walk *outer;
	struct age_stream *stream;
	bool end;
};

static void chunks_close(struct chunks *ch)
{
	age_stream_close(&ch->stream);
}

/* Filler of the inner flow: one chunk of the payload, opened. */
static enum err chunk_fill(struct ctx *c, void *of, unsigned char *to, size_t room, size_t *got_out)
{
	struct chunks *ch = of;
	enum verify_check was = ch->v->now;
	struct span sealed;

	*got_out = 0;
	if (ch->end)
		return ERR_OK;
	ch->v->now = VERIFY_FORM;
	TRY(tar_walk_peek(c, ch->outer, SEALED_CHUNK, &sealed));
	ch->v->now = VERIFY_PAYLOAD_OPENS;
	if (room < AGE_CHUNK)
		FAIL(c, ERR_LIMIT, "no room for a chunk");
	ch->end = ch->outer->left == (int64_t)sealed.n;
	TRY(age_stream_unseal(c, ch->stream, sealed.p, sealed.n, ch->end, to));
	*got_out = sealed.n - AGE_TAG;
	tar_walk_drop(ch->outer, sealed.n);
	ch->v->now = was;
	return ERR_OK;
}

/* Goes to the next member, which must lie below the top folder; path is the rest of its name. */
static enum err next_member(struct bag *b, struct span *path_out, bool *end_out)
{
	struct verify *v = b->v;
	struct span order = v->r->order;

	v->now = VERIFY_BAG_FORM;
	TRY(tar_walk_next(v->c, &b->w, end_out));
	*path_out = SPAN_NONE;
	if (*end_out)
		return ERR_OK;
	if (order.n == 0 || b->w.name.n <= order.n + 1 ||
	    !span_eq(span_cut(b->w.name, 0, order.n), order) || b->w.name.p[order.n] != '/')
		FAIL(v->c, ERR_VERIFY, "%.*s lies outside the folder of this order",
		     SPAN_ARG(b->w.name));
	*path_out = span_cut(b->w.name, order.n + 1, b->w.name.n);
	if (b->dated && b->w.mtime_utc != b->mtime_utc)
		FAIL(v->c, ERR_VERIFY, "%.*s carries another time than the files before it",
		     SPAN_ARG(b->w.name));
	b->dated = true;
	b->mtime_utc = b->w.mtime_utc;
	return ERR_OK;
}

/* MSG_META: one line, and of a message nothing but what the category holds. */
static enum err check_meta(struct ctx *c, struct span body)
{
	struct json *o;

	if (body.n == 0 || body.p[body.n - 1] != '\n')
		FAIL(c, ERR_VERIFY, "a line of message details does not end");
	TRY(json_parse_canonical(c, span_cut(body, 0, body.n - 1), &o));
	if (o->type != JSON_OBJECT || json_count(o) != 9)
		FAIL(c, ERR_VERIFY, "message details hold more or less than they may");
	return json_only(c, o, "bytes bcc cc date delivery from message_id received to");
}

static enum err hash_item(struct bag *b, struct ctx *own, struct sha256 *out)
{
	struct verify *v = b->v;
	struct span s;

	if (span_ends(b->w.name, ".json")) {
		TRY(tar_walk_whole(own, &b->w, META_MAX, &s));
		TRY(check_meta(own, s));
		TRY(hasher_add(own, b->item, s));
		return hasher_end(own, b->item, out);
	}
	for (;;) {
		TRY(tar_walk_piece(v->c, &b->w, &s));
		if (s.n == 0)
			return hasher_end(v->c, b->item, out);
		TRY(hasher_add(v->c, b->item, s));
	}
}

enum err bag_mark(struct bag *b, struct hasher *h, struct span path, struct span sha256,
		  int64_t bytes)
{
	char number[32];

	TRY(hasher_add(b->v->c, h, sha256));
	TRY(hasher_add(b->v->c, h, SPAN("  ")));
	TRY(hasher_add(b->v->c, h, path));
	if (snprintf(number, sizeof number, "\n%lld\n", (long long)bytes) < 0)
		FAIL(b->v->c, ERR_FAILED, "a number cannot be written");
	return hasher_add(b->v->c, h, span_str(number));
}

/* One item of the payload: hashed once, put into what manifest and list must come to. */
static enum err take_item(struct bag *b, struct span path)
{
	__attribute__((cleanup(ctx_end))) struct ctx own;
	struct verify *v = b->v;
	struct sha256 h;
	struct span hex;
	enum err e;

	TRY(ctx_begin(&own, SCRATCH_BYTES));
	own.seam = v->c->seam;
	v->now = VERIFY_BAG_ITEMS;
	e = hash_item(b, &own, &h);
	if (e == ERR_OK)
		e = hex_encode(&own, sha256_span(&h), &hex);
	if (e != ERR_OK && v->c->code == ERR_OK)
		FAIL(v->c, e, "%.*s: %s", SPAN_ARG(path), own.why);
	TRY(e);
	TRY(hasher_add(v->c, b->manifest, hex));
	TRY(hasher_add(v->c, b->manifest, SPAN("  ")));
	TRY(hasher_add(v->c, b->manifest, path));
	TRY(hasher_add(v->c, b->manifest, SPAN("\n")));
	TRY(bag_mark(b, b->listed, path, hex, b->w.bytes));
	b->items++;
	b->bytes += b->w.bytes;
	return ERR_OK;
}

/* The rest of the member at hand, hashed. */
static enum err hash_rest(struct bag *b, struct hasher *h, struct sha256 *out)
{
	struct span s;

	do {
		TRY(tar_walk_piece(b->v->c, &b->w, &s));
		TRY(hasher_add(b->v->c, h, s));
	} while (s.n);
	return hasher_end(b->v->c, h, out);
}

static enum err short_file(struct bag *b, enum tag tag, struct span *out)
{
	TRY(tar_walk_whole(b->v->c, &b->w, TAG_FILE_MAX, out));
	return sha256_of(b->v->c, *out, &b->tag[tag]);
}

static enum err bagit(struct bag *b, struct span path)
{
	struct span s;

	if (!span_is(path, tag_names[TAG_BAGIT]))
		FAIL(b->v->c, ERR_VERIFY, "it does not begin with bagit.txt");
	TRY(short_file(b, TAG_BAGIT, &s));
	if (!span_is(s, BAGIT))
		FAIL(b->v->c, ERR_VERIFY, "bagit.txt does not say BagIt 1.0 in UTF-8");
	return ERR_OK;
}

static bool take_label(struct reader *r, const char *label, struct span *out)
{
	if (!take_until(r, '\n', out) || !span_starts(*out, label))
		return false;
	*out = span_cut(*out, strlen(label), out->n);
	return out->n > 0;
}

static enum err info_says(struct bag *b, struct span text)
{
	struct span agent, date, order, oxum, want;
	struct reader r = { .s = text };
	int year, month, day;

	if (!take_label(&r, "Bag-Software-Agent: writ ", &agent) ||
	    !take_label(&r, "Bagging-Date: ", &date) ||
	    !take_label(&r, "External-Identifier: ", &order) ||
	    !take_label(&r, "Payload-Oxum: ", &oxum) || !reader_done(&r))
		FAIL(b->v->c, ERR_VERIFY, "bag-info.txt has not its four lines");
	TRY(span_fmt(b->v->c, &want, "%lld.%lld", (long long)b->bytes, (long long)b->items));
	if (!date_parse(date, &year, &month, &day))
		FAIL(b->v->c, ERR_VERIFY, "bag-info.txt has no date");
	if (!span_eq(order, b->v->r->order))
		FAIL(b->v->c, ERR_VERIFY, "bag-info.txt names the order %.*s", SPAN_ARG(order));
	if (!span_eq(oxum, want))
		FAIL(b->v->c, ERR_VERIFY, "Payload-Oxum is %.*s, the items come to %.*s",
		     SPAN_ARG(oxum), SPAN_ARG(want));
	return ERR_OK;
}

static enum err manifest(struct bag *b)
{
	struct verify *v = b->v;
	struct sha256 got;

	TRY(hash_rest(b, b->file, &got));
	b->tag[TAG_MANIFEST] = got;
	if (!span_eq(sha256_span(&got), sha256_span(&b->want_manifest)))
		err_set(v->c, ERR_VERIFY, __FILE__, __LINE__,
			"at least one of %lld items is not what the manifest names",
			(long long)b->items);
	verify_judge(v, VERIFY_BAG_ITEMS, v->c->code);
	verify_judge(v, VERIFY_BAG_MANIFEST,
		     verify_hash_is(v->c, v->receipt, "manifest_sha256", &got));
	return verify_stuck(v);
}

static enum err tagmanifest_says(struct bag *b, struct span text)
{
	struct span want, hex;
	struct sha256 h;
	struct buf out;

	buf_begin(&out, b->v->c, TAG_FILE_MAX);
	for (int i = 0; i < TAG_COUNT; i++) {
		TRY(hex_encode(b->v->c, sha256_span(&b->tag[i]), &hex));
		buf_add(&out, hex);
		buf_str(&out, "  ");
		buf_str(&out, tag_names[i]);
		buf_byte(&out, '\n');
	}
	TRY(buf_done(b->v->c, &out, &want));
	if (!span_eq(want, text))
		FAIL(b->v->c, ERR_VERIFY,
		     "a file beside the items is not what the tag manifest names");
	TRY(sha256_of(b->v->c, text, &h));
	return verify_hash_is(b->v->c, b->v->receipt, "tagmanifest_sha256", &h);
}

/* Goes to the file of that name, which must be the next. */
static enum err expect(struct bag *b, const char *name)
{
	struct span path;
	bool end;

	TRY(next_member(b, &path, &end));
	if (end || !span_is(path, name))
		FAIL(b->v->c, ERR_VERIFY, "where %s belongs stands %.*s", name,
		     SPAN_ARG(end ? SPAN("nothing") : path));
	return ERR_OK;
}

static enum err not_younger(struct bag *b)
{
	int64_t received;

	TRY(verify_when(b->v->c, b->v->receipt, "made_at", &received));
	if (b->mtime_utc > received)
		FAIL(b->v->c, ERR_VERIFY, "the files carry a time behind that of the receipt");
	return ERR_OK;
}

static enum err take_payload(struct bag *b)
{
	struct span path;
	bool end;

	TRY(next_member(b, &path, &end));
	TRY(bagit(b, path));
	for (;;) {
		TRY(next_member(b, &path, &end));
		if (end || !span_starts(path, "data/"))
			break;
		TRY(take_item(b, path));
	}
	if (end || !span_is(path, tag_names[TAG_INFO]))
		FAIL(b->v->c, ERR_VERIFY, "where bag-info.txt belongs stands %.*s",
		     SPAN_ARG(end ? SPAN("nothing") : path));
	TRY(hasher_end(b->v->c, b->manifest, &b->want_manifest));
	return hasher_end(b->v->c, b->listed, &b->want_list);
}

/* Each list judges its own checks; only what makes further reading pointless comes back. */
static enum err take_lists(struct bag *b)
{
	struct verify *v = b->v;
	struct span text;
	bool end;

	TRY(short_file(b, TAG_INFO, &text));
	verify_judge(v, VERIFY_BAG_INFO, info_says(b, text));
	TRY(expect(b, tag_names[TAG_MANIFEST]));
	TRY(manifest(b));
	TRY(expect(b, tag_names[TAG_ITEMS]));
	TRY(bag_items_list(b));
	TRY(hash_rest(b, b->file, &b->tag[TAG_ITEMS]));
	TRY(expect(b, tag_names[TAG_UNDATED]));
	TRY(bag_undated_list(b));
	TRY(hash_rest(b, b->file, &b->tag[TAG_UNDATED]));
	TRY(expect(b, "tagmanifest-sha256.txt"));
	TRY(tar_walk_whole(v->c, &b->w, TAG_FILE_MAX, &text));
	verify_judge(v, VERIFY_BAG_TAGMANIFEST, tagmanifest_says(b, text));
	TRY(verify_stuck(v));
	v->now = VERIFY_BAG_FORM;
	TRY(tar_walk_next(v->c, &b->w, &end));
	if (!end)
		FAIL(v->c, ERR_VERIFY, "%.*s is there without being a file of this bag",
		     SPAN_ARG(b->w.name));
	return not_younger(b);
}

static enum err read_bag(struct bag *b)
{
	TRY(bag_lines_read(b));
	TRY(take_payload(b));
	TRY(take_lists(b));
	verify_judge(b->v, VERIFY_PAYLOAD_OPENS, ERR_OK);
	verify_judge(b->v, VERIFY_BAG_FORM, ERR_OK);
	return ERR_OK;
}

static void bag_close(struct bag **b)
{
	if (!*b)
		return;
	hasher_close(&(*b)->item);
	hasher_close(&(*b)->manifest);
	hasher_close(&(*b)->listed);
	hasher_close(&(*b)->file);
}

static enum err open_stream(struct verify *v, struct tar_walk *w, struct age_stream **out)
{
	struct span nonce;

	v->now = VERIFY_PAYLOAD_OPENS;
	TRY(tar_walk_peek(v->c, w, AGE_NONCE_BYTES, &nonce));
	if (nonce.n != AGE_NONCE_BYTES)
		FAIL(v->c, ERR_VERIFY, "the encrypted part is too short");
	TRY(age_stream_open(v->c, span_of(v->file_key, sizeof v->file_key), nonce, out));
	tar_walk_drop(w, nonce.n);
	return ERR_OK;
}

enum err verify_bag(struct verify *v, struct tar_walk *w)
{
	__attribute__((cleanup(bag_close))) struct bag *b = NULL;
	__attribute__((cleanup(chunks_close))) struct chunks chunks = { .v = v, .outer = w };
	struct inflow in;
	enum err e;

	TRY(NEW(v->c, b));
	b->v = v;
	TRY(hasher_open(v->c, &b->item));
	TRY(hasher_open(v->c, &b->manifest));
	TRY(hasher_open(v->c, &b->listed));
	TRY(hasher_open(v->c, &b->file));
	TRY(inflow_open(v->c, &chunks, chunk_fill, &in));
	b->w.in = &in;
	e = open_stream(v, w, &chunks.stream);
	if (e == ERR_OK)
		e = read_bag(b);
	if (e != ERR_OK)
		verify_judge(v, v->now, e);
	return verify_stuck(v);
}
