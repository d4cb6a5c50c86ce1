/*
 * The guard: a head as the library hands it over, from lines "NAME:VALUE" behind "METHOD TARGET
 * VERSION". Whatever passes has one Host of ours, at most one length and no coding, a target of
 * visible signs, and a POST says that it comes from here; its path has no way up.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/guard.h"

#include "fuzz.h"

static const struct span hosts[] = { SPAN("localhost:1"), SPAN("desk.example") };
static const struct guard_rules rules = { hosts, 2 };

static size_t count(struct web_fields f, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < f.n; i++)
		n += span_ieq(f.at[i].name, name);
	return n;
}

static void check_passed(const struct guard_head *h, const struct guard_found *found)
{
	CHECK(span_is(h->version, "HTTP/1.1") && h->exact);
	CHECK(count(h->headers, "host") == 1 && count(h->headers, "transfer-encoding") == 0);
	CHECK(count(h->headers, "content-length") <= 1 && found->body_bytes >= 0);
	CHECK(span_eq(found->host, hosts[0]) || span_eq(found->host, hosts[1]));
	CHECK(h->target.n && h->target.p[0] == '/' && !memchr(h->target.p, '\r', h->target.n));
	CHECK(h->headers.n <= WEB_HEADERS_MAX);
	if (found->method == WEB_POST)
		CHECK(count(h->headers, "origin") + count(h->headers, "sec-fetch-site") > 0);
	else
		CHECK(span_is(h->method, "GET") || span_is(h->method, "HEAD"));
}

static void check_path(struct ctx *c, struct span target)
{
	struct span segments[WEB_SEGMENTS_MAX], path, query;
	size_t n = 0;

	if (!guard_path(c, target, &path, &query, segments, &n))
		return;
	CHECK(n <= WEB_SEGMENTS_MAX && path.n + query.n <= target.n);
	for (size_t i = 0; i < n; i++) {
		CHECK(segments[i].n > 0 && span_is_utf8(segments[i]));
		CHECK(!memchr(segments[i].p, '/', segments[i].n));
		CHECK(!memchr(segments[i].p, '\0', segments[i].n));
		CHECK(!span_is(segments[i], "..") && !span_is(segments[i], "."));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct web_field fields[WEB_HEADERS_MAX + 1];
	struct guard_head head = { .headers = { fields, 0 }, .exact = true };
	struct reader r = { span_of(data, size), 0 };
	struct guard_found found;
	struct ctx c;

	if (ctx_begin(&c, ARENA_MAX) != ERR_OK)
		return 0;
	if (take_until(&r, ' ', &head.method) && take_until(&r, ' ', &head.target) &&
	    take_until(&r, '\n', &head.version)) {
		while (head.headers.n <= WEB_HEADERS_MAX &&
		       take_until(&r, ':', &fields[head.headers.n].name) &&
		       take_until(&r, '\n', &fields[head.headers.n].value))
			head.headers.n++;
		guard_look(&c, &rules, &head, &found);
		CHECK((found.status == 0) == (c.code == ERR_OK));
		CHECK(found.status == 0 || (found.status >= 400 && found.status < 600 && c.why[0]));
		if (found.status == 0) {
			check_passed(&head, &found);
			check_path(&c, head.target);
		}
		err_clear(&c);
		head.exact = false;
		guard_look(&c, &rules, &head, &found);
		CHECK(found.status == 400);
	}
	ctx_end(&c);
	return 0;
}
