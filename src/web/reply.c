/*
 * From an answer to status and headers. See reply.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/reply.h"

#include "base/num.h"
#include "web/range.h"

/*
 * On every answer, whatever it is: nothing is loaded from elsewhere, no script or style stands in a
 * page, no text becomes a script (Trusted Types), nobody frames or opens us, nobody learns where a
 * reader came from. Passkeys are the one device a page may ask for.
 */
static const struct {
	const char *name, *value;
} always[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	  "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
	  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Embedder-Policy", "require-corp" },
	{ "Permissions-Policy",
	  "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
	  "fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
	  "payment=(), publickey-credentials-create=(self), publickey-credentials-get=(self), "
	  "screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()" },
};

const char *reply_words(unsigned status)
{
	static const struct {
		unsigned status;
		const char *words;
	} rows[] = { { 400, "Bad Request" },
		     { 403, "Forbidden" },
		     { 404, "Not Found" },
		     { 405, "Method Not Allowed" },
		     { 409, "Conflict" },
		     { 411, "Length Required" },
		     { 413, "Content Too Large" },
		     { 414, "URI Too Long" },
		     { 415, "Unsupported Media Type" },
		     { 417, "Expectation Failed" },
		     { 421, "Misdirected Request" },
		     { 422, "Unprocessable Content" },
		     { 503, "Service Unavailable" },
		     { 505, "HTTP Version Not Supported" } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].status == status)
			return rows[i].words;
	}
	return "Internal Server Error";
}

static enum err put(struct ctx *c, struct reply *out, const char *name, struct span value)
{
	char *z;

	if (out->count == REPLY_HEADERS_MAX)
		FAIL(c, ERR_LIMIT, "an answer has too many headers");
	for (size_t i = 0; i < value.n; i++) {
		if ((value.p[i] < ' ' && value.p[i] != '\t') || value.p[i] == 0x7f)
			FAIL(c, ERR_FORMAT, "the header %s of an answer has a control in it", name);
	}
	TRY(span_cstr(c, value, &z));
	out->names[out->count] = name;
	out->values[out->count++] = z;
	return ERR_OK;
}

/* RFC 6266: a plain name for old programs, and the true one in UTF-8 (RFC 8187). */
static enum err put_download(struct ctx *c, struct reply *out, struct span name)
{
	struct span value;
	struct buf b;

	buf_begin(&b, c, 4096);
	buf_str(&b, "attachment; filename=\"");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char x = name.p[i];
		bool fine = x > ' ' && x < 0x7f && x != '"' && x != '\\' && x != '%' && x != '/';

		buf_byte(&b, fine ? x : '_');
	}
	buf_str(&b, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.n; i++) {
		unsigned char x = name.p[i];
		bool word = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') ||
			    (x >= '0' && x <= '9') || x == '.' || x == '-' || x == '_';

		if (word)
			buf_byte(&b, x);
		else
			buf_fmt(&b, "%%%02X", x);
	}
	TRY(buf_done(c, &b, &value));
	return put(c, out, "Content-Disposition", value);
}

/* HSTS binds every port of a name: never that of the machine itself, on which others serve, too. */
static bool is_this_machine(struct span origin)
{
	return span_starts(origin, "https://localhost:") || span_is(origin, "https://localhost");
}

static enum err put_general(struct request *r, const struct answer *a, bool closing,
			    struct reply *out)
{
	struct span text;

	for (size_t i = 0; i < COUNT_OF(always); i++)
		TRY(put(r->c, out, always[i].name, span_str(always[i].value)));
	if (!is_this_machine(r->origin))
		TRY(put(r->c, out, "Strict-Transport-Security", SPAN("max-age=31536000")));
	if (a->keep)
		text = SPAN("public, max-age=31536000, immutable");
	else
		text = a->etag.n && a->fd < 0 ? SPAN("no-cache") : SPAN("no-store");
	TRY(put(r->c, out, "Cache-Control", text));
	if (closing || a->close)
		TRY(put(r->c, out, "Connection", SPAN("close")));
	if (a->encoding.n) {
		TRY(put(r->c, out, "Content-Encoding", a->encoding));
		TRY(put(r->c, out, "Vary", SPAN("Accept-Encoding")));
	}
	if (a->refresh_s) {
		TRY(span_fmt(r->c, &text, "%u", a->refresh_s));
		TRY(put(r->c, out, "Refresh", text));
	}
	if (a->location.n)
		TRY(put(r->c, out, "Location", a->location));
	for (size_t i = 0; i < a->cookie_count; i++)
		TRY(put(r->c, out, "Set-Cookie", a->cookies[i]));
	return ERR_OK;
}

static enum err put_file(struct request *r, const struct answer *a, struct reply *out)
{
	struct range range = range_of(web_header(r, "Range"), web_header(r, "If-Range"), a->etag,
				      a->fd_bytes);
	struct span text;

	out->from = range.from;
	out->bytes = range.bytes;
	if (a->etag.n)
		TRY(put(r->c, out, "Accept-Ranges", SPAN("bytes")));
	if (range.kind == RANGE_PART) {
		out->status = 206;
		TRY(span_fmt(r->c, &text, "bytes %lld-%lld/%lld", (long long)range.from,
			     (long long)(range.from + range.bytes - 1), (long long)a->fd_bytes));
		return put(r->c, out, "Content-Range", text);
	}
	if (range.kind == RANGE_NONE) {
		out->status = 416;
		TRY(span_fmt(r->c, &text, "bytes */%lld", (long long)a->fd_bytes));
		return put(r->c, out, "Content-Range", text);
	}
	return ERR_OK;
}

enum err reply_make(struct request *r, const struct answer *a, bool closing, struct reply *out)
{
	struct span text;

	*out = (struct reply){ .status = a->status, .body = a->body, .fd = a->fd };
	TRY(put_general(r, a, closing, out));
	if (a->etag.n && a->status == 200) {
		TRY(span_fmt(r->c, &text, "\"%.*s\"", SPAN_ARG(a->etag)));
		TRY(put(r->c, out, "ETag", text));
		if (range_has_etag(web_header(r, "If-None-Match"), a->etag)) {
			out->status = 304;
			out->body = SPAN_NONE;
			out->fd = -1;
			return ERR_OK;
		}
	}
	if (a->fd >= 0 && a->status == 200)
		TRY(put_file(r, a, out));
	if (out->bytes == 0)
		out->fd = -1;
	if (a->type.n)
		TRY(put(r->c, out, "Content-Type", a->type));
	return a->download.n ? put_download(r->c, out, a->download) : ERR_OK;
}
