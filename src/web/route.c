/*
 * Which row of a table of routes a request means. See route.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/route.h"

static bool matches(const struct web_route *route, const struct span *segments, size_t count,
		    struct span args_out[WEB_ARGS_MAX])
{
	struct span rest = span_cut(span_str(route->path), 1, SIZE_MAX), piece;
	size_t args = 0, i = 0;

	for (bool more = rest.n > 0; more; i++) {
		more = span_split(rest, '/', &piece, &rest);
		if (!more)
			piece = rest;
		if (i == count)
			return false;
		if (span_starts(piece, "{") && args < WEB_ARGS_MAX)
			args_out[args++] = segments[i];
		else if (!span_eq(piece, segments[i]))
			return false;
	}
	return i == count;
}

const struct web_route *route_find(const struct web_site *site, enum web_method method,
				   const struct span *segments, size_t count,
				   struct span args_out[WEB_ARGS_MAX], unsigned *status_out)
{
	*status_out = 404;
	for (size_t i = 0; i < site->route_count; i++) {
		const struct web_route *route = &site->routes[i];

		if (!matches(route, segments, count, args_out))
			continue;
		if (route->method == method) {
			*status_out = 0;
			return route;
		}
		*status_out = 405;
	}
	return NULL;
}
