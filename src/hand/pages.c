/*
 * Texts as pages by pango and cairo; see pages.h. Every line is set by itself, so whatever is
 * longer than a page goes on at the next.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/pages.h"

#include <cairo-pdf.h>
#include <fcntl.h>
#include <fontconfig/fontconfig.h>
#include <malloc.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "format/time.h"

/* Points of 1/72 inch; ISO 216 A4. */
#define A4_WIDTH 595.276
#define A4_HEIGHT 841.89
#define LEFT 71.0
#define RIGHT 62.0
#define TOP 62.0
#define BOTTOM 84.0
#define WIDTH (A4_WIDTH - LEFT - RIGHT)
#define LABEL_WIDTH 112.0
#define ITEM_INDENT 14.0
#define ITEM_HANG 16.0
#define ROW_HEIGHT 20.0
#define HEADING_ROOM 76.0
#define PART_INDENT 5u          /* of lines in the text */
#define LABEL_BYTES_MAX 24u
#define SUBJECT_BYTES_MAX 100u
#define HASH_DIGITS 64u

#define SERIF "Noto Serif,DejaVu Serif,"
#define SANS "Noto Sans,DejaVu Sans,"
#define MONO "DejaVu Sans Mono"

struct style {
	const char *font, *tag;         /* tag: the structure type of ISO 32000-1, 14.8.4 */
	double grey, x, width, hang, spacing, after;
};
static const struct style head = { SERIF " Bold 16", "P", 0, 0, WIDTH, 0, 1.0, 5 };
static const struct style date = { SERIF " 11", "P", 0, 0, WIDTH, 0, 1.0, 22 };
static const struct style label = { SANS " 8.5", "P", 0.35, 0, LABEL_WIDTH - 8, 0, 1.0, 4 };
static const struct style value = { SERIF " 11", "P", 0, LABEL_WIDTH, WIDTH - LABEL_WIDTH, 0,
				    1.0, 4 };  /* fits ROW_HEIGHT */
static const struct style subject = { SERIF " Bold 13", "H1", 0, 0, WIDTH, 0, 1.1, 10 };
static const struct style body = { SERIF " 11", "P", 0, 0, WIDTH, 0, 1.12, 9 };
static const struct style item = { SERIF " 11", "P", 0, ITEM_INDENT, WIDTH - ITEM_INDENT,
				   ITEM_HANG, 1.08, 3 };
static const struct style part = { SERIF " 11", "P", 0, ITEM_INDENT + ITEM_HANG,
				   WIDTH - ITEM_INDENT - ITEM_HANG, 0, 1.08, 3 };
static const struct style heading = { SERIF " Bold 11", "H2", 0, 0, WIDTH, 0, 1.1, 5 };
static const struct style small = { SANS " 8", "P", 0.35, 0, WIDTH, 0, 1.0, 0 };

struct sheet {
	struct ctx *c;
	const struct pages_about *about;
	cairo_t *cr;
	struct span sender;
	double y;
	int number, of, missing;        /* page numbers; of is 0 while they are counted */
};

/* What pango warns of it draws all the same, as it can; a letter is drawn rightly or not at all.
 * There is one such function for a process. */
static char warning[160]; /* the first */

static GLogWriterOutput note_warning(GLogLevelFlags level, const GLogField *fields, gsize count,
				     gpointer of)
{
	(void)level;
	(void)of;
	for (gsize i = 0; i < count && !*warning; i++)
		if (!strcmp(fields[i].key, "MESSAGE"))
			snprintf(warning, sizeof warning, "%s", (const char *)fields[i].value);
	return G_LOG_WRITER_HANDLED;
}

