/*
 * Pictures of pages: what a tool drew (PNM) or what a scanner made (PNG, JPEG, TIFF) becomes a PNG
 * that is encoded here, from pixels. Runs in the narrowest cage alone; it opens nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PICTURE_H
#define HAND_PICTURE_H

#include "base/ctx.h"
#include "base/span.h"

enum picture_kind { PICTURE_NONE, PICTURE_PNG, PICTURE_JPEG, PICTURE_TIFF };

/* By its first bytes. */
enum picture_kind picture_kind_of(struct span start);
const char *picture_kind_name(enum picture_kind kind);

/* How many pages a scan has; the pixels of the first. */
struct picture_about {
	int64_t pages;
	int64_t width, height;
};
enum err picture_look(struct ctx *c, enum picture_kind kind, struct span scan,
		      struct picture_about *out) MUST_USE;
/* One page of a scan, its longer side not above longest. */
enum err picture_of_scan(struct ctx *c, enum picture_kind kind, struct span scan, int64_t page,
			 unsigned longest, bool grey, struct span *png_out) MUST_USE;
/* P5 or P6 with 255 as their maximum, as poppler writes them. */
enum err picture_of_pnm(struct ctx *c, struct span pnm, struct span *png_out) MUST_USE;

#endif
