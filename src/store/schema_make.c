/*
 * Build tool: turns the schema files into C for one engine, with the type tokens replaced.
 *   schema_make sqlite|postgres OUT.c 001.sql 002.sql ...
 * Refuses unknown tokens, gaps in the numbers and anything that it cannot read. Not part of any
 * program of writ.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/view.def"

#define FILE_MAX 65536

static const struct {
	const char *token, *sqlite, *postgres;
} tokens[] = {
	{ "@order_view", VIEW_COLUMNS(VIEW_DDL), VIEW_COLUMNS(VIEW_DDL) }, /* holds tokens itself */
	{ "@strict", "STRICT", "" },
	{ "@text", "TEXT", "text" },
	{ "@i64", "INTEGER", "bigint" },
};

static void stop(const char *what, const char *which)
{
	fprintf(stderr, "schema_make: %s: %s\n", what, which);
	exit(1);
}

static void put_byte(FILE *out, char x)
{
	if (x == '\n')
		fputs("\\n\"\n\t\"", out);
	else if (x == '\t')
		fputs("\\t", out);
	else if (x == '"' || x == '\\')
		fprintf(out, "\\%c", x);
	else
		fputc(x, out);
}

/* Writes text as the inside of a C string; a replacement may hold tokens, but not the same again.
 */
static void put_text(FILE *out, const char *text, bool sqlite)
{
	while (*text) {
		size_t i = 0, n = sizeof tokens / sizeof *tokens;

		if (*text != '@') {
			put_byte(out, *text++);
			continue;
		}
		while (i < n && strncmp(text, tokens[i].token, strlen(tokens[i].token)) != 0)
			i++;
		if (i == n)
			stop("unknown token at", text);
		text += strlen(tokens[i].token);
		put_text(out, sqlite ? tokens[i].sqlite : tokens[i].postgres, sqlite);
	}
}

/* Without comment lines: what they say of the source is no part of the database. */
static void put_file(FILE *out, const char *path, bool sqlite)
{
	char line[1024];
	FILE *in = fopen(path, "r");

	if (!in)
		stop("cannot open", path);
	while (fgets(line, sizeof line, in)) {
		size_t n = strlen(line);

		if (n == 0 || line[n - 1] != '\n')
			stop("a line is too long or does not end in", path);
		if (strncmp(line, "--", 2) != 0)
			put_text(out, line, sqlite);
	}
	if (ferror(in))
		stop("cannot read", path);
	fclose(in);
}

int main(int argc, char **argv)
{
	bool sqlite = argc > 1 && strcmp(argv[1], "sqlite") == 0;
	const char *engine = sqlite ? "sqlite" : "postgres";
	FILE *out;

	if (argc < 4 || strcmp(argv[1], engine) != 0)
		stop("usage", "schema_make sqlite|postgres OUT.c NNN.sql...");
	out = fopen(argv[2], "w");
	if (!out)
		stop("cannot write", argv[2]);
	fprintf(out, "/* Made by schema_make from src/store/schema. */\n#include "
		     "\"store/schema.h\"\n\n");
	fprintf(out, "const struct schema_step schema_%s[] = {\n", engine);
	for (int i = 3; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');

		name = name ? name + 1 : argv[i];
		if (strtol(name, NULL, 10) != i - 2)
			stop("schema files must be 001.sql, 002.sql, ... without gap", argv[i]);
		fprintf(out, "\t{ %d,\n\t\"", i - 2);
		put_file(out, argv[i], sqlite);
		fprintf(out, "\" },\n");
	}
	fprintf(out, "};\nconst unsigned schema_%s_count = %d;\n", engine, argc - 3);
	if (fclose(out) != 0)
		stop("cannot write", argv[2]);
	return 0;
}
