/*
 * The law engine without writ, for tests by the hundred thousand: loads the packs of folders, reads
 * one FACTS document as JSON per line and writes one decision per line. Never installed.
 *   lawtool [--state STATE] [--bench N] DIR...     the packs of all folders, by the names of files
 *   lawtool --words                                the table of facts, one JSON row per line
 * Facts that are none give a line {"error": why}. --bench judges every line N times over and prints
 * decisions per second in place of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "crypt/hash.h"
#include "format/facts.h"
#include "format/yaml.h"
#include "law/law.h"

#define MEMORY_BYTES ((size_t)256 << 20)
#define ONE_BYTES ((size_t)16 << 20)
#define LINE_MAX ((size_t)1 << 20)
#define INPUT_MAX ((size_t)64 << 20)

struct task {
	struct law *law;
	struct law_how how;
	int64_t bench;
	const char *dir[LAW_PACKS_MAX];
	unsigned dirs;
};

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static enum err names_of(struct ctx *c, const char *dir, char **name, unsigned *count_out)
{
	DIR *d = opendir(dir);
	enum err e = ERR_OK;
	unsigned n = 0;

	if (!d)
		FAIL(c, ERR_NOT_FOUND, "%s: %s", dir, strerror(errno));
	for (struct dirent *entry; e == ERR_OK && n < LAW_PACKS_MAX && (entry = readdir(d));)
		if (span_ends(span_str(entry->d_name), ".yaml"))
			e = path_fmt(c, &name[n++], "%s", entry->d_name);
	closedir(d);
	qsort(name, n, sizeof *name, by_name);
	*count_out = n;
	return e;
}

static enum err load_folder(struct ctx *c, struct law *law, const char *dir)
{
	char *name[LAW_PACKS_MAX], *path;
	unsigned n = 0;

	TRY(names_of(c, dir, name, &n));
	for (unsigned i = 0; i < n; i++) {
		struct span text, canonical, hex;
		struct json *doc;

		TRY(path_fmt(c, &path, "%s/%s", dir, name[i]));
		TRY(file_read(c, path, YAML_BYTES_MAX, &text));
		TRY(yaml_parse(c, name[i], text, &doc));
		TRY(json_write(c, doc, ONE_BYTES, &canonical));
		TRY(sha256_hex(c, canonical, &hex));
		TRY(law_add(c, law, name[i], doc, hex, LAW_DRAFT));
	}
	return ERR_OK;
}

static enum err judge(struct ctx *c, const struct task *t, struct span line, struct span *out)
{
	struct json *facts, *decision;

	TRY(json_parse(c, line, &facts));
	TRY(facts_check(c, "facts", facts, FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED));
	TRY(law_judge(c, t->law, facts, &t->how, &decision));
	return json_write(c, decision, LAW_DECISION_MAX, out);
}

static enum err judge_line(const struct task *t, struct span line)
{
	CTX_SCOPED struct ctx c;
	struct span out;
	struct json *error;

	TRY(ctx_begin(&c, ONE_BYTES));
	if (judge(&c, t, line, &out) != ERR_OK) {
		char why[sizeof c.why];

		memcpy(why, c.why, sizeof why);
		err_clear(&c);
		error = json_object(&c);
		json_set_text(&c, error, "error", span_str(why));
		TRY(json_write(&c, error, LINE_MAX, &out));
	}
	if (t->bench)
		return ERR_OK;
	fwrite(out.p, 1, out.n, stdout);
	putchar('\n');
	return fflush(stdout) ? ERR_FAILED : ERR_OK;
}

static enum err each_line(const struct task *t, struct span text, int64_t *count)
{
	struct span line;

	while (span_split(text, '\n', &line, &text)) {
		TRY(judge_line(t, line));
		++*count;
	}
	return ERR_OK;
}

/* All of standard input first: what is measured is the judging. */
static enum err bench(struct ctx *c, const struct task *t)
{
	int64_t began, took, count = 0;
	struct span text;

	TRY(fd_read_all(c, 0, INPUT_MAX, &text));
	began = c->seam->mono_ms();
	for (int64_t i = 0; i < t->bench; i++)
		TRY(each_line(t, text, &count));
	took = c->seam->mono_ms() - began;
	printf("%lld decisions, %.3f s, %.0f per second\n", (long long)count, (double)took / 1000,
	       (double)count * 1000 / (double)(took ? took : 1));
	return ERR_OK;
}

static enum err print_words(struct ctx *c)
{
	size_t count;
	const struct fact_field *field = facts_fields(&count);

	for (size_t i = 0; i < count; i++) {
		struct json *o = json_object(c);
		struct span text;

		json_set_str(c, o, "path", field[i].path);
		json_set_int(c, o, "type", field[i].type);
		json_set_int(c, o, "flags", field[i].flags);
		json_set_str(c, o, "words", field[i].words);
		TRY(json_write(c, o, LINE_MAX, &text));
		printf("%.*s\n", SPAN_ARG(text));
	}
	return ERR_OK;
}

static enum err options(struct ctx *c, int words, char **word, struct task *t)
{
	t->how = (struct law_how){ .what_if = true, .state = LAW_ADOPTED };
	for (int i = 1; i < words; i++) {
		if (!strcmp(word[i], "--state") && i + 1 < words) {
			if (!law_state_of(span_str(word[++i]), &t->how.state))
				FAIL(c, ERR_USAGE, "no state: %s", word[i]);
		} else if (!strcmp(word[i], "--bench") && i + 1 < words) {
			if (!span_to_i64(span_str(word[++i]), &t->bench) || t->bench < 1)
				FAIL(c, ERR_USAGE, "no number: %s", word[i]);
		} else if (word[i][0] == '-' || t->dirs == LAW_PACKS_MAX) {
			FAIL(c, ERR_USAGE, "lawtool [--state STATE] [--bench N] DIR... | --words");
		} else {
			t->dir[t->dirs++] = word[i];
		}
	}
	return ERR_OK;
}

static enum err run(struct ctx *c, int words, char **word)
{
	static char line[LINE_MAX];
	struct task t = { 0 };

	if (words == 2 && !strcmp(word[1], "--words"))
		return print_words(c);
	TRY(options(c, words, word, &t));
	TRY(law_open(c, &t.law));
	for (unsigned i = 0; i < t.dirs; i++)
		TRY(load_folder(c, t.law, t.dir[i]));
	TRY(law_close(c, t.law));
	if (t.bench)
		return bench(c, &t);
	while (fgets(line, sizeof line, stdin)) {
		size_t n = strcspn(line, "\n");

		TRY(judge_line(&t, span_of(line, n)));
	}
	return ERR_OK;
}

int main(int words, char **word)
{
	CTX_SCOPED struct ctx c;
	enum err e = ctx_begin(&c, MEMORY_BYTES);

	if (e == ERR_OK)
		e = run(&c, words, word);
	if (e != ERR_OK)
		fprintf(stderr, "lawtool: %s: %s\n", err_text(e), c.why);
	return err_exit_status(e);
}
