/*
 * Scanning a Maildir that is in use: messages are renamed (flags), moved (new to cur), delivered
 * and deleted meanwhile. Nothing is lost or doubled: an item is its name before ":2," and its
 * file, and scans are repeated until the folders list the same as when the scan began, or until
 * two scans agree on what matters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/halves.h"
#include "connect/account.h"
#include "connect/maildir/part.h"

#define SCANS_MAX 5             /* doc/protocol.md 8 */
#define SEARCHES_MAX 8          /* for messages that were renamed between listing and looking */
#define GONE_MAX 4096u
#define LOOKS_MAX 1024u
#define LOOKS_STEP 32u

/* One scan of all folders in scope. */
struct scan {
	struct source *s;
	struct maildir *m;
	struct plan *p;
	uint64_t sum;           /* of what matters by its date, whatever its order */
	uint64_t names;         /* of all that was listed */
	bool disturbed;
	struct span gone[GONE_MAX];     /* listed in this folder, but no longer under that name */
	size_t gone_count;
	bool unlisted;                  /* this folder could not be listed to its end */
	size_t folder_first;            /* where this folder's items begin */
};

/* Large, because one call that returns a whole folder is a snapshot: the kernel holds the folder's
 * lock meanwhile, so that no rename is missed. */
static _Alignas(struct dirent64) unsigned char entries[(size_t)2 << 20];

void maildir_walk_begin(int fd, struct maildir_walk *w)
{
	*w = (struct maildir_walk){ .fd = fd };
	if (lseek(fd, 0, SEEK_SET) != 0)
		w->failed = errno;
}

bool maildir_walk_fill(struct maildir_walk *w)
{
	ssize_t got;

	if (w->failed)
		return false;
	got = getdents64(w->fd, entries, sizeof entries);
	if (got < 0)
		w->failed = errno;      /* ENOENT: it was removed */
	w->n = got < 0 ? 0 : (size_t)got;
	w->at = 0;
	return got > 0;
}

bool maildir_walk_in(struct maildir_walk *w, bool dots, struct span *name_out)
{
	*name_out = SPAN_NONE;
	while (w->at < w->n) {
		const struct dirent64 *entry =
			(const struct dirent64 *)(const void *)(entries + w->at);

		w->at += entry->d_reclen;
		if (entry->d_name[0] != '.' || dots) {
			*name_out = span_str(entry->d_name);
			w->inode = entry->d_ino;
			return true;
		}
	}
	return false;
}

bool maildir_walk_next(struct maildir_walk *w, bool dots, struct span *name_out)
{
	while (!maildir_walk_in(w, dots, name_out))
		if (!maildir_walk_fill(w))
			return false;
	return true;
}

