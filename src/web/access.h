/*
 * The access log: one line of JSON for each request, on stderr. It names the route, never the
 * address: no reference, no query, no token, nothing of a body or an answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_ACCESS_H
#define WEB_ACCESS_H

#include "web/http.h"

struct access {
	struct span id, remote;
	const char *route;              /* NULL: none was found */
	const char *method;             /* one of ours, or NULL */
	unsigned status;
	int64_t at_ms, took_ms, bytes_in, bytes_out;
	const char *ended;              /* "done", or why not */
	const char *file;               /* where our own failure began (status 5xx), or NULL */
	int line;
};

/* The line with its end into out; its length. */
size_t access_line(const struct access *a, char *out, size_t max);
/* Lines are written together: at the end of a turn of the loop, and before they get too many for
 * one write. */
void access_write(const struct access *a);
void access_flush(void);

#endif
