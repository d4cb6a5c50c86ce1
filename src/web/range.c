/*
 * Which part of a file is asked for. See range.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/range.h"

static bool number(struct span s, int64_t *out)
{
	*out = 0;
	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

/* Exactly this one in quotes; If-Range compares strongly, so a weak one never matches. */
static bool is_etag(struct span s, struct span etag)
{
	return s.n == etag.n + 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' &&
	       span_eq(span_cut(s, 1, etag.n), etag);
}

struct range range_of(struct span range, struct span if_range, struct span etag, int64_t bytes)
{
	const struct range whole = { RANGE_WHOLE, 0, bytes }, none = { RANGE_NONE, 0, 0 };
	struct span unit, spec, first, last;
	int64_t from, to;

	/* A file without ETag may have become another between two parts. */
	if (range.n == 0 || etag.n == 0 || (if_range.n && !is_etag(if_range, etag)))
		return whole;
	if (!span_split(range, '=', &unit, &spec) || !span_ieq(unit, "bytes"))
		return whole;
	spec = span_trim(spec);
	if (!span_split(spec, '-', &first, &last))
		return whole;
	if (first.n == 0) {
		if (!number(last, &to))
			return whole;
		if (to == 0 || bytes == 0)
			return none;
		from = to < bytes ? bytes - to : 0;
		return (struct range){ RANGE_PART, from, bytes - from };
	}
	if (!number(first, &from) || (last.n && !number(last, &to)))
		return whole;
	if (last.n == 0)
		to = bytes - 1;
	else if (to < from)
		return whole;   /* invalid, so it counts as absent */
	if (from >= bytes)
		return none;
	if (to >= bytes)
		to = bytes - 1;
	return (struct range){ RANGE_PART, from, to - from + 1 };
}

bool range_has_etag(struct span if_none_match, struct span etag)
{
	struct span rest = if_none_match, one;

	if (etag.n == 0)
		return false;
	for (bool more = if_none_match.n > 0; more;) {
		more = span_split(rest, ',', &one, &rest);
		if (!more)
			one = rest;
		one = span_trim(one);
		if (span_starts(one, "W/"))
			one = span_cut(one, 2, one.n);
		if (span_is(one, "*") || is_etag(one, etag))
			return true;
	}
	return false;
}
