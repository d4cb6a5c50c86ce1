/*
 * Opening the mbox files of an account. See part.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "connect/account.h"
#include "connect/mbox/part.h"
#include "connect/plan.h"

#define DEPTH_MAX 8             /* of folders in folders */
#define WAITS_MAX 20            /* for locks, for all folders of a source */
#define WAIT_MS 50
#define LOCK ".lock"
#define READING (O_RDONLY | O_NONBLOCK | O_NOCTTY)      /* should a pipe stand there by now */

/* Where the lock file of a folder stands. */
struct lock {
	const struct mbox_place *place; /* a lone file */
	int dir;                        /* else a file of this folder */
	const char *name;
};

static enum err block(struct ctx *c, struct mbox *m, struct span folder, const char *why)
{
	return unreadable_add(c, &m->blocked, &(struct unreadable){
		.folder = folder,
		.why = span_str(why),
	});
}

/* ---- locks ---- */

static enum err account_lock(struct ctx *c, const struct mbox_place *place, bool *stands)
{
	FD_SCOPED int fd = -1;
	struct store beside = *place->store;
	struct span problem;

	TRY(span_fmt(c, &beside.path, "%.*s" LOCK, SPAN_ARG(place->store->path)));
	TRY(account_open(c, &beside, place->account, O_PATH, &fd, &problem));
	*stands = fd >= 0 || problem.n;
	return ERR_OK;
}

static enum err lock_file(struct ctx *c, const struct lock *lock, bool *stands)
{
	const char *beside = lock->place ? lock->place->path : lock->name;
	struct stat st;
	char *path;

	if (lock->place && !beside)
		return account_lock(c, lock->place, stands);
	TRY(path_fmt(c, &path, "%s" LOCK, beside));
	*stands = fstatat(lock->place ? AT_FDCWD : lock->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	return ERR_OK;
}

/* Does another program hold the right to write? Looking takes no lock and keeps nobody waiting.
 * *why_out: NULL, or why that cannot be known, which is no "no". */
static enum err locked(struct ctx *c, const struct lock *lock, int fd, bool *out,
		       const char **why_out)
{
	struct flock held = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	*why_out = NULL;
	TRY(lock_file(c, lock, out));
	if (*out)
		return ERR_OK;
	if (fcntl(fd, F_OFD_GETLK, &held) != 0)
		*why_out = "its file system does not say whether it is locked";
	else
		*out = held.l_type == F_WRLCK;
	return ERR_OK;
}

/* The length at a moment at which nobody was writing: no lock before and after it was looked at.
 * Programs that deliver take a lock file or lock with fcntl(2), in Debian both. */
static enum err bound_find(struct ctx *c, struct mbox *m, const struct lock *lock,
			   struct mbox_folder *f, const char **why_out)
{
	for (;;) {
		bool before, after;
		struct stat st, again;

		TRY(locked(c, lock, f->fd, &before, why_out));
		if (*why_out)
			return ERR_OK;
		if (fstat(f->fd, &st) != 0)
			break;
		TRY(locked(c, lock, f->fd, &after, why_out));
		if (*why_out)
			return ERR_OK;
		if (fstat(f->fd, &again) != 0)
			break;
		f->bound = st.st_size;
		if (!before && !after && st.st_size == again.st_size)
			return ERR_OK;
		*why_out = "another program is writing to it (it is locked); try again";
		if (m->waits >= WAITS_MAX)
			return ERR_OK;
		m->waits++;
		poll(NULL, 0, WAIT_MS);
	}
	*why_out = strerror(errno);
	return ERR_OK;
}

/* ---- folders ---- */

/* Takes fd as the folder of that name, or says why it cannot be one. */
static enum err folder_add(struct ctx *c, struct mbox *m, struct span name, int fd,
			   const struct lock *lock)
{
	struct mbox_folder *f = &m->folder[m->folder_count];
	const char *why = NULL;
	struct stat st;
	enum err e;

	f->fd = fd;
	if (fd < 0)
		return block(c, m, name, errno == ELOOP ? "a symbolic link" : strerror(errno));
	why = fstat(fd, &st) != 0 ? strerror(errno) : file_type_problem(st.st_mode);
	e = why ? ERR_OK : bound_find(c, m, lock, f, &why);
	if (e == ERR_OK)
		e = why ? block(c, m, name, why) : span_copy(c, name, &f->name);
	if (e != ERR_OK || why)
		fd_close(&f->fd);
	else
		m->folder_count++;
	return e;
}

/* Names that are no folder: what programs keep beside their mail, and locks. */
static bool passed_over(struct span name)
{
	return name.n == 0 || name.p[0] == '.' || span_ends(name, LOCK);
}

struct walk {
	struct ctx *c;
	struct mbox *m;
	char name[(POOL_NAME_MAX + 1) * (DEPTH_MAX + 1)];       /* of the folder, with its '/' */
	size_t n;
};

static enum err walk_dir(struct walk *w, int dir, int depth);

static enum err walk_entry(struct walk *w, int dir, const char *entry, int depth)
{
	size_t n = w->n, more = strlen(entry);
	struct lock lock = { .dir = dir, .name = entry };
	const char *why = NULL;
	struct span name;
	struct stat st;
	enum err e;

	if (more > POOL_NAME_MAX)       /* some file systems have longer ones */
		return block(w->c, w->m, span_of(w->name, n ? n - 1 : 0),
			     "a name in it is too long");
	memcpy(w->name + n, entry, more);
	name = span_of(w->name, n + more);
	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? ERR_OK : block(w->c, w->m, name, strerror(errno));
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
		FD_SCOPED int sub = open_beneath(dir, entry, O_RDONLY | O_DIRECTORY);

