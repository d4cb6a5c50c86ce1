/*
 * Plans and packs without seal and cage, for test/flow/test_pack.py and the benchmark:
 *   packtool STORES.json SCOPE.json REF MADE_AT AGE1... OUT.payload OUT.header [count]
 * STORES.json is what the YAML reader gives. One JSON line with the counts on stdout; with "count"
 * nothing is written.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "hand/pack.h"

static struct json *lines_json(struct ctx *c, const struct pack_counts *n)
{
	struct json *list = json_list(c);

	for (size_t i = 0; i < n->line_count; i++) {
		struct json *o = json_object(c);

		json_set_text(c, o, "id", n->line[i].id);
		json_set_text(c, o, "store", n->line[i].store);
		json_set_text(c, o, "account", n->line[i].account);
		json_set_int(c, o, "items", n->line[i].items);
		json_set_int(c, o, "bytes", n->line[i].bytes);
		json_set_int(c, o, "undated", n->line[i].undated);
		json_set_text(c, o, "problem", n->line[i].problem);
		json_add(c, list, o);
	}
	return list;
}

static struct json *unreadable_json(struct ctx *c, const struct unreadables *all)
{
	struct json *list = json_list(c);

	for (const struct unreadable *u = all->first; u; u = u->next) {
		struct json *o = json_object(c);

		json_set_text(c, o, "folder", u->folder);
		json_set_text(c, o, "source_id", u->source_id);
		json_set_text(c, o, "why", u->why);
		json_add(c, list, o);
	}
	return list;
}

/* VmHWM: what getrusage says is the caller's where that was larger. */
static long long peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long long kib = -1;

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoll(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

static enum err put(struct ctx *c, const struct pack_counts *n, const struct pack_result *r)
{
	struct json *o = json_object(c);
	struct span hex, text;

	json_set_int(c, o, "items", n->items);
	json_set_int(c, o, "bytes", n->bytes);
	json_set_int(c, o, "undated", n->undated);
	json_set(c, o, "lines", lines_json(c, n));
	json_set(c, o, "unreadable", unreadable_json(c, &n->unreadable));
	if (r) {
		TRY(hex_encode(c, sha256_span(&r->manifest), &hex));
		json_set_text(c, o, "manifest_sha256", hex);
		TRY(hex_encode(c, sha256_span(&r->tagmanifest), &hex));
		json_set_text(c, o, "tagmanifest_sha256", hex);
		json_set_int(c, o, "payload_bytes", r->payload_bytes);
	}
	json_set_int(c, o, "peak_kib", peak_kib());
	TRY(json_write(c, o, (size_t)1 << 24, &text));
	return printf("%.*s\n", SPAN_ARG(text)) > 0 && fflush(stdout) == 0 ? ERR_OK : ERR_IO;
}

struct inputs {
	struct stores stores;
	struct demand_lines lines;
	struct source **source;
	size_t count;
};

static enum err inputs_open(struct ctx *c, char **word, struct inputs *in)
{
	struct json *stores, *scope;
	struct span text;

	TRY(file_read(c, word[1], (size_t)1 << 20, &text));
	TRY(json_parse(c, text, &stores));
	TRY(stores_read(c, stores, word[1], &in->stores));
	TRY(file_read(c, word[2], (size_t)1 << 24, &text));
	TRY(json_parse(c, text, &scope));
	TRY(lines_read(c, scope, &in->lines));
	return sources_open(c, &in->stores, &in->lines, &in->source, &in->count);
}

static enum err pack_out(struct ctx *c, char **word, struct pack *pack)
{
	FD_SCOPED int fd = -1;
	struct age_recipient to;
	struct pack_result result;
	struct belt *belt;
	int64_t made_at_utc;
	enum err e;

	if (!span_to_i64(span_str(word[4]), &made_at_utc))
		FAIL(c, ERR_USAGE, "%s is no time", word[4]);
	TRY(age_recipient_parse(c, span_str(word[5]), &to));
	TRY(file_open(c, word[6], O_WRONLY | O_CREAT | O_EXCL, 0600, &fd));
	TRY(belt_open(c, fd, &belt));
	e = pack_write(c, pack, made_at_utc, &to, belt, &result);
	belt_close(&belt);
	if (e == ERR_DEGRADED) {
		struct span why;

		TRY(span_copy(c, span_str(c->why), &why));
		err_clear(c);
		TRY(put(c, &result.counts, NULL));
		FAIL(c, ERR_DEGRADED, "%.*s", SPAN_ARG(why));
	}
	TRY(e);
	TRY(file_write(c, word[7], result.header, 0600));
	return put(c, &result.counts, &result);
}

static enum err run(struct ctx *c, int words, char **word, struct inputs *in)
{
	struct pack_job job = { .order = span_str(word[3]) };
	struct pack_counts counts;
	struct pack *pack;

	TRY(inputs_open(c, word, in));
	job.lines = &in->lines;
	job.sources = in->source;
	job.source_count = in->count;
	TRY(pack_plan(c, &job, &pack, &counts));
	if (words == 9 && strcmp(word[8], "count") == 0)
		return put(c, &counts, NULL);
	return pack_out(c, word, pack);
}

int main(int count, char **word)
{
	CTX_SCOPED struct ctx c = { 0 };
	struct inputs in = { .count = 0 };
	enum err e;

	if (count < 8 || count > 9 || ctx_begin(&c, (size_t)4 << 30) != ERR_OK)
		return 2;
	e = run(&c, count, word, &in);
	sources_close(in.source, in.count);
	if (e != ERR_OK)
		fprintf(stderr, "packtool: %s: %s\n", err_text(e), c.why);
	return err_exit_status(e);
}
