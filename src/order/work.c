/*
 * Long work; see work.h. The process holds a lock on the file of its words as long as it lives: it
 * inherits the description that was locked, so no number of a process is kept that could be another
 * one's later.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define SAID_MAX ((size_t)64 << 10)

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
		    const char *const *argv, const int *lent, size_t count)
{
	/* Standard error goes where its output goes; the words are arguments, never a script. */
	const char *words[SEAM_WORDS_MAX + 1] = { "sh", "-c", "exec \"$@\" 2>&1", "sh" };
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
	for (; *argv && n < SEAM_WORDS_MAX; argv++)
		words[n++] = *argv;
	if (*argv || c->seam->run(words, null, fd, lent, count) < 0)
		FAIL(c, ERR_IO, "no process could be started");
	return ERR_OK;
}

enum err work_order(struct ctx *c, const struct session *s, struct span ref, const char *what,
		    const char *const *words, const char *more, const char *value)
{
	char *program, *order, *who;
	const char *argv[16] = { NULL };
	struct span name;
	size_t n = 0;

	TRY(span_fmt(c, &name, "%.*s.%s", SPAN_ARG(ref), what));
	TRY(seal_need(c, s));
	TRY(home_program(c, "writ", &program));
	TRY(span_cstr(c, ref, &order));
	TRY(span_cstr(c, s->actor, &who));
	argv[n++] = program;
	for (; *words; words++)
		argv[n++] = *words;
	argv[n++] = order;
	if (more) {
		argv[n++] = more;
		if (value)
			argv[n++] = value;
	}
	argv[n++] = "--as";
	argv[n++] = who;
	argv[n++] = "--home";
	argv[n++] = s->home.dir;
	return work_start(c, &s->home, name, argv, NULL, 0);
}

/* How a command failed it says at its end. */
static enum err read_end(struct ctx *c, int fd, struct span *out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)SAID_MAX ? size - (off_t)SAID_MAX : 0;
	struct span first;
	unsigned char *room;
	ssize_t got;

	if (size <= 0)
		return ERR_OK;
	TRY(NEW_ARRAY(c, room, (size_t)(size - from)));
	got = pread(fd, room, (size_t)(size - from), from);
	if (got < 0)
		FAIL(c, ERR_IO, "what it said cannot be read: %s", strerror(errno));
	*out = span_of(room, (size_t)got);
	if (from > 0 && !span_split(*out, '\n', &first, out))
		*out = SPAN_NONE;
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
	return read_end(c, fd, said_out);
}

enum err work_open(struct ctx *c, const struct home *home, struct span name, int *fd_out)
{
	char *path;

	TRY(path_of(c, home, name, &path));
	return file_open(c, path, O_RDONLY, 0, fd_out);
}

/* "writ COMMAND: TEXT: why", and in the next line what next, at the end of what was said. */
enum err work_failure(struct span said, struct span *why_out, struct span *next_out)
{
	static const struct span mark = SPAN("\n  next: ");
	struct span command, rest = SPAN_NONE;

	*why_out = *next_out = SPAN_NONE;
	for (size_t i = 0; i < said.n; i++)
		if ((i == 0 || said.p[i - 1] == '\n') &&
		    span_starts(span_cut(said, i, said.n), "writ "))
			rest = span_cut(said, i, said.n);
	if (!span_split(rest, ':', &command, &rest))
		return ERR_OK;
	rest = span_trim(rest);
	for (size_t i = 0; i + mark.n <= rest.n && !next_out->n; i++) {
		if (!span_eq(span_cut(rest, i, mark.n), mark))
			continue;
		*next_out = span_cut(rest, i + mark.n, rest.n);
		rest = span_cut(rest, 0, i);
	}
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		struct span text = span_str(err_text((enum err)e));

		if (!span_starts(rest, err_text((enum err)e)) || rest.n < text.n + 2 ||
		    rest.p[text.n] != ':')
			continue;
		*why_out = span_cut(rest, text.n + 2, rest.n);
		return (enum err)e;
	}
	return ERR_OK;
}

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* Whoever would start it at this moment finds it locked, and believes that it runs: nobody starts
 * work under a name that is old enough to be forgotten. */
static void forget(int folder, const char *name, int64_t before_utc)
{
	struct flock alone = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	FD_SCOPED int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_mtim.tv_sec < before_utc &&
	    fcntl(fd, F_OFD_SETLK, &alone) == 0)
		(void)unlinkat(folder, name, 0);
}

enum err work_sweep(struct ctx *c, const struct home *home, const char *start, int64_t before_utc)
{
	__attribute__((cleanup(dir_close))) DIR *dir = NULL;
	const struct dirent *entry;
	char *folder;

	TRY(path_fmt(c, &folder, "%s/work", home->run));
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)) != NULL)
		if (span_starts(span_str(entry->d_name), start))
			forget(dirfd(dir), entry->d_name, before_utc);
	return ERR_OK;
}
