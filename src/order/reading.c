/*
 * Reading a paper page by page, and keeping what was read; see reading.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "format/png.h"
#include "order/line.h"
#include "store/blob.h"

#define RESULT_MAX ((size_t)32 << 20)
#define READING_MAX ((size_t)256 << 20)
#define PAGES_AT_ONCE 20
#define SHOWN_SIDE 1684         /* pixels: A4 at 144 dots an inch */
#define READ_SIDE 3300          /* at 282, which tesseract wants */
#define PAGE "page-%03lld"
#define MADE "made-"            /* before a name: of a reading that is not whole yet */
#define PICTURE_MEMORY (RESULT_MAX * 2)
#define TURN_MS 100
#define WORDS_FEW 8             /* a page with fewer is a picture with a stamp of its producer */

struct reader_of_paper {
	struct ctx *c;
	struct session *s;
	const struct reading_ask *ask;
	char *folder;
	int paper;
	int64_t pages, letters_read, until_ms, words_bytes;
	struct json *doc, *page_list, *suggestions;
};

/* ---- languages ---- */

/* What tesseract calls them; the hand leaves out what this machine has not. */
static struct span language_name(struct span code)
{
	static const struct {
		const char *code, *name;
	} known[] = { { "fr", "fra" }, { "de", "deu" }, { "es", "spa" }, { "it", "ita" },
		      { "nl", "nld" }, { "pt", "por" }, { "pl", "pol" }, { "sv", "swe" },
		      { "da", "dan" }, { "fi", "fin" }, { "cs", "ces" }, { "el", "ell" } };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (span_is(code, known[i].code))
			return span_str(known[i].name);
	return SPAN_NONE;
}

/* ---- asking a hand ---- */

/* Some failures are the paper's: it stays unread, and the reading says why. */
static bool is_the_papers(enum err e, const struct json *answer)
{
	return e == ERR_FORMAT || e == ERR_LIMIT || (e == ERR_DENIED && answer) ||
	       (e == ERR_FAILED && !answer); /* the hand ended in the middle */
}

/* Few look at a time, whoever asks, so that papers use no more of the machine than these take; and
 * each page queues anew, so that a long paper keeps no short one waiting. What it waits does not
 * count as its time. */
static enum err wait_turn(struct reader_of_paper *r, struct line *line)
{
	int64_t began_ms = r->c->seam->mono_ms();
	char *folder, *path;

	TRY(path_fmt(r->c, &folder, "%s/work", r->s->home.run));
	TRY(path_fmt(r->c, &path, "%s/reading.line", folder));
	TRY(dir_make(r->c, folder, 0700));
	if (line_join(r->c, path, line) != ERR_OK) {
		err_note(r->c, "papers are being read");
		return r->c->code;
	}
	while (!line_move(line)) {
		if (r->ask->waits)
			r->ask->waits(r->ask->of, line_before(line));
		poll(NULL, 0, TURN_MS);
	}
	r->until_ms += r->c->seam->mono_ms() - began_ms;
	return ERR_OK;
}

/* One look: the result's bytes into the arena of own, or why there is none. */
static enum err look(struct reader_of_paper *r, const char *what, int document, struct json *job,
		     struct ctx *own, struct span *out, struct span *why_out)
{
	FD_SCOPED int result = memfd_create("writ-look", MFD_CLOEXEC);
	LINE_SCOPED struct line line = { .fd = -1 };
	struct ctx *c = r->c;
	const struct json *answer = NULL, *failed = NULL;
	enum err e;

	*out = *why_out = SPAN_NONE;
	if (result < 0)
		FAIL(c, ERR_IO, "cannot make a file in memory: %s", strerror(errno));
	json_set_str(c, job, "job", "look");
	json_set_str(c, job, "what", what);
	if (r->ask)
		TRY(wait_turn(r, &line));
	e = hand_run(c, r->s, job, (const int[]){ document, result }, 2, NULL, NULL, &answer,
		     &failed);
	if (e != ERR_OK) {
		if (!is_the_papers(e, failed))
			return e;
		TRY(span_copy(c, span_str(c->why), why_out));
		err_clear(c);
		return ERR_OK;
	}
	if (lseek(result, 0, SEEK_SET) != 0)
		FAIL(c, ERR_IO, "cannot rewind what was read: %s", strerror(errno));
	e = fd_read_all(own, result, RESULT_MAX, out);
	if (e != ERR_OK && own != c)
		FAIL(c, e, "what was read: %s", own->why);
	return e;
}

