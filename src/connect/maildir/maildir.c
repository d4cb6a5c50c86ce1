/*
 * The Maildir connector: opening an account and its folders, and reading items. See maildir.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/halves.h"
#include "connect/account.h"
#include "connect/maildir/part.h"

#define HEAD_FIRST 4096u        /* bytes: the first read of a header block */
#define DATED_MAX 512u         /* candidates that are dated in one round */
#define DATED_STEP 16u
#define AHEAD_BYTES (1 << 20)   /* of each file; the kernel itself reads ahead in a long one */

const char *const maildir_part[PARTS] = { [PART_NEW] = "new", [PART_CUR] = "cur" };

static enum err maildir_check(struct ctx *c, const struct store *s, struct span *problem_out)
{
	return template_check(c, s, problem_out);
}

/* Opens new and cur below dir. *found_out: there is at least one. */
static enum err parts_open(struct ctx *c, struct maildir *m, int dir, struct maildir_folder *f,
			   bool *found_out)
{
	*found_out = false;
	for (int part = 0; part < PARTS; part++) {
		f->fd[part] = open_beneath(dir, maildir_part[part], O_RDONLY | O_DIRECTORY);
		if (f->fd[part] >= 0) {
			*found_out = true;
			continue;
		}
		if (errno == ENOENT)
			continue;
		*found_out = true;
		TRY(unreadable_add(c, &m->blocked, &(struct unreadable){
			.folder = f->name,
			.why = span_str(errno == ELOOP ? "a symbolic link" : strerror(errno)),
		}));
	}
	return ERR_OK;
}

/* A folder below the top; *found_out is false if on_disk is none. */
static enum err folder_open(struct ctx *c, struct maildir *m, int top, struct maildir_folder *f,
			    bool *found_out)
{
	FD_SCOPED int dir = -1;
	char *path;

	*found_out = false;
	f->fd[PART_NEW] = f->fd[PART_CUR] = -1;
	if (f->on_disk.n == 0)
		return parts_open(c, m, top, f, found_out);
	if (f->on_disk.n > POOL_NAME_MAX || memchr(f->on_disk.p, '/', f->on_disk.n) ||
	    span_is(f->on_disk, "..") || span_is(f->on_disk, ".") ||
	    memchr(f->on_disk.p, 0, f->on_disk.n))
		return ERR_OK;
	TRY(span_cstr(c, f->on_disk, &path));
	dir = open_beneath(top, path, O_RDONLY | O_DIRECTORY);
	if (dir >= 0)
		return parts_open(c, m, dir, f, found_out);
	if (errno == ENOENT || errno == ENOTDIR)
		return ERR_OK;
	*found_out = true;
	return unreadable_add(c, &m->blocked, &(struct unreadable){
		.folder = f->name,
		.why = span_str(errno == ELOOP ? "a symbolic link" : strerror(errno)),
	});
}

static int folder_order(const void *a, const void *b)
{
	return span_cmp(((const struct maildir_folder *)a)->name,
			((const struct maildir_folder *)b)->name);
}

static enum err folder_list(struct ctx *c, int top, struct span **out, size_t *count_out)
{
	struct maildir_walk w;
	struct span name;
	size_t n = 0;

	TRY(NEW_ARRAY(c, *out, FOLDERS_MAX));
	(*out)[n++] = SPAN_NONE;
	maildir_walk_begin(top, &w);
	while (maildir_walk_next(&w, true, &name)) {
		if (name.p[0] != '.' || span_is(name, ".") || span_is(name, ".."))
			continue;
		if (n == FOLDERS_MAX)
			FAIL(c, ERR_LIMIT, "an account has more than %u folders", FOLDERS_MAX);
		TRY(span_copy(c, name, &(*out)[n++]));
	}
	if (w.failed)
		FAIL(c, ERR_IO, "the folders of an account cannot be listed: %s",
		     strerror(w.failed));
	*count_out = n;
	return ERR_OK;
}

