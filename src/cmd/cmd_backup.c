/*
 * writ backup: a copy of the home without the seal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "order/backup.h"

static enum err say_sum(struct ctx *c, const struct args *a, const char *path,
			const struct backup_sum *sum)
{
	struct json *out = json_object(c);

	if (args_has(a, "json")) {
		json_set_text(c, out, "sha256", sum->sha256);
		json_set_int(c, out, "bytes", sum->bytes);
		json_set_int(c, out, "files", sum->files);
		json_set_int(c, out, "log_size", (int64_t)sum->log_size);
		return say_json(c, out);
	}
	say("%s: %lld files, %lld bytes, the log at %llu ticks; read back and compared", path,
	    (long long)sum->files, (long long)sum->bytes, (unsigned long long)sum->log_size);
	say("SHA-256 %.*s", SPAN_ARG(sum->sha256));
	talk("not in it: the seal's folder (its keys are never copied), /etc/writ, and the mail; "
	     "restore.md says how to restore, and what a lost seal means");
	return ERR_OK;
}

enum err cmd_backup(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const char *path = args_get(a, "out");
	struct backup_sum sum;
	FD_SCOPED int fd = -1;
	enum err e;

	TRY(usage_check(c, self, a, 0));
	if (!path)
		FAIL(c, ERR_USAGE, "say where to: --out FILE");
	TRY(command_session(c, a, &s));
	if (user_name(path) == path && file_exists(path)) {
		err_next(c, "name another file; a backup never replaces one");
		FAIL(c, ERR_STATE, "%s exists already", path);
	}
	TRY(user_open(c, path, O_RDWR | O_CREAT | O_EXCL, 0600, &fd));
	e = backup_write(c, &s, fd, &sum);
	/* Half a backup is none. */
	if (e != ERR_OK && e != ERR_DEGRADED && ftruncate(fd, 0) == 0 && !user_lent(path))
		c->seam->unlink(path);
	if (e != ERR_OK && e != ERR_DEGRADED)
		return e;
	TRY(say_sum(c, a, user_name(path), &sum));
	return e;
}
