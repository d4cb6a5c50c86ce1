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
#include "order/sign.h"

#define WORDS_MAX 160u
#define DOCUMENT_MAX ((size_t)4 << 20)
#define FIRST_FD 10     /* descriptors that go along are numbered from here, so sudo is told -C */

/* Commands that read no home, and those that root does as itself. */
static const char *const elsewhere[] = { "help", "verify", "demo", "init", "order new" };
/* Options that name a file to read; --out, --print and --edit name one to write. */
static const char *const reads[] = { "paper", "document", "signature", "scope", "pub" };
static const char *const writes[] = { "out", "print", "edit" };

struct step {
	const char *word[WORDS_MAX];
	size_t words;
	int next_fd;
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
	FD_SCOPED int fd = -1;

	TRY(file_open(c, path, flags, 0600, &fd));
	return lend(c, s, fd, path, out);
}

static int write_flags(const struct command *command, const struct args *a)
{
	if (strcmp(command->words, "deliver") != 0)
		return O_WRONLY | O_CREAT;
	return O_WRONLY | O_CREAT | (args_has(a, "resume") ? 0 : O_EXCL);
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
		if (!strcmp(command->words, "order submit"))
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
		if (!strcmp(name, "key") || !strcmp(name, "home"))
			continue;
		if (is_one_of(name, reads, COUNT_OF(reads)))
			TRY(lend_file(c, s, value, O_RDONLY, &text));
		else if (is_one_of(name, writes, COUNT_OF(writes)))
			TRY(lend_file(c, s, value, write_flags(command, a), &text));
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
	if (*status_out == 127)
		FAIL(c, ERR_NOT_FOUND,
		     "sudo is not installed; an installed home is reached through 'sudo -u writ'");
	return ERR_OK;
}

/* The document that would be signed, printed by the home's user into a file of ours. */
static enum err fetch_document(struct ctx *c, const struct command *command, const struct args *a,
			       struct span *out, int *status_out)
{
	FD_SCOPED int fd = memfd_create("writ-document", MFD_CLOEXEC);
	struct step s;
	char *text;

	if (fd < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	TRY(compose(c, command, a, &s));
	TRY(lend(c, &s, fd, "document", &text));
	TRY(add_option(c, &s, "print", text));
	TRY(run(c, &s, status_out));
	if (*status_out != 0)
		return ERR_OK;
	if (lseek(fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind the document: %s", strerror(errno));
	return fd_read_all(c, fd, DOCUMENT_MAX, out);
}

static enum err lend_text(struct ctx *c, struct step *s, const char *option, struct span text)
{
	FD_SCOPED int fd = -1;
	char *name;

	TRY(memfd_of(c, option, text, &fd));
	TRY(lend(c, s, fd, option, &name));
	return add_option(c, s, option, name);
}

/* The document's own kind names the namespace in which it is signed. */
static enum err sign(struct ctx *c, const char *key, struct span document,
		     struct span *signature_out)
{
	struct json *d;
	char *kind;

	TRY(json_parse_canonical(c, document, &d));
	TRY(span_cstr(c, json_opt_text(d, "kind", SPAN_NONE), &kind));
	return person_sign(c, key, kind, document, signature_out);
}

enum err step_run(struct ctx *c, const struct command *command, const struct args *a,
		  int *status_out)
{
	const char *keys[16];
	size_t n = args_each(a, "key", keys, COUNT_OF(keys));
	struct span document, signature;
	struct step s;

	if (n == 0) {
		TRY(compose(c, command, a, &s));
		return run(c, &s, status_out);
	}
	TRY(fetch_document(c, command, a, &document, status_out));
	if (*status_out != 0)
		return ERR_OK;
	TRY(compose(c, command, a, &s));
	TRY(lend_text(c, &s, "document", document));
	for (size_t i = 0; i < n; i++) {
		TRY(sign(c, keys[i], document, &signature));
		TRY(lend_text(c, &s, "signature", signature));
	}
	return run(c, &s, status_out);
}
