/*
 * Reading and writing the state; see state.h. Decides nothing about requests. A write that fails
 * is never repeated: the process answers and ends, the next start reads what the disk holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/state.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define JOURNAL "journal.json"
#define JOURNAL_MAX (4 * SEAL_FILE_MAX)

struct json *own(struct json *object, const char *key)
{
	if (object && object->type == JSON_OBJECT)
		for (struct json *at = object->first; at; at = at->next)
			if (span_is(at->key, key))
				return at;
	return NULL;
}

bool is_set(const struct json *o, const char *key)
{
	const struct json *at = json_get(o, key);

	/* What cannot be read counts against the request. */
	return !at || at->type != JSON_BOOL || at->b;
}

/* References become file names: nothing that a path could be made of. */
bool ref_ok(struct span ref)
{
	for (size_t i = 0; i < ref.n; i++) {
		unsigned char x = ref.p[i];

		if (!(x >= 'a' && x <= 'z') && !(x >= 'A' && x <= 'Z') && !(x >= '0' && x <= '9') &&
		    x != '-')
			return false;
	}
	return ref.n > 0 && ref.n <= 64 && ref.p[0] != '-';
}

bool hex_ok(struct span s, size_t bytes)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return s.n == 2 * bytes;
}

static enum err read_json(struct ctx *c, const char *dir, const char *path, size_t max_bytes,
			  struct json **out)
{
	struct span text;
	char *whole;
	enum err e;

	TRY(path_fmt(c, &whole, "%s/%s", dir, path));
	TRY(file_read(c, whole, max_bytes, &text));
	e = json_parse_canonical(c, text, out);
	if (e != ERR_OK)
		err_note(c, "the seal's file %s is damaged", whole);
	return e;
}

enum err state_read(struct turn *t, const char *path, struct json **out)
{
	return read_json(t->c, t->s->dir, path, SEAL_FILE_MAX, out);
}

static enum err damaged(struct turn *t, const char *path, enum err e)
{
	if (e != ERR_OK)
		err_note(t->c, "the seal's file %s/%s is damaged", t->s->dir, path);
	return e;
}

enum err state_load(struct turn *t)
{
	TRY(state_read(t, "state.json", &t->core));
	TRY(state_read(t, "tick.json", &t->tick));
	TRY(damaged(t, "state.json", core_check(t->c, t->core)));
	if (!json_get(t->core, "counters"))
		json_set(t->c, t->core, "counters", json_list(t->c));
	return damaged(t, "tick.json", tick_check(t->c, t->tick));
}

static struct json *order_new(struct ctx *c, struct span ref)
{
	struct json *j = json_object(c);

	json_set_int(c, j, "version", 1);
	json_set_text(c, j, "order", ref);
	json_set(c, j, "void", NULL);
	json_set_bool(c, j, "destroyed", false);
	json_set_bool(c, j, "released", false);
	json_set(c, j, "tickets", json_list(c));
	json_set(c, j, "answers", json_list(c));
	return j;
}

enum err state_order(struct turn *t, struct span ref)
{
	struct ctx *c = t->c;
	char *path, *whole;
	struct json *order;

	if (t->order && span_eq(ref, t->ref))
		return ERR_OK;
	if (!ref_ok(ref))
		FAIL(c, ERR_FORMAT, "this is not the reference of an order");
	t->ref = ref;
	TRY(path_fmt(c, &path, "order/%.*s.json", SPAN_ARG(ref)));
	TRY(path_fmt(c, &whole, "%s/%s", t->s->dir, path));
	t->order = NULL;
	if (!file_exists(whole)) {
		t->order = order_new(c, ref);
		return t->order ? ERR_OK : ERR_NOMEM;
	}
	TRY(state_read(t, path, &order));
	TRY(damaged(t, path, order_file_check(c, order, ref)));
	t->order = order;
	return ERR_OK;
}

enum err state_find(struct turn *t, const char *kind, struct span key, bool *found_out)
{
	struct span ref;
	char *path;

