/*
 * Spans: comparing, cutting, splitting, numbers, UTF-8, and readers that never pass the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

static void comparing(void **state)
{
	(void)state;
	assert_true(span_eq(SPAN("ab"), span_str("ab")));
	assert_false(span_eq(SPAN("ab"), SPAN("abc")));
	assert_true(span_eq(SPAN_NONE, SPAN("")));
	assert_true(span_is(span_str(NULL), ""));
	assert_true(span_starts(SPAN("abc"), "ab") && span_starts(SPAN("abc"), ""));
	assert_false(span_starts(SPAN("a"), "ab"));
	assert_true(span_ends(SPAN("abc"), "bc"));
	assert_false(span_ends(SPAN("abc"), "ab"));
	assert_true(span_ieq(SPAN("dAtE"), "Date"));
	assert_false(span_ieq(SPAN("date"), "dates"));
	assert_false(span_ieq(SPAN("@"), "`"));         /* case is of letters only */
	assert_true(span_cmp(SPAN("a"), SPAN("b")) < 0);
	assert_true(span_cmp(SPAN("b"), SPAN("ab")) > 0);
	assert_true(span_cmp(SPAN("a"), SPAN("ab")) < 0);
	assert_true(span_cmp(SPAN("\x80"), SPAN("\x7f")) > 0);
	assert_int_equal(span_cmp(SPAN_NONE, SPAN("")), 0);
	assert_true(span_eq_secret(SPAN("key"), SPAN("key")));
	assert_false(span_eq_secret(SPAN("key"), SPAN("kez")));
	assert_false(span_eq_secret(SPAN("key"), SPAN("ke")));
}

static void cutting(void **state)
{
	struct span head, tail;

	(void)state;
	text_is(span_cut(SPAN("abcdef"), 2, 3), "cde");
	text_is(span_cut(SPAN("abcdef"), 4, SIZE_MAX), "ef");
	text_is(span_cut(SPAN("abcdef"), 6, 1), "");
	text_is(span_cut(SPAN("abcdef"), SIZE_MAX, SIZE_MAX), "");
	text_is(span_trim(SPAN(" \t\r\na b\n ")), "a b");
	text_is(span_trim(SPAN("  ")), "");
	assert_true(span_split(SPAN("k=v=w"), '=', &head, &tail));
	text_is(head, "k");
	text_is(tail, "v=w");
	assert_true(span_split(SPAN("k="), '=', &head, &tail));
	text_is(tail, "");
	assert_false(span_split(SPAN("k"), '=', &head, &tail));
	assert_false(span_split(SPAN_NONE, '=', &head, &tail));
	tail = SPAN("a  b");
	assert_true(span_next(&tail, ' ', &head));
	text_is(head, "a");
	assert_true(span_next(&tail, ' ', &head));
	text_is(head, "");
	assert_true(span_next(&tail, ' ', &head));
	text_is(head, "b");
	assert_false(span_next(&tail, ' ', &head));
	assert_true(span_split_at(SPAN("a is b is c"), " is ", &head, &tail));
	text_is(head, "a");
	text_is(tail, "b is c");
	assert_false(span_split_at(SPAN("a is"), " is ", &head, &tail));
	assert_false(span_split_at(SPAN_NONE, " is ", &head, &tail));
}

static void numbers(void **state)
{
	static const char *const bad[] = { "",
					   "-",
					   "-0",
					   "00",
					   "01",
					   "+1",
					   " 1",
					   "1 ",
					   "1x",
					   "9223372036854775808",
					   "-9223372036854775809",
					   "0x10",
					   "1.0" };
	int64_t n;

	(void)state;
	assert_true(span_to_i64(SPAN("0"), &n) && n == 0);
	assert_true(span_to_i64(SPAN("-17"), &n) && n == -17);
	assert_true(span_to_i64(SPAN("9223372036854775807"), &n) && n == INT64_MAX);
	assert_true(span_to_i64(SPAN("-9223372036854775808"), &n) && n == INT64_MIN);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(span_to_i64(span_str(bad[i]), &n));
}

/* Unicode 15, table 3-7: the first and last of each row, and what is just outside. */
static void utf8(void **state)
{
	static const char *const good[] = { "",
					    "a\x7f",
					    "\xc2\x80",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xef\xbf\xbf",
					    "\xf0\x90\x80\x80",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80",
					   "\xc0\x80",
					   "\xc1\xbf",
					   "\xc2",
					   "\xc2\x7f",
					   "\xe0\x9f\xbf",
					   "\xe0\xa0",
					   "\xed\xa0\x80",
					   "\xf0\x8f\xbf\xbf",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "\xff",
					   "a\xe2\x82",
					   "\xe2\x28\xa1" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(span_is_utf8(span_str(good[i])));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(span_is_utf8(span_str(bad[i])));
}

static void reading(void **state)
{
	struct reader r = {
		SPAN("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"), 0
	};
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
	struct span s;

	(void)state;
	assert_true(take_u8(&r, &u8) && u8 == 1);
	assert_true(take_u16(&r, &u16) && u16 == 0x0203);
	assert_true(take_u32(&r, &u32) && u32 == 0x04050607);
	assert_true(take_u64(&r, &u64) && u64 == UINT64_C(0x08090a0b0c0d0e0f));
	assert_false(take_u16(&r, &u16));
	assert_int_equal(r.at, 15);
	assert_false(take_bytes(&r, SIZE_MAX, &s));
	assert_true(take_bytes(&r, 1, &s) && reader_done(&r));
	assert_false(take_u8(&r, &u8));
}

static void reading_text(void **state)
{
	struct reader r = { SPAN("one\n\nthree"), 0 }, q = { SPAN("\0\0\0\2ab\0\0\0\3ab"), 0 };
	struct span s;

	(void)state;
	assert_true(take_line(&r, &s) && span_is(s, "one"));
	assert_true(take_line(&r, &s) && span_is(s, ""));
	assert_true(take_line(&r, &s) && span_is(s, "three"));
	assert_false(take_line(&r, &s));
	r.at = 0;
	assert_true(take_until(&r, 'e', &s) && span_is(s, "on"));
	assert_false(take_until(&r, 'x', &s));
	assert_int_equal(r.at, 3);
	assert_true(take_string(&q, &s) && span_is(s, "ab"));
	assert_false(take_string(&q, &s));
	assert_int_equal(q.at, 6);              /* a string that is cut off takes nothing */
}

static void copying(void **state)
{
	CTX(c);
	struct span s;
	char *z;

	(void)state;
	ok(&c, span_copy(&c, SPAN("a\0b"), &s));
	assert_true(span_eq(s, SPAN("a\0b")));
	ok(&c, span_copy(&c, SPAN_NONE, &s));
	assert_int_equal(s.n, 0);
	ok(&c, span_cstr(&c, SPAN("ab"), &z));
	assert_string_equal(z, "ab");
	refused(&c, ERR_FORMAT, "NUL", span_cstr(&c, SPAN("a\0b"), &z));
	ok(&c, span_fmt(&c, &s, "%s %d", "x", 5));
	text_is(s, "x 5");
}

static void wiping(void **state)
{
	unsigned char key[32];

	(void)state;
	memset(key, 7, sizeof key);
	wipe(key, sizeof key);
	for (size_t i = 0; i < sizeof key; i++)
		assert_int_equal(key[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparing), cmocka_unit_test(cutting),
		cmocka_unit_test(numbers),   cmocka_unit_test(utf8),
		cmocka_unit_test(reading),   cmocka_unit_test(reading_text),
		cmocka_unit_test(copying),   cmocka_unit_test(wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
