/*
 * Build tool: copies the template of the man page writ-order to stdout and puts the table of facts
 * in the place of its line .\" FACTS, so that the page says what the program reads.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *path, *type, *flags, *words, *meaning;
} facts[] = {
#define X(path, type, flags, words, meaning) { path, #type, #flags, words, meaning },
#include "format/facts.def"
#undef X
};

static const struct {
	const char *type, *words;
} types[] = {
	{ "VERSION", "1" },
	{ "INSTANT", "an instant, 2026-11-22T10:00:00Z" },
	{ "DATE", "a day, 2026-11-22" },
	{ "DATE_OR_INSTANT", "a day or an instant" },
	{ "COUNTRY", "two capitals" },
	{ "COUNTRY_OR_NONE", "two capitals, or NONE" },
	{ "REGION", "ISO 3166-2" },
	{ "LANGUAGE", "two letters" },
	{ "SHA256", "64 hex digits" },
	{ "YES_NO", "yes or no" },
	{ "NUMBER", "a number" },
	{ "CODE", "a word in capitals" },
	{ "NAME", "a-z, 0-9, _ and -" },
	{ "TEXT", "text" },
};

static void put_row(size_t i)
{
	printf(".It Cm %s%s%s\n%c%s.\n", facts[i].path,
	       strstr(facts[i].flags, "LIST") ? " \\(da" : "",
	       strstr(facts[i].flags, "OURS") ? " *" : "",
	       toupper((unsigned char)facts[i].meaning[0]), facts[i].meaning + 1);
	if (facts[i].words[0]) {
		printf("One of %s.\n", facts[i].words);
		return;
	}
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
		if (strcmp(types[t].type, facts[i].type) == 0)
			printf("(%s)\n", types[t].words);
}

static void put_facts(void)
{
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		put_row(i);
	puts(".El");
}

int main(int argc, char **argv)
{
	char line[512];
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (!f) {
		fputs("usage: facts_page TEMPLATE\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof line, f)) {
		if (strcmp(line, ".\\\" FACTS\n") == 0)
			put_facts();
		else
			fputs(line, stdout);
	}
	return ferror(f) || fclose(f) != 0 || fflush(stdout) != 0;
}