static cairo_status_t to_buf(void *of, const unsigned char *p, unsigned n)
{
	struct buf *b = of;

	buf_add(b, span_of(p, n));
	return b->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static bool is_hex(unsigned char x)
{
	return (x >= '0' && x <= '9') || (x >= 'a' && x <= 'f');
}

/* Hashes stand in letters of one width, so that two of them can be compared by eye. */
static void mark_hashes(PangoLayout *layout, struct span text)
{
	PangoAttrList *list = pango_attr_list_new();

	/* A hyphen where a long word is broken would be a character that nobody wrote. */
	pango_attr_list_insert(list, pango_attr_insert_hyphens_new(FALSE));
	for (size_t i = 0, run = 0; i <= text.n; i++) {
		if (i < text.n && is_hex(text.p[i])) {
			run++;
			continue;
		}
		if (run == HASH_DIGITS) {
			PangoAttribute *marks[] = { pango_attr_family_new(MONO),
						    pango_attr_size_new(17 * PANGO_SCALE / 2) };

			for (size_t k = 0; k < 2; k++) {
				marks[k]->start_index = (guint)(i - run);
				marks[k]->end_index = (guint)i;
				pango_attr_list_insert(list, marks[k]);
			}
		}
		run = 0;
	}
	pango_layout_set_attributes(layout, list);
	pango_attr_list_unref(list);
}

static PangoLayout *lay_out(struct sheet *s, const struct style *style, struct span text)
{
	PangoLayout *layout = pango_cairo_create_layout(s->cr);
	PangoFontDescription *font = pango_font_description_from_string(style->font);

	/* Sizes are points of the page, not of a screen. */
	pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72.0);
	pango_layout_context_changed(layout);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_width(layout, (int)(style->width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_indent(layout, (int)(-style->hang * PANGO_SCALE));
	pango_layout_set_line_spacing(layout, (float)style->spacing);
	pango_layout_set_text(layout, (const char *)text.p, (int)text.n);
	mark_hashes(layout, text);
	s->missing += pango_layout_get_unknown_glyphs_count(layout);
	return layout;
}

/* One text at a fixed place: head and foot of the pages. */
static void put_at(struct sheet *s, const struct style *style, PangoAlignment align, double y,
		   struct span text)
{
	int missing = s->missing;
	PangoLayout *layout = lay_out(s, style, text);

	s->missing = missing;   /* it was counted where it stands in the text */
	pango_layout_set_alignment(layout, align);
	cairo_set_source_rgb(s->cr, style->grey, style->grey, style->grey);
	cairo_move_to(s->cr, LEFT + style->x, y);
	pango_cairo_show_layout(s->cr, layout);
	g_object_unref(layout);
}

static void rule(struct sheet *s, double y)
{
	cairo_set_source_rgb(s->cr, 0.35, 0.35, 0.35);
	cairo_set_line_width(s->cr, 0.5);
	cairo_move_to(s->cr, LEFT, y);
	cairo_line_to(s->cr, A4_WIDTH - RIGHT, y);
	cairo_stroke(s->cr);
}

static enum err page_foot(struct sheet *s)
{
	struct span text;

	rule(s, A4_HEIGHT - BOTTOM + 22);
	put_at(s, &small, PANGO_ALIGN_LEFT, A4_HEIGHT - BOTTOM + 26, s->about->reference);
	TRY(span_fmt(s->c, &text, "Page %d of %d", s->number, s->of));
	put_at(s, &small, PANGO_ALIGN_RIGHT, A4_HEIGHT - BOTTOM + 26, text);
	if (s->about->sha256_text.n) {
		TRY(span_fmt(s->c, &text, "SHA-256 of the text: %.*s",
			     SPAN_ARG(s->about->sha256_text)));
		put_at(s, &small, PANGO_ALIGN_LEFT, A4_HEIGHT - BOTTOM + 37, text);
	}
	return ERR_OK;
}

static enum err page_break(struct sheet *s)
{
	TRY(page_foot(s));
	cairo_show_page(s->cr);
	s->number++;
	put_at(s, &small, PANGO_ALIGN_LEFT, TOP - 22, s->sender);
	rule(s, TOP - 8);
	s->y = TOP + 6;
	return ERR_OK;
}

static enum err put_line(struct sheet *s, const struct style *style, PangoLayoutIter *at)
{
	PangoRectangle box;
	int top, bottom;

	pango_layout_iter_get_line_yrange(at, &top, &bottom);
	pango_layout_iter_get_line_extents(at, NULL, &box);
	if (s->y + (bottom - top) / (double)PANGO_SCALE > A4_HEIGHT - BOTTOM)
		TRY(page_break(s));
	cairo_set_source_rgb(s->cr, style->grey, style->grey, style->grey);
	cairo_move_to(s->cr, LEFT + style->x + box.x / (double)PANGO_SCALE,
		      s->y + (pango_layout_iter_get_baseline(at) - top) / (double)PANGO_SCALE);
	cairo_tag_begin(s->cr, style->tag, NULL);
	pango_cairo_show_layout_line(s->cr, pango_layout_iter_get_line_readonly(at));
	cairo_tag_end(s->cr, style->tag);
	s->y += (bottom - top) / (double)PANGO_SCALE;
	return ERR_OK;
}

/* Three lines or fewer are not parted, and an item has room for a line of what belongs to it. */
static enum err keep_together(struct sheet *s, const struct style *style, PangoLayout *layout)
{
	PangoRectangle box;
	double height = ROW_HEIGHT;

	pango_layout_get_extents(layout, NULL, &box);
	if (pango_layout_get_line_count(layout) <= 3)
		height = box.height / (double)PANGO_SCALE;
	height += style == &item ? ROW_HEIGHT : 0;
	return s->y + height > A4_HEIGHT - BOTTOM ? page_break(s) : ERR_OK;
}

static enum err put(struct sheet *s, const struct style *style, struct span text)
{
	PangoLayout *layout = lay_out(s, style, text);
	PangoLayoutIter *at = pango_layout_get_iter(layout);
	enum err e = keep_together(s, style, layout);

	while (e == ERR_OK) {
		e = put_line(s, style, at);
		if (!pango_layout_iter_next_line(at))
			break;
	}
	pango_layout_iter_free(at);
	g_object_unref(layout);
	s->y += style->after;
	return e;
}

/* Makes room for a text, and says where its first line will stand, below its top. */
static enum err baseline(struct sheet *s, const struct style *style, struct span text, double *out)
{
	int missing = s->missing;
	PangoLayout *layout = lay_out(s, style, text);
	enum err e = keep_together(s, style, layout);

	*out = pango_layout_get_baseline(layout) / (double)PANGO_SCALE;
	s->missing = missing;
	g_object_unref(layout);
	return e;
}

/* "Label   value": what two spaces part, the label being short; its length, or 0. */
static size_t label_of(struct span line)
{
	size_t end = 0;

	while (end + 1 < line.n && !(line.p[end] == ' ' && line.p[end + 1] == ' '))
		end++;
	return end + 1 < line.n && end <= LABEL_BYTES_MAX ? end : 0;
}

static enum err put_row(struct sheet *s, struct span line)
{
	size_t end = label_of(line);
	struct span left, right;
	double of_label, of_value;

	if (!end)
		return put(s, &label, line);
	left = span_cut(line, 0, end);
	right = span_trim(span_cut(line, end, line.n));
	/* Where the value begins a page its label does, too. */
	TRY(baseline(s, &value, right, &of_value));
	TRY(baseline(s, &label, left, &of_label));
	put_at(s, &label, PANGO_ALIGN_LEFT, s->y + of_value - of_label, left);
	return put(s, &value, right);
}

static bool is_item(struct span line)
{
	return span_starts(line, "  ");
}

static size_t indent_of(struct span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == ' ')
		n++;
	return n;
}

/* A line further in than where a part begins goes on with what stands before it (letter_put). */
static const struct style *style_of(struct span line, bool begun)
{
	size_t in = indent_of(line);

	if (begun && in > PART_INDENT)
		return NULL;
	return in < 2 ? &body : in < PART_INDENT ? &item : &part;
}

/* Lines of a text are broken where it is read as text; here those that belong together are one. */
static enum err put_block(struct sheet *s, struct span block)
{
	struct reader r = { block, 0 };
	const struct style *of = NULL;
	struct buf whole;
	struct span line, text;

	buf_begin(&whole, s->c, block.n + 2);
	while (take_line(&r, &line)) {
		const struct style *next = style_of(line, of != NULL);

		if (of && next && (next != &body || of != &body)) {
			TRY(buf_done(s->c, &whole, &text));
			TRY(put(s, of, text));
			s->y += of == &part && next == &item ? item.after : 0;
			buf_begin(&whole, s->c, block.n + 2);
		}
		if (next)
			of = next;
		buf_fmt(&whole, "%s%.*s", whole.n ? " " : "", SPAN_ARG(span_trim(line)));
	}
	if (!of)
		return ERR_OK;
	TRY(buf_done(s->c, &whole, &text));
	TRY(put(s, of, text));
	s->y += body.after - of->after;
	return ERR_OK;
}

/* A short block of one line that is no sentence. */
static bool is_heading(struct span block)
{
	struct span line = span_trim(block);

	return block.n <= SUBJECT_BYTES_MAX && !is_item(block) && line.n &&
	       !memchr(line.p, '\n', line.n) && !strchr(".:,;", line.p[line.n - 1]);
}

/* It stands with what follows it. */
static enum err put_heading(struct sheet *s, struct span block)
{
	if (s->y + HEADING_ROOM > A4_HEIGHT - BOTTOM)
		TRY(page_break(s));
	s->y += heading.after;
	return put(s, &heading, span_trim(block));
}

static enum err put_rows(struct sheet *s, struct span block)
{
	struct reader r = { block, 0 };
	struct span line;

	while (take_line(&r, &line))
		TRY(is_item(line) ? put(s, &item, span_trim(line)) : put_row(s, line));
	s->y += 18;
	return ERR_OK;
}

static bool is_rows(struct span block)
{
	struct reader r = { block, 0 };
	struct span line;

	return take_line(&r, &line) && label_of(line) > 0;
}

static enum err put_head(struct sheet *s, struct span block)
{
	struct reader r = { block, 0 };
	struct span line;

	if (!take_line(&r, &s->sender))
		return ERR_OK;
	TRY(put(s, &head, s->sender));
	rule(s, s->y);
	s->y += 12;
	while (take_line(&r, &line))
		TRY(put(s, &date, line));
	return ERR_OK;
}

/* Up to an empty line, with the final LF of each line. */
static bool take_block(struct reader *r, struct span *out)
{
	struct span line;
	size_t from = r->at, end = from;

	while (take_line(r, &line)) {
		if (line.n == 0 && end > from)
			break;
		if (line.n == 0)
			from = r->at;
		end = r->at;
	}
	*out = span_of(r->s.p + from, end - from);
	return end > from;
}

static enum err draw(struct sheet *s, struct span text)
{
	struct reader r = { text, 0 };
	struct span block;

	s->y = TOP;
	s->number = 1;
	s->missing = 0;
	for (int n = 0; take_block(&r, &block); n++) {
		if (n == 0)
			TRY(put_head(s, block));
		else if (n == 1)
			TRY(put_rows(s, block));
		else if (n == 2 && block.n <= SUBJECT_BYTES_MAX && !is_item(block))
			TRY(put(s, &subject, span_trim(block)));
		else if (is_rows(block))
			TRY(put_rows(s, block));
		else if (is_heading(block))
			TRY(put_heading(s, block));
		else
			TRY(put_block(s, block));
	}
	return page_foot(s);
}

static enum err run(struct sheet *s, struct span text, struct buf *to)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(to ? to_buf : NULL, to,
								       A4_WIDTH, A4_HEIGHT);
	cairo_status_t status;
	char made[TIME_TEXT_MAX];
	enum err e;

	time_text(s->about->made_utc, made);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, s->about->title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, made);
	s->cr = cairo_create(surface);
	/* One structure element around all others makes it a tagged PDF, which can be read aloud.
	 */
	cairo_tag_begin(s->cr, "Document", NULL);
	e = draw(s, text);
	cairo_tag_end(s->cr, "Document");
	status = cairo_status(s->cr);
	cairo_destroy(s->cr);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	TRY(e);
	if (status != CAIRO_STATUS_SUCCESS)
		FAIL(s->c, ERR_FAILED, "'%s' could not be drawn: %s", s->about->title,
		     cairo_status_to_string(status));
	return ERR_OK;
}

