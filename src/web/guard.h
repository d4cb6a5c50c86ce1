/*
 * The first look at a request, before anything else is believed of it: what two programs could
 * read in two ways (RFC 9112 section 11.2), another's Host, a form that another site sent. Pure.
 * It judges no path, no person and no body.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "web/http.h"

/* A head as the library handed it over. */
struct guard_head {
	struct span method, target, version;
	struct web_fields headers;      /* in their order, values without the blanks around them */
	size_t bytes;                   /* from the method to the end of the empty line */
	bool exact;     /* each part stood where one CRLF, one blank and one colon put it */
};

struct guard_rules {
	const struct span *hosts;       /* "localhost:8443", ours; the first is the one to use */
	size_t host_count;
};

struct guard_found {
	unsigned status;                /* 0, or what to answer; c->why has the words */
	enum web_method method;
	bool head_only;
	bool expects;                   /* Expect: 100-continue: nothing is under way yet */
	struct span host;
	int64_t body_bytes;             /* Content-Length; 0 where there is none */
};

/* status 0, or the refusal with words in c (ERR_FORMAT). The connection ends with any refusal. */
void guard_look(struct ctx *c, const struct guard_rules *rules, const struct guard_head *h,
		struct guard_found *out);
/* Path and query of a target that passed: segments decoded; false: there can be no such page. */
bool guard_path(struct ctx *c, struct span target, struct span *path_out, struct span *query_out,
		struct span segments[WEB_SEGMENTS_MAX], size_t *count_out);

#endif
