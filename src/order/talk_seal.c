/*
 * The conversation with writ-seal. In a single-user home a seal that is not there is started; in
 * an installed home systemd starts it. What the seal answers is believed only as far as its
 * signatures go: whatever matters is checked again by whoever relies on it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "crypt/hash.h"
#include "order/session.h"

#define ANSWER_MAX_MS (120 * 1000)
#define START_MAX_MS 5000
#define PAUSE_MAX_MS 105           /* before asking again: 0, 5, 25, 105 */
#define TEXT_MAX ((size_t)32 << 20)

static enum err start_seal(struct ctx *c, struct session *s)
{
	FD_SCOPED int listener = -1;
	char *program;
	const char *argv[] = { NULL,          "--state", s->home.seal_state, "--log", s->home.log,
			       "--idle-exit", NULL };

	TRY(home_program(c, "writ-seal", &program));
	argv[0] = program;
	TRY(dir_make(c, s->home.run, 0700));
	TRY(ipc_listen(c, s->home.seal_sock, 0600, &listener));
	if (c->seam->spawn(argv, listener) < 0)
		FAIL(c, ERR_IO, "cannot start writ-seal: %s", strerror(errno));
	return ERR_OK;
}

enum err seal_need(struct ctx *c, const struct session *s)
{
	if (!s->seal_silent)
		return ERR_OK;
	err_next(c, "have 'writ doctor' say what is wrong where it runs; then do this again");
	FAIL(c, ERR_AGAIN, "this needs writ-seal, which does not answer");
}

static enum err seal_connect(struct ctx *c, struct session *s)
{
	int start_ms = s->seal_wait_ms && s->seal_wait_ms < START_MAX_MS ? s->seal_wait_ms :
									   START_MAX_MS;

	TRY(seal_need(c, s));
	if (s->seal >= 0)
		return ERR_OK;
	s->seal = c->seam->connect(s->home.seal_sock);
	if (s->seal >= 0)
		return ERR_OK;
	if (!s->home.single_user) {
		err_next(c, "start it with 'systemctl start writ-seal.socket'");
		FAIL(c, ERR_AGAIN, "nobody answers for writ-seal at %s: %s", s->home.seal_sock,
		     strerror(errno));
	}
	TRY(start_seal(c, s));
	for (int64_t end = c->seam->mono_ms() + start_ms;
	     s->seal < 0 && c->seam->mono_ms() < end;) {
		s->seal = c->seam->connect(s->home.seal_sock);
		if (s->seal < 0)
			poll(NULL, 0, 10);
	}
	if (s->seal < 0)
		FAIL(c, ERR_AGAIN, "writ-seal was started and does not answer at %s",
		     s->home.seal_sock);
	return ERR_OK;
}

void seal_drop(struct session *s)
{
	fd_close(&s->seal);
	s->seal_state = NULL;
}

/* A number below 2^53 from what the request is for and what it says: a repeated command repeats
 * its request, so that a crash between the seal's state and ours neither loses nor doubles. */
static enum err request_number(struct ctx *c, const struct json *request, struct span place,
			       int64_t *out)
{
	struct span text;
	struct sha256 h;
	struct buf b;
	uint64_t n = 0;

	TRY(json_write(c, request, TEXT_MAX, &text));
	buf_begin(&b, c, text.n + place.n + 1);
	buf_add(&b, place);
	buf_byte(&b, 0);
	buf_add(&b, text);
	TRY(buf_done(c, &b, &text));
	TRY(sha256_of(c, text, &h));
	for (size_t i = 0; i < 7; i++)
		n = n << 8 | h.b[i];
	*out = (int64_t)(n & (uint64_t)I53_MAX);
	return ERR_OK;
}

static enum err refused(struct ctx *c, const struct json *answer)
{
	struct span why = json_opt_text(answer, "why", SPAN("writ-seal refused"));
	struct span next = json_opt_text(answer, "next", SPAN_NONE);
	struct span check = json_opt_text(answer, "check", SPAN("?"));
	struct span name = json_opt_text(answer, "error", SPAN_NONE);

	if (next.n)
		err_next(c, "%.*s", SPAN_ARG(next));
	FAIL(c, err_of_name((const char *)name.p, name.n), "writ-seal says no (%.*s): %.*s",
	     SPAN_ARG(check), SPAN_ARG(why));
}

