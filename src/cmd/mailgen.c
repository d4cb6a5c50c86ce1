/*
 * Invented mail; see mailgen.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/mailgen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "format/time.h"

#define MESSAGES 40
#define FIRST_UTC INT64_C(1791158400)   /* 2026-10-05 00:00 UTC */
#define STEP_S (29 * 3600 + 1777)

static const char *const names[] = { "alice", "bob", "carol", "dave", "erin" };
static const char *const friends[] = { "frank", "grace", "heidi", "ivan", "judy", "mallory" };
static const char *const subjects[] = { "Lunch on Thursday", "The minutes",  "Photos of the boat",
					"Your parcel",       "Re: the keys", "Choir practice",
					"An old map" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static enum err message(struct ctx *c, size_t who, int n, int64_t utc, struct span *out)
{
	const char *friend = friends[((size_t)n * 5 + who) % COUNT_OF(friends)];
	const char *subject = subjects[((size_t)n * 3 + who) % COUNT_OF(subjects)];
	int year, month, day;
	struct buf b;

	civil_of_days(utc / 86400, &year, &month, &day);
	buf_begin(&b, c, 8192);
	buf_fmt(&b, "From: %s@elsewhere.example\nTo: %s@mail.example\nSubject: %s\n", friend,
		names[who], subject);
	if (n % 13 != 7)
		buf_fmt(&b, "Date: %d %s %d %02d:%02d:%02d %s\n", day, months[month - 1], year,
			(int)(utc / 3600 % 24), (int)(utc / 60 % 60), (int)(utc % 60),
			n % 17 == 11 ? "" : "+0000");
	buf_fmt(&b, "Message-ID: <%d.%zu@elsewhere.example>\n\nDear %s,\n\n", n, who, names[who]);
	for (int i = 0; i < 3 + n % 9; i++)
		buf_fmt(&b,
			"Line %d of an invented letter about nothing at all, number %d of its "
			"kind.\n",
			i + 1, n);
	buf_fmt(&b, "\n%s\n", friend);
	return buf_done(c, &b, out);
}

static enum err folders(struct ctx *c, const char *maildir)
{
	char *path;

	for (const char *const *sub = (const char *const[]){ "cur", "new", "tmp", ".Sent/cur",
							     ".Sent/new", ".Sent/tmp",
							     NULL }; *sub; sub++) {
		TRY(path_fmt(c, &path, "%s/%s", maildir, *sub));
		TRY(dir_make(c, path, 0700));
	}
	return ERR_OK;
}

static enum err put(struct ctx *c, const char *maildir, size_t who, int n)
{
	int64_t utc = FIRST_UTC + (int64_t)n * STEP_S + (int64_t)who * 613;
	struct timespec times[2] = { { .tv_sec = utc }, { .tv_sec = utc } };
	FD_SCOPED int fd = -1;
	struct span text;
	char *path;

	TRY(message(c, who, n, utc, &text));
	TRY(path_fmt(c, &path, "%s/%scur/%lld.M%dP%zu.demo,S=%zu:2,S", maildir,
		     n % 5 == 3 ? ".Sent/" : "", (long long)utc, n, who, text.n));
	TRY(file_open(c, path, O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd));
	TRY(fd_write_all(c, fd, text));
	if (futimens(fd, times) != 0)
		FAIL(c, ERR_IO, "cannot date %s: %s", path, strerror(errno));
	return ERR_OK;
}

enum err mailgen(struct ctx *c, const char *dir)
{
	char *maildir;

	for (size_t who = 0; who < COUNT_OF(names); who++) {
		TRY(path_fmt(c, &maildir, "%s/mail.example/%s/Maildir", dir, names[who]));
		TRY(folders(c, maildir));
		for (int n = 0; n < MESSAGES; n++)
			TRY(put(c, maildir, who, n));
	}
	return ERR_OK;
}
