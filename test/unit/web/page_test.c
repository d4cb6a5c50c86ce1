/*
 * A compiled page as bytes: what comes from outside stays text wherever it stands.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "web/pages.h"

#include "../test.h"

static void trouble_says_why(void **state)
{
	CTX_SCOPED struct ctx c;
	struct page_view view = { .provider = SPAN("Example <Mail>"),
				  .look = SPAN("0123") };
	struct page_trouble p = { .view = &view,
				  .why = SPAN("<script>alert(1)</script>"),
				  .request_id = SPAN("7") };
	struct span zone = SPAN("UTC");
	struct buf b;

	(void)state;
	assert_int_equal(ctx_begin(&c, 1 << 20), ERR_OK);
	assert_int_equal(zone_open(&c, zone, &view.base.zone), ERR_OK);
	view.base.zone_name = zone;
	buf_begin(&b, &c, 1 << 16);
	assert_int_equal(page_trouble(&c, &p, &b), ERR_OK);
	assert_non_null(memmem(b.p, b.n, "&lt;script&gt;alert(1)", 22));
	assert_non_null(memmem(b.p, b.n, "Example &lt;Mail&gt;", 20));
	assert_null(memmem(b.p, b.n, "<script>", 8));
}

/* A form without its token could not be sent: the page fails instead. */
static void a_form_needs_its_token(void **state)
{
	CTX_SCOPED struct ctx c;
	struct page_view view = { .provider = SPAN("Example"), .look = SPAN("0123"),
				  .person = SPAN("Ana") };
	struct page_trouble p = { .view = &view, .why = SPAN("why") };
	struct buf b;

	(void)state;
	assert_int_equal(ctx_begin(&c, 1 << 20), ERR_OK);
	buf_begin(&b, &c, 1 << 16);
	refused(&c, ERR_FAILED, "without a time zone or a language", page_trouble(&c, &p, &b));
	assert_int_equal(zone_open(&c, SPAN("UTC"), &view.base.zone), ERR_OK);
	refused(&c, ERR_STATE, "its session has no token for it", page_trouble(&c, &p, &b));
	view.base.token = SPAN("t0ken");
	buf_begin(&b, &c, 1 << 16);
	assert_int_equal(page_trouble(&c, &p, &b), ERR_OK);
	assert_non_null(memmem(b.p, b.n, "name=\"token\" value=\"t0ken\"", 26));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trouble_says_why),
		cmocka_unit_test(a_form_needs_its_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
