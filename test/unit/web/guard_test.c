/*
 * The guard: heads that pass, and each way in which one may not. What the library makes of bytes is
 * tried over the wire in test/web/test_http.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/guard.h"

#include "../test.h"

#define HOST "localhost:8443"

static const struct span hosts[] = { SPAN(HOST), SPAN("desk.example") };
static const struct guard_rules rules = { hosts, COUNT_OF(hosts) };

struct sent {
	const char *method, *target, *names[4], *values[4];
	unsigned status;
};

static unsigned look(struct ctx *c, const struct sent *s, bool exact, struct guard_found *out)
{
	struct web_field fields[4];
	struct guard_head head = { .method = span_str(s->method),
				   .target = span_str(s->target),
				   .version = SPAN("HTTP/1.1"),
				   .headers = { fields, 0 },
				   .exact = exact };

	for (size_t i = 0; i < 4 && s->names[i]; i++)
		fields[head.headers.n++] = (struct web_field){ span_str(s->names[i]),
							       span_str(s->values[i]) };
	guard_look(c, &rules, &head, out);
	return out->status;
}

static void passing(void **state)
{
	static const struct sent rows[] = {
		{ "GET", "/", { "Host" }, { HOST }, 0 },
		{ "GET", "/a?b", { "hOST" }, { "LOCALHOST:8443" }, 0 },
		{ "HEAD", "/", { "Host", "Expect" }, { "desk.example", "100-Continue" }, 0 },
		{ "POST", "/", { "Host", "Content-Length", "Origin" },
		  { HOST, "0012", "https://" HOST }, 0 },
		{ "POST", "/", { "Host", "Sec-Fetch-Site", "Origin" },
		  { "desk.example", "same-origin", "null" }, 0 },
		{ "GET", "/", { "Host", "X-Any", "X-Any" }, { HOST, "a\tb", "\xc3\xa9" }, 0 },
	};
	struct guard_found found;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(look(&c, &rows[i], true, &found), 0);
		assert_int_equal(c.code, ERR_OK);
		assert_int_equal(found.method,
				 span_is(span_str(rows[i].method), "POST") ? WEB_POST : WEB_GET);
	}
	look(&c, &rows[1], true, &found);
	text_is(found.host, HOST);
	look(&c, &rows[2], true, &found);
	assert_true(found.head_only && found.expects);
	look(&c, &rows[3], true, &found);
	assert_int_equal(found.body_bytes, 12);
}

static void refusing(void **state)
{
	static const struct sent rows[] = {
		{ "GET", "/", { NULL }, { NULL }, 400 },
		{ "GET", "/", { "Host", "Host" }, { HOST, HOST }, 400 },
		{ "GET", "/", { "Host" }, { "localhost" }, 421 },
		{ "GET", "/", { "Host" }, { "" }, 421 },
		{ "GET", "/", { "Host" }, { "desk.example." }, 421 },
		{ "GET", "/", { "Host" }, { "evil.example" }, 421 },
		{ "GET", "/", { "Host", "Content-Length" }, { HOST, "1,1" }, 400 },
		{ "GET", "/", { "Host", "Content-Length" }, { HOST, "1234567890123456789" }, 400 },
		{ "GET", "/", { "Host", "Content-Length" }, { HOST, "" }, 400 },
		{ "GET", "/", { "Host", "Content-Length" }, { HOST, "1 " }, 400 },
		{ "GET", "/", { "Host", "Transfer-Encoding" }, { HOST, "chunked" }, 411 },
		{ "GET", "/", { "Host", "Transfer-Encoding" }, { HOST, "chunked, gzip" }, 400 },
		{ "GET", "/", { "Host", "Transfer-Encoding", "Content-Length" },
		  { HOST, "chunked", "1" }, 400 },
		{ "GET", "/", { "Host", "content-length", "Content-Length" },
		  { HOST, "1", "1" }, 400 },
		{ "GET", "/", { "Host", "Content-Length " }, { HOST, "1" }, 400 },
		{ "GET", "/", { "Host", "" }, { HOST, "1" }, 400 },
		{ "GET", "/", { "Host", "X" }, { HOST, "a\nb" }, 400 },
		{ "GET", "/", { "Host", "X" }, { HOST, "a\x7f" }, 400 },
		{ "GET", "/", { "Host", "Expect" }, { HOST, "200-ok" }, 417 },
		{ "GET", "", { "Host" }, { HOST }, 400 },
		{ "GET", "a", { "Host" }, { HOST }, 400 },
		{ "GET", "/a#b", { "Host" }, { HOST }, 400 },
		{ "GET", "/a b", { "Host" }, { HOST }, 400 },
		{ "GET", "/\x80", { "Host" }, { HOST }, 400 },
		{ "GET", "http://" HOST "/", { "Host" }, { HOST }, 400 },
		{ "PUT", "/", { "Host" }, { HOST }, 405 },
		{ "", "/", { "Host" }, { HOST }, 405 },
		{ "POST", "/", { "Host" }, { HOST }, 403 },
		{ "POST", "/", { "Host", "Origin" }, { HOST, "null" }, 403 },
		{ "POST", "/", { "Host", "Origin" }, { HOST, "https://desk.example" }, 403 },
		{ "POST", "/", { "Host", "Origin" }, { HOST, "HTTPS://" HOST }, 403 },
		{ "POST", "/", { "Host", "Origin", "Sec-Fetch-Site" },
		  { HOST, "https://" HOST, "cross-site" }, 403 },
		{ "POST", "/", { "Host", "Sec-Fetch-Site" }, { HOST, "none" }, 403 },
	};
	struct guard_found found;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (look(&c, &rows[i], true, &found) != rows[i].status)
			fail_msg("row %zu: %u, not %u", i, found.status, rows[i].status);
		assert_int_equal(c.code, ERR_FORMAT);
		assert_true(c.why[0] != '\0');
		err_clear(&c);
	}
	/* The same head that passes is none where its bytes stood in another way. */
	assert_int_equal(look(&c, &(struct sent){ "GET", "/", { "Host" }, { HOST }, 0 }, false,
			      &found),
			 400);
}