/* The names that a line gives, as they stand on disk, each once. */
static enum err folder_wanted(struct ctx *c, const struct demand_line *line, struct span **out,
			      size_t *count_out)
{
	size_t n = 0;

	TRY(NEW_ARRAY(c, *out, line->folder_count));
	for (size_t i = 0; i < line->folder_count; i++) {
		struct span on_disk = SPAN_NONE;
		bool twice = false;

		if (!span_is(line->folders[i], "INBOX"))
			TRY(span_fmt(c, &on_disk, ".%.*s", SPAN_ARG(line->folders[i])));
		for (size_t j = 0; j < n; j++)
			twice |= span_eq((*out)[j], on_disk);
		if (!twice)
			(*out)[n++] = on_disk;
	}
	*count_out = n;
	return ERR_OK;
}

static void folder_name(struct maildir_folder *f)
{
	f->name = f->on_disk.n == 0 ? SPAN("INBOX") : span_cut(f->on_disk, 1, f->on_disk.n);
	if (f->on_disk.n && span_is(f->name, "INBOX"))
		f->name = f->on_disk;   /* not to be taken for the top */
}

static enum err folders_open(struct ctx *c, struct source *s, struct maildir *m, int top)
{
	struct span *on_disk;
	size_t count = 0;

	if (s->line->all_folders)
		TRY(folder_list(c, top, &on_disk, &count));
	else
		TRY(folder_wanted(c, s->line, &on_disk, &count));
	TRY(NEW_ARRAY(c, m->folder, count));
	for (size_t i = 0; i < count; i++) {
		struct maildir_folder *f = &m->folder[m->folder_count];
		bool found;

		f->on_disk = on_disk[i];
		folder_name(f);
		TRY(folder_open(c, m, top, f, &found));
		if (found)
			m->folder_count++;
		else if (!s->line->all_folders)
			return span_fmt(c, &s->problem, "there is no folder %.*s",
					SPAN_ARG(f->name));
	}
	if (m->folder_count == 0)
		s->problem = SPAN("this is no Maildir: it has neither cur nor new");
	else
		qsort(m->folder, m->folder_count, sizeof *m->folder, folder_order);
	return ERR_OK;
}

static void maildir_end(struct source *s)
{
	struct maildir *m = s->of;

	fd_close(&m->file);
	m->left = 0;
}

static void maildir_close(struct source **sp)
{
	struct source *s = *sp;
	struct maildir *m = s ? s->of : NULL;

	*sp = NULL;
	if (!m)
		return;
	maildir_end(s);
	maildir_ahead_end(m);
	for (size_t i = 0; i < m->folder_count; i++)
		for (int part = 0; part < PARTS; part++)
			fd_close(&m->folder[i].fd[part]);
	m->folder_count = 0;
}

static enum err source_make(struct ctx *c, const struct store *s, const struct demand_line *line,
			    struct source **out)
{
	struct maildir *m;

	TRY(NEW(c, *out));
	TRY(NEW(c, m));
	if (c->seam->random(&m->key, sizeof m->key) != 0)
		FAIL(c, ERR_CRYPTO, "no randomness: %s", strerror(errno));
	m->file = -1;
	**out = (struct source){
		.connector = &maildir_connector, .store = s, .line = line, .held = true, .of = m
	};
	return ERR_OK;
}

/* Closes what was opened where the rest failed. */
static enum err source_fill(struct ctx *c, struct source **s, int top)
{
	enum err e = folders_open(c, *s, (*s)->of, top);

	if (e != ERR_OK)
		maildir_close(s);
	return e;
}

static enum err maildir_open(struct ctx *c, const struct store *s, const struct demand_line *line,
			     struct source **out)
{
	FD_SCOPED int top = -1;

	TRY(source_make(c, s, line, out));
	TRY(account_reach(c, s, line->target, O_RDONLY | O_DIRECTORY, &top, &(*out)->account,
			  &(*out)->problem));
	if (top < 0)
		return ERR_OK;
	return source_fill(c, out, top);
}

static enum err maildir_open_path(struct ctx *c, const char *path, const struct store *s,
				  struct span account, const struct demand_line *line,
				  struct source **out)
{
	FD_SCOPED int top = -1;

