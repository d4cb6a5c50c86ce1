/*
 * The draw job: a kept text in, its pages as PDF out. Inside the cage fonts can be read beneath
 * their folders and nothing else; it refuses to look at the text before that.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "format/time.h"
#include "hand/job.h"
#include "hand/pages.h"

#define TEXT_MAX ((size_t)2 << 20)      /* LETTER_MAX of src/order/letter.h */

static enum err about_of(struct ctx *c, const struct json *ask, struct pages_about *out)
{
	struct span title, made;
	char *z;

	TRY(json_need_text(c, ask, "title", &title));
	TRY(json_need_text(c, ask, "reference", &out->reference));
	TRY(json_need_text(c, ask, "sha256_text", &out->sha256_text));
	TRY(json_need_text(c, ask, "made_at", &made));
	if (!time_parse(made, &out->made_utc))
		FAIL(c, ERR_FORMAT, "made_at is no time");
	TRY(span_cstr(c, title, &z));
	out->title = z;
	return ERR_OK;
}

enum err job_draw(struct ctx *c, struct job *job)
{
	int in = job->msg->fd[0], out = job->msg->fd[1], fonts[PAGES_FOLDERS_MAX], missing;
	struct pages_about about = { .title = NULL };
	struct span text, pdf;
	size_t count;

	TRY(about_of(c, job->ask, &about));
	TRY(pages_begin(c, fonts, &count));
	struct cage cage = { .profile = CAGE_DRAW, .answer = job->writ, .seal = -1, .in = in,
			     .out = out, .below = fonts, .below_count = count };
	TRY(job_close_cage(c, job, &cage));

	TRY(fd_read_all(c, in, TEXT_MAX, &text));
	TRY(pages_draw(c, &about, text, &pdf, &missing));
	TRY(fd_write_all(c, out, pdf));
	json_set_int(c, job->answer, "bytes", (int64_t)pdf.n);
	json_set_int(c, job->answer, "missing", missing);
	return ERR_OK;
}
