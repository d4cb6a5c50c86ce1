/*
 * look: stylesheet, fonts and script modules of the pages, compiled into the program, so that
 * there is one thing to install and no path to climb out of. It answers for the bytes, their
 * type and their version, and for nothing that a page says. A file is asked for as
 * /look/VERSION/NAME; the version is a hash over all of them, so an answer may be kept for ever,
 * and a stylesheet names its fonts, a module its neighbour, without knowing it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_LOOK_LOOK_H
#define WEB_LOOK_LOOK_H

#include <stddef.h>

#include "base/span.h"

struct look_file {
	const char *name; /* "desk.css" */
	const char *type; /* of the media, as HTTP wants it */
	const unsigned char *bytes;
	size_t length;
	const unsigned char *gzip; /* the same compressed; NULL for what is compressed already */
	size_t gzip_length;
};

/* Ends with a row without a name. */
extern const struct look_file look_files[];

/* Sixteen hexadecimal digits. */
extern const char look_version[];

/* NULL where no such file is, or another version was asked for: a page from before an upgrade gets
 * an honest 404, never half of a new look. */
const struct look_file *look_find(struct span version, struct span name);

#endif