static struct json *job_of(struct reader_of_paper *r, int64_t page, int64_t to)
{
	struct json *job = json_object(r->c);

	json_set_int(r->c, job, "page", page);
	if (to)
		json_set_int(r->c, job, "to", to);
	return job;
}

/* Words or letters: *out NULL where there is a why. */
static enum err look_for_words(struct reader_of_paper *r, const char *what, int document,
			       struct json *job, const struct json **out, struct span *why_out)
{
	struct span text;
	struct json *words;

	*out = NULL;
	TRY(look(r, what, document, job, r->c, &text, why_out));
	r->words_bytes += (int64_t)text.n;
	if (r->words_bytes > (int64_t)RESULT_MAX)
		*why_out = SPAN("the paper has more words than are kept of one");
	if (why_out->n)
		return ERR_OK;
	TRY(json_parse_canonical(r->c, text, &words));
	TRY(reading_check_words(r->c, words));
	*out = words;
	return ERR_OK;
}

/* ---- pages ---- */

static enum err keep_picture(struct reader_of_paper *r, int64_t number, struct json *page)
{
	struct json *job = job_of(r, number, 0), *picture = NULL;
	CTX_SCOPED struct ctx own;      /* pictures are large, and gone once they are kept */
	struct ctx *c = r->c;
	struct span png, why;
	struct png_about about;
	char *path;

	json_set_int(c, job, "longest", SHOWN_SIDE);
	TRY(ctx_begin(&own, PICTURE_MEMORY));
	TRY(look(r, "picture", r->paper, job, &own, &png, &why));
	if (!why.n) {
		TRY(png_check(c, png, &about));
		TRY(path_fmt(c, &path, "%s/" MADE PAGE ".png", r->folder, (long long)number));
		TRY(file_write(c, path, png, 0600));
		picture = json_object(c);
		json_set_int(c, picture, "width", about.width);
		json_set_int(c, picture, "height", about.height);
		json_set_int(c, picture, "bytes", (int64_t)png.n);
	}
	json_set(c, page, "picture", picture);
	json_set_text(c, page, "why", why);
	return ERR_OK;
}

/* The letters of the page, read from a picture of its own, in grey and of twice the size. */
static enum err letters_of(struct reader_of_paper *r, int64_t number, const struct json **out,
			   struct span *why_out)
{
	struct json *job = job_of(r, number, 0);
	struct span png, languages = language_name(r->ask->language);
	CTX_SCOPED struct ctx own;
	FD_SCOPED int picture = -1;
	struct png_about about;

	*out = NULL;
	TRY(ctx_begin(&own, PICTURE_MEMORY));
	json_set_int(r->c, job, "longest", READ_SIDE);
	json_set_bool(r->c, job, "grey", true);
	TRY(look(r, "picture", r->paper, job, &own, &png, why_out));
	if (why_out->n)
		return ERR_OK;
	TRY(png_check(r->c, png, &about));
	TRY(memfd_of(r->c, "writ-page", png, &picture));
	job = job_of(r, number, 0);
	if (languages.n)
		TRY(span_fmt(r->c, &languages, "%.*s+eng", SPAN_ARG(languages)));
	json_set_text(r->c, job, "language", languages.n ? languages : SPAN("eng"));
	return look_for_words(r, "letters", picture, job, out, why_out);
}

static const struct json *page_of(const struct json *words, int64_t number)
{
	JSON_EACH(page, json_get(words, "pages"))
		if (json_opt_int(page, "page", 0) == number)
			return page;
	return NULL;
}

static enum err add_suggestions(struct reader_of_paper *r, const struct json *words, int64_t number)
{
	struct json *copy;

	JSON_EACH(one, json_get(words, "suggestions"))
		if (json_opt_int(one, "page", 0) == number) {
			TRY(json_clone(r->c, one, &copy));
			json_add(r->c, r->suggestions, copy);
		}
	return ERR_OK;
}

/* own: what the PDF itself says of its pages, NULL for a scan. */
static enum err read_page(struct reader_of_paper *r, int64_t number, const struct json *own)
{
	struct json *page = json_object(r->c), *list = json_list(r->c);
	const struct json *told = page_of(own, number), *letters = NULL;
	size_t few = json_count(json_get(told, "words"));
	const char *from = few ? "text" : "none";
	struct span why = SPAN_NONE;