/* Bytes of the code point here that is no character and never will be (Unicode 23.7), which cairo
 * takes for no text at all: U+FDD0 to U+FDEF, and the last two of each plane. */
static size_t noncharacter(struct span text, size_t at)
{
	const unsigned char *p = text.p + at;

	if (text.n - at >= 3 && p[0] == 0xef &&
	    ((p[1] == 0xb7 && p[2] >= 0x90 && p[2] <= 0xaf) || (p[1] == 0xbf && p[2] >= 0xbe)))
		return 3;
	if (text.n - at >= 4 && p[0] >= 0xf0 && (p[1] & 0x0f) == 0x0f && p[2] == 0xbf &&
	    p[3] >= 0xbe)
		return 4;
	return 0;
}

/* The text with U+FFFD in their place. */
static enum err characters_of(struct ctx *c, struct span text, struct span *out, int *missing_out)
{
	struct buf b;
	size_t from = 0;

	*missing_out = 0;
	buf_begin(&b, c, text.n + 1);
	for (size_t at = 0, n; at < text.n; at += n ? n : 1) {
		n = noncharacter(text, at);
		if (!n)
			continue;
		buf_add(&b, span_cut(text, from, at - from));
		buf_str(&b, "\xef\xbf\xbd");
		from = at + n;
		++*missing_out;
	}
	buf_add(&b, span_cut(text, from, text.n));
	return buf_done(c, &b, out);
}

