/*
 * A line for what few may do at once on this machine, whoever asks: who comes is behind those who
 * are there, and who dies has left. A place is a locked byte of a file, so nothing is written and
 * nothing has to be cleaned up. It knows nothing of what is done.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_LINE_H
#define ORDER_LINE_H

#include <stdbool.h>

#include "base/ctx.h"

#define LINE_AT_ONCE 2          /* whose turn it is */
#define LINE_WAIT_MAX 64        /* who waits; who comes then is sent away */

struct line {
	int fd;                 /* -1: in no line */
	int64_t place;          /* from 1 */
};

/* Behind the last one. ERR_AGAIN where too many wait. */
enum err line_join(struct ctx *c, const char *path, struct line *out) MUST_USE;
/* Whether it is its turn; goes on where there is room. */
bool line_move(struct line *l);
/* How many were there before it and are still there, those whose turn it is among them. */
int64_t line_before(const struct line *l);
void line_leave(struct line *l);
#define LINE_SCOPED __attribute__((cleanup(line_leave)))

#endif
