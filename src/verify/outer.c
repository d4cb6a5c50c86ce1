/*
 * The delivered file from its first byte to its last: its parts in order, in the one form of tar,
 * each handed to the stage that checks it, the payload passed through. Judges FORM and MEMBERS.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "verify/given.h"
#include "verify/part.h"

/* Far above what the seal and writ make; what claims more is refused before it costs memory. */
#define PART_MAX ((size_t)16 << 20)

static const char *const part_names[PART_COUNT] = {
	[PART_README] = "README.txt",
	[PART_CERTIFICATE] = "certificate.pdf",
	[PART_RETURN] = "return.json",
	[PART_APPROVALS] = "approvals.json",
	[PART_STATEMENT] = "statement.json",
	[PART_P7S] = "statement.p7s",
	[PART_TSR] = "statement.tsr",
	[PART_RELEASE] = "release.json",
	[PART_PROOF] = "statement.tlog-proof",
};

const char *verify_part_name(enum part part)
{
	return part_names[part];
}

bool verify_judge_line(struct ctx *c, struct verify_line *line, enum err e)
{
	if (e == ERR_OK) {
		if (line->result != VERIFY_BROKEN)
			line->result = VERIFY_FINE;
		return true;
	}
	/* A disk that cannot be read says nothing about the file: it stays recorded. */
	if (e == ERR_NOMEM || e == ERR_IO)
		return false;
	if (line->result != VERIFY_BROKEN &&
	    span_copy(c, span_str(c->why), &line->why) == ERR_NOMEM)
		return false;
	line->result = VERIFY_BROKEN;
	err_clear(c);
	return false;
}

bool verify_judge(struct verify *v, enum verify_check check, enum err e)
{
	return verify_judge_line(v->c, &v->r->line[check], e);
}

enum err verify_stuck(struct verify *v)
{
	return v->c->code;
}

struct disk {
	int fd;
	int64_t done, bytes;
	const struct verify_job *job;
};

static enum err disk_fill(struct ctx *c, void *of, unsigned char *to, size_t room, size_t *got_out)
{
	struct disk *d = of;
	ssize_t got;

	do
		got = c->seam->read(d->fd, to, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		FAIL(c, ERR_IO, "cannot read %s: %s", d->job->file, strerror(errno));
	*got_out = (size_t)got;
	d->done += got;
	if (d->job->progress)
		d->job->progress(d->job->of, d->done, d->bytes);
	return ERR_OK;
}

/* The parts carry one time, which is released_at once that has been read. */
static enum err same_time(struct verify *v, const struct tar_walk *w, bool first)
{
	if (first)
		v->mtime_utc = w->mtime_utc;
	if (w->mtime_utc != v->mtime_utc)
		FAIL(v->c, ERR_VERIFY, "%.*s carries another time than the parts before it",
		     SPAN_ARG(w->name));
	return ERR_OK;
}

static bool next_part(struct verify *v, struct tar_walk *w, bool *end_out)
{
	return verify_judge(v, VERIFY_FORM, tar_walk_next(v->c, w, end_out));
}

static bool part_is(struct verify *v, struct tar_walk *w, const char *want, bool end, bool first)
{
	if (end)
		err_set(v->c, ERR_VERIFY, __FILE__, __LINE__, "%s is not there", want);
	else if (!span_is(w->name, want))
		err_set(v->c, ERR_VERIFY, __FILE__, __LINE__, "where %s belongs stands %.*s", want,
			SPAN_ARG(w->name));
	if (v->c->code != ERR_OK)
		return verify_judge(v, VERIFY_MEMBERS, v->c->code);
	return verify_judge(v, VERIFY_FORM, same_time(v, w, first));
}

static bool read_parts(struct verify *v, struct tar_walk *w)
{
	bool end;

	if (!next_part(v, w, &end))
		return false;
	for (int i = 0; i < PART_COUNT; i++) {
		if (i == PART_TSR) {
			v->stamped = !end && span_is(w->name, part_names[i]);
			if (!v->stamped)
				continue;
		}
		if (!part_is(v, w, part_names[i], end, i == 0) ||
		    !verify_judge(v, VERIFY_FORM, tar_walk_whole(v->c, w, PART_MAX, &v->part[i])) ||
		    !next_part(v, w, &end))
			return false;
	}
	return part_is(v, w, PACKAGE_NAME, end, false);
}

static enum err listed(struct verify *v)
{
	const struct json *members, *m;
	size_t i = 0;

