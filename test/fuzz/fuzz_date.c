/*
 * Header dates: known dates lie in the years that are allowed, and nothing after the header block
 * changes what the block says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/date.h"

#include "base/civil.h"
#include "fuzz.h"

static void check_date(int64_t utc_s)
{
	if (utc_s == DATE_UNKNOWN)
		return;
	CHECK(utc_s > civil_to_days(1899, 12, 26) * DAY_S);
	CHECK(utc_s < civil_to_days(10000, 1, 6) * DAY_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size), body, date = SPAN_NONE;
	size_t n = header_block_length(all);
	struct header_dates whole, block;

	CHECK(n <= size && n <= HEADER_BLOCK_MAX);
	header_dates_of(all, &whole);
	header_dates_of(n ? span_cut(all, 0, n) : all, &block);
	CHECK(whole.header_utc == block.header_utc && whole.received_utc == block.received_utc);
	CHECK(whole.further_dates == block.further_dates);
	check_date(whole.header_utc);
	check_date(whole.received_utc);
	check_date(date_of_field(all));
	if (header_field(all, "date", &date))
		CHECK(date_of_field(date) == whole.header_utc);
	else
		CHECK(whole.header_utc == DATE_UNKNOWN && !whole.further_dates);
	if (!header_field(all, "received", &body))
		CHECK(whole.received_utc == DATE_UNKNOWN);
	return 0;
}
