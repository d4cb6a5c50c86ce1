/*
 * The belt. See pack_belt.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pack_belt.h"

#include <string.h>

#include "base/turns.h"
#include "hand/stage.h"

#define SLOTS 5u
#define MARKS 4096u     /* a slot with more small members than that goes on its way less full */

enum { STAGE_HASH, STAGE_SEAL, STAGES };

/* Where in a slot something that is hashed begins (no out) or ends. */
struct mark {
	size_t at;
	struct sha256 *out;
};

struct slot {
	unsigned char *p;
	size_t n;
	struct mark *mark;
	size_t mark_count;
};

struct belt {
	struct turns turns;
	struct slot slot[SLOTS];
	struct hasher *hasher;          /* the second thread's */
	bool hashing;
	struct sealer *sealer;          /* the third thread's, once the first slot was sent */
	struct sink *sink;
	int64_t bytes;                  /* of the payload, at the end */
};

/* ---- on the second thread ---- */

static enum err piece_hash(struct ctx *c, struct belt *b, const struct slot *s, size_t from,
			   size_t to)
{
	return b->hashing ? hasher_add(c, b->hasher, span_of(s->p + from, to - from)) : ERR_OK;
}

static enum err slot_hash(struct ctx *c, void *of, size_t slot, bool last)
{
	struct belt *b = of;
	const struct slot *s = &b->slot[slot];
	size_t at = 0;

	(void)last;
	for (size_t i = 0; i < s->mark_count; at = s->mark[i++].at) {
		const struct mark *m = &s->mark[i];

		TRY(piece_hash(c, b, s, at, m->at));
		if (m->out)
			TRY(hasher_end(c, b->hasher, m->out));
		b->hashing = !m->out;
	}
	return piece_hash(c, b, s, at, s->n);
}

/* ---- on the third thread ---- */

static enum err slot_seal(struct ctx *c, void *of, size_t slot, bool last)
{
	struct belt *b = of;

	TRY(sealer_put(c, b->sealer, span_of(b->slot[slot].p, b->slot[slot].n)));
	if (!last)
		return ERR_OK;
	TRY(sealer_end(c, b->sealer));
	return sink_end(c, b->sink, &b->bytes);
}

/* ---- on the first thread ---- */

enum err belt_open(struct ctx *c, int fd, struct belt **out)
{
	struct belt *b;
	enum err e;

	TRY(NEW(c, b));
	for (size_t i = 0; i < SLOTS; i++) {
		TRY(NEW_ARRAY(c, b->slot[i].p, BELT_SLOT));
		TRY(NEW_ARRAY(c, b->slot[i].mark, MARKS));
	}
	b->turns.stage[STAGE_HASH].work = slot_hash;
	b->turns.stage[STAGE_SEAL].work = slot_seal;
	b->turns.stages = STAGES;
	b->turns.of = b;
	b->turns.slots = SLOTS;
	TRY(hasher_open(c, &b->hasher));
	e = sink_open(c, fd, &b->sink);
	if (e == ERR_OK)
		e = turns_start(c, &b->turns);
	if (e != ERR_OK) {
		belt_close(&b);
		return e;
	}
	*out = b;
	return ERR_OK;
}

void belt_close(struct belt **bp)
{
	struct belt *b = *bp;

	*bp = NULL;
	if (!b)
		return;
	turns_end(&b->turns);
	sink_close(&b->sink);
	sealer_close(&b->sealer);
	hasher_close(&b->hasher);
}

enum err belt_begin(struct ctx *c, struct belt *b, const struct age_recipient *to,
		    int64_t plain_bytes, struct span *header_out)
{
	if (b->sealer)
		FAIL(c, ERR_STATE, "a belt carries one payload");
	TRY(sink_expect(c, b->sink, age_payload_bytes(plain_bytes)));
	return sealer_open(c, to, b->sink, header_out, &b->sealer);
}

static struct slot *slot_now(struct belt *b)
{
	return &b->slot[turns_slot(&b->turns)];
}

static enum err slot_send(struct ctx *c, struct belt *b, bool last)
{
	struct slot *next;

	TRY(turns_send(c, &b->turns, last));
	next = slot_now(b);
	next->n = next->mark_count = 0;
	return ERR_OK;
}

enum err belt_room(struct ctx *c, struct belt *b, size_t n, unsigned char **p_out)
{
	if (n > BELT_SLOT)
		FAIL(c, ERR_LIMIT, "a piece of %zu bytes is too large for the belt", n);
	if (n > BELT_SLOT - slot_now(b)->n)
		TRY(slot_send(c, b, false));
	*p_out = slot_now(b)->p + slot_now(b)->n;
	return ERR_OK;
}

void belt_took(struct belt *b, size_t n)
{
	slot_now(b)->n += n;
}

enum err belt_put(struct ctx *c, struct belt *b, struct span plain)
{
	while (plain.n) {
		struct slot *s = slot_now(b);
		size_t left = BELT_SLOT - s->n, n = plain.n < left ? plain.n : left;

		memcpy(s->p + s->n, plain.p, n);
		s->n += n;
		plain = span_cut(plain, n, plain.n);
		if (s->n == BELT_SLOT)
			TRY(slot_send(c, b, false));
	}
	return ERR_OK;
}

static enum err mark_add(struct ctx *c, struct belt *b, struct sha256 *out)
{
	struct slot *s;

	if (slot_now(b)->mark_count == MARKS)
		TRY(slot_send(c, b, false));
	s = slot_now(b);
	s->mark[s->mark_count++] = (struct mark){ .at = s->n, .out = out };
	return ERR_OK;
}

enum err belt_hash_begin(struct ctx *c, struct belt *b)
{
	return mark_add(c, b, NULL);
}

enum err belt_hash_end(struct ctx *c, struct belt *b, struct sha256 *out)
{
	return mark_add(c, b, out);
}

enum err belt_hashed(struct ctx *c, struct belt *b)
{
	TRY(slot_send(c, b, false));
	return turns_settle(c, &b->turns, STAGE_HASH);
}

enum err belt_end(struct ctx *c, struct belt *b, int64_t *bytes_out)
{
	TRY(slot_send(c, b, true));
	*bytes_out = b->bytes;
	return ERR_OK;
}
