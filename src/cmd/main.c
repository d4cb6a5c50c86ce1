/*
 * writ: finds the command and runs it. writ is assumed captured: it holds no key, opens no
 * document from outside and signs nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "cmd/cmd.h"
#include "cmd/step.h"

const struct command commands[] = {
#define X(words, handler, arguments, options, does) { words, handler, arguments, options, does },
#include "cmd/command.def"
#undef X
};
const size_t command_count = COUNT_OF(commands);

/* How many words of argv the command's words are; 0 if they differ. */
static int match(const char *words, int argc, char **argv)
{
	struct span rest = span_str(words), word;
	int n = 0;

	for (; span_next(&rest, ' ', &word); n++)
		if (n >= argc || !span_is(word, argv[n]))
			return 0;
	return n;
}

static const struct command *find(int argc, char **argv, int *used_out)
{
	const struct command *best = NULL;

	*used_out = 0;
	for (size_t i = 0; i < command_count; i++) {
		int n = match(commands[i].words, argc, argv);

		if (n > *used_out) {
			*used_out = n;
			best = &commands[i];
		}
	}
	return best;
}

/* Letters left out, added or exchanged between two words, as far as three (Levenshtein). */
static size_t distance(struct span a, struct span b)
{
	size_t row[32], last, up;

	if (a.n >= COUNT_OF(row) || b.n >= COUNT_OF(row))
		return 3;
	for (size_t k = 0; k <= b.n; k++)
		row[k] = k;
	for (size_t i = 0; i < a.n; i++) {
		last = row[0]++;
		for (size_t k = 0; k < b.n; k++) {
			up = row[k + 1];
			last += a.p[i] != b.p[k];
			last = last < up + 1 ? last : up + 1;
			row[k + 1] = last < row[k] + 1 ? last : row[k] + 1;
			last = up;
		}
	}
	return row[b.n] < 3 ? row[b.n] : 3;
}

/* How far what was typed is from a command: its words alike, or its first word alone. */
static size_t miss(const struct command *command, int argc, char **argv)
{
	struct span rest = span_str(command->words), word = rest, tail = SPAN_NONE;
	bool two = span_split(rest, ' ', &word, &tail);
	size_t first = distance(span_str(argv[0]), two ? word : rest);

	if (!two)
		return first;
	return argc > 1 ? first + distance(span_str(argv[1]), tail) : first;
}

static int no_command(int argc, char **argv)
{
	const struct command *best = NULL;
	size_t least = 3;
	bool two = argc > 1 && argv[1][0] != '-';

	for (size_t i = 0; i < command_count; i++)
		if (miss(&commands[i], argc, argv) < least) {
			least = miss(&commands[i], argc, argv);
			best = &commands[i];
		}
	fprintf(stderr, "writ: there is no command '%s%s%s'\n  next: ", argv[0], two ? " " : "",
		two ? argv[1] : "");
	if (argv[0][0] == '-')
		fputs("options stand after the command; 'writ help' lists them\n", stderr);
	else if (best)
		fprintf(stderr, "perhaps 'writ %s'; 'writ help' lists them all\n", best->words);
	else
		fputs("'writ help' lists them\n", stderr);
	return err_exit_status(ERR_USAGE);
}

static int run(struct ctx *c, const struct command *command, int argc, char **argv)
{
	const char *const *args = (const char *const *)argv;
	struct args a;
	int status;
	enum err e;

	e = args_parse(c, command->options, argc, args, &a);
	if (e == ERR_OK && args_has(&a, "help")) {
		usage_say(command);
		return 0;
	}
	if (e == ERR_OK && step_needed(c, command, &a)) {
		e = step_run(c, command, &a, &status);
		if (e == ERR_OK)
			return status;
	} else if (e == ERR_OK) {
		e = command->run(c, command, &a);
	}
	if ((fflush(stdout) != 0 || ferror(stdout)) && e == ERR_OK)
		e = err_set(c, ERR_IO, __FILE__, __LINE__, "the output could not be written");
	if (e == ERR_OK)
		return 0;
	/* A command that has said everything itself leaves no words. */
	return c->why[0] ? tell_error(c, command->words) : err_exit_status(e);
}

int main(int argc, char **argv)
{
	struct ctx CTX_SCOPED c;
	const struct command *command;
	int used;

	umask(077);
	if (ctx_begin(&c, COMMAND_MEMORY) != ERR_OK)
		return err_exit_status(ERR_NOMEM);
	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version"))) {
		say("writ %s", WRIT_VERSION);
		return 0;
	}
	if (argc < 2 || !strcmp(argv[1], "--help")) {
		command = find(1, (char *[]){ (char[]){ "help" } }, &used);
		return run(&c, command, 0, NULL);
	}
	command = find(argc - 1, argv + 1, &used);
	if (!command)
		return no_command(argc - 1, argv + 1);
	return run(&c, command, argc - 1 - used, argv + 1 + used);
}
