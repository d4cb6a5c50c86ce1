/*
 * Sockets that listen, and what an address is called. Addresses are numbers: nothing is looked up.
 * In a single-user home only this machine can connect.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include "base/home.h"
#include "base/span.h"

struct sockaddr;

/* "127.0.0.1:8443", "localhost:0", "[::1]:8443", "0.0.0.0:443": count sockets on one port (its
 * number for 0 comes from the kernel), over which it spreads connections. */
enum err listen_open(struct ctx *c, const struct home *home, struct span where, size_t count,
		     int *fds_out, unsigned *port_out) MUST_USE;
/* The number of an address without its port, and whether it is this machine's. */
enum err listen_name(struct ctx *c, const struct sockaddr *address, struct span *out,
		     bool *loopback_out) MUST_USE;

/* What is written to a connection goes out now, and not when there is more: also where the library
 * for HTTP has set TCP_CORK, under which it would wait 200 ms (tcp(7)); then once for each answer.
 */
void listen_push(int fd);

#endif
