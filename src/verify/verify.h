/*
 * Checking a delivered file (doc/delivered-file.md), or the timeline of an order, with nothing but
 * the file, the policy and the recipient's key: for courts, the defence, and 'writ verify'. It
 * reads a delivered file once, in bounded memory; it needs no home, no seal, no network, and
 * believes nothing that no signature covers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VERIFY_VERIFY_H
#define VERIFY_VERIFY_H

#include "base/ctx.h"
#include "base/span.h"

enum verify_check {
#define X(name, id, needs, fine, broken) VERIFY_##name,
#include "verify/check.def"
#undef X
	VERIFY_COUNT
};

enum verify_result {
	VERIFY_OPEN,            /* not reached, because something before it failed */
	VERIFY_FINE,
	VERIFY_BROKEN,
	VERIFY_NOT_COMPARED,    /* no policy: it agrees with the package's own word alone */
	VERIFY_NOT_CHECKED,     /* no identity: contents not checked */
};

struct verify_line {
	enum verify_result result;
	struct span why;        /* of VERIFY_BROKEN: the particulars */
};

struct verify_job {
	const char *file;
	const char *identity;   /* path of a file with age identities, or NULL */
	const char *policy;     /* path of what 'writ policy export' wrote, or NULL */
	void *of;               /* given to progress, which may be NULL */
	void (*progress)(void *of, int64_t done_bytes, int64_t bytes);
};

struct verify_report {
	const char *file;
	bool identity, policy;  /* given */
	struct verify_line line[VERIFY_COUNT];
	/* What the file says of itself; empty until it was read. */
	struct span order, provider, agency, released_at;
	int64_t items, bytes;
	/* Fingerprints of the keys that it was checked with, from the policy or from the file
	 * itself. */
	struct span tsa;                /* of the timestamp authority; empty without a timestamp */
	struct span certificate, document_key, founding, log_key;
	struct span continues;  /* the log that this one goes on from, its seal being lost */
};

/* Fails only when the check itself cannot be made (ERR_NOT_FOUND, ERR_USAGE for a policy or
 * identity that is none, ERR_IO, ERR_NOMEM); a bad file is a report, not an error. */
enum err verify_file(struct ctx *c, const struct verify_job *job,
		     struct verify_report *out) MUST_USE;
/* 0 fine, 5 something is broken, 7 something was not compared or not checked. */
int verify_exit_status(const struct verify_report *r);
enum err verify_text(struct ctx *c, const struct verify_report *r, struct span *out) MUST_USE;
enum err verify_json(struct ctx *c, const struct verify_report *r, struct span *out) MUST_USE;
/* Checks a delivered file, or the timeline of an order (timeline.c): what came of it as text or as
 * JSON, and the exit status. */
enum err verify_any(struct ctx *c, const struct verify_job *job, bool json, struct span *out,
		    int *status_out) MUST_USE;
/* The table of checks as Markdown, for doc/delivered-file.md. */
enum err verify_checks_text(struct ctx *c, struct span *out) MUST_USE;
const char *verify_check_id(enum verify_check check);

/* The whole command: arguments behind its name, exit status. Output on stdout, talk on stderr. */
int verify_command(int argc, const char *const *argv);

#endif
