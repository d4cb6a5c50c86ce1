/*
 * Tar and age, one feeding the other. See stage.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/stage.h"

#include <errno.h>
#include <string.h>

struct sealer {
	struct sink *sink;
	struct age_stream *stream;
	unsigned char chunk[AGE_CHUNK];
	size_t n;
};

enum err sealer_open(struct ctx *c, const struct age_recipient *to, struct sink *sink,
		     struct span *header_out, struct sealer **out)
{
	unsigned char key[AGE_FILE_KEY_BYTES], *nonce;
	struct sealer *s;
	enum err e;

	TRY(NEW(c, s));
	s->sink = sink;
	TRY(sink_room(c, sink, AGE_NONCE_BYTES, &nonce));
	/* House rule: no payload is ever written twice under one file key; so it is drawn here. */
	if (c->seam->random(key, sizeof key) != 0 || c->seam->random(nonce, AGE_NONCE_BYTES) != 0)
		FAIL(c, ERR_CRYPTO, "no randomness: %s", strerror(errno));
	e = age_header_make(c, span_of(key, sizeof key), to, 1, header_out);
	if (e == ERR_OK)
		e = age_stream_open(c, span_of(key, sizeof key), span_of(nonce, AGE_NONCE_BYTES),
				    &s->stream);
	wipe(key, sizeof key);
	*out = s;
	TRY(e);
	return sink_took(c, sink, AGE_NONCE_BYTES);
}

void sealer_close(struct sealer **sp)
{
	if (!*sp)
		return;
	age_stream_close(&(*sp)->stream);
	wipe((*sp)->chunk, sizeof (*sp)->chunk);
	*sp = NULL;
}

static enum err chunk_seal(struct ctx *c, struct sealer *s, const unsigned char *p, size_t n,
			   bool last)
{
	unsigned char *to;

	TRY(sink_room(c, s->sink, n + AGE_TAG, &to));
	TRY(age_stream_seal(c, s->stream, p, n, last, to));
	return sink_took(c, s->sink, n + AGE_TAG);
}

enum err sealer_put(struct ctx *c, struct sealer *s, struct span plain)
{
	while (plain.n) {
		size_t n = AGE_CHUNK - s->n < plain.n ? AGE_CHUNK - s->n : plain.n;

		/* A full chunk waits until more comes: the last one is sealed as such. */
		if (s->n == AGE_CHUNK) {
			TRY(chunk_seal(c, s, s->chunk, AGE_CHUNK, false));
			s->n = 0;
			continue;
		}
		if (s->n == 0 && plain.n > AGE_CHUNK) {
			TRY(chunk_seal(c, s, plain.p, AGE_CHUNK, false));
			plain = span_cut(plain, AGE_CHUNK, plain.n);
			continue;
		}
		memcpy(s->chunk + s->n, plain.p, n);
		s->n += n;
		plain = span_cut(plain, n, plain.n);
	}
	return ERR_OK;
}

enum err sealer_end(struct ctx *c, struct sealer *s)
{
	return chunk_seal(c, s, s->chunk, s->n, true);
}

enum err bag_begin(struct ctx *c, struct bag *b, struct span path, int64_t bytes,
		   struct sha256 *hash_out)
{
	char name[TAR_NAME_MAX];

	if (b->top.n + path.n > sizeof name)
		FAIL(c, ERR_LIMIT, "a name in the bag is longer than %zu bytes", sizeof name);
	memcpy(name, b->top.p, b->top.n);
	memcpy(name + b->top.n, path.p, path.n);
	b->bytes = b->left = bytes;
	b->hash = hash_out;
	b->head.n = 0;
	TRY(tar_head(c, &b->head, span_of(name, b->top.n + path.n), bytes, b->mtime_utc));
	TRY(belt_put(c, b->belt, span_of(b->head.p, b->head.n)));
	return belt_hash_begin(c, b->belt);
}

static enum err member_count(struct ctx *c, struct bag *b, size_t n)
{
	if ((int64_t)n > b->left)
		FAIL(c, ERR_DEGRADED, "it grew while it was read");
	b->left -= (int64_t)n;
	return ERR_OK;
}

enum err bag_put(struct ctx *c, struct bag *b, struct span s)
{
	TRY(member_count(c, b, s.n));
	return belt_put(c, b->belt, s);
}

enum err bag_took(struct ctx *c, struct bag *b, size_t n)
{
	TRY(member_count(c, b, n));
	belt_took(b->belt, n);
	return ERR_OK;
}

enum err bag_end(struct ctx *c, struct bag *b)
{
	static const unsigned char zero[TAR_BLOCK];

	if (b->left != 0)
		FAIL(c, ERR_DEGRADED, "it shrank while it was read");
	TRY(belt_hash_end(c, b->belt, b->hash));
	return belt_put(c, b->belt, span_of(zero, tar_padding(b->bytes)));
}

enum err bag_close(struct ctx *c, struct bag *b)
{
	b->head.n = 0;
	tar_end(&b->head);
	return belt_put(c, b->belt, span_of(b->head.p, b->head.n));
}
