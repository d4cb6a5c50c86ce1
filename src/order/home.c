/*
 * Making and founding a home; see home.h. What is half made is named and never half used: without
 * the founding act no command but init works.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/home.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/run.h"
#include "crypt/sshsig.h"
#include "format/time.h"
#include "order/again.h"

#define DOCUMENT_MAX ((size_t)1 << 20)

static const char *const required[] = { "provider", "domain", "country",   "founders", "agencies",
					"stores",   "ticks",  "retention", "notice" };

static enum err check_answers(struct ctx *c, const struct json *a)
{
	struct span ticks = json_opt_text(a, "ticks", SPAN_NONE);

	TRY(json_only(
		c, a,
		"provider domain country founders agencies stores ticks retention notice policy"));
	for (size_t i = 0; i < COUNT_OF(required); i++)
		if (!json_get(a, required[i])) {
			err_next(c, "the nine answers are: provider, domain, country, founders, "
				 "agencies, stores, ticks, retention, notice");
			FAIL(c, ERR_FORMAT, "the answers lack '%s'", required[i]);
		}
	if (!span_is(ticks, "10s") && !span_is(ticks, "on-demand"))
		FAIL(c, ERR_FORMAT,
		     "ticks is '10s' (needs a ticker, the log may be published) or 'on-demand'");
	return ERR_OK;
}

/* A key is an SSH public key line, or the path of a .pub file of the person who runs init. */
static enum err key_line(struct ctx *c, struct span text, struct span *out)
{
	struct ssh_key key;
	struct span line = text;
	char *path;

	if (!span_starts(text, "ssh-") && !span_starts(text, "ecdsa-") &&
	    !span_starts(text, "sk-")) {
		TRY(span_cstr(c, text, &path));
		TRY(file_read(c, path, 65536, &line));
	}
	TRY(ssh_key_parse(c, span_trim(line), &key));
	return ssh_key_line(c, &key, out);
}

static enum err person_row(struct ctx *c, const struct json *founder, struct json **out)
{
	struct json *row = json_object(c), *may = json_list(c);
	struct span key;

	TRY(json_only(c, founder, "name unix_user key may user_verified"));
	TRY(key_line(c, json_opt_text(founder, "key", SPAN_NONE), &key));
	json_set_str(c, row, "row", "person");
	json_set_text(c, row, "name", json_opt_text(founder, "name", SPAN_NONE));
	json_set_text(c, row, "unix_user", json_opt_text(founder, "unix_user", SPAN_NONE));
	json_set_text(c, row, "key", key);
	JSON_EACH(m, json_get(founder, "may"))
		json_add(c, may, json_text(c, m->s));
	json_set(c, row, "may", may);
	json_set_bool(c, row, "user_verified",
		      span_is(json_opt_text(founder, "user_verified", SPAN("no")), "yes"));
	*out = row;
	return ERR_OK;
}

static enum err log_origin(struct ctx *c, struct span domain, struct json *input)
{
	unsigned char r[4];
	struct span origin;

	if (c->seam->random(r, sizeof r) != 0)
		FAIL(c, ERR_IO, "the machine gives no randomness");
	TRY(span_fmt(c, &origin, "%.*s/writ-%02x%02x%02x%02x", SPAN_ARG(domain), r[0], r[1], r[2],
		     r[3]));
	json_set_text(c, input, "log_origin", origin);
	return ERR_OK;
}

static enum err founding_input(struct ctx *c, const struct json *answers, struct span *out)
{
	struct json *input = json_object(c), *people = json_list(c), *policy, *row;

	TRY(log_origin(c, json_opt_text(answers, "domain", SPAN_NONE), input));
	JSON_EACH(founder, json_get(answers, "founders")) {
		TRY(person_row(c, founder, &row));
		json_add(c, people, row);
	}
	TRY(json_get(answers, "policy") ? json_clone(c, json_get(answers, "policy"), &policy)
					: ERR_OK);
	json_set_text(c, input, "provider", json_opt_text(answers, "provider", SPAN_NONE));
	json_set(c, input, "people", people);
	json_set(c, input, "policy", json_get(answers, "policy") ? policy : json_object(c));
	return json_write(c, input, DOCUMENT_MAX, out);
}

