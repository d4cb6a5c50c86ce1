/*
 * YAML: each value has its line, keys are words and stand once; a refusal names file and line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/yaml.h"
#include "fuzz.h"

static void check_value(const struct json *j, unsigned depth)
{
	bool few = json_count(j) < 500;         /* each against each is too slow for many */

	CHECK(depth <= YAML_DEPTH_MAX);
	CHECK(j->line > 0);
	CHECK(j->type == JSON_TEXT || j->type == JSON_LIST || j->type == JSON_OBJECT);
	CHECK(j->type != JSON_TEXT ||
	      (span_is_utf8(j->s) && (!j->s.n || !memchr(j->s.p, '\n', j->s.n))));
	CHECK(j->type == JSON_TEXT || j->first);
	JSON_EACH(at, j) {
		CHECK((at->key.n > 0) == (j->type == JSON_OBJECT));
		CHECK(at->line >= j->line);
		for (const struct json *other = at->next; few && other; other = other->next)
			CHECK(j->type == JSON_LIST || !span_eq(at->key, other->key));
		check_value(at, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct json *j;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = yaml_parse(&c, "file", span_of(data, size), &j);
	check_result(&c, e);
	CHECK((e == ERR_OK) == (j != NULL));
	if (e == ERR_OK)
		check_value(j, 0);
	else
		CHECK(strncmp(c.why, "file:", 5) == 0);
	return 0;
}