	TRY(path_fmt(t->c, &path, "%s/find/%s%.*s", t->s->dir, kind, SPAN_ARG(key)));
	*found_out = file_exists(path);
	if (!*found_out)
		return ERR_OK;
	TRY(file_read(t->c, path, 128, &ref));
	return state_order(t, ref);
}

enum err state_index(struct turn *t, const char *kind, struct span key)
{
	char *path;

	TRY(path_fmt(t->c, &path, "find/%s%.*s", kind, SPAN_ARG(key)));
	return change_put(t, path, t->ref);
}

static enum err change_add(struct turn *t, const char *path, struct span text, bool remove)
{
	struct change *change;

	TRY(NEW(t->c, change));
	*change = (struct change){ .path = path, .text = text, .remove = remove };
	if (t->last_change)
		t->last_change->next = change;
	else
		t->first_change = change;
	t->last_change = change;
	return ERR_OK;
}

enum err change_put(struct turn *t, const char *path, struct span text)
{
	return change_add(t, path, text, false);
}

enum err change_drop(struct turn *t, const char *path)
{
	return change_add(t, path, SPAN_NONE, true);
}

/* A key is overwritten before its name goes; what the disk does beneath is beyond us. */
static enum err shred(struct ctx *c, const char *path)
{
	static const unsigned char zeros[256];
	FD_SCOPED int fd = -1;

	if (!file_exists(path))
		return ERR_OK;
	TRY(file_open(c, path, O_WRONLY, 0, &fd));
	TRY(fd_write_all(c, fd, span_of(zeros, sizeof zeros)));
	TRY(fd_sync(c, fd));
	return file_remove(c, path);
}

static enum err apply(struct ctx *c, const char *dir, const struct change *change)
{
	char *path;

	TRY(path_fmt(c, &path, "%s/%s", dir, change->path));
	if (!change->remove)
		return file_write(c, path, change->text, 0600);
	seam_crash_point(CRASH_SEAL_BEFORE_SHRED);
	return shred(c, path);
}

static enum err apply_all(struct ctx *c, const char *dir, const struct change *first)
{
	char *journal;

	TRY(path_fmt(c, &journal, "%s/" JOURNAL, dir));
	for (const struct change *at = first; at; at = at->next) {
		TRY(apply(c, dir, at));
		seam_crash_point(CRASH_SEAL_MID_JOURNAL);
	}
	seam_crash_point(CRASH_SEAL_AFTER_STATE);
	return file_remove(c, journal);
}

static enum err journal_write(struct turn *t)
{
	struct json *j = json_object(t->c), *files = json_list(t->c);
	struct span text;
	char *path;

	for (const struct change *at = t->first_change; at; at = at->next) {
		struct json *file = json_object(t->c);

		json_set_str(t->c, file, "path", at->path);
		if (at->remove)
			json_set(t->c, file, "text", NULL);
		else
			json_set_text(t->c, file, "text", at->text);
		json_add(t->c, files, file);
	}
	json_set_int(t->c, j, "version", 1);
	json_set(t->c, j, "files", files);
	TRY(json_write(t->c, j, JOURNAL_MAX, &text));
	TRY(path_fmt(t->c, &path, "%s/" JOURNAL, t->s->dir));
	return file_write(t->c, path, text, 0600);
}

/* Acts that a closed tick holds are forgotten here, not in the tick itself, which so stays one
 * file. */
static void core_prune(struct turn *t)
{
	int64_t done = json_opt_int(t->tick, "acts_done", 0);
	struct json *left = json_list(t->c);

	JSON_EACH(act, json_get(t->core, "pending")) {
		struct json *copy;

		if (json_opt_int(act, "seal_seq", 0) <= done)
			continue;
		if (json_clone(t->c, act, &copy) == ERR_OK)
			json_add(t->c, left, copy);
	}
	json_set(t->c, t->core, "pending", left);
}

static enum err put_tree(struct turn *t, const char *path, const struct json *j)
{
	struct span text;

	TRY(json_write(t->c, j, SEAL_FILE_MAX, &text));
	return change_put(t, path, text);
}

static enum err put_dirty(struct turn *t)
{
	char *path;

