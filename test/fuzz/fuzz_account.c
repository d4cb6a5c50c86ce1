/*
 * From a target to a folder: first line the template, second the target, the rest the alias file.
 * An account that is resolved is made of the parts that are allowed; a template that is accepted
 * leads below its own folder; what is looked for lies beneath it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "connect/account.h"
#include "world.h"

/* The template's own folder is an empty one here, wherever it says that it is. */
static int open_empty(const char *path, int flags, mode_t mode)
{
	static const char *empty;

	if (strncmp(path, "/proc/self/fd/", 14) == 0)
		return open(path, flags | O_CLOEXEC, mode);
	if (!empty)
		empty = world_dir();
	return open(empty, flags | O_CLOEXEC, mode);
}

static void check_account(struct span account)
{
	struct span local = account, domain = SPAN("x");

	CHECK(!span_split(account, '@', &local, &domain) || domain.n);
	CHECK(account_part_ok(local) && account_part_ok(domain));
	for (size_t i = 0; i < account.n; i++)
		CHECK(account.p[i] > 0x20 && account.p[i] < 0x7f && account.p[i] != '/');
}

static void check_store(struct ctx *c, struct store *s, struct span target)
{
	struct span account, problem, folder, rest;
	int fd;
	enum err e;

	template_split(s->path, &folder, &rest);
	CHECK(folder.n && folder.p[0] == '/' && !memchr(folder.p, '{', folder.n));
	CHECK(folder.n + rest.n <= s->path.n);
	e = account_resolve(c, s, target, &account, &problem);
	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return;
	CHECK((account.n > 0) != (problem.n > 0));
	if (!account.n)
		return;
	check_account(account);
	e = account_open(c, s, account, O_RDONLY | O_DIRECTORY, &fd, &problem);
	check_result(c, e);
	/* An empty folder holds nothing: only a path that stays where it is could be opened. */
	CHECK(e != ERR_OK || fd < 0 || close(fd) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	FD_SCOPED int fd = -1;
	struct store s = { .name = SPAN("s"), .kind = SPAN("maildir") };
	struct seam seam = world_begin();
	struct span all = span_of(data, size), target;
	char path[32];

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	if (!span_split(all, '\n', &s.path, &all) || !span_split(all, '\n', &target, &all) ||
	    template_problem(s.path))
		return 0;
	if (!template_names_account(s.path))
		s.domain = SPAN("example.org");
	seam.open = open_empty;
	c.seam = &seam;
	check_store(&c, &s, target);
	err_clear(&c);
	fd = world_file(all, path);
	s.aliases = span_str(path);
	check_store(&c, &s, target);
	return 0;
}
