/*
 * From the target of a demand line to a folder: alias file, path template, openat2 that leaves
 * neither its folder nor follows a link. An account name that could mean another path is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_ACCOUNT_H
#define CONNECT_ACCOUNT_H

#include "connect/connector.h"

/* [A-Za-z0-9._+=-]{1,128}, not beginning with a dot (man writ-order). */
bool account_part_ok(struct span part);
/* NULL if it is a usable template, else what is wrong with it. */
const char *template_problem(struct span path);
/* Do two accounts always give two paths? They do with {account}, or with {local} and {domain}. */
bool template_names_account(struct span path);
/* The fixed folder before the first placeholder, and what comes below it. */
void template_split(struct span path, struct span *folder_out, struct span *rest_out);

/* Resolves a target. *account_out is empty if this store can have no such account; then
 * *problem_out says why. A faulty alias file is an error. */
enum err account_resolve(struct ctx *c, const struct store *s, struct span target,
			 struct span *account_out, struct span *problem_out) MUST_USE;
/* Opens the account's place below the template's fixed folder: -1 if there is none (no problem
 * then), or if it cannot be opened (the problem says why, without path). */
enum err account_open(struct ctx *c, const struct store *s, struct span account, int flags,
		      int *fd_out, struct span *problem_out) MUST_USE;
/* Both, for what an order demands: *fd_out is -1 where the store has no such account or it cannot
 * be opened, and *problem_out says why; *account_out only where it is open. */
enum err account_reach(struct ctx *c, const struct store *s, struct span target, int flags,
		       int *fd_out, struct span *account_out, struct span *problem_out) MUST_USE;
/* The template's fixed folder: can it be opened at all? */
enum err template_check(struct ctx *c, const struct store *s, struct span *problem_out) MUST_USE;
/* open(2) below a folder: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS. A descriptor, or -1 with errno. */
int open_beneath(int folder, const char *path, int flags);
/* Why what has this mode is not read as a file; NULL for a regular file. */
const char *file_type_problem(mode_t mode);

#endif
