/*
 * What the words of a paper may mean for the order file: dates, numbers, provisions, names, limits
 * in time, secrecy, each with its place on the page. Suggestions for a person who looks at that
 * place: nothing is filled in by them, and what is not found may still be there. Pure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_SUGGEST_H
#define HAND_SUGGEST_H

#include "format/json.h"

#define SUGGEST_PAGE_MAX 120u           /* suggestions of one page */
#define SUGGEST_SAME_MAX 3u             /* of one page with the same what, field and value */

/* pages as words_of_tsv makes them. A list of {what, field, value, quote, page, line, box, sure};
 * field is a path of the order file's facts or authority_reference, null where the words belong to
 * none; value is null where a person must work it out. */
enum err suggest_of_pages(struct ctx *c, const struct json *pages, struct json **out) MUST_USE;

#endif
