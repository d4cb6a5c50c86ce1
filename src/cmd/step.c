/*
 * Steps of an installed home; see step.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/home.h"
#include "cmd/asked.h"
#include "cmd/user_file.h"
#include "order/1_receive/receive.h"
#include "order/sign.h"

#define WORDS_MAX 160u
#define DOCUMENT_MAX ((size_t)4 << 20)
#define FIRST_FD 10     /* descriptors that go along are numbered from here, so sudo is told -C */
#define PAPER_FDS (LENT_FILES_MAX + 1)  /* the names, and the papers or pictures of pages */
_Static_assert(PAPER_FDS >= PAPERS_MAX + 2 && FIRST_FD + PAPER_FDS <= 64, "they fit");

/* Commands that read no home, and those that root does as itself. */
static const char *const elsewhere[] = { "help", "verify", "demo", "init", "order new",
					 "law judge", "law check", "law test", "law explain",
					 "law diff", "law render", "passkey make" };
/* Options that name a file to read; --out, --pdf, --print and --edit name one to write. */
static const char *const reads[] = { "paper", "document", "signature", "scope", "pub" };
static const char *const writes[] = { "out", "pdf", "print", "edit" };

/* What a command writes beside the file that an option names. */
static const struct {
	const char *command, *option, *suffix[2];
} besides[] = {
	{ "approve", "print", { ".seal" } },
	{ "letter", "out", { ".record", ".record.seal" } },
	{ "log prove", "out", { ".act" } },
};

#define MADE_MAX 8u

struct step {
	const char *word[WORDS_MAX];
	size_t words;
	int next_fd;
	const char *made[MADE_MAX];     /* files that were not there before */
	size_t made_count;
};

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

bool step_needed(struct ctx *c, const struct command *command, const struct args *a)
{
	struct home home;
	struct stat st;

	if (is_one_of(command->words, elsewhere, COUNT_OF(elsewhere)) || args_has(a, "help") ||
	    args_has(a, "show") || (!strcmp(command->words, "scope") && args_get(a, "store")))
		return false;
	if (home_find(c, args_get(a, "home"), &home) != ERR_OK) {
		err_clear(c);   /* the command itself says so */
		return false;
	}
	return !home.single_user && stat(home.dir, &st) == 0 && st.st_uid != geteuid();
}

static void add(struct step *s, const char *word)
{
	if (s->words + 1 < WORDS_MAX)
		s->word[s->words++] = word;
	s->word[s->words] = NULL;
}

static enum err add_option(struct ctx *c, struct step *s, const char *name, const char *value)
{
	char *word;

	TRY(path_fmt(c, &word, "--%s%s%s", name, value ? "=" : "", value ? value : ""));
	add(s, word);
	return ERR_OK;
}

/* Gives the descriptor a high number that survives the exec, and its name as an argument. */
static enum err lend(struct ctx *c, struct step *s, int fd, const char *name, char **out)
{
	int high = fcntl(fd, F_DUPFD, s->next_fd);

	if (high < 0)
		FAIL(c, ERR_IO, "cannot pass %s on: %s", name, strerror(errno));
	s->next_fd = high + 1;
	return path_fmt(c, out, "fd:%d:%s", high, name);
}

static enum err lend_file(struct ctx *c, struct step *s, const char *path, int flags, char **out)
{
	bool there = file_exists(path);
	FD_SCOPED int fd = -1;

	if (there && (flags & O_EXCL)) {
		err_next(c, "name another file, or go on with a delivery that broke off: --resume");
		FAIL(c, ERR_STATE, "%s exists already", path);
	}
	TRY(file_open(c, path, flags, 0600, &fd));
	if (!there && s->made_count < MADE_MAX)
		s->made[s->made_count++] = path;
	/* Whoever writes it has the descriptor alone; that its name is durable is the caller's. */
	if (!there && (flags & O_CREAT) && parent_sync(c, path) != ERR_OK) {
		c->seam->unlink(path);
		return c->code;
	}
	return lend(c, s, fd, path, out);
}

