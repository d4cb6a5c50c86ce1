/*
 * What a tool told of a paper, taken as its TSV and as the words of a page: every place lies on the
 * page, every suggestion quotes words of the page and names a field that an order file has, and the
 * result can be written down. SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "format/facts.h"
#include "fuzz.h"
#include "hand/paper.h"
#include "hand/suggest.h"
#include "hand/words.h"

static void check_place(const struct json *o)
{
	int64_t at[4], n = 0;

	JSON_EACH(x, json_get(o, "box")) {
		CHECK(n < 4 && x->type == JSON_INT && x->i >= 0 && x->i <= WORDS_PLACE_MAX);
		at[n++] = x->i;
	}
	CHECK(n == 4 && at[0] < at[2] && at[1] < at[3]);
	CHECK(json_opt_int(o, "line", 0) >= 1);
	CHECK(json_opt_int(o, "sure", -1) >= 0 && json_opt_int(o, "sure", -1) <= 100);
}

static void check_word(const struct json *word)
{
	struct span text = json_opt_text(word, "text", SPAN_NONE);

	CHECK(text.n > 0 && text.n <= WORD_BYTES_MAX && span_is_utf8(text));
	check_place(word);
}

static void check_suggestion(const struct json *one, int64_t pages)
{
	struct span field = json_opt_text(one, "field", SPAN_NONE);

	CHECK(json_opt_int(one, "page", 0) >= 1 && json_opt_int(one, "page", 0) <= pages);
	CHECK(json_opt_text(one, "quote", SPAN_NONE).n > 0);
	CHECK(json_opt_text(one, "what", SPAN_NONE).n > 0);
	CHECK(!field.n || span_is(field, "authority_reference") || facts_field(field));
	check_place(one);
}

static void check_tsv(struct ctx *c, struct span tsv, int64_t pages)
{
	struct json *result;
	struct span text;
	size_t found = 0;

	CHECK(paper_words(c, tsv, 1, pages, 0, &result) == ERR_OK);
	CHECK(json_write(c, result, ARENA_MAX, &text) == ERR_OK);
	JSON_EACH(page, json_get(result, "pages")) {
		found++;
		CHECK(json_count(json_get(page, "words")) <= WORDS_PAGE_MAX);
		JSON_EACH(word, json_get(page, "words"))
			check_word(word);
	}
	CHECK(found <= (size_t)pages);
	CHECK(json_count(json_get(result, "suggestions")) <= found * SUGGEST_PAGE_MAX);
	JSON_EACH(one, json_get(result, "suggestions"))
		check_suggestion(one, pages);
}

/* The bytes as lines of words, on one page. */
static struct span as_page(struct ctx *c, struct span all)
{
	struct reader lines = { .s = all };
	struct span line, word, tsv;
	struct buf b;

	buf_begin(&b, c, (size_t)16 << 20);
	buf_str(&b, "1\t1\t0\t0\t0\t0\t0\t0\t1000\t1000\t-1\t\n");
	while (take_line(&lines, &line)) {
		buf_str(&b, "4\t1\t0\t0\t0\t0\t0\t0\t1\t1\t-1\t\n");
		for (bool more = true; more;) {
			more = span_split(line, ' ', &word, &line);
			buf_str(&b, "5\t1\t0\t0\t0\t0\t10\t10\t10\t10\t90\t");
			buf_add(&b, more ? word : line);
			buf_byte(&b, '\n');
		}
	}
	return buf_done(c, &b, &tsv) == ERR_OK ? tsv : SPAN_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c = { .arena = NULL };
	int64_t pages;

	if (size > (size_t)64 << 10)
		return 0;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	check_tsv(&c, span_of(data, size), 3);
	check_tsv(&c, as_page(&c, span_of(data, size)), 1);
	if (paper_pages(&c, span_of(data, size), &pages) == ERR_OK)
		CHECK(pages > 0 && pages <= 1000000);
	(void)paper_kind_of(span_of(data, size));
	return 0;
}
