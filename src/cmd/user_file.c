/*
 * Files that the caller named; see user_file.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/user_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* The number in "fd:N:NAME", or the which-th further one of "fd:N+M:NAME", and where NAME begins.
 */
static bool descriptor_of(const char *path, int which, int *fd, const char **name)
{
	struct span numbers, number, rest;
	int64_t n;

	if (strncmp(path, "fd:", 3) != 0 || !span_split(span_str(path + 3), ':', &numbers, &rest))
		return false;
	*name = rest.n ? (const char *)rest.p : "";
	for (; which > 0; which--)
		if (!span_split(numbers, '+', &number, &numbers))
			return false;
	if (!span_split(numbers, '+', &number, &rest))
		number = numbers;
	if (!span_to_i64(number, &n) || n < 3 || n > 1023)
		return false;
	*fd = (int)n;
	return true;
}

bool user_lent(const char *path)
{
	const char *name;
	int fd;

	return descriptor_of(path, 0, &fd, &name);
}

const char *user_name(const char *path)
{
	const char *name;
	int fd;

	return descriptor_of(path, 0, &fd, &name) ? name : path;
}

enum err user_open(struct ctx *c, const char *path, int flags, mode_t mode, int *fd_out)
{
	const char *name;
	int fd;

	if (!descriptor_of(path, 0, &fd, &name))
		return file_open(c, path, flags, mode, fd_out);
	*fd_out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (*fd_out < 0)
		FAIL(c, ERR_IO, "the file %s did not come along: %s", name, strerror(errno));
	return ERR_OK;
}

enum err user_read(struct ctx *c, const char *path, size_t max_bytes, struct span *out)
{
	FD_SCOPED int fd = -1;
	enum err e;

	TRY(user_open(c, path, O_RDONLY, 0, &fd));
	e = fd_read_all(c, fd, max_bytes, out);
	if (e != ERR_OK)
		err_note(c, "%s", user_name(path));
	return e;
}

/* A device, a pipe or a link is written to and not replaced: /dev/stdout stays what it is. */
static bool is_other_than_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static enum err write_lent(struct ctx *c, int lent, const char *name, struct span s)
{
	if (ftruncate(lent, 0) != 0 || lseek(lent, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot empty %s: %s", name, strerror(errno));
	return fd_write_all(c, lent, s);
}

enum err user_write(struct ctx *c, const char *path, struct span s, mode_t mode)
{
	FD_SCOPED int fd = -1;
	const char *name;
	int lent;

	if (descriptor_of(path, 0, &lent, &name))
		return write_lent(c, lent, name, s);
	if (!is_other_than_file(path))
		return file_write(c, path, s, mode);
	TRY(file_open(c, path, O_WRONLY | O_TRUNC, mode, &fd));
	return fd_write_all(c, fd, s);
}

enum err user_write_beside(struct ctx *c, const char *path, const char *suffix, int number,
			   struct span s, mode_t mode)
{
	const char *name;
	char *beside;
	int lent;

	if (descriptor_of(path, number, &lent, &name))
		return write_lent(c, lent, name, s);
	/* A lent file may have nothing beside it: the caller's own process signs there and then. */
	if (user_lent(path))
		return ERR_OK;
	TRY(path_fmt(c, &beside, "%s%s", path, suffix));
	return user_write(c, beside, s, mode);
}
