/*
 * Slots that threads use by turns: one fills and sends, the others work them off one
 * after the other, each slot in order. Bounded; what fails on another thread is told on the first.
 * Knows nothing of what is in the slots. With Landlock and the filter in mind: threads are started
 * once, and their start is over when turns_start returns.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TURNS_H
#define BASE_TURNS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"

#define TURNS_STAGES_MAX 2u

/* One thread's work. */
struct turns_stage {
	/* Works one slot off. c has no memory: nothing is made there. */
	enum err (*work)(struct ctx *c, void *of, size_t slot, bool last);
	struct turns *turns;
	pthread_t thread;
	bool started, up;
	uint64_t taken;                 /* slots so far */
};

struct turns {
	struct turns_stage stage[TURNS_STAGES_MAX];     /* in the order of their work */
	size_t stages;
	void *of;
	size_t slots;
	const struct seam *seam;

	pthread_mutex_t lock;           /* over all that follows, and each stage's up and taken */
	pthread_cond_t moved;
	uint64_t sent;                  /* slots so far */
	bool last_sent, stop;
	enum err failed;                /* on another thread, with its words */
	char why[sizeof((struct ctx *)0)->why];
};

/* Each stage's work, stages, of and slots are set, all else is zero. */
enum err turns_start(struct ctx *c, struct turns *t) MUST_USE;
/* Ends the threads as soon as the slots that they work on are done. May be called at any time. */
void turns_end(struct turns *t);
/* The slot that may be filled. */
static inline size_t turns_slot(const struct turns *t)
{
	return t->sent % t->slots;
}
/* Sends it, and waits until the next one is free, or, after the last, until all work is done. */
enum err turns_send(struct ctx *c, struct turns *t, bool last) MUST_USE;
/* Waits until this stage is done with all that was sent. */
enum err turns_settle(struct ctx *c, struct turns *t, size_t stage) MUST_USE;

#endif
