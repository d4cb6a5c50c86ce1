/*
 * The cage of a hand: what this process may still do once it reads what comes from outside.
 * seccomp (deny by default, kill), Landlock, limits. It never opens again, and it refuses to be
 * half closed: anything that cannot be set up is an error and the job is not done.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_CAGE_H
#define HAND_CAGE_H

#include <stdbool.h>

#include "base/ctx.h"

enum cage_profile {
	CAGE_READ = 1, /* one document in, one result out: no files, no sockets, no clock */
	CAGE_COUNT = 2, /* reads beneath the store's folders */
	CAGE_FETCH = 4, /* the same, writes the vault file, talks to the seal */
	CAGE_SEND = 8, /* speaks over one socket, connected before; no files, no second socket */
	CAGE_DRAW = 16, /* one text in, one file out; reads beneath the folders of fonts */
	CAGE_TOUCH = 32, /* speaks with security keys and a terminal that are open; no files */
};

struct cage {
	enum cage_profile profile;
	int answer;             /* the connection to writ */
	int seal;               /* fetch: the connection to the seal, else -1 */
	int in, out;            /* read, draw: the document and the result; fetch: the vault
				 * file; send: the socket; touch: the terminal or -1 */
	const int *keys;        /* touch: the security keys */
	size_t keys_count;
	const int *below;       /* count, fetch: the folders of the stores; draw: of the fonts */
	size_t below_count;
	bool landlock_may_lack; /* this home accepts a kernel without Landlock */
	/* Starts the threads that the job will have, or NULL: called between Landlock, which binds
	 * the calling thread and what that starts, and the filter, which binds all threads there
	 * are and allows no new ones. Their start must be over when it returns. */
	enum err (*threads)(struct ctx *c, void *of);
	void *of;
};

/* What is enforced: told in every answer and logged. */
struct cage_told {
	bool closed;            /* cage_close has done its work */
	bool seccomp;           /* false only in sanitized builds */
	int landlock_abi;       /* 0: none */
};

/* At the very start: nobody may trace or dump this process, it gains no rights by exec, has no
 * descriptors but 0, 1, 2 and keep, and no environment. */
enum err cage_prepare(struct ctx *c, int keep) MUST_USE;
enum err cage_close(struct ctx *c, const struct cage *plan, struct cage_told *told) MUST_USE;

#endif
