/*
 * The job of writ-look: one document from outside in, one thing about it out: how many pages it
 * has, the words of some, the picture of one. PDF and letters are read by tools that are not ours,
 * each in a cage of its own (tool.h); what they leave, and every scan, is read in the narrowest
 * cage, like all that comes from outside. Before that it looks at the first bytes alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "hand/job.h"
#include "hand/paper.h"
#include "hand/picture.h"
#include "hand/tool.h"

#define MIB ((size_t)1 << 20)
#define DOCUMENT_MAX (256 * MIB)
#define SCAN_MAX (64 * MIB)
#define TEXT_MAX (24 * MIB)             /* of a tool: words, a report */
#define PIXELS_MAX (48 * MIB)           /* of a tool: one page of 4,000 x 4,000 in colour */
#define RESULT_MAX (24 * MIB)
#define LONGEST_MAX 4000
#define PAGE_MAX 100000
#define CPU_S 20u
#define WALL_MS 60000u          /* others may be at work, too */

#define PDFINFO "/usr/bin/pdfinfo"
#define PDFTOTEXT "/usr/bin/pdftotext"
#define PDFTOPPM "/usr/bin/pdftoppm"
#define TESSERACT "/usr/bin/tesseract"
#define TESSDATA "/usr/share/tesseract-ocr/5/tessdata"

struct look {
	struct job *job;
	int in, out;
	enum paper_kind kind;
	struct span what;
	int64_t page, to, longest;
	bool grey;
	char *language;
};

/* ---- what is asked for ---- */

static enum err number_of(struct ctx *c, const struct json *ask, const char *key, int64_t most,
			  int64_t *out)
{
	*out = json_opt_int(ask, key, 1);
	if (*out < 1 || *out > most)
		FAIL(c, ERR_FORMAT, "%s is a number from 1 to %lld", key, (long long)most);
	return ERR_OK;
}

/* Those of them that this machine has. */
static enum err installed(struct ctx *c, struct span names, char **out)
{
	struct span name, rest = names, have;
	struct buf b;
	char *path;

	buf_begin(&b, c, names.n + 2);
	for (bool more = true; more; names = rest) {
		more = span_split(names, '+', &name, &rest);
		if (!more)
			name = names;
		TRY(path_fmt(c, &path, TESSDATA "/%.*s.traineddata", SPAN_ARG(name)));
		if (name.n && file_exists(path)) {
			buf_str(&b, b.n ? "+" : "");
			buf_add(&b, name);
		}
	}
	TRY(buf_done(c, &b, &have));
	return span_cstr(c, have, out);
}

/* Names of tessdata files, one or several: they become an argument. */
static enum err language_of(struct ctx *c, const struct json *ask, char **out)
{
	struct span s = json_opt_text(ask, "language", SPAN("eng"));

	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (i && strchr("_+", s.p[i]))))
			s.n = 0;
	if (s.n < 3 || s.n > 60)
		FAIL(c, ERR_FORMAT, "language is made of names like eng+fra");
	return installed(c, s, out);
}

static enum err take_ask(struct ctx *c, struct look *l)
{
	const struct json *ask = l->job->ask;

	TRY(json_need_text(c, ask, "what", &l->what));
	TRY(number_of(c, ask, "page", PAGE_MAX, &l->page));
	TRY(number_of(c, ask, "to", PAGE_MAX, &l->to));
	TRY(number_of(c, ask, "longest", LONGEST_MAX, &l->longest));
	if (l->to < l->page)
		l->to = l->page;
	l->grey = json_get(ask, "grey") && json_get(ask, "grey")->b;
	return language_of(c, ask, &l->language);
}

static enum err look_at_files(struct ctx *c, struct look *l)
{
	unsigned char start[PAPER_START_BYTES];
	struct stat st;
	ssize_t n;

