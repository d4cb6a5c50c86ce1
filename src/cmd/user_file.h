/*
 * Files that the caller named. On an installed home the work is done by the user writ (step.c), who
 * may not open them: there a name is fd:N:NAME, a descriptor that the caller opened, and what it
 * was called.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_USER_FILE_H
#define CMD_USER_FILE_H

#include "base/ctx.h"
#include "base/span.h"

enum err user_open(struct ctx *c, const char *path, int flags, mode_t mode, int *fd_out) MUST_USE;
enum err user_read(struct ctx *c, const char *path, size_t max_bytes, struct span *out) MUST_USE;
enum err user_write(struct ctx *c, const char *path, struct span s, mode_t mode) MUST_USE;
const char *user_name(const char *path);        /* what people call it */

#endif