	TRY(file_open(c, path, O_RDONLY | O_DIRECTORY, 0, &top));
	TRY(source_make(c, s, line, out));
	(*out)->account = account;
	return source_fill(c, out, top);
}

static size_t maildir_fds(const struct source *s, int *fd, size_t max)
{
	const struct maildir *m = s->of;
	size_t n = 0;

	for (size_t i = 0; i < m->folder_count; i++) {
		for (int part = 0; part < PARTS; part++) {
			if (m->folder[i].fd[part] < 0)
				continue;
			if (n < max)
				fd[n] = m->folder[i].fd[part];
			n++;
		}
	}
	return n;
}

/* Reads until p is full or the file ends. */
static bool fill(struct ctx *c, int fd, unsigned char *p, size_t max, size_t *n_out)
{
	*n_out = 0;
	while (*n_out < max) {
		ssize_t got = c->seam->read(fd, p + *n_out, max - *n_out);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		*n_out += (size_t)got;
	}
	return true;
}

/* The header block of an open file: 4 KiB, doubled only while no empty line was seen. */
static bool head_read(struct ctx *c, int fd, unsigned char *p, struct span *out)
{
	size_t n = 0, want = HEAD_FIRST, got, length;

	for (;;) {
		if (!fill(c, fd, p + n, want - n, &got))
			return false;
		n += got;
		length = header_block_length(span_of(p, n));
		if (length || n < want || n == HEADER_BLOCK_MAX)
			break;
		want = want * 2 < HEADER_BLOCK_MAX ? want * 2 : HEADER_BLOCK_MAX;
	}
	*out = span_of(p, length ? length : n);
	return true;
}

static void item_dated(const struct source *s, struct item *it, struct span block)
{
	struct header_dates dates;

	header_dates_of(block, &dates);
	it->date_utc = s->line->meaning == DATE_BY_HEADER ? dates.header_utc : dates.received_utc;
}

static enum err item_date(struct ctx *c, struct source *s, struct plan *p, size_t i,
			  unsigned char *head)
{
	struct maildir *m = s->of;
	struct item *it = plan_at(p, i);
	FD_SCOPED int fd = -1;
	struct timespec changed;
	struct span block;
	const char *why;

	TRY(maildir_item_open(c, m, p, i, HEAD_FIRST, &fd, &changed, &why));
	if (fd >= 0 && head_read(c, fd, head, &block)) {
		item_dated(s, it, block);
		return ERR_OK;
	}
	it->date_utc = DATE_NONE;
	return unreadable_add(c, &p->unreadable, &(struct unreadable){
		.store = s->store->name,
		.account = s->account,
		.folder = m->folder[it->folder].name,
		.source_id = plan_source_id(p, it),
		.why = span_str(fd < 0 ? why : strerror(errno)),
	});
}

/* Candidates that two threads date together, where there are two. */
struct dating {
	struct ctx *c;
	struct source *s;
	struct plan *p;
	size_t first;                   /* of the candidates in this round */
	bool again[DATED_MAX];          /* not there, or not as it was planned */
	unsigned char head[HALVES_MAX][HEADER_BLOCK_MAX];
};

/* All of a part are opened, and asked for, before the first is read. */
static void dating_piece(void *of, int who, size_t from, size_t to)
{
	struct dating *d = of;
	int fd[DATED_STEP];
	struct span block;

	for (size_t i = from; i < to; i++)
		fd[i - from] = maildir_item_try(d->s->of, d->p, plan_at(d->p, d->first + i),
						HEAD_FIRST);
	for (size_t i = from; i < to; i++) {
		bool read = fd[i - from] >= 0 &&
			    head_read(d->c, fd[i - from], d->head[who], &block);

		d->again[i] = !read;
		if (read)
			item_dated(d->s, plan_at(d->p, d->first + i), block);
		fd_close(&fd[i - from]);
	}
}

static enum err dating_round(struct dating *d, size_t count)
{
	TRY(halves_run(d->c, d->c->halves, count, DATED_STEP, dating_piece, d));
	for (size_t i = 0; i < count; i++)
		if (d->again[i])
			TRY(item_date(d->c, d->s, d->p, d->first + i, d->head[0]));
	return ERR_OK;
}

