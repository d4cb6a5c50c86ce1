/*
 * Accounts: aliases, path templates, opening. See account.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/account.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define ALIASES_BYTES_MAX ((size_t)64 << 20)
#define PATH_BYTES_MAX 4096u

enum hole { HOLE_NONE, HOLE_DOMAIN, HOLE_LOCAL, HOLE_ACCOUNT };

static const struct {
	const char *text;
	enum hole hole;
} holes[] = {
	{ "{domain}", HOLE_DOMAIN },
	{ "{local}", HOLE_LOCAL },
	{ "{account}", HOLE_ACCOUNT },
};

bool account_part_ok(struct span part)
{
	if (part.n == 0 || part.n > ACCOUNT_PART_MAX || part.p[0] == '.')
		return false;
	for (size_t i = 0; i < part.n; i++) {
		unsigned char x = part.p[i];

		if (!(x >= 'A' && x <= 'Z') && !(x >= 'a' && x <= 'z') && !(x >= '0' && x <= '9') &&
		    (x == 0 || !strchr("._+=-", x)))
			return false;
	}
	return true;
}

/* Which placeholder begins at the start of s, and its length. */
static enum hole hole_at(struct span s, size_t *n_out)
{
	for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
		if (span_starts(s, holes[i].text)) {
			*n_out = strlen(holes[i].text);
			return holes[i].hole;
		}
	}
	*n_out = 1;
	return HOLE_NONE;
}

static unsigned template_holes(struct span path)
{
	unsigned found = 0;
	size_t n;

	for (; path.n; path = span_cut(path, n, path.n))
		found |= 1u << hole_at(path, &n);
	return found & ~(1u << HOLE_NONE);
}

static bool has_hole(unsigned found, enum hole h)
{
	return (found >> h & 1) != 0;
}

bool template_names_account(struct span path)
{
	unsigned found = template_holes(path);

	return has_hole(found, HOLE_ACCOUNT) ||
	       (has_hole(found, HOLE_LOCAL) && has_hole(found, HOLE_DOMAIN));
}

const char *template_problem(struct span path)
{
	unsigned found = template_holes(path);
	struct span rest = path, part;
	size_t n;

	if (!span_starts(path, "/") || path.n >= PATH_BYTES_MAX)
		return "must be a path from the root";
	if (!has_hole(found, HOLE_ACCOUNT) && !has_hole(found, HOLE_LOCAL))
		return "must have {account} or {local}: otherwise every account would be "
		       "the same one";
	while (span_split(rest, '/', &part, &rest))
		if (span_is(part, ".."))
			return "must not climb with ..";
	if (span_is(rest, ".."))
		return "must not climb with ..";
	for (rest = path; rest.n; rest = span_cut(rest, n, rest.n))
		if (hole_at(rest, &n) == HOLE_NONE &&
		    (rest.p[0] == '{' || rest.p[0] == '}' || rest.p[0] == 0))
			return "may have {domain}, {local} and {account}, no other braces";
	return NULL;
}

void template_split(struct span path, struct span *folder_out, struct span *rest_out)
{
	size_t slash = 0;

	for (size_t i = 0; i < path.n && path.p[i] != '{'; i++)
		if (path.p[i] == '/')
			slash = i;
	*folder_out = slash ? span_cut(path, 0, slash) : span_cut(path, 0, 1);
	*rest_out = span_cut(path, slash + 1, path.n);
}

const char *file_type_problem(mode_t mode)
{
	if (S_ISREG(mode))
		return NULL;
	if (S_ISLNK(mode))
		return "a symbolic link";
	if (S_ISFIFO(mode))
		return "a named pipe";
	return S_ISDIR(mode) ? "a folder" : "no regular file";
}

