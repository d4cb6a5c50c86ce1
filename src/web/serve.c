/*
 * writ serve, the process that looks after the others. See serve.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/serve.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ipc.h"
#include "base/num.h"
#include "format/json.h"
#include "web/listen.h"
#include "web/server.h"
#include "web/signals.h"
#include "web/site.h"

#define READY_MS 30000          /* a process that does not serve by then never will */
#define SHORT_LIFE_MS 2000      /* who dies sooner is started again, but not at once */
#define STOP_MS 15000
#define TICK_MS 10000
#define TURN_BYTES ((size_t)4 << 20)
#define PEM_MAX ((size_t)1 << 20)

static enum err job_text(struct ctx *c, const struct serve *s, size_t i, struct span *out)
{
	struct json *job = json_object(c), *hosts = json_list(c);
	struct span text;

	TRY(span_fmt(c, &text, "localhost:%u", s->port));
	json_add(c, hosts, json_text(c, text));
	for (size_t k = 0; k < s->o->host_count; k++)
		json_add(c, hosts, json_text(c, s->o->hosts[k]));
	json_set(c, job, "hosts", hosts);
	TRY(hex_encode(c, span_of(s->ticket_key, sizeof s->ticket_key), &text));
	json_set_text(c, job, "ticket_key", text);
	json_set_int(c, job, "process", (int64_t)i);
	json_set_int(c, job, "processes", (int64_t)s->o->processes);
	json_set_int(c, job, "connections", s->o->connections);
	json_set_int(c, job, "per_address", s->o->per_address);
	json_set_str(c, job, "client_authorities", s->o->client_authorities);
	return json_write(c, job, IPC_INLINE_MAX, out);
}

/* A process for the i-th socket, which serves when this returns. */
static enum err worker_start(struct ctx *c, struct serve *s, size_t i)
{
	IPC_MSG_SCOPED struct ipc_msg ready = { .fd_count = 0 };
	struct worker *w = &s->workers[i];
	FD_SCOPED int ours = -1;
	FD_SCOPED int theirs = -1;
	int pair[2], fds[2] = { w->listen_fd, s->metrics_fd };
	struct span job;
	char *program;
	pid_t pid;

	TRY(home_program(c, "writ-desk", &program));
	TRY(job_text(c, s, i, &job));
	TRY(ipc_pair(c, pair));
	ours = pair[0];
	theirs = pair[1];
	pid = c->seam->spawn(
		(const char *const[]){ program, "worker", "--home", s->o->home->dir, NULL },
		theirs);
	if (pid < 0)
		FAIL(c, ERR_IO, "no process that serves could be started");
	fd_close(&theirs);
	w->pid = pid;
	w->started_ms = c->seam->mono_ms();
	TRY(ipc_send(c, ours, job, fds, 2));
	if (ipc_recv(c, ours, READY_MS, &ready) != ERR_OK) {
		kill(pid, SIGKILL);
		err_clear(c);
		err_next(c, "it has said why, above");
		FAIL(c, ERR_FAILED, "a process that serves ended before it served");
	}
	w->fd = ours;
	ours = -1;
	return ERR_OK;
}

enum err serve_begin(struct ctx *c, const struct serve_options *o, struct serve *out)
{
	struct metrics *metrics;
	int fds[METRICS_PROCESSES_MAX];

	*out = (struct serve){ .o = o, .metrics_fd = -1 };
	if (o->processes == 0 || o->processes > METRICS_PROCESSES_MAX)
		FAIL(c, ERR_USAGE, "between 1 and %u processes serve", METRICS_PROCESSES_MAX);
	/* Before anybody can know that it is there, and tell it to stop. */
	TRY(signals_catch(c, &out->signals));
	TRY(tls_prepare(c, o->home));
	TRY(listen_open(c, o->home, o->listen, o->processes, fds, &out->port));
	TRY(metrics_make(c, &out->metrics_fd, &metrics));
	if (c->seam->random(out->ticket_key, sizeof out->ticket_key) != 0)
		FAIL(c, ERR_IO, "no randomness");
	for (size_t i = 0; i < o->processes; i++)
		out->workers[i] = (struct worker){ .fd = -1, .listen_fd = fds[i] };
	for (size_t i = 0; i < o->processes; i++)
		TRY(worker_start(c, out, i));
	return ERR_OK;
}

