/*
 * writ demo: makes a folder with invented mail and the script of the demonstration, and runs it.
 * The script runs only commands that it prints; this program does nothing else for it, but end the
 * desks that the script left in the background.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/home.h"
#include "cmd/cmd.h"
#include "cmd/mailgen.h"
#include "order/embedded.h"

#define PREFIX "writ-demo-"

static const char *where(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp && strlen(tmp) < 60 ? tmp : "/tmp";
}

/* A new folder, short enough that a socket below it has a name that the kernel takes. */
static enum err folder(struct ctx *c, const struct args *a, char **out)
{
	if (args_get(a, "keep")) {
		if (file_exists(args_get(a, "keep")))
			FAIL(c, ERR_STATE, "%s exists already; name a new folder",
			     args_get(a, "keep"));
		TRY(dir_make(c, args_get(a, "keep"), 0700));
		return path_real(c, args_get(a, "keep"), out);
	}
	TRY(path_fmt(c, out, "%s/" PREFIX "XXXXXX", where()));
	if (!mkdtemp(*out))
		FAIL(c, ERR_IO, "cannot make a folder like %s: %s", *out, strerror(errno));
	return ERR_OK;
}

static bool is_maildir(struct ctx *c, const char *path)
{
	struct stat st;
	char *cur;

	return path_fmt(c, &cur, "%s/cur", path) == ERR_OK && stat(cur, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

static bool is_mbox(const char *path)
{
	FD_SCOPED int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char head[5];

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       read(fd, head, sizeof head) == sizeof head && !memcmp(head, "From ", sizeof head);
}

static enum err own_mail(struct ctx *c, const struct args *a, const char **out)
{
	const char *mail = args_get(a, "mail");
	char *whole;

	*out = "";
	if (!mail)
		return ERR_OK;
	if (!is_maildir(c, mail) && !is_mbox(mail)) {
		err_next(c, "name a folder that holds cur, new and tmp, or a file that begins with "
			    "a From_ line");
		FAIL(c, ERR_USAGE, "%s is neither a Maildir nor an mbox file", mail);
	}
	TRY(path_real(c, mail, &whole));
	*out = whole;
	return ERR_OK;
}

static enum err write_script(struct ctx *c, const char *dir, char **path_out)
{
	TRY(path_fmt(c, path_out, "%s/demo.sh", dir));
	for (const struct embedded *t = command_texts; t->name; t++)
		if (!strcmp(t->name, "demo"))
			return file_write(c, *path_out, span_of(t->bytes, t->n), 0700);
	FAIL(c, ERR_FAILED, "this build has no demonstration");
}

/* The folder of the programs first in PATH, so that the printed commands are the real ones. */
static enum err set_environment(struct ctx *c, const char *dir, const char *own)
{
	const char *old = getenv("PATH");
	char *program, *path, *slash;

	TRY(home_program(c, "writ-seal", &program));
	slash = strrchr(program, '/');
	*slash = '\0';
	TRY(path_fmt(c, &path, "%s:%s", program, old ? old : "/usr/bin:/bin"));
	if (setenv("PATH", path, 1) != 0 || setenv("DEMO", dir, 1) != 0 ||
	    setenv("OWN", own, 1) != 0 || setenv("WRIT_BIN", program, 1) != 0)
		FAIL(c, ERR_NOMEM, "no memory for the environment");
	return ERR_OK;
}

/* ---- the desks of demonstrations ---- */

/* A demonstration of this user's has a mark as long as its desk is to run, and a lock as long as it
 * does. Anybody may make a folder of that name in /tmp: nothing is done in another user's. */
static enum err stop_one(struct ctx *c, const char *dir, int *stopped)
{
	FD_SCOPED int folder = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	FD_SCOPED int lock = -1;
	struct stat st;

	if (folder < 0 || fstat(folder, &st) != 0 || st.st_uid != geteuid() ||
	    unlinkat(folder, "desk.runs", 0) != 0)
		return ERR_OK;
	lock = openat(folder, "desk.lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (lock >= 0 && flock(lock, LOCK_EX) != 0)
		FAIL(c, ERR_IO, "cannot wait for the desk of %s: %s", dir, strerror(errno));
	say("the desk of %s has ended; the folder is still there", dir);
	++*stopped;
	return ERR_OK;
}

static void folder_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

static enum err stop(struct ctx *c, const struct args *a)
{
	__attribute__((cleanup(folder_close))) DIR *d = NULL;
	struct dirent *entry;
	int stopped = 0;
	char *path;

	if (args_get(a, "keep")) {
		TRY(stop_one(c, args_get(a, "keep"), &stopped));
	} else {
		d = opendir(where());
		while (d && (entry = readdir(d))) {
			if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0)
				continue;
			TRY(path_fmt(c, &path, "%s/%s", where(), entry->d_name));
			TRY(stop_one(c, path, &stopped));
		}
	}
	if (stopped == 0)
		FAIL(c, ERR_NOT_FOUND, "no desk of a demonstration runs %s %s",
		     args_get(a, "keep") ? "in" : "below",
		     args_get(a, "keep") ? args_get(a, "keep") : where());
	return ERR_OK;
}

enum err cmd_demo(struct ctx *c, const struct command *self, const struct args *a)
{
	const char *own;
	char *dir, *mail, *script;

	TRY(usage_check(c, self, a, 0));
	if (args_has(a, "stop"))
		return stop(c, a);
	TRY(own_mail(c, a, &own));
	TRY(folder(c, a, &dir));
	TRY(path_fmt(c, &mail, "%s/mail", dir));
	TRY(mailgen(c, mail));
	TRY(write_script(c, dir, &script));
	TRY(set_environment(c, dir, own));
	fflush(stdout);
	execl("/bin/sh", "sh", script, args_has(a, "no-desk") ? "no-desk" : "all", (char *)NULL);
	FAIL(c, ERR_IO, "cannot run %s: %s", script, strerror(errno));
}
