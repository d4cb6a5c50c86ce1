/*
 * The serving process alone, with pages of its own that tell what they were given, for tests of HTTP
 * that need no home:   webtool FOLDER [--connections N] [--per-address N] [--host NAME] [--clients PEM]
 * FOLDER gets tls/ and blob/. Prints its port, serves until SIGTERM. Never installed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ipc.h"
#include "base/num.h"
#include "format/json.h"
#include "web/listen.h"
#include "web/server.h"

#define MEMORY_BYTES ((size_t)64 << 20)
#define BODY_MAX INT64_C(4294967296)

static enum err said(struct request *r, struct answer *a, struct json *j)
{
	struct span text;

	TRY(json_write(r->c, j, WEB_PAGE_MAX, &text));
	return answer_json(r, a, 200, text);
}

static void pairs(struct request *r, struct json *j, const char *name, struct web_fields f)
{
	struct json *list = json_list(r->c);

	for (size_t i = 0; i < f.n; i++) {
		struct json *pair = json_list(r->c);

		json_add(r->c, pair, json_text(r->c, f.at[i].name));
		json_add(r->c, pair, json_text(r->c, f.at[i].value));
		json_add(r->c, list, pair);
	}
	json_set(r->c, j, name, list);
}

/* Everything a handler can see. */
static enum err tell(struct request *r, struct answer *a)
{
	struct json *j = json_object(r->c), *args = json_list(r->c), *files = json_list(r->c);
	struct span hex;

	for (size_t i = 0; i < WEB_ARGS_MAX && r->args[i].p; i++)
		json_add(r->c, args, json_text(r->c, r->args[i]));
	for (size_t i = 0; i < r->file_count; i++) {
		struct web_file *f = &r->files[i];
		struct json *one = json_object(r->c);

		TRY(hex_encode(r->c, sha256_span(&f->sha256), &hex));
		json_set_text(r->c, one, "name", f->name);
		json_set_text(r->c, one, "type", f->type);
		json_set_int(r->c, one, "bytes", f->bytes);
		json_set_int(r->c, one, "on_disk", lseek(f->fd, 0, SEEK_END));
		json_set_text(r->c, one, "sha256", hex);
		json_add(r->c, files, one);
	}
	pairs(r, j, "query", r->query);
	pairs(r, j, "form", r->form);
	pairs(r, j, "cookies", r->cookies);
	json_set(r->c, j, "args", args);
	json_set(r->c, j, "files", files);
	json_set_text(r->c, j, "origin", r->origin);
	json_set_text(r->c, j, "client", r->client);
	json_set_bool(r->c, j, "tls", r->tls);
	return said(r, a, j);
}

/* A file of FOLDER/blob, resumable. */
static enum err give(struct request *r, struct answer *a)
{
	char *path;
	int fd;

	TRY(path_fmt(r->c, &path, "%s/%.*s", r->home->blob, SPAN_ARG(r->args[0])));
	TRY(file_open(r->c, path, O_RDONLY, 0, &fd));
	return answer_file(r, a, fd, "application/octet-stream", SPAN("0123abcd"),
			   web_value(r->query, "as"));
}

static enum err keep(struct request *r, struct answer *a)
{
	a->keep = true;
	a->etag = SPAN("v1");
	if (web_takes_gzip(r))
		a->encoding = SPAN("gzip");
	return answer_text(r, a, 200, "kept");
}

static enum err sign_in(struct request *r, struct answer *a)
{
	TRY(answer_cookie(r, a, "session", SPAN("token"), 0));
	a->refresh_s = 2;
	return answer_see(r, a, "%.*s", SPAN_ARG(web_value(r->form, "next")));
}

static enum err fail(struct request *r, struct answer *a)
{
	(void)a;
	err_next(r->c, "do another thing");
	FAIL(r->c, ERR_STATE, "this went wrong");
}

static enum err nothing(struct request *r, struct answer *a)
{
	(void)r;
	(void)a;
	return ERR_OK;
}

/* Long enough for a test to stop the process meanwhile. */
static enum err slow(struct request *r, struct answer *a)
{
	fprintf(stderr, "slow began\n");
	while (access(r->home->run, F_OK) != 0)
		usleep(1000);
	return answer_text(r, a, 200, "slow");
}

static enum err admit(struct request *r, struct answer *a)
{
	if (r->route->door != DOOR_PERSON)
		return ERR_OK;
	if (span_is(web_cookie(r, "session"), "token"))
		return ERR_OK;
	if (r->method == WEB_GET)
		return answer_see(r, a, "/sign-in");
	FAIL(r->c, ERR_DENIED, "nobody is signed in");
}

static enum err trouble(struct request *r, enum err e, unsigned status, struct answer *a)
{
	if (web_has(r->query, "plain"))
		FAIL(r->c, ERR_FAILED, "no page for that");
	return answer_text(r, a, status, "page: %s|%s|%s", err_name(e), r->c->why, r->c->next);
}