		if (sub < 0)
			return block(w->c, w->m, name, strerror(errno));
		w->name[name.n] = '/';
		w->n = name.n + 1;
		e = walk_dir(w, sub, depth + 1);
		w->n = n;
		return e;
	}
	why = file_type_problem(st.st_mode);
	if (why)
		return block(w->c, w->m, name, why);
	if (w->m->folder_count == FOLDERS_MAX)
		FAIL(w->c, ERR_LIMIT, "an account has more than %u folders", FOLDERS_MAX);
	return folder_add(w->c, w->m, name, open_beneath(dir, entry, READING), &lock);
}

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

static enum err walk_dir(struct walk *w, int dir, int depth)
{
	__attribute__((cleanup(dir_close))) DIR *d = NULL;
	const struct dirent *entry;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return block(w->c, w->m, span_of(w->name, w->n ? w->n - 1 : 0), strerror(errno));
	while ((entry = readdir(d))) {
		if (!passed_over(span_str(entry->d_name)))
			TRY(walk_entry(w, dir, entry->d_name, depth));
	}
	return ERR_OK;
}

/* May the line call a folder so? A name that could mean another file is none. */
static bool name_ok(struct span name)
{
	struct span part, rest = name;

	while (span_split(rest, '/', &part, &rest))
		if (passed_over(part))
			return false;
	return !passed_over(rest) && !memchr(name.p, 0, name.n);
}

static enum err named_open(struct ctx *c, struct source *s, struct mbox *m, int dir,
			   struct span name)
{
	struct lock lock = { .dir = dir };
	struct stat st;
	char *path = NULL;
	int fd = -1;

	for (size_t i = 0; i < m->folder_count; i++)
		if (span_eq(m->folder[i].name, name))
			return ERR_OK;
	if (name_ok(name)) {
		TRY(span_cstr(c, name, &path));
		fd = open_beneath(dir, path, O_PATH);
	}
	if (!path || (fd < 0 && (errno == ENOENT || errno == ENOTDIR)))
		return span_fmt(c, &s->problem, "there is no folder %.*s", SPAN_ARG(name));
	if (fd >= 0) {
		const char *why = fstat(fd, &st) != 0 ? strerror(errno)
						      : file_type_problem(st.st_mode);

		fd_close(&fd);
		if (why)
			return block(c, m, name, why);
		fd = open_beneath(dir, path, READING);
	}
	lock.name = path;
	return folder_add(c, m, name, fd, &lock);
}

static enum err lone_open(struct ctx *c, struct source *s, struct mbox *m,
			  const struct mbox_place *at)
{
	struct lock lock = { .place = at };
	struct span problem = SPAN_NONE;
	int fd = -1;

	for (size_t i = 0; !s->line->all_folders && i < s->line->folder_count; i++)
		if (!span_is(s->line->folders[i], "INBOX"))
			return span_fmt(c, &s->problem, "there is no folder %.*s",
					SPAN_ARG(s->line->folders[i]));
	TRY(NEW_ARRAY(c, m->folder, 1));
	if (at->path) {
		fd = open(at->path, READING | O_CLOEXEC);
	} else {
		TRY(account_open(c, at->store, at->account, READING, &fd, &problem));
		if (fd < 0) {
			s->problem = problem.n ? problem : SPAN("the account's file has gone");
			return ERR_OK;
		}
	}
	return folder_add(c, m, SPAN("INBOX"), fd, &lock);
}

static int folder_order(const void *a, const void *b)
{
	return span_cmp(((const struct mbox_folder *)a)->name,
			((const struct mbox_folder *)b)->name);
}

static enum err dir_open(struct ctx *c, struct source *s, struct mbox *m,
			 const struct mbox_place *at)
{
	const struct demand_line *line = s->line;
	FD_SCOPED int dir = openat(at->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk *w;

	if (dir < 0)
		return span_fmt(c, &s->problem, "the account cannot be opened: %s",
				strerror(errno));
	TRY(NEW_ARRAY(c, m->folder, line->all_folders ? FOLDERS_MAX : line->folder_count));
	if (line->all_folders) {
		TRY(NEW(c, w));
		w->c = c;
		w->m = m;
		TRY(walk_dir(w, dir, 0));
	}
	for (size_t i = 0; !line->all_folders && s->problem.n == 0 && i < line->folder_count; i++)
		TRY(named_open(c, s, m, dir, line->folders[i]));
	if (m->folder_count)
		qsort(m->folder, m->folder_count, sizeof *m->folder, folder_order);
	else if (s->problem.n == 0 && m->blocked.count == 0)
		s->problem = SPAN("this is no place of mbox files: it holds none");
	return ERR_OK;
}

enum err mbox_folders_open(struct ctx *c, struct source *s, const struct mbox_place *at)
{
	struct stat st;

	if (fstat(at->fd, &st) != 0)
		FAIL(c, ERR_IO, "a store cannot be looked at: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return dir_open(c, s, s->of, at);
	if (S_ISREG(st.st_mode))
		return lone_open(c, s, s->of, at);
	return span_fmt(c, &s->problem, "this is neither a file nor a folder, but %s",
			file_type_problem(st.st_mode));
}

void mbox_folders_close(struct mbox *m)
{
	for (size_t i = 0; i < m->folder_count; i++)
		fd_close(&m->folder[i].fd);
	m->folder_count = 0;
}
