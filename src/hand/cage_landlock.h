/*
 * The file half of the cage: Landlock by its raw system calls, since glibc 2.36 has none. Grants
 * reading beneath the folders given and nothing else; refuses to pretend: where the kernel has no
 * Landlock the level is 0 and the caller decides.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_CAGE_LANDLOCK_H
#define HAND_CAGE_LANDLOCK_H

#include <stdbool.h>

#include "base/ctx.h"

/* The kernel's ABI level, 0 if it has no Landlock or it is switched off. */
int landlock_level(void);
/* From now on this process (and what it starts) reads only beneath these folders, writes no file,
 * binds and connects no TCP port, reaches no abstract socket and signals nobody outside, as far
 * as the level knows these. */
enum err landlock_close(struct ctx *c, int level, const int *below, size_t count) MUST_USE;
/* The same for folders and single files, beneath some of which a program may be started. */
struct landlock_place {
	int fd;
	bool execute;
};
enum err landlock_close_places(struct ctx *c, int level, const struct landlock_place *places,
			       size_t count) MUST_USE;

#endif