	if (fstat(l->in, &st) != 0 || !S_ISREG(st.st_mode))
		FAIL(c, ERR_FORMAT, "the paper is no regular file");
	if (st.st_size < 0 || (uint64_t)st.st_size > DOCUMENT_MAX)
		FAIL(c, ERR_LIMIT, "the paper has %lld bytes, the limit is %zu",
		     (long long)st.st_size, DOCUMENT_MAX);
	n = pread(l->in, start, sizeof start, 0);
	if (n < 0 || lseek(l->in, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot read the paper: %s", strerror(errno));
	l->kind = paper_kind_of(span_of(start, (size_t)n));
	if (fstat(l->out, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		FAIL(c, ERR_FORMAT, "the file for the result is not an empty regular file");
	if (l->kind == PAPER_OTHER)
		FAIL(c, ERR_FORMAT, "cannot be read as pages: it is no PDF, PNG, JPEG or TIFF");
	return ERR_OK;
}

/* ---- cages and tools ---- */

/* From here on this process has its two files and memory. */
static enum err close_cage(struct ctx *c, struct look *l, int in)
{
	struct cage cage = { .profile = CAGE_READ, .answer = l->job->writ, .seal = -1, .in = in,
			     .out = l->out };

	return job_close_cage(c, l->job, &cage);
}

/* What stands in the file, read as the cage allows it: there one cannot ask for its size. */
static enum err file_of(struct ctx *c, int fd, size_t size, struct span *out)
{
	unsigned char *p;
	size_t n = 0;
	ssize_t got;

	TRY(NEW_ARRAY(c, p, size + 1));
	while (n < size && (got = c->seam->read(fd, p + n, size - n)) > 0)
		n += (size_t)got;
	if (n != size)
		FAIL(c, ERR_IO, "a file ended before its size");
	*out = span_of(p, n);
	return ERR_OK;
}

static enum err size_of(struct ctx *c, int fd, size_t most, size_t *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot look at a file: %s", strerror(errno));
	if (st.st_size < 0 || (uint64_t)st.st_size > most)
		FAIL(c, ERR_LIMIT, "%lld bytes, the limit is %zu", (long long)st.st_size, most);
	*out = (size_t)st.st_size;
	return ERR_OK;
}

static enum err memory(struct ctx *c, int *fd_out)
{
	*fd_out = memfd_create("writ-tool", MFD_CLOEXEC);
	if (*fd_out < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	return ERR_OK;
}

static enum err ended(struct ctx *c, enum tool_end end)
{
	switch (end) {
	case TOOL_SLOW:
		FAIL(c, ERR_LIMIT, "cannot be read: it took longer than a page may take");
	case TOOL_LONG:
		FAIL(c, ERR_LIMIT, "cannot be read: it has more in it than a page may have");
	case TOOL_FORBIDDEN:
		FAIL(c, ERR_DENIED, "cannot be read: it made the tool try what its cage forbids");
	case TOOL_BROKE:
		FAIL(c, ERR_FORMAT, "cannot be read: the tool broke on it");
	default:
		FAIL(c, ERR_FORMAT, "cannot be read: the tool finds no such page in it");
	}
}

/* Runs the tool on the document and closes the cage; what it wrote is the result, wholly unread. */
static enum err run(struct ctx *c, struct look *l, const char *path, const char *const *argv,
		    size_t most, struct span *out)
{
	FD_SCOPED int made = -1;
	struct tool_run tool = { .path = path, .argv = argv, .in = l->in, .err = 1,
				 .cpu_s = CPU_S, .wall_ms = WALL_MS, .out_max_bytes = most };
	enum tool_end end;
	int status;
	size_t n;

	TRY(memory(c, &made));
	tool.out = made;
	TRY(tool_do(c, &tool, &end, &status));
	TRY(size_of(c, made, most, &n));
	TRY(close_cage(c, l, made));
	if (end != TOOL_DONE)
		return ended(c, end);
	return file_of(c, made, n, out);
}

static int by_size(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* libtiff sorts: glibc asks once in a process, before it sorts much, how large the machine is. */
static void sort_once(void)
{
	int much[512] = { 0 };

	qsort(much, COUNT_OF(much), sizeof much[0], by_size);
}

static enum err scan_of(struct ctx *c, struct look *l, enum picture_kind *kind, struct span *out)
{
	size_t n;

	TRY(size_of(c, l->in, SCAN_MAX, &n));
	sort_once();
	TRY(close_cage(c, l, l->in));
	/* Nobody asked what the libraries think of it. */
	close(STDERR_FILENO);
	TRY(file_of(c, l->in, n, out));
	*kind = picture_kind_of(*out);
	return ERR_OK;
}

static enum err give_json(struct ctx *c, struct look *l, const struct json *result)
{
	struct span text;

	TRY(json_write(c, result, RESULT_MAX, &text));
	TRY(fd_write_all(c, l->out, text));
	json_set_int(c, l->job->answer, "bytes", (int64_t)text.n);
	return ERR_OK;
}

/* ---- about ---- */

static enum err why_not(struct ctx *c, enum tool_end end, struct span said)
{
	static const struct span password = SPAN("Incorrect password");

	if (end != TOOL_REFUSED)
		return ended(c, end);
	for (size_t i = 0; i + password.n <= said.n; i++)
		if (span_eq(span_cut(said, i, password.n), password)) {
			err_next(c, "ask the authority for the paper without a password");
			FAIL(c, ERR_FORMAT, "cannot be read: encrypted");
		}
	FAIL(c, ERR_FORMAT, "cannot be read: it is broken, or no PDF but in its first bytes");
}

static enum err about_pdf(struct ctx *c, struct look *l, struct json *result)
{
	static const char *const argv[] = { "pdfinfo", "-", NULL };
	FD_SCOPED int made = -1;
	struct tool_run tool = { .path = PDFINFO, .argv = argv, .in = l->in, .cpu_s = CPU_S,
				 .wall_ms = WALL_MS, .out_max_bytes = TEXT_MAX };
	enum tool_end end;
	struct span told;
	int64_t pages;
	int status;
	size_t n;

	/* One file for both: what it says of a password stands among its complaints. */
	TRY(memory(c, &made));
	tool.out = tool.err = made;
	TRY(tool_do(c, &tool, &end, &status));
	TRY(size_of(c, made, TEXT_MAX, &n));
	TRY(close_cage(c, l, made));
	TRY(file_of(c, made, n, &told));
	if (end != TOOL_DONE)
		return why_not(c, end, told);
	TRY(paper_pages(c, told, &pages));
	json_set_str(c, result, "kind", "pdf");
	json_set_int(c, result, "pages", pages);
	return ERR_OK;
}

static enum err about_scan(struct ctx *c, struct look *l, struct json *result)
{
	struct picture_about about;
	enum picture_kind kind;
	struct span scan;

	TRY(scan_of(c, l, &kind, &scan));
	TRY(picture_look(c, kind, scan, &about));
	json_set_str(c, result, "kind", picture_kind_name(kind));
	json_set_int(c, result, "pages", about.pages);
	return ERR_OK;
}

static enum err about(struct ctx *c, struct look *l)
{
	struct json *result = json_object(c);

	TRY(l->kind == PAPER_PDF ? about_pdf(c, l, result) : about_scan(c, l, result));
	return give_json(c, l, result);
}

/* ---- words, picture, letters ---- */

static enum err words(struct ctx *c, struct look *l)
{
	char from[24], to[24];
	const char *argv[] = { "pdftotext", "-q", "-tsv", "-f", from, "-l", to, "-", "-", NULL };
	struct json *result;
	struct span tsv;

	if (l->kind != PAPER_PDF)
		FAIL(c, ERR_FORMAT, "a scan has no words but those that are read from its picture");
	snprintf(from, sizeof from, "%lld", (long long)l->page);
	snprintf(to, sizeof to, "%lld", (long long)l->to);
	TRY(run(c, l, PDFTOTEXT, argv, TEXT_MAX, &tsv));
	TRY(paper_words(c, tsv, l->page, l->to, 0, &result));
	return give_json(c, l, result);
}

static enum err picture(struct ctx *c, struct look *l)
{
	char page[24], longest[24];
	const char *argv[] = { "pdftoppm", "-q", "-singlefile", "-f", page, "-scale-to", longest,
			       "-", l->grey ? "-gray" : NULL, NULL };
	enum picture_kind kind;
	struct span made, png;

	snprintf(page, sizeof page, "%lld", (long long)l->page);
	snprintf(longest, sizeof longest, "%lld", (long long)l->longest);
	if (l->kind == PAPER_PDF) {
		TRY(run(c, l, PDFTOPPM, argv, PIXELS_MAX, &made));
		TRY(picture_of_pnm(c, made, &png));
	} else {
		TRY(scan_of(c, l, &kind, &made));
		TRY(picture_of_scan(c, kind, made, l->page, (unsigned)l->longest, l->grey, &png));
	}
	TRY(fd_write_all(c, l->out, png));
	json_set_int(c, l->job->answer, "bytes", (int64_t)png.n);
	return ERR_OK;
}

/* writ gives a picture that a hand made, never the scan itself: tesseract decodes no other. */
static enum err letters(struct ctx *c, struct look *l)
{
	const char *argv[] = { "tesseract", "stdin", "stdout", "-l", l->language, "tsv", NULL };
	struct json *result;
	struct span tsv;

	if (!*l->language) {
		err_next(c, "install tesseract-ocr and tesseract-ocr-eng (or another language)");
		FAIL(c, ERR_NOT_FOUND, "scans cannot be read here: tesseract has no language of "
				       "the paper");
	}
	TRY(run(c, l, TESSERACT, argv, TEXT_MAX, &tsv));
	TRY(paper_words(c, tsv, 1, 1, l->page, &result));
	return give_json(c, l, result);
}

static const struct {
	const char *what;
	enum err (*look)(struct ctx *c, struct look *l);
} looks[] = {
	{ "about", about }, { "words", words }, { "picture", picture }, { "letters", letters },
};

enum err job_look(struct ctx *c, struct job *job)
{
	struct look l = { .job = job, .in = job->msg->fd[0], .out = job->msg->fd[1] };

	TRY(take_ask(c, &l));
	TRY(look_at_files(c, &l));
	for (size_t i = 0; i < COUNT_OF(looks); i++)
		if (span_is(l.what, looks[i].what))
			return looks[i].look(c, &l);
	FAIL(c, ERR_FORMAT, "nobody looks for '%.*s'", (int)(l.what.n > 40 ? 40 : l.what.n),
	     (const char *)l.what.p);
}
