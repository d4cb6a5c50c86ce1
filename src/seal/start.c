/*
 * Checks on start; see start.h. A state that was put back from an old copy is refused where the
 * log shows it; where the log was put back with it, only a witness can tell.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/start.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "seal/make.h"
#include "seal/state.h"

#define CHECKPOINT_MAX ((size_t)64 << 10)

/* The checkpoint that writ keeps, if it is by our key: it cannot know more than we signed. */
static enum err log_check(struct turn *t)
{
	struct checkpoint cp;
	struct sha256 root;
	struct span note;
	uint64_t size = (uint64_t)json_opt_int(t->tick, "size", 0);
	bool foreign = false;
	char *path;

	TRY(tick_root(t, &root));
	if (!t->s->log_dir)
		return ERR_OK;
	TRY(path_fmt(t->c, &path, "%s/checkpoint", t->s->log_dir));
	if (!file_exists(path))
		return ERR_OK;
	TRY(file_read(t->c, path, CHECKPOINT_MAX, &note));
	TRY(fact_of(t, checkpoint_open(t->c, note, &t->s->note, &cp), &foreign));
	if (foreign) {
		fprintf(stderr,
			"writ-seal: %s is not signed by this seal's log key; run 'writ log "
			"verify'\n",
			path);
		return ERR_OK;
	}
	if (cp.size > size ||
	    (cp.size == size && !span_eq(sha256_span(&cp.root), sha256_span(&root)))) {
		err_next(t->c, "this state is older than the log or not its own: bring back the "
			       "newest state, or begin a new log");
		FAIL(t->c, ERR_VERIFY,
		     "%s is of size %llu, the seal knows %llu: the state was put back", path,
		     (unsigned long long)cp.size, (unsigned long long)size);
	}
	return ERR_OK;
}

static bool is_known(const struct turn *t, const char *name)
{
	JSON_EACH(at, json_get(t->core, "identities"))
		if (span_is(json_opt_text(at, "ticket", SPAN_NONE), name))
			return true;
	return false;
}

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

static enum err drop_orphans(struct turn *t)
{
	__attribute__((cleanup(dir_close))) DIR *d = NULL;
	const struct dirent *entry;
	char *path;

	TRY(path_fmt(t->c, &path, "%s/id", t->s->dir));
	d = opendir(path);
	if (!d)
		FAIL(t->c, ERR_IO, "cannot open %s: %s", path, strerror(errno));
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' || is_known(t, entry->d_name))
			continue;
		TRY(path_fmt(t->c, &path, "id/%s", entry->d_name));
		TRY(change_drop(t, path));
		TRY(state_commit(t));
	}
	return ERR_OK;
}

static enum err check(struct turn *t)
{
	TRY(state_load(t));
	TRY(log_check(t));
	TRY(drop_orphans(t));
	return purge_expired(t);
}

enum err start_check(struct seal *s)
{
	CTX_SCOPED struct ctx c = { 0 };
	struct turn t;
	enum err e;

	TRY(ctx_begin(&c, SEAL_TURN_BYTES));
	turn_begin(&t, &c, s);
	e = check(&t);
	if (e == ERR_NOT_FOUND)
		err_next(&c, "finish the founding: writ-seal --init DIR --signed DOC A.sig B.sig");
	if (e != ERR_OK)
		/* The words must outlive this context. */
		err_set(&s->life, e, c.file, c.line, "%s", c.why), err_next(&s->life, "%s", c.next);
	return e;
}
