/*
 * Signals as something a loop can wait for. See signals.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"

static int pipe_end = -1;

static void on_signal(int number)
{
	unsigned char x = (unsigned char)number;
	int before = errno;

	/* A full pipe wakes as well as another byte would: the last signals are looked for anyway.
	 */
	if (write(pipe_end, &x, 1) < 0)
		errno = before;
}

enum err signals_catch(struct ctx *c, struct signals *out)
{
	static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int ends[2];

	*out = (struct signals){ .fd = -1 };
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		FAIL(c, ERR_IO, "no pipe for signals");
	out->fd = ends[0];
	pipe_end = ends[1];
	for (size_t i = 0; i < COUNT_OF(caught); i++)
		sigaction(caught[i], &action, NULL);
	/* Caught and not ignored: what is ignored stays so in a program that is started. */
	sigaction(SIGPIPE, &action, NULL);
	return ERR_OK;
}

void signals_look(struct signals *s)
{
	unsigned char came[64];
	ssize_t n;

	s->ended_count = 0;
	while ((n = read(s->fd, came, sizeof came)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			s->stop = s->stop || came[i] == SIGTERM || came[i] == SIGINT;
			s->again = s->again || came[i] == SIGHUP;
		}
	}
	while (s->ended_count < COUNT_OF(s->ended)) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid <= 0)
			break;
		s->ended[s->ended_count++] = pid;
	}
}
