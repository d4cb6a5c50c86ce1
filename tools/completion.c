/*
 * The completion of bash, made from the table of commands: prints the given file with the rows of
 * command.def in the place of @ROWS@. SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

static const struct {
	const char *words, *arguments, *options;
} rows[] = {
#define X(words, handler, arguments, options, does) { words, arguments, options },
#include "cmd/command.def"
#undef X
};

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[4096];

	if (!in)
		return 1;
	while (fgets(line, sizeof line, in)) {
		if (strcmp(line, "@ROWS@\n") != 0) {
			fputs(line, stdout);
			continue;
		}
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			printf("\t'%s:%s:%s'\n", rows[i].words, rows[i].arguments, rows[i].options);
	}
	return fclose(in) != 0 || fflush(stdout) != 0;
}
