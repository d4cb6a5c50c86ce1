/*
 * Files that the caller named. On an installed home the work is done by the user writ (step.c), who
 * may not open them: there a name is fd:N:NAME, a descriptor that the caller opened, and what it
 * was called; fd:N+M:NAME where other files go with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_USER_FILE_H
#define CMD_USER_FILE_H

#include "base/ctx.h"
#include "base/span.h"

/* What a caller lends where a command writes into a folder: one for the names, and these. */
#define LENT_FILES_MAX 53

enum err user_open(struct ctx *c, const char *path, int flags, mode_t mode, int *fd_out) MUST_USE;
enum err user_read(struct ctx *c, const char *path, size_t max_bytes, struct span *out) MUST_USE;
enum err user_write(struct ctx *c, const char *path, struct span s, mode_t mode) MUST_USE;
/* A file beside that one, whose name ends in suffix; number: which of them it is, from 1. */
enum err user_write_beside(struct ctx *c, const char *path, const char *suffix, int number,
			   struct span s, mode_t mode) MUST_USE;
/* What people call it; "" where nobody named it: the caller's own process reads it. */
const char *user_name(const char *path);
bool user_lent(const char *path);               /* is it a descriptor? */

#endif
