/*
 * Writes the pages that only tests make: "every LANGUAGE" one with fixed values, "places" one for
 * each text that comes in (length as four bytes, bytes), answered in the same form.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "web/pages.h"

#define NOW INT64_C(1795356456) /* 2026-11-22T14:07:36Z */
#define IN_MAX ((size_t)64 << 20)

static int every(struct ctx *c, struct page_view *view)
{
	const struct page_inner more[] = { { SPAN("a b"), 1204 }, { SPAN("<c>"), -1234567 } };
	const struct page_row rows[] = {
		{ .key = SPAN("W-1"),
		  .at = NOW - 86400 * 3,
		  .left = 410,
		  .size = 1,
		  .on = true,
		  .of = { SPAN("\xd7\xa9\xd7\x9c"), 0 },
		  .more = more,
		  .more_n = 2 },
		{ .key = SPAN("W 2"),
		  .at = NOW + 59,
		  .left = -12,
		  .size = 3149999,
		  .of = { SPAN("&"), 0 } },
		{ .key = SPAN("W.3"), .at = 0, .left = 18420, .size = 999999999999 },
		{ .key = SPAN("4"), .at = INT64_MAX, .left = 86400 * 3, .size = 1000 },
	};
	struct page_every p = {
		.view = view,
		.name = SPAN("<x>/\"y'"),
		.n = 1204,
		.size = 213000000,
		.at = NOW - 720,
		.left = 5999,
		.yes = true,
		.to = SPAN("javascript:alert(1)"),
		.rows = rows,
		.rows_n = 4,
		.one = { .key = SPAN("k"), .of = { SPAN("one"), 1 } },
		.chosen = SPAN("y"),
	};
	struct span text;
	struct buf b;

	buf_begin(&b, c, 1 << 20);
	if (page_every(c, &p, &b) != ERR_OK || buf_done(c, &b, &text) != ERR_OK)
		return 1;
	return fd_write_all(c, 1, text) != ERR_OK;
}

static enum err answer(const struct page_view *view, struct span s)
{
	CTX_SCOPED struct ctx c;
	struct page_places p = { .view = view, .s = s, .to = s };
	struct buf b, out;
	struct span text;

	TRY(ctx_begin(&c, (size_t)256 << 20));
	buf_begin(&b, &c, (size_t)32 << 20);
	buf_begin(&out, &c, (size_t)33 << 20);
	TRY(page_places(&c, &p, &b));
	TRY(buf_done(&c, &b, &text));
	buf_string(&out, text);
	TRY(buf_done(&c, &out, &text));
	return fd_write_all(&c, 1, text);
}

static int places(struct ctx *c, const struct page_view *view)
{
	struct reader r = { 0 };
	struct span s;

	if (fd_read_all(c, 0, IN_MAX, &r.s) != ERR_OK)
		return 1;
	while (take_string(&r, &s))
		if (answer(view, s) != ERR_OK)
			return 1;
	return !reader_done(&r);
}

int main(int argc, char **argv)
{
	CTX_SCOPED struct ctx c;
	struct page_view view = { .person = SPAN("Ana"),
				  .base = { .now_utc_s = NOW, .token = SPAN("t<0>") } };

	if (argc != 3 || ctx_begin(&c, IN_MAX * 4) != ERR_OK ||
	    zone_open(&c, SPAN("Europe/Paris"), &view.base.zone) != ERR_OK)
		return 2;
	view.base.zone_name = SPAN("Europe/Paris");
	view.base.language = strcmp(argv[2], "pl") == 0 ? WORDS_PL : WORDS_EN;
	return strcmp(argv[1], "every") == 0 ? every(&c, &view) : places(&c, &view);
}
