/*
 * Sockets that listen, and what an address is called. See listen.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/num.h"

#define BACKLOG 1024

struct place {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	socklen_t n;
	bool loopback;
};

static bool read_number(struct span s, int64_t most, unsigned *out)
{
	int64_t i;

	if (!span_to_i64(s, &i) || i < 0 || i > most)
		return false;
	*out = (unsigned)i;
	return true;
}

static bool read_v4(struct span s, uint32_t *out)
{
	struct span piece, rest = s;
	unsigned x;

	*out = 0;
	for (int i = 0; i < 4; i++) {
		bool more = span_split(rest, '.', &piece, &rest);

		if (!more)
			piece = rest;
		if (more != (i < 3) || !read_number(piece, 255, &x))
			return false;
		*out = *out << 8 | x;
	}
	return true;
}

static bool read_place(struct span where, struct place *out, unsigned *port_out)
{
	struct span host, port = SPAN_NONE;
	size_t colon = where.n;
	uint32_t v4;

	while (colon > 0 && where.p[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return false;
	host = span_cut(where, 0, colon - 1);
	port = span_cut(where, colon, where.n);
	*out = (struct place){ 0 };
	if (!read_number(port, 65535, port_out))
		return false;
	if (span_is(host, "[::1]") || span_is(host, "[::]")) {
		out->a.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
						   .sin6_port = htons((uint16_t)*port_out) };
		out->loopback = span_is(host, "[::1]");
		out->a.v6.sin6_addr.s6_addr[15] = out->loopback;
		out->n = sizeof out->a.v6;
		return true;
	}
	if (span_is(host, "localhost"))
		host = SPAN("127.0.0.1");
	if (!read_v4(host, &v4))
		return false;
	out->a.v4 = (struct sockaddr_in){ .sin_family = AF_INET,
					  .sin_port = htons((uint16_t)*port_out),
					  .sin_addr = { htonl(v4) } };
	out->loopback = v4 >> 24 == 127;
	out->n = sizeof out->a.v4;
	return true;
}

/* SO_REUSEPORT: the kernel spreads connections over the sockets, and one that waits for its process
 * to be started again keeps what has come for it. Only sockets of the same user may join. */
static enum err open_one(struct ctx *c, struct place *place, struct span where, int *fd_out)
{
	FD_SCOPED int fd = socket(place->a.any.sa_family,
				  SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;
	socklen_t n = place->n;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
		FAIL(c, ERR_IO, "no socket for %.*s: %s", SPAN_ARG(where), strerror(errno));
	if (bind(fd, &place->a.any, place->n) != 0 || listen(fd, BACKLOG) != 0) {
		int why = errno;

		err_next(c, "choose another address with --listen ADDRESS:PORT; port 0 takes any");
		FAIL(c, ERR_IO, "cannot listen on %.*s: %s", SPAN_ARG(where), strerror(why));
	}
	/* The port that was chosen for 0: the next socket joins there. */
	if (getsockname(fd, &place->a.any, &n) != 0)
		FAIL(c, ERR_IO, "a socket does not know where it listens");
	*fd_out = fd;
	fd = -1;
	return ERR_OK;
}

/* Whoever listens there already, even with our own user: two servers would share the callers. */
static enum err need_free(struct ctx *c, struct place place, struct span where, unsigned port)
{
	FD_SCOPED int fd = -1;
	const int on = 1;

	if (port == 0)
		return ERR_OK;
	fd = socket(place.a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
		FAIL(c, ERR_IO, "no socket for %.*s: %s", SPAN_ARG(where), strerror(errno));
	if (bind(fd, &place.a.any, place.n) != 0) {
		int why = errno;

		err_next(c, "choose another address with --listen ADDRESS:PORT; port 0 takes any");
		FAIL(c, ERR_IO, "cannot listen on %.*s: %s", SPAN_ARG(where), strerror(why));
	}
	return ERR_OK;
}

enum err listen_open(struct ctx *c, const struct home *home, struct span where, size_t count,
		     int *fds_out, unsigned *port_out)
{
	struct place place;

	if (!read_place(where, &place, port_out)) {
		err_next(c, "for example --listen 127.0.0.1:8443, localhost:0 or [::1]:8443");
		FAIL(c, ERR_USAGE, "'%.*s' is no address and port", SPAN_ARG(where));
	}
	if (home->single_user && !place.loopback) {
		err_next(c, "--listen localhost:PORT; an installed home has users of its own");
		FAIL(c, ERR_DENIED,
		     "nothing in a single-user home is protected from its user, so it is open to "
		     "this machine alone");
	}
	TRY(need_free(c, place, where, *port_out));
	for (size_t i = 0; i < count; i++) {
		enum err e = open_one(c, &place, where, &fds_out[i]);

		while (e != ERR_OK && i > 0)
			fd_close(&fds_out[--i]);
		TRY(e);
	}
	*port_out = ntohs(place.a.any.sa_family == AF_INET6 ? place.a.v6.sin6_port
							     : place.a.v4.sin_port);
	return ERR_OK;
}

enum err listen_name(struct ctx *c, const struct sockaddr *address, struct span *out,
		     bool *loopback_out)
{
	const void *p = address;
	const struct sockaddr_in6 *v6 = p;
	const struct sockaddr_in *v4 = p;
	const unsigned char *b;

	*out = SPAN("");
	*loopback_out = false;
	if (address && address->sa_family == AF_INET) {
		b = (const unsigned char *)&v4->sin_addr;
		*loopback_out = b[0] == 127;
		return span_fmt(c, out, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	}
	if (!address || address->sa_family != AF_INET6)
		return ERR_OK;
	b = v6->sin6_addr.s6_addr;
	*loopback_out = true;
	for (int i = 0; i < 15; i++)
		*loopback_out = *loopback_out && b[i] == 0;
	*loopback_out = *loopback_out && b[15] == 1;
	return span_fmt(c, out, "%x:%x:%x:%x:%x:%x:%x:%x", b[0] << 8 | b[1], b[2] << 8 | b[3],
			b[4] << 8 | b[5], b[6] << 8 | b[7], b[8] << 8 | b[9], b[10] << 8 | b[11],
			b[12] << 8 | b[13], b[14] << 8 | b[15]);
}

void listen_push(int fd)
{
	static const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
