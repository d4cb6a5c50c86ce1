/*
 * writ's side of a backup; see backup.h. It reads what the home's user can read and no more, so
 * neither the seal's folder nor /etc/writ can be in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "format/tar.h"
#include "format/time.h"
#include "log/log.h"

#define COPY "writ.db.copy"
#define CHUNK_BYTES ((size_t)1 << 20)
#define SUMS_MAX ((size_t)512 << 20)

struct backup {
	struct ctx *c;
	struct session *s;
	int fd;
	struct stat self;               /* the backup may lie in the home that it copies */
	struct hasher *whole, *one;
	struct buf sums;
	unsigned char *chunk;
	int64_t files, bytes;
};

static void backup_close(struct backup *b)
{
	hasher_close(&b->whole);
	hasher_close(&b->one);
}
#define BACKUP_SCOPED __attribute__((cleanup(backup_close)))

static enum err put(struct backup *b, struct span s)
{
	TRY(fd_write_all(b->c, b->fd, s));
	b->bytes += (int64_t)s.n;
	return hasher_add(b->c, b->whole, s);
}

static enum err put_head(struct backup *b, struct span name, int64_t bytes, int64_t mtime_utc)
{
	CTX_SCOPED struct ctx c;
	struct span head;
	struct buf h;

	TRY(ctx_begin(&c, 1 << 20));
	buf_begin(&h, &c, TAR_HEAD_MAX);
	if (tar_head(&c, &h, name, bytes, mtime_utc) != ERR_OK || buf_done(&c, &h, &head) != ERR_OK)
		FAIL(b->c, ERR_LIMIT, "%.*s: %s", SPAN_ARG(name), c.why);
	return put(b, head);
}

static enum err put_padding(struct backup *b, int64_t bytes)
{
	static const unsigned char zeros[TAR_BLOCK];

	return put(b, span_of(zeros, tar_padding(bytes)));
}

static enum err put_sum(struct backup *b, struct span name)
{
	struct sha256 sum;

	TRY(hasher_end(b->c, b->one, &sum));
	buf_hex(&b->sums, sha256_span(&sum));
	buf_fmt(&b->sums, "  %.*s\n", SPAN_ARG(name));
	b->files++;
	return ERR_OK;
}

static enum err put_text(struct backup *b, struct span name, struct span text)
{
	TRY(hasher_begin(b->c, b->one));
	TRY(hasher_add(b->c, b->one, text));
	TRY(put_head(b, name, (int64_t)text.n, b->c->seam->now_ms() / 1000));
	TRY(put(b, text));
	TRY(put_padding(b, (int64_t)text.n));
	return put_sum(b, name);
}