enum err pages_draw(struct ctx *c, const struct pages_about *about, struct span text,
		    struct span *pdf_out, int *missing_out)
{
	struct sheet s = { .c = c, .about = about };
	struct buf b;
	int replaced;

	if (!span_is_utf8(text))
		FAIL(c, ERR_FORMAT, "'%s' is not text in UTF-8", about->title);
	TRY(characters_of(c, text, &text, &replaced));
	*warning = '\0';
	TRY(run(&s, text, NULL));       /* counts the pages */
	s.of = s.number;
	buf_begin(&b, c, PAGES_PDF_MAX);
	TRY(run(&s, text, &b));
	if (*warning) {
		err_next(c, "see that the fonts of this machine are whole and readable");
		FAIL(c, ERR_FAILED, "'%s' could not be drawn: %s", about->title, warning);
	}
	*missing_out = s.missing + replaced;
	return buf_done(c, &b, pdf_out);
}

static bool is_below(const FcChar8 *path, const FcChar8 *const *folders, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen((const char *)folders[i]);

		if (!strncmp((const char *)path, (const char *)folders[i], n) && path[n] == '/')
			return true;
	}
	return false;
}

/* The list names folders, and behind them what lies in these. */
static enum err open_folders(struct ctx *c, FcStrList *list, int *folder_out, size_t *count_out)
{
	const FcChar8 *path, *opened[PAGES_FOLDERS_MAX];

