/*
 * Lines; see line.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/line.h"

#include <fcntl.h>

#include "base/file.h"

#define PLACES (LINE_AT_ONCE + LINE_WAIT_MAX)

/* Locks of the open file, not of the process: they end with the last descriptor (fcntl(2)). */
static bool ask(int fd, int64_t place, int command, short type, struct flock *out)
{
	*out = (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = place, .l_len = 1 };
	return fcntl(fd, command, out) == 0;
}

static bool is_taken(int fd, int64_t place)
{
	struct flock l;

	return ask(fd, place, F_OFD_GETLK, F_WRLCK, &l) && l.l_type != F_UNLCK;
}

static bool take(struct line *l, int64_t place)
{
	struct flock none;

	if (!ask(l->fd, place, F_OFD_SETLK, F_WRLCK, &none))
		return false;
	if (l->place)
		(void)ask(l->fd, l->place, F_OFD_SETLK, F_UNLCK, &none);
	l->place = place;
	return true;
}

enum err line_join(struct ctx *c, const char *path, struct line *out)
{
	int64_t last = PLACES;

	*out = (struct line){ .fd = -1 };
	TRY(file_open(c, path, O_RDWR | O_CREAT, 0600, &out->fd));
	/* From behind: who moves on meanwhile holds the place before it until it has left its own.
	 */
	while (last > 0 && !is_taken(out->fd, last))
		last--;
	for (int64_t place = last + 1; place <= PLACES && !out->place; place++)
		(void)take(out, place);
	if (out->place)
		return ERR_OK;
	line_leave(out);
	err_next(c, "try again in a few minutes");
	FAIL(c, ERR_AGAIN, "%d wait already", LINE_WAIT_MAX);
}

/* One place after the other, so that nobody overtakes; the first of those who wait takes whatever
 * is free. */
bool line_move(struct line *l)
{
	while (l->place > LINE_AT_ONCE + 1 && take(l, l->place - 1))
		;
	for (int64_t place = 1; l->place == LINE_AT_ONCE + 1 && place <= LINE_AT_ONCE; place++)
		(void)take(l, place);
	return l->place <= LINE_AT_ONCE;
}

int64_t line_before(const struct line *l)
{
	return l->place - 1;
}

void line_leave(struct line *l)
{
	fd_close(&l->fd);
	l->place = 0;
}
