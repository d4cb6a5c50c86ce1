/*
 * Which row of a table of routes a request means. Pure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/http.h"

/* The row, its slots in r->args; NULL with status 404, or 405 where another method has one. */
const struct web_route *route_find(const struct web_site *site, enum web_method method,
				   const struct span *segments, size_t count,
				   struct span args_out[WEB_ARGS_MAX], unsigned *status_out);

#endif
