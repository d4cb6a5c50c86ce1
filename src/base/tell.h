/*
 * Words for people on a terminal, for the programs that a person runs: no text steers it, and an
 * error says in one way what, why and what next.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_TELL_H
#define BASE_TELL_H

#include <stdio.h>

#include "base/ctx.h"
#include "base/span.h"

/* Is s.p[i] (part of) a control character? */
bool tell_steers(struct span s, size_t i);
/* As it is, but for control characters. */
void tell_clean(FILE *to, struct span s);
/* "writ COMMAND: what: why" and the next step, on stderr; gives the exit status. The words may hold
 * what a file from outside says. */
int tell_error(const struct ctx *c, const char *command);

#endif
