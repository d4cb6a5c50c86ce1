/*
 * From an answer to status and headers: what every answer carries, what a cached or partial one
 * says instead. Pure but for the answer's file, which it looks at and does not read.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_REPLY_H
#define WEB_REPLY_H

#include "web/http.h"

#define REPLY_HEADERS_MAX 32u

struct reply {
	unsigned status;
	const char *names[REPLY_HEADERS_MAX];
	const char *values[REPLY_HEADERS_MAX];
	size_t count;
	struct span body;               /* or: */
	int fd;                         /* -1, or this many bytes from there on; the answer's */
	int64_t from, bytes;
};

/* "Not Found" */
const char *reply_words(unsigned status);
/* closing: the connection ends with this answer. */
enum err reply_make(struct request *r, const struct answer *a, bool closing, struct reply *out)
	MUST_USE;

#endif
