/*
 * Pictures of pages; see picture.h. leptonica decodes scans and encodes every PNG; it is the
 * library under tesseract, and stands in this file alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/picture.h"

#include <leptonica/allheaders.h>

#include "base/num.h"
#include "format/png.h"

#define PIXELS_MAX INT64_C(60000000)    /* of a scan: A4 at 700 dots an inch */
#define PAGES_MAX 200

static void pix_close(PIX **pix)
{
	pixDestroy(pix);
}
#define PIX_SCOPED __attribute__((cleanup(pix_close)))

static void bytes_close(l_uint8 **p)
{
	lept_free(*p);
}

static const struct {
	enum picture_kind kind;
	struct span start;
	const char *name;
} kinds[] = {
	{ PICTURE_PNG, SPAN("\x89PNG\r\n\x1a\n"), "png" },
	{ PICTURE_JPEG, SPAN("\xff\xd8\xff"), "jpeg" },
	{ PICTURE_TIFF, SPAN("II*\0"), "tiff" },
	{ PICTURE_TIFF, SPAN("MM\0*"), "tiff" },
};

enum picture_kind picture_kind_of(struct span start)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_eq(span_cut(start, 0, kinds[i].start.n), kinds[i].start))
			return kinds[i].kind;
	return PICTURE_NONE;
}

const char *picture_kind_name(enum picture_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return NULL;
}

/* ---- sizes, before anything is decoded ---- */

static bool head_of(enum picture_kind kind, struct span s, int64_t page, l_int32 *w, l_int32 *h)
{
	setMsgSeverity(L_SEVERITY_NONE);
	switch (kind) {
	case PICTURE_PNG:
		return page == 1 && readHeaderMemPng(s.p, s.n, w, h, NULL, NULL, NULL) == 0;
	case PICTURE_JPEG:
		return page == 1 && readHeaderMemJpeg(s.p, s.n, w, h, NULL, NULL, NULL) == 0;
	case PICTURE_TIFF:
		return readHeaderMemTiff(s.p, s.n, (l_int32)page - 1, w, h, NULL, NULL, NULL, NULL,
					 NULL) == 0;
	default:
		return false;
	}
}

static enum err page_look(struct ctx *c, enum picture_kind kind, struct span scan, int64_t page,
			  struct picture_about *out)
{
	l_int32 w = 0, h = 0;

	if (page < 1 || page > PAGES_MAX || !head_of(kind, scan, page, &w, &h) || w < 1 || h < 1)
		FAIL(c, ERR_FORMAT, "the scan has no page %lld that can be read", (long long)page);
	if ((int64_t)w * h > PIXELS_MAX || (int64_t)w > PIXELS_MAX / 100 ||
	    (int64_t)h > PIXELS_MAX / 100)
		FAIL(c, ERR_LIMIT, "a scan of %d x %d pixels: the limit is %lld pixels", w, h,
		     (long long)PIXELS_MAX);
	out->width = w;
	out->height = h;
	return ERR_OK;
}

enum err picture_look(struct ctx *c, enum picture_kind kind, struct span scan,
		      struct picture_about *out)
{
	l_int32 w, h;

	TRY(page_look(c, kind, scan, 1, out));
	out->pages = 1;
	while (kind == PICTURE_TIFF && out->pages < PAGES_MAX &&
	       head_of(kind, scan, out->pages + 1, &w, &h))
		out->pages++;
	return ERR_OK;
}

/* ---- pixels ---- */

static PIX *decode(enum picture_kind kind, struct span s, int64_t page)
{
	switch (kind) {
	case PICTURE_PNG:
		return pixReadMemPng(s.p, s.n);
	case PICTURE_JPEG:
		return pixReadMemJpeg(s.p, s.n, 0, 1, NULL, 0);
	case PICTURE_TIFF:
		return pixReadMemTiff(s.p, s.n, (l_int32)page - 1);
	default:
		return NULL;
	}
}

/* In grey or colour, eight bits, without palette or transparency. */
static PIX *flat(PIX *pix, bool grey)
{
	PIX_SCOPED PIX *opaque = NULL;
	PIX_SCOPED PIX *plain = NULL;

	opaque = pixGetSpp(pix) == 4 ? pixAlphaBlendUniform(pix, 0xffffff00) : pixClone(pix);
	if (!opaque)
		return NULL;
	plain = pixRemoveColormap(opaque, REMOVE_CMAP_BASED_ON_SRC);
	if (!plain)
		return NULL;
	return grey || pixGetDepth(plain) <= 16 ? pixConvertTo8(plain, 0) : pixConvertTo32(plain);
}

