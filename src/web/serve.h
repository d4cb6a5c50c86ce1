/*
 * 'writ serve': a process that starts those that serve and looks after them. It parses nothing that
 * comes from outside. It starts again what dies, lets them finish when it is told to stop
 * (SIGTERM), puts new ones in their place one by one (SIGHUP: after an upgrade, for another
 * certificate), and has the ticks of the log closed where the home wants them every ten seconds.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_SERVE_H
#define WEB_SERVE_H

#include "base/home.h"
#include "web/metrics.h"
#include "web/signals.h"
#include "web/tls.h"

struct serve_options {
	const struct home *home;
	struct span listen;             /* "localhost:8443" */
	size_t processes;
	const struct span *hosts;       /* further names by which it is reached, with port */
	size_t host_count;
	unsigned connections, per_address;      /* of each process */
	const char *client_authorities; /* a PEM file, or NULL */
	bool ticks;                     /* a tick every ten seconds is ours to close */
};

struct worker {
	pid_t pid;                      /* 0: none */
	int fd;                         /* its end is how each learns that the other is gone */
	int listen_fd;
	int64_t started_ms, again_ms;
};

struct serve {
	const struct serve_options *o;
	struct signals signals;
	struct worker workers[METRICS_PROCESSES_MAX];
	unsigned port;
	int metrics_fd;
	unsigned char ticket_key[TLS_TICKET_BYTES];
	pid_t tick;
	int64_t tick_at_ms;
};

/* Every process serves when it returns; the port is known. */
enum err serve_begin(struct ctx *c, const struct serve_options *o, struct serve *out) MUST_USE;
/* Until it is told to stop. */
enum err serve_run(struct ctx *c, struct serve *s) MUST_USE;
/* The process that serve_begin starts: `writ-desk worker`, descriptor 3 is its parent. */
enum err serve_worker(struct ctx *c, const struct home *home) MUST_USE;

#endif
