/*
 * What writ serves. See site.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/site.h"

#include "base/num.h"
#include "web/desk/desk.h"

static const struct web_route routes[] = {
#define X(name, method, path, body, most, door, run)                                               \
	{ name, WEB_##method, path, WEB_BODY_##body, most, DOOR_##door, run },
#define DESK(name, method, path, body, most, permit, handler)                                      \
	{ name, WEB_##method, path, WEB_BODY_##body, most, DOOR_PERSON, desk_enter },
#include "web/route.def"
#undef X
#undef DESK
};

enum err site_open(struct ctx *c, const struct home *home, struct web_site *out)
{
	struct desk *desk;

	*out = (struct web_site){ .routes = routes, .route_count = COUNT_OF(routes) };
	TRY(NEW(c, desk));
	return desk_open(c, home->dir, desk, out);
}
