/*
 * Names and values as browsers send them: application/x-www-form-urlencoded (WHATWG URL), and the
 * cookies of a header. Pure; it knows no request. What is no UTF-8 is refused, what no page could
 * show becomes U+FFFD.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "web/http.h"

/* A query, or the whole body of a form. ERR_FORMAT, ERR_LIMIT with words. */
enum err form_read(struct ctx *c, struct span text, struct web_fields *out) MUST_USE;
/* %XX as in a path, where + is a plus; ERR_FORMAT where it is no UTF-8 or has a control in it. */
enum err form_unescape(struct ctx *c, struct span s, struct span *out) MUST_USE;
/* A text of a form: valid UTF-8 (else ERR_FORMAT), CRLF and CR are LF, controls are U+FFFD; what a
 * field showed in the place of a character is that character (format/html.h). */
enum err form_text(struct ctx *c, struct span raw, struct span *out) MUST_USE;
/* Cookies of one header. What is none is passed over: other programs of this host set some. A name
 * that comes twice counts as absent, since nobody can tell whose it is. */
enum err cookies_read(struct ctx *c, struct span header, struct web_fields *out) MUST_USE;

#endif
