/*
 * JSON: what is read can be written, and what was written reads as the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c = { 0 };
	struct json *j, *again;
	struct span text;
	enum err e;

	if (size > INPUT_MAX)
		return 0;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = json_parse(&c, span_of(data, size), &j);
	check_result(&c, e);
	if (e != ERR_OK)
		return 0;
	/* The canonical form is never longer than what was read. */
	CHECK(json_write(&c, j, size + 1, &text) == ERR_OK);
	CHECK(json_parse_canonical(&c, text, &again) == ERR_OK);
	CHECK(json_equal(j, again));
	CHECK(json_write_pretty(&c, j, ARENA_MAX, &text) == ERR_OK);
	CHECK(json_parse(&c, text, &again) == ERR_OK);
	CHECK(json_equal(j, again));
	CHECK(json_clone(&c, j, &again) == ERR_OK && json_equal(j, again));
	return 0;
}
