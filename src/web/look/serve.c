/*
 * GET /look/VERSION/NAME. It serves the compiled-in bytes to anybody, as gzip to whom takes that;
 * a file of another version is not found.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/look/look.h"
#include "web/site.h"

enum err look_answer(struct request *r, struct answer *a)
{
	const struct look_file *f = look_find(r->args[0], r->args[1]);

	if (!f) {
		err_next(r->c, "load the page again: it names the files of this version");
		FAIL(r->c, ERR_NOT_FOUND, "there is no such file of the look");
	}
	a->status = 200;
	a->type = span_str(f->type);
	a->keep = true;
	a->body = span_of(f->bytes, f->length);
	if (f->gzip && web_takes_gzip(r)) {
		a->body = span_of(f->gzip, f->gzip_length);
		a->encoding = SPAN("gzip");
	}
	return ERR_OK;
}
