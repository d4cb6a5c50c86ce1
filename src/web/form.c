/*
 * Names and values as browsers send them. See form.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/form.h"

#include "format/html.h"

static int hex_digit(unsigned char x)
{
	if (x >= '0' && x <= '9')
		return x - '0';
	if (x >= 'a' && x <= 'f')
		return x - 'a' + 10;
	if (x >= 'A' && x <= 'F')
		return x - 'A' + 10;
	return -1;
}

static enum err unescape(struct ctx *c, struct span s, bool plus, struct span *out)
{
	unsigned char *p;
	size_t n = 0;

	TRY(NEW_ARRAY(c, p, s.n + 1));
	for (size_t i = 0; i < s.n; i++) {
		if (plus && s.p[i] == '+') {
			p[n++] = ' ';
		} else if (s.p[i] != '%') {
			p[n++] = s.p[i];
		} else {
			int high = s.n - i > 2 ? hex_digit(s.p[i + 1]) : -1;
			int low = s.n - i > 2 ? hex_digit(s.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				FAIL(c, ERR_FORMAT, "a %% is not followed by two hex digits");
			p[n++] = (unsigned char)(high * 16 + low);
			i += 2;
		}
	}
	*out = span_of(p, n);
	return ERR_OK;
}

enum err form_unescape(struct ctx *c, struct span s, struct span *out)
{
	TRY(unescape(c, s, false, out));
	if (!span_is_utf8(*out))
		FAIL(c, ERR_FORMAT, "the address is not UTF-8");
	for (size_t i = 0; i < out->n; i++) {
		if (out->p[i] < ' ' || out->p[i] == 0x7f)
			FAIL(c, ERR_FORMAT, "the address has a control character in it");
	}
	return ERR_OK;
}

enum err form_text(struct ctx *c, struct span raw, struct span *out)
{
	struct span text;
	struct buf b;

	if (!span_is_utf8(raw))
		FAIL(c, ERR_FORMAT, "a field of the form is not UTF-8");
	buf_begin(&b, c, raw.n * 3 + 1);
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char x = raw.p[i];

		if (x == '\r') {
			if (i + 1 == raw.n || raw.p[i + 1] != '\n')
				buf_byte(&b, '\n');
		} else if ((x < ' ' && x != '\n' && x != '\t') || x == 0x7f) {
			buf_str(&b, "\xef\xbf\xbd");
		} else {
			buf_byte(&b, x);
		}
	}
	TRY(buf_done(c, &b, &text));
	return html_value_read(c, text, out);
}

static enum err field_read(struct ctx *c, struct span piece, struct web_field *out)
{
	struct span name = piece, value = SPAN_NONE;

	span_split(piece, '=', &name, &value);
	TRY(unescape(c, name, true, &name));
	TRY(unescape(c, value, true, &value));
	TRY(form_text(c, name, &out->name));
	TRY(form_text(c, value, &out->value));
	if (out->name.n == 0 || out->name.n > WEB_FIELD_NAME_MAX)
		FAIL(c, ERR_FORMAT, "the name of a field has %zu bytes; 1 to %u are possible",
		     out->name.n, WEB_FIELD_NAME_MAX);
	return ERR_OK;
}

/* How many pieces there may be; one that is empty counts. */
static size_t pieces(struct span text, unsigned char sep)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == sep;
	return n;
}

enum err form_read(struct ctx *c, struct span text, struct web_fields *out)
{
	struct span rest = text, piece;
	struct web_field *fields;
	size_t n = pieces(text, '&'), filled = 0;

	*out = (struct web_fields){ 0 };
	if (text.n == 0)
		return ERR_OK;
	if (n > WEB_FIELDS_MAX)
		FAIL(c, ERR_LIMIT, "a form has more than %u fields", WEB_FIELDS_MAX);
	TRY(NEW_ARRAY(c, fields, n));
	for (bool more = true; more;) {
		more = span_split(rest, '&', &piece, &rest);
		if (!more)
			piece = rest;
		if (piece.n)
			TRY(field_read(c, piece, &fields[filled++]));
	}
	*out = (struct web_fields){ fields, filled };
	return ERR_OK;
}

/* RFC 6265 section 4.1.1: cookie-octets, of which quotes, commas and backslashes are none. */
static bool is_cookie(struct span name, struct span value)
{
	if (name.n == 0 || name.n > WEB_FIELD_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f ||
		    memchr("()<>@,;:\\\"/[]?={}", name.p[i], 17))
			return false;
	}
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] <= ' ' || value.p[i] >= 0x7f || memchr("\",;\\", value.p[i], 4))
			return false;
	}
	return true;
}

/* A name that comes twice: all of it go. */
static size_t drop_doubles(struct web_field *f, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool twice = false;

		for (size_t k = 0; k < n && !twice; k++)
			twice = k != i && span_eq(f[i].name, f[k].name);
		if (twice)
			f[i].value = SPAN_NONE;
	}
	for (size_t i = 0; i < n; i++) {
		if (f[i].value.n)
			f[kept++] = f[i];
	}
	return kept;
}

enum err cookies_read(struct ctx *c, struct span header, struct web_fields *out)
{
	struct span rest = header, piece, name, value;
	struct web_field *fields;
	size_t n = 0;

	*out = (struct web_fields){ 0 };
	if (header.n == 0)
		return ERR_OK;
	TRY(NEW_ARRAY(c, fields, WEB_COOKIES_MAX));
	for (bool more = true; more;) {
		more = span_split(rest, ';', &piece, &rest);
		if (!more)
			piece = rest;
		piece = span_trim(piece);
		if (!span_split(piece, '=', &name, &value) || !is_cookie(name, value))
			continue;
		if (n == WEB_COOKIES_MAX)
			FAIL(c, ERR_LIMIT, "more than %u cookies", WEB_COOKIES_MAX);
		fields[n++] = (struct web_field){ name, value };
	}
	*out = (struct web_fields){ fields, drop_doubles(fields, n) };
	return ERR_OK;
}
