/*
 * Pictures: what a tool draws becomes a plain PNG of the same pixels, a scan one of bounded size;
 * cut, lying and oversized ones are refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/picture.h"

#include <leptonica/allheaders.h>

#include "../test.h"
#include "format/png.h"

static void close_pix(PIX **pix)
{
	pixDestroy(pix);
}
#define PIX_SCOPED __attribute__((cleanup(close_pix)))

static PIX *pixels(struct ctx *c, struct span png)
{
	struct png_about about;

	ok(c, png_check(c, png, &about));
	return pixReadMemPng(png.p, png.n);
}

static void test_grey_and_colour(void **state)
{
	PIX_SCOPED PIX *grey = NULL;
	PIX_SCOPED PIX *colour = NULL;
	PIX_SCOPED PIX *pale = NULL;
	struct span png;
	l_uint32 x;

	(void)state;
	CTX(c);
	ok(&c, picture_of_pnm(&c, SPAN("P5\n3 2\n255\n\x01\x02\x03\xf1\xf2\xf3"), &png));
	grey = pixels(&c, png);
	assert_int_equal(pixGetDepth(grey), 8);
	for (int i = 0; i < 6; i++) {
		pixGetPixel(grey, i % 3, i / 3, &x);
		assert_int_equal(x, "\x01\x02\x03\xf1\xf2\xf3"[i] & 0xff);
	}
	ok(&c, picture_of_pnm(&c, SPAN("P6\n2 1\n255\n\x01\x02\x03\xf1\xf2\xf3"), &png));
	colour = pixels(&c, png);
	assert_int_equal(pixGetDepth(colour), 32);
	pixGetPixel(colour, 1, 0, &x);
	assert_int_equal(x >> 8, 0xf1f2f3);
	/* Three equal channels are grey. */
	ok(&c, picture_of_pnm(&c, SPAN("P6\n2 1\n255\n\x07\x07\x07\x08\x08\x08"), &png));
	pale = pixels(&c, png);
	assert_int_equal(pixGetDepth(pale), 8);
}

static void test_what_no_tool_draws(void **state)
{
	static const struct span bad[] = {
		SPAN(""),
		SPAN("P5"),
		SPAN("P4\n8 1\n\xff"),
		SPAN("P5\n"),
		SPAN("P5\n1\n"),
		SPAN("P5\n1 1\n"),
		SPAN("P5\n1 1\n255\n"),
		SPAN("P5\n1 1\n255\nxy"),
		SPAN("P5\n2 1\n255\nx"),
		SPAN("P5\n1 1\n65535\nxy"),
		SPAN("P5\n-1 1\n255\nx"),
		SPAN("P5\n+1 1\n255\nx"),
		SPAN("P5\n0x1 1\n255\nx"),
		SPAN("P5\n 1 1\n255\nx"),
		SPAN("P5\n1000001 1\n255\nx"),
		SPAN("P5\n4294967297 1\n255\nx"),
		SPAN("P6\n1 1\n255\nxy"),
		SPAN("P5\n# comment\n1 1\n255\nx"),
	};
	static const struct span large[] = {
		SPAN("P5\n0 1\n255\n"),
		SPAN("P5\n1 0\n255\n"),
		SPAN("P5\n10001 1\n255\nx"),
		SPAN("P6\n999999 999999\n255\nx"),
	};
	struct span png;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CTX(c);
		fails(&c, ERR_FORMAT, picture_of_pnm(&c, bad[i], &png));
	}
	for (size_t i = 0; i < COUNT_OF(large); i++) {
		CTX(c);
		refused(&c, ERR_LIMIT, "pixels", picture_of_pnm(&c, large[i], &png));
	}
}

/* A page of that size as a scanner hands it over; the caller frees it. */
static struct span scan(struct ctx *c, int w, int h, int depth, int format)
{
	PIX_SCOPED PIX *pix = pixCreate(w, h, depth);
	l_uint8 *p = NULL;
	struct span out;
	size_t n = 0;

