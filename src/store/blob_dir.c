/*
 * Blobs in a folder; see blob.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "store/blob.h"

#define PIECE ((size_t)64 << 10)

static enum err paths(struct ctx *c, const char *dir, const struct sha256 *name, char **folder,
		      char **file)
{
	struct span hex;

	TRY(hex_encode(c, sha256_span(name), &hex));
	TRY(path_fmt(c, folder, "%s/%.2s", dir, (const char *)hex.p));
	return path_fmt(c, file, "%s/%.*s", *folder, SPAN_ARG(hex));
}

static enum err folder_make(struct ctx *c, const char *dir, const char *folder)
{
	TRY(dir_make(c, folder, 0700));
	/* Also if it was there: whoever made it may have been killed before this. */
	return dir_sync(c, dir);
}

/* Is there a file of that name with the bytes of that name? */
static enum err is_whole(struct ctx *c, const char *file, const struct sha256 *name, bool *out)
{
	FD_SCOPED int fd = -1;
	struct sha256 have;

	*out = false;
	if (!file_exists(file))
		return ERR_OK;
	TRY(file_open(c, file, O_RDONLY | O_NOFOLLOW, 0, &fd));
	TRY(sha256_of_fd(c, fd, &have, NULL));
	*out = span_eq(sha256_span(&have), sha256_span(name));
	return ERR_OK;
}

enum err blob_put(struct ctx *c, const char *dir, struct span s, struct sha256 *out)
{
	char *folder, *file;
	bool whole;

	TRY(sha256_of(c, s, out));
	TRY(paths(c, dir, out, &folder, &file));
	TRY(folder_make(c, dir, folder));
	TRY(is_whole(c, file, out, &whole));
	/* Its bytes were durable before it had its name; the name may not be so yet. */
	return whole ? dir_sync(c, folder) : file_write(c, file, s, 0600);
}

static enum err stream(struct ctx *c, struct hasher *h, int from, int to, int64_t max_bytes,
		       int64_t *bytes_out)
{
	unsigned char *piece;

	*bytes_out = 0;
	TRY(NEW_ARRAY(c, piece, PIECE));
	for (;;) {
		ssize_t got = c->seam->read(from, piece, PIECE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			FAIL(c, ERR_IO, "cannot read: %s", strerror(errno));
		if (got == 0)
			return ERR_OK;
		if (got > max_bytes - *bytes_out)
			FAIL(c, ERR_LIMIT, "a file is larger than %lld bytes",
			     (long long)max_bytes);
		*bytes_out += got;
		TRY(hasher_add(c, h, span_of(piece, (size_t)got)));
		TRY(fd_write_all(c, to, span_of(piece, (size_t)got)));
	}
}

static enum err put_in_place(struct ctx *c, const char *dir, const char *tmp,
			     const struct sha256 *name)
{
	char *folder, *file;
	bool whole;

	TRY(paths(c, dir, name, &folder, &file));
	TRY(folder_make(c, dir, folder));
	TRY(is_whole(c, file, name, &whole));
	if (whole)
		c->seam->unlink(tmp);
	else if (c->seam->rename(tmp, file) != 0)
		FAIL(c, ERR_IO, "cannot put %s in place: %s", file, strerror(errno));
	return dir_sync(c, folder);
}

static enum err take_in(struct ctx *c, int from, const char *tmp, int64_t max_bytes,
			struct sha256 *out, int64_t *bytes_out)
{
	__attribute__((cleanup(hasher_close))) struct hasher *h = NULL;
	FD_SCOPED int to = -1;

	TRY(hasher_open(c, &h));
	TRY(file_open(c, tmp, O_WRONLY | O_CREAT | O_EXCL, 0600, &to));
	TRY(stream(c, h, from, to, max_bytes, bytes_out));
	TRY(fd_sync(c, to));
	return hasher_end(c, h, out);
}

enum err blob_put_fd(struct ctx *c, const char *dir, int fd, int64_t max_bytes, struct sha256 *out,
		     int64_t *bytes_out)
{
	unsigned char random[16];
	int64_t bytes;
	struct span hex;
	char *tmp;
	enum err e;

	if (c->seam->random(random, sizeof random) != 0)
		FAIL(c, ERR_IO, "no randomness: %s", strerror(errno));
	TRY(hex_encode(c, span_of(random, sizeof random), &hex));
	TRY(dir_make(c, dir, 0700));
	TRY(path_fmt(c, &tmp, "%s/%.*s.tmp", dir, SPAN_ARG(hex)));
	e = take_in(c, fd, tmp, max_bytes, out, bytes_out ? bytes_out : &bytes);
	if (e == ERR_OK)
		e = put_in_place(c, dir, tmp, out);
	if (e != ERR_OK)
		c->seam->unlink(tmp);
	return e;
}

static enum err not_its_name(struct ctx *c, const char *file)
{
	err_next(c, "restore this file from the backup; its name is the SHA-256 that it must have");
	FAIL(c, ERR_VERIFY, "%s no longer has the bytes of its name", file);
}

enum err blob_read(struct ctx *c, const char *dir, const struct sha256 *name, size_t max_bytes,
		   struct span *out)
{
	struct sha256 have;
	char *folder, *file;

	TRY(paths(c, dir, name, &folder, &file));
	TRY(file_read(c, file, max_bytes, out));
	TRY(sha256_of(c, *out, &have));
	return span_eq(sha256_span(&have), sha256_span(name)) ? ERR_OK : not_its_name(c, file);
}

enum err blob_open(struct ctx *c, const char *dir, const struct sha256 *name, int *fd_out)
{
	FD_SCOPED int fd = -1;
	struct sha256 have;
	char *folder, *file;

	TRY(paths(c, dir, name, &folder, &file));
	TRY(file_open(c, file, O_RDONLY | O_NOFOLLOW, 0, &fd));
	TRY(sha256_of_fd(c, fd, &have, NULL));
	if (!span_eq(sha256_span(&have), sha256_span(name)))
		return not_its_name(c, file);
	if (lseek(fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind %s: %s", file, strerror(errno));
	*fd_out = fd;
	fd = -1;
	return ERR_OK;
}

enum err blob_exists(struct ctx *c, const char *dir, const struct sha256 *name, bool *out)
{
	char *folder, *file;

	TRY(paths(c, dir, name, &folder, &file));
	*out = file_exists(file);
	return ERR_OK;
}

enum err blob_remove(struct ctx *c, const char *dir, const struct sha256 *name)
{
	char *folder, *file;

	TRY(paths(c, dir, name, &folder, &file));
	return file_exists(file) ? file_remove(c, file) : ERR_OK;
}