	json_set_int(r->c, page, "page", number);
	TRY(keep_picture(r, number, page));
	if (few < WORDS_FEW && json_get(page, "picture")->type == JSON_OBJECT &&
	    r->letters_read < READING_LETTERS_MAX) {
		r->letters_read++;
		TRY(letters_of(r, number, &letters, &why));
		if (why.n)
			json_set_text(r->c, page, "why", why);
		if (json_count(json_get(page_of(letters, number), "words")) > few) {
			own = letters;
			told = page_of(letters, number);
			from = "letters";
		}
	}
	json_set_str(r->c, page, "from", from);
	JSON_EACH(word, json_get(told, "words")) {
		struct json *copy;

		TRY(json_clone(r->c, word, &copy));
		json_add(r->c, list, copy);
	}
	json_set(r->c, page, "words", list);
	json_add(r->c, r->page_list, page);
	return add_suggestions(r, own, number);
}

/* ---- a paper ---- */

static bool late(const struct reader_of_paper *r)
{
	return r->c->seam->mono_ms() > r->until_ms;
}

/* A PDF tells the words of many pages at once; where one of them is too much, each for itself. */
static enum err read_pages(struct reader_of_paper *r, bool pdf)
{
	int64_t last = r->pages < READING_PAGES_MAX ? r->pages : READING_PAGES_MAX, done = 0;

	for (int64_t from = 1; from <= last; from += PAGES_AT_ONCE) {
		int64_t to = from + PAGES_AT_ONCE - 1 < last ? from + PAGES_AT_ONCE - 1 : last;
		const struct json *many = NULL, *one;
		struct span why = SPAN_NONE;

		if (pdf && !late(r))
			TRY(look_for_words(r, "words", r->paper, job_of(r, from, to), &many, &why));
		for (int64_t page = from; page <= to && !late(r); page++) {
			one = many;
			if (pdf && !many && to > from)
				TRY(look_for_words(r, "words", r->paper, job_of(r, page, page),
						   &one, &why));
			TRY(read_page(r, page, one));
			done++;
			if (r->ask->progress)
				r->ask->progress(r->ask->of, done, last);
		}
	}
	json_set_int(r->c, r->doc, "pages_read", done);
	return ERR_OK;
}

static enum err read_paper(struct reader_of_paper *r)
{
	struct ctx *c = r->c;
	struct span text, why, kind, limit;
	struct json *about;

	TRY(look(r, "about", r->paper, json_object(c), c, &text, &why));
	json_set(c, r->doc, "page", r->page_list);
	json_set(c, r->doc, "suggestions", r->suggestions);
	json_set_text(c, r->doc, "why", why);
	if (why.n) {
		json_set(c, r->doc, "kind", NULL);
		json_set_int(c, r->doc, "pages", 0);
		json_set_int(c, r->doc, "pages_read", 0);
		return ERR_OK;
	}
	TRY(json_parse_canonical(c, text, &about));
	TRY(json_need_text(c, about, "kind", &kind));
	TRY(json_need_int(c, about, "pages", &r->pages));
	json_set_text(c, r->doc, "kind", kind);
	json_set_int(c, r->doc, "pages", r->pages);
	TRY(read_pages(r, span_is(kind, "pdf")));
	if (json_opt_int(r->doc, "pages_read", 0) < r->pages) {
		TRY(span_fmt(c, &limit, "%lld of %lld pages read: limit of %s",
			     (long long)json_opt_int(r->doc, "pages_read", 0), (long long)r->pages,
			     late(r) ? "time" : "pages"));
		json_set_text(c, r->doc, "why", limit);
	}
	return ERR_OK;
}

/* ---- keeping ---- */

static enum err folder_of(struct ctx *c, struct session *s, const struct sha256 *paper, char **out)
{
	struct span hex;

	TRY(hex_encode(c, sha256_span(paper), &hex));
	return path_fmt(c, out, "%s/%.*s", s->home.reading, SPAN_ARG(hex));
}

/* Whoever reads the same paper at the same time waits, and finds it read. */
static enum err lock(struct ctx *c, const char *folder, int *fd_out)
{
	TRY(dir_make(c, folder, 0700));
	TRY(file_open(c, folder, O_RDONLY | O_DIRECTORY, 0, fd_out));
	while (flock(*fd_out, LOCK_EX) != 0)
		if (errno != EINTR)
			FAIL(c, ERR_IO, "cannot lock %s: %s", folder, strerror(errno));
	return ERR_OK;
}

/* NULL where there is none of this version: derived, so what cannot be read is made again. */
static enum err kept(struct ctx *c, const char *path, const struct json **out)
{
	struct span text;
	struct json *doc;