/* A text of JSON is one of YAML in double quotes (YAML 1.2 section 7.3.1). */
static void put_scalar(struct buf *b, struct span s)
{
	json_put_text(b, s);
	buf_byte(b, '\n');
}

static void put_yaml(struct buf *b, const struct json *object)
{
	const char *lead = "  - ";

	JSON_EACH(member, object) {
		if (member->type == JSON_LIST) {
			buf_fmt(b, "%s%.*s:\n", lead, SPAN_ARG(member->key));
			JSON_EACH(item, member) {
				buf_str(b, "      - ");
				put_scalar(b, item->s);
			}
		} else {
			buf_fmt(b, "%s%.*s: ", lead, SPAN_ARG(member->key));
			put_scalar(b, member->s);
		}
		lead = "    ";
	}
}

static enum err write_stores(struct ctx *c, const struct home *h, const struct json *answers)
{
	struct span text;
	struct buf b;

	if (file_exists(h->stores))
		return ERR_OK;
	buf_begin(&b, c, DOCUMENT_MAX);
	buf_str(&b, "# Data stores of this provider; man 5 writ-stores explains every key, writ "
		    "store check tries them.\n"
		    "stores_version: 1\nstores:\n");
	JSON_EACH(store, json_get(answers, "stores"))
		put_yaml(&b, store);
	TRY(buf_done(c, &b, &text));
	/* In an installed home its folder gives it to the group of the hands; writ reads no path of
	 * a store. */
	return file_write(c, h->stores, text, 0640);
}

static enum err make_folders(struct ctx *c, const struct home *h)
{
	char *mark;

	TRY(dir_make(c, h->dir, h->single_user ? 0700 : 0755));
	for (const char *const *dir = (const char *const[]){ h->blob, h->vault, h->run, NULL };
	     *dir; dir++)
		TRY(dir_make(c, *dir, 0700));
	TRY(dir_make(c, h->log, 0755));
	if (!h->single_user)
		return ERR_OK;
	TRY(path_fmt(c, &mark, "%s/single-user", h->dir));
	return file_write(c, mark, SPAN("A home for one user: trial and demonstration. Nothing in "
					"it is protected from that user.\n"), 0600);
}

/* Runs writ-seal --init ...: in an installed home as the user writ-seal (root's writ init). */
static enum err run_seal(struct ctx *c, const struct home *h, const char *const *more,
			 struct span input, struct span *out)
{
	const char *argv[40] = { NULL };
	size_t n = 0;
	char *program;
	int status;

	TRY(home_program(c, "writ-seal", &program));
	if (!h->single_user)
		for (const char *const *a =
			     (const char *const[]){ "setpriv", "--reuid", "writ-seal", "--regid",
						    "writ-seal", "--init-groups", NULL };
		     *a; a++)
			argv[n++] = *a;
	argv[n++] = program;
	for (; *more && n + 1 < COUNT_OF(argv); more++)
		argv[n++] = *more;
	argv[n] = NULL;
	TRY(run_program(c, argv, input, DOCUMENT_MAX, out, &status));
	if (status != 0)
		FAIL(c, ERR_FAILED, "writ-seal refused (its words are above)");
	return ERR_OK;
}

static const char *const *init_words(const struct home *h)
{
	static const char *words[7];
	const char *const more[] = { "--writ-user", "writ", "--hand-user", "writ-hand" };
	size_t n = 0;

	words[n++] = "--init";
	words[n++] = h->seal_state;
	for (size_t i = 0; !h->single_user && i < COUNT_OF(more); i++)
		words[n++] = more[i];
	words[n] = NULL;
	return words;
}

enum err home_none_yet(struct ctx *c, const char *dir, bool single_user)
{
	struct home h;
	char *path;

	TRY(home_paths(c, dir, single_user, &h));
	if (file_exists(h.db)) {
		err_next(c, "name another folder with --home DIR");
		FAIL(c, ERR_STATE, "a home stands already at %s", dir);
	}
	TRY(path_fmt(c, &path, "%s/founding.json", dir));
	if (!file_exists(path))
		return ERR_OK;
	err_next(c, "two founders sign it: ssh-keygen -Y sign -f KEY -n writ-roster@v1 "
		    "founding.json, then writ init --signature A.sig --signature B.sig; to begin "
		    "anew, move %s and the folder of its seal away", dir);
	FAIL(c, ERR_STATE, "%s waits for the signatures of its founders", path);
}

