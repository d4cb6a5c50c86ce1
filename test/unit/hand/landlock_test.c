/*
 * Landlock as an older kernel has it: each level that this one knows is closed in a process of its
 * own, and what can still be done there is exactly what that level does not know.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/cage_landlock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../test.h"

enum can { READ_BELOW = 1, READ_ELSEWHERE = 2, WRITE = 4, TRUNCATE = 8, CONNECT = 16, SIGNAL = 32 };
#define NOT_CLOSED 64

static bool opens(const char *path, int flags)
{
	FD_SCOPED int fd = open(path, flags | O_CLOEXEC);

	return fd >= 0;
}

/* Whether the call was let through: nobody listens there. */
static bool connects(void)
{
	FD_SCOPED int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };

	return connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 || errno != EACCES;
}

static int in_the_cage(struct ctx *c, int level, const char *dir, const char *file)
{
	FD_SCOPED int below = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    landlock_close(c, level, &below, 1) != ERR_OK)
		return NOT_CLOSED;
	return opens(file, O_RDONLY) * READ_BELOW |
	       opens("/etc/passwd", O_RDONLY) * READ_ELSEWHERE | opens(file, O_WRONLY) * WRITE |
	       (truncate(file, 0) == 0) * TRUNCATE | connects() * CONNECT |
	       (kill(getppid(), 0) == 0) * SIGNAL;
}

static int can_at(struct ctx *c, int level, const char *dir, const char *file)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(in_the_cage(c, level, dir, file));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void each_level_forbids_what_it_knows(void **state)
{
	static const int can[] = {
		READ_BELOW | TRUNCATE | CONNECT | SIGNAL,
		READ_BELOW | TRUNCATE | CONNECT | SIGNAL,
		READ_BELOW | CONNECT | SIGNAL,
		READ_BELOW | SIGNAL,
		READ_BELOW | SIGNAL,
		READ_BELOW,
	};
	char dir[] = "/tmp/writ-landlock-XXXXXX", file[64];
	int most = landlock_level();
	CTX(c);

	(void)state;
	if (most == 0) {
		print_message("SKIPPED: this kernel has no Landlock\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/file", dir);
	close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (int level = 1; level <= most; level++) {
		int newest = (int)(sizeof can / sizeof can[0]);
		int want = can[(level < newest ? level : newest) - 1];

		if (can_at(&c, level, dir, file) != want)
			fail_msg("at level %d it can do %#x, not %#x", level,
				 (unsigned)can_at(&c, level, dir, file), (unsigned)want);
	}
	unlink(file);
	rmdir(dir);
}

/* A rule that the kernel does not take leaves nothing open. */
static void fails_shut(void **state)
{
	int none = -1;
	CTX(c);

	(void)state;
	if (landlock_level() == 0) {
		print_message("SKIPPED: this kernel has no Landlock\n");
		skip();
	}
	refused(&c, ERR_FAILED, "the cage cannot be told of a store's folder",
		landlock_close(&c, 1, &none, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_forbids_what_it_knows),
		cmocka_unit_test(fails_shut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
