/*
 * writ serve: the duty desk over HTTPS. This file reads the options and says where it listens.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "cmd/cmd.h"
#include "web/serve.h"
#include "web/server.h"

#define DEFAULT_LISTEN "localhost:8443"
#define DEFAULT_PROCESSES_MAX 4
#define HOSTS_MAX 16u

static enum err number(struct ctx *c, const struct args *a, const char *name, int64_t most,
		       int64_t fallback, int64_t *out)
{
	*out = fallback;
	if (!args_get(a, name))
		return ERR_OK;
	if (!span_to_i64(args_span(a, name), out) || *out < 1 || *out > most)
		FAIL(c, ERR_USAGE, "--%s is a number from 1 to %lld", name, (long long)most);
	return ERR_OK;
}

/* NAME or NAME:PORT, in the letters of a name on the net; without a port it is that of HTTPS. */
static enum err host(struct ctx *c, const char *name)
{
	struct span s = span_str(name);

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

/* In an installed home systemd's timer closes the ticks. */
static enum err wants_ticks(struct ctx *c, const struct args *a, bool *out)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const struct json *founded;

	TRY(command_session(c, a, &s));
	TRY(home_last(c, &s, "founded", &founded));
	if (!founded)
		FAIL(c, ERR_STATE, "this home has not been founded; 'writ init' does it");
	*out = s.home.single_user && span_is(json_opt_text(founded, "ticks", SPAN_NONE), "10s");
	return ERR_OK;
}

static enum err options(struct ctx *c, const struct args *a, struct serve_options *out)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const char *names[HOSTS_MAX];
	struct span *hosts;
	int64_t i;

	out->listen = args_get(a, "listen") ? args_span(a, "listen") : SPAN(DEFAULT_LISTEN);
	if (cpus < 1 || cpus > DEFAULT_PROCESSES_MAX)
		cpus = cpus < 1 ? 1 : DEFAULT_PROCESSES_MAX;
	TRY(number(c, a, "processes", METRICS_PROCESSES_MAX, cpus, &i));
	out->processes = (size_t)i;
	TRY(number(c, a, "connections", 1000000, SERVER_CONNECTIONS, &i));
	out->connections = (unsigned)i;
	TRY(number(c, a, "per-address", 1000000, SERVER_PER_ADDRESS, &i));
	out->per_address = (unsigned)i;
	out->client_authorities = args_get(a, "client-authority");
	if (out->client_authorities && !file_exists(out->client_authorities))
		FAIL(c, ERR_NOT_FOUND, "there is no file %s", out->client_authorities);
	out->host_count = args_each(a, "host", names, COUNT_OF(names));
	TRY(NEW_ARRAY(c, hosts, HOSTS_MAX));
	for (size_t k = 0; k < out->host_count; k++) {
		TRY(host(c, names[k]));
		hosts[k] = span_str(names[k]);
	}
	out->hosts = hosts;
	return ERR_OK;
}

enum err cmd_serve(struct ctx *c, const struct command *self, const struct args *a)
{
	struct serve_options o = { 0 };
	struct home home;
	struct serve s;
	struct json *out;

	TRY(home_find(c, args_get(a, "home"), &home));
	if (a->count == 1 && span_is(span_str(a->rest[0]), "worker"))
		return serve_worker(c, &home);
	TRY(usage_check(c, self, a, 0));
	o.home = &home;
	TRY(options(c, a, &o));
	TRY(wants_ticks(c, a, &o.ticks));
	TRY(serve_begin(c, &o, &s));
	if (args_has(a, "json")) {
		struct span address;

		out = json_object(c);
		TRY(span_fmt(c, &address, "https://localhost:%u/", s.port));
		json_set_text(c, out, "address", address);
		json_set_int(c, out, "port", s.port);
		TRY(say_json(c, out));
	} else {
		say("https://localhost:%u/", s.port);
	}
	/* Whoever started this waits for the line. */
	if (fflush(stdout) != 0)
		FAIL(c, ERR_IO, "the output could not be written");
	return serve_run(c, &s);
}
