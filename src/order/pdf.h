/*
 * A kept text as a PDF: letters and the certificate of authenticity, A4, with page numbers and the
 * hash of the text. The same text gives the same bytes. What stands in a text is text: nothing in
 * it is a command, a link or markup.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_PDF_H
#define ORDER_PDF_H

#include "base/ctx.h"
#include "base/span.h"

/* The text has the form of the templates in src/order/letter: the sender's head and a date; lines
 * of "Label  value"; a subject; then headings (a short line by itself that ends like no sentence),
 * paragraphs, and lists whose items begin with two spaces, what belongs to one with five, and
 * where a line is broken with more. */
struct pdf_page {
	const char *title;              /* for the document's properties */
	struct span reference;          /* at the foot of each page */
	struct span sha256_text;        /* of the text, at the foot; empty: none */
	int64_t made_utc;               /* s; the document's own date */
};
/* *missing_out: characters for which this machine has no font; they stand as boxes. ERR_FORMAT
 * where the text is none. */
enum err pdf_of_text(struct ctx *c, const struct pdf_page *page, struct span text,
		     struct span *pdf_out, int *missing_out) MUST_USE;

#endif