static const struct web_route routes[] = {
	{ "tell", WEB_GET, "/tell/{one}/{two}", WEB_BODY_NONE, 0, DOOR_PUBLIC, tell },
	{ "root", WEB_GET, "/", WEB_BODY_NONE, 0, DOOR_PUBLIC, tell },
	{ "form", WEB_POST, "/form", WEB_BODY_FORM, 3 << 20, DOOR_PUBLIC, tell },
	{ "upload", WEB_POST, "/upload", WEB_BODY_FILES, BODY_MAX, DOOR_PUBLIC, tell },
	{ "person", WEB_GET, "/person", WEB_BODY_NONE, 0, DOOR_PERSON, tell },
	{ "person_upload", WEB_POST, "/person", WEB_BODY_FILES, BODY_MAX, DOOR_PERSON, tell },
	{ "here", WEB_GET, "/here", WEB_BODY_NONE, 0, DOOR_LOOPBACK, tell },
	{ "file", WEB_GET, "/file/{name}", WEB_BODY_NONE, 0, DOOR_PUBLIC, give },
	{ "keep", WEB_GET, "/keep", WEB_BODY_NONE, 0, DOOR_PUBLIC, keep },
	{ "sign-in", WEB_POST, "/sign-in", WEB_BODY_FORM, 4096, DOOR_PUBLIC, sign_in },
	{ "fail", WEB_GET, "/fail", WEB_BODY_NONE, 0, DOOR_PUBLIC, fail },
	{ "nothing", WEB_GET, "/nothing", WEB_BODY_NONE, 0, DOOR_PUBLIC, nothing },
	{ "slow", WEB_GET, "/slow", WEB_BODY_NONE, 0, DOOR_PUBLIC, slow },
};

static enum err number(struct ctx *c, const char *text, unsigned *out)
{
	int64_t i;

	if (!span_to_i64(span_str(text), &i) || i < 1 || i > 1000000)
		FAIL(c, ERR_USAGE, "'%s' is no number", text);
	*out = (unsigned)i;
	return ERR_OK;
}

static enum err run(struct ctx *c, int argc, char **argv)
{
	static struct web_site site = { .routes = routes,
					.route_count = COUNT_OF(routes),
					.admit = admit,
					.trouble = trouble };
	struct server_config s = { .site = &site,
				   .processes = 1,
				   .connections = SERVER_CONNECTIONS,
				   .per_address = SERVER_PER_ADDRESS };
	struct home home = { .dir = argv[1], .single_user = true };
	struct span *hosts, pem;
	int ends[2], shared;
	unsigned port;
	char *path;

	TRY(NEW_ARRAY(c, hosts, 2));
	for (int i = 2; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--connections"))
			TRY(number(c, argv[i + 1], &s.connections));
		else if (!strcmp(argv[i], "--per-address"))
			TRY(number(c, argv[i + 1], &s.per_address));
		else if (!strcmp(argv[i], "--host"))
			hosts[1] = span_str(argv[i + 1]);
		else
			s.client_authorities = argv[i + 1];
	}
	TRY(path_fmt(c, &path, "%s/blob", home.dir));
	TRY(dir_make(c, path, 0700));
	home.blob = path;
	TRY(path_fmt(c, &path, "%s/go", home.dir));
	home.run = path;
	TRY(tls_prepare(c, &home));
	TRY(tls_read(c, &home, &s.tls));
	if (s.client_authorities) {
		TRY(file_read(c, s.client_authorities, 65536, &pem));
		TRY(span_cstr(c, pem, &path));
		s.client_authorities = path;
	}
	TRY(listen_open(c, &home, SPAN("127.0.0.1:0"), 1, &s.listen_fd, &port));
	TRY(metrics_make(c, &shared, &s.metrics));
	TRY(span_fmt(c, &hosts[0], "localhost:%u", port));
	TRY(span_fmt(c, &s.origin, "https://localhost:%u", port));
	if (c->seam->random(s.ticket_key, sizeof s.ticket_key) != 0)
		FAIL(c, ERR_IO, "no randomness");
	TRY(ipc_pair(c, ends));
	s.home = &home;
	s.hosts = hosts;
	s.host_count = hosts[1].n ? 2 : 1;
	s.parent_fd = ends[0];
	printf("https://localhost:%u/\n", port);
	fflush(stdout);
	return server_run(c, &s);
}

int main(int argc, char **argv)
{
	CTX_SCOPED struct ctx c = { 0 };

	if (argc < 2 || ctx_begin(&c, MEMORY_BYTES) != ERR_OK)
		return 2;
	if (run(&c, argc, argv) == ERR_OK)
		return 0;
	fprintf(stderr, "webtool: %s\n", c.why);
	return 1;
}
