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

/* The number of "fd:N:NAME", and where NAME begins. */
static bool descriptor_of(const char *path, int *fd, const char **name)
{
	struct span number, rest;
	int64_t n;

	if (strncmp(path, "fd:", 3) != 0 || !span_split(span_str(path + 3), ':', &number, &rest) ||
	    !span_to_i64(number, &n) || n < 3 || n > 1023)
		return false;
	*fd = (int)n;
	*name = (const char *)rest.p;
	return true;
}

const char *user_name(const char *path)
{
	const char *name;
	int fd;

	return descriptor_of(path, &fd, &name) ? name : path;
}

enum err user_open(struct ctx *c, const char *path, int flags, mode_t mode, int *fd_out)
{
	const char *name;
	int fd;

	if (!descriptor_of(path, &fd, &name))
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

enum err user_write(struct ctx *c, const char *path, struct span s, mode_t mode)
{
	FD_SCOPED int fd = -1;
	const char *name;
	int lent;

	if (!descriptor_of(path, &lent, &name)) {
		if (!is_other_than_file(path))
			return file_write(c, path, s, mode);
		TRY(file_open(c, path, O_WRONLY | O_TRUNC, mode, &fd));
		return fd_write_all(c, fd, s);
	}
	TRY(user_open(c, path, O_WRONLY, mode, &fd));
	if (ftruncate(fd, 0) != 0)
		FAIL(c, ERR_IO, "cannot empty %s: %s", name, strerror(errno));
	return fd_write_all(c, fd, s);
}
