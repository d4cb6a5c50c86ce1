/*
 * The hand from its job message to its answer, as a captured writ might speak to it. First line:
 * the job, with $words (script.h); the rest: the document for a read job. "answer" is what a
 * captured seal says to a fetch. Only the cage stays open. Whatever is asked: there is one answer,
 * canonical, a failure says why, and nothing is counted or fetched without a ticket that the seal
 * has signed. SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "hand/cage_landlock.h"
#include "hand/job.h"
#include "script.h"

#define TEXT_MAX ((size_t)4 << 20)

enum err cage_close(struct ctx *c, const struct cage *plan, struct cage_told *told)
{
	told->closed = true;
	return plan->threads ? plan->threads(c, plan->of) : ERR_OK;
}

int landlock_level(void)
{
	return 0;
}

/* ---- a home with one store, and a seal that says what it is told to ---- */

static const char *home;
static int seal_listens = -1;
static struct span seal_says;

/* Delivered when the names of the mails say so. */
static void put(struct ctx *c, const char *name, struct span s)
{
	const struct timespec times[2] = { { .tv_sec = 1767300000 }, { .tv_sec = 1767300000 } };
	char *path;

	CHECK(path_fmt(c, &path, "%s/%s", home, name) == ERR_OK);
	CHECK(file_write(c, path, s, 0600) == ERR_OK);
	CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void put_mail(struct ctx *c)
{
	static const char *const folders[] = { "mail/eve/cur", "mail/eve/new", "mail/eve/tmp",
					       "mail/eve/.Sent/cur", "mail/eve/.Sent/new",
					       "mail/eve/.Sent/tmp", "run" };
	char *path;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		CHECK(path_fmt(c, &path, "%s/%s", home, folders[i]) == ERR_OK);
		CHECK(dir_make(c, path, 0700) == ERR_OK);
	}
	put(c, "mail/eve/cur/1767300000.a:2,S",
	    SPAN("Date: Thu, 1 Jan 2026 21:00:00 +0000\nFrom: a@x\n\none\n"));
	put(c, "mail/eve/new/1767400000.b", SPAN("From: b@x\r\n\r\ntwo\r\n"));
	put(c, "mail/eve/.Sent/cur/1767500000.c:2,",
	    SPAN("Received: by x; Sun, 4 Jan 2026 04:00:00 +0000\nDate: nonsense\n\nthree\n"));
}

static void *seal_answers(void *nothing)
{
	for (;;) {
		CTX_SCOPED struct ctx c;
		IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };
		FD_SCOPED int fd = accept(seal_listens, NULL, NULL);

		if (ctx_begin(&c, ARENA_MAX) == ERR_OK && fd >= 0 && seal_says.n &&
		    ipc_recv(&c, fd, 1000, &msg) == ERR_OK &&
		    ipc_send(&c, fd, seal_says, NULL, 0) != ERR_OK)
			continue;
	}
	return nothing;
}

static void begin_once(void)
{
	static const char stores[] =
		"stores_version: 1\nstores:\n  - name: main\n    kind: maildir\n    path: %s/mail/"
		"{local}\n    domain: example.org\n    region: FR\n    law: FR\n    categories:\n"
		"      - CONTENT_COMM\n      - MSG_META\n";
	CTX_SCOPED struct ctx c = { 0 };
	struct span text;
	pthread_t thread;
	char *path;

	if (home)
		return;
	home = world_dir();
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	put(&c, "single-user", SPAN(""));
	put_mail(&c);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	CHECK(span_fmt(&c, &text, stores, home) == ERR_OK);
#pragma GCC diagnostic pop
	put(&c, "stores.yaml", text);
	script_key_line(&c, SCRIPT_SEAL, &text);
	put(&c, "seal.pub", text);
	CHECK(path_fmt(&c, &path, "%s/run/seal.sock", home) == ERR_OK);
	CHECK(ipc_listen(&c, path, 0600, &seal_listens) == ERR_OK);
	CHECK(pthread_create(&thread, NULL, seal_answers, NULL) == 0);
}

/* ---- one job ---- */

