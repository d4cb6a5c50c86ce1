/*
 * Delivery; see deliver.h. The proof of the tick that took the release is put into the head once
 * and kept as a blob, so that every delivery of an order is byte for byte the same file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/7_deliver/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "format/tar.h"
#include "format/time.h"
#include "log/log.h"
#include "order/6_release/release.h"
#include "order/vault.h"
#include "store/blob.h"

#define MEMBER_MAX ((size_t)16 << 20)
#define HEAD_MAX ((size_t)48 << 20)
#define PIECE ((size_t)1 << 20)

/* A part that the act names: of the release, or of what came after it. */
static enum err blob_in(struct ctx *c, struct session *s, const struct json *act, const char *key,
			struct span *out)
{
	struct sha256 hash;

	TRY(json_need_hex(c, act, key, hash.b, sizeof hash.b));
	return blob_read(c, s->home.blob, &hash, MEMBER_MAX, out);
}

static enum err blob_of(struct ctx *c, struct session *s, const struct order *o, const char *key,
			struct span *out)
{
	return blob_in(c, s, o->released, key, out);
}

/* The members before package.age, in their order, and where each lies. */
static const struct {
	const char *name, *key;
} members[] = {
	{ "README.txt", "readme_sha256" },	     { "certificate.pdf", "certificate_sha256" },
	{ "return.json", "return_sha256" },	     { "approvals.json", "approvals_sha256" },
	{ "statement.json", "statement_sha256" },    { "statement.p7s", "p7s_sha256" },
	{ "statement.tsr", NULL },                   { "release.json", "release_sha256" },
};

static enum err add_member(struct ctx *c, struct buf *b, const char *name, struct span bytes,
			   int64_t mtime_utc)
{
	static const unsigned char zero[TAR_BLOCK];

	TRY(tar_head(c, b, span_str(name), (int64_t)bytes.n, mtime_utc));
	buf_add(b, bytes);
	buf_add(b, span_of(zero, tar_padding((int64_t)bytes.n)));
	return ERR_OK;
}

static enum err released_at(struct ctx *c, struct session *s, const struct order *o, int64_t *out)
{
	struct json *statement;
	struct span text, at;

	TRY(blob_of(c, s, o, "statement_sha256", &text));
	TRY(json_parse(c, text, &statement));
	TRY(json_need_text(c, statement, "released_at", &at));
	if (!time_parse(at, out))
		FAIL(c, ERR_FORMAT, "statement.json has no time");
	return ERR_OK;
}

/* Where a command was killed before its last step, the release may still wait for its tick. */
static enum err prove(struct ctx *c, struct session *s, const struct order *o, int64_t seal_seq,
		      struct span *out, struct span *act_out)
{
	struct log l;
	enum err e;

	TRY(order_log(c, s, &l));
	e = log_prove_seal(c, &l, seal_seq, out, act_out);
	if (e != ERR_AGAIN)
		return e;
	err_clear(c);
	if (order_close_tick(c, s) == ERR_OK)
		e = log_prove_seal(c, &l, seal_seq, out, act_out);
	if (e != ERR_AGAIN)
		return e;
	err_clear(c);
	err_next(c, "wait for the log's ticker or close a tick with 'writ tick', then deliver");
	FAIL(c, ERR_AGAIN, "the release of %.*s has no proof in the log yet", SPAN_ARG(o->ref));
}

static enum err proof_text(struct ctx *c, struct session *s, const struct order *o,
			   struct span *out)
{
	struct json *act;
	struct span text, logged;
	int64_t seal_seq;

	TRY(blob_of(c, s, o, "release_sha256", &text));
	TRY(json_parse(c, text, &act));
	TRY(json_need_int(c, act, "seal_seq", &seal_seq));
	TRY(prove(c, s, o, seal_seq, out, &logged));
	if (!span_eq(text, logged))
		FAIL(c, ERR_VERIFY, "the log holds another act %lld than the seal released on",
		     (long long)seal_seq);
	return ERR_OK;
}

/* The timestamp is there where the statement lists it (delivery_open), and an act of its own names
 * it. */
static enum err add_listed(struct ctx *c, struct session *s, const struct order *o, struct buf *b,
			   size_t i, int64_t mtime_utc)
{
	struct span bytes;

	if (!members[i].key && !o->timestamped)
		return ERR_OK;
	if (members[i].key)
		TRY(blob_of(c, s, o, members[i].key, &bytes));
	else
		TRY(blob_in(c, s, o->timestamped, "tsr_sha256", &bytes));
	return add_member(c, b, members[i].name, bytes, mtime_utc);
}

