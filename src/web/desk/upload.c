/*
 * How many uploads of one person are under way in this process; see desk.h. It reads none of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/desk.h"

#define UPLOADS_MAX 4u

enum err upload_begin(struct visit *v)
{
	struct desk *d = v->desk;
	unsigned there = 0;

	for (const struct visit *u = d->uploads; u; u = u->next_upload)
		there += span_eq(u->sitting.person, v->sitting.person);
	if (there >= UPLOADS_MAX) {
		err_next(v->c, "wait until one of them has come, or close its page");
		FAIL(v->c, ERR_AGAIN, "%u uploads of yours are under way", UPLOADS_MAX);
	}
	v->next_upload = d->uploads;
	d->uploads = v;
	return ERR_OK;
}

void upload_end(struct request *r)
{
	const struct visit *v = r->person;
	struct desk *d = r->site->of;

	for (struct visit **at = &d->uploads; v && *at; at = &(*at)->next_upload) {
		if (*at != v)
			continue;
		*at = v->next_upload;
		return;
	}
}