/* Starts a process in a context of its own, so that years of it need no memory; says why not. */
static bool worker_try(struct serve *s, size_t i)
{
	CTX_SCOPED struct ctx turn = { 0 };

	if (ctx_begin(&turn, TURN_BYTES) == ERR_OK && worker_start(&turn, s, i) == ERR_OK)
		return true;
	fprintf(stderr, "writ serve: %s\n", turn.why);
	return false;
}

static void worker_again(struct ctx *c, struct serve *s, size_t i)
{
	struct worker *w = &s->workers[i];

	fd_close(&w->fd);
	w->pid = 0;
	w->again_ms = 0;
	if (worker_try(s, i))
		return;
	w->pid = 0;
	w->again_ms = c->seam->mono_ms() + SHORT_LIFE_MS;
}

static void take_leave(struct ctx *c, struct serve *s, pid_t pid)
{
	int64_t now_ms = c->seam->mono_ms();

	if (pid == s->tick)
		s->tick = 0;
	for (size_t i = 0; i < s->o->processes; i++) {
		struct worker *w = &s->workers[i];

		if (w->pid != pid)
			continue;
		w->pid = 0;
		fd_close(&w->fd);
		w->again_ms = now_ms;
		if (now_ms - w->started_ms < SHORT_LIFE_MS)
			w->again_ms += SHORT_LIFE_MS;
		fprintf(stderr, "writ serve: process %d ended and is started again\n", (int)pid);
	}
}

/* A new one takes over the socket before the old one leaves: nobody is turned away. Where it does
 * not come to serve (a certificate that is none), the old one stays. */
static void renew(struct ctx *c, struct serve *s)
{
	CTX_SCOPED struct ctx turn = { 0 };

	if (ctx_begin(&turn, TURN_BYTES) != ERR_OK || tls_prepare(&turn, s->o->home) != ERR_OK)
		fprintf(stderr, "writ serve: %s\n", turn.why);
	for (size_t i = 0; i < s->o->processes; i++) {
		struct worker old = s->workers[i];

		if (old.pid == 0) {
			worker_again(c, s, i);
		} else if (worker_try(s, i)) {
			kill(old.pid, SIGTERM);
			fd_close(&old.fd);
		} else {
			s->workers[i] = old;
		}
	}
}

static void tick(struct ctx *c, struct serve *s)
{
	CTX_SCOPED struct ctx turn = { 0 };
	FD_SCOPED int null = -1;
	int64_t now_ms = c->seam->now_ms();
	char *program;

	if (!s->o->ticks || now_ms < s->tick_at_ms)
		return;
	s->tick_at_ms = now_ms - now_ms % TICK_MS + TICK_MS;
	if (s->tick > 0 || ctx_begin(&turn, TURN_BYTES) != ERR_OK ||
	    home_program(&turn, "writ", &program) != ERR_OK ||
	    file_open(&turn, "/dev/null", O_RDWR, 0, &null) != ERR_OK)
		return;
	s->tick = c->seam->run((const char *const[]){ program, "tick", "--home", s->o->home->dir,
						      NULL },
			       null, null, NULL, 0);
}

static int wait_ms(struct ctx *c, const struct serve *s)
{
	int64_t wait = 60000, now_ms = c->seam->mono_ms();

	for (size_t i = 0; i < s->o->processes; i++) {
		int64_t again_ms = s->workers[i].again_ms;

		if (again_ms && again_ms - now_ms < wait)
			wait = again_ms > now_ms ? again_ms - now_ms : 0;
	}
	if (s->o->ticks && s->tick_at_ms - c->seam->now_ms() < wait)
		wait = s->tick_at_ms - c->seam->now_ms();
	return wait > 0 ? (int)wait : 0;
}

static bool anybody(const struct serve *s)
{
	for (size_t i = 0; i < s->o->processes; i++) {
		if (s->workers[i].pid > 0)
			return true;
	}
	return s->tick > 0;
}

static void forget(struct serve *s)
{
	const struct signals *signals = &s->signals;

	for (size_t k = 0; k < signals->ended_count; k++) {
		for (size_t i = 0; i < s->o->processes; i++) {
			if (s->workers[i].pid == signals->ended[k])
				s->workers[i].pid = 0;
		}
		if (s->tick == signals->ended[k])
			s->tick = 0;
	}
}

