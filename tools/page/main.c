/*
 * Build tool: templates and words into C (page.h, src/web/page/README.md).
 *	page [--fill] OUT_FOLDER DEPFILE FILE... SOURCE_FOLDER
 * .html are templates, .txt words; words may also be used by the C files of SOURCE_FOLDER. Writes
 * pages.h, words.h, words.c, page_NAME.c for each page, and with --fill what fills them for tests;
 * what did not change keeps its time, so that nothing else is built anew. Each file with an error is
 * reported, the first error of each. It is part of no program.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "page.h"

#include <fcntl.h>
#include <fts.h>
#include <stdio.h>

#include "base/file.h"

#define MEMORY ((size_t)512 << 20)

/* What a build makes can be made again: nothing waits for the disk. */
static enum err put(struct ctx *c, const char *path, struct span text)
{
	FD_SCOPED int fd = -1;

	TRY(file_open(c, path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &fd));
	return fd_write_all(c, fd, text);
}

static enum err put_file(struct ctx *c, const char *folder, struct span name, const char *end,
			 const struct buf *b)
{
	struct span now, was;
	char *path;

	TRY(buf_done(c, b, &now));
	TRY(path_fmt(c, &path, "%s/%.*s%s", folder, SPAN_ARG(name), end));
	if (file_exists(path)) {
		TRY(file_read(c, path, OUT_MAX, &was));
		if (span_eq(was, now))
			return ERR_OK;
	}
	return put(c, path, now);
}

static enum err make_page(struct site *s, struct shape *page, const char *folder)
{
	struct node *nodes;
	struct span name;
	struct buf b;

	TRY(page_expand(s, page, &nodes));
	TRY(page_check(s, nodes));
	buf_begin(&b, s->c, OUT_MAX);
	TRY(page_emit_c(s, page, nodes, &b));
	TRY(span_fmt(s->c, &name, "page_%.*s", SPAN_ARG(page->name)));
	return put_file(s->c, folder, name, ".c", &b);
}

static enum err make_rest(struct site *s, const char *folder)
{
	struct buf pages, words_h, words_c;

	TRY(page_check_slots(s));
	TRY(words_used(s));
	buf_begin(&pages, s->c, OUT_MAX);
	buf_begin(&words_h, s->c, OUT_MAX);
	buf_begin(&words_c, s->c, OUT_MAX);
	TRY(pages_emit_h(s, &pages));
	TRY(words_emit_h(s, &words_h));
	TRY(words_emit_c(s, &words_c));
	TRY(put_file(s->c, folder, SPAN("pages"), ".h", &pages));
	TRY(put_file(s->c, folder, SPAN("words"), ".h", &words_h));
	return put_file(s->c, folder, SPAN("words"), ".c", &words_c);
}

static int report(struct ctx *c, enum err e)
{
	if (e == ERR_OK)
		return 0;
	fprintf(stderr, "%s\n", c->why);
	err_clear(c);
	return 1;
}

/* The C files below a folder: each is looked through for words, and named to ninja. */
static enum err scan_folder(struct site *s, char *folder, struct buf *deps)
{
	char *paths[] = { folder, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	enum err e = ERR_OK;

	if (!fts)
		FAIL(s->c, ERR_IO, "%s: cannot be read", folder);
	for (FTSENT *f = fts_read(fts); f && e == ERR_OK; f = fts_read(fts)) {
		if (f->fts_info != FTS_F || !span_ends(span_str(f->fts_path), ".c"))
			continue;
		buf_fmt(deps, " %s", f->fts_path);
		e = words_scan(s, f->fts_path);
	}
	fts_close(fts);
	return e;
}

static enum err make_depfile(struct site *s, const char *folder, const char *path, char *sources)
{
	struct buf deps;
	struct span text;

	buf_begin(&deps, s->c, OUT_MAX);
	buf_fmt(&deps, "%s/pages.h:", folder);
	TRY(scan_folder(s, sources, &deps));
	buf_byte(&deps, '\n');
	TRY(buf_done(s->c, &deps, &text));
	return put(s->c, path, text);
}

static enum err read_one(struct site *s, const char *path)
{
	if (span_ends(span_str(path), ".html"))
		return read_file(s, path);
	if (span_ends(span_str(path), ".txt"))
		return words_read(s, path);
	FAIL(s->c, ERR_USAGE, "%s: neither a template (.html) nor words (.txt)", path);
}

static enum err make_fill(struct site *s, const char *folder)
{
	struct buf b;

	buf_begin(&b, s->c, OUT_MAX);
	pages_emit_fill(s, &b);
	return put_file(s->c, folder, SPAN("fill"), ".h", &b);
}

/* Pages are made even where another one fails, so that all errors are seen at once. */
static int make_all(struct site *s, char **argv, int argc)
{
	int bad = 0;

	for (int i = 3; i < argc - 1; i++)
		bad += report(s->c, read_one(s, argv[i]));
	if (!bad && !s->languages)
		bad += fprintf(stderr, "page: no words were given\n") > 0;
	if (!bad)
		bad += report(s->c, words_check(s)) + report(s->c, words_mentioned(s)) +
		       report(s->c, shapes_resolve(s)) +
		       report(s->c, make_depfile(s, argv[1], argv[2], argv[argc - 1]));
	if (bad)
		return 1;
	for (struct shape *h = s->shapes; h; h = h->next)
		if (h->kind == SHAPE_PAGE)
			bad += report(s->c, make_page(s, h, argv[1]));
	if (!bad)
		bad += report(s->c, make_rest(s, argv[1]));
	return bad != 0;
}

int main(int argc, char **argv)
{
	CTX_SCOPED struct ctx c;
	struct site s = { .c = &c };
	bool fill = argc > 1 && strcmp(argv[1], "--fill") == 0;

	if (ctx_begin(&c, MEMORY) != ERR_OK)
		return 1;
	argc -= fill;
	argv += fill;
	if (argc < 5) {
		fprintf(stderr, "usage: page [--fill] OUT_FOLDER DEPFILE FILE... SOURCE_FOLDER\n");
		return 2;
	}
	if (make_all(&s, argv, argc) != 0)
		return 1;
	return fill ? report(&c, make_fill(&s, argv[1])) : 0;
}
