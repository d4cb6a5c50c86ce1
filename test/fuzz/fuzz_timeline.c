/*
 * The timeline of an order through the verifier: no bytes make the check itself fail, none are fine
 * without a policy, and of those that are broken nothing is told as if it had happened.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/file.h"
#include "format/json.h"
#include "verify/verify.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct verify_job job = { .file = NULL };
	FD_SCOPED int fd = -1;
	struct json *report;
	struct span text;
	char path[32];
	int status, again;

	/* What begins otherwise is a delivered file (fuzz_package.c). */
	if (size == 0 || data[0] != '{')
		return 0;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	fd = world_file(span_of(data, size), path);
	job.file = path;
	CHECK(verify_any(&c, &job, false, &text, &status) == ERR_OK && c.code == ERR_OK);
	CHECK((status == 5 || status == 7) && span_is_utf8(text));
	CHECK(verify_any(&c, &job, true, &text, &again) == ERR_OK && again == status);
	CHECK(json_parse(&c, text, &report) == ERR_OK);
	CHECK((json_get(report, "acts")->first != NULL) == (status == 7));
	return 0;
}
