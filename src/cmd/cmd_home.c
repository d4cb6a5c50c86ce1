/*
 * Commands of the home: init, doctor, help.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/questions.h"
#include "format/time.h"
#include "order/home.h"
#include "order/sign.h"

static const char *home_dir(const struct args *a)
{
	const char *dir = args_get(a, "home"), *from = getenv("WRIT_HOME");

	return dir ? dir : from && *from ? from : HOME_INSTALLED;
}

/* Signs the founding document with the founders' keys that are at hand, into files beside it. */
static enum err sign_founding(struct ctx *c, const struct args *a, const char *dir,
			      struct span document)
{
	const char *keys[16], *files[16];
	size_t n = args_each(a, "key", keys, COUNT_OF(keys));
	struct span signature;
	char *path;

	for (size_t i = 0; i < n; i++) {
		TRY(person_sign(c, keys[i], "roster", document, &signature));
		TRY(path_fmt(c, &path, "%s/founding.json.%zu.sig", dir, i + 1));
		TRY(file_write(c, path, signature, 0644));
		files[i] = path;
	}
	TRY(path_fmt(c, &path, "%s/founding.json", dir));
	return home_found(c, dir, path, files, n);
}

static enum err take_founding(struct ctx *c, const struct args *a, const char *dir)
{
	const char *files[16];
	size_t n = args_each(a, "signature", files, COUNT_OF(files));
	char *path;

	TRY(path_fmt(c, &path, "%s/founding.json", dir));
	return home_found(c, dir, args_get(a, "document") ? args_get(a, "document") : path, files,
			  n);
}

/* The seal is lost: the same people, policy and orders under a new one. */
static enum err init_again(struct ctx *c, const char *dir, struct span *document_out)
{
	const struct json *agencies;

	TRY(home_again(c, dir, document_out, &agencies));
	talk("%s/founding.json continues the old log from its last checkpoint. What was collected "
	     "and not yet delivered is to be collected again; nobody has the old keys.", dir);
	JSON_EACH(agency, agencies)
		talk("after the founding, register again: %.*s, '%.*s'",
		     SPAN_ARG(plain(c, json_opt_text(agency, "id", SPAN_NONE))),
		     SPAN_ARG(plain(c, json_opt_text(agency, "label", SPAN_NONE))));
	return ERR_OK;
}

static enum err init_new(struct ctx *c, const struct args *a, const char *dir,
			 const struct json **answers_out, struct span *document_out)
{
	bool single = args_has(a, "single-user");
	FD_SCOPED int fd = -1;

	if (!args_get(a, "answers"))    /* before nine questions are asked */
		TRY(home_none_yet(c, dir, single));
	TRY(args_get(a, "answers") ? file_open(c, args_get(a, "answers"), O_RDONLY, 0, &fd)
				   : questions_ask(c, &fd));
	TRY(answers_read(c, dir, single,
			 args_get(a, "answers") ? args_get(a, "answers") : "answers", fd,
			 answers_out));
	return home_make(c, dir, single, *answers_out, document_out);
}

static enum err agencies_left(struct ctx *c, const struct json *answers)
{
	JSON_EACH(agency, json_get(answers, "agencies")) {
		if (span_is(agency->s, "none"))
			continue;
		talk("next: register %.*s: writ agency add --id %.*s --name ... --country ... "
		     "--label ... --recipient age1... --checked ...",
		     SPAN_ARG(plain(c, json_opt_text(agency, "name", agency->s))),
		     SPAN_ARG(plain(c, json_opt_text(agency, "id", agency->s))));
	}
	return ERR_OK;
}

static enum err founded(const char *dir)
{
	say("the home at %s is founded", dir);
	talk("next: writ doctor says what is missing before orders may come in, and how each is "
	     "done; writ serve is the desk, writ passkey invite lets the first people in");
	return ERR_OK;
}

enum err cmd_init(struct ctx *c, const struct command *self, const struct args *a)
{
	const char *dir = home_dir(a);
	const struct json *answers = NULL;
	struct span document;

	TRY(usage_check(c, self, a, 0));
	if (has_signature(a)) {
		TRY(take_founding(c, a, dir));
		return founded(dir);
	}
	TRY(args_has(a, "continue") ? init_again(c, dir, &document)
				    : init_new(c, a, dir, &answers, &document));
	if (!args_has(a, "key")) {
		talk("%s/founding.json names the founders, the policy and the keys. Two founders "
		     "sign it, each on their own machine:", dir);
		talk("  ssh-keygen -Y sign -f KEY -n writ-roster@v1 founding.json");
		talk("then: writ init --home %s --signature A.sig --signature B.sig", dir);
		return ERR_OK;
	}
	TRY(sign_founding(c, a, dir, document));
	TRY(founded(dir));
	return answers ? agencies_left(c, answers) : ERR_OK;
}

/* ---- help ---- */

static void help_all(void)
{
	say("writ answers lawful orders for customer data in minutes, exactly, provably, and says "
	    "no to the rest.\n");
	for (size_t i = 0; i < command_count; i++)
		printf("  writ %-16s %s\n", commands[i].words, commands[i].does);
	say("\nwrit help COMMAND for its options; writ help reasons, states, exit-codes. Begin "
	    "with 'writ demo'.");
}

static bool help_topic(const char *topic)
{
	if (!strcmp(topic, "reasons")) {
#define X(code, words, cure) printf("  %-26s %s\n", code, words);
#include "law/reason.def"
#undef X
		return true;
	}
	if (!strcmp(topic, "states")) {
		for (int i = 0; i < ORDER_STATES; i++)
			printf("  %-14s %-60s %s\n", order_state_word((enum order_state)i),
			       order_state_means((enum order_state)i),
			       order_state_turn((enum order_state)i));
		return true;
	}
	if (!strcmp(topic, "exit-codes")) {
		say("  0 done\n  1 failed\n  2 wrong usage\n  3 not found\n  4 not allowed\n  5 "
		    "verification failed\n  6 busy\n"
		    "  7 done, but not completely\n  75 try again");
		return true;
	}
	return false;
}

enum err cmd_help(struct ctx *c, const struct command *self, const struct args *a)
{
	struct buf words;
	struct span topic;
	char *z;

	(void)self;
	if (a->count == 0) {
		help_all();
		return ERR_OK;
	}
	buf_begin(&words, c, 256);
	for (size_t i = 0; i < a->count; i++)
		buf_fmt(&words, "%s%s", i ? " " : "", a->rest[i]);
	TRY(buf_done(c, &words, &topic));
	TRY(span_cstr(c, topic, &z));
	if (help_topic(z))
		return ERR_OK;
	for (size_t i = 0; i < command_count; i++)
		if (!strcmp(commands[i].words, z)) {
			usage_say(&commands[i]);
			return ERR_OK;
		}
	FAIL(c, ERR_USAGE, "there is no command or topic '%s'", z);
}
