/*
 * Ranges of a file and the version they belong to.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/range.h"

#include "../test.h"

static void ranges(void **state)
{
	static const struct {
		const char *range, *if_range;
		enum range_kind kind;
		int64_t from, bytes;
	} rows[] = {
		{ "", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-0", "", RANGE_PART, 0, 1 },
		{ "bytes=99-", "", RANGE_PART, 99, 1 },
		{ "bytes=0-", "\"e\"", RANGE_PART, 0, 100 },
		{ "bytes=-1", "", RANGE_PART, 99, 1 },
		{ "bytes=-100", "", RANGE_PART, 0, 100 },
		{ "bytes=-101", "", RANGE_PART, 0, 100 },
		{ "Bytes= 5-5", "", RANGE_PART, 5, 1 },
		{ "bytes=5-1000", "", RANGE_PART, 5, 95 },
		{ "bytes=100-", "", RANGE_NONE, 0, 0 },
		{ "bytes=100-100", "", RANGE_NONE, 0, 0 },
		{ "bytes=-0", "", RANGE_NONE, 0, 0 },
		{ "bytes=999999999999999999-", "", RANGE_NONE, 0, 0 },
		{ "bytes=9999999999999999999-", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=5-4", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=1-2,4-5", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=-", "", RANGE_WHOLE, 0, 100 },
		{ "bytes", "", RANGE_WHOLE, 0, 100 },
		{ "lines=0-1", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=+1-2", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=1-2x", "", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-0", "e", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-0", "\"f\"", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-0", "W/\"e\"", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-0", "\"", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-0", "Sun, 22 Nov 2026 10:00:00 GMT", RANGE_WHOLE, 0, 100 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct range r = range_of(span_str(rows[i].range), span_str(rows[i].if_range),
					  SPAN("e"), 100);

		if (r.kind != rows[i].kind || r.from != rows[i].from || r.bytes != rows[i].bytes)
			fail_msg("row %zu: %d %lld+%lld", i, r.kind, (long long)r.from,
				 (long long)r.bytes);
	}
	/* What has no version cannot be gone on with; what is empty has no part. */
	assert_int_equal(range_of(SPAN("bytes=0-0"), SPAN(""), SPAN(""), 100).kind, RANGE_WHOLE);
	assert_int_equal(range_of(SPAN("bytes=0-0"), SPAN(""), SPAN("e"), 0).kind, RANGE_NONE);
	assert_int_equal(range_of(SPAN("bytes=-5"), SPAN(""), SPAN("e"), 0).kind, RANGE_NONE);
}

static void etags(void **state)
{
	(void)state;
	assert_true(range_has_etag(SPAN("\"a\""), SPAN("a")));
	assert_true(range_has_etag(SPAN("W/\"a\""), SPAN("a")));
	assert_true(range_has_etag(SPAN("\"x\" , W/\"y\",\"a\""), SPAN("a")));
	assert_true(range_has_etag(SPAN("*"), SPAN("a")));
	assert_false(range_has_etag(SPAN(""), SPAN("a")));
	assert_false(range_has_etag(SPAN("a"), SPAN("a")));
	assert_false(range_has_etag(SPAN("\"ab\""), SPAN("a")));
	assert_false(range_has_etag(SPAN("*"), SPAN("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(ranges), cmocka_unit_test(etags) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
