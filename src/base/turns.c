/*
 * Turns. See turns.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/turns.h"

#include <malloc.h>
#include <string.h>

/* ---- the other threads ---- */

/* How many slots have come as far as this stage. Under the lock. */
static uint64_t arrived(const struct turns_stage *s)
{
	return s == s->turns->stage ? s->turns->sent : (s - 1)->taken;
}

/* The next full slot, or false when nobody wants it any more. */
static bool slot_wait(struct turns_stage *s, size_t *slot_out, bool *last_out)
{
	struct turns *t = s->turns;
	bool found;

	pthread_mutex_lock(&t->lock);
	while (s->taken == arrived(s) && !t->stop && t->failed == ERR_OK)
		pthread_cond_wait(&t->moved, &t->lock);
	found = !t->stop && t->failed == ERR_OK;
	*slot_out = s->taken % t->slots;
	*last_out = t->last_sent && s->taken + 1 == t->sent;
	pthread_mutex_unlock(&t->lock);
	return found;
}

/* What failed goes no further. */
static void slot_done(struct turns_stage *s, enum err e, const struct ctx *c)
{
	struct turns *t = s->turns;

	pthread_mutex_lock(&t->lock);
	if (e == ERR_OK) {
		s->taken++;
	} else if (t->failed == ERR_OK) {
		t->failed = e;
		memcpy(t->why, c->why, sizeof t->why);
	}
	pthread_cond_broadcast(&t->moved);
	pthread_mutex_unlock(&t->lock);
}

static void *thread_run(void *of)
{
	struct turns_stage *s = of;
	struct turns *t = s->turns;
	struct ctx c = { .seam = t->seam };
	bool last = false;
	enum err e = ERR_OK;
	size_t slot;

	pthread_mutex_lock(&t->lock);
	s->up = true;
	pthread_cond_broadcast(&t->moved);
	pthread_mutex_unlock(&t->lock);
	while (e == ERR_OK && !last && slot_wait(s, &slot, &last)) {
		e = s->work(&c, t->of, slot, last);
		slot_done(s, e, &c);
	}
	return NULL;
}

/* ---- the first thread ---- */

enum err turns_start(struct ctx *c, struct turns *t)
{
	t->seam = c->seam;
	/* A heap of its own would need calls that the cage does not allow. */
	mallopt(M_ARENA_MAX, 1);
	if (pthread_mutex_init(&t->lock, NULL) != 0 || pthread_cond_init(&t->moved, NULL) != 0)
		FAIL(c, ERR_FAILED, "the threads for packing have no lock");
	for (size_t i = 0; i < t->stages; i++) {
		struct turns_stage *s = &t->stage[i];

		s->turns = t;
		if (pthread_create(&s->thread, NULL, thread_run, s) != 0)
			FAIL(c, ERR_FAILED, "a thread for packing cannot be started");
		s->started = true;
		/* Until it runs: what a thread calls first is not allowed in a cage either. */
		pthread_mutex_lock(&t->lock);
		while (!s->up)
			pthread_cond_wait(&t->moved, &t->lock);
		pthread_mutex_unlock(&t->lock);
	}
	return ERR_OK;
}

void turns_end(struct turns *t)
{
	if (!t->stage[0].started)
		return;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_broadcast(&t->moved);
	pthread_mutex_unlock(&t->lock);
	for (size_t i = 0; i < t->stages; i++)
		if (t->stage[i].started) {
			pthread_join(t->stage[i].thread, NULL);
			t->stage[i].started = false;
		}
	pthread_cond_destroy(&t->moved);
	pthread_mutex_destroy(&t->lock);
}

/* Another thread's failure in the first one's context. Under the lock. */
static enum err failure(struct ctx *c, const struct turns *t)
{
	if (t->failed != ERR_OK)
		FAIL(c, t->failed, "%s", t->why);
	return ERR_OK;
}

/* Until the stage has no more than most slots before it. Under the lock. */
static enum err stage_wait(struct ctx *c, struct turns *t, size_t stage, uint64_t most)
{
	while (t->failed == ERR_OK && t->sent - t->stage[stage].taken > most)
		pthread_cond_wait(&t->moved, &t->lock);
	return failure(c, t);
}

enum err turns_send(struct ctx *c, struct turns *t, bool last)
{
	enum err e;

	pthread_mutex_lock(&t->lock);
	t->sent++;
	t->last_sent = last;
	pthread_cond_broadcast(&t->moved);
	e = stage_wait(c, t, t->stages - 1, last ? 0 : t->slots - 1);
	pthread_mutex_unlock(&t->lock);
	return e;
}

enum err turns_settle(struct ctx *c, struct turns *t, size_t stage)
{
	enum err e;

	pthread_mutex_lock(&t->lock);
	e = stage_wait(c, t, stage, 0);
	pthread_mutex_unlock(&t->lock);
	return e;
}