	if (t->core_dirty) {
		core_prune(t);
		TRY(put_tree(t, "state.json", t->core));
	}
	if (t->order_dirty) {
		TRY(path_fmt(t->c, &path, "order/%.*s.json", SPAN_ARG(t->ref)));
		TRY(put_tree(t, path, t->order));
	}
	if (t->tick_dirty)
		TRY(put_tree(t, "tick.json", t->tick));
	t->core_dirty = t->order_dirty = t->tick_dirty = false;
	return ERR_OK;
}

/* Removals last: a key goes only when the state says that it has gone. */
static struct change *removals_last(struct change *first)
{
	struct change *puts = NULL, **put_end = &puts, *drops = NULL, **drop_end = &drops;

	for (struct change *at = first, *next; at; at = next) {
		next = at->next;
		at->next = NULL;
		if (at->remove) {
			*drop_end = at;
			drop_end = &at->next;
		} else {
			*put_end = at;
			put_end = &at->next;
		}
	}
	*put_end = drops;
	return puts;
}

static enum err commit_prepared(struct turn *t)
{
	const struct change *only = t->first_change;

	seam_crash_point(CRASH_SEAL_BEFORE_STATE);
	if (!only->next) {
		TRY(apply(t->c, t->s->dir, only));
		seam_crash_point(CRASH_SEAL_AFTER_STATE);
		return ERR_OK;
	}
	TRY(journal_write(t));
	seam_crash_point(CRASH_SEAL_AFTER_JOURNAL);
	return apply_all(t->c, t->s->dir, t->first_change);
}

enum err state_commit(struct turn *t)
{
	enum err e;

	TRY(put_dirty(t));
	if (t->c->code != ERR_OK)
		return t->c->code;
	if (!t->first_change)
		return ERR_OK;
	t->first_change = removals_last(t->first_change);
	e = commit_prepared(t);
	t->first_change = t->last_change = NULL;
	/* What is on the disk now is not known here; only a new start can tell. */
	t->s->broken = t->s->broken || e != ERR_OK;
	return e;
}

static bool path_ok(struct span path)
{
	static const char *const places[] = { "state.json", "tick.json", "founding.json", "order/",
					      "find/",      "id/",       "roster/" };

	for (size_t i = 0; i + 1 < path.n; i++)
		if (path.p[i] == '.' && path.p[i + 1] == '.')
			return false;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (span_starts(path, places[i]))
			return true;
	return false;
}

static enum err journal_read(struct ctx *c, const struct json *j, struct change **first_out)
{
	struct change **end = first_out;
	const struct json *files;

	TRY(json_only(c, j, "version files"));
	TRY(json_need_list(c, j, "files", &files));
	JSON_EACH(file, files) {
		struct change *change;
		struct span path;
		char *z;

		TRY(json_need_text(c, file, "path", &path));
		if (!path_ok(path))
			FAIL(c, ERR_FORMAT, "the journal names a file that is not of the state");
		TRY(span_cstr(c, path, &z));
		TRY(NEW(c, change));
		*change = (struct change){ .path = z, .remove = json_get(file, "text") == NULL ||
					   json_get(file, "text")->type == JSON_NULL };
		if (!change->remove)
			TRY(json_need_text(c, file, "text", &change->text));
		*end = change;
		end = &change->next;
	}
	return ERR_OK;
}

enum err state_settle(struct ctx *c, const char *dir)
{
	static const char *const folders[] = { "", "/order", "/find", "/id", "/roster" };
	char *path;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		TRY(path_fmt(c, &path, "%s%s", dir, folders[i]));
		if (file_exists(path))
			TRY(dir_sync(c, path));
	}
	return ERR_OK;
}

enum err state_redo(struct ctx *c, const char *dir)
{
	struct change *first = NULL;
	struct json *j;
	char *path;

	TRY(path_fmt(c, &path, "%s/" JOURNAL, dir));
	if (!file_exists(path))
		return ERR_OK;
	TRY(read_json(c, dir, JOURNAL, JOURNAL_MAX, &j));
	TRY(journal_read(c, j, &first));
	return apply_all(c, dir, first);
}