int open_beneath(int folder, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

static enum err template_fill(struct ctx *c, struct span rest, struct span account, char **out)
{
	struct span local = account, domain = SPAN_NONE, filled;
	struct buf b;
	size_t n;

	span_split(account, '@', &local, &domain);
	buf_begin(&b, c, PATH_BYTES_MAX);
	for (; rest.n; rest = span_cut(rest, n, rest.n)) {
		enum hole h = hole_at(rest, &n);

		buf_add(&b, h == HOLE_DOMAIN   ? domain
			    : h == HOLE_LOCAL  ? local
			    : h == HOLE_ACCOUNT ? account
					        : span_cut(rest, 0, 1));
	}
	TRY(buf_done(c, &b, &filled));
	return span_cstr(c, filled, out);
}

static enum err base_open(struct ctx *c, const struct store *s, int *fd_out,
			  struct span *problem_out)
{
	struct span folder, rest;
	char *path;

	*problem_out = SPAN_NONE;
	template_split(s->path, &folder, &rest);
	TRY(span_cstr(c, folder, &path));
	*fd_out = c->seam->open(path, O_RDONLY | O_DIRECTORY, 0);
	if (*fd_out < 0)
		return span_fmt(c, problem_out, "the store cannot be opened: %s", strerror(errno));
	return ERR_OK;
}

enum err template_check(struct ctx *c, const struct store *s, struct span *problem_out)
{
	FD_SCOPED int base = -1;

	return base_open(c, s, &base, problem_out);
}

enum err account_open(struct ctx *c, const struct store *s, struct span account, int flags,
		      int *fd_out, struct span *problem_out)
{
	FD_SCOPED int base = -1;
	struct span folder, rest;
	char *path;

	*fd_out = -1;
	template_split(s->path, &folder, &rest);
	TRY(template_fill(c, rest, account, &path));
	TRY(base_open(c, s, &base, problem_out));
	if (base < 0)
		return ERR_OK;
	*fd_out = open_beneath(base, path, flags);
	if (*fd_out < 0 && errno != ENOENT && errno != ENOTDIR)
		return span_fmt(c, problem_out, "the account cannot be opened: %s",
				errno == ELOOP ? "a symbolic link stands in the way"
					       : strerror(errno));
	return ERR_OK;
}

/* One line of an alias file; *hit_out where it is the one that is looked for. */
static enum err alias_line(struct ctx *c, struct span line, struct span target,
			   struct span *hit_out, bool *found)
{
	struct span alias, account;

	line = span_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return ERR_OK;
	if (!span_split(line, ':', &alias, &account))
		FAIL(c, ERR_FORMAT, "it must be 'alias: account'");
	alias = span_trim(alias);
	account = span_trim(account);
	if (alias.n == 0 || account.n == 0)
		FAIL(c, ERR_FORMAT, "it must be 'alias: account'");
	if (!span_eq(alias, target))
		return ERR_OK;
	if (*found && !span_eq(*hit_out, account))
		FAIL(c, ERR_FORMAT, "this alias stands twice, with different accounts");
	*found = true;
	*hit_out = account;
	return ERR_OK;
}

static enum err alias_find(struct ctx *c, const struct store *s, struct span *account)
{
	struct reader r = { 0 };
	struct span line, target = *account;
	bool found = false;
	unsigned at = 0;
	char *path;

	TRY(span_cstr(c, s->aliases, &path));
	TRY(file_read(c, path, ALIASES_BYTES_MAX, &r.s));
	while (take_line(&r, &line)) {
		enum err e = alias_line(c, line, target, account, &found);

		at++;
		if (e != ERR_OK) {
			err_note(c, "the alias file of the store %.*s, line %u", SPAN_ARG(s->name),
				 at);
			return e;
		}
	}
	return ERR_OK;
}

static bool account_ok(struct span account)
{
	struct span local = account, domain = SPAN_NONE;

	if (!span_split(account, '@', &local, &domain))
		return account_part_ok(account);
	return account_part_ok(local) && account_part_ok(domain);
}

/* A store of one domain knows its accounts with and without it: they are the same ones. */
static enum err domain_apply(struct ctx *c, const struct store *s, struct span *account,
			     struct span *problem_out)
{
	struct span local, domain;

	if (span_split(*account, '@', &local, &domain)) {
		if (s->domain.n && !span_eq(domain, s->domain))
			*problem_out = SPAN("this store serves another domain");
		return ERR_OK;
	}
	if (s->domain.n)
		return span_fmt(c, account, "%.*s@%.*s", SPAN_ARG(*account), SPAN_ARG(s->domain));
	if (has_hole(template_holes(s->path), HOLE_DOMAIN))
		*problem_out = SPAN("the account is named without its domain");
	return ERR_OK;
}

enum err account_resolve(struct ctx *c, const struct store *s, struct span target,
			 struct span *account_out, struct span *problem_out)
{
	*account_out = *problem_out = SPAN_NONE;
	if (s->aliases.n)
		TRY(alias_find(c, s, &target));
	if (!account_ok(target)) {
		*problem_out = SPAN("this cannot be the name of an account here");
		return ERR_OK;
	}
	TRY(domain_apply(c, s, &target, problem_out));
	if (problem_out->n == 0)
		*account_out = target;
	return ERR_OK;
}

enum err account_reach(struct ctx *c, const struct store *s, struct span target, int flags,
		       int *fd_out, struct span *account_out, struct span *problem_out)
{
	struct span account;

	*fd_out = -1;
	*account_out = SPAN_NONE;
	TRY(account_resolve(c, s, target, &account, problem_out));
	if (account.n == 0)
		return ERR_OK;
	TRY(account_open(c, s, account, flags, fd_out, problem_out));
	if (*fd_out >= 0)
		*account_out = account;
	else if (problem_out->n == 0)
		*problem_out = SPAN("there is no such account in this store");
	return ERR_OK;
}
