/*
 * The disk under torture: preloaded into the untouched release executables, it sees each call that
 * changes files below one folder, writes it down, and lets the n-th one fail or kills there. What
 * it is told and what it saw stand in a file that all processes of a home share (disk.py reads it),
 * so a cage that has closed is no obstacle. It refuses nothing by itself and never alters what is
 * written.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Both names of each call are defined here, so neither may stand for the other. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The same numbers stand in disk.py. */
enum op {
	OP_CREATE = 1,
	OP_WRITE,
	OP_SYNC,
	OP_RENAME,
	OP_UNLINK,
	OP_TRUNCATE,
	OP_MKDIR,
	OP_ALLOCATE,
	OP_OPEN,        /* with O_CREAT, of a file that is there: may fail, changes nothing */
	OP_RMDIR,
};
enum how { HOW_NONE, HOW_ONCE, HOW_EVER, HOW_SHORT, HOW_KILL };

struct control {
	char prefix[1024];              /* files below this folder are the disk */
	uint64_t size;                  /* of the whole mapping */
	_Atomic uint32_t lock, how, error, record;
	_Atomic uint64_t fail_at;       /* counted from 1 */
	_Atomic uint64_t seen, failed;  /* calls that may fail; calls that did */
	_Atomic uint64_t used;          /* bytes of the log behind this head */
	_Atomic uint64_t lost;          /* records for which there was no room */
};

struct record {
	uint32_t bytes;                 /* of head and data, a multiple of 8 */
	uint8_t op, failed, program, changed;
	uint64_t number, ino, at, length;
};

#define FDS 4096
#define HEAD 4096u

static struct control *control;
static size_t prefix_length;
static char program;
static unsigned char ours[FDS];         /* 1: of the disk, 2: its writes are not kept by a crash */

#define REAL(ret, name, ...) static ret (*real_##name)(__VA_ARGS__)
REAL(int, open64, const char *, int, ...);
REAL(int, openat64, int, const char *, int, ...);
REAL(int, close, int);
REAL(int, close_range, unsigned, unsigned, int);
REAL(int, dup2, int, int);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, rename, const char *, const char *);
REAL(int, unlink, const char *);
REAL(int, rmdir, const char *);
REAL(int, mkdir, const char *, mode_t);
REAL(int, ftruncate64, int, off64_t);
REAL(int, fallocate64, int, int, off64_t, off64_t);
REAL(ssize_t, recvmsg, int, struct msghdr *, int);

#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TORTURE_DISK");
	char self[PATH_MAX];
	struct stat st;
	ssize_t n;
	int fd;

	FIND(open64);
	FIND(openat64);
	FIND(close);
	FIND(close_range);
	FIND(dup2);
	FIND(write);
	FIND(pwrite64);
	FIND(fsync);
	FIND(fdatasync);
	FIND(rename);
	FIND(unlink);
	FIND(rmdir);
	FIND(mkdir);
	FIND(ftruncate64);
	FIND(fallocate64);
	FIND(recvmsg);
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = '\0';
	if (!path || !strstr(self, "/writ"))
		return;
	program = strstr(self, "-seal") ? 's' : strstr(self, "-hand") ? 'h' : 'w';
	fd = real_open64(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	control = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	real_close(fd);
	if (control == MAP_FAILED)
		abort();
	prefix_length = strlen(control->prefix);
}

/* ---- whose file is it ---- */

static int path_kind(const char *path)
{
	size_t n;

	if (!control || !path || strncmp(path, control->prefix, prefix_length) != 0 ||
	    (path[prefix_length] != '/' && path[prefix_length] != '\0'))
		return 0;
	n = strlen(path);
	/* SQLite's index of its log is memory: a new start makes it anew. */
	return n > 4 && strcmp(path + n - 4, "-shm") == 0 ? 2 : 1;
}

static int fd_kind(int fd)
{
	return control && fd >= 0 && fd < FDS ? ours[fd] : 0;
}