static enum err compose_head(struct ctx *c, struct session *s, const struct order *o,
			     int64_t payload_bytes, struct span *out)
{
	struct span bytes, header;
	int64_t mtime_utc;
	struct buf b;

	buf_begin(&b, c, HEAD_MAX);
	TRY(released_at(c, s, o, &mtime_utc));
	for (size_t i = 0; i < COUNT_OF(members); i++)
		TRY(add_listed(c, s, o, &b, i, mtime_utc));
	TRY(proof_text(c, s, o, &bytes));
	TRY(add_member(c, &b, "statement.tlog-proof", bytes, mtime_utc));
	TRY(blob_of(c, s, o, "header_sha256", &header));
	TRY(tar_head(c, &b, SPAN("package.age"), (int64_t)header.n + payload_bytes, mtime_utc));
	buf_add(&b, header);
	return buf_done(c, &b, out);
}

static enum err compose_tail(struct ctx *c, int64_t package_bytes, struct span *out)
{
	static const unsigned char zero[TAR_BLOCK];
	struct buf b;

	buf_begin(&b, c, 4 * TAR_BLOCK);
	buf_add(&b, span_of(zero, tar_padding(package_bytes)));
	tar_end(&b);
	return buf_done(c, &b, out);
}

/* Made once: the head that the first delivery was begun with is the head of them all. */
static enum err head_once(struct ctx *c, struct session *s, const struct order *o,
			  int64_t payload_bytes, struct span *out)
{
	struct span ticket = json_opt_text(o->released, "ticket", SPAN_NONE);
	char *path;

	TRY(vault_head_path(c, s, ticket, &path));
	if (file_exists(path)) {
		/* Whoever made it may have been killed before its name was durable. */
		TRY(parent_sync(c, path));
		return file_read(c, path, HEAD_MAX, out);
	}
	TRY(compose_head(c, s, o, payload_bytes, out));
	TRY(file_write(c, path, *out, 0600));
	seam_crash_point(CRASH_DELIVER_AFTER_HEAD);
	return ERR_OK;
}

/* The vault's file, of the length that was released. */
static enum err payload_open(struct ctx *c, struct session *s, const struct order *o,
			     struct delivery *d)
{
	struct json *statement;
	struct span text;
	struct stat st;
	int64_t bytes;
	char *path;

	TRY(vault_path(c, s, json_opt_text(o->released, "ticket", SPAN_NONE), &path));
	if (!file_exists(path)) {
		if (o->destroyed)
			err_next(c,
				 "it exists only where it was handed over; a new order is needed "
				 "to have it again");
		else
			err_next(c,
				 "put it back from a backup: the keys of the recipients open it");
		FAIL(c, ERR_STATE, "what was collected for %.*s %s", SPAN_ARG(o->ref),
		     o->destroyed ? "has been destroyed" : "is missing from the vault");
	}
	TRY(file_open(c, path, O_RDONLY, 0, &d->payload_fd));
	if (fstat(d->payload_fd, &st) != 0)
		FAIL(c, ERR_IO, "cannot stat %s: %s", path, strerror(errno));
	TRY(blob_of(c, s, o, "statement_sha256", &text));
	TRY(json_parse(c, text, &statement));
	TRY(json_need_int(c, statement, "payload_bytes", &bytes));
	d->payload_bytes = st.st_size;
	if (bytes == d->payload_bytes)
		return ERR_OK;
	err_next(c, "put the file back from a backup");
	FAIL(c, ERR_VERIFY, "%s has %lld bytes, %lld were released", path,
	     (long long)d->payload_bytes, (long long)bytes);
}

enum err delivery_open(struct ctx *c, struct session *s, const struct order *o,
		       struct delivery *out)
{
	struct span header;
	bool due;

	*out = (struct delivery){ .payload_fd = -1 };
	if (!o->released) {
		err_next(c, "whose turn it is: %s", order_state_turn(o->state));
		FAIL(c, ERR_STATE, "order %.*s is %s and has not been released", SPAN_ARG(o->ref),
		     order_state_word(o->state));
	}
	TRY(timestamp_is_due(c, s, o, &due));
	if (due) {
		err_next(c, "writ deliver asks the timestamp authority");
		FAIL(c, ERR_AGAIN, "the release of %.*s is not stamped yet", SPAN_ARG(o->ref));
	}
	TRY(payload_open(c, s, o, out));
	TRY(blob_of(c, s, o, "header_sha256", &header));
	TRY(head_once(c, s, o, out->payload_bytes, &out->head));
	TRY(compose_tail(c, (int64_t)header.n + out->payload_bytes, &out->tail));
	out->bytes = (int64_t)out->head.n + out->payload_bytes + (int64_t)out->tail.n;
	return ERR_OK;
}

