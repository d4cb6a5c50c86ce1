/*
 * Closing a tick and finishing one after a crash: the lock, what waits, and the conversation with
 * the seal. What an answer does to database and files is in apply.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/file.h"
#include "log/part.h"

#define NOTE_MAX ((size_t)256 << 10)

enum err log_lock(struct ctx *c, const struct log *l, int *fd_out)
{
	FD_SCOPED int fd = -1;
	int64_t end = c->seam->mono_ms() + LOG_BUSY_MS;
	char *path;

	TRY(dir_make(c, l->dir, 0755));
	TRY(path_fmt(c, &path, "%s/lock", l->dir));
	TRY(file_open(c, path, O_RDWR | O_CREAT, 0600, &fd));
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			FAIL(c, ERR_IO, "cannot lock %s: %s", path, strerror(errno));
		if (c->seam->mono_ms() >= end)
			FAIL(c, ERR_BUSY,
			     "another command has been closing a tick for more than %d s",
			     LOG_BUSY_MS / 1000);
		poll(NULL, 0, 10);
	}
	*fd_out = fd;
	fd = -1;
	return ERR_OK;
}

enum err log_checkpoint_read(struct ctx *c, const struct log *l, struct checkpoint *out,
			     struct span *note_out, bool *found_out)
{
	struct span note;
	char *path;

	*out = (struct checkpoint){ .size = 0 };
	TRY(path_fmt(c, &path, "%s/checkpoint", l->dir));
	*found_out = file_exists(path);
	if (!*found_out)
		return ERR_OK;
	TRY(file_read(c, path, NOTE_MAX, &note));
	if (checkpoint_open(c, note, l->key, out) != ERR_OK) {
		err_note(c, "%s", path);
		err_next(c, "run 'writ log verify', then put the file back from a backup or a "
			    "published copy");
		c->code = ERR_VERIFY;
		return ERR_VERIFY;
	}
	if (note_out)
		*note_out = note;
	return ERR_OK;
}

enum err log_checkpoint(struct ctx *c, const struct log *l, struct checkpoint *out,
			struct span *note_out)
{
	bool found;

	TRY(log_checkpoint_read(c, l, out, note_out, &found));
	if (!found)
		FAIL(c, ERR_NOT_FOUND, "the log has no checkpoint yet: no tick was closed");
	return ERR_OK;
}

/* What waits */

struct waiting_list {
	struct log_waiting *list;
	size_t count;
};

static enum err waiting_row(struct ctx *c, void *of, const struct store_row *row)
{
	struct waiting_list *w = of;
	struct log_waiting *at = &w->list[w->count++];

	at->id = row->v[0].i;
	if (!hex_decode(row->v[1].s, at->commitment.b, SHA256_BYTES))
		FAIL(c, ERR_VERIFY, "act %lld of the home has a commitment that is none",
		     (long long)at->id);
	return ERR_OK;
}

enum err log_waiting(struct ctx *c, struct store *st, size_t most, struct log_waiting **out,
		     size_t *count_out, int64_t *until_id_out)
{
	struct store_value last[2] = { { .i = 0 }, { .i = 0 } }, count;
	struct waiting_list w = { NULL, 0 };
	bool found;

	TRY(store_one(c, st, QUERY_TICK_LAST, PARAMS_NONE, last, 2, &found));
	*until_id_out = found ? last[1].i : 0;
	TRY(store_one(c, st, QUERY_ACT_WAITING_COUNT, PARAMS(P_INT(*until_id_out)), &count, 1,
		      NULL));
	if ((uint64_t)count.i < most)
		most = (size_t)count.i;
	TRY(NEW_ARRAY(c, w.list, most));
	if (most)
		TRY(store_run(c, st, QUERY_ACT_WAITING,
			      PARAMS(P_INT(*until_id_out), P_INT((int64_t)most)), waiting_row, &w));
	*out = w.list;
	*count_out = w.count;
	return ERR_OK;
}

/* The conversation */

struct asked {
	struct ipc_msg msg;
	struct log_answer answer;
};

static void asked_end(struct asked *a)
{
	ipc_msg_close(&a->msg);
}
#define ASKED_SCOPED __attribute__((cleanup(asked_end)))

static int paths_of(const struct asked *a)
{
	return a->msg.fd_count > 0 ? a->msg.fd[0] : -1;
}

