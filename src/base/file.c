/*
 * Files, durably; see file.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

enum err file_open(struct ctx *c, const char *path, int flags, mode_t mode, int *fd_out)
{
	int fd = c->seam->open(path, flags, mode);

	if (fd < 0 && errno == ENOENT) {
		err_next(c, "check the name, and the folder that it is looked for in");
		FAIL(c, ERR_NOT_FOUND, "%s does not exist", path);
	}
	if (fd < 0)
		FAIL(c, ERR_IO, "cannot open %s: %s", path, strerror(errno));
	*fd_out = fd;
	return ERR_OK;
}

enum err fd_read_all(struct ctx *c, int fd, size_t max_bytes, struct span *out)
{
	struct stat st;
	unsigned char *p;
	size_t n = 0, cap;

	if (fstat(fd, &st) != 0)
		FAIL(c, ERR_IO, "cannot stat: %s", strerror(errno));
	cap = S_ISREG(st.st_mode) && st.st_size >= 0 ? (size_t)st.st_size : max_bytes;
	if (cap > max_bytes)
		FAIL(c, ERR_LIMIT, "%zu bytes, the limit is %zu", cap, max_bytes);
	TRY(NEW_ARRAY(c, p, cap + 1));
	for (;;) {
		ssize_t got = c->seam->read(fd, p + n, cap + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			FAIL(c, ERR_IO, "cannot read: %s", strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > cap)
			FAIL(c, ERR_LIMIT, "more than %zu bytes, or it grew while it was read",
			     cap);
	}
	*out = (struct span){ p, n };
	return ERR_OK;
}

enum err file_read(struct ctx *c, const char *path, size_t max_bytes, struct span *out)
{
	FD_SCOPED int fd = -1;
	enum err e;

	TRY(file_open(c, path, O_RDONLY, 0, &fd));
	e = fd_read_all(c, fd, max_bytes, out);
	if (e != ERR_OK)
		err_note(c, "%s", path);
	return e;
}

enum err fd_write_all(struct ctx *c, int fd, struct span s)
{
	while (s.n) {
		ssize_t put = c->seam->write(fd, s.p, s.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			FAIL(c, ERR_IO, "cannot write: %s",
			     put == 0 ? "the disk took nothing" : strerror(errno));
		s = span_cut(s, (size_t)put, s.n);
	}
	return ERR_OK;
}

enum err fd_sync(struct ctx *c, int fd)
{
	if (c->seam->fsync(fd) != 0)
		FAIL(c, ERR_IO, "cannot make it durable: %s", strerror(errno));
	return ERR_OK;
}

enum err dir_sync(struct ctx *c, const char *path)
{
	FD_SCOPED int fd = -1;

	TRY(file_open(c, path, O_RDONLY | O_DIRECTORY, 0, &fd));
	return fd_sync(c, fd);
}

enum err parent_sync(struct ctx *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;

	if (!slash)
		return dir_sync(c, ".");
	TRY(span_cstr(c, span_of(path, slash == path ? 1 : (size_t)(slash - path)), &dir));
	return dir_sync(c, dir);
}

static enum err write_new(struct ctx *c, const char *path, struct span s, mode_t mode)
{
	FD_SCOPED int fd = -1;

	TRY(file_open(c, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode, &fd));
	/* The caller names the mode: what is to be read by others is so under every umask. */
	if (fchmod(fd, mode) != 0)
		FAIL(c, ERR_IO, "cannot set the mode of %s: %s", path, strerror(errno));
	TRY(fd_write_all(c, fd, s));
	return fd_sync(c, fd);
}

enum err file_write(struct ctx *c, const char *path, struct span s, mode_t mode)
{
	enum err e;
	char *tmp;

	TRY(path_fmt(c, &tmp, "%s.tmp", path));
	e = write_new(c, tmp, s, mode);
	if (e != ERR_OK) {
		err_note(c, "%s", path);
		c->seam->unlink(tmp);
		return e;
	}
	if (c->seam->rename(tmp, path) != 0)
		FAIL(c, ERR_IO, "cannot put %s in place: %s", path, strerror(errno));
	return parent_sync(c, path);
}

enum err file_write_once(struct ctx *c, const char *path, struct span s, mode_t mode)
{
	struct span old;

	if (!file_exists(path))
		return file_write(c, path, s, mode);
	TRY(file_read(c, path, s.n + 1, &old));
	if (!span_eq(old, s))
		FAIL(c, ERR_STATE, "%s already exists with other content", path);
	return parent_sync(c, path);
}

enum err path_real(struct ctx *c, const char *path, char **out)
{
	char whole[PATH_MAX];

	if (!realpath(path, whole))
		FAIL(c, ERR_IO, "cannot resolve %s: %s", path, strerror(errno));
	return span_cstr(c, span_str(whole), out);
}

enum err dir_make(struct ctx *c, const char *path, mode_t mode)
{
	char *p;

	TRY(span_cstr(c, span_str(path), &p));
	for (char *at = p + 1;; at++) {
		bool end = *at == '\0';

		if (*at != '/' && !end)
			continue;
		*at = '\0';
		if (mkdir(p, mode) != 0 && errno != EEXIST)
			FAIL(c, ERR_IO, "cannot make the folder %s: %s", p, strerror(errno));
		if (end)
			return ERR_OK;
		*at = '/';
	}
}

enum err file_remove(struct ctx *c, const char *path)
{
	if (c->seam->unlink(path) != 0 && errno != ENOENT)
		FAIL(c, ERR_IO, "cannot remove %s: %s", path, strerror(errno));
	return parent_sync(c, path);
}

bool file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

enum err path_fmt(struct ctx *c, char **out, const char *fmt, ...)
{
	va_list args;
	char text[4096];
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		FAIL(c, ERR_LIMIT, "a path is longer than %zu bytes", sizeof text - 1);
	return span_cstr(c, span_of(text, (size_t)n), out);
}

enum err memfd_of(struct ctx *c, const char *name, struct span s, int *fd_out)
{
	FD_SCOPED int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	TRY(fd_write_all(c, fd, s));
	if (lseek(fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind a file in memory: %s", strerror(errno));
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		FAIL(c, ERR_IO, "cannot seal a file in memory: %s", strerror(errno));
	*fd_out = fd;
	fd = -1;
	return ERR_OK;
}
