/*
 * HTML by a typed writer: elements are words of the program, everything else is text or the value
 * of an attribute and is escaped by the place it stands in. It refuses to take markup from anybody,
 * and lets no character through that a reader would not see or that changes what he sees.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_HTML_H
#define FORMAT_HTML_H

#include "base/buf.h"

#define HTML_DEPTH_MAX 16u

enum html_place {
	HTML_TEXT,      /* between tags; a text with letters from right to left stands in a <bdi> */
	HTML_RAW,       /* between the tags of title and option, which hold text alone */
	HTML_ATTR,      /* between the quotes of a value that people read or hear */
	HTML_VALUE,     /* a value that a program reads, or that comes back from a field */
	HTML_ID,        /* part of an id or a name: [A-Za-z0-9_-], any other byte as :xx */
	HTML_QUERY,     /* a value in a query, or part of a segment of a path */
	HTML_SEGMENT,   /* a whole segment of a path, which never becomes "", "." or ".." */
	HTML_PLAIN,     /* not HTML: as it is */
};

/* Bytes that are no UTF-8 become U+FFFD. In text and attributes control characters are shown by
 * their pictures (U+2400 on), others that steer, hide or have no form as [U+202E]; a line end is
 * LF. In a value it is ⟦U+202E⟧, in brackets that nobody types: a field shows it, and
 * html_value_read makes of what comes back what was there. */
void html_escape(struct buf *b, enum html_place place, struct span s);
enum err html_value_read(struct ctx *c, struct span s, struct span *out) MUST_USE;
/* A whole address from elsewhere: "/..." of our own and, unless own, https:, mailto: and tel:.
 * Anything else becomes "#". */
void html_link(struct buf *b, bool own, struct span url);

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
void html_text(struct html *h, struct span s);
/* An element with nothing but a text. */
void html_put(struct html *h, const char *element, struct span s);
enum err html_done(struct ctx *c, struct html *h, struct span *out) MUST_USE;

#endif
