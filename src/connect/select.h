/*
 * "writ scope --store": the selection of one demand line without order or home, with the caller's
 * own rights. It writes nothing but its lines, and names what it could not read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_SELECT_H
#define CONNECT_SELECT_H

#include "connect/connector.h"

struct select_job {
	struct span kind;               /* "maildir", "mbox" */
	const char *path;               /* the place of that one account */
	struct span account;            /* its label only */
	int64_t from_utc, until_utc;    /* half-open, s; INT64_MIN and INT64_MAX are open ends */
	enum date_meaning meaning;
	void *of;                       /* given to the two below */
	/* One canonical JSON line with its LF: path, sha256, bytes, delivery, header, received;
	 * first all that is dated and selected, then all that is undated, with "undated":true. */
	enum err (*line)(struct ctx *c, void *of, struct span text);
	void (*unreadable)(void *of, const struct unreadable *what);
};

/* ERR_DEGRADED when something could not be read, ERR_USAGE for a kind that this build lacks. */
enum err select_run(struct ctx *c, const struct select_job *job) MUST_USE;

/* A stored name for JSON: itself where it is UTF-8 without NUL, else %, NUL and every byte above
 * 0x7f as %XX. */
enum err name_text(struct ctx *c, struct span stored, struct span *out) MUST_USE;

#endif