/* The number of a request is made from its place and content: the hash stands for the commitments.
 */
static enum err tick_place(struct ctx *c, struct span commitments, struct span *out)
{
	struct span hex;

	TRY(sha256_hex(c, commitments, &hex));
	return span_fmt(c, out, "tick %.*s", SPAN_ARG(hex));
}

static enum err ask_tick(struct ctx *c, const struct log *l, uint64_t size,
			 const struct log_waiting *waiting, size_t count, struct asked *out)
{
	struct json *request = json_object(c);
	const struct json *answer;
	FD_SCOPED int fd = -1;
	struct span all, place;
	struct buf b;

	buf_begin(&b, c, LOG_TICK_ACTS * SHA256_BYTES + 1);
	for (size_t i = 0; i < count; i++)
		buf_add(&b, sha256_span(&waiting[i].commitment));
	TRY(buf_done(c, &b, &all));
	TRY(tick_place(c, all, &place));
	TRY(memfd_of(c, "writ-commitments", all, &fd));
	json_set_str(c, request, "request", "tick");
	json_set_int(c, request, "size", (int64_t)size);
	json_set_int(c, request, "count", (int64_t)count);
	TRY(l->seal.ask(c, l->seal.of, request, place, fd, &out->msg, &answer));
	TRY(log_answer_read(c, l, answer, paths_of(out), &out->answer));
	if (out->answer.size != size + 1 || out->answer.count != count)
		FAIL(c, ERR_VERIFY,
		     "the seal's tick does not continue the tree of %llu with %zu commitments",
		     (unsigned long long)size, count);
	return ERR_OK;
}

static enum err ask_last(struct ctx *c, const struct log *l, struct asked *out, bool *any_out)
{
	struct json *request = json_object(c);
	const struct json *answer, *last;

	json_set_str(c, request, "request", "state");
	json_set(c, request, "order", NULL);
	json_set_bool(c, request, "tick", true);
	TRY(l->seal.ask(c, l->seal.of, request, SPAN("state with tick"), -1, &out->msg, &answer));
	last = json_get(answer, "last_tick");
	*any_out = last && last->type == JSON_OBJECT;
	return *any_out ? log_answer_read(c, l, last, paths_of(out), &out->answer) : ERR_OK;
}

static enum err out_of_step(struct ctx *c, uint64_t here, uint64_t there)
{
	err_next(c, here > there ? "restore the seal's newest state; if it is lost, a new log "
				   "begins: writ init --continue (restore.md)"
				 : "restore the newest copy of the log folder; if there is none, a "
				   "new log begins: writ init --continue (restore.md)");
	FAIL(c, ERR_STATE, "the log here has %llu entries, the seal's has %llu",
	     (unsigned long long)here, (unsigned long long)there);
}

/* The size by the checkpoint on the disk. No crash damages or loses it, so that is not finished in
 * silence; where it is to be mended, the seal's last tick stands for it. */
static enum err size_here(struct ctx *c, const struct log *l, uint64_t seal_size, bool mend,
			  uint64_t *out, bool *lost_out)
{
	struct checkpoint cp;
	bool found;
	enum err e = log_checkpoint_read(c, l, &cp, NULL, &found);

	if (e == ERR_OK && !found && seal_size > 1)
		e = err_set(c, ERR_VERIFY, __FILE__, __LINE__, "%s/checkpoint is missing", l->dir);
	*lost_out = e == ERR_VERIFY && mend && seal_size > 0;
	*out = *lost_out ? seal_size - 1 : cp.size;
	if (!*lost_out)
		return e;
	err_clear(c);
	return ERR_OK;
}

static enum err publish_again(struct ctx *c, const struct log *l, const struct log_answer *a,
			      bool *done_out)
{
	enum err e = log_answer_publish(c, l, a);

	*done_out = e == ERR_OK;
	if (e != ERR_VERIFY)
		return e;
	err_clear(c);
	return ERR_OK;
}

static enum err recover(struct ctx *c, const struct log *l, bool mend, bool *finished_out)
{
	ASKED_SCOPED struct asked asked = { .msg = { .fd_count = 0 } };
	struct log_waiting *waiting;
	uint64_t here, there;
	int64_t until_id;
	size_t count;
	bool any, lost;

