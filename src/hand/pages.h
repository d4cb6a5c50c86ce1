/*
 * A kept text as pages: letters and the certificate of authenticity as PDF, A4, with page numbers
 * and the hash of the text. The same text gives the same bytes. What stands in a text is text:
 * nothing in it is a command, a link or markup. The one place of pango and cairo.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PAGES_H
#define HAND_PAGES_H

#include "base/ctx.h"
#include "base/span.h"

#define PAGES_PDF_MAX ((size_t)64 << 20)

/* The text has the form of the templates in src/order/letter: the sender's head and a date; lines
 * of "Label  value"; a subject; then more such lines, headings (a short line by itself that ends
 * like no sentence), paragraphs, and lists whose items begin with two spaces, what belongs to one
 * with five, and where a line is broken with more. */
struct pages_about {
	const char *title;              /* for the document's properties */
	struct span reference;          /* at the foot of each page */
	struct span sha256_text;        /* of the text, at the foot; empty: none */
	int64_t made_utc;               /* s; the document's own date */
};
/* *missing_out: characters for which this machine has no font; they stand as boxes. ERR_FORMAT
 * where the text is none. */
enum err pages_draw(struct ctx *c, const struct pages_about *about, struct span text,
		    struct span *pdf_out, int *missing_out) MUST_USE;

#define PAGES_FOLDERS_MAX 16u
/* Once, before the cage closes. The folders in which fontconfig's settings say that fonts lie,
 * open; what it keeps of them is read. */
enum err pages_begin(struct ctx *c, int folder_out[PAGES_FOLDERS_MAX], size_t *count_out) MUST_USE;

#endif
