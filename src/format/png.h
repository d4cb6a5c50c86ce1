/*
 * The frame of a PNG, before it is believed: nothing but IHDR, IDAT and IEND, eight bits in grey or
 * colour, of a size that is bounded. It decodes no pixel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_PNG_H
#define FORMAT_PNG_H

#include "base/ctx.h"
#include "base/span.h"

#define PNG_SIDE_MAX 10000u

struct png_about {
	uint32_t width, height;
	bool colour;
};

/* ERR_FORMAT or ERR_LIMIT where it is anything else. */
enum err png_check(struct ctx *c, struct span png, struct png_about *out) MUST_USE;
/* The same picture without what else an encoder put in: text, time, resolution. */
enum err png_plain(struct ctx *c, struct span png, struct span *out) MUST_USE;

#endif
