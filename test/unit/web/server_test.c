/*
 * What stands around a request: routes, addresses to listen on, numbers, the line of the log.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <netinet/in.h>

#include "web/access.h"
#include "web/listen.h"
#include "web/metrics.h"
#include "web/route.h"

#include "../test.h"

static const struct web_route table[] = {
	{ .name = "root", .method = WEB_GET, .path = "/" },
	{ .name = "new", .method = WEB_GET, .path = "/order/new" },
	{ .name = "order", .method = WEB_GET, .path = "/order/{ref}" },
	{ .name = "act", .method = WEB_GET, .path = "/order/{ref}/act/{seq}" },
	{ .name = "decide", .method = WEB_POST, .path = "/order/{ref}/decide" },
};
static const struct web_site site = { .routes = table, .route_count = COUNT_OF(table) };

static const char *find(enum web_method method, const char *path, struct span *args,
			unsigned *status)
{
	struct span segments[WEB_SEGMENTS_MAX], rest = span_str(path);
	const struct web_route *route;
	size_t n = 0;

	while (rest.n && span_split(rest, '/', &segments[n], &rest))
		n++;
	route = route_find(&site, method, segments, n, args, status);
	return route ? route->name : "";
}

static void routes(void **state)
{
	struct span args[WEB_ARGS_MAX];
	unsigned status;

	(void)state;
	assert_string_equal(find(WEB_GET, "", args, &status), "root");
	assert_string_equal(find(WEB_GET, "order/new/", args, &status), "new");
	assert_string_equal(find(WEB_GET, "order/W-1/", args, &status), "order");
	text_is(args[0], "W-1");
	assert_string_equal(find(WEB_GET, "order/W-1/act/7/", args, &status), "act");
	text_is(args[0], "W-1");
	text_is(args[1], "7");
	assert_int_equal(status, 0);
	find(WEB_GET, "order/", args, &status);
	assert_int_equal(status, 404);
	find(WEB_GET, "order/a/b/", args, &status);
	assert_int_equal(status, 404);
	find(WEB_GET, "Order/a/", args, &status);
	assert_int_equal(status, 404);
	find(WEB_GET, "order/W-1/decide/", args, &status);
	assert_int_equal(status, 405);
	find(WEB_POST, "order/W-1/", args, &status);
	assert_int_equal(status, 405);
}

static void names(void **state)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr = { htonl(0x7f000102) } };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct span s;
	bool own;
	CTX(c);

	(void)state;
	ok(&c, listen_name(&c, (const struct sockaddr *)(const void *)&v4, &s, &own));
	text_is(s, "127.0.1.2");
	assert_true(own);
	v4.sin_addr.s_addr = htonl(0xc0000201);
	ok(&c, listen_name(&c, (const struct sockaddr *)(const void *)&v4, &s, &own));
	text_is(s, "192.0.2.1");
	assert_false(own);
	v6.sin6_addr.s6_addr[15] = 1;
	ok(&c, listen_name(&c, (const struct sockaddr *)(const void *)&v6, &s, &own));
	text_is(s, "0:0:0:0:0:0:0:1");
	assert_true(own);
	/* ::ffff:7f00:1 and the like are no loopback: nothing listens so, and nobody need guess. */
	v6.sin6_addr.s6_addr[0] = 0x20;
	ok(&c, listen_name(&c, (const struct sockaddr *)(const void *)&v6, &s, &own));
	assert_false(own);
	ok(&c, listen_name(&c, &other, &s, &own));
	assert_true(s.n == 0 && !own);
	ok(&c, listen_name(&c, NULL, &s, &own));
	assert_true(s.n == 0 && !own);
}

