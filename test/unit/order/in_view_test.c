/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include "order/3_judge/in_view.h"

#define JUDGED(id, verdict, reasons)                                                               \
	"{\"decision\":{\"redirect\":\"NO\",\"demands\":[{\"id\":\"" id                            \
	"\",\"verdict\":\"" verdict "\",\"reasons\":[" reasons "]}]}}"

static enum err allows(struct ctx *c, const char *judged, const char *lines, const char *overrules,
		       const char *reasons)
{
	struct order o = { .ref = SPAN("W-2222-3333"), .judged = parsed(c, judged) };

	return in_view_allows(c, &o, parsed(c, lines), parsed(c, overrules), parsed(c, reasons));
}

static void test_what_may_be_collected(void **state)
{
	static const struct {
		const char *judged, *overrules, *reasons;
		enum err want;
	} rows[] = {
		{ JUDGED("d1", "SUFFICIENT", ""), "[]", "[]", ERR_OK },
		{ JUDGED("d1", "SUFFICIENT", "\"A\""), "[]", "[]", ERR_OK },
		{ JUDGED("d1", "AMBIGUOUS", "\"A\",\"B\""), "[]", "[\"B\"]", ERR_OK },
		{ JUDGED("d1", "AMBIGUOUS", "\"A\",\"B\""), "[]", "[\"C\"]", ERR_DENIED },
		{ JUDGED("d1", "AMBIGUOUS", "\"A\",\"TERR-CONFLICT\""), "[]", "[\"A\"]",
		  ERR_DENIED },
		{ JUDGED("d1", "INSUFFICIENT", "\"A\""), "[\"d1\"]", "[\"A\"]", ERR_OK },
		{ JUDGED("d1", "INSUFFICIENT", "\"A\""), "[\"d2\"]", "[\"A\"]", ERR_DENIED },
		{ JUDGED("d1", "INSUFFICIENT", ""), "[]", "[]", ERR_DENIED },
		/* A line that the judgement says nothing of. */
		{ JUDGED("d2", "SUFFICIENT", ""), "[]", "[]", ERR_DENIED },
		{ "{\"decision\":{\"redirect\":\"NO\",\"demands\":[]}}", "[]", "[]", ERR_DENIED },
		{ "{\"decision\":{\"redirect\":\"NO\"}}", "[\"d1\"]", "[\"A\"]", ERR_DENIED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CTX(c);
		assert_int_equal(allows(&c, rows[i].judged, "[{\"id\":\"d1\"}]", rows[i].overrules,
					rows[i].reasons),
				 rows[i].want);
		if (rows[i].want != ERR_OK)
			assert_true(c.next[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_may_be_collected) };

	return cmocka_run_group_tests_name("order_in_view", tests, NULL, NULL);
}
