/*
 * Writes the page with every part of src/web/page/part: "clean", or with "errors" in each field.
 * "all": each text that comes in (length as four bytes, bytes) in every slot of every page there
 * is, answered by name and page, with and without what a page shows only at times.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "web/fill.h"

#define IN_MAX ((size_t)16 << 20)

static enum err show(size_t page, struct span text, bool yes)
{
	CTX_SCOPED struct ctx c;
	struct page_view view = { 0 };
	struct fill f = { .view = &view, .text = text, .number = yes ? 7 : 0, .yes = yes };
	struct span made;
	struct buf b, out;

	TRY(ctx_begin(&c, (size_t)256 << 20));
	fill_view(&view, &f, 2);
	view.base = (struct page_base){ .token = SPAN("t0ken"), .now_utc_s = 86400 };
	TRY(zone_open(&c, SPAN("UTC"), &view.base.zone));
	buf_begin(&b, &c, (size_t)32 << 20);
	buf_begin(&out, &c, (size_t)33 << 20);
	TRY(all_pages[page].show(&c, &f, &b));
	TRY(buf_done(&c, &b, &made));
	buf_string(&out, span_str(all_pages[page].name));
	buf_string(&out, made);
	TRY(buf_done(&c, &out, &made));
	return fd_write_all(&c, 1, made);
}

static int show_all(struct ctx *c)
{
	struct reader r = { 0 };
	struct span text;

	if (fd_read_all(c, 0, IN_MAX, &r.s) != ERR_OK)
		return 1;
	while (take_string(&r, &text))
		for (size_t i = 0; i < 2 * (sizeof all_pages / sizeof all_pages[0]); i++)
			if (show(i / 2, text, i % 2) != ERR_OK)
				return 1;
	return !reader_done(&r);
}

int main(int argc, char **argv)
{
	CTX_SCOPED struct ctx c;
	bool errors = argc == 2 && strcmp(argv[1], "errors") == 0;
	struct span wrong = errors ? SPAN("It is <wrong>") : SPAN_NONE;
	struct page_field field = { .value = SPAN("go"), .error = wrong };
	const struct page_problem problems[] = { { SPAN("agency"), wrong }, { SPAN_NONE, wrong } };
	const struct page_nav_link nav[] = { { SPAN("/"), SPAN("Queue"), true },
					     { SPAN("/in"), SPAN("In"), false } };
	const struct page_crumb crumbs[] = { { SPAN("/"), SPAN("Queue") },
					     { SPAN_NONE, SPAN("This") } };
	const struct page_field rows[] = { { SPAN("ask"), SPAN_NONE },
					   { SPAN("a \"b\""), SPAN_NONE } };
	struct page_view view = {
		.provider = SPAN("Example Mail"),
		.version = SPAN("0"),
		.look = SPAN("0123456789abcdef"),
		.person = errors ? SPAN("Ana K.") : SPAN_NONE,
		.nav = nav,
		.nav_n = errors ? 2 : 0,
		.phone = SPAN("+33 1 00"),
		.phone_link = SPAN("tel:+33100"),
		.degraded = wrong,
		.demo = !errors,
		.single_user = true,
		.base = { .token = SPAN("t0ken") },
	};
	struct page_parts p = {
		.view = &view,
		.problems = problems,
		.problems_n = errors ? 2 : 0,
		.agency = field,
		.why = field,
		.kind = field,
		.decision = field,
		.head = errors,
		.file_error = wrong,
		.rows = rows,
		.rows_n = 2,
		.from = { SPAN("1"), SPAN("2"), SPAN("2026"), wrong },
		.crumbs = crumbs,
		.crumbs_n = errors ? 2 : 0,
		.at = { errors ? SPAN("/?page=1") : SPAN_NONE, SPAN("/?page=3"), 2,
			errors ? 3 : 1 },
	};
	struct span text;
	struct buf b;

	if (argc != 2 || ctx_begin(&c, IN_MAX * 4) != ERR_OK ||
	    zone_open(&c, SPAN("UTC"), &view.base.zone) != ERR_OK)
		return 2;
	if (strcmp(argv[1], "all") == 0)
		return show_all(&c);
	buf_begin(&b, &c, 1 << 20);
	if (page_parts(&c, &p, &b) != ERR_OK || buf_done(&c, &b, &text) != ERR_OK)
		return 1;
	return fd_write_all(&c, 1, text) != ERR_OK;
}
