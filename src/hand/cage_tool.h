/*
 * The cage of a tool that reads a document from outside. It is wider than that of a hand, for the
 * tool brings a loader, libraries and fonts; but what it can do with them is read them and write
 * to its standard output. It is started once: nothing that it becomes can start anything again.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_CAGE_TOOL_H
#define HAND_CAGE_TOOL_H

#include "hand/tool.h"

/* Where the tool's executable lies when the cage closes: above TOOL_FDS, so that after exec has
 * closed it no descriptor can ever have that number again. */
#define TOOL_FD 200
#define TOOL_FDS 64
#define TOOL_ARGS_MAX 16

/* In the child, as its last step before execveat(tool, "", ..., AT_EMPTY_PATH). */
enum err cage_tool_close(struct ctx *c, const struct tool_run *run, int tool) MUST_USE;

#endif
