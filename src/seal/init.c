/*
 * The founding: makes the keys and the founding document, then, when two of its people have signed
 * it, the first state. Refuses where there is one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/cms.h"
#include "crypt/sign.h"
#include "crypt/sshsig.h"
#include "format/time.h"
#include "seal/make.h"
#include "seal/policy.h"
#include "seal/signed.h"
#include "seal/state.h"

#define INPUT_MAX ((size_t)1 << 20)
#define SIG_FILE_MAX ((size_t)64 << 10)

struct founding {
	struct span provider, origin, document_key, vkey, certificate, certificate_sha256, request,
		document;
	struct json *rows, *policy;     /* entries; every name with its value */
	struct json *continues;         /* the log before this one, or NULL */
	struct keys keys;
	uid_t writ, hand;
};

static enum err user_id(struct ctx *c, const char *name, uid_t *out)
{
	const struct passwd *entry;
	int64_t n;

	*out = geteuid();
	if (!name)
		return ERR_OK;
	if (span_to_i64(span_str(name), &n) && n >= 0 && n < UINT32_MAX) {
		*out = (uid_t)n;
		return ERR_OK;
	}
	entry = getpwnam(name);
	if (!entry)
		FAIL(c, ERR_NOT_FOUND, "there is no user %s", name);
	*out = entry->pw_uid;
	return ERR_OK;
}

static enum err refuse_by(struct turn *t, const struct check_row *no)
{
	if (!no)
		return ERR_OK;
	err_next(t->c, "%s", no->next);
	FAIL(t->c, no->error, "%s%s%s (%s)", no->why, span_ends(span_str(no->why), ":") ? " " : "",
	     span_ends(span_str(no->why), ":") ? t->f.words : "", no->id);
}

/* A person of the input becomes an entry of version 1, in force from now on. */
static enum err add_person(struct turn *t, struct founding *f, const struct json *person)
{
	struct json *row, *entry = json_object(t->c);
	bool unformed = false;
	struct span now;
	enum err e;

	TRY(json_clone(t->c, person, &row));
	if (!json_get(row, "row"))
		json_set_str(t->c, row, "row", "person");
	e = row_check(t->c, row, true);
	if (e != ERR_OK)
		err_note(t->c, "person %zu", json_count(f->rows) + 1);
	TRY(fact_of(t, e, &unformed));
	t->f.row_malformed = t->f.row_malformed || unformed;
	if (unformed)
		return ERR_OK;
	TRY(time_span(t->c, t->now, &now));
	if (!json_get(row, "from"))
		json_set_text(t->c, row, "from", now);
	if (!json_get(row, "until"))
		json_set(t->c, row, "until", NULL);
	key_gather(&t->f, f->rows, json_opt_text(row, "name", SPAN_NONE),
		   json_opt_text(row, "key", SPAN_NONE), t->now);
	json_set(t->c, entry, "row", row);
	json_set_int(t->c, entry, "begun", 1);
	json_set(t->c, entry, "ended", NULL);
	json_add(t->c, f->rows, entry);
	return ERR_OK;
}

static enum err add_policy(struct turn *t, struct founding *f, const struct json *overrides)
{
	JSON_EACH(at, overrides) {
		char *name;

		if (at->type != JSON_TEXT)
			t->f.policy_out_of_range = true;
		else
			policy_gather(&t->f, at->key, at->s);
		TRY(span_cstr(t->c, at->key, &name));
		json_set_text(t->c, f->policy, name, at->s);
	}
	return ERR_OK;
}

/* The log of a seal that was lost: its last checkpoint, by the key that signed it. */
static enum err read_continues(struct ctx *c, const struct json *continues, struct founding *f)
{
	struct span vkey, note, sha;
	struct checkpoint cp;
	struct note_key key;

	if (!continues || continues->type == JSON_NULL)
		return ERR_OK;
	if (continues->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "'continues' is no object");
	TRY(json_only(c, continues, "checkpoint founding_sha256 log_vkey"));
	TRY(json_need_text(c, continues, "log_vkey", &vkey));
	TRY(json_need_text(c, continues, "checkpoint", &note));
	TRY(json_need_text(c, continues, "founding_sha256", &sha));
	if (!hex_ok(sha, SHA256_BYTES))
		FAIL(c, ERR_FORMAT, "'founding_sha256' is no SHA-256");
	TRY(note_key_parse(c, vkey, &key));
	TRY(checkpoint_open(c, note, &key, &cp));
	return json_clone(c, continues, &f->continues);
}

