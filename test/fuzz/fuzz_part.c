/*
 * One part of the delivered file replaced by the input, all others as they were signed: the first
 * byte says which. Whatever is not the part itself is noticed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c = { 0 };
	struct verify_report report;
	enum sample_part part;
	struct span s;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	part = data[0] % SAMPLE_PARTS;
	s = span_of(data + 1, size - 1);
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	CHECK((sample_verify(&c, sample_with(&c, part, s), &report) == 0) ==
	      span_eq(s, sample_get()->part[part]));
	return 0;
}