	*out = NULL;
	if (!file_exists(path))
		return ERR_OK;
	if (file_read(c, path, READING_MAX, &text) == ERR_OK &&
	    json_parse_canonical(c, text, &doc) == ERR_OK &&
	    json_opt_int(doc, "version", 0) == READING_VERSION)
		*out = doc;
	err_clear(c);
	return ERR_OK;
}

enum err reading_told(struct ctx *c, struct session *s, const struct sha256 *paper,
		      const struct json **out)
{
	char *folder, *path;

	TRY(folder_of(c, s, paper, &folder));
	TRY(path_fmt(c, &path, "%s/told.json", folder));
	return kept(c, path, out);
}

enum err reading_page(struct ctx *c, struct session *s, const struct sha256 *paper, int64_t page,
		      const struct json **out)
{
	char *folder, *path;

	*out = NULL;
	if (page < 1 || page > READING_PAGES_MAX)
		return ERR_OK;
	TRY(folder_of(c, s, paper, &folder));
	TRY(path_fmt(c, &path, "%s/" PAGE ".json", folder, (long long)page));
	return kept(c, path, out);
}

static enum err write_json(struct ctx *c, const struct json *doc, const char *path)
{
	struct span text;

	TRY(json_write(c, doc, READING_MAX, &text));
	return file_write(c, path, text, 0600);
}

static int64_t pages_read(const struct json *reading)
{
	return json_opt_int(reading, "pages_read", 0);
}

/* What was made stands from now on; what is not there was not made, and the earlier one goes. */
static enum err stands_now(struct reader_of_paper *r, const char *name)
{
	struct ctx *c = r->c;
	char *from, *to;

	TRY(path_fmt(c, &from, "%s/" MADE "%s", r->folder, name));
	TRY(path_fmt(c, &to, "%s/%s", r->folder, name));
	if (!file_exists(from))
		return file_exists(to) ? file_remove(c, to) : ERR_OK;
	if (c->seam->rename(from, to) != 0)
		FAIL(c, ERR_IO, "%s cannot become %s: %s", from, to, strerror(errno));
	return ERR_OK;
}

/* Page by page, and the whole last: where it is, all is. */
static enum err all_stands_now(struct reader_of_paper *r)
{
	char name[40];

	for (int64_t page = 1; page <= pages_read(r->doc); page++) {
		snprintf(name, sizeof name, PAGE ".png", (long long)page);
		TRY(stands_now(r, name));
		snprintf(name, sizeof name, PAGE ".json", (long long)page);
		TRY(stands_now(r, name));
	}
	TRY(stands_now(r, "told.json"));
	return stands_now(r, "reading.json");
}

/* What was left by a reading that was killed, or that came to no better end than the one before. */
static enum err drop_made(struct reader_of_paper *r)
{
	char *path;

	for (int64_t page = 1; page <= READING_PAGES_MAX; page++) {
		TRY(path_fmt(r->c, &path, "%s/" MADE PAGE ".png", r->folder, (long long)page));
		if (file_exists(path))
			TRY(file_remove(r->c, path));
	}
	return ERR_OK;
}

static enum err keep_reading(struct reader_of_paper *r)
{
	static const char *const members[] = { "version", "sha256", "kind", "pages",
					       "pages_read", "why", "suggestions" };
	struct json *told = json_object(r->c), *copy;
	char *path;

	JSON_EACH(page, r->page_list) {
		TRY(json_clone(r->c, page, &copy));
		json_set_int(r->c, copy, "version", READING_VERSION);
		TRY(path_fmt(r->c, &path, "%s/" MADE PAGE ".json", r->folder,
			     (long long)json_opt_int(page, "page", 0)));
		TRY(write_json(r->c, copy, path));
	}
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		TRY(json_clone(r->c, json_get(r->doc, members[i]), &copy));
		json_set(r->c, told, members[i], copy);
	}
	TRY(path_fmt(r->c, &path, "%s/" MADE "told.json", r->folder));
	TRY(write_json(r->c, told, path));
	TRY(path_fmt(r->c, &path, "%s/" MADE "reading.json", r->folder));
	TRY(write_json(r->c, r->doc, path));
	TRY(all_stands_now(r));
	/* Who keeps pages looks there whether anything was read since. */
	if (utimensat(AT_FDCWD, r->s->home.reading, NULL, 0) != 0)
		FAIL(r->c, ERR_IO, "%s cannot be touched", r->s->home.reading);
	return ERR_OK;
}

