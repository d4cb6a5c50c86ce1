/*
 * The terminal of who signs: a PIN is typed there and nowhere else, is not shown, and stands in no
 * argument, file or message. Refuses to do without a terminal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#include "hand/touch.h"

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

enum err touch_signals(struct ctx *c)
{
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* Blocked but in ppoll: none is lost between looking and waiting. */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || sigaction(SIGINT, &act, NULL) != 0 ||
	    sigaction(SIGTERM, &act, NULL) != 0)
		FAIL(c, ERR_FAILED, "cannot set up signals: %s", strerror(errno));
	return ERR_OK;
}

bool touch_stopped(void)
{
	return stopped;
}

enum err touch_say_stopped(struct ctx *c)
{
	err_next(c, "run it again when you are ready");
	FAIL(c, ERR_STATE, "you stopped it, and nothing was signed");
}

enum touch_heard touch_wait(int fd, int64_t wait_ms)
{
	struct timespec most = { wait_ms / 1000, wait_ms % 1000 * 1000000 };
	struct pollfd one = { .fd = fd, .events = POLLIN };
	sigset_t none;
	int got;

	sigemptyset(&none);
	got = stopped ? -1 : ppoll(&one, 1, wait_ms < 0 ? NULL : &most, &none);
	if (stopped)
		return HEARD_STOP;
	return got > 0 ? HEARD : got == 0 ? HEARD_NOTHING : HEARD_END;
}

struct quiet {
	int fd;
	struct termios before;
};

static void quiet_end(struct quiet *q)
{
	if (q->fd >= 0)
		tcsetattr(q->fd, TCSAFLUSH, &q->before);
}

static enum err say(struct ctx *c, int fd, const char *words)
{
	if (c->seam->write(fd, words, strlen(words)) < 0)
		FAIL(c, ERR_IO, "cannot write on the terminal: %s", strerror(errno));
	return ERR_OK;
}

/* A line of at most PIN_BYTES - 1 bytes, byte by byte: what is typed behind it is not ours. */
static enum err line(struct ctx *c, int fd, char pin[PIN_BYTES])
{
	size_t n = 0;
	char x;

	for (;;) {
		if (touch_wait(fd, -1) == HEARD_STOP)
			return touch_say_stopped(c);
		if (c->seam->read(fd, &x, 1) != 1)
			FAIL(c, ERR_IO, "the terminal was closed");
		if (x == '\n' || x == '\r')
			break;
		if (n + 1 == PIN_BYTES)
			FAIL(c, ERR_FORMAT, "a PIN has at most %u bytes", PIN_BYTES - 1);
		pin[n++] = x;
	}
	pin[n] = '\0';
	if (n == 0) {
		err_next(c, "run it again when you are ready");
		FAIL(c, ERR_STATE, "no PIN was typed, and nothing was signed");
	}
	if (n < 4)
		FAIL(c, ERR_FORMAT, "a PIN has at least 4 characters");
	return ERR_OK;
}

enum err pin_ask(struct ctx *c, int terminal, char pin[PIN_BYTES])
{
	__attribute__((cleanup(quiet_end))) struct quiet q = { .fd = -1 };
	struct termios silent;
	enum err e;

	if (terminal < 0 || tcgetattr(terminal, &q.before) != 0) {
		err_next(c, "run it in a terminal");
		FAIL(c, ERR_STATE, "there is no terminal on which to ask for the key's PIN");
	}
	silent = q.before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	/* First silent, then the question: a test, or a hand that is quick, types after it. */
	if (tcsetattr(terminal, TCSAFLUSH, &silent) != 0)
		FAIL(c, ERR_IO, "cannot silence the terminal: %s", strerror(errno));
	q.fd = terminal;
	TRY(say(c, terminal, "PIN of the security key: "));
	e = line(c, terminal, pin);
	if (c->seam->write(terminal, "\n", 1) < 0 && e == ERR_OK)
		FAIL(c, ERR_IO, "cannot write on the terminal: %s", strerror(errno));
	return e;
}
