/*
 * What tools tell as TSV: rows as they write them, and rows that nobody writes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/paper.h"
#include "hand/words.h"

#include "../test.h"

#define HEAD                                                                                       \
	"level\tpage_num\tpar_num\tblock_num\tline_num\tword_"                                     \
	"num\tleft\ttop\twidth\theight\tconf\ttext\n"
#define PAGE(n) "1\t" n "\t0\t0\t0\t0\t0.000000\t0.000000\t600.000000\t800.000000\t-1\t###PAGE###\n"
#define LINE(n) "4\t" n "\t0\t0\t0\t0\t0\t0\t1\t1\t-1\t###LINE###\n"
#define WORD(n, left, top, text)                                                                   \
	"5\t" n "\t0\t0\t0\t0\t" left "\t" top "\t60.00\t8.00\t100\t" text "\n"

static struct span read_all(struct ctx *c, const char *tsv, int64_t first, int64_t last, int64_t as)
{
	struct json *pages;
	struct span text;

	ok(c, words_of_tsv(c, span_str(tsv), first, last, as, &pages));
	ok(c, json_write(c, pages, (size_t)1 << 20, &text));
	return text;
}

static void test_pages_lines_and_places(void **state)
{
	(void)state;
	CTX(c);
	text_is(read_all(&c,
			 HEAD PAGE("1") LINE("1") WORD("1", "60.00", "80.00", "To")
				 WORD("1", "120.50", "80.00", "the") LINE("1") LINE("1")
					 WORD("1", "60.00", "88.00", "court") PAGE("2"),
			 1, 2, 0),
		"[{\"height\":800,\"page\":1,\"width\":600,\"words\":["
		"{\"box\":[1000,1000,2000,1100],\"line\":1,\"sure\":100,\"text\":\"To\"},"
		"{\"box\":[2008,1000,3008,1100],\"line\":1,\"sure\":100,\"text\":\"the\"},"
		"{\"box\":[1000,1100,2000,1200],\"line\":2,\"sure\":100,\"text\":\"court\"}]},"
		"{\"height\":800,\"page\":2,\"width\":600,\"words\":[]}]");
}

static void test_the_letters_of_a_scan_have_its_number(void **state)
{
	(void)state;
	CTX(c);
	text_is(read_all(&c,
			 HEAD "1\t1\t0\t0\t0\t0\t0\t0\t1000\t2000\t-1\t\n"
			      "5\t1\t1\t1\t1\t1\t100\t200\t100\t20\t96.653374\tOrder\n",
			 1, 1, 7),
		"[{\"height\":2000,\"page\":7,\"width\":1000,\"words\":[{\"box\":[1000,1000,2000,"
		"1100],\"line\":1,\"sure\":96,\"text\":\"Order\"}]}]");
}

#define NO_WORD "[{\"height\":800,\"page\":1,\"width\":600,\"words\":[]}]"

static void test_rows_that_are_none(void **state)
{
	static const char *const rows[] = {
		"",
		"\n\n",
		"5\t1\n",
		"5\t1\t0\t0\t0\t0\tx\t80\t60\t8\t100\tword\n",
		"5\t1\t0\t0\t0\t0\t1e3\t80\t60\t8\t100\tword\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t-60\t8\t100\tword\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t0\t8\t100\tword\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t-1\tword\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\t\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\t   \n",
		"5\t1\t0\t0\t0\t0\t700\t80\t60\t8\t100\toutside\n",
		"5\t1\t0\t0\t0\t0\t99999999999\t80\t60\t8\t100\tfar\n",
		"5\t1\t0\t0\t0\t0\t9223372036854775807\t80\t60\t8\t100\tfar\n",
		"5\t2\t0\t0\t0\t0\t60\t80\t60\t8\t100\tother\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\tbell\a\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\tcolumn\tmore\n",
		"5\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\t\xff\xfe\n",
		"6\t1\t0\t0\t0\t0\t60\t80\t60\t8\t100\tdeeper\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct span tsv;

		CTX(c);
		ok(&c, span_fmt(&c, &tsv, "%s%s", HEAD PAGE("1"), rows[i]));
		text_is(read_all(&c, (const char *)tsv.p, 1, 1, 0), NO_WORD);
	}
}

static void test_pages_that_are_none(void **state)
{
	(void)state;
	CTX(c);
	text_is(read_all(&c, "", 1, 1, 0), "[]");
	text_is(read_all(&c, HEAD WORD("1", "1", "1", "homeless"), 1, 1, 0), "[]");
	/* Not asked for, told twice, told backwards, without a size. */
	text_is(read_all(&c, HEAD PAGE("3") WORD("3", "60", "80", "w"), 1, 2, 0), "[]");
	text_is(read_all(&c, HEAD PAGE("0") PAGE("-1") WORD("0", "60", "80", "w"), 1, 2, 0), "[]");
	text_is(read_all(&c, HEAD PAGE("1") PAGE("1") WORD("1", "60", "80", "w"), 1, 2, 0),
		NO_WORD);
	text_is(read_all(&c,
			 HEAD "1\t1\t0\t0\t0\t0\t0\t0\t0\t800\t-1\t\n" WORD("1", "60", "80", "w"),
			 1, 2, 0),
		"[]");
}

