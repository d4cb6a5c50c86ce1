/*
 * A kept text as a PDF: letters and the certificate of authenticity. writ draws none itself: a
 * writ-draw does, in its cage, and what it hands back is a PDF or an error.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_PDF_H
#define ORDER_PDF_H

#include "order/session.h"

/* The text has the form of the templates in src/order/letter. */
struct pdf_page {
	struct span title;              /* for the document's properties */
	struct span reference;          /* at the foot of each page */
	struct span sha256_text;        /* of the text, at the foot; empty: none */
	int64_t made_utc;               /* s; the document's own date */
};
/* *missing_out: characters for which this machine has no font; they stand as boxes. */
enum err pdf_of_text(struct ctx *c, struct session *s, const struct pdf_page *page,
		     struct span text, struct span *pdf_out, int64_t *missing_out) MUST_USE;

#endif
