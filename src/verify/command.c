/*
 * The command line of writ-verify and of 'writ verify': arguments, a bar of progress on a terminal,
 * the report on stdout, the exit status.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "verify/verify.h"

#define MEMORY_MAX ((size_t)1 << 30)
#define BAR_WIDTH 40
#define BAR_FROM_BYTES (INT64_C(16) << 20)      /* smaller files are done before anybody looks */

static const char usage[] =
	"usage: writ-verify FILE [--identity AGEKEYFILE] [--policy FILE] [--json]\n"
	"       writ-verify --checks\n"
	"\n"
	"Checks a delivered file REF.writ.tar, or the timeline of an order. --policy compares its "
	"keys with those that the\n"
	"provider publishes ('writ policy export'); --identity opens it with the recipient's key\n"
	"and checks the contents. --json is for machines; --checks prints the table of all "
	"checks.\n"
	"Exit: 0 fine, 5 do not rely on it, 7 fine but not compared or contents not checked,\n"
	"2 usage, 3 no such file.\n";

struct arguments {
	struct verify_job job;
	bool json, checks, help;
};

static bool take_value(int argc, const char *const *argv, int *i, const char *name,
		       const char **out)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return false;
	if (argv[*i][n] == '=') {
		*out = argv[*i] + n + 1;
		return true;
	}
	if (argv[*i][n] != '\0' || *i + 1 >= argc)
		return false;
	*out = argv[++*i];
	return true;
}

static bool arguments_read(int argc, const char *const *argv, struct arguments *out)
{
	for (int i = 0; i < argc; i++) {
		if (take_value(argc, argv, &i, "--identity", &out->job.identity) ||
		    take_value(argc, argv, &i, "--policy", &out->job.policy))
			continue;
		if (strcmp(argv[i], "--json") == 0)
			out->json = true;
		else if (strcmp(argv[i], "--checks") == 0)
			out->checks = true;
		else if (strcmp(argv[i], "--help") == 0)
			out->help = true;
		else if (argv[i][0] == '-' || out->job.file)
			return false;
		else
			out->job.file = argv[i];
	}
	return out->checks || out->help || out->job.file;
}

struct bar {
	struct ctx *c;
	int64_t last_ms;
	bool shown;
};

static void bar_show(void *of, int64_t done_bytes, int64_t bytes)
{
	struct bar *bar = of;
	int64_t now = bar->c->seam->mono_ms();
	int done;

	if (bytes < BAR_FROM_BYTES || done_bytes > bytes || now - bar->last_ms < 100)
		return;
	bar->last_ms = now;
	bar->shown = true;
	done = (int)(done_bytes / (bytes / BAR_WIDTH));
	fprintf(stderr, "\r[%-*.*s] %3d %%", BAR_WIDTH, done,
		"########################################", (int)(done_bytes / (bytes / 100)));
	fflush(stderr);
}

static void bar_clear(const struct bar *bar)
{
	if (bar->shown)
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 9, "");
}

static enum err run(struct ctx *c, struct arguments *a, int *status_out)
{
	struct bar bar = { .c = c };
	struct span text;
	enum err e;

	if (a->checks) {
		TRY(verify_checks_text(c, &text));
		*status_out = 0;
		return fd_write_all(c, STDOUT_FILENO, text);
	}
	if (isatty(STDERR_FILENO)) {
		a->job.of = &bar;
		a->job.progress = bar_show;
	}
	e = verify_any(c, &a->job, a->json, &text, status_out);
	bar_clear(&bar);
	TRY(e);
	return fd_write_all(c, STDOUT_FILENO, text);
}

int verify_command(int argc, const char *const *argv)
{
	struct arguments a = { .json = false };
	__attribute__((cleanup(ctx_end))) struct ctx c;
	int status = 0;
	enum err e;

	if (!arguments_read(argc, argv, &a)) {
		fputs(usage, stderr);
		return err_exit_status(ERR_USAGE);
	}
	if (a.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (ctx_begin(&c, MEMORY_MAX) != ERR_OK) {
		fputs("writ-verify: out of memory\n", stderr);
		return err_exit_status(ERR_NOMEM);
	}
	e = run(&c, &a, &status);
	if (e == ERR_OK)
		return status;
	fprintf(stderr, "writ-verify: %s\n", c.why);
	/* The table's hint for a missing thing speaks of orders in a home. */
	if (c.next[0])
		fprintf(stderr, "%s\n", c.next);
	else if (e != ERR_NOT_FOUND)
		fprintf(stderr, "%s\n", e == ERR_USAGE ? "see writ-verify --help" : err_hint(e));
	return err_exit_status(e);
}
