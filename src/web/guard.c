/*
 * The first look at a request. See guard.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/guard.h"

#include "base/num.h"
#include "web/form.h"

/* Headers of which a second one makes two readings. */
static const char *const once[] = { "Host",   "Content-Length", "Transfer-Encoding",
				    "Cookie", "Origin",		"Content-Type",
				    "Range",  "If-Range",       "If-None-Match",
				    "Expect", "Sec-Fetch-Site", "Sec-Fetch-Mode" };

static void refuse(struct ctx *c, struct guard_found *out, unsigned status, const char *why)
{
	out->status = status;
	(void)err_set(c, ERR_FORMAT, __FILE__, __LINE__, "%s", why);
}

/* RFC 9110 section 5.6.2 */
static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool letter = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');

		if (!letter && !(x >= '0' && x <= '9') && !memchr("!#$%&'*+-.^_`|~", x, 15))
			return false;
	}
	return s.n > 0;
}

/* RFC 9110 section 5.5: visible, blank or beyond ASCII. */
static bool is_value(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

/* RFC 9112 section 3.2.1, the origin form; browsers escape everything else. */
static bool is_target(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '#')
			return false;
	}
	return s.n > 0 && s.p[0] == '/';
}

static size_t count(const struct guard_head *h, const char *name, struct span *value_out)
{
	size_t n = 0;

	*value_out = SPAN_NONE;
	for (size_t i = 0; i < h->headers.n; i++) {
		if (span_ieq(h->headers.at[i].name, name)) {
			*value_out = h->headers.at[i].value;
			n++;
		}
	}
	return n;
}

static const char *look_form(const struct guard_head *h)
{
	struct span value;

	if (!h->exact)
		return "the request is not made of lines that end in CR LF, one for each header";
	if (h->headers.n > WEB_HEADERS_MAX)
		return "too many headers";
	for (size_t i = 0; i < h->headers.n; i++) {
		if (!is_token(h->headers.at[i].name))
			return "the name of a header is none";
		if (!is_value(h->headers.at[i].value))
			return "a header has a control character in it";
	}
	for (size_t i = 0; i < COUNT_OF(once); i++) {
		if (count(h, once[i], &value) > 1)
			return "a header that may come once came twice";
	}
	return NULL;
}

static bool is_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0 && s.n < 19;
}

/* How long the body is: by digits, or there is none. A transfer coding is refused as a whole: no
 * browser sends one, and its framing (bare LF, extensions, trailers) is read in many ways. */
static bool look_length(struct ctx *c, const struct guard_head *h, struct guard_found *out)
{
	struct span coding, length;
	size_t codings = count(h, "Transfer-Encoding", &coding);
	size_t lengths = count(h, "Content-Length", &length);

	if (codings && lengths) {
		refuse(c, out, 400, "the length of the body is given in two ways");
	} else if (codings && !span_ieq(coding, "chunked")) {
		refuse(c, out, 400, "the transfer coding is unknown");
	} else if (codings) {
		refuse(c, out, 411, "a body needs a Content-Length");
	} else if (lengths && !is_digits(length)) {
		refuse(c, out, 400, "Content-Length is no number");
	} else {
		/* Leading zeros are digits, too, and mean nothing. */
		for (size_t i = 0; i < length.n; i++)
			out->body_bytes = out->body_bytes * 10 + (length.p[i] - '0');
		return true;
	}
	return false;
}

static bool look_host(struct ctx *c, const struct guard_rules *rules, const struct guard_head *h,
		      struct guard_found *out)
{
	struct span host;

	if (count(h, "Host", &host) != 1) {
		refuse(c, out, 400, "there is no Host");
		return false;
	}
	for (size_t i = 0; i < rules->host_count; i++) {
		char name[256];

		if (rules->hosts[i].n != host.n || host.n >= sizeof name)
			continue;
		memcpy(name, rules->hosts[i].p, host.n);
		name[host.n] = '\0';
		if (!span_ieq(host, name))
			continue;
		out->host = rules->hosts[i];
		return true;
	}
	/* A name that leads here and is not ours: DNS rebinding, or a wrong address. */
	err_next(c, "open https://%.*s/", SPAN_ARG(rules->hosts[0]));
	refuse(c, out, 421, "this is not the place that the request names as its Host");
	return false;
}

