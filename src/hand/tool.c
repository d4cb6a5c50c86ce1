/*
 * Starting a tool in its cage and waiting for its end; see tool.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "hand/cage_tool.h"

#define WHY_MAX 400u
#define NOT_STARTED 125

/* All that a tool knows of the world. One thread: the filter lets it start none. */
static char *const environment[] = {
	(char[]){ "LC_ALL=C.UTF-8" }, (char[]){ "OMP_THREAD_LIMIT=1" }, NULL,
};

/* In the child. The descriptors become 0, 1, 2, the tool TOOL_FD; exec closes all others, among
 * them the connection to writ and the tool itself. */
static enum err arrange(struct ctx *c, const struct tool_run *run, int tool)
{
	const int from[] = { run->in, run->out, run->err };

	/* The wall clock is the parent's: without it nobody would end this one. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		FAIL(c, ERR_FAILED, "a tool would outlive its hand: %s", strerror(errno));
	if (dup2(tool, TOOL_FD) != TOOL_FD)
		FAIL(c, ERR_FAILED, "cannot put the tool in place: %s", strerror(errno));
	for (int fd = 2; fd >= 0; fd--)
		if (dup2(from[fd], fd) != fd)
			FAIL(c, ERR_FAILED, "cannot put descriptor %d in place: %s", fd,
			     strerror(errno));
	if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
		FAIL(c, ERR_FAILED, "cannot close inherited files: %s", strerror(errno));
	/* A file that is too long ends the tool, instead of being cut unseen. */
	signal(SIGXFSZ, SIG_DFL);
	return ERR_OK;
}

static void become(struct ctx *c, const struct tool_run *run, int tool, int told)
{
	char *argv[TOOL_ARGS_MAX + 1] = { NULL };
	ssize_t said;

	if (arrange(c, run, tool) == ERR_OK && cage_tool_close(c, run, TOOL_FD) == ERR_OK) {
		for (size_t i = 0; i < TOOL_ARGS_MAX && run->argv[i]; i++)
			memcpy(&argv[i], &run->argv[i], sizeof argv[i]);
		execveat(TOOL_FD, "", argv, environment, AT_EMPTY_PATH);
		_exit(NOT_STARTED);     /* in the cage nothing more can be said */
	}
	said = write(told, c->why, strnlen(c->why, WHY_MAX));
	_exit(said < 0 ? 126 : 127);
}

/* What the child says when it could not become the tool; exec closes that pipe without a word. */
static enum err hear_start(struct ctx *c, const struct tool_run *run, int fd)
{
	char why[WHY_MAX + 1];
	ssize_t n;

	do
		n = read(fd, why, WHY_MAX);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return ERR_OK;
	why[n > 0 ? n : 0] = '\0';
	FAIL(c, ERR_FAILED, "%s was not started: %s", run->path, why);
}

/* Until it has ended; the wall clock ends it, too. */
static enum err wait_for(struct ctx *c, pid_t pid, unsigned wall_ms, bool *late_out,
			 int *status_out)
{
	FD_SCOPED int handle = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = handle, .events = POLLIN };
	int64_t until = c->seam->mono_ms() + wall_ms, left;
	int got = 0;

	if (handle < 0)
		kill(pid, SIGKILL);
	while (handle >= 0 && got <= 0 && (left = until - c->seam->mono_ms()) > 0)
		got = poll(&ended, 1, (int)left);
	*late_out = got <= 0;
	if (got <= 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, status_out, 0) < 0)
		if (errno != EINTR)
			FAIL(c, ERR_IO, "cannot wait for a tool: %s", strerror(errno));
	if (handle < 0)
		FAIL(c, ERR_FAILED, "this kernel cannot watch a process (pidfd_open)");
	return ERR_OK;
}

static enum tool_end end_of(int status, bool late)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 0 ? TOOL_DONE : TOOL_REFUSED;
	switch (WTERMSIG(status)) {
	case SIGSYS:
		return TOOL_FORBIDDEN;
	case SIGXCPU:
		return TOOL_SLOW;
	case SIGXFSZ:
		return TOOL_LONG;
	default:
		return late ? TOOL_SLOW : TOOL_BROKE;
	}
}

static enum err start(struct ctx *c, const struct tool_run *run, pid_t *pid_out)
{
	FD_SCOPED int tool = open(run->path, O_PATH | O_CLOEXEC);
	FD_SCOPED int hear = -1;
	FD_SCOPED int tell = -1;
	int told[2];

	if (tool < 0) {
		err_next(c, "install poppler-utils and tesseract-ocr (writ doctor names what is "
			    "missing)");
		FAIL(c, ERR_NOT_FOUND, "papers cannot be read here: there is no %s", run->path);
	}
	if (pipe2(told, O_CLOEXEC) != 0)
		FAIL(c, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	hear = told[0];
	tell = told[1];
	*pid_out = fork();
	if (*pid_out == 0)
		become(c, run, tool, tell);
	if (*pid_out < 0)
		FAIL(c, ERR_IO, "cannot start %s: %s", run->path, strerror(errno));
	fd_close(&tell);
	return hear_start(c, run, hear);
}

enum err tool_do(struct ctx *c, const struct tool_run *run, enum tool_end *end_out, int *status_out)
{
	struct tool_run mine = *run;
	pid_t pid = -1;
	int status = 0;
	bool late = false;
	enum err e;

	mine.path = seam_tool_path(run->path);
	e = start(c, &mine, &pid);
	if (e != ERR_OK) {
		if (pid > 0)
			waitpid(pid, NULL, 0);
		return e;
	}
	TRY(wait_for(c, pid, mine.wall_ms, &late, &status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED)
		FAIL(c, ERR_FAILED, "%s was not started: it is no program of this machine",
		     mine.path);
	*end_out = end_of(status, late);
	*status_out = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	return ERR_OK;
}
