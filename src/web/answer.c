/*
 * Filling in an answer. Every value that a handler gives here is checked for what a header can
 * carry: nothing that came from outside ends a line or names another place.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "web/http.h"

#define LOCATION_MAX 4096u
#define TEXT_MAX 4096u
#define COOKIE_VALUE_MAX 512u

enum err answer_page(struct request *r, struct answer *a, const struct buf *page)
{
	TRY(buf_done(r->c, page, &a->body));
	if (!a->status)
		a->status = 200;
	a->type = SPAN("text/html; charset=utf-8");
	return ERR_OK;
}

void kept_answer_use(struct answer *a, struct kept_answer *k)
{
	k->users++;
	a->kept = k;
	a->body = k->body;
	a->status = 200;
	a->type = SPAN("text/html; charset=utf-8");
}

enum err answer_text(struct request *r, struct answer *a, unsigned status, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		FAIL(r->c, ERR_LIMIT, "the text of an answer is longer than %u bytes", TEXT_MAX);
	TRY(span_copy(r->c, span_of(text, (size_t)n), &a->body));
	a->status = status;
	a->type = SPAN("text/plain; charset=utf-8");
	return ERR_OK;
}

enum err answer_json(struct request *r, struct answer *a, unsigned status, struct span json)
{
	(void)r;
	a->status = status;
	a->type = SPAN("application/json");
	a->body = json;
	return ERR_OK;
}

/* A path of this site: "//host" and "/\host" lead to another, and browsers drop control
 * characters on their way to finding that out. */
static bool is_own_path(struct span path)
{
	if (path.n == 0 || path.p[0] != '/')
		return false;
	if (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\'))
		return false;
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] <= ' ' || path.p[i] >= 0x7f || path.p[i] == '\\')
			return false;
	}
	return true;
}

enum err answer_see(struct request *r, struct answer *a, const char *fmt, ...)
{
	char text[LOCATION_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text || !is_own_path(span_of(text, (size_t)n)))
		FAIL(r->c, ERR_FORMAT, "that address is no page of this site");
	TRY(span_copy(r->c, span_of(text, (size_t)n), &a->location));
	a->status = 303;
	return ERR_OK;
}

enum err answer_file(struct request *r, struct answer *a, int fd, const char *type,
		     struct span etag, struct span download)
{
	FD_SCOPED int own = fd;
	struct stat st;

	if (fstat(own, &st) != 0 || !S_ISREG(st.st_mode))
		FAIL(r->c, ERR_IO, "the file of an answer cannot be read");
	for (size_t i = 0; i < etag.n; i++) {
		if (etag.p[i] <= ' ' || etag.p[i] >= 0x7f || etag.p[i] == '"')
			FAIL(r->c, ERR_FORMAT, "an ETag has a character that it cannot have");
	}
	a->fd = own;
	own = -1;
	a->fd_bytes = st.st_size;
	a->status = 200;
	a->type = span_str(type);
	a->etag = etag;
	a->download = download;
	return ERR_OK;
}

static bool is_cookie_text(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool word = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') ||
			    (x >= '0' && x <= '9') || x == '_' || x == '-';

		if (!word)
			return false;
	}
	return true;
}

enum err answer_cookie(struct request *r, struct answer *a, const char *name, struct span value,
		       int64_t max_age_s)
{
	char age[48] = "";

	if (a->cookie_count == ANSWER_COOKIES_MAX)
		FAIL(r->c, ERR_LIMIT, "an answer sets at most %u cookies", ANSWER_COOKIES_MAX);
	if (!*name || !is_cookie_text(span_str(name)) || !is_cookie_text(value) ||
	    value.n > COOKIE_VALUE_MAX)
		FAIL(r->c, ERR_FORMAT, "a cookie has a name or value that it cannot have");
	if (max_age_s != 0 && snprintf(age, sizeof age, "; Max-Age=%lld",
				       (long long)(max_age_s > 0 ? max_age_s : 0)) < 0)
		FAIL(r->c, ERR_FAILED, "a number cannot be written");
	TRY(span_fmt(r->c, &a->cookies[a->cookie_count],
		     "__Host-%s=%.*s; Path=/; Secure; HttpOnly; SameSite=Strict%s", name,
		     SPAN_ARG(value), age));
	a->cookie_count++;
	return ERR_OK;
}
