/*
 * Long work; see work.h. The process holds a lock on the file of its words as long as it lives: it
 * inherits the description that was locked, so no number of a process is kept that could be another
 * one's later.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/work.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

#define SAID_MAX ((size_t)64 << 10)
#define WORDS_MAX 32u

static enum err path_of(struct ctx *c, const struct home *home, struct span name, char **out)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char x = name.p[i];
		bool fine = (x >= 'A' && x <= 'Z') || (x >= 'a' && x <= 'z') ||
			    (x >= '0' && x <= '9') || x == '-' || (x == '.' && i > 0);

		if (!fine)
			FAIL(c, ERR_FAILED, "work of a name that no file has");
	}
	if (name.n == 0 || name.n > 100)
		FAIL(c, ERR_FAILED, "work of a name that no file has");
	return path_fmt(c, out, "%s/work/%.*s", home->run, SPAN_ARG(name));
}

enum err work_start(struct ctx *c, const struct home *home, struct span name,
		    const char *const *argv)
{
	/* Standard error goes where its output goes; the words are arguments, never a script. */
	const char *words[WORDS_MAX] = { "sh", "-c", "exec \"$@\" 2>&1", "sh" };
	struct flock alone = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	FD_SCOPED int fd = -1;
	FD_SCOPED int null = -1;
	char *path, *folder;
	size_t n = 4;

	TRY(path_of(c, home, name, &path));
	TRY(path_fmt(c, &folder, "%s/work", home->run));
	TRY(dir_make(c, folder, 0700));
	TRY(file_open(c, path, O_RDWR | O_CREAT, 0600, &fd));
	if (fcntl(fd, F_OFD_SETLK, &alone) != 0)
		return ERR_OK;
	if (ftruncate(fd, 0) != 0)
		FAIL(c, ERR_IO, "%s cannot be emptied", path);
	TRY(file_open(c, "/dev/null", O_RDONLY, 0, &null));
	for (; *argv && n + 1 < WORDS_MAX; argv++)
		words[n++] = *argv;
	if (c->seam->run(words, null, fd) < 0)
		FAIL(c, ERR_IO, "no process could be started");
	return ERR_OK;
}

enum err work_look(struct ctx *c, const struct home *home, struct span name, enum work *out,
		   struct span *said_out)
{
	struct flock held = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	FD_SCOPED int fd = -1;
	char *path;

	*out = WORK_NONE;
	*said_out = SPAN_NONE;
	TRY(path_of(c, home, name, &path));
	if (!file_exists(path))
		return ERR_OK;
	TRY(file_open(c, path, O_RDONLY, 0, &fd));
	/* Asked for and not taken: who looks must not keep somebody from starting it. */
	if (fcntl(fd, F_OFD_GETLK, &held) != 0)
		FAIL(c, ERR_IO, "nobody can tell whether %s goes on: %s", path, strerror(errno));
	*out = held.l_type == F_UNLCK ? WORK_ENDED : WORK_RUNS;
	if (file_read(c, path, SAID_MAX, said_out) == ERR_OK)
		return ERR_OK;
	err_clear(c);   /* more than a page could show */
	*said_out = SPAN_NONE;
	return ERR_OK;
}
