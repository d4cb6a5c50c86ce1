/*
 * Work that takes long: a process of its own, so that nobody waits for it. It goes on when the
 * server dies, and runs once at a time under its name; what it said can be read when it has ended.
 * What it brought about the acts of the order say, not this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_WORK_H
#define ORDER_WORK_H

#include "order/session.h"

#define INTAKE_WORK "intake."    /* begins the names of orders that are being taken in */

enum work { WORK_NONE, WORK_RUNS, WORK_ENDED };

/* Starts argv (NULL at its end) under that name, [A-Za-z0-9.-]; nothing where it runs already. The
 * files are lent: "fd:3:NAME" and so on are their names in argv (cmd/user_file.h). */
enum err work_start(struct ctx *c, const struct home *home, struct span name,
		    const char *const *argv, const int *lent, size_t count) MUST_USE;
/* Starts 'writ WORDS REF [MORE [VALUE]]' as the session's person, as work "REF.WHAT". */
enum err work_order(struct ctx *c, const struct session *s, struct span ref, const char *what,
		    const char *const *words, const char *more, const char *value) MUST_USE;
/* said_out: its output and errors so far; of more than 64 KiB the last whole lines. */
enum err work_look(struct ctx *c, const struct home *home, struct span name, enum work *out,
		   struct span *said_out) MUST_USE;
/* All that it said, as a file; ERR_NOT_FOUND where there is none. */
enum err work_open(struct ctx *c, const struct home *home, struct span name, int *fd_out) MUST_USE;
/* How it failed, as the command said at its end (base/tell.h): the code with why and what next, or
 * ERR_OK where it told of no failure. */
enum err work_failure(struct span said, struct span *why_out, struct span *next_out) MUST_USE;
/* Forgets work of names that begin so and that ended before then. */
enum err work_sweep(struct ctx *c, const struct home *home, const char *start,
		    int64_t before_utc) MUST_USE;

#endif
