/*
 * Opening the seal: lock, founding document, keys; and what the process does to keep keys to
 * itself. Decides nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/state.h"

#define LIFE_BYTES ((size_t)64 << 20)

const char *seal_separation(const struct seal *s)
{
	return s->hand != s->writ && s->writ != s->own && s->hand != s->own ? "users"
									    : "single-user";
}

static enum err lock_take(struct ctx *c, struct seal *s)
{
	char *path;

	TRY(path_fmt(c, &path, "%s/lock", s->dir));
	TRY(file_open(c, path, O_RDWR | O_CREAT, 0600, &s->lock));
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	err_next(c, "connect to the seal that is running; there is only one for each state");
	FAIL(c, ERR_BUSY, "another writ-seal runs on %s", s->dir);
}

static enum err read_key(struct ctx *c, const char *dir, const char *name, unsigned char out[32])
{
	struct span raw;
	char *path;

	TRY(path_fmt(c, &path, "%s/key/%s", dir, name));
	TRY(file_read(c, path, 64, &raw));
	if (raw.n != 32)
		FAIL(c, ERR_FORMAT, "the key %s does not have 32 bytes", path);
	memcpy(out, raw.p, 32);
	return ERR_OK;
}

static enum err read_keys(struct ctx *c, struct seal *s)
{
	char *path;

	TRY(read_key(c, s->dir, "document", s->keys.document));
	TRY(read_key(c, s->dir, "log", s->keys.log));
	TRY(read_key(c, s->dir, "pad", s->keys.pad));
	TRY(path_fmt(c, &path, "%s/key/seal.pem", s->dir));
	return file_read(c, path, 65536, &s->keys.cms_key);
}

static enum err read_uid(struct ctx *c, const struct json *j, const char *key, uid_t *out)
{
	int64_t n;

	TRY(json_need_int(c, j, key, &n));
	if (n < 0 || n >= UINT32_MAX)
		FAIL(c, ERR_FORMAT, "'%s' is no user id", key);
	*out = (uid_t)n;
	return ERR_OK;
}

static enum err read_founding(struct ctx *c, struct seal *s)
{
	const struct json *signatures;
	struct span text;
	struct json *j;
	char *path;

	TRY(path_fmt(c, &path, "%s/founding.json", s->dir));
	TRY(file_read(c, path, SEAL_FILE_MAX, &text));
	TRY(json_parse_canonical(c, text, &j));
	TRY(read_uid(c, j, "writ_uid", &s->writ));
	TRY(read_uid(c, j, "hand_uid", &s->hand));
	TRY(json_need_text(c, j, "provider", &s->provider));
	TRY(json_need_text(c, j, "log_origin", &s->origin));
	TRY(json_need_text(c, j, "vkey", &s->vkey));
	TRY(json_need_text(c, j, "document_key", &s->document_key));
	TRY(json_need_text(c, j, "certificate", &s->certificate));
	TRY(json_need_text(c, j, "certificate_sha256", &s->certificate_sha256));
	TRY(json_need_text(c, j, "request", &s->request));
	TRY(json_need_text(c, j, "document", &s->document));
	TRY(json_need_list(c, j, "signatures", &signatures));
	TRY(note_key_parse(c, s->vkey, &s->note));
	s->founding = j;
	return ERR_OK;
}

enum err seal_open(struct seal *s, const char *dir, bool secrets)
{
	enum err e;

	*s = (struct seal){ .dir = dir, .own = geteuid(), .lock = -1 };
	TRY(ctx_begin(&s->life, LIFE_BYTES));
	if (secrets) {
		TRY(lock_take(&s->life, s));
		TRY(state_settle(&s->life, dir));
		TRY(state_redo(&s->life, dir));
	}
	e = read_founding(&s->life, s);
	if (e == ERR_NOT_FOUND)
		err_next(&s->life, "make it with 'writ-seal --init DIR'");
	TRY(e);
	return secrets ? read_keys(&s->life, s) : ERR_OK;
}

void seal_close(struct seal *s)
{
	wipe(&s->keys, sizeof s->keys);
	ctx_end(&s->life);
	fd_close(&s->lock);
}

void seal_hide(void)
{
	const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}

void seal_lock_memory(struct seal *s)
{
	struct rlimit locked;

	/* Under a limit, locking what comes later would turn into failing allocations. */
	if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 &&
	    (locked.rlim_cur == RLIM_INFINITY || s->own == 0) &&
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
		return;
	/* Not permitted: at least the keys themselves, as far as the limit goes. */
	if (mlock(s, sizeof *s) != 0)
		errno = 0;
}