enum err home_make(struct ctx *c, const char *dir, bool single_user, const struct json *answers,
		   struct span *document_out)
{
	struct span input, text;
	struct home h;
	char *path;

	TRY(home_none_yet(c, dir, single_user));
	TRY(home_paths(c, dir, single_user, &h));
	TRY(check_answers(c, answers));
	TRY(founding_input(c, answers, &input));
	TRY(make_folders(c, &h));
	TRY(json_write_pretty(c, answers, DOCUMENT_MAX, &text));
	TRY(path_fmt(c, &path, "%s/init.json", dir));
	TRY(file_write(c, path, text, 0600));
	TRY(run_seal(c, &h, init_words(&h), input, document_out));
	/* Only now: answers that were refused leave no stores behind that the next would find. */
	TRY(write_stores(c, &h, answers));
	TRY(path_fmt(c, &path, "%s/founding.json", dir));
	return file_write(c, path, *document_out, 0644);
}

/* Who acts on files of the home is the user writ: root gives up its power, for the rest of the
 * command or until become_root. */
static enum err become_writ(struct ctx *c, const struct home *h)
{
	struct passwd *p;

	if (h->single_user || geteuid() != 0)
		return ERR_OK;
	p = getpwnam("writ");
	if (!p)
		FAIL(c, ERR_NOT_FOUND,
		     "there is no user writ; install the package first (sysusers)");
	if (setegid(p->pw_gid) != 0 || seteuid(p->pw_uid) != 0)
		FAIL(c, ERR_IO, "cannot become the user writ: %s", strerror(errno));
	return ERR_OK;
}

static enum err become_root(struct ctx *c)
{
	if (getuid() == 0 && (seteuid(0) != 0 || setegid(0) != 0))
		FAIL(c, ERR_IO, "cannot become root again: %s", strerror(errno));
	return ERR_OK;
}

static enum err not_lost(struct ctx *c, const struct home *h)
{
	char *path;

	TRY(path_fmt(c, &path, "%s/founding.json", h->seal_state));
	if (!file_exists(path))
		return ERR_OK;
	err_next(c, "if its state cannot be used any more, move that folder away and keep it");
	FAIL(c, ERR_STATE, "there is a seal in %s: it is not lost", h->seal_state);
}

enum err home_again(struct ctx *c, const char *dir, struct span *document_out,
		    const struct json **agencies_out)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *input, *answers;
	struct span text, kept;
	struct home h;
	char *path;

	TRY(home_find(c, dir, &h));
	TRY(not_lost(c, &h));
	TRY(make_folders(c, &h));
	TRY(become_writ(c, &h));
	TRY(session_open(c, h.dir, NULL, &s));
	TRY(again_input(c, &s, &input, &answers));
	session_close(&s);
	TRY(become_root(c));
	TRY(log_origin(c, json_opt_text(answers, "domain", SPAN_NONE), input));
	*agencies_out = json_get(answers, "agencies");
	TRY(json_write(c, input, DOCUMENT_MAX, &text));
	TRY(json_write_pretty(c, answers, 2 * DOCUMENT_MAX, &kept));
	TRY(path_fmt(c, &path, "%s/init.json", h.dir));
	TRY(file_write(c, path, kept, 0600));
	TRY(run_seal(c, &h, init_words(&h), text, document_out));
	TRY(path_fmt(c, &path, "%s/founding.json", h.dir));
	return file_write(c, path, *document_out, 0644);
}

static enum err founded_body(struct ctx *c, const char *dir, const struct json *shown,
			     struct span document, const struct json *signatures, struct json **out)
{
	struct json *body = json_object(c), *answers, *copy;
	struct span text;
	char *path;

