/*
 * Slots that two threads of packing use by turns: one fills and sends, the other works them off in
 * order. Bounded; what fails on the second is told on the first. Knows nothing of what is in the
 * slots. With Landlock and the filter in mind: a thread is started once, and its start is over when
 * turns_start returns.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PACK_TURNS_H
#define HAND_PACK_TURNS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

struct turns {
	/* Works one slot off, on the second thread. c has no memory: nothing is made there. */
	enum err (*work)(struct ctx *c, void *of, size_t slot, bool last);
	void *of;
	size_t slots;
	const struct seam *seam;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;           /* over all that follows */
	pthread_cond_t moved;
	uint64_t sent, taken;           /* slots so far */
	bool up, last_sent, stop;
	enum err failed;                /* on the second thread, with its words */
	char why[sizeof((struct ctx *)0)->why];
};

/* work, of and slots are set, all else is zero. */
enum err turns_start(struct ctx *c, struct turns *t) MUST_USE;
/* Ends the thread as soon as the slot that it works on is done. May be called at any time. */
void turns_end(struct turns *t);
/* The slot that may be filled. */
static inline size_t turns_slot(const struct turns *t)
{
	return t->sent % t->slots;
}
/* Sends it, and waits until the next one is free, or, after the last, until all work is done. */
enum err turns_send(struct ctx *c, struct turns *t, bool last) MUST_USE;

#endif