static void fd_note(int fd, int kind)
{
	if (fd >= 0 && fd < FDS)
		ours[fd] = (unsigned char)kind;
}

static uint64_t ino_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static uint64_t ino_at(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_ino : 0;
}

/* ---- what is written down: call and record are one step among all processes ---- */

static void lock(void)
{
	uint32_t none = 0;

	/* A place for a holder that was killed elsewhere: nobody waits for ever. */
	for (unsigned i = 0; !atomic_compare_exchange_weak(&control->lock, &none, 1); i++, none = 0)
		if (i > 200000000u)
			break;
}

static void unlock(void)
{
	atomic_store(&control->lock, 0);
}

static void note(enum op op, bool failed, uint64_t number, uint64_t ino, uint64_t at,
		 uint64_t length, const void *data, size_t n, const void *more, size_t m)
{
	size_t bytes = (sizeof(struct record) + n + m + 7) & ~(size_t)7;
	uint64_t used = atomic_load(&control->used);
	struct record *r;

	if (!atomic_load(&control->record))
		return;
	if (HEAD + used + bytes > control->size) {
		atomic_fetch_add(&control->lost, 1);
		return;
	}
	r = (struct record *)((char *)control + HEAD + used);
	*r = (struct record){ .bytes = (uint32_t)bytes, .op = (uint8_t)op, .failed = failed,
			      .program = (uint8_t)program, .number = number, .ino = ino, .at = at,
			      .length = length };
	if (n)
		memcpy(r + 1, data, n);
	if (m)
		memcpy((char *)(r + 1) + n, more, m);
	atomic_store(&control->used, used + bytes);
}

static void note_path(enum op op, bool failed, uint64_t number, uint64_t ino, const char *path,
		      const char *to)
{
	note(op, failed, number, ino, 0, 0, path, strlen(path) + 1, to, to ? strlen(to) + 1 : 0);
}

/* Counts a call that may fail. 0: go on; 1: it fails now with errno set; 2: only half is written.
 */
static int fate(uint64_t *number_out)
{
	uint64_t number = atomic_fetch_add(&control->seen, 1) + 1,
		 at = atomic_load(&control->fail_at);
	enum how how = atomic_load(&control->how);
	bool now = number == at || (how == HOW_EVER && number > at) ||
		   (how == HOW_SHORT && number == at + 1);

	*number_out = number;
	if (how == HOW_NONE || !now)
		return 0;
	atomic_fetch_add(&control->failed, 1);
	if (how == HOW_KILL) {
		unlock();
		syscall(SYS_kill, getpid(), SIGKILL);
	}
	if (how == HOW_SHORT && number == at)
		return 2;
	errno = (int)atomic_load(&control->error);
	return 1;
}

/* ---- the calls ---- */

static int opened(int dir, const char *path, int flags, mode_t mode)
{
	int kind = path_kind(path), fd, saved;
	bool create = kind && (flags & O_CREAT);
	uint64_t number, before;

	if (!create) {
		fd = dir == AT_FDCWD ? real_open64(path, flags, mode)
				     : real_openat64(dir, path, flags, mode);
		/* Below the stores nothing is written. */
		fd_note(fd, dir == AT_FDCWD ? kind : 0);
		if (kind == 1 && fd >= 0 && (flags & O_TRUNC)) {
			lock();
			note(OP_TRUNCATE, false, 0, ino_of(fd), 0, 0, NULL, 0, NULL, 0);
			unlock();
		}
		return fd;
	}
	lock();
	before = ino_at(path);
	if (fate(&number) == 1) {
		note_path(before ? OP_OPEN : OP_CREATE, true, number, before, path, NULL);
		unlock();
		return -1;
	}
	fd = real_open64(path, flags, mode);
	saved = errno;
	fd_note(fd, kind);
	if (fd >= 0 && kind == 1) {
		note_path(before ? OP_OPEN : OP_CREATE, false, number, ino_of(fd), path, NULL);
		if (before && (flags & O_TRUNC))
			note(OP_TRUNCATE, false, 0, ino_of(fd), 0, 0, NULL, 0, NULL, 0);
	}
	unlock();
	errno = saved;
	return fd;
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return opened(AT_FDCWD, path, flags, mode);                                        \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
	int name(int dir, const char *path, int flags, ...)                                        \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return opened(dir, path, flags, mode);                                             \
	}
OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
	fd_note(fd, 0);
	return real_close(fd);
}

int close_range(unsigned from, unsigned to, int flags)
{
	for (unsigned fd = from; fd <= to && fd < FDS; fd++)
		ours[fd] = 0;
	return real_close_range(from, to, flags);
}

int dup2(int from, int to)
{
	int fd = real_dup2(from, to);

	/* Standard output and error are nobody's disk. */
	fd_note(fd, fd > 2 ? fd_kind(from) : 0);
	return fd;
}

/* Descriptors that come over a socket: the vault file of a hand. */
ssize_t recvmsg(int s, struct msghdr *m, int flags)
{
	ssize_t got = real_recvmsg(s, m, flags);
	char name[32], path[PATH_MAX];
	int saved = errno, fd;

	for (struct cmsghdr *c = got >= 0 && control ? CMSG_FIRSTHDR(m) : NULL; c;
	     c = CMSG_NXTHDR(m, c))
		for (size_t i = 0; c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
				   CMSG_LEN((i + 1) * sizeof fd) <= c->cmsg_len; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
			ssize_t n = readlink(name, path, sizeof path - 1);

			path[n > 0 ? n : 0] = '\0';
			fd_note(fd, path_kind(path));
		}
	errno = saved;
	return got;
}

static ssize_t put(int fd, const void *p, size_t n, off64_t at, bool positioned)
{
	int kind = fd_kind(fd), doom, saved;
	uint64_t number;
	ssize_t got;

	if (!kind)
		return positioned ? real_pwrite64(fd, p, n, at) : real_write(fd, p, n);
	lock();
	doom = fate(&number);
	if (doom == 1) {
		saved = errno;
		note(OP_WRITE, true, number, ino_of(fd), 0, n, NULL, 0, NULL, 0);
		unlock();
		errno = saved;
		return -1;
	}
	if (doom == 2 && n > 1)
		n /= 2;
	if (!positioned)
		at = lseek64(fd, 0, SEEK_CUR);
	got = positioned ? real_pwrite64(fd, p, n, at) : real_write(fd, p, n);
	saved = errno;
	if (got > 0 && kind == 1)
		note(OP_WRITE, false, number, ino_of(fd), (uint64_t)at, (uint64_t)got, p,
		     (size_t)got, NULL, 0);
	unlock();
	errno = saved;
	return got;
}

ssize_t write(int fd, const void *p, size_t n)
{
	return put(fd, p, n, 0, false);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return put(fd, p, n, at, true);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return put(fd, p, n, at, true);
}

/* One piece at a time: whoever writes so must be ready for a short count. */
ssize_t pwritev64(int fd, const struct iovec *v, int count, off64_t at)
{
	return count > 0 ? put(fd, v->iov_base, v->iov_len, at, true) : 0;
}

ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	return pwritev64(fd, v, count, at);
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	return count > 0 ? put(fd, v->iov_base, v->iov_len, 0, false) : 0;
}

static int synced(int fd, int (*real)(int))
{
	int kind = fd_kind(fd), result, saved;
	uint64_t number;
	bool doomed;

	if (!kind)
		return real(fd);
	lock();
	doomed = fate(&number) == 1;
	saved = errno;
	result = doomed ? -1 : real(fd);
	if (!doomed)
		saved = errno;
	if (kind == 1)
		note(OP_SYNC, result != 0, number, ino_of(fd), 0, 0, NULL, 0, NULL, 0);
	unlock();
	errno = saved;
	return result;
}