size_t maildir_id_length(struct span name)
{
	/* From 1: an item whose id is empty could not be named. */
	for (size_t i = 1; i + 3 <= name.n; i++)
		if (name.p[i] == ':' && name.p[i + 1] == '2' && name.p[i + 2] == ',')
			return i;
	return name.n;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t id_hash(const struct maildir *m, size_t folder, struct span id, uint64_t inode)
{
	uint64_t h = mix(m->key, folder), word;

	for (; id.n >= sizeof word; id = span_cut(id, sizeof word, id.n)) {
		memcpy(&word, id.p, sizeof word);
		h = mix(h, word);
	}
	for (size_t i = 0; i < id.n; i++)
		h = mix(h, id.p[i]);
	return mix(h, inode);
}

/* A sum over all entries tells whether two scans agree without keeping both. It needs to resist
 * chance only: whoever could choose names could as well delete. */
static void sum_add(struct scan *scan, size_t folder, struct span id, const struct stat *st)
{
	uint64_t h = id_hash(scan->m, folder, id, st->st_ino);

	h = mix(h, (uint64_t)st->st_size);
	h = mix(h, (uint64_t)st->st_mtim.tv_sec);
	scan->sum += mix(h, st->st_mode & S_IFMT);
}

static enum err unreadable_entry(struct ctx *c, struct scan *scan, size_t folder, struct span id,
				 const char *why)
{
	return unreadable_add(c, &scan->p->unreadable, &(struct unreadable){
		.store = scan->s->store->name,
		.account = scan->s->account,
		.folder = folder < scan->m->folder_count ? scan->m->folder[folder].name : SPAN_NONE,
		.source_id = id,
		.why = span_str(why),
	});
}

static enum err entry_add(struct ctx *c, struct scan *scan, size_t folder, int part,
			  struct span name, const struct stat *st)
{
	const struct demand_line *line = scan->s->line;
	const char *problem = file_type_problem(st->st_mode);
	size_t id_n = maildir_id_length(name);

	/* What does not matter by its date must not disturb either: new mail keeps arriving. */
	if (line->meaning == DATE_BY_DELIVERY && !line_takes(line, st->st_mtim.tv_sec)) {
		if (!problem)
			plan_outside(scan->p, line, st->st_mtim.tv_sec);
		return ERR_OK;
	}
	sum_add(scan, folder, span_cut(name, 0, id_n), st);
	if (problem)
		return unreadable_entry(c, scan, folder, name, problem);
	return plan_add(c, scan->p, &(struct item){
		.date_utc = st->st_mtim.tv_sec,
		.delivery_utc = st->st_mtim.tv_sec,
		.bytes = st->st_size,
		.place = st->st_ino,
		.folder = (uint16_t)folder,
		.part = (uint16_t)part,
	}, name, id_n);
}

static enum err gone_add(struct ctx *c, struct scan *scan, struct span name)
{
	if (scan->gone_count == GONE_MAX) {
		scan->disturbed = true;
		return ERR_OK;
	}
	return span_copy(c, span_cut(name, 0, maildir_id_length(name)),
			 &scan->gone[scan->gone_count++]);
}

/* Names that were listed and are looked at together, by two threads where there are two. */
static struct look {
	struct span name;
	uint64_t inode;
	struct stat st;
	int failed;             /* errno */
} looks[LOOKS_MAX];

static void looks_piece(void *of, int who, size_t from, size_t to)
{
	const int *fd = of;

	(void)who;
	for (size_t i = from; i < to; i++) {
		struct look *l = &looks[i];
		int got = fstatat(*fd, (const char *)l->name.p, &l->st, AT_SYMLINK_NOFOLLOW);

		l->failed = got == 0 ? 0 : errno;
	}
}

static enum err looks_take(struct ctx *c, struct scan *scan, size_t folder, int part, size_t count)
{
	int fd = scan->m->folder[folder].fd[part];

	TRY(halves_run(c, c->halves, count, LOOKS_STEP, looks_piece, &fd));
	for (size_t i = 0; i < count; i++) {
		const struct look *l = &looks[i];

		scan->names += id_hash(scan->m, folder,
				       span_cut(l->name, 0, maildir_id_length(l->name)), l->inode);
		if (l->failed == 0)
			TRY(entry_add(c, scan, folder, part, l->name, &l->st));
		else if (l->failed == ENOENT)
			TRY(gone_add(c, scan, l->name));
		else
			TRY(unreadable_entry(c, scan, folder, l->name, strerror(l->failed)));
	}
	return ERR_OK;
}

static size_t looks_list(struct maildir_walk *w)
{
	size_t n = 0;

	while (n < LOOKS_MAX && maildir_walk_in(w, false, &looks[n].name))
		looks[n++].inode = w->inode;
	return n;
}

static enum err part_scan(struct ctx *c, struct scan *scan, size_t folder, int part)
{
	struct maildir_walk w;
	size_t count;

	if (scan->m->folder[folder].fd[part] < 0)
		return ERR_OK;
	maildir_walk_begin(scan->m->folder[folder].fd[part], &w);
	while (maildir_walk_fill(&w))
		while ((count = looks_list(&w)))
			TRY(looks_take(c, scan, folder, part, count));
	if (!w.failed || scan->unlisted)
		return ERR_OK;
	scan->unlisted = true;
	return unreadable_entry(c, scan, folder, SPAN_NONE,
				w.failed == ENOENT ? "it vanished while it was listed"
						   : strerror(w.failed));
}

static bool listed_already(const struct scan *scan, uint64_t inode)
{
	for (size_t i = scan->folder_first; i < plan_added(scan->p); i++)
		if (plan_at(scan->p, i)->place == inode)
			return true;
	return false;
}

static size_t gone_find(const struct scan *scan, struct span name)
{
	struct span id = span_cut(name, 0, maildir_id_length(name));

	for (size_t i = 0; i < scan->gone_count; i++)
		if (span_eq(scan->gone[i], id))
			return i;
	return SIZE_MAX;
}

/* Looks for the messages that went away under their other name. *missed_out: renamed once more. */
static enum err part_search(struct ctx *c, struct scan *scan, size_t folder, int part,
			    bool *missed_out)
{
	int fd = scan->m->folder[folder].fd[part];
	struct maildir_walk w;
	struct span name;
	struct stat st;

	if (fd < 0)
		return ERR_OK;
	maildir_walk_begin(fd, &w);
	while (scan->gone_count && maildir_walk_next(&w, false, &name)) {
		size_t at = gone_find(scan, name);

		if (at == SIZE_MAX)
			continue;
		if (fstatat(fd, (const char *)name.p, &st, AT_SYMLINK_NOFOLLOW) != 0) {
			*missed_out = true;
			continue;
		}
		if (!listed_already(scan, st.st_ino))
			TRY(entry_add(c, scan, folder, part, name, &st));
		scan->gone[at] = scan->gone[--scan->gone_count];
	}
	return ERR_OK;
}

static enum err folder_scan(struct ctx *c, struct scan *scan, size_t folder)
{
	scan->gone_count = 0;
	scan->unlisted = false;
	scan->folder_first = plan_added(scan->p);
	for (int part = 0; part < PARTS; part++)
		TRY(part_scan(c, scan, folder, part));
	for (int search = 0; scan->gone_count && search < SEARCHES_MAX; search++) {
		bool missed = false;

		for (int part = 0; part < PARTS; part++)
			TRY(part_search(c, scan, folder, part, &missed));
		if (!missed)
			return ERR_OK;  /* the rest was deleted */
	}
	if (scan->gone_count)
		scan->disturbed = true;
	return ERR_OK;
}

static enum err blocked_list(struct ctx *c, struct scan *scan)
{
	for (struct unreadable *u = scan->m->blocked.first; u; u = u->next) {
		struct unreadable what = *u;

		what.store = scan->s->store->name;
		what.account = scan->s->account;
		TRY(unreadable_add(c, &scan->p->unreadable, &what));
	}
	return ERR_OK;
}

/* Do the folders still list what the scan listed? That costs no look at each file, and mostly it is
 * so; where new mail came meanwhile, another scan tells whether it matters. */
static bool names_agree(const struct scan *scan)
{
	const struct maildir *m = scan->m;
	struct maildir_walk w;
	struct span name;
	uint64_t sum = 0;

	for (size_t i = 0; i < m->folder_count * PARTS; i++) {
		int fd = m->folder[i / PARTS].fd[i % PARTS];

		if (fd < 0)
			continue;
		maildir_walk_begin(fd, &w);
		while (maildir_walk_next(&w, false, &name))
			sum += id_hash(m, i / PARTS, span_cut(name, 0, maildir_id_length(name)),
				       w.inode);
	}
	return sum == scan->names;
}

enum err maildir_scan(struct ctx *c, struct source *s, struct plan *p)
{
	struct scan *scan;
	uint64_t last = 0;

	TRY(NEW(c, scan));
	*scan = (struct scan){ .s = s, .m = s->of, .p = p };
	for (int n = 1; n <= SCANS_MAX; n++) {
		plan_empty(p);
		scan->sum = scan->names = 0;
		scan->disturbed = false;
		TRY(blocked_list(c, scan));
		for (size_t i = 0; i < scan->m->folder_count; i++)
			TRY(folder_scan(c, scan, i));
		if (!scan->disturbed && ((n > 1 && scan->sum == last) || names_agree(scan)))
			return ERR_OK;
		last = scan->disturbed ? ~scan->sum : scan->sum;
	}
	return unreadable_entry(c, scan, SIZE_MAX, SPAN_NONE,
				"the account changed during each of five scans");
}

/* ---- finding a planned item again ---- */

static bool id_before(const void *of, uint32_t na, uint32_t nb)
{
	const struct plan *p = of;
	const struct item *a = plan_at(p, na), *b = plan_at(p, nb);

	if (a->folder != b->folder)
		return a->folder < b->folder;
	return span_cmp(plan_source_id(p, a), plan_source_id(p, b)) < 0;
}

static enum err index_make(struct ctx *c, struct maildir *m, struct plan *p)
{
	if (m->by_id && m->indexed == p)
		return ERR_OK;
	TRY(NEW_ARRAY(c, m->by_id, plan_added(p)));
	for (size_t i = 0; i < plan_added(p); i++)
		m->by_id[i] = (uint32_t)i;
	TRY(sort_numbers(c, m->by_id, plan_added(p), id_before, p));
	m->indexed = p;
	return ERR_OK;
}

/* The first item of that folder and source id in by_id, or the count. */
static size_t index_find(const struct maildir *m, const struct plan *p, size_t folder,
			 struct span id)
{
	size_t low = 0, high = plan_added(p);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct item *it = plan_at(p, m->by_id[middle]);
		int order = it->folder != folder ? (it->folder < folder ? -1 : 1)
						 : span_cmp(plan_source_id(p, it), id);

		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum err name_learn(struct ctx *c, struct maildir *m, struct plan *p, size_t folder,
			   int part, struct span name)
{
	size_t id_n = maildir_id_length(name);
	struct span id = span_cut(name, 0, id_n);
	struct stat st;

	for (size_t i = index_find(m, p, folder, id); i < plan_added(p); i++) {
		struct item *it = plan_at(p, m->by_id[i]);

		if (it->folder != folder || !span_eq(plan_source_id(p, it), id))
			return ERR_OK;
		if (it->part == part && span_eq(plan_name(p, it), name))
			return ERR_OK;
		if (fstatat(m->folder[folder].fd[part], (const char *)name.p, &st,
			    AT_SYMLINK_NOFOLLOW) != 0)
			return ERR_OK;
		if (st.st_ino != it->place)
			continue;
		it->part = (uint16_t)part;
		return plan_rename(c, p, it, name, id_n);
	}
	return ERR_OK;
}

/* Learns the present names of all planned items of a folder: once for many renames. */
static enum err folder_learn(struct ctx *c, struct maildir *m, struct plan *p, size_t folder)
{
	struct maildir_walk w;
	struct span name;

	TRY(index_make(c, m, p));
	for (int part = 0; part < PARTS; part++) {
		if (m->folder[folder].fd[part] < 0)
			continue;
		maildir_walk_begin(m->folder[folder].fd[part], &w);
		while (maildir_walk_next(&w, false, &name))
			TRY(name_learn(c, m, p, folder, part, name));
	}
	return ERR_OK;
}

static const char *changed_since(const struct stat *st, const struct item *it)
{
	const char *problem = file_type_problem(st->st_mode);

	if (problem)
		return problem;
	if (st->st_ino != it->place)
		return "it was replaced after it was planned";
	if (st->st_size != it->bytes)
		return st->st_size > it->bytes ? "it grew after it was planned"
					       : "it shrank after it was planned";
	if (st->st_mtim.tv_sec != it->delivery_utc)
		return "it was written to after it was planned";
	return NULL;
}

/* Where a planned item was last seen: a descriptor, or -1 with errno. */
static int item_fd(const struct maildir *m, const struct plan *p, const struct item *it)
{
	char name[POOL_NAME_MAX + 1] = { 0 };
	struct span stored = plan_name(p, it);

	memcpy(name, stored.p, stored.n);
	/* O_NONBLOCK: should a pipe stand there by now, nobody waits for its writer. */
	return openat(m->folder[it->folder].fd[it->part], name,
		      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int maildir_item_try(const struct maildir *m, const struct plan *p, const struct item *it,
		     off_t bytes)
{
	int fd = item_fd(m, p, it);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || changed_since(&st, it))
		fd_close(&fd);
	else if (it->bytes > 0)
		posix_fadvise(fd, 0, it->bytes < bytes ? it->bytes : bytes, POSIX_FADV_WILLNEED);
	return fd;
}

/* ---- reading ahead ---- */

void maildir_ahead_begin(struct maildir *m, bool ranked)
{
	maildir_ahead_end(m);
	m->ahead.ranked = ranked;
}

void maildir_ahead_end(struct maildir *m)
{
	for (; m->ahead.from < m->ahead.to; m->ahead.from++)
		fd_close(&m->ahead.fd[m->ahead.from % AHEAD_MAX]);
	m->ahead.from = m->ahead.to = 0;
}

static struct item *item_at(const struct maildir *m, const struct plan *p, size_t place)
{
	return plan_at(p, m->ahead.ranked ? plan_rank(p, place) : place);
}

/* What cannot be opened here is looked into when it is its turn. */
static void ahead_fill(struct maildir *m, const struct plan *p, size_t place, off_t bytes)
{
	struct maildir_ahead *a = &m->ahead;
	size_t end = a->ranked ? p->count : plan_added(p);

	if (place < a->from || place > a->to) {
		maildir_ahead_end(m);
		a->from = a->to = place;
	}
	for (; a->from < place; a->from++)
		fd_close(&a->fd[a->from % AHEAD_MAX]);
	for (; a->to < end && a->to < place + AHEAD_MAX; a->to++) {
		const struct item *it = item_at(m, p, a->to);
		int fd = item_fd(m, p, it);

		a->fd[a->to % AHEAD_MAX] = fd;
		if (fd >= 0 && it->bytes > 0)
			posix_fadvise(fd, 0, it->bytes < bytes ? it->bytes : bytes,
				      POSIX_FADV_WILLNEED);
	}
}

static int ahead_take(struct maildir *m, const struct plan *p, size_t place, off_t bytes)
{
	int fd;

	ahead_fill(m, p, place, bytes);
	fd = m->ahead.fd[place % AHEAD_MAX];
	m->ahead.fd[place % AHEAD_MAX] = -1;
	return fd;
}

/* The item under another name: it was renamed after it was planned. */
static enum err item_search(struct ctx *c, struct maildir *m, struct plan *p, struct item *it,
			    int *fd_out, const char **why_out)
{
	for (int search = 0; *fd_out < 0; search++) {
		*fd_out = item_fd(m, p, it);
		if (*fd_out >= 0)
			break;
		if (errno != ENOENT) {
			*why_out = errno == ELOOP ? "a symbolic link" : strerror(errno);
			return ERR_OK;
		}
		if (search == SEARCHES_MAX)
			return ERR_OK;
		TRY(folder_learn(c, m, p, it->folder));
	}
	return ERR_OK;
}

enum err maildir_item_open(struct ctx *c, struct maildir *m, struct plan *p, size_t place,
			   off_t bytes, int *fd_out, struct timespec *changed_out,
			   const char **why_out)
{
	struct item *it = item_at(m, p, place);
	struct stat st;

	*why_out = "it vanished after it was planned";
	*fd_out = ahead_take(m, p, place, bytes);
	if (*fd_out < 0)
		TRY(item_search(c, m, p, it, fd_out, why_out));
	if (*fd_out < 0)
		return ERR_OK;
	if (fstat(*fd_out, &st) != 0)
		*why_out = strerror(errno);
	else
		*why_out = changed_since(&st, it);
	if (*why_out)
		fd_close(fd_out);
	else
		*changed_out = st.st_mtim;
	return ERR_OK;
}
