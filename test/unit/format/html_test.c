/*
 * HTML by a typed writer: what comes from outside stays text, whatever it holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/html.h"

static void text_is_escaped(void **state)
{
	CTX_SCOPED struct ctx c;
	struct html h;
	struct span out;

	(void)state;
	assert_int_equal(ctx_begin(&c, 1 << 20), ERR_OK);
	html_begin(&h, &c, 4096, SPAN("</title><script>"), "b{}");
	html_put(&h, "p", SPAN("<b a=\"1\" c='2'>&amp;\x01\x7f\n"));
	assert_int_equal(html_done(&c, &h, &out), ERR_OK);
	assert_true(span_is(out,
			    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n"
			    "<title>&lt;/title&gt;&lt;script&gt;</title>\n<style>b{}</style>\n"
			    "</head>\n<body><p>&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;"
			    "\xe2\x90\x81\xe2\x90\xa1\n</p>\n</body>\n</html>\n"));
}

static void what_does_not_fit_is_an_error(void **state)
{
	CTX_SCOPED struct ctx c;
	struct html h;
	struct span out;

	(void)state;
	assert_int_equal(ctx_begin(&c, 1 << 20), ERR_OK);
	html_begin(&h, &c, 64, SPAN("title"), "");
	html_put(&h, "p", SPAN("more than there is room for"));
	assert_int_not_equal(html_done(&c, &h, &out), ERR_OK);
	assert_int_equal(out.n, 0);
	err_clear(&c);
	html_begin(&h, &c, 4096, SPAN("title"), "");
	for (unsigned i = 0; i < HTML_DEPTH_MAX; i++)
		html_open(&h, "p");
	assert_int_not_equal(html_done(&c, &h, &out), ERR_OK);
	err_clear(&c);
	html_begin(&h, &c, 4096, SPAN("title"), "");
	html_close(&h);
	html_close(&h);
	html_close(&h);
	assert_int_not_equal(html_done(&c, &h, &out), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
