/*
 * TSV into words; see words.h. A row is level, page, three numbers, word, left, top, width, height,
 * how sure, text. What does not read as such a row is left out: it is nobody's word.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/words.h"

#include "base/num.h"

#define COLUMNS 12u
#define LEVEL_PAGE 1
#define LEVEL_LINE 4
#define LEVEL_WORD 5
#define THOUSANDTHS_MAX INT64_C(100000000)      /* no page is longer than 100,000 of its units */

struct row {
	int64_t level, page;
	int64_t left, top, width, height;       /* in thousandths */
	int64_t sure;
	struct span text;
};

struct words {
	struct ctx *c;
	struct json *pages, *page, *list;
	int64_t width, height;                  /* of the page */
	int64_t line;
	bool new_line;
	size_t count;
};

/* "12", "78.720000", "-1" in thousandths. */
static bool thousandths(struct span s, int64_t *out)
{
	struct span whole = s, part = SPAN_NONE;
	int64_t n, scale = 100;

	(void)span_split(s, '.', &whole, &part);
	if (!span_to_i64(whole, &n) || n > THOUSANDTHS_MAX / 1000 || n < -1000)
		return false;
	*out = n * 1000;
	for (size_t i = 0; i < part.n; i++, scale /= 10) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
		*out += n < 0 ? 0 : (part.p[i] - '0') * scale;
	}
	return true;
}

static bool row_read(struct span line, struct row *out)
{
	struct span column[COLUMNS], rest = line;

	for (size_t i = 0; i + 1 < COLUMNS; i++)
		if (!span_split(rest, '\t', &column[i], &rest))
			return false;
	column[COLUMNS - 1] = rest;
	if (!span_to_i64(column[0], &out->level) || !span_to_i64(column[1], &out->page) ||
	    !thousandths(column[6], &out->left) || !thousandths(column[7], &out->top) ||
	    !thousandths(column[8], &out->width) || !thousandths(column[9], &out->height) ||
	    !thousandths(column[10], &out->sure))
		return false;
	out->text = span_trim(column[COLUMNS - 1]);
	return true;
}

static void page_begin(struct words *w, const struct row *row, int64_t number)
{
	w->page = w->list = NULL;
	if (row->width < 1000 || row->height < 1000)
		return;
	w->width = row->width;
	w->height = row->height;
	w->line = 0;
	w->new_line = true;
	w->count = 0;
	w->page = json_object(w->c);
	w->list = json_list(w->c);
	json_set_int(w->c, w->page, "page", number);
	json_set_int(w->c, w->page, "width", row->width / 1000);
	json_set_int(w->c, w->page, "height", row->height / 1000);
	json_set(w->c, w->page, "words", w->list);
	json_add(w->c, w->pages, w->page);
}

static int64_t place(int64_t at, int64_t size)
{
	int64_t p = at * WORDS_PLACE_MAX / size;

	return p < 0 ? 0 : p > WORDS_PLACE_MAX ? WORDS_PLACE_MAX : p;
}

/* A word is one line of visible text; a cut one stays whole characters. */
static bool text_ok(struct span text)
{
	if (!text.n || text.n > WORD_BYTES_MAX || !span_is_utf8(text))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return false;
	return true;
}

static void word_add(struct words *w, const struct row *row)
{
	const int64_t at[] = { place(row->left, w->width), place(row->top, w->height),
			       place(row->left + row->width, w->width),
			       place(row->top + row->height, w->height) };
	struct json *word, *box;

	if (row->width < 0 || row->height < 0 || row->sure < 0 || !text_ok(row->text) ||
	    at[0] >= at[2] || at[1] >= at[3])
		return;
	if (w->count == WORDS_PAGE_MAX) {
		json_set_bool(w->c, w->page, "cut", true);
		return;
	}
	w->line += w->new_line ? 1 : 0;
	w->new_line = false;
	w->count++;
	word = json_object(w->c);
	box = json_list(w->c);
	for (size_t i = 0; i < COUNT_OF(at); i++)
		json_add(w->c, box, json_int(w->c, at[i]));
	json_set_text(w->c, word, "text", row->text);
	json_set(w->c, word, "box", box);
	json_set_int(w->c, word, "line", w->line);
	json_set_int(w->c, word, "sure", row->sure > 100000 ? 100 : row->sure / 1000);
	json_add(w->c, w->list, word);
}

enum err words_of_tsv(struct ctx *c, struct span tsv, int64_t first, int64_t last, int64_t as_page,
		      struct json **out)
{
	struct words w = { .c = c, .pages = json_list(c) };
	struct reader r = { .s = tsv };
	int64_t seen = first - 1;
	struct span line;
	struct row row;

	while (c->code == ERR_OK && take_line(&r, &line)) {
		if (!row_read(line, &row))
			continue;
		if (row.level == LEVEL_PAGE) {
			/* In order and each once: a page told again is not that page. */
			if (row.page <= seen || row.page > last) {
				w.page = NULL;
				continue;
			}
			seen = row.page;
			page_begin(&w, &row, as_page ? as_page : row.page);
		} else if (row.level == LEVEL_LINE) {
			w.new_line = true;
		} else if (row.level == LEVEL_WORD && w.page && row.page == seen) {
			word_add(&w, &row);
		}
	}
	*out = w.pages;
	return c->code;
}