	TRY(json_need_list(v->c, v->statement, "members", &members));
	for (m = members->first; m && i <= PART_COUNT; m = m->next, i++) {
		i += i == PART_TSR && !v->stamped;
		if (m->type != JSON_TEXT ||
		    !span_is(m->s, i < PART_COUNT ? part_names[i] : PACKAGE_NAME))
			break;
	}
	if (m || i != PART_COUNT + 1)
		FAIL(v->c, ERR_VERIFY, "the statement lists other parts than the file holds");
	return ERR_OK;
}

static enum err dated(struct verify *v)
{
	if (v->mtime_utc != v->released_utc)
		FAIL(v->c, ERR_VERIFY, "the parts carry another time than that of the release");
	return ERR_OK;
}

static enum err take_header(struct verify *v, struct tar_walk *w)
{
	struct span s;
	size_t n;

	TRY(tar_walk_peek(v->c, w, AGE_HEADER_MAX, &s));
	TRY(age_header_length(v->c, s, &n));
	TRY(span_copy(v->c, span_cut(s, 0, n), &v->header));
	tar_walk_drop(w, n);
	v->payload_bytes = w->left;
	return ERR_OK;
}

/* All that can be said before the payload passes by. */
static void judge_parts(struct verify *v, struct tar_walk *w)
{
	bool header = verify_judge(v, VERIFY_HEADER, take_header(v, w));

	verify_documents(v);
	if (!v->statement)
		return;
	verify_judge(v, VERIFY_MEMBERS, listed(v));
	verify_judge(v, VERIFY_FORM, dated(v));
	if (header)
		verify_signatures(v);
	verify_approvals(v);
	verify_numbers(v);
	verify_proof(v);
}

static enum err walk(struct verify *v, struct tar_walk *w)
{
	bool end = false;

	if (!read_parts(v, w))
		return verify_stuck(v);
	judge_parts(v, w);
	TRY(verify_stuck(v));
	if (v->identity_count && v->receipt && v->header.n && verify_opens(v))
		TRY(verify_bag(v, w));
	TRY(verify_stuck(v));
	if (verify_judge(v, VERIFY_FORM, tar_walk_next(v->c, w, &end)) && !end)
		verify_judge(v, VERIFY_MEMBERS,
			     err_set(v->c, ERR_VERIFY, __FILE__, __LINE__,
				     "%.*s does not belong there", SPAN_ARG(w->name)));
	return verify_stuck(v);
}

/* What needs a policy or an identity is not wrong for want of it. */
static void settle(struct verify *v)
{
	static const char needs[VERIFY_COUNT] = {
#define NOTHING 0
#define POLICY 'p'
#define IDENTITY 'i'
#define X(name, id, need, fine, broken) [VERIFY_##name] = need,
#include "verify/check.def"
#undef X
	};

	for (int i = 0; i < VERIFY_COUNT; i++) {
		struct verify_line *line = &v->r->line[i];

		if (needs[i] == 'p' && !v->r->policy && line->result == VERIFY_FINE)
			line->result = VERIFY_NOT_COMPARED;
		if (needs[i] == 'i' && !v->r->identity)
			line->result = VERIFY_NOT_CHECKED;
	}
}

static void verify_wipe(struct verify *v)
{
	wipe(v->file_key, sizeof v->file_key);
	if (v->identities)
		wipe(v->identities, IDENTITIES_MAX * sizeof *v->identities);
}

enum err verify_file(struct ctx *c, const struct verify_job *job, struct verify_report *out)
{
	__attribute__((cleanup(verify_wipe))) struct verify v = { .c = c, .r = out };
	FD_SCOPED int fd = -1;
	struct disk disk = { .job = job };
	struct tar_walk *w;
	struct inflow in;
	struct stat st;

	*out = (struct verify_report){ .file = job->file,
				       .identity = job->identity,
				       .policy = job->policy };
	TRY(given_policy(c, job->policy, &v.policy));
	TRY(given_identities(c, job->identity, &v.identities, &v.identity_count));
	TRY(file_open(c, job->file, O_RDONLY, 0, &fd));
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode))
		FAIL(c, ERR_USAGE, "%s is no file", job->file);
	disk.fd = fd;
	disk.bytes = st.st_size;
	TRY(inflow_open(c, &disk, disk_fill, &in));
	TRY(NEW(c, w));
	w->in = &in;
	TRY(walk(&v, w));
	settle(&v);
	return ERR_OK;
}
