/*
 * Hex and base64 (RFC 4648). Only the canonical form of either is read: lower-case hex, base64
 * without white space, with exact padding (none in the alphabet for URLs) and zero spare bits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/ctx.h"
#include "base/span.h"

static const char hex_digits[] = "0123456789abcdef";
static const char b64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum err hex_encode(struct ctx *c, struct span s, struct span *out)
{
	char *p;

	TRY(NEW_ARRAY(c, p, 2 * s.n + 1));
	for (size_t i = 0; i < s.n; i++) {
		p[2 * i] = hex_digits[s.p[i] >> 4];
		p[2 * i + 1] = hex_digits[s.p[i] & 15];
	}
	*out = span_of(p, 2 * s.n);
	return ERR_OK;
}

static int hex_value(unsigned char x)
{
	if (x >= '0' && x <= '9')
		return x - '0';
	return x >= 'a' && x <= 'f' ? x - 'a' + 10 : -1;
}

bool hex_decode(struct span hex, unsigned char *out, size_t n)
{
	if (hex.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static enum err encode(struct ctx *c, struct span s, const char *digits, bool pad, struct span *out)
{
	size_t n = 0;
	char *p;

	TRY(NEW_ARRAY(c, p, (s.n + 2) / 3 * 4 + 1));
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i < 3 ? s.n - i : 3;
		uint32_t v = (uint32_t)s.p[i] << 16;

		if (left > 1)
			v |= (uint32_t)s.p[i + 1] << 8;
		if (left > 2)
			v |= s.p[i + 2];
		for (size_t k = 0; k <= left; k++)
			p[n++] = digits[v >> (18 - 6 * k) & 63];
		for (size_t k = left; pad && k < 3; k++)
			p[n++] = '=';
	}
	*out = span_of(p, n);
	return ERR_OK;
}

enum err b64_encode(struct ctx *c, struct span s, struct span *out)
{
	return encode(c, s, b64_digits, true, out);
}

enum err b64_encode_raw(struct ctx *c, struct span s, struct span *out)
{
	return encode(c, s, b64_digits, false, out);
}

enum err b64url_encode(struct ctx *c, struct span s, struct span *out)
{
	return encode(c, s, url_digits, false, out);
}

static int b64_value(unsigned char x, const char *digits)
{
	if (x >= 'A' && x <= 'Z')
		return x - 'A';
	if (x >= 'a' && x <= 'z')
		return x - 'a' + 26;
	if (x >= '0' && x <= '9')
		return x - '0' + 52;
	return x == digits[62] ? 62 : x == digits[63] ? 63 : -1;
}

static enum err decode(struct ctx *c, struct span b64, const char *digits, struct span *out)
{
	unsigned char *p;
	uint32_t v = 0;
	unsigned bits = 0;
	size_t n = 0;

	if (b64.n % 4 == 1)
		FAIL(c, ERR_FORMAT, "not base64: its length cannot be right");
	TRY(NEW_ARRAY(c, p, b64.n / 4 * 3 + 3));
	for (size_t i = 0; i < b64.n; i++) {
		int digit = b64_value(b64.p[i], digits);

		if (digit < 0)
			FAIL(c, ERR_FORMAT, "not base64 at character %zu", i + 1);
		v = (v << 6 | (uint32_t)digit) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[n++] = (unsigned char)(v >> bits);
		}
	}
	if (v & ((1u << bits) - 1))
		FAIL(c, ERR_FORMAT, "not canonical base64: spare bits are set");
	*out = (struct span){ p, n };
	return ERR_OK;
}

enum err b64_decode_raw(struct ctx *c, struct span b64, struct span *out)
{
	return decode(c, b64, b64_digits, out);
}

enum err b64url_decode(struct ctx *c, struct span b64, struct span *out)
{
	return decode(c, b64, url_digits, out);
}

enum err b64_decode(struct ctx *c, struct span b64, struct span *out)
{
	size_t pad = 0;

	if (b64.n % 4 != 0)
		FAIL(c, ERR_FORMAT, "not base64: its length is not a multiple of four");
	while (pad < 2 && pad < b64.n && b64.p[b64.n - 1 - pad] == '=')
		pad++;
	return b64_decode_raw(c, span_cut(b64, 0, b64.n - pad), out);
}