static PIX *scaled(PIX *pix, unsigned longest)
{
	l_int32 w = pixGetWidth(pix), h = pixGetHeight(pix);

	if ((unsigned)w <= longest && (unsigned)h <= longest)
		return pixClone(pix);
	return w >= h ? pixScaleToSize(pix, (l_int32)longest, 0) :
			pixScaleToSize(pix, 0, (l_int32)longest);
}

static enum err encode(struct ctx *c, PIX *pix, struct span *png_out)
{
	__attribute__((cleanup(bytes_close))) l_uint8 *p = NULL;
	size_t n = 0;

	pixSetResolution(pix, 0, 0);
	pixSetText(pix, NULL);
	if (pixWriteMemPng(&p, &n, pix, 0) != 0)
		FAIL(c, ERR_NOMEM, "the page could not be encoded");
	return png_plain(c, span_of(p, n), png_out);
}

enum err picture_of_scan(struct ctx *c, enum picture_kind kind, struct span scan, int64_t page,
			 unsigned longest, bool grey, struct span *png_out)
{
	PIX_SCOPED PIX *pix = NULL;
	PIX_SCOPED PIX *plain = NULL;
	PIX_SCOPED PIX *fit = NULL;
	struct picture_about about;

	TRY(page_look(c, kind, scan, page, &about));
	pix = decode(kind, scan, page);
	plain = pix ? flat(pix, grey) : NULL;
	fit = plain ? scaled(plain, longest) : NULL;
	if (!fit)
		FAIL(c, ERR_FORMAT, "page %lld of the scan cannot be decoded", (long long)page);
	return encode(c, fit, png_out);
}

/* ---- PNM, by ourselves ---- */

static bool take_number(struct reader *r, uint32_t *out)
{
	uint8_t x;

	*out = 0;
	for (unsigned digits = 0; take_u8(r, &x); digits++) {
		if (x < '0' || x > '9')
			return digits > 0 && (x == '\n' || x == ' ');
		if (digits == 6)
			return false;
		*out = *out * 10 + (uint32_t)(x - '0');
	}
	return false;
}

struct pnm {
	uint32_t width, height;
	bool colour;
	struct span pixels;
};

static enum err pnm_read(struct ctx *c, struct span s, struct pnm *out)
{
	struct reader r = { .s = s };
	struct span magic;
	uint32_t most;

	if (!take_bytes(&r, 3, &magic) || (!span_is(magic, "P5\n") && !span_is(magic, "P6\n")) ||
	    !take_number(&r, &out->width) || !take_number(&r, &out->height) ||
	    !take_number(&r, &most) || most != 255)
		FAIL(c, ERR_FORMAT, "what the tool drew is no picture");
	out->colour = magic.p[1] == '6';
	if (!out->width || !out->height || out->width > PNG_SIDE_MAX || out->height > PNG_SIDE_MAX)
		FAIL(c, ERR_LIMIT, "the tool drew %u x %u pixels", out->width, out->height);
	if (!take_bytes(&r, (size_t)out->width * out->height * (out->colour ? 3 : 1),
			&out->pixels) || !reader_done(&r))
		FAIL(c, ERR_FORMAT, "what the tool drew is cut, or too long");
	return ERR_OK;
}

/* A page without colour takes a third of the room. */
static bool has_colour(const struct pnm *m)
{
	const unsigned char *p = m->pixels.p;

	for (size_t i = 0; m->colour && i + 2 < m->pixels.n; i += 3)
		if (p[i] != p[i + 1] || p[i] != p[i + 2])
			return true;
	return false;
}

static void fill(const struct pnm *m, PIX *pix, bool colour)
{
	size_t step = m->colour ? 3 : 1, words = (size_t)pixGetWpl(pix);
	const unsigned char *p = m->pixels.p;
	l_uint32 *line = pixGetData(pix);

	for (uint32_t y = 0; y < m->height; y++, line += words)
		for (uint32_t x = 0; x < m->width; x++, p += step)
			if (colour)
				line[x] = (l_uint32)p[0] << 24 | (l_uint32)p[1] << 16 |
					  (l_uint32)p[2] << 8;
			else
				line[x / 4] |= (l_uint32)p[0] << (24 - 8 * (x % 4));
}

enum err picture_of_pnm(struct ctx *c, struct span pnm, struct span *png_out)
{
	PIX_SCOPED PIX *pix = NULL;
	struct pnm m;
	bool colour;

	setMsgSeverity(L_SEVERITY_NONE);
	TRY(pnm_read(c, pnm, &m));
	colour = has_colour(&m);
	pix = pixCreate((l_int32)m.width, (l_int32)m.height, colour ? 32 : 8);
	if (!pix)
		FAIL(c, ERR_NOMEM, "there is no memory for a page");
	fill(&m, pix, colour);
	return encode(c, pix, png_out);
}
