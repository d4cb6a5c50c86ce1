/*
 * Hex and base64: RFC 4648 section 10, every byte there and back, and each way not to be canonical.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

static void hex(void **state)
{
	static const char *const bad[] = { "", "0", "0g", "0A", "000", " 00", "0x00" };
	unsigned char all[256], back[256];
	CTX(c);
	struct span out;

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	ok(&c, hex_encode(&c, span_of(all, sizeof all), &out));
	assert_int_equal(out.n, 512);
	assert_true(span_starts(out, "000102") && span_ends(out, "fdfeff"));
	assert_true(hex_decode(out, back, sizeof back));
	assert_memory_equal(all, back, sizeof all);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(hex_decode(span_str(bad[i]), back, 1));
	assert_false(hex_decode(SPAN("0000"), back, 1));
	assert_true(hex_decode(SPAN_NONE, back, 0));
}

static void base64_vectors(void **state)
{
	static const struct {
		const char *plain, *coded, *raw;
	} rows[] = { { "", "", "" },
		     { "f", "Zg==", "Zg" },
		     { "fo", "Zm8=", "Zm8" },
		     { "foo", "Zm9v", "Zm9v" },
		     { "foob", "Zm9vYg==", "Zm9vYg" },
		     { "fooba", "Zm9vYmE=", "Zm9vYmE" },
		     { "foobar", "Zm9vYmFy", "Zm9vYmFy" } };
	CTX(c);
	struct span out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		ok(&c, b64_encode(&c, span_str(rows[i].plain), &out));
		text_is(out, rows[i].coded);
		ok(&c, b64_encode_raw(&c, span_str(rows[i].plain), &out));
		text_is(out, rows[i].raw);
		ok(&c, b64_decode(&c, span_str(rows[i].coded), &out));
		text_is(out, rows[i].plain);
		ok(&c, b64_decode_raw(&c, span_str(rows[i].raw), &out));
		text_is(out, rows[i].plain);
	}
}

static void base64_all_bytes(void **state)
{
	unsigned char all[256];
	CTX(c);

	(void)state;
	for (unsigned i = 0; i < 256; i++)
		all[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof all; n++) {
		struct span coded, back;

		ok(&c, b64_encode(&c, span_of(all, n), &coded));
		assert_int_equal(coded.n, (n + 2) / 3 * 4);
		ok(&c, b64_decode(&c, coded, &back));
		assert_true(span_eq(back, span_of(all, n)));
	}
}

static void base64_only_canonical(void **state)
{
	static const char *const bad[] = { "Z",	     "Zg",    "Zg=",  "Zg===",	 "Zh==",     "Zm9=",
					   "Zm9v\n", " Zm9v", "Zm_v", "Zm-v",	 "Zg==Zg==", "=",
					   "====",   "Z===",  "Zm=v", "Zm9v====" };
	CTX(c);
	struct span out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_FORMAT, "base64", b64_decode(&c, span_str(bad[i]), &out));
	refused(&c, ERR_FORMAT, "base64", b64_decode_raw(&c, SPAN("Zg=="), &out));
	refused(&c, ERR_FORMAT, "spare bits", b64_decode_raw(&c, SPAN("Zh"), &out));
	refused(&c, ERR_FORMAT, "length", b64_decode_raw(&c, SPAN("Zm9vY"), &out));
}

static void base64_for_urls(void **state)
{
	CTX(c);
	struct span out, back;

	(void)state;
	ok(&c, b64url_encode(&c, SPAN("\xfb\xff\xfe\x01"), &out));
	text_is(out, "-__-AQ");
	ok(&c, b64url_decode(&c, out, &back));
	assert_true(span_eq(back, SPAN("\xfb\xff\xfe\x01")));
	refused(&c, ERR_FORMAT, "base64", b64url_decode(&c, SPAN("+//+AQ"), &out));
	refused(&c, ERR_FORMAT, "base64", b64url_decode(&c, SPAN("-__-AQ=="), &out));
	refused(&c, ERR_FORMAT, "spare bits", b64url_decode(&c, SPAN("-__-AR"), &out));
	refused(&c, ERR_FORMAT, "base64", b64_decode_raw(&c, SPAN("-__-AQ"), &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex),
		cmocka_unit_test(base64_vectors),
		cmocka_unit_test(base64_all_bytes),
		cmocka_unit_test(base64_only_canonical),
		cmocka_unit_test(base64_for_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
