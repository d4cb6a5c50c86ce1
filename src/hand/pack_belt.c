/*
 * The belt. See pack_belt.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pack_belt.h"

#include <string.h>

#include "hand/pack_turns.h"
#include "hand/stage.h"

#define SLOTS 4u

struct belt {
	struct turns turns;
	unsigned char *slot[SLOTS];
	size_t slot_n[SLOTS];
	size_t n;                       /* bytes in the slot that is being filled */
	struct sealer *sealer;          /* the second thread's, once the first slot was sent */
	struct sink *sink;
	int64_t bytes;                  /* of the payload, at the end */
};

/* On the second thread. */
static enum err slot_seal(struct ctx *c, void *of, size_t slot, bool last)
{
	struct belt *b = of;

	TRY(sealer_put(c, b->sealer, span_of(b->slot[slot], b->slot_n[slot])));
	if (!last)
		return ERR_OK;
	TRY(sealer_end(c, b->sealer));
	return sink_end(c, b->sink, &b->bytes);
}

enum err belt_open(struct ctx *c, int fd, struct belt **out)
{
	struct belt *b;
	enum err e;

	TRY(NEW(c, b));
	for (size_t i = 0; i < SLOTS; i++)
		TRY(NEW_ARRAY(c, b->slot[i], BELT_SLOT));
	b->turns.work = slot_seal;
	b->turns.of = b;
	b->turns.slots = SLOTS;
	TRY(sink_open(c, fd, &b->sink));
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
}

enum err belt_begin(struct ctx *c, struct belt *b, const struct age_recipient *to,
		    int64_t plain_bytes, struct span *header_out)
{
	if (b->sealer)
		FAIL(c, ERR_STATE, "a belt carries one payload");
	TRY(sink_expect(c, b->sink, age_payload_bytes(plain_bytes)));
	return sealer_open(c, to, b->sink, header_out, &b->sealer);
}

static enum err slot_send(struct ctx *c, struct belt *b, bool last)
{
	b->slot_n[turns_slot(&b->turns)] = b->n;
	b->n = 0;
	return turns_send(c, &b->turns, last);
}

enum err belt_room(struct ctx *c, struct belt *b, size_t n, unsigned char **p_out)
{
	if (n > BELT_SLOT)
		FAIL(c, ERR_LIMIT, "a piece of %zu bytes is too large for the belt", n);
	if (n > BELT_SLOT - b->n)
		TRY(slot_send(c, b, false));
	*p_out = b->slot[turns_slot(&b->turns)] + b->n;
	return ERR_OK;
}

void belt_took(struct belt *b, size_t n)
{
	b->n += n;
}

enum err belt_put(struct ctx *c, struct belt *b, struct span plain)
{
	while (plain.n) {
		size_t left = BELT_SLOT - b->n, n = plain.n < left ? plain.n : left;

		memcpy(b->slot[turns_slot(&b->turns)] + b->n, plain.p, n);
		b->n += n;
		plain = span_cut(plain, n, plain.n);
		if (b->n == BELT_SLOT)
			TRY(slot_send(c, b, false));
	}
	return ERR_OK;
}

enum err belt_end(struct ctx *c, struct belt *b, int64_t *bytes_out)
{
	TRY(slot_send(c, b, true));
	*bytes_out = b->bytes;
	return ERR_OK;
}
