/*
 * The nine questions of 'writ init' on a terminal; their answers as YAML in an anonymous file.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_QUESTIONS_H
#define CMD_QUESTIONS_H

#include "base/ctx.h"

enum err questions_ask(struct ctx *c, int *fd_out) MUST_USE;

#endif
