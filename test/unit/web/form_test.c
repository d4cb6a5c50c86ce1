/*
 * Forms, queries and cookies, and what is none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/form.h"

#include "format/html.h"

#include "../test.h"

static void forms(void **state)
{
	struct web_fields f;
	CTX(c);

	(void)state;
	ok(&c, form_read(&c, SPAN(""), &f));
	assert_int_equal(f.n, 0);
	ok(&c, form_read(&c, SPAN("a=b&&c=&d&e=f=g&a=%2B+%26&%C3%A9=%0D%0A%0D%0A%09"), &f));
	assert_int_equal(f.n, 6);
	text_is(web_value(f, "a"), "b");
	text_is(f.at[4].value, "+ &");
	text_is(web_value(f, "e"), "f=g");
	text_is(web_value(f, "\xc3\xa9"), "\n\n\t");
	assert_true(web_has(f, "c") && web_has(f, "d") && !web_value(f, "d").n);
	ok(&c, form_read(&c, SPAN("a=%00%1b[31m%7f"), &f));
	text_is(f.at[0].value, "\xef\xbf\xbd\xef\xbf\xbd[31m\xef\xbf\xbd");
}

static void no_forms(void **state)
{
	static const char *const bad[] = { "a=%",    "a=%4",    "a=%4g",   "%=a",      "a=%ff",
					   "=b",     "a=%c0%80", "a=\xff", "%ed%a0%80=a", "a&b&=c",
					   "a=%%41", "a=% 41",   "a=%+1" };
	unsigned char long_name[80], many[1200];
	struct web_fields f;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		fails(&c, ERR_FORMAT, form_read(&c, span_str(bad[i]), &f));
		assert_int_equal(f.n, 0);
	}
	memset(long_name, 'n', sizeof long_name);
	ok(&c, form_read(&c, span_of(long_name, WEB_FIELD_NAME_MAX), &f));
	fails(&c, ERR_FORMAT, form_read(&c, span_of(long_name, WEB_FIELD_NAME_MAX + 1), &f));
	for (size_t i = 0; i < sizeof many; i++)
		many[i] = i % 2 ? '&' : 'a';
	ok(&c, form_read(&c, span_of(many, 2 * WEB_FIELDS_MAX - 1), &f));
	assert_int_equal(f.n, WEB_FIELDS_MAX);
	fails(&c, ERR_LIMIT, form_read(&c, span_of(many, 2 * WEB_FIELDS_MAX), &f));
}

/* What a field shows in the place of what nobody sees comes back as that; and nothing else does. */
static void what_a_field_shows(void **state)
{
	static const char *const texts[] = {
		"a\u202eb",
		"\u2066x\u2069",
		"\u200b",
		"\ufeff",
		"\U000e0041",
		"\ufffe",
		"\U0010ffff",
		"\u00ad",
		"\u061c",
		"\U0001d173",
		"\xc2\x85",
		"\u27e6",
		"\u27e7",
		"\u27e6U+202E\u27e7",
		"\u27e6U+",
		"\u27e6\u202e",
		"\u27e6U+27E6\u27e7U+202E\u27e7",
		"[U+202E]",
		"\u0633\u200c\u0634",
	};
	static const char *const others[] = {
		"\u27e6U+0041\u27e7", "\u27e6U+202e\u27e7",    "\u27e6U+202E",
		"\u27e6U+20\u27e7",   "\u27e6U+1234567\u27e7", "\u27e6U+110000\u27e7",
		"\u27e6U+000A\u27e7", "\u27e6U+D800\u27e7",
	};
	struct span s, shown;
	struct buf b;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		buf_begin(&b, &c, 1000);
		html_escape(&b, HTML_VALUE, span_str(texts[i]));
		ok(&c, buf_done(&c, &b, &shown));
		ok(&c, form_text(&c, shown, &s));
		text_is(s, texts[i]);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		ok(&c, form_text(&c, span_str(others[i]), &s));
		text_is(s, others[i]);
	}
}

static void segments(void **state)
{
	struct span s;
	CTX(c);

	(void)state;
	ok(&c, form_unescape(&c, SPAN("a+b%20%C3%A9"), &s));
	text_is(s, "a+b \xc3\xa9");
	fails(&c, ERR_FORMAT, form_unescape(&c, SPAN("%0a"), &s));
	fails(&c, ERR_FORMAT, form_unescape(&c, SPAN("%80"), &s));
	fails(&c, ERR_FORMAT, form_unescape(&c, SPAN("%8"), &s));
}

static void cookies(void **state)
{
	struct web_fields f;
	struct buf b;
	struct span s;
	CTX(c);

	(void)state;
	ok(&c, cookies_read(&c, SPAN(""), &f));
	assert_int_equal(f.n, 0);
	ok(&c, cookies_read(&c, SPAN("__Host-session=ab; b=c=d;e=f"), &f));
	assert_int_equal(f.n, 3);
	text_is(web_value(f, "b"), "c=d");
	/* Other programs of this host set cookies of any kind: they make ours neither bad nor good.
	 */
	ok(&c, cookies_read(&c, SPAN("x; =y; \"z\"=1; a=\"q\"; a b=c; k=v,w; \xc3\xa9=1; ok=1; ;"),
			    &f));
	assert_int_equal(f.n, 1);
	text_is(web_value(f, "ok"), "1");
	/* Of two with one name the first may be another's: neither counts. */
	ok(&c, cookies_read(&c, SPAN("s=1; t=2; s=3; u=; s=4"), &f));
	assert_int_equal(f.n, 1);
	text_is(f.at[0].name, "t");
	buf_begin(&b, &c, 4096);
	for (unsigned i = 0; i <= WEB_COOKIES_MAX; i++)
		buf_fmt(&b, "c%u=1;", i);
	ok(&c, buf_done(&c, &b, &s));
	fails(&c, ERR_LIMIT, cookies_read(&c, s, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(forms), cmocka_unit_test(no_forms),
					    cmocka_unit_test(segments),
					    cmocka_unit_test(what_a_field_shows),
					    cmocka_unit_test(cookies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
