/*
 * certificate.pdf: the certificate of authenticity, one column on A4 by cairo and pango. It states
 * order, custodian, scope, manifest, items and bytes, and names no later hash
 * (doc/delivered-file.md). SPDX-License-Identifier: Apache-2.0
 */
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <string.h>

#include "format/time.h"
#include "order/5_approve/approve.h"

#define A4_WIDTH 595.0
#define A4_HEIGHT 842.0
#define MARGIN 64.0
#define PDF_MAX ((size_t)4 << 20)

static cairo_status_t to_buf(void *of, const unsigned char *p, unsigned n)
{
	struct buf *b = of;

	buf_add(b, span_of(p, n));
	return b->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

struct page {
	cairo_t *cr;
	double y;
};

static void put(struct page *page, const char *font, const char *text, double space_after)
{
	PangoLayout *layout = pango_cairo_create_layout(page->cr);
	PangoFontDescription *description = pango_font_description_from_string(font);
	int width, height;

	pango_layout_set_font_description(layout, description);
	pango_layout_set_width(layout, (int)((A4_WIDTH - 2 * MARGIN) * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(layout, text, -1);
	pango_layout_get_pixel_size(layout, &width, &height);
	if (page->y + height > A4_HEIGHT - MARGIN) {
		cairo_show_page(page->cr);
		page->y = MARGIN;
	}
	cairo_move_to(page->cr, MARGIN, page->y);
	pango_cairo_show_layout(page->cr, layout);
	page->y += height + space_after;
	pango_font_description_free(description);
	g_object_unref(layout);
}

static enum err row(struct ctx *c, struct page *page, const char *label, const char *font,
		    struct span value)
{
	char *z;

	TRY(span_cstr(c, value, &z));
	put(page, "DejaVu Sans 8", label, 1);
	put(page, font, z, 8);
	return ERR_OK;
}

static enum err number(struct ctx *c, struct page *page, const char *label, int64_t n)
{
	struct span text;

	TRY(span_fmt(c, &text, "%lld", (long long)n));
	return row(c, page, label, "DejaVu Sans 10", text);
}

static enum err draw(struct ctx *c, struct session *s, const struct order *o,
		     const struct json *receipt, struct page *page)
{
	const struct json *founded, *issuer = json_get(json_get(o->received, "facts"), "issuer");
	struct span now;

	TRY(home_last(c, s, "founded", &founded));
	TRY(time_span(c, c->seam->now_ms() / 1000, &now));
	put(page, "DejaVu Sans Bold 16", "Certificate of authenticity", 14);
	TRY(row(c, page, "Order", "DejaVu Sans 10", o->ref));
	TRY(row(c, page, "Reference of the authority", "DejaVu Sans 10",
		json_opt_text(o->received, "authority_reference", SPAN("unknown"))));
	TRY(row(c, page, "Authority", "DejaVu Sans 10",
		json_opt_text(issuer, "authority_name", SPAN("unknown"))));
	TRY(row(c, page, "Custodian", "DejaVu Sans 10",
		json_opt_text(founded, "provider", SPAN("the provider"))));
	TRY(row(c, page, "Made", "DejaVu Sans 10", now));
	TRY(row(c, page, "Scope (SHA-256)", "DejaVu Sans Mono 8.5",
		json_opt_text(receipt, "scope_sha256", SPAN_NONE)));
	TRY(row(c, page, "Manifest (SHA-256 of manifest-sha256.txt)", "DejaVu Sans Mono 8.5",
		json_opt_text(receipt, "manifest_sha256", SPAN_NONE)));
	TRY(number(c, page, "Items", json_opt_int(receipt, "items", -1)));
	TRY(number(c, page, "Bytes", json_opt_int(receipt, "bytes", -1)));
	put(page, "DejaVu Sans 10",
	    "The items were copied by an electronic process from the custodian's store, exactly "
	    "the items that the scope names and "
	    "no others. Each item was hashed with SHA-256 as it was read; the manifest lists every "
	    "item with its hash, and whoever "
	    "computes the hashes again and finds them equal holds a true copy. The items are "
	    "records that the "
	    "custodian keeps in the ordinary course of its business. What was ordered and is not "
	    "returned is "
	    "listed in return.json, with the reasons.",
	    10);
	put(page, "DejaVu Sans 10",
	    "This certificate is signed with the file that carries it: the people who approved the "
	    "return and the custodian's "
	    "signature are in approvals.json and statement.p7s.",
	    0);
	return ERR_OK;
}

enum err certificate_make(struct ctx *c, struct session *s, const struct order *o,
			  struct span *pdf_out)
{
	struct json *receipt;
	struct page page = { .y = MARGIN };
	cairo_surface_t *surface;
	struct span text, now;
	struct buf b;
	char *date;
	enum err e;

	TRY(json_need_text(c, o->collected, "receipt", &text));
	TRY(json_parse_canonical(c, text, &receipt));
	TRY(time_span(c, c->seam->now_ms() / 1000, &now));
	TRY(span_cstr(c, now, &date));
	buf_begin(&b, c, PDF_MAX);
	surface = cairo_pdf_surface_create_for_stream(to_buf, &b, A4_WIDTH, A4_HEIGHT);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
				       "Certificate of authenticity");
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
	page.cr = cairo_create(surface);
	e = draw(c, s, o, receipt, &page);
	cairo_destroy(page.cr);
	cairo_surface_finish(surface);
	if (e == ERR_OK && cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
		e = err_set(c, ERR_FAILED, __FILE__, __LINE__,
			    "the certificate could not be drawn: %s",
			    cairo_status_to_string(cairo_surface_status(surface)));
	cairo_surface_destroy(surface);
	TRY(e);
	return buf_done(c, &b, pdf_out);
}
