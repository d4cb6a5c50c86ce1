/*
 * The read job: one document from outside in, one JSON text out, in the narrowest cage: its two
 * descriptors, the connection and memory. It refuses to look at the document before that.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/read.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "format/yaml.h"
#include "hand/job.h"

#define RESULT_MAX ((size_t)16 << 20)
#define NAME_MAX_BYTES 200u
#define PACKS_BYTES_MAX ((size_t)8 << 20)

static const struct reader_kind {
	const char *what;
	enum err (*read)(struct ctx *c, const char *name, struct span text, struct json **out);
	size_t max_bytes;
} kinds[] = {
	{ "order", read_order, YAML_BYTES_MAX },
	{ "answers", read_yaml, YAML_BYTES_MAX },
	{ "stores", read_yaml, YAML_BYTES_MAX },
	{ "facts", read_facts, YAML_BYTES_MAX },
	{ "provider", read_provider, YAML_BYTES_MAX },
	{ "packs", read_packs, PACKS_BYTES_MAX },
};

static enum err find_kind(struct ctx *c, struct span what, const struct reader_kind **out)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_is(what, kinds[i].what)) {
			*out = &kinds[i];
			return ERR_OK;
		}
	FAIL(c, ERR_FORMAT, "a hand does not read '%.*s'", (int)(what.n > 40 ? 40 : what.n),
	     (const char *)what.p);
}

/* The name is shown in messages: the file's own name without its folders. */
static enum err name_of(struct ctx *c, const struct json *ask, char **out)
{
	struct span name;

	TRY(json_need_text(c, ask, "name", &name));
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 0x20 || name.p[i] == 0x7f)
			FAIL(c, ERR_FORMAT, "the document's name has control characters");
	if (name.n == 0 || name.n > NAME_MAX_BYTES)
		FAIL(c, ERR_FORMAT, "the document's name has %zu bytes, 1 to %u are allowed",
		     name.n, NAME_MAX_BYTES);
	return span_cstr(c, name, out);
}

/* What can be known of the two files without reading them. */
static enum err check_files(struct ctx *c, const char *name, const struct reader_kind *kind, int in,
			    int out)
{
	struct stat st;

	if (fstat(in, &st) != 0)
		FAIL(c, ERR_IO, "cannot look at %s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		FAIL(c, ERR_FORMAT, "%s is no regular file", name);
	if (st.st_size < 0 || (size_t)st.st_size > kind->max_bytes)
		FAIL(c, ERR_LIMIT, "%s has %lld bytes, the limit is %zu", name,
		     (long long)st.st_size, kind->max_bytes);
	if (lseek(in, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot go to the start of %s: %s", name, strerror(errno));
	if (fstat(out, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		FAIL(c, ERR_FORMAT, "the file for the result is not an empty regular file");
	return ERR_OK;
}

/* fd_read_all would ask for the size, a call that this cage does not know. */
static enum err take_document(struct ctx *c, const char *name, int in, size_t max_bytes,
			      struct span *out)
{
	unsigned char *p;
	size_t n = 0;

	TRY(NEW_ARRAY(c, p, max_bytes + 1));
	while (n <= max_bytes) {
		ssize_t got = c->seam->read(in, p + n, max_bytes + 1 - n);

		if (got < 0)
			FAIL(c, ERR_IO, "cannot read %s: %s", name, strerror(errno));
		if (got == 0) {
			*out = span_of(p, n);
			return ERR_OK;
		}
		n += (size_t)got;
	}
	FAIL(c, ERR_LIMIT, "%s has more than %zu bytes", name, max_bytes);
}

enum err job_read(struct ctx *c, struct job *job)
{
	const struct reader_kind *kind = NULL;
	struct span what, text, result;
	int in = job->msg->fd[0], out = job->msg->fd[1];
	struct json *j;
	char *name;

	TRY(json_need_text(c, job->ask, "what", &what));
	TRY(find_kind(c, what, &kind));
	TRY(name_of(c, job->ask, &name));
	TRY(check_files(c, name, kind, in, out));
	struct cage cage = {
		.profile = CAGE_READ, .answer = job->writ, .seal = -1, .in = in, .out = out
	};
	TRY(job_close_cage(c, job, &cage));

	TRY(take_document(c, name, in, kind->max_bytes, &text));
	TRY(kind->read(c, name, text, &j));
	TRY(json_write(c, j, RESULT_MAX, &result));
	TRY(fd_write_all(c, out, result));
	json_set_int(c, job->answer, "bytes", (int64_t)result.n);
	return ERR_OK;
}
