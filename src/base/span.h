/*
 * struct span: bytes to read, borrowed from whoever owns them. Text is UTF-8 without a final
 * NUL. A struct reader walks a span with bounds-checked steps.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct span {
	const unsigned char *p;
	size_t n;
};

/* For printf: printf("%.*s", SPAN_ARG(s)). Even of no bytes at all it wants a place. */
#define SPAN_ARG(s) (int)(s).n, (s).p ? (const char *)(s).p : ""
#define SPAN(literal) ((struct span){ (const unsigned char *)("" literal), sizeof(literal) - 1 })
#define SPAN_NONE ((struct span){ NULL, 0 })

static inline struct span span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}
/* NULL gives the empty span. */
static inline struct span span_str(const char *z)
{
	return (struct span){ (const unsigned char *)z, z ? strlen(z) : 0 };
}
bool span_eq(struct span a, struct span b);
/* Spreads texts over the places of a table (FNV-1a), from SPAN_SPREAD or from what is spread
 * already; it decides nothing: compare what stands in the place. */
#define SPAN_SPREAD 2166136261u
uint32_t span_spread(uint32_t from, struct span s);
bool span_is(struct span a, const char *z);
bool span_starts(struct span a, const char *z);
bool span_ends(struct span a, const char *z);
int span_cmp(struct span a, struct span b);             /* by bytes, shorter first */
bool span_ieq(struct span a, const char *z);            /* ASCII case aside */
/* n bytes from there on, clipped to s. */
static inline struct span span_cut(struct span s, size_t from, size_t n)
{
	if (from >= s.n)
		return SPAN_NONE;
	return (struct span){ s.p + from, n < s.n - from ? n : s.n - from };
}
struct span span_trim(struct span s); /* without ASCII space, tab, CR, LF at the ends */
/* Splits at the first byte sep: *head before, *tail after it; false if there is none. */
bool span_split(struct span s, unsigned char sep, struct span *head, struct span *tail);
/* Takes what stands before the next byte sep, or all there is, off *rest; false at the end. */
bool span_next(struct span *rest, unsigned char sep, struct span *out);
/* Splits at the first such word, whose blanks are part of it. */
bool span_split_at(struct span s, const char *word, struct span *head, struct span *tail);
bool span_is_utf8(struct span s);                       /* well-formed UTF-8, no surrogates */
bool span_to_i64(struct span s, int64_t *out); /* decimal, no sign but '-', no leading zero */

enum err span_copy(struct ctx *c, struct span s, struct span *out) MUST_USE;
enum err span_cstr(struct ctx *c, struct span s, char **out) MUST_USE;  /* fails on an inner NUL */
enum err span_fmt(struct ctx *c, struct span *out, const char *fmt, ...) MUST_USE PRINTF(3, 4);

/* Secrets are compared in a time that does not depend on them. */
bool span_eq_secret(struct span a, struct span b);
void wipe(void *p, size_t n);

struct reader {
	struct span s;
	size_t at;
};

bool take_bytes(struct reader *r, size_t n, struct span *out);
bool take_u8(struct reader *r, uint8_t *out);
bool take_u16(struct reader *r, uint16_t *out);         /* big-endian, as all of these */
bool take_u32(struct reader *r, uint32_t *out);
bool take_u64(struct reader *r, uint64_t *out);
bool take_string(struct reader *r, struct span *out);   /* SSH string: u32 length, bytes */
bool take_line(struct reader *r,
	       struct span *out); /* up to and without the next LF; false at the end */
bool take_until(struct reader *r, unsigned char sep, struct span *out); /* consumes sep */
bool reader_done(const struct reader *r);

/* Hex is lower case. Base64 is RFC 4648 with padding; only the canonical form is read. */
enum err hex_encode(struct ctx *c, struct span s, struct span *out) MUST_USE;
bool hex_decode(struct span hex, unsigned char *out, size_t n);         /* exactly n bytes */
enum err b64_encode(struct ctx *c, struct span s, struct span *out) MUST_USE;
enum err b64_encode_raw(struct ctx *c, struct span s, struct span *out)
	MUST_USE; /* no padding (age) */
enum err b64_decode(struct ctx *c, struct span b64, struct span *out) MUST_USE;
enum err b64_decode_raw(struct ctx *c, struct span b64, struct span *out) MUST_USE;
/* The alphabet for URLs (RFC 4648 section 5), never padded. */
enum err b64url_encode(struct ctx *c, struct span s, struct span *out) MUST_USE;
enum err b64url_decode(struct ctx *c, struct span b64, struct span *out) MUST_USE;

#endif