static void test_a_page_of_too_many_words(void **state)
{
	struct json *pages;
	struct span tsv;
	struct buf b;

	(void)state;
	CTX(c);
	buf_begin(&b, &c, (size_t)1 << 20);
	buf_str(&b, HEAD PAGE("1"));
	for (unsigned i = 0; i < WORDS_PAGE_MAX + 9; i++)
		buf_str(&b, WORD("1", "60", "80", "w"));
	ok(&c, buf_done(&c, &b, &tsv));
	ok(&c, words_of_tsv(&c, tsv, 1, 1, 0, &pages));
	assert_int_equal(json_count(json_get(pages->first, "words")), WORDS_PAGE_MAX);
	assert_true(json_get(pages->first, "cut")->b);
}

static void test_how_many_pages(void **state)
{
	static const char *const none[] = { "", "Pages:", "Pages:          0\n", "Pages: -1\n",
					    "pages: 4\n", "Pages: 4 of 5\n",
					    "Pages: 99999999\n", "Title: x\nPages: four\n" };
	int64_t n;

	(void)state;
	CTX(c);
	ok(&c, paper_pages(&c, SPAN("Title:  x\nPages:           4\nEncrypted: no\n"), &n));
	assert_int_equal(n, 4);
	ok(&c, paper_pages(&c, SPAN("Title:  x\nPages: 900\nPages:           4\n"), &n));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < COUNT_OF(none); i++)
		refused(&c, ERR_FORMAT, "no pages", paper_pages(&c, span_str(none[i]), &n));
}

static void test_kinds(void **state)
{
	unsigned char late[2000] = { 0 };

	(void)state;
	assert_int_equal(paper_kind_of(SPAN("%PDF-1.7\n")), PAPER_PDF);
	assert_int_equal(paper_kind_of(SPAN("\n\nx%PDF-1")), PAPER_PDF);
	assert_int_equal(paper_kind_of(SPAN("\x89PNG\r\n\x1a\n")), PAPER_SCAN);
	assert_int_equal(paper_kind_of(SPAN("\xff\xd8\xff\xe0")), PAPER_SCAN);
	assert_int_equal(paper_kind_of(SPAN("II*\0")), PAPER_SCAN);
	assert_int_equal(paper_kind_of(SPAN("MM\0*")), PAPER_SCAN);
	for (const char *const *z =
		     (const char *const[]){ "", "%PDF", "PK", "%!PS", "<?xml", "I", NULL };
	     *z; z++)
		assert_int_equal(paper_kind_of(span_str(*z)), PAPER_OTHER);
	memcpy(late + 1018, "%PDF-", 5);
	assert_int_equal(paper_kind_of(span_of(late, sizeof late)), PAPER_PDF);
	memmove(late + 1024, late + 1018, 5);
	memset(late + 1018, 0, 5);
	assert_int_equal(paper_kind_of(span_of(late, sizeof late)), PAPER_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_lines_and_places),
		cmocka_unit_test(test_the_letters_of_a_scan_have_its_number),
		cmocka_unit_test(test_rows_that_are_none),
		cmocka_unit_test(test_pages_that_are_none),
		cmocka_unit_test(test_a_page_of_too_many_words),
		cmocka_unit_test(test_how_many_pages),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
