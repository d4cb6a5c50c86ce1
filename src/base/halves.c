/*
 * Halves. See halves.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/halves.h"

#include <stdatomic.h>

#include "base/turns.h"

/* One slot is for the loop that runs, the other lets the first thread go on at once. */
#define SLOTS 2u

struct loop {
	atomic_size_t next;
	size_t count, step;
	void (*piece)(void *of, int who, size_t from, size_t to);
	void *of;
};

struct halves {
	struct turns turns;
	struct loop loop;
};

static void loop_run(struct loop *l, int who)
{
	size_t from;

	while ((from = atomic_fetch_add(&l->next, l->step)) < l->count)
		l->piece(l->of, who, from,
			 l->count - from < l->step ? l->count : from + l->step);
}

/* On the other thread. */
static enum err half_run(struct ctx *c, void *of, size_t slot, bool last)
{
	struct halves *h = of;

	(void)c, (void)slot, (void)last;
	loop_run(&h->loop, 1);
	return ERR_OK;
}

enum err halves_open(struct ctx *c, struct halves **out)
{
	struct halves *h;
	enum err e;

	TRY(NEW(c, h));
	h->turns.stage[0].work = half_run;
	h->turns.stages = 1;
	h->turns.of = h;
	h->turns.slots = SLOTS;
	e = turns_start(c, &h->turns);
	if (e != ERR_OK) {
		halves_close(&h);
		return e;
	}
	*out = h;
	return ERR_OK;
}

void halves_close(struct halves **h)
{
	if (*h)
		turns_end(&(*h)->turns);
	*h = NULL;
}

enum err halves_run(struct ctx *c, struct halves *h, size_t count, size_t step,
		    void (*piece)(void *of, int who, size_t from, size_t to), void *of)
{
	struct loop alone, *l = h ? &h->loop : &alone;

	*l = (struct loop){ .count = count, .step = step, .piece = piece, .of = of };
	if (h)
		TRY(turns_send(c, &h->turns, false));
	loop_run(l, 0);
	return h ? turns_settle(c, &h->turns, 0) : ERR_OK;
}