static enum err read_input(struct turn *t, struct founding *f)
{
	const struct json *people, *overrides;
	struct json *j;
	struct span text;

	TRY(fd_read_all(t->c, STDIN_FILENO, INPUT_MAX, &text));
	TRY(json_parse(t->c, text, &j));
	TRY(json_only(t->c, j, "provider log_origin people policy continues"));
	TRY(json_need_text(t->c, j, "provider", &f->provider));
	f->origin = json_opt_text(j, "log_origin", SPAN_NONE);
	TRY(json_need_list(t->c, j, "people", &people));
	if (f->provider.n == 0 || f->provider.n > 200)
		FAIL(t->c, ERR_FORMAT, "'provider' has 1 to 200 bytes");
	f->rows = json_list(t->c);
	f->policy = policy_defaults(t->c);
	JSON_EACH(person, people)
		TRY(add_person(t, f, person));
	overrides = json_get(j, "policy");
	if (overrides && overrides->type != JSON_NULL) {
		TRY(json_need_object(t->c, j, "policy", &overrides));
		TRY(add_policy(t, f, overrides));
	}
	TRY(read_continues(t->c, json_get(j, "continues"), f));
	roster_left(t, f->rows, f->policy);
	return refuse_by(t, check_all(R(making), &t->f));
}

static enum err random_key(struct ctx *c, unsigned char out[32])
{
	if (c->seam->random(out, 32) != 0)
		FAIL(c, ERR_CRYPTO, "no randomness for a key");
	return ERR_OK;
}

static enum err make_keys(struct ctx *c, struct founding *f)
{
	unsigned char public[32];
	struct note_key note;
	struct ssh_key key;
	struct sha256 sha;

	TRY(random_key(c, f->keys.document));
	TRY(random_key(c, f->keys.log));
	TRY(random_key(c, f->keys.pad));
	TRY(ed25519_public_of(c, span_of(f->keys.document, 32), public));
	TRY(ssh_key_of_ed25519(c, span_of(public, 32), &key));
	TRY(ssh_key_line(c, &key, &f->document_key));
	TRY(ed25519_public_of(c, span_of(f->keys.log, 32), public));
	/* A log that nobody has named is named after its key. */
	if (!f->origin.n) {
		TRY(hex_encode(c, span_of(public, 8), &f->origin));
		TRY(span_fmt(c, &f->origin, "writ-%.*s", SPAN_ARG(f->origin)));
	}
	TRY(note_key_make(c, f->origin, span_of(public, 32), &note));
	TRY(note_key_text(c, &note, &f->vkey));
	TRY(seal_certificate_make(c, f->provider, &f->keys.cms_key, &f->certificate, &f->request));
	TRY(certificate_hash(c, f->certificate, &sha));
	return hex_encode(c, sha256_span(&sha), &f->certificate_sha256);
}

static enum err make_document(struct turn *t, struct founding *f)
{
	struct json *j = document_new(t, "roster", SPAN_NONE), *people = json_list(t->c);

	for (struct json *at = f->rows->first; at; at = at->next)
		json_add(t->c, people, own(at, "row"));
	json_set_str(t->c, j, "action", "found");
	json_set_int(t->c, j, "roster_version", 1);
	json_set_text(t->c, j, "provider", f->provider);
	json_set(t->c, j, "people", people);
	json_set(t->c, j, "policy", f->policy);
	json_set_text(t->c, j, "log_vkey", f->vkey);
	json_set_text(t->c, j, "document_key", f->document_key);
	json_set_text(t->c, j, "certificate_sha256", f->certificate_sha256);
	if (f->continues)
		json_set(t->c, j, "continues", f->continues);
	return document_text(t, j, &f->document);
}

static enum err founding_text(struct turn *t, const struct founding *f, struct json *signatures,
			      struct span *out)
{
	struct json *j = json_object(t->c);

	json_set_int(t->c, j, "version", 1);
	json_set_int(t->c, j, "writ_uid", (int64_t)f->writ);
	json_set_int(t->c, j, "hand_uid", (int64_t)f->hand);
	json_set_text(t->c, j, "provider", f->provider);
	json_set_text(t->c, j, "log_origin", f->origin);
	json_set_text(t->c, j, "document_key", f->document_key);
	json_set_text(t->c, j, "vkey", f->vkey);
	json_set_text(t->c, j, "certificate", f->certificate);
	json_set_text(t->c, j, "certificate_sha256", f->certificate_sha256);
	json_set_text(t->c, j, "request", f->request);
	json_set_text(t->c, j, "document", f->document);
	json_set(t->c, j, "signatures", signatures);
	return json_write(t->c, j, SEAL_FILE_MAX, out);
}