static int fds_for(struct span job, struct span document, int fd[2])
{
	char path[32];

	if (span_is(job, "fetch")) {
		fd[0] = world_file(SPAN_NONE, path);
		return 1;
	}
	if (!span_is(job, "read"))
		return 0;
	fd[0] = world_file(document, path);
	fd[1] = world_file(SPAN_NONE, path);
	return 2;
}

static void check_answer(struct ctx *c, struct span text, bool *ok_out)
{
	static const char *const words[] = { "error", "why", "next" };
	struct json *j;

	CHECK(json_parse_canonical(c, text, &j) == ERR_OK);
	CHECK(json_need_bool(c, j, "ok", ok_out) == ERR_OK);
	for (size_t i = 0; i < 3 && !*ok_out; i++)
		CHECK(json_get(j, words[i]) && json_get(j, words[i])->type == JSON_TEXT);
}

/* What a reader gave is JSON that writ can read. */
static void check_result_file(struct ctx *c, int fd)
{
	struct span text;
	struct json *j;

	CHECK(lseek(fd, 0, SEEK_SET) == 0 && fd_read_all(c, fd, 16 << 20, &text) == ERR_OK);
	CHECK(json_parse_canonical(c, text, &j) == ERR_OK);
}

static bool run(struct ctx *c, struct span text, struct span job, struct span document)
{
	IPC_MSG_SCOPED struct ipc_msg answer = { .fd_count = 0 };
	CTX_SCOPED struct ctx own;
	int pair[2], fd[2] = { -1, -1 }, n = fds_for(job, document, fd);
	bool ok;

	CHECK(ctx_begin(&own, JOB_ASK_MAX) == ERR_OK);
	CHECK(ipc_pair(c, pair) == ERR_OK);
	CHECK(ipc_send(c, pair[0], text, fd, n) == ERR_OK);
	CHECK(job_run(&own, pair[1], home, false) == ERR_OK);
	/* Progress may come before it. */
	do {
		ipc_msg_close(&answer);
		CHECK(ipc_recv(c, pair[0], 0, &answer) == ERR_OK);
	} while (span_starts(answer.text, "{\"progress\""));
	if (getenv("FUZZ_TALK"))
		fprintf(stderr, "%.*s\n", SPAN_ARG(answer.text));
	check_answer(c, answer.text, &ok);
	if (ok && n == 2)
		check_result_file(c, fd[1]);
	for (int i = 0; i < 2; i++) {
		fd_close(&fd[i]);
		close(pair[i]);
	}
	return ok;
}

/* Takes a member out of the job: it is meant for somebody else. */
static const struct json *take_out(struct json *ask, const char *key)
{
	const struct json *found = NULL;
	struct json **at = &ask->first;

	ask->last = NULL;
	while (*at) {
		if (span_is((*at)->key, key)) {
			found = *at;
			*at = (*at)->next;
			continue;
		}
		ask->last = *at;
		at = &(*at)->next;
	}
	return found;
}

static void one_job(struct script *s, struct span line, struct span document)
{
	const struct json *says;
	struct json *ask, *whole;
	struct span text, job;
	bool ok;

	seal_says = SPAN_NONE;
	if (json_parse(s->c, line, &ask) != ERR_OK || ask->type != JSON_OBJECT) {
		err_clear(s->c);
		run(s->c, line, SPAN_NONE, SPAN_NONE);
		return;
	}
	whole = script_expand(s, ask);
	if (!whole)
		return;
	says = take_out(whole, "answer");
	if (says && json_write(s->c, says, TEXT_MAX, &seal_says) != ERR_OK)
		seal_says = SPAN_NONE;
	err_clear(s->c);
	job = json_opt_text(whole, "job", SPAN_NONE);
	if (json_write(s->c, whole, TEXT_MAX, &text) != ERR_OK) {
		err_clear(s->c);
		return;
	}
	ok = run(s->c, text, job, document);
	if (ok && (span_is(job, "count") || span_is(job, "fetch")))
		CHECK(s->seal_signed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct seam seam = world_begin();
	struct span line = span_of(data, size), document = SPAN_NONE;
	struct script *s;

	begin_once();
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	c.seam = &seam;
	CHECK(NEW(&c, s) == ERR_OK);
	s->c = &c;
	span_split(line, '\n', &line, &document);
	one_job(s, line, document);
	return 0;
}
