/*
 * Running another program with a text as its standard input and its standard output as a text:
 * ssh-keygen, which signs with the caller's own key, and writ-seal --init. Its messages and
 * questions (a passphrase, a touch) go to the caller's terminal.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_RUN_H
#define BASE_RUN_H

#include "base/ctx.h"
#include "base/span.h"

/* argv[0] is looked up in PATH unless it holds a slash. *status_out: its exit status, or 128 + the
 * signal that ended it; ERR only where it could not be run at all. */
enum err run_program(struct ctx *c, const char *const *argv, struct span input, size_t max_bytes,
		     struct span *out, int *status_out) MUST_USE;

#endif
