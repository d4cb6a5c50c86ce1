/*
 * Starting a hand and hearing it out: one job, one hand. In a single-user home fork and exec; in
 * an installed home a connection to writ-hand.socket, behind which systemd starts one; but who
 * draws, looks at papers, or has a security key sign, is fork and exec in both.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "order/session.h"

#define JOB_TEXT_MAX ((size_t)8 << 20)
#define RESULT_MAX ((size_t)16 << 20)
#define SILENCE_MAX_MS (10 * 60 * 1000)

struct hand {
	int sock;
	pid_t pid;      /* 0 where systemd started it */
};

static void hand_end(struct hand *h)
{
	fd_close(&h->sock);
	if (h->pid > 0)
		waitpid(h->pid, NULL, 0);
	h->pid = 0;
}
#define HAND_SCOPED __attribute__((cleanup(hand_end)))

/* The hands that may reach the network, draw, look at papers, and have a security key sign are
 * programs of their own. Who draws or looks is in every home a process of this user, for it needs
 * nothing that this user has not, and the user of the hands reads mail; a security key and its
 * terminal are the caller's own, and need no home. */
static enum err hand_start(struct ctx *c, const struct session *s, struct span job,
			   struct hand *out)
{
	bool sends = span_is(job, "send"), draws = span_is(job, "draw");
	bool looks = span_is(job, "look"), touches = span_is(job, "touch");
	bool own = draws || looks || touches;
	const char *name = sends ? "writ-send" :
			   draws ? "writ-draw" :
			   looks ? "writ-look" :
			   touches ? "writ-touch" :
				   "writ-hand";
	const char *argv[] = { NULL, "--home", touches ? NULL : s->home.dir, NULL };
	const char *sock;
	char *program;
	int pair[2];

	if (!own && !s->home.single_user) {
		sock = sends ? s->home.send_sock : s->home.hand_sock;
		out->sock = c->seam->connect(sock);
		if (out->sock >= 0)
			return ERR_OK;
		err_next(c, "start it with 'systemctl start %s.socket'", name);
		FAIL(c, ERR_AGAIN, "nobody answers for %s at %s: %s", name, sock, strerror(errno));
	}
	TRY(home_program(c, name, &program));
	argv[0] = program;
	if (touches)
		argv[1] = NULL;
	TRY(ipc_pair(c, pair));
	out->pid = c->seam->spawn(argv, pair[1]);
	close(pair[1]);
	out->sock = pair[0];
	if (out->pid < 0)
		FAIL(c, ERR_IO, "cannot start %s: %s", name, strerror(errno));
	return ERR_OK;
}

static enum err failed(struct ctx *c, const struct json *answer)
{
	struct span why = json_opt_text(answer, "why", SPAN_NONE);
	struct span next = json_opt_text(answer, "next", SPAN_NONE);
	struct span name = json_opt_text(answer, "error", SPAN_NONE);

	if (!why.n)
		why = SPAN("the hand failed and did not say why");
	if (next.n)
		err_next(c, "%.*s", SPAN_ARG(next));
	FAIL(c, err_of_name((const char *)name.p, name.n), "%.*s", SPAN_ARG(why));
}

/* One message into an arena of its own, so that an hour of progress costs nothing. */
static enum err hear(struct ctx *c, int sock, hand_progress *progress, void *of,
		     struct json **last_out)
{
	for (;;) {
		struct ctx CTX_SCOPED one;
		IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };
		struct json *answer;
		enum err e;

		TRY(ctx_begin(&one, IPC_TEXT_MAX));
		e = ipc_recv(&one, sock, SILENCE_MAX_MS, &msg);
		if (e == ERR_OK)
			e = json_parse(&one, msg.text, &answer);
		if (e == ERR_NOT_FOUND)
			FAIL(c, ERR_FAILED,
			     "the hand ended without a result (its cage may have stopped it)");
		if (e != ERR_OK)
			FAIL(c, e, "the hand: %s", one.why);
		if (!json_get(answer, "progress"))
			return json_clone(c, answer, last_out);
		if (progress)
			progress(of, json_get(answer, "progress"));
	}
}

enum err hand_run(struct ctx *c, struct session *s, struct json *job, const int *fds, int fd_count,
		  hand_progress *progress, void *of, const struct json **answer_out,
		  const struct json **failed_out)
{
	struct hand HAND_SCOPED hand = { .sock = -1 };
	struct json *answer;
	struct span text;
	const struct json *ok;

	json_set_int(c, job, "version", 1);
	TRY(json_write(c, job, JOB_TEXT_MAX, &text));
	TRY(hand_start(c, s, json_opt_text(job, "job", SPAN_NONE), &hand));
	TRY(ipc_send(c, hand.sock, text, fds, fd_count));
	TRY(hear(c, hand.sock, progress, of, &answer));
	*answer_out = answer;
	ok = json_get(answer, "ok");
	if (ok && ok->type == JSON_BOOL && ok->b)
		return ERR_OK;
	if (failed_out)
		*failed_out = answer;
	return failed(c, answer);
}

enum err hand_read(struct ctx *c, struct session *s, const char *what, const char *name,
		   int document_fd, const struct json **out)
{
	FD_SCOPED int result = -1;
	struct json *job = json_object(c), *read;
	const struct json *answer;
	struct span text;
	int fds[2];

	json_set_str(c, job, "job", "read");
	json_set_str(c, job, "what", what);
	json_set_str(c, job, "name", name);
	result = memfd_create("writ-read", MFD_CLOEXEC);
	if (result < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	fds[0] = document_fd;
	fds[1] = result;
	TRY(hand_run(c, s, job, fds, 2, NULL, NULL, &answer, NULL));
	if (lseek(result, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind the result: %s", strerror(errno));
	TRY(fd_read_all(c, result, RESULT_MAX, &text));
	TRY(json_parse(c, text, &read));
	*out = read;
	return ERR_OK;
}
