/*
 * The nine questions of 'writ init', asked on a terminal; the answers become the same YAML that
 * --answers FILE takes and go the same way.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/questions.h"
#include "crypt/signature.h"

/* What an answer must be; why it is not, in c. */
typedef enum err answer_fn(struct ctx *c, struct span answer);

static enum err ask_once(struct ctx *c, const char *question, const char *fallback,
			 struct span *out)
{
	char line[1024];

	fprintf(stderr, "%s%s%s%s ", question, fallback ? " [" : "", fallback ? fallback : "",
		fallback ? "]" : "");
	if (!fgets(line, sizeof line, stdin))
		FAIL(c, ERR_USAGE, "the questions were not answered");
	*out = span_trim(span_str(line));
	if (out->n == 0 && fallback)
		*out = span_str(fallback);
	return span_copy(c, *out, out);
}

/* The same question again until the answer can stand: nobody answers nine of them twice. */
static enum err ask(struct ctx *c, const char *question, const char *fallback, answer_fn *must,
		    struct span *out)
{
	for (;;) {
		TRY(ask_once(c, question, fallback, out));
		if (must(c, *out) == ERR_OK)
			return ERR_OK;
		talk("   %s", c->why);
		err_clear(c);
	}
}

static enum err must_quote(struct ctx *c, struct span answer)
{
	for (size_t i = 0; i < answer.n; i++)
		if (answer.p[i] == '"' || answer.p[i] == '\\')
			FAIL(c, ERR_USAGE,
			     "an answer cannot hold a quotation mark or a backslash");
	return ERR_OK;
}

static enum err must_say(struct ctx *c, struct span answer)
{
	if (!answer.n)
		FAIL(c, ERR_USAGE, "this one needs an answer");
	return must_quote(c, answer);
}

static enum err must_country(struct ctx *c, struct span answer)
{
	if (answer.n != 2 || answer.p[0] < 'A' || answer.p[0] > 'Z' || answer.p[1] < 'A' ||
	    answer.p[1] > 'Z')
		FAIL(c, ERR_USAGE, "two capitals, such as DE or FR");
	return ERR_OK;
}

static enum err must_key(struct ctx *c, struct span answer)
{
	struct person_key key;
	struct span text = answer;
	char *path;

	TRY(must_say(c, answer));
	if (!span_starts(answer, "ssh-") && !span_starts(answer, "ecdsa-") &&
	    !span_starts(answer, "sk-")) {
		TRY(span_cstr(c, answer, &path));
		TRY(file_read(c, path, 65536, &text));
	}
	return person_key_parse(c, span_trim(text), &key);
}

static enum err must_ticks(struct ctx *c, struct span answer)
{
	if (!span_is(answer, "on-demand") && !span_is(answer, "10s"))
		FAIL(c, ERR_USAGE, "on-demand, or 10s");
	return ERR_OK;
}

static enum err must_days(struct ctx *c, struct span answer)
{
	int64_t days;

	if (!span_to_i64(answer, &days) || days < 0)
		FAIL(c, ERR_USAGE, "a number of days");
	return ERR_OK;
}

static enum err ask_founder(struct ctx *c, struct buf *b, const char *which, bool needed,
			    struct span *name_out)
{
	struct span user, key;

	TRY(ask(c, which, NULL, needed ? must_say : must_quote, name_out));
	if (name_out->n == 0)
		return ERR_OK;
	TRY(ask(c, "   their Unix user?", NULL, must_say, &user));
	TRY(ask(c, "   their SSH public key (a line, or the path of a .pub file)?", NULL, must_key,
		&key));
	buf_fmt(b,
		"  - name: \"%.*s\"\n    unix_user: \"%.*s\"\n    key: \"%.*s\"\n    may:\n      - "
		"decide\n      - approve\n"
		"      - roster\n      - halt\n",
		SPAN_ARG(*name_out), SPAN_ARG(user), SPAN_ARG(key));
	return ERR_OK;
}

enum err questions_ask(struct ctx *c, int *fd_out)
{
	struct span text, name, path;
	struct buf b;

	if (!isatty(0)) {
		err_next(c, "writ init --answers FILE (man writ, section INIT)");
		FAIL(c, ERR_USAGE, "there is no terminal to ask the nine questions on");
	}
	buf_begin(&b, c, 65536);
	static const struct {
		const char *key, *question;
		answer_fn *must;
	} plain_questions[] = {
		{ "provider", "1. Name of the provider?", must_say },
		{ "domain", "2. Its main domain?", must_say },
		{ "country", "3. Its country (two capitals)?", must_country },
	};
	for (size_t i = 0; i < COUNT_OF(plain_questions); i++) {
		TRY(ask(c, plain_questions[i].question, NULL, plain_questions[i].must, &text));
		buf_fmt(&b, "%s: \"%.*s\"\n", plain_questions[i].key, SPAN_ARG(text));
	}
	buf_str(&b, "founders:\n");
	TRY(ask_founder(c, &b, "4. First founder's name?", true, &name));
	TRY(ask_founder(c, &b, "   Second founder's name?", true, &name));
	do
		TRY(ask_founder(c, &b, "   Another (empty = no more)?", false, &name));
	while (name.n);
	TRY(ask(c, "5. Id of the first agency to register afterwards?", "none", must_say, &text));
	buf_fmt(&b, "agencies:\n  - \"%.*s\"\n", SPAN_ARG(text));
	TRY(ask(c, "6. Path template of the Maildirs?", "/var/vmail/{domain}/{local}/Maildir",
		must_say, &path));
	buf_fmt(&b, "stores:\n  - name: \"main\"\n    kind: \"maildir\"\n    path: \"%.*s\"\n    "
		"region: \"unknown\"\n    law: \"unknown\"\n"
		    "    categories:\n      - \"CONTENT_COMM\"\n      - \"MSG_META\"\n",
		SPAN_ARG(path));
	TRY(ask(c, "7. Ticks of the log: on-demand, or 10s (needs the ticker)?", "on-demand",
		must_ticks, &text));
	buf_fmt(&b, "ticks: \"%.*s\"\n", SPAN_ARG(text));
	TRY(ask(c, "8. How many days are released packages kept?", "90", must_days, &text));
	buf_fmt(&b, "retention: \"%.*s\"\n", SPAN_ARG(text));
	TRY(ask(c,
		"9. How many days before disclosure is the customer told, where nothing forbids "
		"it?",
		"7", must_days, &text));
	buf_fmt(&b, "notice: \"%.*s\"\n", SPAN_ARG(text));
	TRY(buf_done(c, &b, &text));
	return memfd_of(c, "writ-answers", text, fd_out);
}
