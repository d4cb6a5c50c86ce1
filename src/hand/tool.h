/*
 * One run of a tool that is not ours (pdftoppm, pdftotext, pdfinfo, tesseract) on a document from
 * outside: a process of its own in a cage of its own (cage_tool.h), with a wall clock. What it
 * leaves is as little believed as the document; this file does not look at it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_TOOL_H
#define HAND_TOOL_H

#include "base/ctx.h"

struct tool_run {
	const char *path;               /* of the executable */
	const char *const *argv;        /* ends with NULL */
	int in, out;                    /* above 2 */
	int err;                        /* the same, or 1: nobody hears it */
	unsigned cpu_s, wall_ms;
	uint64_t out_max_bytes;         /* of any file that it writes */
};

/* How it ended; all but the first are the document's fault, or the tool's. */
enum tool_end {
	TOOL_DONE,
	TOOL_REFUSED,   /* it ended by itself, with a status that is not 0 */
	TOOL_SLOW,      /* stopped by its limit of CPU or by the wall clock */
	TOOL_LONG,      /* stopped because it wrote more than it may */
	TOOL_FORBIDDEN, /* stopped by its cage */
	TOOL_BROKE,     /* it crashed, or had no memory */
};

/* ERR_NOT_FOUND where this machine has no such tool, another error where it could not be caged:
 * then it was not started. status_out: of TOOL_REFUSED. */
enum err tool_do(struct ctx *c, const struct tool_run *run, enum tool_end *end_out,
		 int *status_out) MUST_USE;

#endif