/* The earlier reading is the result: it was looked at again just now. */
static enum err stays(struct reader_of_paper *r)
{
	char *path;

	if (r->ask->no_better)
		*r->ask->no_better = true;
	TRY(path_fmt(r->c, &path, "%s/told.json", r->folder));
	if (utimensat(AT_FDCWD, path, NULL, 0) != 0)
		FAIL(r->c, ERR_IO, "%s cannot be touched", path);
	return drop_made(r);
}

enum err reading_get(struct ctx *c, struct session *s, const struct reading_ask *ask,
		     const struct json **out)
{
	FD_SCOPED int locked = -1;
	FD_SCOPED int paper = -1;
	struct reader_of_paper r = { .c = c, .s = s, .ask = ask };
	const struct json *told, *before;
	struct span hex;
	char *path;

	if (ask->no_better)
		*ask->no_better = false;
	TRY(blob_open(c, s->home.blob, ask->paper, &paper));
	TRY(folder_of(c, s, ask->paper, &r.folder));
	TRY(lock(c, r.folder, &locked));
	TRY(path_fmt(c, &path, "%s/reading.json", r.folder));
	TRY(kept(c, path, &before));
	TRY(reading_told(c, s, ask->paper, &told));
	*out = told ? before : NULL;
	if (*out && !ask->again)
		return ERR_OK;
	r.paper = paper;
	r.until_ms = c->seam->mono_ms() + READING_MS;
	r.doc = json_object(c);
	r.page_list = json_list(c);
	r.suggestions = json_list(c);
	TRY(hex_encode(c, sha256_span(ask->paper), &hex));
	json_set_int(c, r.doc, "version", READING_VERSION);
	json_set_text(c, r.doc, "sha256", hex);
	TRY(drop_made(&r));
	TRY(read_paper(&r));
	if (pages_read(r.doc) < pages_read(*out))
		return stays(&r);
	TRY(keep_reading(&r));
	*out = r.doc;
	return ERR_OK;
}

static int64_t ns_of(const struct stat *st)
{
	return st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
}

int64_t reading_last_ns(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? ns_of(&st) : 0;
}

enum err reading_at(struct ctx *c, struct session *s, const struct sha256 *paper, int64_t *ns_out)
{
	struct stat st;
	char *folder, *path;

	TRY(folder_of(c, s, paper, &folder));
	TRY(path_fmt(c, &path, "%s/told.json", folder));
	*ns_out = stat(path, &st) == 0 ? ns_of(&st) : 0;
	return ERR_OK;
}

enum err reading_picture(struct ctx *c, struct session *s, const struct sha256 *paper, int64_t page,
			 struct span *png_out)
{
	struct png_about about;
	char *folder, *path;

	if (page < 1 || page > READING_PAGES_MAX)
		FAIL(c, ERR_NOT_FOUND, "the paper has no page %lld", (long long)page);
	TRY(folder_of(c, s, paper, &folder));
	TRY(path_fmt(c, &path, "%s/" PAGE ".png", folder, (long long)page));
	if (!file_exists(path)) {
		err_next(c, "have the papers read, or look at the paper itself");
		FAIL(c, ERR_NOT_FOUND, "the paper has no picture of page %lld", (long long)page);
	}
	TRY(file_read(c, path, RESULT_MAX, png_out));
	return png_check(c, *png_out, &about);
}

enum err reading_try(struct ctx *c, struct session *s)
{
	static const struct span paper = SPAN(
		"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages"
		"/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R"
		"/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
	struct reader_of_paper r = { .c = c, .s = s };
	FD_SCOPED int picture = -1;
	FD_SCOPED int document = -1;
	struct span png, text, why;
	struct json *job;

	TRY(memfd_of(c, "writ-paper", paper, &document));
	job = job_of(&r, 1, 0);
	json_set_int(c, job, "longest", 99);
	TRY(look(&r, "about", document, json_object(c), c, &text, &why));
	if (!why.n)
		TRY(look(&r, "words", document, job_of(&r, 1, 0), c, &text, &why));
	if (!why.n)
		TRY(look(&r, "picture", document, job, c, &png, &why));
	if (!why.n) {
		TRY(memfd_of(c, "writ-page", png, &picture));
		TRY(look(&r, "letters", picture, job_of(&r, 1, 0), c, &text, &why));
	}
	if (why.n)
		FAIL(c, ERR_FAILED, "not even a paper of our own is read: %.*s", SPAN_ARG(why));
	return ERR_OK;
}
