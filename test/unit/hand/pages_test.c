/*
 * Texts as pages: odd forms of a text, and what is none. What the pages look like is told by
 * test/flow/test_letters.py. SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pages.h"

#include "../test.h"

static const struct pages_about about = { .title = "t",
					 .reference = { (const unsigned char *)"r", 1 } };

static void test_odd_texts(void **state)
{
	static const char *const texts[] = { "",
					     "\n",
					     "\n\n\n",
					     "a",
					     "a\nb",
					     "a\n\n\n\nb",
					     "  a",
					     "a\n\n  b",
					     "a\n\nb\n\nc\n\nd",
					     "a\n\nb\n\nc\n\n     d\n       e\n  f\n  \n",
					     "a\n\nb\n\nc\n\n       d\n     e\nf\n         g",
					     "a\n\n   \n\n  ",
					     "a\n\nb  c",
					     "a\n\nb\n\nc\n\nd  e\nf  \n  g\nh\n\ni   ",
					     "a\n\n  \n \nb   ",
					     "\t\r\n\f" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct span first, again;
		int missing;

		CTX(c);
		ok(&c, pages_draw(&c, &about, span_str(texts[i]), &first, &missing));
		assert_true(span_starts(first, "%PDF-"));
		ok(&c, pages_draw(&c, &about, span_str(texts[i]), &again, &missing));
		assert_true(span_eq(first, again));
	}
}

static void test_what_is_no_text(void **state)
{
	struct span out;
	int missing;

	(void)state;
	CTX(c);
	assert_int_equal(pages_draw(&c, &about, SPAN("a\xff"), &out, &missing), ERR_FORMAT);
	err_clear(&c);
	assert_int_equal(pages_draw(&c, &about, SPAN("\xed\xa0\x80"), &out, &missing), ERR_FORMAT);
	err_clear(&c);
	ok(&c, pages_draw(&c, &about, SPAN("a\0b"), &out, &missing));
}

/* cairo takes them for no text: a letter that holds one could not be drawn. */
static void test_code_points_that_are_no_characters(void **state)
{
	static const struct {
		const char *text;
		int missing;
	} rows[] = {
		{ "\xef\xb7\x90", 1 },
		{ "a\n\nb\xef\xb7\xaf\xef\xbf\xbe\n\n  \xef\xbf\xbf", 3 },
		{ "\xef\xbf\xbd", 0 },
		{ "\xf0\x9f\xbf\xbe\xf0\x9f\xbf\xbf", 2 },
		{ "\xf4\x8f\xbf\xbf.", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct span pdf;
		int missing;

		CTX(c);
		ok(&c, pages_draw(&c, &about, span_str(rows[i].text), &pdf, &missing));
		assert_int_equal(missing, rows[i].missing);
		assert_true(span_starts(pdf, "%PDF-"));
	}
}

static void test_where_fonts_lie(void **state)
{
	int folders[PAGES_FOLDERS_MAX];
	size_t count;

	(void)state;
	CTX(c);
	ok(&c, pages_begin(&c, folders, &count));
	assert_in_range(count, 1, PAGES_FOLDERS_MAX);
	for (size_t i = 0; i < count; i++)
		fd_close(&folders[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_texts),
		cmocka_unit_test(test_what_is_no_text),
		cmocka_unit_test(test_code_points_that_are_no_characters),
		cmocka_unit_test(test_where_fonts_lie),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
