/*
 * What the tools told; see paper.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/paper.h"

#include "hand/picture.h"
#include "hand/suggest.h"
#include "hand/words.h"

#define PAGES_MAX 1000000

enum paper_kind paper_kind_of(struct span start)
{
	static const struct span mark = SPAN("%PDF-");

	if (picture_kind_of(start) != PICTURE_NONE)
		return PAPER_SCAN;
	for (size_t i = 0; i + mark.n <= start.n && i + mark.n <= PAPER_START_BYTES; i++)
		if (span_eq(span_cut(start, i, mark.n), mark))
			return PAPER_PDF;
	return PAPER_OTHER;
}

/* "Pages:           4". A title may hold such a line, too: the number bounds what is asked for, and
 * no more, so the last one counts, which is pdfinfo's own. */
enum err paper_pages(struct ctx *c, struct span told, int64_t *out)
{
	struct reader r = { .s = told };
	struct span line;
	int64_t n;

	*out = 0;
	while (take_line(&r, &line))
		if (span_starts(line, "Pages:") &&
		    span_to_i64(span_trim(span_cut(line, 6, line.n)), &n) && n > 0 &&
		    n <= PAGES_MAX)
			*out = n;
	if (*out)
		return ERR_OK;
	FAIL(c, ERR_FORMAT, "it has no pages");
}

enum err paper_words(struct ctx *c, struct span tsv, int64_t first, int64_t last, int64_t as_page,
		     struct json **out)
{
	struct json *pages, *suggestions, *result;

	TRY(words_of_tsv(c, tsv, first, last, as_page, &pages));
	TRY(suggest_of_pages(c, pages, &suggestions));
	result = json_object(c);
	json_set(c, result, "pages", pages);
	json_set(c, result, "suggestions", suggestions);
	*out = result;
	return c->code;
}
