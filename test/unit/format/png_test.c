/*
 * The frame of a PNG: the one form that is believed, and everything near it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/png.h"

#include "../test.h"

#define SIGNATURE "\x89PNG\r\n\x1a\n"
#define IHDR(w, h, rest) "\0\0\0\x0dIHDR" w h rest "CRC1"
#define GREY8 "\x08\0\0\0\0"
#define COLOUR8 "\x08\x02\0\0\0"
#define TWO "\0\0\0\x02"
#define IDAT "\0\0\0\x03" "IDATxyzCRC2"
#define TEXT "\0\0\0\x03" "tEXta\0bCRC3"
#define IEND "\0\0\0\0" "IENDCRC4"

static const struct span good = SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) IDAT IDAT IEND);

static void test_the_one_form(void **state)
{
	struct png_about about;
	struct span plain;

	(void)state;
	CTX(c);
	ok(&c, png_check(&c, good, &about));
	assert_int_equal(about.width, 2);
	assert_int_equal(about.height, 2);
	assert_false(about.colour);
	ok(&c, png_plain(&c, good, &plain));
	assert_true(span_eq(plain, good));
	ok(&c, png_check(&c, SPAN(SIGNATURE IHDR(TWO, TWO, COLOUR8) IDAT IEND), &about));
	assert_true(about.colour);
}

static void test_what_else_an_encoder_wrote_is_left_out(void **state)
{
	static const struct span talkative =
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) TEXT IDAT IDAT TEXT IEND);
	struct png_about about;
	struct span plain;

	(void)state;
	CTX(c);
	refused(&c, ERR_FORMAT, "another chunk", png_check(&c, talkative, &about));
	ok(&c, png_plain(&c, talkative, &plain));
	assert_true(span_eq(plain, good));
}

static void test_each_cut(void **state)
{
	struct png_about about;

	(void)state;
	for (size_t n = 0; n < good.n; n++) {
		CTX(c);
		assert_int_not_equal(png_check(&c, span_cut(good, 0, n), &about), ERR_OK);
	}
}

static void test_what_is_none(void **state)
{
	static const struct span bad[] = {
		SPAN(""),
		SPAN("GIF89a"),
		SPAN("\x89PNG\r\n\x1a\r" IHDR(TWO, TWO, GREY8) IDAT IEND),
		SPAN(SIGNATURE IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x10\0\0\0\0") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x01\0\0\0\0") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x08\x03\0\0\0") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x08\x06\0\0\0") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x08\0\x01\0\0") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x08\0\0\x01\0") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, "\x08\0\0\0\x01") IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) IDAT),
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) IDAT IEND "x"),
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) IDAT IEND IEND),
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) IDAT "\0\0\0\x01" "IENDxCRC4"),
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) "\xff\xff\xff\xff" "IDATxyzCRC2" IEND),
	};
	/* A critical chunk that is not known cannot be left out. */
	static const struct span palette =
		SPAN(SIGNATURE IHDR(TWO, TWO, GREY8) "\0\0\0\x03" "PLTExyzCRC2" IDAT IEND);
	struct png_about about;
	struct span plain;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CTX(c);
		refused(&c, ERR_FORMAT, "no plain PNG", png_check(&c, bad[i], &about));
		refused(&c, ERR_FORMAT, "no plain PNG", png_plain(&c, bad[i], &plain));
	}
	CTX(c);
	refused(&c, ERR_FORMAT, "another chunk", png_plain(&c, palette, &plain));
}

static void test_sizes(void **state)
{
	static const struct span bad[] = {
		SPAN(SIGNATURE IHDR("\0\0\0\0", TWO, GREY8) IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, "\0\0\0\0", GREY8) IDAT IEND),
		SPAN(SIGNATURE IHDR("\0\0\x27\x11", TWO, GREY8) IDAT IEND),
		SPAN(SIGNATURE IHDR(TWO, "\xff\xff\xff\xff", GREY8) IDAT IEND),
	};
	struct png_about about;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CTX(c);
		refused(&c, ERR_LIMIT, "each side", png_check(&c, bad[i], &about));
	}
	CTX(c);
	ok(&c, png_check(&c, SPAN(SIGNATURE IHDR("\0\0\x27\x10", TWO, GREY8) IDAT IEND), &about));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_one_form),
		cmocka_unit_test(test_what_else_an_encoder_wrote_is_left_out),
		cmocka_unit_test(test_each_cut),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
