/*
 * Where things lie in a home: the one place that knows the paths (doc/protocol.md section 1).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HOME_H
#define BASE_HOME_H

#include "base/ctx.h"
#include "base/span.h"

#define HOME_INSTALLED "/var/lib/writ"

struct home {
	const char *dir;
	bool single_user;       /* same code and checks, no protection against that user */
	const char *db, *blob, *reading, *vault, *delivered, *log, *run;
	const char *seal_sock, *hand_sock, *send_sock, *seal_state;
	const char *stores, *addresses, *seal_pub;
};

/* dir NULL: $WRIT_HOME, else HOME_INSTALLED. Fails with ERR_NOT_FOUND if there is no such home. */
enum err home_find(struct ctx *c, const char *dir, struct home *out) MUST_USE;
/* The paths of a home that may not exist yet. */
enum err home_paths(struct ctx *c, const char *dir, bool single_user, struct home *out) MUST_USE;
/* Path of one of writ's programs: beside the running one, else /usr/lib/writ/NAME. */
enum err home_program(struct ctx *c, const char *name, char **out) MUST_USE;

#endif