	TRY(path_fmt(c, &path, "%s/init.json", dir));
	TRY(file_read(c, path, DOCUMENT_MAX, &text));
	TRY(json_parse(c, text, &answers));
	for (const char *const *key = (const char *const[]){ "provider", "domain", "country",
							     "ticks", "retention", "notice", NULL };
	     *key; key++)
		json_set_text(c, body, *key, json_opt_text(answers, *key, SPAN("unknown")));
	json_set_text(c, body, "document", document);
	TRY(json_clone(c, signatures, &copy));
	json_set(c, body, "signatures", copy);
	json_set_text(c, body, "document_key", json_opt_text(shown, "document_key", SPAN_NONE));
	*out = body;
	return ERR_OK;
}

static enum err read_signatures(struct ctx *c, const char *const *files, size_t count,
				struct json **out)
{
	struct json *list = json_list(c);
	struct span text;

	for (size_t i = 0; i < count; i++) {
		TRY(file_read(c, files[i], 65536, &text));
		json_add(c, list, json_text(c, text));
	}
	*out = list;
	return ERR_OK;
}

/* The founders' own folders are closed to the user writ-seal, so it reads copies beside the home.
 */
static enum err lay_out(struct ctx *c, const struct home *h, struct span document,
			const struct json *signatures, const char **argv)
{
	char *path;

	TRY(path_fmt(c, &path, "%s/founding.json", h->dir));
	TRY(file_write(c, path, document, 0644));
	*argv++ = path;
	int n = 0;
	JSON_EACH(signature, signatures) {
		TRY(path_fmt(c, &path, "%s/founding.json.%d.sig", h->dir, ++n));
		TRY(file_write(c, path, signature->s, 0644));
		*argv++ = path;
	}
	return ERR_OK;
}

/* The seal's public half, for hands and for whoever checks its documents. */
static enum err publish_key(struct ctx *c, const struct home *h, struct json **shown_out)
{
	struct span text, key, line;

	TRY(run_seal(c, h, (const char *const[]){ "--show", h->seal_state, NULL }, SPAN_NONE,
		     &text));
	TRY(json_parse(c, span_trim(text), shown_out));
	TRY(json_need_text(c, *shown_out, "document_key", &key));
	TRY(span_fmt(c, &line, "%.*s\n", SPAN_ARG(key)));
	return file_write(c, h->seal_pub, line, 0644);
}

enum err home_found(struct ctx *c, const char *dir, const char *document_file,
		    const char *const *signature_files, size_t count)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const char *argv[24] = { "--init", NULL, "--signed" };
	struct span document, printed;
	struct json *shown, *signatures, *body, *founding;
	struct home h;
	char *path;
	bool again;

	TRY(home_find(c, dir, &h));
	if (count < 2 || count > 16)
		FAIL(c, ERR_USAGE,
		     "the founding document needs the signatures of two different people");
	argv[1] = h.seal_state;
	TRY(file_read(c, document_file, DOCUMENT_MAX, &document));
	TRY(read_signatures(c, signature_files, count, &signatures));
	TRY(json_parse(c, document, &founding));
	again = json_get(founding, "continues") != NULL;
	if (again != file_exists(h.db))
		FAIL(c, ERR_STATE, "%s", again ? "this document continues a home that is not here"
					       : "this home is founded already");
	TRY(lay_out(c, &h, document, signatures, argv + 3));
	TRY(run_seal(c, &h, argv, SPAN_NONE, &printed));
	TRY(publish_key(c, &h, &shown));
	TRY(founded_body(c, h.dir, shown, document, signatures, &body));
	TRY(become_writ(c, &h));
	if (again)
		TRY(again_carry(c, &h));
	TRY(store_open(c, h.db, STORE_CREATE, &s.store));
	store_close(&s.store);
	TRY(session_open(c, h.dir, NULL, &s));
	TRY(home_append(c, &s, "founded", body));
	if (again)
		TRY(again_orders(c, &s));
	TRY(path_fmt(c, &path, "%s/init.json", h.dir));
	TRY(file_remove(c, path));
	return order_close_tick(c, &s);
}

/* Before there is a home the hand is started by its paths alone; a read hand opens no file of it.
 */
enum err answers_read(struct ctx *c, const char *dir, bool single_user, const char *name, int fd,
		      const struct json **out)
{
	struct session s = { .seal = -1 };

	TRY(home_paths(c, dir, single_user, &s.home));
	return hand_read(c, &s, "answers", name, fd, out);
}