static void listening(void **state)
{
	static const char *const bad[] = {
		"",          "8443",        "localhost",    "localhost:",
		":1",        "localhost:x", "localhost:-1", "localhost:65536",
		"1:1",       "1.2.3:1",     "1.2.3.4.5:1",  "1.2.3.256:1",
		"a.b.c.d:1", "[::2]:1",     "::1:1",        "desk.example:1"
	};
	static const char *const away[] = { "0.0.0.0:0", "192.0.2.1:0", "[::]:0", "128.0.0.1:0" };
	struct home home = { .single_user = true };
	unsigned port = 0, same = 0;
	int fds[2], more[1];
	struct span where;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_USAGE, "is no address and port",
			listen_open(&c, &home, span_str(bad[i]), 1, fds, &port));
	for (size_t i = 0; i < COUNT_OF(away); i++)
		refused(&c, ERR_DENIED, "this machine alone",
			listen_open(&c, &home, span_str(away[i]), 1, fds, &port));
	ok(&c, listen_open(&c, &home, SPAN("localhost:0"), 2, fds, &port));
	assert_true(port > 0);
	ok(&c, span_fmt(&c, &where, "127.0.0.1:%u", port));
	refused(&c, ERR_IO, "cannot listen", listen_open(&c, &home, where, 1, more, &same));
	close(fds[0]);
	close(fds[1]);
	home.single_user = false;
	ok(&c, listen_open(&c, &home, SPAN("0.0.0.0:0"), 1, more, &port));
	close(more[0]);
}

static void numbers(void **state)
{
	static const char *const routes_[] = { "a", "b" };
	struct metrics *m;
	struct span text;
	struct buf b;
	char *z;
	int fd;
	CTX(c);

	(void)state;
	ok(&c, metrics_make(&c, &fd, &m));
	metrics_count(&m->slots[0], 0, 200, 3);
	metrics_count(&m->slots[1], 0, 204, 30000);
	metrics_count(&m->slots[1], METRICS_ROUTES_MAX, 404, 0);
	metrics_count(&m->slots[1], METRICS_ROUTES_MAX + 7, 0, 1);
	metrics_count(&m->slots[2], 1, 500, 1); /* of a process that is not asked about */
	buf_begin(&b, &c, 65536);
	metrics_write(&b, m, 2, routes_, 2);
	ok(&c, buf_done(&c, &b, &text));
	ok(&c, span_cstr(&c, text, &z));
	assert_non_null(strstr(z, "\nwrit_http_requests_total{route=\"a\",status=\"2xx\"} 2\n"));
	assert_non_null(strstr(z, "\nwrit_http_requests_total{route=\"none\",status=\"4xx\"} 1\n"));
	assert_non_null(strstr(z, "\nwrit_http_requests_total{route=\"none\",status=\"0xx\"} 1\n"));
	assert_null(strstr(z, "route=\"b\""));
	assert_non_null(strstr(z, "_bucket{le=\"0.005\"} 3\n"));
	assert_non_null(strstr(z, "_bucket{le=\"10.000\"} 3\n"));
	assert_non_null(strstr(z, "_bucket{le=\"+Inf\"} 4\n"));
	assert_non_null(strstr(z, "_sum 30.004\n"));
	close(fd);
	refused(&c, ERR_IO, "the numbers of this server cannot be shared", metrics_map(&c, -1, &m));
}

static void lines(void **state)
{
	struct access a = { .id = SPAN("0123456789abcdef"),
			    .remote = SPAN("127.0.0.1"),
			    .route = "order",
			    .method = "GET",
			    .status = 404,
			    .at_ms = 1795341600007,
			    .took_ms = 5,
			    .bytes_out = 12,
			    .ended = "done",
			    .file = "x.c",
			    .line = 7 };
	char text[512];

	(void)state;
	assert_true(access_line(&a, text, sizeof text) > 0);
	assert_string_equal(text,
			    "{\"at\":\"2026-11-22T10:00:00.007Z\",\"id\":\"0123456789abcdef\","
			    "\"remote\":\"127.0.0.1\",\"method\":\"GET\",\"route\":\"order\","
			    "\"status\":404,\"ms\":5,\"in\":0,\"out\":12,\"ended\":\"done\"}\n");
	a.status = 500;
	a.route = NULL;
	assert_true(access_line(&a, text, sizeof text) > 0);
	assert_non_null(strstr(text, "\"route\":\"\""));
	assert_non_null(strstr(text, "\"ended\":\"done\",\"where\":\"x.c:7\"}\n"));
	assert_int_equal(access_line(&a, text, 40), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(routes), cmocka_unit_test(names),
					    cmocka_unit_test(listening), cmocka_unit_test(numbers),
					    cmocka_unit_test(lines) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