int fsync(int fd)
{
	return synced(fd, real_fsync);
}

int fdatasync(int fd)
{
	return synced(fd, real_fdatasync);
}

int rename(const char *from, const char *to)
{
	uint64_t number, ino;
	int result, saved;

	if (path_kind(from) != 1)
		return real_rename(from, to);
	lock();
	ino = ino_at(from);
	if (fate(&number) == 1) {
		saved = errno;
		note_path(OP_RENAME, true, number, ino, from, to);
		unlock();
		errno = saved;
		return -1;
	}
	result = real_rename(from, to);
	saved = errno;
	if (result == 0)
		note_path(OP_RENAME, false, number, ino, from, to);
	unlock();
	errno = saved;
	return result;
}

/* What takes away frees room: it does not fail here, but a crash may undo it. */
static int removed(const char *path, enum op op, int (*real)(const char *))
{
	uint64_t ino;
	int result, saved;

	if (path_kind(path) != 1)
		return real(path);
	lock();
	ino = ino_at(path);
	result = real(path);
	saved = errno;
	if (result == 0)
		note_path(op, false, 0, ino, path, NULL);
	unlock();
	errno = saved;
	return result;
}

int unlink(const char *path)
{
	return removed(path, OP_UNLINK, real_unlink);
}

int rmdir(const char *path)
{
	return removed(path, OP_RMDIR, real_rmdir);
}

int mkdir(const char *path, mode_t mode)
{
	uint64_t number;
	int result, saved;

	/* One that is there is not made: no disk is asked. */
	if (path_kind(path) != 1 || ino_at(path))
		return real_mkdir(path, mode);
	lock();
	if (fate(&number) == 1) {
		saved = errno;
		note_path(OP_MKDIR, true, number, 0, path, NULL);
		unlock();
		errno = saved;
		return -1;
	}
	result = real_mkdir(path, mode);
	saved = errno;
	if (result == 0)
		note_path(OP_MKDIR, false, number, ino_at(path), path, NULL);
	unlock();
	errno = saved;
	return result;
}

static int sized(int fd, enum op op, int mode, off64_t at, off64_t length)
{
	int kind = fd_kind(fd), result, saved;
	uint64_t number = 0;

	if (kind) {
		lock();
		if (fate(&number) == 1) {
			saved = errno;
			note(op, true, number, ino_of(fd), (uint64_t)at, (uint64_t)length, NULL, 0,
			     NULL, 0);
			unlock();
			errno = saved;
			return -1;
		}
	}
	result = op == OP_TRUNCATE ? real_ftruncate64(fd, length)
				   : real_fallocate64(fd, mode, at, length);
	saved = errno;
	/* What reserves room beyond the end changes nothing that a reader sees. */
	if (kind == 1 && result == 0 && !(mode & FALLOC_FL_KEEP_SIZE))
		note(op, false, number, ino_of(fd), (uint64_t)at, (uint64_t)length, NULL, 0, NULL,
		     0);
	if (kind)
		unlock();
	errno = saved;
	return result;
}

int ftruncate64(int fd, off64_t length)
{
	return sized(fd, OP_TRUNCATE, 0, 0, length);
}

int ftruncate(int fd, off_t length)
{
	return sized(fd, OP_TRUNCATE, 0, 0, length);
}

int fallocate64(int fd, int mode, off64_t at, off64_t length)
{
	return sized(fd, OP_ALLOCATE, mode, at, length);
}

int fallocate(int fd, int mode, off_t at, off_t length)
{
	return sized(fd, OP_ALLOCATE, mode, at, length);
}

int posix_fallocate64(int fd, off64_t at, off64_t length)
{
	return sized(fd, OP_ALLOCATE, 0, at, length) == 0 ? 0 : errno;
}

int posix_fallocate(int fd, off_t at, off_t length)
{
	return posix_fallocate64(fd, at, length);
}
