/*
 * Turns. See pack_turns.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pack_turns.h"

#include <malloc.h>
#include <string.h>

/* ---- the second thread ---- */

/* The next full slot, or false when nobody wants it any more. */
static bool slot_wait(struct turns *t, size_t *slot_out, bool *last_out)
{
	bool found;

	pthread_mutex_lock(&t->lock);
	while (t->taken == t->sent && !t->stop)
		pthread_cond_wait(&t->moved, &t->lock);
	found = !t->stop;
	*slot_out = t->taken % t->slots;
	*last_out = t->last_sent && t->taken + 1 == t->sent;
	pthread_mutex_unlock(&t->lock);
	return found;
}

static void slot_done(struct turns *t, enum err e, const struct ctx *c)
{
	pthread_mutex_lock(&t->lock);
	t->taken++;
	t->failed = e;
	memcpy(t->why, c->why, sizeof t->why);
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->lock);
}

static void *thread_run(void *of)
{
	struct turns *t = of;
	struct ctx c = { .seam = t->seam };
	bool last = false;
	enum err e = ERR_OK;
	size_t slot;

	pthread_mutex_lock(&t->lock);
	t->up = true;
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->lock);
	while (e == ERR_OK && !last && slot_wait(t, &slot, &last)) {
		e = t->work(&c, t->of, slot, last);
		slot_done(t, e, &c);
	}
	return NULL;
}

/* ---- the first thread ---- */

enum err turns_start(struct ctx *c, struct turns *t)
{
	t->seam = c->seam;
	/* A heap of its own would need calls that the cage does not allow. */
	mallopt(M_ARENA_MAX, 1);
	if (pthread_mutex_init(&t->lock, NULL) != 0 || pthread_cond_init(&t->moved, NULL) != 0 ||
	    pthread_create(&t->thread, NULL, thread_run, t) != 0)
		FAIL(c, ERR_FAILED, "a thread for packing cannot be started");
	t->started = true;
	/* Until it runs: what a thread calls first is not allowed in a cage either. */
	pthread_mutex_lock(&t->lock);
	while (!t->up)
		pthread_cond_wait(&t->moved, &t->lock);
	pthread_mutex_unlock(&t->lock);
	return ERR_OK;
}

void turns_end(struct turns *t)
{
	if (!t->started)
		return;
	t->started = false;
	pthread_mutex_lock(&t->lock);
	t->stop = true;
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->moved);
	pthread_mutex_destroy(&t->lock);
}

/* The second thread's failure in the first one's context. Under the lock. */
static enum err failure(struct ctx *c, const struct turns *t)
{
	if (t->failed != ERR_OK)
		FAIL(c, t->failed, "%s", t->why);
	return ERR_OK;
}

enum err turns_send(struct ctx *c, struct turns *t, bool last)
{
	enum err e;

	pthread_mutex_lock(&t->lock);
	t->sent++;
	t->last_sent = last;
	pthread_cond_signal(&t->moved);
	while (t->failed == ERR_OK && t->sent - t->taken >= (last ? 1 : t->slots))
		pthread_cond_wait(&t->moved, &t->lock);
	e = failure(c, t);
	pthread_mutex_unlock(&t->lock);
	return e;
}
