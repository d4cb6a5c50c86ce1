/*
 * The sample taken apart; see sample.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sample.h"

#include "format/tar.h"

#define SAMPLE(name) SAMPLE_DIR "/" name

static void read_parts(struct sample *s)
{
	struct span rest = s->file;
	struct tar_entry entry;
	bool end;

	for (int i = 0; i < SAMPLE_PARTS; i++) {
		CHECK(tar_read_head(&s->c, rest, &entry, &end) == ERR_OK && !end);
		s->name[i] = entry.name;
		s->part[i] = span_cut(rest, entry.head_bytes, (size_t)entry.bytes);
		s->mtime_utc = entry.mtime_utc;
		rest = span_cut(rest,
				entry.head_bytes + (size_t)entry.bytes + tar_padding(entry.bytes),
				rest.n);
	}
}

static void open_package(struct sample *s)
{
	struct span all = s->part[SAMPLE_PACKAGE], text, line, sealed;
	struct reader r = { 0 };
	struct age_stream *stream = NULL;
	struct age_identity id;
	unsigned char *plain;
	size_t n;

	CHECK(file_read(&s->c, SAMPLE("identity.txt"), 4096, &text) == ERR_OK);
	for (r.s = text; take_line(&r, &line) && !span_starts(line, "AGE-");)
		;
	CHECK(age_identity_parse(&s->c, line, &id) == ERR_OK);
	CHECK(age_header_length(&s->c, all, &n) == ERR_OK);
	s->header = span_cut(all, 0, n);
	s->nonce = span_cut(all, n, AGE_NONCE_BYTES);
	CHECK(age_header_open(&s->c, s->header, &id, s->file_key) == ERR_OK);
	sealed = span_cut(all, n + AGE_NONCE_BYTES, all.n);
	CHECK(sealed.n <= AGE_CHUNK + AGE_TAG);         /* the sample is one chunk */
	CHECK(NEW_ARRAY(&s->c, plain, sealed.n) == ERR_OK);
	CHECK(age_stream_open(&s->c, span_of(s->file_key, sizeof s->file_key), s->nonce, &stream) ==
	      ERR_OK);
	CHECK(age_stream_unseal(&s->c, stream, sealed.p, sealed.n, true, plain) == ERR_OK);
	age_stream_close(&stream);
	s->bag = span_of(plain, sealed.n - AGE_TAG);
}

const struct sample *sample_get(void)
{
	static struct sample s;

	if (s.file.n)
		return &s;
	CHECK(ctx_begin(&s.c, ARENA_MAX) == ERR_OK);
	CHECK(file_read(&s.c, SAMPLE("W-STB2-MWXD.writ.tar"), ARENA_MAX, &s.file) == ERR_OK);
	read_parts(&s);
	open_package(&s);
	return &s;
}

struct span sample_with(struct ctx *c, enum sample_part part, struct span bytes)
{
	static const unsigned char zeros[TAR_BLOCK];
	const struct sample *s = sample_get();
	struct span out;
	struct buf b;

	buf_begin(&b, c, s->file.n + bytes.n + TAR_HEAD_MAX);
	for (int i = 0; i < SAMPLE_PARTS; i++) {
		struct span body = i == (int)part ? bytes : s->part[i];

		CHECK(tar_head(c, &b, s->name[i], (int64_t)body.n, s->mtime_utc) == ERR_OK);
		buf_add(&b, body);
		buf_add(&b, span_of(zeros, tar_padding((int64_t)body.n)));
	}
	tar_end(&b);
	CHECK(buf_done(c, &b, &out) == ERR_OK);
	return out;
}

struct span sample_package(struct ctx *c, struct span bag)
{
	static unsigned char sealed[AGE_CHUNK + AGE_TAG];
	const struct sample *s = sample_get();
	struct age_stream *stream = NULL;
	struct span out;
	struct buf b;
	bool last;

	buf_begin(&b, c, s->header.n + (size_t)age_payload_bytes((int64_t)bag.n));
	buf_add(&b, s->header);
	buf_add(&b, s->nonce);
	CHECK(age_stream_open(c, span_of(s->file_key, sizeof s->file_key), s->nonce, &stream) ==
	      ERR_OK);
	do {
		struct span piece = span_cut(bag, 0, AGE_CHUNK);

		bag = span_cut(bag, piece.n, bag.n);
		last = bag.n == 0;
		CHECK(age_stream_seal(c, stream, piece.p, piece.n, last, sealed) == ERR_OK);
		buf_add(&b, span_of(sealed, piece.n + AGE_TAG));
	} while (!last);
	age_stream_close(&stream);
	CHECK(buf_done(c, &b, &out) == ERR_OK);
	return out;
}

int sample_verify(struct ctx *c, struct span file, struct verify_report *out)
{
	struct verify_job job = { .identity = SAMPLE("identity.txt"),
				  .policy = SAMPLE("policy.json") };
	FD_SCOPED int fd = -1;
	struct span text;
	char path[32];
	int status;

	fd = world_file(file, path);
	job.file = path;
	CHECK(verify_file(c, &job, out) == ERR_OK);
	CHECK(c->code == ERR_OK);
	status = verify_exit_status(out);
	CHECK(status == 0 || status == 5);
	CHECK(verify_text(c, out, &text) == ERR_OK && span_is_utf8(text));
	CHECK(verify_json(c, out, &text) == ERR_OK && span_is_utf8(text));
	return status;
}
