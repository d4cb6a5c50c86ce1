/*
 * Order files through the strict reader and their schema: a refusal names file and line; what is
 * accepted can travel as JSON, and is what its own FACTS say. The same bytes as answers or
 * stores.yaml, whose schema is the caller's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/facts.h"
#include "fuzz.h"
#include "hand/read.h"

static void check_refusal(const struct ctx *c)
{
	CHECK(strncmp(c->why, "file:", 5) == 0);
	CHECK(c->why[5] >= '0' && c->why[5] <= '9');
}

/* The hand's result is JSON; writ reads it and looks at it again. */
static void check_travels(struct ctx *c, const struct json *j, bool order)
{
	struct json *again;
	struct span text;

	CHECK(json_write(c, j, ARENA_MAX, &text) == ERR_OK);
	CHECK(json_parse_canonical(c, text, &again) == ERR_OK);
	CHECK(json_equal(j, again));
	if (!order)
		return;
	CHECK(facts_check(c, "again", json_get(again, "facts"),
			  FACTS_PROVIDER_ABSENT | FACTS_ORDER_ID_ABSENT) == ERR_OK);
	CHECK(json_get(again, "lines")->type == JSON_LIST && json_get(again, "lines")->first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct json *j;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = read_yaml(&c, "file", span_of(data, size), &j);
	check_result(&c, e);
	if (e != ERR_OK) {
		check_refusal(&c);
		err_clear(&c);
		/* The order's schema knows every key: it takes no others. */
		CHECK(read_order(&c, "file", span_of(data, size), &j) != ERR_OK);
		check_refusal(&c);
		return 0;
	}
	check_travels(&c, j, false);
	e = read_order(&c, "file", span_of(data, size), &j);
	check_result(&c, e);
	if (e == ERR_OK)
		check_travels(&c, j, true);
	else
		check_refusal(&c);
	return 0;
}
