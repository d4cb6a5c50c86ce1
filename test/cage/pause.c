/*
 * A troublemaker's clock: preloaded into the untouched release executable, it stops the hand at one
 * exact moment after its cage has closed, so that a test can change the mailbox just then, or end
 * the hand. It waits on a page that it shares with the test (PAUSE_PAGE: state, then its pid), by a
 * futex, which the cage allows. PAUSE_AT says when: list:N       before the N-th getdents64
 *   look:NAME    before a file of that name is looked at (fstatat)
 *   open:NAME#N  before it is opened for the N-th time; opened:NAME#N just after
 *   read:NAME#N  after the first bytes of it were read, opened for the N-th time
 *   payload:N    after the N-th read since the vault file got its size: all is planned by then
 *   document:1   after the first read of all, also where the cage knows no futex: it then spins
 * It changes nothing itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RUNNING, WAITING, GO, WAIT_SECONDS = 120 };

static struct {
	char when[16], name[300];
	int number, seen, fd;
	bool closed, sized;
	_Atomic int *state;             /* and behind it the pid */
} me = { .fd = -1 };

static int (*real_load)(void *filter);
static ssize_t (*real_getdents)(int fd, void *p, size_t n);
static ssize_t (*real_read)(int fd, void *p, size_t n);
static ssize_t (*real_pread)(int fd, void *p, size_t n, off_t at);
static int (*real_openat)(int dir, const char *path, int flags, ...);
static int (*real_fstatat)(int dir, const char *path, struct stat64 *st, int flags);
static int (*real_fallocate)(int fd, int mode, off64_t at, off64_t n);

static void find(void *to, const char *name)
{
	*(void **)to = dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *page = getenv("PAUSE_PAGE"), *at = getenv("PAUSE_AT");
	int fd = page ? open(page, O_RDWR) : -1;
	char *last;

	find(&real_load, "seccomp_load");
	find(&real_getdents, "getdents64");
	find(&real_read, "read");
	find(&real_pread, "pread64");
	find(&real_openat, "openat64");
	find(&real_fstatat, "fstatat64");
	find(&real_fallocate, "fallocate64");
	if (fd < 0 || !at)
		return;
	me.state = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	me.number = 1;
	sscanf(at, "%15[a-z]:%299[^\n]", me.when, me.name);
	if (!strcmp(me.when, "list") || !strcmp(me.when, "payload") ||
	    !strcmp(me.when, "document"))
		me.number = atoi(me.name);
	/* Without a number it is the first time. */
	last = strrchr(me.name, '#');
	if (last) {
		me.number = atoi(last + 1);
		*last = 0;
	}
}

static void wait_here(void)
{
	const struct timespec most = { .tv_sec = WAIT_SECONDS };
	unsigned long spins = 0;
	long rc = 0;

	if (me.state == MAP_FAILED || !me.state || ++me.seen != me.number)
		return;
	atomic_store(me.state, WAITING);
	while (atomic_load(me.state) != GO) {
		if (strcmp(me.when, "document"))
			rc = syscall(SYS_futex, me.state, FUTEX_WAIT, WAITING, &most, NULL, 0);
		else
			__builtin_ia32_pause();
		/* Where the test has failed nobody is left to say go. */
		if ((rc != 0 && errno == ETIMEDOUT) || ++spins >> 32)
			syscall(SYS_exit_group, 99);
	}
}

static bool is(const char *when, const char *path)
{
	return me.closed && !strcmp(me.when, when) && (!path || !strcmp(path, me.name));
}

int seccomp_load(void *filter);
int seccomp_load(void *filter)
{
	int rc;

	if (me.state && me.state != MAP_FAILED)
		atomic_store(me.state + 1, getpid());
	rc = real_load(filter);
	me.closed = rc == 0;
	return rc;
}

ssize_t getdents64(int fd, void *p, size_t n)
{
	if (is("list", NULL))
		wait_here();
	return real_getdents(fd, p, n);
}

int openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	int fd;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (is("open", path))
		wait_here();
	fd = real_openat(dir, path, flags, mode);
	if (is("opened", path))
		wait_here();
	if (is("read", path) && ++me.seen == me.number) {
		me.seen--;
		me.fd = fd;
	}
	return fd;
}

int fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
	if (is("look", path))
		wait_here();
	return real_fstatat(dir, path, st, flags);
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	me.sized = true;
	return real_fallocate(fd, mode, at, n);
}

static ssize_t was_read(int fd, ssize_t n)
{
	if (is("document", NULL) || (me.sized && is("payload", NULL)))
		wait_here();
	if (me.closed && fd >= 0 && fd == me.fd && n > 0) {
		me.fd = -1;
		wait_here();
	}
	return n;
}

ssize_t read(int fd, void *p, size_t n)
{
	return was_read(fd, real_read(fd, p, n));
}

ssize_t pread64(int fd, void *p, size_t n, off_t at)
{
	return was_read(fd, real_pread(fd, p, n, at));
}