void delivery_close(struct delivery *d)
{
	fd_close(&d->payload_fd);
}

static size_t from_span(struct span s, int64_t at, unsigned char *p, size_t n)
{
	struct span piece = span_cut(s, (size_t)at, n);

	if (piece.n)
		memcpy(p, piece.p, piece.n);
	return piece.n;
}

enum err delivery_read(struct ctx *c, const struct delivery *d, int64_t at, unsigned char *p,
		       size_t n, size_t *got_out)
{
	int64_t head_bytes = (int64_t)d->head.n, payload_end = head_bytes + d->payload_bytes;
	ssize_t got;

	*got_out = 0;
	if (at < 0 || at >= d->bytes)
		return ERR_OK;
	if (at < head_bytes) {
		*got_out = from_span(d->head, at, p, n);
		return ERR_OK;
	}
	if (at >= payload_end) {
		*got_out = from_span(d->tail, at - payload_end, p, n);
		return ERR_OK;
	}
	if ((int64_t)n > payload_end - at)
		n = (size_t)(payload_end - at);
	got = pread(d->payload_fd, p, n, at - head_bytes);
	if (got <= 0)
		FAIL(c, ERR_IO, "cannot read the vault: %s",
		     got == 0 ? "it is shorter than it was" : strerror(errno));
	*got_out = (size_t)got;
	return ERR_OK;
}

static enum err record(struct ctx *c, struct session *s, struct order *o, const char *to,
		       int64_t bytes)
{
	struct json *body = json_object(c);

	json_set_str(c, body, "to", to);
	json_set_int(c, body, "bytes", bytes);
	json_set_text(c, body, "ticket", json_opt_text(o->released, "ticket", SPAN_NONE));
	return order_append(c, s, o, ACT_DELIVERED, body);
}

/* What is gone on with must be the beginning of this very file: half of another is no delivery. */
static enum err check_beginning(struct ctx *c, const struct delivery *d, int out_fd, int64_t bytes,
				const char *to)
{
	unsigned char *ours, *theirs;
	size_t got;

	TRY(NEW_ARRAY(c, ours, PIECE));
	TRY(NEW_ARRAY(c, theirs, PIECE));
	for (int64_t at = 0; at < bytes; at += (int64_t)got) {
		size_t want = bytes - at < (int64_t)PIECE ? (size_t)(bytes - at) : PIECE;

		TRY(delivery_read(c, d, at, ours, want, &got));
		if (got > 0 && pread(out_fd, theirs, got, at) == (ssize_t)got &&
		    memcmp(ours, theirs, got) == 0)
			continue;
		err_next(c, "deliver to another file, or remove this one first");
		FAIL(c, ERR_STATE, "%s is not the beginning of this delivery", to);
	}
	return ERR_OK;
}

static enum err broke_off(struct ctx *c, const struct order *o, const char *to)
{
	err_next(c, "make room, then: writ deliver %.*s --out %s --resume", SPAN_ARG(o->ref), to);
	return c->code;
}

/* What a failed fsync was for may be gone, though it still reads well and the next fsync says yes
 * (PostgreSQL 2018): nothing of it is gone on with. */
static enum err not_safe(struct ctx *c, const struct order *o, int out_fd, const char *to)
{
	if (ftruncate(out_fd, 0) == 0)
		return broke_off(c, o, to);
	err_next(c, "remove %s, then deliver again", to);
	return c->code;
}

enum err order_deliver(struct ctx *c, struct session *s, struct order *o, int out_fd, int64_t from,
		       const char *to, void (*progress)(void *of, int64_t done, int64_t bytes),
		       void *of)
{
	struct delivery DELIVERY_SCOPED d = { .payload_fd = -1 };
	unsigned char *piece;
	size_t got;

	TRY(session_need_actor(c, s, ""));
	TRY(order_permit(c, s, o, ACT_DELIVERED));
	TRY(order_timestamp(c, s, o));
	TRY(delivery_open(c, s, o, &d));
	TRY(check_beginning(c, &d, out_fd, from, to));
	TRY(NEW_ARRAY(c, piece, PIECE));
	for (int64_t at = from; at < d.bytes; at += (int64_t)got) {
		TRY(delivery_read(c, &d, at, piece, PIECE, &got));
		if (fd_write_all(c, out_fd, span_of(piece, got)) != ERR_OK)
			return broke_off(c, o, to);
		if (progress)
			progress(of, at + (int64_t)got, d.bytes);
	}
	if (fd_sync(c, out_fd) != ERR_OK)
		return not_safe(c, o, out_fd, to);
	seam_crash_point(CRASH_DELIVER_AFTER_FILE);
	return record(c, s, o, to, d.bytes);
}