static enum err put_content(struct backup *b, int fd, const char *path, int64_t bytes)
{
	TRY(hasher_begin(b->c, b->one));
	for (int64_t left = bytes; left > 0;) {
		size_t want = left < (int64_t)CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
		ssize_t n = b->c->seam->read(fd, b->chunk, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			FAIL(b->c, ERR_IO, "cannot read %s: %s", path, strerror(errno));
		if (n == 0)
			FAIL(b->c, ERR_AGAIN, "%s became shorter while it was copied", path);
		TRY(hasher_add(b->c, b->one, span_of(b->chunk, (size_t)n)));
		TRY(put(b, span_of(b->chunk, (size_t)n)));
		left -= n;
	}
	return put_padding(b, bytes);
}

/* A file as long as it is now. What was removed meanwhile is not missed: no act names it then. */
static enum err put_file(struct backup *b, const char *path, struct span name)
{
	FD_SCOPED int fd = b->c->seam->open(path, O_RDONLY | O_NOFOLLOW, 0);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return ERR_OK;
	if (fd < 0 || fstat(fd, &st) != 0)
		FAIL(b->c, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || (st.st_dev == b->self.st_dev && st.st_ino == b->self.st_ino))
		return ERR_OK;
	TRY(put_head(b, name, st.st_size, st.st_mtime > 0 ? st.st_mtime : 0));
	TRY(put_content(b, fd, path, st.st_size));
	return put_sum(b, name);
}

/* What is no part of a copy: the seal (a home for one user keeps it below), the key and certificate
 * of the desk, which are put there or made again, the sockets, the live database, of which there is
 * a copy, what was read on papers or delivered, which is made again, and what is half written. */
static bool left_out(struct span name)
{
	static const char *const exact[] = { "run",     "seal",        "tls",         "reading",
					     "writ.db", "writ.db-wal", "writ.db-shm", COPY,
					     "delivered", "log/lock", "backup.json", "SHA256SUMS" };

	for (size_t i = 0; i < COUNT_OF(exact); i++)
		if (span_is(name, exact[i]))
			return true;
	return span_ends(name, ".tmp");
}

static void fts_end(FTS **f)
{
	if (*f)
		fts_close(*f);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Everything below dir (HOME, or HOME/log), named as below HOME; the log is copied by itself. */
static enum err put_tree(struct backup *b, const char *dir, bool with_log)
{
	__attribute__((cleanup(fts_end))) FTS *f = NULL;
	size_t skip = strlen(b->s->home.dir) + 1;
	FTSENT *at;
	char *top;

	TRY(span_cstr(b->c, span_str(dir), &top));
	f = fts_open((char *[]){ top, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!f)
		FAIL(b->c, ERR_IO, "cannot read %s: %s", dir, strerror(errno));
	while ((errno = 0, at = fts_read(f)) != NULL) {
		struct span name = SPAN_NONE;

		if (at->fts_pathlen > skip)
			name = span_of(at->fts_path + skip, at->fts_pathlen - skip);
		if (at->fts_info == FTS_DNR || at->fts_info == FTS_ERR)
			FAIL(b->c, ERR_IO, "cannot read %s: %s", at->fts_path,
			     strerror(at->fts_errno));
		if (at->fts_info == FTS_D &&
		    (left_out(name) || (!with_log && span_is(name, "log"))))
			fts_set(f, at, FTS_SKIP);
		if (at->fts_info == FTS_F && !left_out(name))
			TRY(put_file(b, at->fts_path, name));
	}
	if (errno)
		FAIL(b->c, ERR_IO, "cannot read %s: %s", dir, strerror(errno));
	return ERR_OK;
}

static void damaged(void *of, const char *place, const char *what)
{
	(void)place, (void)what;
	++*(int *)of;
}

/* A copy that SQLite made, and that is whole. */
static enum err copy_database(struct ctx *c, struct session *s, const char *path)
{
	STORE_SCOPED struct store *copy = NULL;
	int findings = 0;

	TRY(file_remove(c, path));
	TRY(store_copy(c, s->store, path));
	TRY(store_open(c, path, STORE_READ, &copy));
	TRY(store_check(c, copy, damaged, &findings));
	if (findings) {
		err_next(c, "'writ log verify' names what is wrong with the database");
		FAIL(c, ERR_VERIFY, "the copy of the database is damaged in %d places", findings);
	}
	return ERR_OK;
}

/* The first member: what this is, and what is not in it. */
static enum err put_cover(struct backup *b, const struct checkpoint *cp)
{
	static const char *const missing[] = {
		"the seal's folder with every key (it is never copied; doc/restore.md)",
		"tls, the key and certificate of the desk",
		"/etc/writ of an installed home: stores.yaml, credentials, seal.pub",
		"the mail of the data stores",
	};
	struct json *j = json_object(b->c), *list = json_list(b->c);
	const struct json *founded;
	struct span text, at;

	TRY(home_last(b->c, b->s, "founded", &founded));
	TRY(time_span(b->c, b->c->seam->now_ms() / 1000, &at));
	json_set_int(b->c, j, "version", 1);
	json_set_str(b->c, j, "kind", "backup");
	json_set_text(b->c, j, "made_at", at);
	json_set_text(b->c, j, "provider", json_opt_text(founded, "provider", SPAN_NONE));
	json_set_str(b->c, j, "software", "writ " WRIT_VERSION);
	json_set_text(b->c, j, "log_origin", cp->origin);
	json_set_int(b->c, j, "log_size", (int64_t)cp->size);
	for (size_t i = 0; i < COUNT_OF(missing); i++)
		json_add(b->c, list, json_text(b->c, span_str(missing[i])));
	json_set(b->c, j, "not_in_it", list);
	TRY(json_write(b->c, j, 65536, &text));
	return put_text(b, SPAN("backup.json"), text);
}

/* Database and log as they are at one moment. */
static enum err put_truth(struct backup *b, struct backup_sum *out)
{
	FD_SCOPED int lock = -1;
	struct checkpoint cp;
	struct log l;
	char *path;
	enum err e;

	TRY(path_fmt(b->c, &path, "%s/" COPY, b->s->home.dir));
	TRY(order_log(b->c, b->s, &l));
	TRY(log_lock(b->c, &l, &lock));
	/* A home whose ticker has not run yet has none. */
	e = log_checkpoint(b->c, &l, &cp, NULL);
	if (e == ERR_NOT_FOUND) {
		cp = (struct checkpoint){ .size = 0 };
		err_clear(b->c);
	} else {
		TRY(e);
	}
	out->log_size = cp.size;
	TRY(put_cover(b, &cp));
	e = copy_database(b->c, b->s, path);
	if (e == ERR_OK)
		e = put_file(b, path, SPAN("writ.db"));
	b->c->seam->unlink(path);
	TRY(e);
	return put_tree(b, b->s->home.log, true);
}

static enum err put_end(struct backup *b)
{
	struct span sums, end;
	struct buf zeros;

	TRY(buf_done(b->c, &b->sums, &sums));
	TRY(put_text(b, SPAN("SHA256SUMS"), sums));
	buf_begin(&zeros, b->c, 2 * TAR_BLOCK + 1);
	tar_end(&zeros);
	TRY(buf_done(b->c, &zeros, &end));
	return put(b, end);
}

/* What the disk gives back is what was written. */
static enum err read_back(struct backup *b, struct backup_sum *out)
{
	struct sha256 wrote, there;
	int64_t bytes;

	TRY(fd_sync(b->c, b->fd));
	(void)posix_fadvise(b->fd, 0, 0, POSIX_FADV_DONTNEED);
	TRY(hasher_end(b->c, b->whole, &wrote));
	TRY(sha256_of_fd(b->c, b->fd, &there, &bytes));
	if (bytes != b->bytes || !span_eq(sha256_span(&wrote), sha256_span(&there)))
		FAIL(b->c, ERR_IO, "the disk gives back other bytes than were written");
	out->files = b->files;
	out->bytes = bytes;
	return hex_encode(b->c, sha256_span(&there), &out->sha256);
}

enum err backup_write(struct ctx *c, struct session *s, int fd, struct backup_sum *out)
{
	BACKUP_SCOPED struct backup b = { .c = c, .s = s, .fd = fd };
	enum err ticked;

	if (fstat(fd, &b.self) != 0 || !S_ISREG(b.self.st_mode))
		FAIL(c, ERR_USAGE, "a backup is a file: it is read back when it is written");
	/* Who took the papers of all orders along is on file, also in the copy. */
	TRY(home_append(c, s, "backup", json_object(c)));
	ticked = order_close_tick(c, s);
	if (ticked != ERR_OK && ticked != ERR_DEGRADED)
		return ticked;
	err_clear(c);
	TRY(hasher_open(c, &b.whole));
	TRY(hasher_open(c, &b.one));
	TRY(hasher_begin(c, b.whole));
	TRY(NEW_ARRAY(c, b.chunk, CHUNK_BYTES));
	buf_begin(&b.sums, c, SUMS_MAX);
	TRY(put_truth(&b, out));
	TRY(put_tree(&b, s->home.dir, false));
	TRY(put_end(&b));
	TRY(read_back(&b, out));
	TRY(mark_put(c, s, "backup"));
	if (ticked == ERR_OK)
		return ERR_OK;
	err_next(c, "'writ doctor' says what is wrong with the seal");
	FAIL(c, ERR_DEGRADED, "the copy is whole, but that it was taken is not yet in the log");
}

enum err mark_put(struct ctx *c, const struct session *s, const char *name)
{
	struct span at, line;
	char *path;

	TRY(path_fmt(c, &path, "%s/last-%s", s->home.dir, name));
	TRY(time_span(c, c->seam->now_ms() / 1000, &at));
	TRY(span_fmt(c, &line, "%.*s\n", SPAN_ARG(at)));
	return file_write(c, path, line, 0600);
}

enum err mark_get(struct ctx *c, const struct session *s, const char *name, int64_t *utc_out)
{
	struct span line;
	char *path;

	*utc_out = 0;
	TRY(path_fmt(c, &path, "%s/last-%s", s->home.dir, name));
	if (!file_exists(path))
		return ERR_OK;
	TRY(file_read(c, path, 64, &line));
	if (!time_parse(span_trim(line), utc_out))
		*utc_out = 0;
	return ERR_OK;
}
