/*
 * One job: taken, done, answered; see job.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

#define MIB ((size_t)1 << 20)
#define ASK_WAIT_MS 60000       /* a connection without a job is nobody's */
#define ANSWER_MAX (16 * MIB)

static const struct job_kind {
	const char *name;
	enum err (*run)(struct ctx *c, struct job *job);
	const char *keys;
	int fds;                        /* descriptors that must come with it */
	size_t memory;                  /* hard total in bytes */
} kinds[] = {
#if defined(WRIT_SENDS)
	{ "send", job_send, "version job address imprint_sha256", 0, 64 * MIB },
#elif defined(WRIT_DRAWS)
	{ "draw", job_draw, "version job title reference sha256_text made_at", 2, 256 * MIB },
#elif defined(WRIT_LOOKS)
	{ "look", job_look, "version job what page to longest grey language", 2, 512 * MIB },
#elif defined(WRIT_TOUCHES)
	{ "touch", job_touch, "version job client_data keys", 0, 64 * MIB },
#else
	{ "read", job_read, "version job what name", 2, 256 * MIB },
	{ "describe", job_describe, "version job", 0, 64 * MIB },
	{ "count", job_count, "version job ticket ticket_seal scope", 0, 16384 * MIB },
	{ "fetch", job_fetch, "version job ticket ticket_seal scope", 1, 16384 * MIB },
#endif
};

enum err job_close_cage(struct ctx *c, struct job *job, const struct cage *plan)
{
	struct span line;

	TRY(cage_close(c, plan, &job->cage));
	if (!job->journal)
		return ERR_OK;
	TRY(span_fmt(c, &line,
		     "{\"cage\":{\"landlock_abi\":%d,\"seccomp\":%s},"
		     "\"job\":\"%s\",\"program\":\"" HAND_PROGRAM "\"}\n",
		     job->cage.landlock_abi, job->cage.seccomp ? "true" : "false", job->kind));
	/* Where stderr is closed or full nobody reads logs; the answer tells the same. */
	if (c->seam->write(STDERR_FILENO, line.p, line.n) < 0)
		return ERR_OK;
	return ERR_OK;
}

enum err job_own_file(struct ctx *c, const struct home *home, const char *path, size_t max_bytes,
		      struct span *out)
{
	FD_SCOPED int fd = -1;
	struct stat st;
	enum err e;

	TRY(file_open(c, path, O_RDONLY | O_NOFOLLOW, 0, &fd));
	if (fstat(fd, &st) != 0)
		FAIL(c, ERR_IO, "cannot look at %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) ||
	    (st.st_uid != 0 && !(home->single_user && st.st_uid == geteuid()))) {
		err_next(c, "make it a file of root that only root can write");
		FAIL(c, ERR_DENIED, "%s could have been changed by others than the provider", path);
	}
	e = fd_read_all(c, fd, max_bytes, out);
	if (e != ERR_OK)
		err_note(c, "%s", path);
	return e;
}

static enum err find_kind(struct ctx *c, const struct json *ask, const struct job_kind **out)
{
	struct span name;
	int64_t version;

	TRY(json_need_int(c, ask, "version", &version));
	if (version != 1)
		FAIL(c, ERR_FORMAT, "a job of version %lld, this hand knows version 1",
		     (long long)version);
	TRY(json_need_text(c, ask, "job", &name));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_is(name, kinds[i].name)) {
			*out = &kinds[i];
			return ERR_OK;
		}
	FAIL(c, ERR_FORMAT, "a hand knows no job '%.*s'", (int)(name.n > 40 ? 40 : name.n),
	     (const char *)name.p);
}

/* Words as JSON can hold them: a cut character or a byte of a stored name becomes '?'. */
static struct span words(struct ctx *c, const char *z)
{
	char *copy = NULL;

	if (span_is_utf8(span_str(z)))
		return span_str(z);
	if (span_cstr(c, span_str(z), &copy) != ERR_OK)
		return SPAN("no memory for the words");
	for (char *at = copy; *at; at++)
		if (*at & 0x80)
			*at = '?';
	return span_str(copy);
}

static enum err answer_send(struct ctx *c, struct job *job, enum err result,
			    const struct ctx *failed)
{
	struct json *cage = json_object(c), *answer = job->answer;
	struct span text;

	json_set_bool(c, cage, "seccomp", job->cage.seccomp);
	json_set_int(c, cage, "landlock_abi", job->cage.landlock_abi);
	json_set(c, answer, "cage", job->cage.closed ? cage : NULL);
	json_set_bool(c, answer, "ok", result == ERR_OK);
	if (result != ERR_OK) {
		json_set_str(c, answer, "error", err_name(result));
		json_set_text(c, answer, "why",
			      words(c, failed->why[0] ? failed->why : err_text(result)));
		json_set_text(c, answer, "next",
			      words(c, failed->next[0] ? failed->next : err_hint(result)));
	}
	TRY(json_write(c, answer, ANSWER_MAX, &text));
	return ipc_send(c, job->writ, text, NULL, 0);
}

static enum err do_kind(const struct job_kind *kind, struct job *job)
{
	CTX_SCOPED struct ctx c = { .arena = NULL };
	enum err result;

	TRY(ctx_begin(&c, kind->memory));
	job->kind = kind->name;
	job->answer = json_object(&c);
	result = json_only(&c, job->ask, kind->keys);
	if (result == ERR_OK && job->msg->fd_count != kind->fds)
		result = err_set(&c, ERR_FORMAT, __FILE__, __LINE__,
				 "a %s job comes with %d files, not with %d", kind->name, kind->fds,
				 job->msg->fd_count);
	if (result == ERR_OK)
		result = kind->run(&c, job);
	/* The failure's words stand in c; what follows must not add to them. */
	struct ctx said = c;
	err_clear(&c);
	return answer_send(&c, job, result, &said);
}

/* One connection, one job: in the cage this socket reads like any file. */
static enum err hear_no_more(struct ctx *c, int writ)
{
	char more;

	if (shutdown(writ, SHUT_RD) != 0)
		FAIL(c, ERR_IO, "cannot close the ear: %s", strerror(errno));
	if (recv(writ, &more, sizeof more, MSG_DONTWAIT) != 0)
		FAIL(c, ERR_FORMAT, "more than one message came: a hand does one job");
	return ERR_OK;
}

static enum err take(struct ctx *c, struct job *job, const struct job_kind **kind)
{
	struct json *ask;

	TRY(hear_no_more(c, job->writ));
	TRY(json_parse(c, job->msg->text, &ask));
	job->ask = ask;
	return find_kind(c, ask, kind);
}

enum err job_run(struct ctx *c, int writ, const char *home_dir, bool journal)
{
	IPC_MSG_SCOPED struct ipc_msg msg = { .fd_count = 0 };
	struct job job = { .writ = writ, .home_dir = home_dir, .journal = journal, .msg = &msg };
	const struct job_kind *kind = NULL;
	enum err e;

	TRY(ipc_recv(c, writ, ASK_WAIT_MS, &msg));
	e = take(c, &job, &kind);
	if (kind)
		return do_kind(kind, &job);
	struct ctx said = *c;
	err_clear(c);
	job.answer = json_object(c);
	return answer_send(c, &job, e, &said);
}
