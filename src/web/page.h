/*
 * What compiled pages call, and what every page needs of its request: language, clock, zone, form
 * token. Each value says by its type how it reads, by its place how it is escaped; there is no way
 * to write markup that is not a template's own. (tools/page makes web/pages.h and web/words.h.)
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/zone.h"
#include "format/html.h"
#include "web/words.h"

#define PAGE_WORDS_MAX ((size_t)64 << 10)       /* a text of the catalogue with its arguments */

struct page_base {
	enum words_language language;
	int64_t now_utc_s;
	const struct zone *zone;        /* in which times are shown */
	struct span zone_name;
	struct span token;              /* of the forms of this session; empty: no form is shown */
	int64_t *until_utc_s;           /* NULL, or lowered to when a time reads differently */
};

struct page_out {
	struct buf *b;
	const struct page_base *base;
	bool no_token;                  /* a form was written, and there is no token for it */
};

enum err page_begin(struct ctx *c, struct page_out *o, const struct page_base *base, struct buf *b)
	MUST_USE;
/* Fails where a form that posts was shown without a token: nobody could send it. */
enum err page_end(struct ctx *c, struct page_out *o) MUST_USE;

void page_raw(struct page_out *o, struct span markup);  /* compiled templates only */
void page_language(struct page_out *o);
void page_token(struct page_out *o);

void page_text(struct page_out *o, enum html_place place, struct span s);
void page_int(struct page_out *o, enum html_place place, int64_t n);
void page_bytes(struct page_out *o, enum html_place place, int64_t bytes);
void page_time(struct page_out *o, enum html_place place, int64_t utc_s);
void page_clock(struct page_out *o, enum html_place place, int64_t left_s);
void page_link(struct page_out *o, bool own, struct span url);

#endif