	for (int x = 0; x < w && x < h; x++)
		pixSetPixel(pix, x, x, depth == 1 ? 1 : 0x80402000);
	assert_int_equal(pixWriteMem(&p, &n, pix, format), 0);
	ok(c, span_copy(c, span_of(p, n), &out));
	lept_free(p);
	return out;
}

static void test_scans(void **state)
{
	static const struct {
		int depth, format;
		enum picture_kind kind;
		const char *name;
	} scans[] = {
		{ 1, IFF_PNG, PICTURE_PNG, "png" },
		{ 8, IFF_PNG, PICTURE_PNG, "png" },
		{ 32, IFF_PNG, PICTURE_PNG, "png" },
		{ 8, IFF_JFIF_JPEG, PICTURE_JPEG, "jpeg" },
		{ 32, IFF_JFIF_JPEG, PICTURE_JPEG, "jpeg" },
		{ 1, IFF_TIFF_G4, PICTURE_TIFF, "tiff" },
		{ 8, IFF_TIFF_LZW, PICTURE_TIFF, "tiff" },
		{ 32, IFF_TIFF_ZIP, PICTURE_TIFF, "tiff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(scans); i++) {
		CTX(c);
		struct span s = scan(&c, 300, 200, scans[i].depth, scans[i].format), png;
		struct picture_about about;
		struct png_about frame;

		assert_int_equal(picture_kind_of(s), scans[i].kind);
		assert_string_equal(picture_kind_name(scans[i].kind), scans[i].name);
		ok(&c, picture_look(&c, scans[i].kind, s, &about));
		assert_int_equal(about.pages, 1);
		assert_int_equal(about.width, 300);
		assert_int_equal(about.height, 200);
		ok(&c, picture_of_scan(&c, scans[i].kind, s, 1, 1000, false, &png));
		ok(&c, png_check(&c, png, &frame));
		assert_int_equal(frame.width, 300);
		ok(&c, picture_of_scan(&c, scans[i].kind, s, 1, 90, true, &png));
		ok(&c, png_check(&c, png, &frame));
		assert_int_equal(frame.width, 90);
		assert_int_equal(frame.height, 60);
		assert_false(frame.colour);
		fails(&c, ERR_FORMAT, picture_of_scan(&c, scans[i].kind, s, 2, 90, true, &png));
		fails(&c, ERR_FORMAT, picture_of_scan(&c, scans[i].kind, s, 0, 90, true, &png));
		fails(&c, ERR_FORMAT,
		      picture_of_scan(&c, scans[i].kind, s, INT64_MAX, 90, true, &png));
	}
}

/* Cut anywhere: an error, or the picture with its rest in grey, as libraries have it; no harm. */
static void test_cut_scans(void **state)
{
	static const int formats[] = { IFF_PNG, IFF_JFIF_JPEG, IFF_TIFF_LZW };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		CTX(c);
		struct span s = scan(&c, 60, 40, 8, formats[i]), png;

		for (size_t n = 4; n < s.n; n += 1 + s.n / 60) {
			struct png_about frame;

			if (picture_of_scan(&c, picture_kind_of(s), span_cut(s, 0, n), 1, 90, true,
					    &png) == ERR_OK)
				ok(&c, png_check(&c, png, &frame));
			else
				err_clear(&c);
		}
	}
}

static void test_a_scan_that_is_too_large(void **state)
{
	struct span png;

	(void)state;
	CTX(c);
	/* 20,000 x 20,000 pixels in a few bytes. */
	static const struct span bomb = SPAN("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x4e\x20\0\0\x4e"
					     "\x20\x08\0\0\0\0CRC1\0\0\0\x03IDATxyzCRC2");
	refused(&c, ERR_LIMIT, "the limit is",
		picture_of_scan(&c, PICTURE_PNG, bomb, 1, 1000, true, &png));
	refused(&c, ERR_FORMAT, "no page",
		picture_of_scan(&c, PICTURE_NONE, bomb, 1, 1000, true, &png));
	assert_null(picture_kind_name(PICTURE_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grey_and_colour),
		cmocka_unit_test(test_what_no_tool_draws),
		cmocka_unit_test(test_scans),
		cmocka_unit_test(test_cut_scans),
		cmocka_unit_test(test_a_scan_that_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
