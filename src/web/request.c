/*
 * Looking things up in a request. Nothing is parsed here and nothing decided.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/http.h"

bool web_next(struct web_fields f, const char *name, size_t *at, struct span *out)
{
	while (*at < f.n) {
		const struct web_field *field = &f.at[(*at)++];

		if (span_is(field->name, name)) {
			*out = field->value;
			return true;
		}
	}
	return false;
}

struct span web_value(struct web_fields f, const char *name)
{
	struct span out = SPAN_NONE;
	size_t at = 0;

	return web_next(f, name, &at, &out) ? out : SPAN_NONE;
}

bool web_has(struct web_fields f, const char *name)
{
	struct span out;
	size_t at = 0;

	return web_next(f, name, &at, &out);
}

struct span web_header(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->headers.n; i++) {
		if (span_ieq(r->headers.at[i].name, name))
			return r->headers.at[i].value;
	}
	return SPAN_NONE;
}

struct span web_cookie(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->cookies.n; i++) {
		struct span key = r->cookies.at[i].name;

		if (span_starts(key, "__Host-") && span_is(span_cut(key, 7, key.n), name))
			return r->cookies.at[i].value;
	}
	return SPAN_NONE;
}

bool web_takes_gzip(const struct request *r)
{
	struct span rest = web_header(r, "Accept-Encoding"), one, name, quality;

	for (bool more = rest.n > 0; more;) {
		more = span_split(rest, ',', &one, &rest);
		if (!more)
			one = rest;
		quality = SPAN_NONE;
		name = one;
		span_split(one, ';', &name, &quality);
		if (span_ieq(span_trim(name), "gzip"))
			return !span_is(span_trim(quality), "q=0");
	}
	return false;
}
