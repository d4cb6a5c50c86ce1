/*
 * Connections: one loop, one request at a time, in the order in which they come. Never waits for
 * one client: what does not take its answer within two seconds is let go.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ipc.h"
#include "seal/turn.h"

#define CONNECTIONS_MAX 64
#define IDLE_MS 60000
#define SEND_TIMEOUT_S 2

struct peer {
	int fd;
	uid_t uid;
	int64_t since_ms;               /* of its last message, monotonic */
};

struct server {
	struct seal *s;
	int listener;                   /* -1: the one connection that was there from the start */
	struct peer peers[CONNECTIONS_MAX];
	size_t count;
	int64_t idle_since_ms;
};

static void peer_drop(struct server *v, size_t i)
{
	close(v->peers[i].fd);
	v->peers[i] = v->peers[--v->count];
	v->idle_since_ms = seam_world()->mono_ms();
}

static enum err peer_add(struct ctx *c, struct server *v, int fd)
{
	struct timeval patience = { .tv_sec = SEND_TIMEOUT_S };
	struct peer *peer = &v->peers[v->count];

	TRY(ipc_peer_uid(c, fd, &peer->uid));
	if (peer->uid != v->s->writ && peer->uid != v->s->hand)
		FAIL(c, ERR_DENIED, "user %u may not speak to this seal", (unsigned)peer->uid);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
		FAIL(c, ERR_IO, "cannot set up a connection: %s", strerror(errno));
	peer->fd = fd;
	peer->since_ms = seam_world()->mono_ms();
	v->count++;
	return ERR_OK;
}

/* writ is assumed captured and could hold all places; a hand must still find one. */
static bool make_room(struct server *v)
{
	size_t oldest = v->count;

	if (v->count < CONNECTIONS_MAX)
		return true;
	for (size_t i = 0; i < v->count && v->s->writ != v->s->hand; i++)
		if (v->peers[i].uid == v->s->writ &&
		    (oldest == v->count || v->peers[i].since_ms < v->peers[oldest].since_ms))
			oldest = i;
	if (oldest == v->count)
		return false;
	peer_drop(v, oldest);
	return true;
}

static void take_connection(struct server *v)
{
	CTX_SCOPED struct ctx c = { 0 };
	int fd = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (ctx_begin(&c, 1 << 16) == ERR_OK && make_room(v) && peer_add(&c, v, fd) == ERR_OK)
		return;
	if (c.why[0])
		fprintf(stderr, "writ-seal: %s\n", c.why);
	close(fd);
}

/* False: the connection has ended or must end. */
static bool answer(struct server *v, struct peer *peer)
{
	CTX_SCOPED struct ctx c = { 0 };
	IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };
	FD_SCOPED int fd = -1;
	struct span text;
	struct turn t;
	enum err e;

	if (ctx_begin(&c, SEAL_TURN_BYTES) != ERR_OK)
		return false;
	e = ipc_recv(&c, peer->fd, 0, &msg);
	if (e != ERR_OK && c.code == ERR_NOT_FOUND)
		return false;
	turn_begin(&t, &c, v->s);
	t.peer = peer->uid;
	t.msg = &msg;
	if (e == ERR_OK)
		e = turn_run(&t, &text);
	fd = t.answer_fd;
	if (e != ERR_OK) {
		fprintf(stderr, "writ-seal: a connection of user %u is ended: %s\n",
			(unsigned)peer->uid, c.why);
		return false;
	}
	peer->since_ms = c.seam->mono_ms();
	e = ipc_send(&c, peer->fd, text, &fd, fd >= 0 ? 1 : 0);
	seam_crash_point(CRASH_SEAL_AFTER_ANSWER);
	return e == ERR_OK;
}

static int wait_ms(const struct server *v, bool idle_exit)
{
	int64_t left;

	if (!idle_exit || v->count)
		return -1;
	left = v->idle_since_ms + IDLE_MS - seam_world()->mono_ms();
	return left > 0 ? (int)left : 0;
}

/* False when it is time to end. */
static bool turn_round(struct server *v, bool idle_exit)
{
	struct pollfd p[CONNECTIONS_MAX + 1];
	size_t count = v->count, n = 0;
	int ready;

	for (; n < count; n++)
		p[n] = (struct pollfd){ .fd = v->peers[n].fd, .events = POLLIN };
	p[n++] = (struct pollfd){ .fd = v->listener, .events = POLLIN };
	ready = poll(p, n, wait_ms(v, idle_exit));
	if (ready < 0)
		return errno == EINTR;
	if (ready == 0)
		return wait_ms(v, idle_exit) != 0;
	/* From the last to the first: a dropped one is replaced by one that was looked at already.
	 */
	for (size_t i = count; i-- > 0 && !v->s->broken;)
		if (p[i].revents && !answer(v, &v->peers[i]))
			peer_drop(v, i);
	if (v->s->broken)
		return false;
	if (p[count].revents & POLLIN)
		take_connection(v);
	return v->listener >= 0 || v->count > 0;
}

/* What was handed over: a socket that listens, or one connection. */
static enum err inherited(struct ctx *c, struct server *v)
{
	int type = 0, listens = 0;
	socklen_t n = sizeof type;

	if (getsockopt(3, SOL_SOCKET, SO_TYPE, &type, &n) != 0 || type != SOCK_SEQPACKET) {
		err_next(c, "name a socket with --listen PATH, or start it by systemd's "
			    "writ-seal.socket");
		FAIL(c, ERR_USAGE, "descriptor 3 is no seqpacket socket");
	}
	n = sizeof listens;
	if (getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0)
		FAIL(c, ERR_IO, "cannot tell what descriptor 3 is: %s", strerror(errno));
	if (!listens)
		return peer_add(c, v, 3);
	v->listener = 3;
	return ERR_OK;
}

enum err serve(struct seal *s, const char *listen_path, bool idle_exit)
{
	struct server v = { .s = s, .listener = -1, .idle_since_ms = seam_world()->mono_ms() };
	/* Whoever can reach the socket is known by its user; nothing rests on the mode alone. */
	mode_t mode = s->writ == s->own && s->hand == s->own ? 0600 : 0666;

	if (listen_path)
		TRY(ipc_listen(&s->life, listen_path, mode, &v.listener));
	else
		TRY(inherited(&s->life, &v));
	while (turn_round(&v, idle_exit))
		;
	while (v.count)
		peer_drop(&v, v.count - 1);
	if (s->broken)
		FAIL(&s->life, ERR_IO,
		     "the state could not be written; a new start reads what the disk holds");
	return ERR_OK;
}
