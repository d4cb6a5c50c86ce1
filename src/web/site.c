/*
 * What writ serves. See site.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/site.h"

#include "base/num.h"

static const struct web_route routes[] = {
#define X(name, method, path, body, most, door, run)                                               \
	{ name, WEB_##method, path, WEB_BODY_##body, most, DOOR_##door, run },
#include "web/route.def"
#undef X
};

enum err site_open(struct ctx *c, const struct home *home, struct web_site *out)
{
	(void)c;
	(void)home;
	*out = (struct web_site){ .routes = routes, .route_count = COUNT_OF(routes) };
	return ERR_OK;
}
