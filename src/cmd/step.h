/*
 * Installed homes: people run writ as themselves, the steps on the home go through 'sudo -u writ'
 * (dist/sudoers). Files that they named are opened here, with their own rights, and passed as
 * descriptors; signing stays here, with their own key and agent, which the user writ cannot reach.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_STEP_H
#define CMD_STEP_H

#include "cmd/cmd.h"

/* Must this command be done by the home's own user? */
bool step_needed(struct ctx *c, const struct command *command, const struct args *a);
/* Does it so, signing on the way; *status_out is its exit status. */
enum err step_run(struct ctx *c, const struct command *command, const struct args *a,
		  int *status_out) MUST_USE;

#endif