static enum err exchange(struct ctx *c, struct session *s, struct span text, const int *fds,
			 int fd_count, struct ipc_msg *msg)
{
	enum err e;

	TRY(seal_connect(c, s));
	e = ipc_send(c, s->seal, text, fds, fd_count);
	if (e == ERR_OK)
		e = ipc_recv(c, s->seal, s->seal_wait_ms ? s->seal_wait_ms : ANSWER_MAX_MS, msg);
	if (e != ERR_OK)
		fd_close(&s->seal);
	if (e != ERR_AGAIN)
		return e;
	err_clear(c);
	err_next(c, "do the same again: what it has done it does not do twice; if this comes "
		    "again, 'writ doctor'");
	FAIL(c, ERR_AGAIN, "writ-seal was asked and does not answer");
}

static enum err request_text(struct ctx *c, struct json *request, struct span place,
			     int64_t *number_out, struct span *out)
{
	json_set_int(c, request, "version", 1);
	TRY(request_number(c, request, place, number_out));
	json_set_int(c, request, "number", *number_out);
	return json_write(c, request, TEXT_MAX, out);
}

static enum err answer_of(struct ctx *c, const struct ipc_msg *msg, int64_t number,
			  const struct json **out)
{
	const struct json *ok;
	struct json *answer;

	TRY(json_parse(c, msg->text, &answer));
	*out = answer;
	ok = json_get(answer, "ok");
	if (json_opt_int(answer, "number", -1) != number || !ok || ok->type != JSON_BOOL)
		FAIL(c, ERR_FORMAT, "writ-seal's answer does not belong to the request");
	if (!ok->b)
		return refused(c, answer);
	return ERR_OK;
}

enum err seal_ask_fds(struct ctx *c, struct session *s, struct json *request, struct span place,
		      const int *fds, int fd_count, struct ipc_msg *msg_out,
		      const struct json **answer_out)
{
	struct span text;
	int64_t number;
	enum err e;

	TRY(request_text(c, request, place, &number, &text));
	e = exchange(c, s, text, fds, fd_count, msg_out);
	for (int pause_ms = 0; e == ERR_NOT_FOUND && pause_ms <= PAUSE_MAX_MS;
	     pause_ms = 4 * pause_ms + 5) {
		/* It has ended its idle minute, or it is dying: the socket of a dying seal takes
		 * connections for a moment longer. Again, with the same number. */
		err_clear(c);
		poll(NULL, 0, pause_ms);
		e = exchange(c, s, text, fds, fd_count, msg_out);
	}
	if (e == ERR_NOT_FOUND) {
		err_clear(c);
		err_next(c, "run the same command again; if this comes again, 'writ doctor'");
		FAIL(c, ERR_AGAIN, "writ-seal ended before it answered");
	}
	TRY(e);
	return answer_of(c, msg_out, number, answer_out);
}

enum err seal_ask(struct ctx *c, struct session *s, struct json *request, struct span place,
		  const struct json **answer_out)
{
	IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };

	return seal_ask_fds(c, s, request, place, NULL, 0, &msg, answer_out);
}

/* Of an order, or of none (empty). */
static struct json *state_request(struct ctx *c, struct span ref)
{
	struct json *request = json_object(c);

	json_set_str(c, request, "request", "state");
	if (ref.n)
		json_set_text(c, request, "order", ref);
	else
		json_set(c, request, "order", NULL);
	json_set_bool(c, request, "tick", false);
	return request;
}

enum err seal_state(struct ctx *c, struct session *s, bool fresh, const struct json **out)
{
	if (!s->seal_state || fresh)
		TRY(seal_ask(c, s, state_request(c, SPAN_NONE), SPAN("state"), &s->seal_state));
	*out = s->seal_state;
	return ERR_OK;
}

enum err seal_state_put(struct ctx *c, struct session *s)
{
	struct span text;
	int64_t number;
	enum err e;

	TRY(request_text(c, state_request(c, SPAN_NONE), SPAN("state"), &number, &text));
	TRY(seal_connect(c, s));
	e = ipc_send(c, s->seal, text, NULL, 0);
	if (e != ERR_OK)
		fd_close(&s->seal);
	return e;
}

enum err seal_state_take(struct ctx *c, struct session *s, int wait_ms, const struct json **out)
{
	IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };
	struct span text;
	int64_t number;
	enum err e;

	TRY(request_text(c, state_request(c, SPAN_NONE), SPAN("state"), &number, &text));
	e = ipc_recv(c, s->seal, wait_ms, &msg);
	if (e == ERR_OK)
		e = answer_of(c, &msg, number, out);
	if (e != ERR_OK && e != ERR_AGAIN)
		fd_close(&s->seal);
	return e;
}

enum err seal_order_state(struct ctx *c, struct session *s, struct span ref,
			  const struct json **tickets_out)
{
	const struct json *answer;

	TRY(seal_ask(c, s, state_request(c, ref), SPAN("state"), &answer));
	return json_need_list(c, answer, "tickets", tickets_out);
}