	while ((path = FcStrListNext(list))) {
		int fd;

		if (is_below(path, opened, *count_out))
			continue;
		fd = c->seam->open((const char *)path, O_PATH | O_DIRECTORY, 0);
		if (fd < 0)
			continue; /* settings name folders that need not be there */
		if (*count_out == PAGES_FOLDERS_MAX)
			FAIL(c, ERR_LIMIT, "fontconfig names more than %u folders of fonts",
			     PAGES_FOLDERS_MAX);
		opened[*count_out] = path;
		folder_out[(*count_out)++] = fd;
	}
	return ERR_OK;
}

/* What is asked for once by calls that the cage does not allow: cairo wants the zone, whatever date
 * it is given; fontconfig the program's name and language. */
static void settle_defaults(void)
{
	FcPattern *pattern = FcPatternCreate();

	tzset();
	if (!pattern)
		return;
	FcDefaultSubstitute(pattern);
	FcPatternDestroy(pattern);
}

enum err pages_begin(struct ctx *c, int folder_out[PAGES_FOLDERS_MAX], size_t *count_out)
{
	FcStrList *list;
	FcFontSet *fonts;
	enum err e;

	*count_out = 0;
	g_log_set_writer_func(note_warning, NULL, NULL);
	/* For pango's threads: a heap of its own would need calls that the cage does not allow. */
	mallopt(M_ARENA_MAX, 1);
	fonts = FcInit() ? FcConfigGetFonts(NULL, FcSetSystem) : NULL;
	if (!fonts || fonts->nfont == 0) {
		err_next(c, "install fonts (fonts-noto-core, fonts-dejavu-core)");
		FAIL(c, ERR_NOT_FOUND, "fontconfig finds no font on this machine");
	}
	settle_defaults();
	list = FcConfigGetFontDirs(NULL);
	if (!list)
		FAIL(c, ERR_NOMEM, "no memory for the folders of fonts");
	e = open_folders(c, list, folder_out, count_out);
	FcStrListDone(list);
	return e;
}
