/*
 * Buffers: growth, big-endian numbers, and the maximum that nothing passes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "../test.h"

static void writing(void **state)
{
	CTX(c);
	struct span out;
	struct buf b;

	(void)state;
	buf_begin(&b, &c, 1024);
	buf_str(&b, "a");
	buf_byte(&b, 'b');
	buf_fmt(&b, "%d%s", 12, "c");
	buf_u16(&b, 0x0102);
	buf_u32(&b, 0x03040506);
	buf_u64(&b, UINT64_C(0x0708090a0b0c0d0e));
	buf_string(&b, SPAN("xy"));
	buf_hex(&b, SPAN("\x0f\xa0"));
	buf_add(&b, SPAN_NONE);
	ok(&c, buf_done(&c, &b, &out));
	assert_true(span_eq(out, SPAN("ab12c\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\0\0\0\2xy0fa0")));
}

static void growing(void **state)
{
	CTX(c);
	struct span out;
	struct buf b;

	(void)state;
	buf_begin(&b, &c, (size_t)1 << 20);
	for (unsigned i = 0; i < 100000; i++)
		buf_byte(&b, (unsigned char)(i % 251));
	ok(&c, buf_done(&c, &b, &out));
	assert_int_equal(out.n, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(out.p[i], i % 251);
}

static void maximum_is_exact(void **state)
{
	CTX(c);
	struct span out;
	struct buf b;

	(void)state;
	buf_begin(&b, &c, 4);
	buf_str(&b, "abcd");
	ok(&c, buf_done(&c, &b, &out));
	text_is(out, "abcd");
	buf_byte(&b, 'e');
	refused(&c, ERR_LIMIT, "limit of 4", buf_done(&c, &b, &out));
	assert_int_equal(out.n, 0);
	buf_begin(&b, &c, 4);
	buf_str(&b, "abcde");
	buf_str(&b, "a");               /* what fits afterwards does not heal it */
	refused(&c, ERR_LIMIT, "4 bytes", buf_done(&c, &b, &out));
	buf_begin(&b, &c, 4);
	buf_fmt(&b, "%s", "abcde");
	refused(&c, ERR_LIMIT, "4 bytes", buf_done(&c, &b, &out));
}

static void numbers(void **state)
{
	static const struct {
		int64_t i;
		const char *want;
	} all[] = { { 0, "0" },
		    { 7, "7" },
		    { -10, "-10" },
		    { INT64_MAX, "9223372036854775807" },
		    { INT64_MIN, "-9223372036854775808" } };
	struct span out;
	struct buf b;

	(void)state;
	CTX(c);
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		buf_begin(&b, &c, 20);
		buf_i64(&b, all[i].i);
		assert_int_equal(buf_done(&c, &b, &out), ERR_OK);
		text_is(out, all[i].want);
	}
	buf_begin(&b, &c, 18);
	buf_i64(&b, INT64_MAX);
	refused(&c, ERR_LIMIT, "18 bytes", buf_done(&c, &b, &out));
	/* Two digits for each byte, or none. */
	buf_begin(&b, &c, 5);
	buf_hex(&b, SPAN("\x00\xff"));
	assert_int_equal(buf_done(&c, &b, &out), ERR_OK);
	text_is(out, "00ff");
	buf_hex(&b, SPAN("x"));
	refused(&c, ERR_LIMIT, "5 bytes", buf_done(&c, &b, &out));
}

static void lack_of_memory(void **state)
{
	CTX_SCOPED struct ctx c;
	struct span out;
	struct buf b;

	(void)state;
	assert_int_equal(ctx_begin(&c, 512), ERR_OK);
	buf_begin(&b, &c, (size_t)1 << 20);
	for (int i = 0; i < 600; i++)
		buf_byte(&b, 'x');
	refused(&c, ERR_LIMIT, "memory", buf_done(&c, &b, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing),
		cmocka_unit_test(growing),
		cmocka_unit_test(maximum_is_exact),
		cmocka_unit_test(numbers),
		cmocka_unit_test(lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