/* One room for all sources, wiped: header blocks are content. */
static enum err items_date(struct ctx *c, struct source *s, struct plan *p)
{
	static struct dating d;
	size_t all = plan_added(p);
	enum err e = ERR_OK;

	d.c = c;
	d.s = s;
	d.p = p;
	maildir_ahead_begin(s->of, false);
	for (d.first = 0; e == ERR_OK && d.first < all; d.first += DATED_MAX)
		e = dating_round(&d, all - d.first < DATED_MAX ? all - d.first : DATED_MAX);
	wipe(&d, sizeof d);
	return e;
}

static enum err maildir_plan(struct ctx *c, struct source *s, struct plan *p)
{
	struct maildir *m = s->of;
	struct span *names;

	TRY(NEW_ARRAY(c, names, m->folder_count));
	for (size_t i = 0; i < m->folder_count; i++)
		names[i] = m->folder[i].name;
	TRY(plan_begin(c, names, m->folder_count, p));
	m->by_id = NULL;
	TRY(maildir_scan(c, s, p));
	if (s->line->meaning != DATE_BY_DELIVERY)
		TRY(items_date(c, s, p));
	maildir_ahead_begin(m, true);
	return plan_finish(c, p, s->line);
}

static enum err maildir_path(struct ctx *c, const struct source *s, const struct plan *p,
			     const struct item *it, struct span *out)
{
	const struct maildir *m = s->of;
	const struct maildir_folder *f = &m->folder[it->folder];

	return span_fmt(c, out, "%.*s%s%s/%.*s", SPAN_ARG(f->on_disk), f->on_disk.n ? "/" : "",
			maildir_part[it->part], SPAN_ARG(plan_name(p, it)));
}

static enum err maildir_begin(struct ctx *c, struct source *s, struct plan *p, size_t i)
{
	struct maildir *m = s->of;
	const char *why;

	maildir_end(s);
	TRY(maildir_item_open(c, m, p, i, AHEAD_BYTES, &m->file, &m->changed, &why));
	if (m->file < 0)
		FAIL(c, ERR_DEGRADED, "%s", why);
	m->bytes = m->left = plan_item(p, i)->bytes;
	return ERR_OK;
}

/* The file must still be what was opened: of the same length, not written to. */
static enum err unchanged(struct ctx *c, const struct maildir *m)
{
	struct stat st;

	if (fstat(m->file, &st) != 0)
		FAIL(c, ERR_DEGRADED, "%s", strerror(errno));
	if (st.st_size != m->bytes)
		FAIL(c, ERR_DEGRADED, "it %s while it was read",
		     st.st_size > m->bytes ? "grew" : "shrank");
	if (st.st_mtim.tv_sec != m->changed.tv_sec || st.st_mtim.tv_nsec != m->changed.tv_nsec)
		FAIL(c, ERR_DEGRADED, "it was written to while it was read");
	return ERR_OK;
}

static enum err maildir_read(struct ctx *c, struct source *s, unsigned char *p, size_t max,
			     size_t *n_out)
{
	struct maildir *m = s->of;
	size_t want = (uint64_t)m->left < max ? (size_t)m->left : max;

	*n_out = 0;
	if (want == 0)
		return unchanged(c, m);
	if (!fill(c, m->file, p, want, n_out))
		FAIL(c, ERR_DEGRADED, "%s", strerror(errno));
	if (*n_out < want)
		FAIL(c, ERR_DEGRADED, "it shrank while it was read");
	m->left -= (int64_t)want;
	return ERR_OK;
}

const struct connector maildir_connector = {
	.kind = "maildir",
	.categories = CATEGORY_CONTENT_COMM | CATEGORY_MSG_META,
	.check = maildir_check,
	.open = maildir_open,
	.open_path = maildir_open_path,
	.fds = maildir_fds,
	.plan = maildir_plan,
	.path = maildir_path,
	.begin = maildir_begin,
	.read = maildir_read,
	.end = maildir_end,
	.close = maildir_close,
};