static enum err write_all(struct turn *t, const char *dir, const struct founding *f)
{
	static const char *const folders[] = { "key", "id", "order", "find", "roster" };
	struct span text;
	char *path;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		TRY(path_fmt(t->c, &path, "%s/%s", dir, folders[i]));
		TRY(dir_make(t->c, path, 0700));
	}
#define KEY(name, bytes)                                                                           \
	do {                                                                                       \
		TRY(path_fmt(t->c, &path, "%s/key/%s", dir, name));                                \
		TRY(file_write(t->c, path, bytes, 0600));                                          \
	} while (0)
	KEY("document", span_of(f->keys.document, 32));
	KEY("log", span_of(f->keys.log, 32));
	KEY("pad", span_of(f->keys.pad, 32));
	KEY("seal.pem", f->keys.cms_key);
#undef KEY
	/* Last: where this file is, the rest is. */
	TRY(founding_text(t, f, json_list(t->c), &text));
	TRY(path_fmt(t->c, &path, "%s/founding.json", dir));
	return file_write(t->c, path, text, 0600);
}

static enum err make(struct turn *t, const char *dir, struct founding *f, int out)
{
	char *path;

	TRY(path_fmt(t->c, &path, "%s/founding.json", dir));
	if (file_exists(path)) {
		err_next(t->c, "a seal's keys are never made twice; if this one was never signed, "
			       "remove the folder");
		FAIL(t->c, ERR_STATE, "there is a seal in %s already", dir);
	}
	TRY(read_input(t, f));
	TRY(make_keys(t->c, f));
	TRY(make_document(t, f));
	TRY(write_all(t, dir, f));
	return fd_write_all(t->c, out, f->document);
}

enum err init_make(struct ctx *c, const char *dir, const char *writ_user, const char *hand_user,
		   int out)
{
	struct seal none = { .lock = -1 };
	struct founding f = { 0 };
	struct turn t;
	enum err e;

	turn_begin(&t, c, &none);
	TRY(user_id(c, writ_user, &f.writ));
	TRY(user_id(c, hand_user, &f.hand));
	e = make(&t, dir, &f, out);
	wipe(&f.keys, sizeof f.keys);
	return e;
}

/* The founding document's people as entries of the roster. */
static enum err entries_of(struct turn *t, const struct json *document, struct json **out)
{
	const struct json *people;

	TRY(json_need_list(t->c, document, "people", &people));
	*out = json_list(t->c);
	JSON_EACH(person, people) {
		struct json *entry = json_object(t->c), *row;

		TRY(json_clone(t->c, person, &row));
		json_set(t->c, entry, "row", row);
		json_set_int(t->c, entry, "begun", 1);
		json_set(t->c, entry, "ended", NULL);
		json_add(t->c, *out, entry);
	}
	return ERR_OK;
}

static enum err first_state(struct turn *t, struct json *rows, const struct json *document)
{
	struct json *core = json_object(t->c), *tick = json_object(t->c),
		    *counts = json_object(t->c), *policy;

	TRY(json_clone(t->c, json_get(document, "policy"), &policy));
	json_set_int(t->c, counts, "day", 0);
	json_set_int(t->c, counts, "count", 0);
	json_set_int(t->c, core, "version", 1);
	json_set_int(t->c, core, "roster_version", 1);
	json_set(t->c, core, "rows", rows);
	json_set(t->c, core, "policy", policy);
	json_set_bool(t->c, core, "halted", false);
	json_set_int(t->c, core, "halt_epoch", 0);
	json_set_int(t->c, core, "seal_seq", 0);
	json_set(t->c, core, "pending", json_list(t->c));
	json_set(t->c, core, "identities", json_list(t->c));
	json_set(t->c, core, "answers", json_list(t->c));
	json_set(t->c, core, "counts", counts);
	json_set(t->c, core, "counters", json_list(t->c));
	json_set_int(t->c, tick, "version", 1);
	json_set_int(t->c, tick, "size", 0);
	json_set(t->c, tick, "edge", json_list(t->c));
	json_set_int(t->c, tick, "time_ms", 0);
	json_set_int(t->c, tick, "acts_done", 0);
	json_set_int(t->c, tick, "number", -1);
	json_set_str(t->c, tick, "sha256", "");
	json_set_str(t->c, tick, "answer", "");
	json_set_str(t->c, tick, "commitments", "");
	t->core = core;
	t->tick = tick;
	t->core_dirty = t->tick_dirty = true;
	return ERR_OK;
}

