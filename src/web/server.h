/*
 * One serving process: one loop, no threads, the sockets it was given. It ends when it is told to
 * (SIGTERM), or when whoever started it is gone, and finishes what is under way first.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/http.h"
#include "web/metrics.h"
#include "web/tls.h"

/* Defaults (writ serve --connections, --per-address). */
#define SERVER_CONNECTIONS 12000u
#define SERVER_PER_ADDRESS 512u
#define SERVER_IDLE_S 60u               /* nothing comes or goes: closed */
#define SERVER_HEAD_S 75                /* a head that is not whole by then: closed */
#define SERVER_BODY_S 60                /* a body has so long, and 1 s for each further */
#define SERVER_BODY_RATE 4096           /* bytes */
#define SERVER_STOP_S 10                /* what is under way at the end has so long */

struct server_config {
	const struct web_site *site;
	const struct home *home;
	int listen_fd;                  /* taken */
	int parent_fd;                  /* says nothing; its end is the parent's */
	const struct span *hosts;       /* what Host may say */
	size_t host_count;
	struct span origin;             /* "https://" and the first of them */
	struct tls_files tls;
	const char *client_authorities; /* PEM: every client shows a certificate of one; or NULL */
	unsigned char ticket_key[TLS_TICKET_BYTES];
	struct metrics *metrics;
	size_t process, processes;
	unsigned connections, per_address;
};

/* Says so to the parent once it serves. */
enum err server_run(struct ctx *c, const struct server_config *config) MUST_USE;

#endif