/*
 * A form must come from one of our own pages. Browsers tell where it comes from in Origin and in
 * Sec-Fetch-Site, and let no page change them. Our pages say no-referrer, so Origin of their forms
 * is "null" (Fetch section 3.2) and Sec-Fetch-Site has the answer; at least one must say yes.
 */
static bool look_origin(struct ctx *c, const struct guard_head *h, struct guard_found *out)
{
	struct span origin, site, host = SPAN_NONE;
	bool origins = count(h, "Origin", &origin) == 1;
	bool sites = count(h, "Sec-Fetch-Site", &site) == 1;
	bool own = false, foreign = false;

	if (origins && span_starts(origin, "https://")) {
		host = span_cut(origin, 8, origin.n);
		own = span_eq(host, out->host);
		foreign = !own;
	} else if (origins && !span_is(origin, "null")) {
		foreign = true;
	}
	if (sites) {
		own = own || span_is(site, "same-origin");
		foreign = foreign || !span_is(site, "same-origin");
	}
	if (foreign || !own)
		err_next(c, "load the page again, and send the form from there");
	if (foreign)
		refuse(c, out, 403, "this form comes from another site");
	else if (!own)
		refuse(c, out, 403, "nothing says from which site this form comes");
	return own && !foreign;
}

static bool look_line(struct ctx *c, const struct guard_head *h, struct guard_found *out)
{
	if (!span_is(h->version, "HTTP/1.1")) {
		refuse(c, out, 505, "this is HTTP/1.1");
	} else if (h->target.n > WEB_TARGET_MAX) {
		refuse(c, out, 414, "the address is too long");
	} else if (!is_target(h->target)) {
		refuse(c, out, 400, "the address is none");
	} else if (span_is(h->method, "GET") || span_is(h->method, "HEAD")) {
		out->head_only = span_is(h->method, "HEAD");
		return true;
	} else if (span_is(h->method, "POST")) {
		out->method = WEB_POST;
		return true;
	} else {
		refuse(c, out, 405, "there is nothing here but GET, HEAD and POST");
	}
	return false;
}

void guard_look(struct ctx *c, const struct guard_rules *rules, const struct guard_head *h,
		struct guard_found *out)
{
	const char *wrong = look_form(h);
	struct span value;

	*out = (struct guard_found){ .method = WEB_GET };
	if (wrong) {
		refuse(c, out, 400, wrong);
		return;
	}
	if (!look_length(c, h, out) || !look_line(c, h, out) || !look_host(c, rules, h, out))
		return;
	if (out->method == WEB_POST && !look_origin(c, h, out))
		return;
	if (count(h, "Expect", &value) == 1) {
		out->expects = span_ieq(value, "100-continue");
		if (!out->expects)
			refuse(c, out, 417, "nothing but 100-continue can be expected");
	}
}

bool guard_path(struct ctx *c, struct span target, struct span *path_out, struct span *query_out,
		struct span segments[WEB_SEGMENTS_MAX], size_t *count_out)
{
	struct span rest, piece;
	size_t n = 0;

	*path_out = target;
	*query_out = SPAN_NONE;
	span_split(target, '?', path_out, query_out);
	rest = span_cut(*path_out, 1, path_out->n);
	*count_out = 0;
	for (bool more = rest.n > 0; more;) {
		more = span_split(rest, '/', &piece, &rest);
		if (!more)
			piece = rest;
		if (n == WEB_SEGMENTS_MAX || form_unescape(c, piece, &segments[n]) != ERR_OK)
			return false;
		/* Nobody's file system is asked, but what looks like a way up is none of ours. */
		if (segments[n].n == 0 || span_is(segments[n], ".") || span_is(segments[n], "..") ||
		    memchr(segments[n].p, '/', segments[n].n) ||
		    memchr(segments[n].p, '\\', segments[n].n))
			return false;
		n++;
	}
	*count_out = n;
	return true;
}