	*finished_out = false;
	TRY(ask_last(c, l, &asked, &any));
	there = any ? asked.answer.size : 0;
	TRY(size_here(c, l, there, mend, &here, &lost));
	if (lost)
		TRY(publish_again(c, l, &asked.answer, finished_out));
	if (here == there || *finished_out) {
		tiles_sweep(c, l->dir, there);
		return ERR_OK;
	}
	if (here + 1 != there)
		return out_of_step(c, here, there);
	TRY(log_waiting(c, l->store, asked.answer.count, &waiting, &count, &until_id));
	TRY(log_answer_apply(c, l, &asked.answer, waiting, count, until_id));
	*finished_out = true;
	return ERR_OK;
}

enum err log_recover(struct ctx *c, const struct log *l, bool *finished_out)
{
	FD_SCOPED int lock = -1;

	TRY(log_lock(c, l, &lock));
	return recover(c, l, false, finished_out);
}

enum err log_mend(struct ctx *c, const struct log *l, bool *mended_out)
{
	FD_SCOPED int lock = -1;
	struct checkpoint cp;

	TRY(log_lock(c, l, &lock));
	TRY(recover(c, l, true, mended_out));
	TRY(log_checkpoint(c, l, &cp, NULL));
	return tiles_mend(c, l->dir, cp.size);
}

/* A tick that was killed before its last step has left the tile that it replaced. Then the folder
 * was perhaps never synced, and before the seal goes one further this checkpoint must be safe:
 * between two steps of the seal's a crash may take one of ours, and never two. */
static enum err settle(struct ctx *c, const struct log *l, uint64_t size)
{
	uint64_t before = size ? size - 1 : 0;
	unsigned width = (unsigned)(before % TILE_WIDTH);
	char *older;

	if (width) {
		TRY(tile_file(c, l->dir, TILE_ENTRIES, before / TILE_WIDTH, width, &older));
		if (!file_exists(older))
			return ERR_OK;
	}
	return dir_sync(c, l->dir);
}

static enum err tick_once(struct ctx *c, const struct log *l, struct log_tick *out)
{
	ASKED_SCOPED struct asked asked = { .msg = { .fd_count = 0 } };
	struct store_value waits;
	struct log_waiting *waiting;
	struct checkpoint here;
	int64_t until_id;
	size_t count;
	bool found;

	TRY(log_checkpoint_read(c, l, &here, NULL, &found));
	TRY(settle(c, l, here.size));
	TRY(log_waiting(c, l->store, LOG_TICK_ACTS, &waiting, &count, &until_id));
	TRY(ask_tick(c, l, here.size, waiting, count, &asked));
	TRY(log_answer_apply(c, l, &asked.answer, waiting, count, until_id));
	out->size = asked.answer.size;
	out->time_ms = asked.answer.time_ms;
	out->acts = (int64_t)count;
	out->seal_acts = (int64_t)json_count(asked.answer.acts);
	out->behind_ms = out->time_ms > c->seam->now_ms() ? out->time_ms - c->seam->now_ms() : 0;
	if (count < LOG_TICK_ACTS)
		return ERR_OK;
	TRY(store_one(c, l->store, QUERY_ACT_WAITING_COUNT, PARAMS(P_INT(waiting[count - 1].id)),
		      &waits, 1, NULL));
	out->waiting = waits.i;
	return ERR_OK;
}

/* Could an unfinished tick be the reason? Not where nobody answered or the machine failed. */
static bool may_be_unfinished(enum err e)
{
	return e == ERR_STATE || e == ERR_VERIFY || e == ERR_DENIED || e == ERR_FAILED ||
	       e == ERR_USAGE;
}

enum err log_tick(struct ctx *c, const struct log *l, struct log_tick *out)
{
	FD_SCOPED int lock = -1;
	struct ctx first;
	enum err e;

	*out = (struct log_tick){ .size = 0 };
	TRY(log_lock(c, l, &lock));
	e = tick_once(c, l, out);
	if (e == ERR_OK || !may_be_unfinished(e))
		return e;
	first = *c;
	err_clear(c);
	if (recover(c, l, false, &out->recovered) == ERR_OK && out->recovered)
		return tick_once(c, l, out);
	/* Recovery changed nothing, or failed for its own reason: its words are the better ones
	 * then. */
	if (c->code == ERR_OK) {
		c->code = first.code;
		memcpy(c->why, first.why, sizeof c->why);
		memcpy(c->next, first.next, sizeof c->next);
		return e;
	}
	return c->code;
}
