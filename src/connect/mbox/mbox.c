/*
 * The mbox connector: opening an account, and reading items. See mbox.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect/mbox/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "connect/account.h"
#include "connect/mbox/part.h"
#include "connect/plan.h"

static enum err mbox_check(struct ctx *c, const struct store *s, struct span *problem_out)
{
	return template_check(c, s, problem_out);
}

static void mbox_end(struct source *s)
{
	struct mbox *m = s->of;

	m->in = NULL;
	m->left = 0;
}

static void mbox_close(struct source **sp)
{
	struct source *s = *sp;

	*sp = NULL;
	if (s && s->of)
		mbox_folders_close(s->of);
}

static enum err source_make(struct ctx *c, const struct store *s, const struct demand_line *line,
			    struct source **out)
{
	struct mbox *m;

	TRY(NEW(c, *out));
	TRY(NEW(c, m));
	if (c->seam->random(&m->key, sizeof m->key) != 0)
		FAIL(c, ERR_CRYPTO, "no randomness: %s", strerror(errno));
	**out = (struct source){
		.connector = &mbox_connector, .store = s, .line = line, .held = true, .of = m
	};
	return ERR_OK;
}

/* Closes what was opened where the rest failed. */
static enum err source_fill(struct ctx *c, struct source **s, const struct mbox_place *at)
{
	enum err e = mbox_folders_open(c, *s, at);

	if (e != ERR_OK)
		mbox_close(s);
	return e;
}

static enum err mbox_open(struct ctx *c, const struct store *s, const struct demand_line *line,
			  struct source **out)
{
	FD_SCOPED int fd = -1;

	TRY(source_make(c, s, line, out));
	TRY(account_reach(c, s, line->target, O_PATH, &fd, &(*out)->account,
			  &(*out)->problem));
	if (fd < 0)
		return ERR_OK;
	return source_fill(
		c, out, &(struct mbox_place){ .fd = fd, .store = s, .account = (*out)->account });
}

static enum err mbox_open_path(struct ctx *c, const char *path, const struct store *s,
			       struct span account, const struct demand_line *line,
			       struct source **out)
{
	FD_SCOPED int fd = -1;

	TRY(file_open(c, path, O_PATH, 0, &fd));
	TRY(source_make(c, s, line, out));
	(*out)->account = account;
	return source_fill(c, out, &(struct mbox_place){ .fd = fd, .path = path });
}

/* None: the files are open before the cage closes, and nothing is looked up afterwards. */
static size_t mbox_fds(const struct source *s, int *fd, size_t max)
{
	(void)s, (void)fd, (void)max;
	return 0;
}

bool mbox_read_at(struct ctx *c, int fd, int64_t at, unsigned char *p, size_t max, size_t *n_out)
{
	*n_out = 0;
	if (lseek(fd, at, SEEK_SET) != at)
		return false;
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

static enum err mbox_plan(struct ctx *c, struct source *s, struct plan *p)
{
	const struct mbox *m = s->of;
	struct span *names;

	TRY(NEW_ARRAY(c, names, m->folder_count));
	for (size_t i = 0; i < m->folder_count; i++)
		names[i] = m->folder[i].name;
	TRY(plan_begin(c, names, m->folder_count, p));
	TRY(mbox_scan(c, s, p));
	return plan_finish(c, p, s->line);
}

static enum err mbox_path(struct ctx *c, const struct source *s, const struct plan *p,
			  const struct item *it, struct span *out)
{
	const struct mbox *m = s->of;

	return span_fmt(c, out, "%.*s/%.*s", SPAN_ARG(m->folder[it->folder].name),
			SPAN_ARG(plan_source_id(p, it)));
}

static struct span mbox_from_line(const struct plan *p, const struct item *it)
{
	return span_cut(plan_name(p, it), plan_source_id(p, it).n + MBOX_SUM_BYTES,
			POOL_NAME_MAX);
}

/* Whoever reads the header block alone never comes to the end, where the sum is compared. */
static enum err item_prove(struct ctx *c, const struct mbox *m, const struct item *it)
{
	static unsigned char p[(size_t)64 << 10];
	struct mbox_sum sum = m->sum;
	bool read = true;

	for (int64_t left = it->bytes; read && left > 0;) {
		size_t want = left < (int64_t)sizeof p ? (size_t)left : sizeof p, n;

		read = mbox_read_at(c, m->in->fd, (int64_t)it->place + it->bytes - left, p, want,
				    &n) &&
		       n == want;
		mbox_sum_add(&sum, span_of(p, n));
		left -= (int64_t)want;
	}
	wipe(p, sizeof p);
	if (!read || mbox_sum_end(&sum) != m->sum_planned)
		FAIL(c, ERR_DEGRADED, "its file was rewritten after it was planned");
	return ERR_OK;
}

static enum err mbox_begin(struct ctx *c, struct source *s, struct plan *p, size_t i)
{
	const struct item *it = plan_item(p, i);
	struct mbox *m = s->of;
	const struct mbox_folder *f = &m->folder[it->folder];
	struct stat st;
	const char *why = mbox_changed(f, &st);

	mbox_end(s);
	if (why)
		FAIL(c, ERR_DEGRADED, "its file: %s", why);
	memcpy(&m->sum_planned, plan_name(p, it).p + plan_source_id(p, it).n, MBOX_SUM_BYTES);
	mbox_sum_begin(&m->sum, m->key);
	m->in = f;
	m->at = (int64_t)it->place;
	m->left = it->bytes;
	return s->line->category == CATEGORY_MSG_META ? item_prove(c, m, it) : ERR_OK;
}

/* The bytes must be those that were planned, or nothing of the file is to be trusted. */
static enum err mbox_read(struct ctx *c, struct source *s, unsigned char *p, size_t max,
			  size_t *n_out)
{
	struct mbox *m = s->of;
	size_t want = (uint64_t)m->left < max ? (size_t)m->left : max;

	*n_out = 0;
	if (want && !mbox_read_at(c, m->in->fd, m->at, p, want, n_out))
		FAIL(c, ERR_DEGRADED, "%s", strerror(errno));
	if (*n_out < want)
		FAIL(c, ERR_DEGRADED, "its file shrank while it was read");
	mbox_sum_add(&m->sum, span_of(p, want));
	m->at += (int64_t)want;
	m->left -= (int64_t)want;
	if (m->left == 0 && mbox_sum_end(&m->sum) != m->sum_planned)
		FAIL(c, ERR_DEGRADED, "its file was rewritten after it was planned");
	return ERR_OK;
}

const struct connector mbox_connector = {
	.kind = "mbox",
	.categories = CATEGORY_CONTENT_COMM | CATEGORY_MSG_META,
	.check = mbox_check,
	.open = mbox_open,
	.open_path = mbox_open_path,
	.fds = mbox_fds,
	.plan = mbox_plan,
	.path = mbox_path,
	.from_line = mbox_from_line,
	.begin = mbox_begin,
	.read = mbox_read,
	.end = mbox_end,
	.close = mbox_close,
};
