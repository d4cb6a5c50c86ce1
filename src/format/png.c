/*
 * PNG chunk by chunk (W3C PNG, third edition, 5); see png.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/png.h"

#include "base/buf.h"

#define CHUNK_MAX ((uint32_t)64 << 20)
#define IHDR_BYTES 13u
#define GREY 0u
#define COLOUR 2u

static const struct span signature = SPAN("\x89PNG\r\n\x1a\n");

struct chunk {
	struct span name, data, whole;
};

static bool take_chunk(struct reader *r, struct chunk *out)
{
	size_t at = r->at;
	struct span crc;
	uint32_t n;

	if (!take_u32(r, &n) || n > CHUNK_MAX || !take_bytes(r, 4, &out->name) ||
	    !take_bytes(r, n, &out->data) || !take_bytes(r, 4, &crc))
		return false;
	out->whole = span_cut(r->s, at, r->at - at);
	return true;
}

static enum err broken(struct ctx *c, const char *why)
{
	FAIL(c, ERR_FORMAT, "that is no plain PNG: %s", why);
}

static enum err read_head(struct ctx *c, struct reader *r, struct chunk *k, struct png_about *out)
{
	uint8_t depth, kind, method, filter, interlace;
	struct reader head;
	struct span start;

	if (!take_bytes(r, signature.n, &start) || !span_eq(start, signature))
		return broken(c, "it does not begin like one");
	if (!take_chunk(r, k) || !span_is(k->name, "IHDR") || k->data.n != IHDR_BYTES)
		return broken(c, "its first chunk is not IHDR");
	head = (struct reader){ .s = k->data };
	if (!take_u32(&head, &out->width) || !take_u32(&head, &out->height) ||
	    !take_u8(&head, &depth) || !take_u8(&head, &kind) || !take_u8(&head, &method) ||
	    !take_u8(&head, &filter) || !take_u8(&head, &interlace))
		return broken(c, "its head is cut");
	if (!out->width || !out->height || out->width > PNG_SIDE_MAX || out->height > PNG_SIDE_MAX)
		FAIL(c, ERR_LIMIT, "a picture of %u x %u, each side has 1 to %u", out->width,
		     out->height, PNG_SIDE_MAX);
	if (depth != 8 || (kind != GREY && kind != COLOUR) || method || filter || interlace)
		return broken(c, "it is not of eight bits in grey or colour");
	out->colour = kind == COLOUR;
	return ERR_OK;
}

/* plain NULL: nothing else may be there. */
static enum err walk(struct ctx *c, struct span png, struct png_about *out, struct buf *plain)
{
	struct reader r = { .s = png };
	struct chunk k;
	bool data = false;

	TRY(read_head(c, &r, &k, out));
	if (plain) {
		buf_add(plain, signature);
		buf_add(plain, k.whole);
	}
	for (;;) {
		if (!take_chunk(&r, &k))
			return broken(c, "a chunk is cut, or there is no end");
		if (span_is(k.name, "IEND"))
			break;
		if (!span_is(k.name, "IDAT")) {
			/* Whoever ignores a critical chunk shows another picture. */
			if (!plain || !(k.name.p[0] & 0x20))
				return broken(c, "it has another chunk than IHDR, IDAT, IEND");
			continue;
		}
		data = true;
		if (plain)
			buf_add(plain, k.whole);
	}
	if (!data || k.data.n || !reader_done(&r))
		return broken(c, "it does not end as it must");
	if (plain)
		buf_add(plain, k.whole);
	return ERR_OK;
}

enum err png_check(struct ctx *c, struct span png, struct png_about *out)
{
	return walk(c, png, out, NULL);
}

enum err png_plain(struct ctx *c, struct span png, struct span *out)
{
	struct png_about about;
	struct buf plain;

	buf_begin(&plain, c, png.n + 1);
	TRY(walk(c, png, &about, &plain));
	return buf_done(c, &plain, out);
}
