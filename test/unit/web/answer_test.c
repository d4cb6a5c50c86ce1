/*
 * What a handler may put into an answer, and how it looks things up in a request.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>

#include "web/http.h"

#include "../test.h"

#define REQUEST(r)                                                                                 \
	CTX(r##_ctx);                                                                              \
	struct request r = { .c = &r##_ctx };                                                      \
	struct answer a = { .fd = -1 }

static void looking_up(void **state)
{
	static const struct web_field form[] = {
		{ SPAN("line"), SPAN("a") }, { SPAN("note"), SPAN("") }, { SPAN("line"), SPAN("b") }
	};
	static const struct web_field headers[] = { { SPAN("If-None-Match"), SPAN("\"x\"") } };
	static const struct web_field cookies[] = { { SPAN("session"), SPAN("forged") },
						    { SPAN("__Host-session"), SPAN("real") } };
	struct web_fields f = { form, 3 };
	struct request r = { .headers = { headers, 1 }, .cookies = { cookies, 2 } };
	struct span s;
	size_t at = 0;

	(void)state;
	text_is(web_value(f, "line"), "a");
	assert_true(web_next(f, "line", &at, &s) && span_is(s, "a"));
	assert_true(web_next(f, "line", &at, &s) && span_is(s, "b"));
	assert_false(web_next(f, "line", &at, &s));
	assert_true(web_has(f, "note") && !web_has(f, "Note"));
	assert_int_equal(web_value(f, "missing").n, 0);
	text_is(web_header(&r, "if-none-match"), "\"x\"");
	/* A cookie that another program of the same host could have set is none. */
	text_is(web_cookie(&r, "session"), "real");
	assert_int_equal(web_cookie(&r, "other").n, 0);
}

static void pages(void **state)
{
	struct buf b;
	REQUEST(r);

	(void)state;
	buf_begin(&b, r.c, 4);
	buf_str(&b, "page");
	ok(r.c, answer_page(&r, &a, &b));
	assert_int_equal(a.status, 200);
	text_is(a.body, "page");
	a.status = 409;
	ok(r.c, answer_page(&r, &a, &b));
	assert_int_equal(a.status, 409);
	buf_str(&b, "longer than its maximum");
	refused(r.c, ERR_LIMIT, "a text would be longer", answer_page(&r, &a, &b));
	refused(r.c, ERR_LIMIT, "the text of an answer is longer",
		answer_text(&r, &a, 404, "%09999d", 1));
	ok(r.c, answer_text(&r, &a, 404, "no %s", "such"));
	text_is(a.body, "no such");
	ok(r.c, answer_json(&r, &a, 200, SPAN("{}")));
	text_is(a.type, "application/json");
}

static void elsewhere(void **state)
{
	static const char *const bad[] = {
		"//evil.example/", "https://evil.example/", "/\\evil", "",
		"order",           "/a\r\nSet-Cookie: x=1", "/a b",    "/\xc3\xa9",
		"/a\x01",          "/order\\..\\x"
	};
	REQUEST(r);

	(void)state;
	ok(r.c, answer_see(&r, &a, "/order/%s?tab=%d", "W-7KQF-2M9D", 2));
	assert_int_equal(a.status, 303);
	text_is(a.location, "/order/W-7KQF-2M9D?tab=2");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(r.c, ERR_FORMAT, "no page of this site", answer_see(&r, &a, "%s", bad[i]));
	refused(r.c, ERR_FORMAT, "no page of this site", answer_see(&r, &a, "/%05000d", 1));
}

static void files(void **state)
{
	REQUEST(r);
	int fd = -1;

	(void)state;
	ok(r.c, memfd_of(r.c, "x", SPAN("0123456789"), &fd));
	ok(r.c, answer_file(&r, &a, fd, "image/png", SPAN("abc"), SPAN("a.png")));
	assert_int_equal(a.fd, fd);
	assert_int_equal(a.fd_bytes, 10);
	close(fd);
	ok(r.c, memfd_of(r.c, "x", SPAN("0123456789"), &fd));
	refused(r.c, ERR_FORMAT, "an ETag has a character that it cannot have",
		answer_file(&r, &a, fd, "image/png", SPAN("a\"b"), SPAN("")));
	assert_int_equal(fcntl(fd, F_GETFD), -1);       /* it was taken all the same */
	refused(r.c, ERR_IO, "the file of an answer cannot be read",
		answer_file(&r, &a, open(folder, O_RDONLY), "x", SPAN(""), SPAN("")));
}

static void cookies(void **state)
{
	static const char *const bad[] = { "a;b", "a b", "a,b", "a\r\nb", "a=b", "\xc3\xa9" };
	REQUEST(r);

	(void)state;
	ok(r.c, answer_cookie(&r, &a, "session", SPAN("Ab_9-"), 0));
	text_is(a.cookies[0],
		"__Host-session=Ab_9-; Path=/; Secure; HttpOnly; SameSite=Strict");
	ok(r.c, answer_cookie(&r, &a, "session", SPAN("x"), 900));
	text_is(a.cookies[1],
		"__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=900");
	ok(r.c, answer_cookie(&r, &a, "session", SPAN(""), -1));
	text_is(a.cookies[2],
		"__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		refused(r.c, ERR_FORMAT, "a cookie has a name or value that it cannot have",
			answer_cookie(&r, &a, "session", span_str(bad[i]), 0));
		refused(r.c, ERR_FORMAT, "a cookie has a name or value that it cannot have",
			answer_cookie(&r, &a, bad[i], SPAN("x"), 0));
	}
	refused(r.c, ERR_FORMAT, "a cookie has a name or value that it cannot have",
		answer_cookie(&r, &a, "", SPAN("x"), 0));
	ok(r.c, answer_cookie(&r, &a, "other", SPAN("x"), 0));
	refused(r.c, ERR_LIMIT, "an answer sets at most",
		answer_cookie(&r, &a, "fifth", SPAN("x"), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looking_up), cmocka_unit_test(pages), cmocka_unit_test(elsewhere),
		cmocka_unit_test(files),      cmocka_unit_test(cookies),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
