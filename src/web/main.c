/*
 * writ-desk: what 'writ serve' becomes, and the processes that it starts to serve. It is started by
 * these two alone: descriptor 3 holds the options, or leads to the parent.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/tell.h"
#include "order/order.h"
#include "web/serve.h"
#include "web/server.h"

#define TOLD 3
#define TOLD_MAX ((size_t)64 << 10)
#define DESK_MEMORY ((size_t)2 << 30)   /* bytes, the hard total of one process */
#define DEFAULT_LISTEN "localhost:8443"
#define DEFAULT_PROCESSES_MAX 4

static int usage(void)
{
	fputs("writ-desk: the duty desk of writ is started by 'writ serve', never by hand\n"
	      "  next: 'writ serve' (man writ), or systemctl start writ-serve\n",
	      stderr);
	return err_exit_status(ERR_USAGE);
}

static bool is_told(mode_t type)
{
	struct stat st;

	return fstat(TOLD, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static enum err number(struct ctx *c, const struct json *told, const char *name, int64_t most,
		       int64_t fallback, int64_t *out)
{
	struct span text = json_opt_text(told, name, SPAN_NONE);

	*out = fallback;
	if (!json_get(told, name))
		return ERR_OK;
	if (!span_to_i64(text, out) || *out < 1 || *out > most)
		FAIL(c, ERR_USAGE, "--%s is a number from 1 to %lld",
		     !strcmp(name, "per_address") ? "per-address" : name, (long long)most);
	return ERR_OK;
}

/* NAME or NAME:PORT, in the letters of a name on the net; without a port it is that of HTTPS. */
static enum err host(struct ctx *c, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool fine = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
			    memchr("-.:[]", s.p[i], 5);

		if (!fine)
			FAIL(c, ERR_USAGE, "--host is a name in small letters, with its port "
					   "where that is not 443");
	}
	if (s.n == 0 || s.n > 250)
		FAIL(c, ERR_USAGE, "--host is a name");
	return ERR_OK;
}

static enum err hosts(struct ctx *c, const struct json *told, struct serve_options *out)
{
	const struct json *list = json_get(told, "host");
	struct span *names;

	TRY(NEW_ARRAY(c, names, json_count(list) + 1));
	JSON_EACH(name, list) {
		TRY(host(c, name->s));
		names[out->host_count++] = name->s;
	}
	out->hosts = names;
	return ERR_OK;
}

/* In an installed home systemd's timer closes the ticks. */
static enum err wants_ticks(struct ctx *c, const struct home *home, bool *out)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const struct json *founded;

	TRY(session_open(c, home->dir, NULL, &s));
	TRY(home_last(c, &s, "founded", &founded));
	if (!founded)
		FAIL(c, ERR_STATE, "this home has not been founded; 'writ init' does it");
	*out = home->single_user && span_is(json_opt_text(founded, "ticks", SPAN_NONE), "10s");
	return ERR_OK;
}

static enum err options(struct ctx *c, const struct json *told, struct serve_options *out)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct span file = json_opt_text(told, "client_authority", SPAN_NONE);
	int64_t i;
	char *z;

	out->listen = json_opt_text(told, "listen", SPAN(DEFAULT_LISTEN));
	if (cpus < 1 || cpus > DEFAULT_PROCESSES_MAX)
		cpus = cpus < 1 ? 1 : DEFAULT_PROCESSES_MAX;
	TRY(number(c, told, "processes", METRICS_PROCESSES_MAX, cpus, &i));
	out->processes = (size_t)i;
	TRY(number(c, told, "connections", 1000000, SERVER_CONNECTIONS, &i));
	out->connections = (unsigned)i;
	TRY(number(c, told, "per_address", 1000000, SERVER_PER_ADDRESS, &i));
	out->per_address = (unsigned)i;
	if (json_get(told, "client_authority")) {
		TRY(span_cstr(c, file, &z));
		out->client_authorities = z;
		if (!file_exists(z))
			FAIL(c, ERR_NOT_FOUND, "there is no file %s", z);
	}
	TRY(hosts(c, told, out));
	return wants_ticks(c, out->home, &out->ticks);
}

static enum err say_address(struct ctx *c, bool as_json, unsigned port)
{
	struct json *out = json_object(c);
	struct span address, text;

	TRY(span_fmt(c, &address, "https://localhost:%u/", port));
	json_set_text(c, out, "address", address);
	json_set_int(c, out, "json_version", 1);
	json_set_int(c, out, "port", port);
	TRY(json_write(c, out, TOLD_MAX, &text));
	printf("%.*s\n", SPAN_ARG(as_json ? text : address));
	/* Whoever started this waits for the line. */
	if (fflush(stdout) != 0)
		FAIL(c, ERR_IO, "the output could not be written");
	return ERR_OK;
}

static enum err look_after(struct ctx *c, const struct home *home)
{
	struct serve_options o = { .home = home };
	FD_SCOPED int fd = TOLD;
	struct json *told;
	struct span text;
	struct serve s;

	TRY(fd_read_all(c, fd, TOLD_MAX, &text));
	fd_close(&fd);
	TRY(json_parse(c, text, &told));
	TRY(options(c, told, &o));
	TRY(serve_begin(c, &o, &s));
	TRY(say_address(c, json_get(told, "json"), s.port));
	return serve_run(c, &s);
}

int main(int argc, char **argv)
{
	CTX_SCOPED struct ctx c = { .arena = NULL };
	bool worker = argc == 4 && !strcmp(argv[1], "worker");
	struct home home;
	enum err e;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts("writ-desk " WRIT_VERSION);
		return 0;
	}
	if ((!worker && argc != 3) || strcmp(argv[argc - 2], "--home") != 0 ||
	    !is_told(worker ? S_IFSOCK : S_IFREG))
		return usage();
	umask(077);
	e = ctx_begin(&c, DESK_MEMORY);
	if (e == ERR_OK)
		e = home_find(&c, argv[argc - 1], &home);
	if (e == ERR_OK)
		e = worker ? serve_worker(&c, &home) : look_after(&c, &home);
	return e == ERR_OK ? 0 : tell_error(&c, "serve");
}
