/*
 * Pictures: what is believed to be a plain PNG is its own plain form; what a tool drew becomes one
 * of the same size, or an error. Scans are decoded by leptonica, which has fuzzers of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/picture.h"

#include "format/png.h"
#include "fuzz.h"

#define SMALL 40000u

static void check_png(struct ctx *c, struct span png)
{
	struct png_about about, again;
	struct span plain, twice;

	if (png_check(c, png, &about) == ERR_OK) {
		CHECK(about.width && about.height && about.width <= PNG_SIDE_MAX &&
		      about.height <= PNG_SIDE_MAX);
		CHECK(png_plain(c, png, &plain) == ERR_OK && span_eq(plain, png));
	}
	err_clear(c);
	if (png_plain(c, png, &plain) == ERR_OK) {
		CHECK(png_check(c, plain, &again) == ERR_OK);
		CHECK(png_plain(c, plain, &twice) == ERR_OK && span_eq(plain, twice));
	}
	err_clear(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c = { .arena = NULL };
	struct png_about about;
	struct span png;

	if (size > SMALL)
		return 0;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	check_png(&c, span_of(data, size));
	if (picture_of_pnm(&c, span_of(data, size), &png) == ERR_OK) {
		CHECK(png_check(&c, png, &about) == ERR_OK);
		CHECK((size_t)about.width * about.height < size);
	}
	return 0;
}
