/*
 * Signals as something a loop can wait for: each writes into a pipe. Nothing is blocked, so what is
 * started meanwhile begins with a clean table.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_SIGNALS_H
#define WEB_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/ctx.h"

struct signals {
	int fd;                 /* readable after a signal */
	bool stop;              /* SIGTERM or SIGINT came */
	bool again;             /* SIGHUP came; whoever acts on it clears it */
	pid_t ended[16];        /* children that are gone, since the last look */
	size_t ended_count;
};

/* For the whole process, once. */
enum err signals_catch(struct ctx *c, struct signals *out) MUST_USE;
/* Empties the pipe, sets what came and takes leave of children. */
void signals_look(struct signals *s);

#endif