static enum err keep_signatures(struct turn *t, const struct json *signatures)
{
	struct json *founding, *list;
	struct span text;

	TRY(json_clone(t->c, t->s->founding, &founding));
	TRY(json_clone(t->c, signatures, &list));
	json_set(t->c, founding, "signatures", list);
	TRY(json_write(t->c, founding, SEAL_FILE_MAX, &text));
	return change_put(t, "founding.json", text);
}

static enum err make_live(struct turn *t, const struct json *document, struct json *rows,
			  const struct json *signatures)
{
	struct json *body = json_object(t->c);
	struct span sha;

	TRY(sha256_hex(t->c, t->s->document, &sha));
	TRY(first_state(t, rows, document));
	TRY(keep_signatures(t, signatures));
	json_set_text(t->c, body, "founding_sha256", sha);
	TRY(act_add(t, "founding", SPAN_NONE, body, NULL));
	return state_commit(t);
}

/* Passkeys sign at the desk, which there is only after a founding; and nothing counts them yet. */
static enum err no_passkey(struct turn *t)
{
	for (size_t i = 0; i < t->signer_count; i++) {
		if (!t->signers[i].by.passkey)
			continue;
		err_next(t->c, "ssh-keygen -Y sign -f KEY -n writ-roster@v1 founding.json");
		FAIL(t->c, ERR_DENIED, "founders sign with SSH keys, not with passkeys");
	}
	return ERR_OK;
}

static enum err sign(struct turn *t, const char *doc, char *const *sigs, int count)
{
	struct json *signatures = json_list(t->c), *document, *rows;
	struct span given, one;
	char *path;

	TRY(path_fmt(t->c, &path, "%s/state.json", t->s->dir));
	if (file_exists(path))
		FAIL(t->c, ERR_STATE, "the seal in %s is live already", t->s->dir);
	TRY(file_read(t->c, doc, INPUT_MAX, &given));
	for (int i = 0; i < count; i++) {
		TRY(file_read(t->c, sigs[i], SIG_FILE_MAX, &one));
		if (!span_is_utf8(one))
			FAIL(t->c, ERR_FORMAT, "%s is no signature file", sigs[i]);
		json_add(t->c, signatures, json_text(t->c, one));
	}
	TRY(json_parse(t->c, t->s->document, &document));
	TRY(entries_of(t, document, &rows));
	t->f.founding_differs = !span_eq(given, t->s->document);
	TRY(gather_signatures(t, signatures, given, span_str("roster"), MAY_ROSTER, rows));
	TRY(refuse_by(t, check_all(R(founding), &t->f)));
	TRY(no_passkey(t));
	return make_live(t, document, rows, signatures);
}

enum err init_sign(struct ctx *c, const char *dir, const char *doc, char *const *sigs, int count)
{
	struct seal s;
	struct turn t;
	enum err e = seal_open(&s, dir, true);

	if (e == ERR_OK) {
		turn_begin(&t, c, &s);
		e = sign(&t, doc, sigs, count);
	} else {
		err_next(c, "%s", s.life.next);
		e = err_set(c, e, __FILE__, __LINE__, "%s", s.life.why);
	}
	seal_close(&s);
	return e;
}

static enum err show(struct ctx *c, const struct seal *s, int out)
{
	struct json *j = json_object(c);
	struct span text;

	json_set_text(c, j, "document_key", s->document_key);
	json_set_text(c, j, "log_vkey", s->vkey);
	json_set_text(c, j, "certificate", s->certificate);
	json_set_text(c, j, "certificate_sha256", s->certificate_sha256);
	json_set_text(c, j, "request", s->request);
	json_set_text(c, j, "founding", s->document);
	TRY(json_write(c, j, SEAL_FILE_MAX, &text));
	TRY(fd_write_all(c, out, text));
	return fd_write_all(c, out, SPAN("\n"));
}

enum err init_show(struct ctx *c, const char *dir, int out)
{
	struct seal s;
	enum err e = seal_open(&s, dir, false);

	if (e == ERR_OK) {
		e = show(c, &s, out);
	} else {
		err_next(c, "%s", s.life.next);
		e = err_set(c, e, __FILE__, __LINE__, "%s", s.life.why);
	}
	seal_close(&s);
	return e;
}
