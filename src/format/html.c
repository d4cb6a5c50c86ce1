/*
 * HTML by a typed writer; see html.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/html.h"

void html_open(struct html *h, const char *element)
{
	if (h->depth == HTML_DEPTH_MAX) {
		h->b.failed = true;
		return;
	}
	h->open[h->depth++] = element;
	buf_fmt(&h->b, "<%s>", element);
}

void html_close(struct html *h)
{
	if (h->depth == 0) {
		h->b.failed = true;
		return;
	}
	buf_fmt(&h->b, "</%s>\n", h->open[--h->depth]);
}

void html_text(struct html *h, struct span s)
{
	html_escape(&h->b, HTML_RAW, s);
}

void html_put(struct html *h, const char *element, struct span s)
{
	html_open(h, element);
	html_text(h, s);
	html_close(h);
}

void html_begin(struct html *h, struct ctx *c, size_t max_bytes, struct span title,
		const char *style)
{
	*h = (struct html){ 0 };
	buf_begin(&h->b, c, max_bytes);
	buf_str(&h->b, "<!DOCTYPE html>\n");
	html_open(h, "html");
	html_open(h, "head");
	buf_str(&h->b, "<meta charset=\"utf-8\">\n");
	html_put(h, "title", title);
	html_open(h, "style");
	buf_str(&h->b, style);
	html_close(h);
	html_close(h);
	html_open(h, "body");
}

enum err html_done(struct ctx *c, struct html *h, struct span *out)
{
	while (h->depth)
		html_close(h);
	return buf_done(c, &h->b, out);
}
