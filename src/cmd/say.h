/*
 * What a command says: data on stdout, talk on stderr, a progress bar where stderr is a terminal,
 * JSON for machines. Text that came from outside is shown without control characters.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_SAY_H
#define CMD_SAY_H

#include "base/ctx.h"
#include "base/span.h"
#include "base/tell.h"
#include "format/json.h"

void say(const char *fmt, ...) PRINTF(1, 2);            /* stdout, a line */
void talk(const char *fmt, ...) PRINTF(1, 2);           /* stderr, a line */
void say_span(struct span s);   /* stdout, as it is but for control characters */
/* stdout, byte for byte; without control characters where that is a terminal */
void say_bytes(struct span s);
/* {"json_version":1, ...} in canonical form and a line end. */
enum err say_json(struct ctx *c, struct json *object) MUST_USE;
/* A text from outside, fit for one line of a terminal, in UTF-8 whatever it was; in the arena. */
struct span plain(struct ctx *c, struct span s);

struct progress {
	struct ctx *c;
	const char *what;
	int64_t begun_ms, said_ms;
	bool terminal;
};
void progress_begin(struct progress *p, struct ctx *c, const char *what);
void progress_show(struct progress *p, int64_t done_bytes, int64_t bytes, int64_t items);
void progress_end(struct progress *p);

#endif
