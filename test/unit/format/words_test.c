/*
 * Words for a hash: the examples of RFC 1751 and RFC 2289, whose last two bits are their parity.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/words.h"

#include "../test.h"

static void examples(void **state)
{
	static const struct {
		const char *hex, *words;
	} rows[] = {
		{ "eb33f77ee73d405340", "TIDE ITCH SLOW REIN RULE MOT" },       /* RFC 1751 */
		{ "d1854218ebbb0b51c0", "ROME MUG FRED SCAN LIVE LACE" },       /* RFC 2289 */
		{ "000000000000000000", "A A A A A A" },
		{ "ffffffffffffffffff", "YOKE YOKE YOKE YOKE YOKE YOKE" },
	};
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		unsigned char hash[9];
		struct span out;

		assert_true(hex_decode(span_str(rows[i].hex), hash, sizeof hash));
		ok(&c, hash_words(&c, span_of(hash, sizeof hash), &out));
		text_is(out, rows[i].words);
		/* The last six bits are beyond the 66. */
		hash[8] ^= 0x3f;
		ok(&c, hash_words(&c, span_of(hash, sizeof hash), &out));
		text_is(out, rows[i].words);
	}
}

/* Every one of the 66 bits is told. */
static void each_bit(void **state)
{
	unsigned char hash[32] = { 0 };
	struct span none, out;
	CTX(c);

	(void)state;
	ok(&c, hash_words(&c, span_of(hash, sizeof hash), &none));
	for (unsigned bit = 0; bit < 256; bit++) {
		hash[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
		ok(&c, hash_words(&c, span_of(hash, sizeof hash), &out));
		assert_int_equal(span_eq(out, none), bit >= 66);
		hash[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
	}
}

static void too_short(void **state)
{
	struct span out;
	CTX(c);

	(void)state;
	refused(&c, ERR_FORMAT, "66 bits", hash_words(&c, SPAN("12345678"), &out));
	refused(&c, ERR_FORMAT, "66 bits", hash_words(&c, SPAN_NONE, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(each_bit),
		cmocka_unit_test(too_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
