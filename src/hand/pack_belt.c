/*
 * The belt. See pack_belt.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pack_belt.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "hand/stage.h"

#define SLOTS 4u

struct belt {
	/* The first thread's, or set before the second one starts or gets its first slot. */
	const struct seam *seam;
	struct sink *sink;
	struct sealer *sealer;
	size_t n;                       /* bytes in the slot that is being filled */
	pthread_t thread;
	bool started;

	/* Both threads', each slot by turns: full ones are the second thread's. */
	unsigned char *slot[SLOTS];
	size_t slot_n[SLOTS];

	pthread_mutex_t lock;           /* over all that follows */
	pthread_cond_t moved;
	uint64_t sent, taken;           /* slots so far */
	bool up, last_sent, stop, finished;
	int64_t bytes;                  /* of the payload, once finished */
	enum err failed;                /* on the second thread, with its words */
	char why[sizeof((struct ctx *)0)->why];
};

/* ---- the second thread ---- */

/* The next full slot, or false when the work or the wish for it has ended. */
static bool slot_wait(struct belt *b, struct span *plain_out, bool *last_out)
{
	bool found;

	pthread_mutex_lock(&b->lock);
	while (b->taken == b->sent && !b->stop)
		pthread_cond_wait(&b->moved, &b->lock);
	found = !b->stop;
	*plain_out = span_of(b->slot[b->taken % SLOTS], b->slot_n[b->taken % SLOTS]);
	*last_out = b->last_sent && b->taken + 1 == b->sent;
	pthread_mutex_unlock(&b->lock);
	return found;
}

static enum err slot_work(struct ctx *c, struct belt *b, struct span plain, bool last,
			  int64_t *bytes_out)
{
	TRY(sealer_put(c, b->sealer, plain));
	if (!last)
		return ERR_OK;
	TRY(sealer_end(c, b->sealer));
	return sink_end(c, b->sink, bytes_out);
}

static void slot_done(struct belt *b, const struct ctx *c, bool last, int64_t bytes)
{
	pthread_mutex_lock(&b->lock);
	b->taken++;
	b->finished = last && c->code == ERR_OK;
	b->bytes = bytes;
	b->failed = c->code;
	memcpy(b->why, c->why, sizeof b->why);
	pthread_cond_signal(&b->moved);
	pthread_mutex_unlock(&b->lock);
}

/* Makes nothing, so that its context needs no memory. */
static void *second_thread(void *of)
{
	struct belt *b = of;
	struct ctx c = { .seam = b->seam };
	struct span plain;
	int64_t bytes = 0;
	bool last;

	pthread_mutex_lock(&b->lock);
	b->up = true;
	pthread_cond_signal(&b->moved);
	pthread_mutex_unlock(&b->lock);
	while (c.code == ERR_OK && slot_wait(b, &plain, &last)) {
		enum err e = slot_work(&c, b, plain, last, &bytes);

		slot_done(b, &c, last, bytes);
		if (e != ERR_OK || last)
			break;
	}
	return NULL;
}

/* ---- the first thread ---- */

static enum err thread_start(struct ctx *c, struct belt *b)
{
	/* A heap of its own would need calls that the cage does not allow. */
	mallopt(M_ARENA_MAX, 1);
	if (pthread_create(&b->thread, NULL, second_thread, b) != 0)
		FAIL(c, ERR_FAILED, "the thread that writes cannot be started");
	b->started = true;
	/* Its start is over: what a thread calls first is not allowed in a cage either. */
	pthread_mutex_lock(&b->lock);
	while (!b->up)
		pthread_cond_wait(&b->moved, &b->lock);
	pthread_mutex_unlock(&b->lock);
	return ERR_OK;
}

enum err belt_open(struct ctx *c, int fd, struct belt **out)
{
	struct belt *b;
	enum err e;

	TRY(NEW(c, b));
	b->seam = c->seam;
	for (size_t i = 0; i < SLOTS; i++)
		TRY(NEW_ARRAY(c, b->slot[i], BELT_SLOT));
	TRY(sink_open(c, fd, &b->sink));
	if (pthread_mutex_init(&b->lock, NULL) != 0 || pthread_cond_init(&b->moved, NULL) != 0)
		FAIL(c, ERR_FAILED, "no lock for two threads is to be had");
	e = thread_start(c, b);
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
	if (b->started) {
		pthread_mutex_lock(&b->lock);
		b->stop = true;
		pthread_cond_signal(&b->moved);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
	}
	pthread_cond_destroy(&b->moved);
	pthread_mutex_destroy(&b->lock);
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

/* The second thread's failure in the first one's context. Under the lock. */
static enum err failure(struct ctx *c, const struct belt *b)
{
	if (b->failed != ERR_OK)
		FAIL(c, b->failed, "%s", b->why);
	return ERR_OK;
}

/* Hands the filled slot over and waits until the next one is empty. */
static enum err slot_send(struct ctx *c, struct belt *b, bool last)
{
	enum err e;

	pthread_mutex_lock(&b->lock);
	b->slot_n[b->sent % SLOTS] = b->n;
	b->sent++;
	b->last_sent = last;
	pthread_cond_signal(&b->moved);
	while (b->failed == ERR_OK && (last ? !b->finished : b->sent - b->taken == SLOTS))
		pthread_cond_wait(&b->moved, &b->lock);
	e = failure(c, b);
	pthread_mutex_unlock(&b->lock);
	b->n = 0;
	return e;
}

enum err belt_room(struct ctx *c, struct belt *b, size_t n, unsigned char **p_out)
{
	if (n > BELT_SLOT)
		FAIL(c, ERR_LIMIT, "a piece of %zu bytes is too large for the belt", n);
	if (n > BELT_SLOT - b->n)
		TRY(slot_send(c, b, false));
	*p_out = b->slot[b->sent % SLOTS] + b->n;
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

		memcpy(b->slot[b->sent % SLOTS] + b->n, plain.p, n);
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