/* No more callers; what is under way is finished, within bounds. */
static void stop(struct ctx *c, struct serve *s)
{
	int64_t until_ms = c->seam->mono_ms() + STOP_MS;
	struct pollfd wait = { .fd = s->signals.fd, .events = POLLIN };

	for (size_t i = 0; i < s->o->processes; i++) {
		fd_close(&s->workers[i].listen_fd);
		if (s->workers[i].pid > 0)
			kill(s->workers[i].pid, SIGTERM);
	}
	while (anybody(s) && c->seam->mono_ms() < until_ms) {
		if (poll(&wait, 1, 200) >= 0)
			signals_look(&s->signals);
		forget(s);
	}
	for (size_t i = 0; i < s->o->processes; i++) {
		if (s->workers[i].pid > 0)
			kill(s->workers[i].pid, SIGKILL);
	}
}

enum err serve_run(struct ctx *c, struct serve *s)
{
	struct signals *signals = &s->signals;
	struct pollfd wait = { .fd = signals->fd, .events = POLLIN };

	while (!signals->stop) {
		tick(c, s);
		/* Signals that come while it waits wake it; the others stand in the pipe. */
		(void)poll(&wait, 1, wait_ms(c, s));
		signals_look(signals);
		for (size_t i = 0; i < signals->ended_count; i++)
			take_leave(c, s, signals->ended[i]);
		if (signals->again && !signals->stop) {
			signals->again = false;
			renew(c, s);
		}
		for (size_t i = 0; i < s->o->processes && !signals->stop; i++) {
			int64_t again_ms = s->workers[i].again_ms;

			if (again_ms && again_ms <= c->seam->mono_ms())
				worker_again(c, s, i);
		}
	}
	stop(c, s);
	return ERR_OK;
}

static enum err read_job(struct ctx *c, const struct home *home, struct ipc_msg *m,
			 struct server_config *out)
{
	const struct json *hosts;
	struct span *list;
	struct span path;
	struct json *job;
	int64_t i;

	TRY(json_parse(c, m->text, &job));
	TRY(json_need_list(c, job, "hosts", &hosts));
	TRY(NEW_ARRAY(c, list, json_count(hosts) + 1));
	JSON_EACH(host, hosts)
		list[out->host_count++] = host->s;
	out->hosts = list;
	TRY(span_fmt(c, &out->origin, "https://%.*s", SPAN_ARG(list[0])));
	TRY(json_need_hex(c, job, "ticket_key", out->ticket_key, sizeof out->ticket_key));
	TRY(json_need_int(c, job, "process", &i));
	out->process = (size_t)i;
	TRY(json_need_int(c, job, "processes", &i));
	out->processes = (size_t)i;
	TRY(json_need_int(c, job, "connections", &i));
	out->connections = (unsigned)i;
	TRY(json_need_int(c, job, "per_address", &i));
	out->per_address = (unsigned)i;
	path = json_opt_text(job, "client_authorities", SPAN_NONE);
	if (path.n) {
		struct span pem;
		char *z;

		TRY(span_cstr(c, path, &z));
		TRY(file_read(c, z, PEM_MAX, &pem));
		TRY(span_cstr(c, pem, &z));
		out->client_authorities = z;
	}
	if (m->fd_count != 2 || out->process >= METRICS_PROCESSES_MAX ||
	    out->processes > METRICS_PROCESSES_MAX)
		FAIL(c, ERR_FORMAT, "this is no job for a process that serves");
	TRY(metrics_map(c, m->fd[1], &out->metrics));
	out->listen_fd = m->fd[0];
	m->fd[0] = -1;
	return tls_read(c, home, &out->tls);
}

enum err serve_worker(struct ctx *c, const struct home *home)
{
	IPC_MSG_SCOPED struct ipc_msg m = { .fd_count = 0 };
	struct server_config config = { .home = home, .parent_fd = 3 };
	struct web_site site;

	if (ipc_recv(c, config.parent_fd, READY_MS, &m) != ERR_OK) {
		err_clear(c);
		FAIL(c, ERR_USAGE, "'writ serve' starts this by itself");
	}
	TRY(read_job(c, home, &m, &config));
	TRY(site_open(c, home, &site));
	config.site = &site;
	return server_run(c, &config);
}
