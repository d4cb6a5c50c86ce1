/*
 * The real world behind the seam.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/seam_real.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t real_now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t real_mono_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int real_random(void *p, size_t n)
{
	unsigned char *at = p;

	while (n) {
		ssize_t got = getrandom(at, n > 256 ? 256 : n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int real_open(const char *path, int flags, mode_t mode)
{
	return open(path, flags | O_CLOEXEC, mode);
}

int real_connect(const char *unix_path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(unix_path) >= sizeof addr.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, unix_path, strlen(unix_path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof addr) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Called between fork and exec, too, so only what is safe there: no locks, no allocation. */
int real_become(const char *const *argv, int fd3)
{
	const struct rlimit none = { 0, 0 };
	char *args[64];
	size_t n = 0;

	/* A seal or a hand that dies before it can say so itself leaves no core file either. */
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return -1;
	while (argv[n] && n < 63)
		n++;
	memcpy(args, argv, n * sizeof *args);
	args[n] = NULL;
	if (fd3 == 3)
		fcntl(3, F_SETFD, 0);
	else if (fd3 >= 0 && dup2(fd3, 3) < 0)
		return -1;
	close_range(fd3 >= 0 ? 4 : 3, ~0u, 0);
	execv(args[0], args);
	return -1;
}

pid_t real_spawn(const char *const *argv, int fd3)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)real_become(argv, fd3);
		_exit(127);
	}
	return pid;
}

/* Each twice: when they take their places, nothing stands there that is still needed. */
static int lend(const int *lent, size_t n)
{
	int high[SEAM_LENT_MAX];

	for (size_t i = 0; i < n; i++) {
		high[i] = fcntl(lent[i], F_DUPFD, 3 + (int)n);
		if (high[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (dup2(high[i], 3 + (int)i) < 0)
			return -1;
	return close_range(3 + (unsigned)n, ~0u, 0);
}

pid_t real_run(const char *const *argv, int in, int out, const int *lent, size_t count)
{
	char *args[SEAM_WORDS_MAX + 1];
	size_t n = 0;
	pid_t pid;

	while (argv[n] && n < SEAM_WORDS_MAX)
		n++;
	if (argv[n] || count > SEAM_LENT_MAX) {
		errno = E2BIG;
		return -1;
	}
	memcpy(args, argv, n * sizeof *args);
	args[n] = NULL;
	pid = fork();
	if (pid != 0)
		return pid;
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || lend(lent, count) != 0)
		_exit(127);
	execvp(args[0], args);
	_exit(127);
}
