/*
 * What the job of the hand that reads papers does inside its cage, apart from the process: what a
 * tool told becomes the result that writ is given. Pure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PAPER_H
#define HAND_PAPER_H

#include "format/json.h"

enum paper_kind { PAPER_OTHER, PAPER_PDF, PAPER_SCAN };

/* By the first bytes alone, as poppler finds a PDF in the first 1,024 of them. */
#define PAPER_START_BYTES 1024u
enum paper_kind paper_kind_of(struct span start);

/* How many pages pdfinfo told, ERR_FORMAT if it told none. */
enum err paper_pages(struct ctx *c, struct span told, int64_t *out) MUST_USE;
/* The words of a tool with the suggestions that they make. */
enum err paper_words(struct ctx *c, struct span tsv, int64_t first, int64_t last, int64_t as_page,
		     struct json **out) MUST_USE;

#endif
