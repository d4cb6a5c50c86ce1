/*
 * "writ scope --store" without the command line around it, for test/harness/exact.py:
 *   selecttool KIND:PATH NAME FROM TO MEANING     FROM and TO are UTC seconds or "-" (open)
 * Lines on stdout, what could not be read on stderr; it leaves with the exit status of its error.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "connect/select.h"

struct outlet {
	FILE *lines, *talk;
};

static enum err out_line(struct ctx *c, void *of, struct span text)
{
	if (fwrite(text.p, 1, text.n, ((struct outlet *)of)->lines) != text.n)
		FAIL(c, ERR_IO, "cannot write");
	return ERR_OK;
}

static void out_unreadable(void *of, const struct unreadable *u)
{
	fprintf(((struct outlet *)of)->talk, "cannot be read: %.*s %.*s: %.*s\n",
		SPAN_ARG(u->folder), SPAN_ARG(u->source_id), SPAN_ARG(u->why));
}

static enum err end_read(struct ctx *c, const char *word, int64_t open_end, int64_t *out)
{
	*out = open_end;
	if (strcmp(word, "-") != 0 && !span_to_i64(span_str(word), out))
		FAIL(c, ERR_USAGE, "%s is no time", word);
	return ERR_OK;
}

static enum err run(struct ctx *c, char **word, struct outlet *o)
{
	struct select_job job = {
		.account = span_str(word[2]),
		.of = o,
		.line = out_line,
		.unreadable = out_unreadable,
	};
	struct span path;

	if (!span_split(span_str(word[1]), ':', &job.kind, &path))
		FAIL(c, ERR_USAGE, "a store is KIND:PATH");
	job.path = (const char *)path.p;
	TRY(end_read(c, word[3], INT64_MIN, &job.from_utc));
	TRY(end_read(c, word[4], INT64_MAX, &job.until_utc));
	if (!date_meaning_of(span_str(word[5]), &job.meaning))
		FAIL(c, ERR_USAGE, "%s is no meaning of a date", word[5]);
	return select_run(c, &job);
}

int main(int count, char **word)
{
	CTX_SCOPED struct ctx c = { 0 };
	struct outlet o = { stdout, stderr };
	enum err e;

	if (count != 6 || ctx_begin(&c, (size_t)1 << 30) != ERR_OK)
		return 2;
	e = run(&c, word, &o);
	if (e != ERR_OK)
		fprintf(stderr, "selecttool: %s: %s\n", err_text(e), c.why);
	return fflush(stdout) == 0 ? err_exit_status(e) : 1;
}