static void versions(void **state)
{
	static const char *const versions[] = { "HTTP/1.0", "HTTP/2.0", "", "http/1.1",
						"HTTP/1.1 " };
	const struct web_field host = { SPAN("Host"), SPAN(HOST) };
	struct guard_found found;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		const struct guard_head head = { .method = SPAN("GET"),
						 .target = SPAN("/"),
						 .version = span_str(versions[i]),
						 .headers = { &host, 1 },
						 .exact = true };

		guard_look(&c, &rules, &head, &found);
		assert_int_equal(found.status, 505);
		err_clear(&c);
	}
}

static void paths(void **state)
{
	static const char *const bad[] = { "//",   "/a/",   "//a",      "/a//b",  "/.",    "/..",
					   "/%2e", "/a/..", "/a/%2E%2e/b", "/%2f", "/a%5c", "/%00",
					   "/%",   "/%4",   "/%g0",     "/%ff",   "/%7f",
					   "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17" };
	struct span segments[WEB_SEGMENTS_MAX], path, query;
	size_t n;
	CTX(c);

	(void)state;
	assert_true(guard_path(&c, SPAN("/"), &path, &query, segments, &n));
	assert_int_equal(n, 0);
	assert_true(guard_path(&c, SPAN("/order/%57-7?a=/b?c"), &path, &query, segments, &n));
	assert_int_equal(n, 2);
	text_is(segments[1], "W-7");
	text_is(path, "/order/%57-7");
	text_is(query, "a=/b?c");
	assert_true(guard_path(&c, SPAN("/...?"), &path, &query, segments, &n));
	assert_int_equal(query.n, 0);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (guard_path(&c, span_str(bad[i]), &path, &query, segments, &n))
			fail_msg("%s passed", bad[i]);
		err_clear(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(passing), cmocka_unit_test(refusing),
					    cmocka_unit_test(versions), cmocka_unit_test(paths) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
