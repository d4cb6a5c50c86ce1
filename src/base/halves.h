/*
 * A long loop done by two threads. For work that neither makes memory nor changes what others see:
 * each step writes to places of its own. The thread is started once (see base/turns.h) and waits
 * between loops.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HALVES_H
#define BASE_HALVES_H

#include "base/ctx.h"

#define HALVES_MAX 2

struct halves;
enum err halves_open(struct ctx *c, struct halves **out) MUST_USE;
void halves_close(struct halves **h);   /* ends the thread; NULL is fine */

/* Calls piece for parts of 0..count-1, each at most step long, until all were done, by whom it was
 * not said: who is 0 on this thread and 1 on the other. h NULL: all are done on this one. */
enum err halves_run(struct ctx *c, struct halves *h, size_t count, size_t step,
		    void (*piece)(void *of, int who, size_t from, size_t to),
		    void *of) MUST_USE;

#endif
