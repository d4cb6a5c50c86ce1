/*
 * The words of pages as a tool told them (the TSV of pdftotext and tesseract), as our JSON: each
 * with its place in 1/10000 of the page. Pure; believes no number and no byte of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_WORDS_H
#define HAND_WORDS_H

#include "format/json.h"

#define WORDS_PAGE_MAX 4000u            /* of one page; further ones are left out, and it says so */
#define WORD_BYTES_MAX 200u
#define WORDS_PLACE_MAX 10000

/* A list of {page, width, height, words: [{text, box: [left, top, right, bottom], line, sure}]},
 * pages from first to last in order; those of which nothing was told are left out. A page whose
 * words did not all fit has "cut": true. as_page: the number of the one page there is (a scan's
 * is always told as 1), 0 = as told. */
enum err words_of_tsv(struct ctx *c, struct span tsv, int64_t first, int64_t last, int64_t as_page,
		      struct json **out) MUST_USE;

#endif
