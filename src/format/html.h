/*
 * HTML by a typed writer: elements are words of the program, everything else is text or the value
 * of an attribute and is escaped. It refuses to take markup from anybody.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_HTML_H
#define FORMAT_HTML_H

#include "base/buf.h"

#define HTML_DEPTH_MAX 16u

struct html {
	struct buf b;
	const char *open[HTML_DEPTH_MAX];
	unsigned depth;
};

/* A whole document: its head with the title and a style sheet of the program, until html_done. */
void html_begin(struct html *h, struct ctx *c, size_t max_bytes, struct span title,
		const char *style);
void html_open(struct html *h, const char *element);
void html_close(struct html *h);                /* the element that was opened last */
void html_text(struct html *h, struct span s);  /* characters that HTML forbids become U+FFFD */
/* An element with nothing but a text. */
void html_put(struct html *h, const char *element, struct span s);
enum err html_done(struct ctx *c, struct html *h, struct span *out) MUST_USE;

#endif