/* The file that an option names and those beside it: fd:N+M:NAME. */
static enum err lend_written(struct ctx *c, struct step *s, const struct command *command,
			     const char *option, const char *path, int flags, char **out)
{
	struct span numbers, number, rest;
	char *beside, *text;

	TRY(lend_file(c, s, path, flags, out));
	(void)span_split(span_str(*out + 3), ':', &numbers, &rest);
	for (size_t i = 0; i < COUNT_OF(besides); i++) {
		if (strcmp(besides[i].command, command->words) != 0 ||
		    strcmp(besides[i].option, option) != 0)
			continue;
		for (size_t k = 0; k < COUNT_OF(besides[i].suffix); k++) {
			if (!besides[i].suffix[k])
				continue;
			TRY(path_fmt(c, &beside, "%s%s", path, besides[i].suffix[k]));
			TRY(lend_file(c, s, beside, flags, &text));
			(void)span_split(span_str(text + 3), ':', &number, &rest);
			TRY(span_fmt(c, &numbers, "%.*s+%.*s", SPAN_ARG(numbers),
				     SPAN_ARG(number)));
		}
	}
	return path_fmt(c, out, "fd:%.*s:%s", SPAN_ARG(numbers), path);
}

/* Nothing of a step that failed stays behind empty. */
static void drop_empty(struct ctx *c, const struct step *s)
{
	struct stat st;

	for (size_t i = 0; i < s->made_count; i++)
		if (lstat(s->made[i], &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
			c->seam->unlink(s->made[i]);
}

static int write_flags(const struct command *command, const struct args *a)
{
	if (strcmp(command->words, "deliver") != 0 && strcmp(command->words, "backup") != 0)
		return O_WRONLY | O_CREAT;
	return O_RDWR | O_CREAT | (args_has(a, "resume") ? 0 : O_EXCL);
}

static bool is_papers(const struct command *command)
{
	return !strcmp(command->words, "paper") || !strcmp(command->words, "paper read");
}

/* sudo -u OWNER -C N -- SELF WORDS ARGS: everything but --key, with files as descriptors. */
static enum err compose(struct ctx *c, const struct command *command, const struct args *a,
			struct step *s)
{
	struct span words = span_str(command->words), word, rest;
	struct home home;
	struct stat st;
	char *self, *text;

	*s = (struct step){ .next_fd = FIRST_FD };
	TRY(home_find(c, args_get(a, "home"), &home));
	if (stat(home.dir, &st) != 0)
		FAIL(c, ERR_IO, "cannot stat %s: %s", home.dir, strerror(errno));
	TRY(path_fmt(c, &text, "#%u", (unsigned)st.st_uid));
	TRY(home_program(c, "writ", &self));
	for (const char *const *w =
		     (const char *const[]){ "sudo", "-u", text, "-C", "64", "--", self, NULL };
	     *w; w++)
		add(s, *w);
	for (; span_split(words, ' ', &word, &rest); words = rest) {
		TRY(span_cstr(c, word, &text));
		add(s, text);
	}
	TRY(span_cstr(c, words, &text));
	add(s, text);
	for (size_t i = 0; i < a->count; i++) {
		if (!strcmp(command->words, "order submit") ||
		    (i == 1 && !strcmp(command->words, "order transcribe")))
			TRY(lend_file(c, s, a->rest[i], O_RDONLY, &text));
		else
			TRY(span_cstr(c, span_str(a->rest[i]), &text));
		add(s, text);
	}
	/* sudo passes no environment on, so $WRIT_HOME goes as an option. */
	TRY(add_option(c, s, "home", home.dir));
	for (size_t i = 0; i < a->options; i++) {
		const char *name = a->option[i].name, *value = a->option[i].value;

		text = NULL;
		if (!strcmp(name, "key") || !strcmp(name, "home") ||
		    (is_papers(command) && !strcmp(name, "out")))
			continue;
		if (is_one_of(name, reads, COUNT_OF(reads)))
			TRY(lend_file(c, s, value, O_RDONLY, &text));
		else if (is_one_of(name, writes, COUNT_OF(writes)))
			TRY(lend_written(c, s, command, name, value, write_flags(command, a),
					 &text));
		TRY(add_option(c, s, name, text ? text : value));
	}
	return ERR_OK;
}

static enum err run(struct ctx *c, const struct step *s, int *status_out)
{
	char *words[WORDS_MAX];
	int status;
	pid_t pid;

	memcpy(words, s->word, sizeof words);
	pid = fork();
	if (pid == 0) {
		execvp(words[0], words);
		_exit(127);
	}
	if (pid < 0)
		FAIL(c, ERR_IO, "cannot start sudo: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			FAIL(c, ERR_IO, "cannot wait for sudo: %s", strerror(errno));
	*status_out = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (*status_out != 0)
		drop_empty(c, s);
	if (*status_out == 127)
		FAIL(c, ERR_NOT_FOUND,
		     "sudo is not installed; an installed home is reached through 'sudo -u writ'");
	return ERR_OK;
}

static enum err read_back(struct ctx *c, int fd, struct span *out)
{
	if (lseek(fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind the document: %s", strerror(errno));
	return fd_read_all(c, fd, DOCUMENT_MAX, out);
}

/* What is printed by the home's user into files of ours that have no name. */
struct fetched {
	struct span document;           /* what would be signed */
	struct span seal;               /* the seal's signature over it, where it has one */
	struct span keys;               /* the roster's passkeys, where a security key is to sign */
};

static enum err fetch_document(struct ctx *c, const struct command *command, const struct args *a,
			       struct fetched *out, int *status_out)
{
	FD_SCOPED int document = memfd_create("writ-document", MFD_CLOEXEC);
	FD_SCOPED int seal = memfd_create("writ-seal", MFD_CLOEXEC);
	FD_SCOPED int keys = memfd_create("writ-keys", MFD_CLOEXEC);
	const int fds[] = { document, seal, keys };
	struct span numbers = SPAN_NONE, number, rest;
	struct step s;
	char *text;

	if (document < 0 || seal < 0 || keys < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	TRY(compose(c, command, a, &s));
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		TRY(lend(c, &s, fds[i], "", &text));
		(void)span_split(span_str(text + 3), ':', &number, &rest);
		TRY(span_fmt(c, &numbers, "%.*s%s%.*s", SPAN_ARG(numbers), i ? "+" : "",
			     SPAN_ARG(number)));
	}
	TRY(path_fmt(c, &text, "fd:%.*s:", SPAN_ARG(numbers)));
	TRY(add_option(c, &s, "print", text));
	TRY(run(c, &s, status_out));
	if (*status_out != 0)
		return ERR_OK;
	TRY(read_back(c, seal, &out->seal));
	TRY(read_back(c, keys, &out->keys));
	return read_back(c, document, &out->document);
}

static enum err lend_text(struct ctx *c, struct step *s, const char *option, struct span text)
{
	FD_SCOPED int fd = -1;
	char *name;

	TRY(memfd_of(c, option, text, &fd));
	TRY(lend(c, s, fd, option, &name));
	return add_option(c, s, option, name);
}

/* The document's own kind names the namespace in which it is signed: asked_check has seen it. Which
 * passkeys there are the home says, and a lie of it is of no use: what a security key signs here
 * is native, and good for nothing but this document. */
static enum err sign(struct ctx *c, const struct args *a, const struct fetched *f,
		     struct json *signatures)
{
	const char *keys[16];
	size_t n = args_each(a, "key", keys, COUNT_OF(keys));
	struct json *d, *lines;
	struct span signature;
	char *kind;

	TRY(json_parse_canonical(c, f->document, &d));
	TRY(span_cstr(c, json_opt_text(d, "kind", SPAN_NONE), &kind));
	for (size_t i = 0; i < n; i++) {
		TRY(person_sign(c, keys[i], kind, f->document, &signature));
		json_add(c, signatures, json_text(c, signature));
	}
	if (!args_has(a, "security-key"))
		return ERR_OK;
	TRY(json_parse(c, f->keys, &lines));
	return sign_by_touch(c, a, lines, kind, f->document, signatures);
}

/* A paper into the caller's folder, with the caller's rights. */
static enum err take_paper(const char *dir, struct span name, int fd)
{
	CTX_SCOPED struct ctx c;
	struct span bytes;
	char *path;
	enum err e;

	TRY(ctx_begin(&c, COMMAND_MEMORY));
	e = lseek(fd, 0, SEEK_SET) == 0 ? fd_read_all(&c, fd, COMMAND_MEMORY / 2, &bytes) : ERR_IO;
	if (e == ERR_OK)
		e = path_fmt(&c, &path, "%s/%.*s", dir, SPAN_ARG(name));
	if (e == ERR_OK)
		e = file_write_once(&c, path, bytes, 0600);
	if (e != ERR_OK)
		(void)tell_error(&c, "paper");
	return e;
}

static void close_papers(int (*fds)[PAPER_FDS])
{
	for (size_t i = 0; i < PAPER_FDS; i++)
		fd_close(&(*fds)[i]);
}

/* The folder is the caller's, so the home's user gives the papers into files in memory: the first
 * has the names, the others the bytes. */
static enum err papers_run(struct ctx *c, const struct command *command, const struct args *a,
			   int *status_out)
{
	__attribute__((cleanup(close_papers))) int fds[PAPER_FDS];
	const char *dir = args_get(a, "out");
	struct span names, numbers = SPAN_NONE, number, rest, name;
	struct reader r = { .at = 0 };
	struct step s;
	char *text;

	memset(fds, -1, sizeof fds);
	TRY(dir_make(c, dir, 0700));
	TRY(compose(c, command, a, &s));
	for (size_t i = 0; i < PAPER_FDS; i++) {
		fds[i] = memfd_create("writ-paper", MFD_CLOEXEC);
		if (fds[i] < 0)
			FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
		TRY(lend(c, &s, fds[i], dir, &text));
		/* Its twin alone stays open: all of them have numbers that sudo leaves alone. */
		fd_close(&fds[i]);
		fds[i] = s.next_fd - 1;
		(void)span_split(span_str(text + 3), ':', &number, &rest);
		TRY(span_fmt(c, &numbers, "%.*s%s%.*s", SPAN_ARG(numbers), i ? "+" : "",
			     SPAN_ARG(number)));
	}
	TRY(path_fmt(c, &text, "fd:%.*s:%s", SPAN_ARG(numbers), dir));
	TRY(add_option(c, &s, "out", text));
	TRY(run(c, &s, status_out));
	if (*status_out != 0)
		return ERR_OK;
	if (lseek(fds[0], 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind the names: %s", strerror(errno));
	TRY(fd_read_all(c, fds[0], DOCUMENT_MAX, &names));
	r.s = names;
	for (size_t i = 1; i < PAPER_FDS && take_line(&r, &name); i++)
		/* The name is the home's word, the folder is the caller's. */
		if (name.n < 4 || name.p[2] != '-' || memchr(name.p, '/', name.n) ||
		    take_paper(dir, name, fds[i]) != ERR_OK)
			*status_out = err_exit_status(ERR_IO);
	return ERR_OK;
}

enum err step_run(struct ctx *c, const struct command *command, const struct args *a,
		  int *status_out)
{
	struct fetched f = { .document = SPAN_NONE };
	struct json *signatures = json_list(c);
	struct home home;
	struct step s;

	if (is_papers(command) && args_get(a, "out"))
		return papers_run(c, command, a, status_out);
	if ((!args_has(a, "key") && !args_has(a, "security-key")) || args_get(a, "print")) {
		TRY(compose(c, command, a, &s));
		return run(c, &s, status_out);
	}
	TRY(fetch_document(c, command, a, &f, status_out));
	if (*status_out != 0)
		return ERR_OK;
	TRY(home_find(c, args_get(a, "home"), &home));
	TRY(asked_check(c, command, a, &home, f.document, f.seal));
	TRY(sign(c, a, &f, signatures));
	TRY(compose(c, command, a, &s));
	TRY(lend_text(c, &s, "document", f.document));
	JSON_EACH(signature, signatures)
		TRY(lend_text(c, &s, "signature", signature->s));
	return run(c, &s, status_out);
}
