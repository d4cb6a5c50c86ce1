/*
 * Long work of a page: a process of its own, so that nobody waits for it. It goes on when the
 * server dies, and runs once at a time under its name; what it said can be read when it has ended.
 * What it brought about the acts of the order say, not this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_WORK_H
#define WEB_WORK_H

#include "base/ctx.h"
#include "base/home.h"
#include "base/span.h"

enum work { WORK_NONE, WORK_RUNS, WORK_ENDED };

/* Starts argv (NULL at its end) under that name, [A-Za-z0-9.-]; nothing where it runs already. */
enum err work_start(struct ctx *c, const struct home *home, struct span name,
		    const char *const *argv) MUST_USE;
/* said_out: its output and errors so far, at most 64 KiB of them. */
enum err work_look(struct ctx *c, const struct home *home, struct span name, enum work *out,
		   struct span *said_out) MUST_USE;

#endif
