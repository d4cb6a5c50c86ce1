/*
 * On an installed home the document to be signed comes from the home's own user, who is assumed
 * captured, and the key is the caller's: what is signed must be what the caller asked for, and what
 * the caller cannot know beforehand is shown. A single-user home has no such border.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_ASKED_H
#define CMD_ASKED_H

#include "base/home.h"
#include "cmd/cmd.h"

/* ERR_VERIFY unless the document is of a kind that this command signs, speaks of the order, row,
 * pack and decision that the arguments name, and, if it is an approval statement, bears the seal's
 * signature (seal) by the key in seal.pub, which only root writes. Then says what it is. */
enum err asked_check(struct ctx *c, const struct command *command, const struct args *a,
		     const struct home *home, struct span document, struct span seal) MUST_USE;

#endif
