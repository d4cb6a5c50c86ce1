/*
 * Forms, path segments, cookies and ranges. What comes out is UTF-8 without controls; what was
 * escaped by us comes back as it was; a range lies in its file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "fuzz.h"
#include "web/form.h"
#include "web/range.h"

static void check_text(struct span s)
{
	CHECK(span_is_utf8(s));
	for (size_t i = 0; i < s.n; i++)
		CHECK(s.p[i] >= ' ' || s.p[i] == '\n' || s.p[i] == '\t');
}

/* As a field shows it, and a browser sends it: what looks like a mark is marked (html.h). */
static void escape(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (span_starts(span_cut(s, i, s.n), "\xe2\x9f\xa6U+")) {
			buf_str(b, "%E2%9F%A6U%2B27E6%E2%9F%A7");
			i += 2;
			continue;
		}
		buf_fmt(b, "%%%02X", s.p[i]);
	}
}

static void check_again(struct ctx *c, struct web_fields f)
{
	struct web_fields again;
	struct span text;
	struct buf b;

	buf_begin(&b, c, 32 << 20);
	for (size_t i = 0; i < f.n; i++) {
		escape(&b, f.at[i].name);
		buf_byte(&b, '=');
		escape(&b, f.at[i].value);
		if (i + 1 < f.n)
			buf_byte(&b, '&');
	}
	CHECK(buf_done(c, &b, &text) == ERR_OK);
	/* A control has become three bytes, and a mark more, so a name may have grown beyond its
	 * length. */
	if (form_read(c, text, &again) != ERR_OK) {
		err_clear(c);
		return;
	}
	CHECK(again.n == f.n);
	for (size_t i = 0; i < f.n; i++)
		CHECK(span_eq(again.at[i].name, f.at[i].name) &&
		      span_eq(again.at[i].value, f.at[i].value));
}

static void check_range(struct span s, int64_t bytes)
{
	struct range r = range_of(s, SPAN_NONE, SPAN("e"), bytes);

	CHECK(r.from >= 0 && r.bytes >= 0 && r.from + r.bytes <= bytes);
	CHECK(r.kind != RANGE_PART || r.bytes > 0);
	CHECK(r.kind != RANGE_WHOLE || (r.from == 0 && r.bytes == bytes));
	range_has_etag(s, SPAN("e"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size), s;
	struct web_fields f;
	struct ctx c;
	enum err e;

	if (size > 65536 || ctx_begin(&c, ARENA_MAX) != ERR_OK)
		return 0;
	e = form_read(&c, all, &f);
	check_result(&c, e);
	for (size_t i = 0; i < f.n; i++) {
		check_text(f.at[i].name);
		check_text(f.at[i].value);
		CHECK(f.at[i].name.n > 0 && f.at[i].name.n <= WEB_FIELD_NAME_MAX);
	}
	if (e == ERR_OK)
		check_again(&c, f);
	err_clear(&c);
	e = form_unescape(&c, all, &s);
	check_result(&c, e);
	if (e == ERR_OK)
		CHECK(s.n <= size && span_is_utf8(s));
	err_clear(&c);
	e = cookies_read(&c, all, &f);
	check_result(&c, e);
	CHECK(f.n <= WEB_COOKIES_MAX);
	for (size_t i = 0; i < f.n; i++)
		for (size_t k = 0; k < i; k++)
			CHECK(!span_eq(f.at[i].name, f.at[k].name));
	check_range(all, (int64_t)(size % 7));
	check_range(all, 100);
	check_range(all, INT64_C(1) << 50);
	ctx_end(&c);
	return 0;
}
