/*
 * Running another program; see run.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/run.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum err run_program(struct ctx *c, const char *const *argv, struct span input, size_t max_bytes,
		     struct span *out, int *status_out)
{
	FD_SCOPED int in = -1;
	FD_SCOPED int result = -1;
	int status;
	pid_t pid;

	TRY(memfd_of(c, "writ-input", input, &in));
	result = memfd_create("writ-output", MFD_CLOEXEC);
	if (result < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	pid = c->seam->run(argv, in, result, NULL, 0);
	if (pid < 0)
		FAIL(c, ERR_IO, "cannot run %s: %s", argv[0], strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			FAIL(c, ERR_IO, "cannot wait for %s: %s", argv[0], strerror(errno));
	*status_out = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (*status_out == 127)
		FAIL(c, ERR_NOT_FOUND, "%s is not installed", argv[0]);
	if (lseek(result, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind the output of %s: %s", argv[0], strerror(errno));
	return fd_read_all(c, result, max_bytes, out);
}
