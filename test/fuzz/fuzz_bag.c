/*
 * The bag inside: the input is what the payload opens to, encrypted here under the sample's key.
 * Whatever is not the sample's bag is noticed by one of the checks of the contents.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct verify_report report;
	struct span s = span_of(data, size);
	bool broken = false;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	CHECK((sample_verify(&c, sample_with(&c, SAMPLE_PACKAGE, sample_package(&c, s)), &report) ==
	       0) == span_eq(s, sample_get()->bag));
	for (int i = VERIFY_OPENS + 1; i < VERIFY_COUNT; i++)
		broken = broken || report.line[i].result == VERIFY_BROKEN;
	CHECK(broken == !span_eq(s, sample_get()->bag));
	return 0;
}
