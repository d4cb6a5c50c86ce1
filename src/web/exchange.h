/*
 * One request and its answer, without the library that carries them: what is kept meanwhile, who is
 * asked, what is told when it fails, and the line in the log at its end.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include "web/body.h"
#include "web/guard.h"
#include "web/server.h"

struct exchange {
	struct ctx c;                   /* it lives in its own arena */
	const struct server_config *config;
	struct request r;
	struct answer a;
	struct guard_found found;
	struct body *body;
	struct span target;             /* as sent; no bytes where there is none */
	bool seen;                      /* its head was looked at */
	bool refused;                   /* answered before its body, which is thrown away */
	bool queued;                    /* its answer is on the way */
	bool stopping;                  /* this process takes no more after it */
	int64_t begun_ms, bytes_in, bytes_out;
	unsigned status;
};

/* NULL where there is no memory. */
struct exchange *exchange_open(const struct server_config *config, const struct seam *seam,
			       const char *target);
void exchange_close(struct exchange *x, const char *ended);
/* After the guard: route, query, cookies, door, and the site. *status_out where HTTP knows better
 * than the error. The site may have answered (x->a.status). */
enum err exchange_ask(struct exchange *x, unsigned *status_out) MUST_USE;
/* The page for a failure becomes the answer: the site's, or a plain text. */
void exchange_trouble(struct exchange *x, enum err e, unsigned status);

#endif
