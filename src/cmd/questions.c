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

static enum err ask(struct ctx *c, const char *question, const char *fallback, struct span *out)
{
	char line[1024];

	fprintf(stderr, "%s%s%s%s ", question, fallback ? " [" : "", fallback ? fallback : "",
		fallback ? "]" : "");
	if (!fgets(line, sizeof line, stdin))
		FAIL(c, ERR_USAGE, "the questions were not answered");
	*out = span_trim(span_str(line));
	if (out->n == 0 && fallback)
		*out = span_str(fallback);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '"' || out->p[i] == '\\')
			FAIL(c, ERR_USAGE, "an answer cannot hold a quotation mark or a backslash");
	return span_copy(c, *out, out);
}

static enum err ask_founder(struct ctx *c, struct buf *b, const char *which, struct span *name_out)
{
	struct span user, key;

	TRY(ask(c, which, "", name_out));
	if (name_out->n == 0)
		return ERR_OK;
	TRY(ask(c, "   their Unix user?", NULL, &user));
	TRY(ask(c, "   their SSH public key (a line, or the path of a .pub file)?", NULL, &key));
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
		const char *key, *question, *fallback;
	} plain_questions[] = {
		{ "provider", "1. Name of the provider?", NULL },
		{ "domain", "2. Its main domain?", NULL },
		{ "country", "3. Its country (two capitals)?", NULL },
	};
	for (size_t i = 0; i < COUNT_OF(plain_questions); i++) {
		TRY(ask(c, plain_questions[i].question, plain_questions[i].fallback, &text));
		buf_fmt(&b, "%s: \"%.*s\"\n", plain_questions[i].key, SPAN_ARG(text));
	}
	buf_str(&b, "founders:\n");
	TRY(ask_founder(c, &b, "4. First founder's name?", &name));
	TRY(ask_founder(c, &b, "   Second founder's name?", &name));
	do
		TRY(ask_founder(c, &b, "   Another (empty = no more)?", &name));
	while (name.n);
	TRY(ask(c, "5. Id of the first agency to register afterwards?", "none", &text));
	buf_fmt(&b, "agencies:\n  - \"%.*s\"\n", SPAN_ARG(text));
	TRY(ask(c, "6. Path template of the Maildirs?", "/var/vmail/{domain}/{local}/Maildir",
		&path));
	buf_fmt(&b, "stores:\n  - name: \"main\"\n    kind: \"maildir\"\n    path: \"%.*s\"\n    "
		"region: \"unknown\"\n    law: \"unknown\"\n"
		    "    categories:\n      - \"CONTENT_COMM\"\n      - \"MSG_META\"\n",
		SPAN_ARG(path));
	TRY(ask(c, "7. Ticks of the log: on-demand, or 10s (needs the ticker)?", "on-demand",
		&text));
	buf_fmt(&b, "ticks: \"%.*s\"\n", SPAN_ARG(text));
	TRY(ask(c, "8. How many days are released packages kept?", "90", &text));
	buf_fmt(&b, "retention: \"%.*s\"\n", SPAN_ARG(text));
	TRY(ask(c,
		"9. How many days before disclosure is the customer told, where nothing forbids "
		"it?",
		"7", &text));
	buf_fmt(&b, "notice: \"%.*s\"\n", SPAN_ARG(text));
	TRY(buf_done(c, &b, &text));
	return memfd_of(c, "writ-answers", text, fd_out);
}
