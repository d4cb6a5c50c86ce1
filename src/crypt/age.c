/*
 * age keys: X25519 on raw bytes and their Bech32 texts (C2SP age.md, BIP 173 without its limit of
 * length). Refuses mixed case, a wrong prefix, spare bits and points of low order; a recipient is
 * written in lower case, an identity in upper case, and neither is read otherwise.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/age.h"

#include <string.h>

#include "crypt/age_key.h"

#define CHECKSUM_DIGITS 6u
#define KEY_DIGITS 52u /* 32 bytes in digits of 5 bits */

static const char recipient_prefix[] = "age";
static const char identity_prefix[] = "age-secret-key-";
static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

enum err age_random(struct ctx *c, void *p, size_t n)
{
	if (c->seam->random(p, n) != 0)
		FAIL(c, ERR_IO, "this machine gives no random bytes");
	return ERR_OK;
}

static EVP_PKEY *secret_key(const unsigned char key[AGE_KEY_BYTES])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, AGE_KEY_BYTES);
}

static EVP_PKEY *public_key(const unsigned char key[AGE_KEY_BYTES])
{
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, key, AGE_KEY_BYTES);
}

enum err age_x25519_public(struct ctx *c, const unsigned char secret[AGE_KEY_BYTES],
			   unsigned char out[AGE_KEY_BYTES])
{
	SCOPED(pkey) EVP_PKEY *own = secret_key(secret);
	size_t n = AGE_KEY_BYTES;

	if (!own || EVP_PKEY_get_raw_public_key(own, out, &n) != 1 || n != AGE_KEY_BYTES)
		OSSL_FAIL(c, "an X25519 public key");
	return ERR_OK;
}

enum err age_x25519(struct ctx *c, const unsigned char secret[AGE_KEY_BYTES],
		    const unsigned char point[AGE_KEY_BYTES], unsigned char out[AGE_KEY_BYTES])
{
	static const unsigned char zero[AGE_KEY_BYTES];
	SCOPED(pkey) EVP_PKEY *own = secret_key(secret);
	SCOPED(pkey) EVP_PKEY *peer = public_key(point);
	SCOPED(pkey_ctx) EVP_PKEY_CTX *x = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
	size_t n = AGE_KEY_BYTES;

	if (!x || !peer || EVP_PKEY_derive_init(x) != 1 || EVP_PKEY_derive_set_peer(x, peer) != 1)
		OSSL_FAIL(c, "X25519");
	/* The derivation itself fails on zero; the comparison holds whatever library does it. */
	if (EVP_PKEY_derive(x, out, &n) != 1 || n != AGE_KEY_BYTES ||
	    span_eq_secret(span_of(out, AGE_KEY_BYTES), span_of(zero, sizeof zero))) {
		wipe(out, AGE_KEY_BYTES);
		ERR_clear_error();
		FAIL(c, ERR_FORMAT,
		     "an X25519 key is a point of low order: whoever made it wants no secrecy");
	}
	return ERR_OK;
}

/* BIP 173: one step of the checksum over digits of 5 bits. */
static uint32_t polymod_step(uint32_t sum, unsigned char digit)
{
	static const uint32_t generator[5] = { 0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					       0x2a1462b3 };
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ digit;
	for (unsigned i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

static uint32_t polymod_prefix(const char *prefix)
{
	uint32_t sum = 1;

	for (const char *p = prefix; *p; p++)
		sum = polymod_step(sum, (unsigned char)*p >> 5);
	sum = polymod_step(sum, 0);
	for (const char *p = prefix; *p; p++)
		sum = polymod_step(sum, (unsigned char)*p & 31);
	return sum;
}

static unsigned char in_case(unsigned char x, bool upper)
{
	return upper && x >= 'a' && x <= 'z' ? (unsigned char)(x - 32) : x;
}

static enum err bech32_write(struct ctx *c, const char *prefix, bool upper,
			     const unsigned char key[AGE_KEY_BYTES], struct span *out)
{
	unsigned char digit[KEY_DIGITS + CHECKSUM_DIGITS], *text;
	uint32_t sum = polymod_prefix(prefix);
	size_t n = strlen(prefix) + 1, at = 0;

	TRY(NEW_ARRAY(c, text, n + sizeof digit));
	for (size_t i = 0; i < n - 1; i++)
		text[i] = in_case((unsigned char)prefix[i], upper);
	text[n - 1] = '1';
	for (size_t i = 0; i < KEY_DIGITS; i++, at += 5) {
		unsigned pair = (unsigned)key[at / 8] << 8 |
				(at / 8 + 1 < AGE_KEY_BYTES ? key[at / 8 + 1] : 0);

		digit[i] = pair >> (11 - at % 8) & 31;
		sum = polymod_step(sum, digit[i]);
	}
	for (size_t i = 0; i < CHECKSUM_DIGITS; i++)
		sum = polymod_step(sum, 0);
	sum ^= 1;
	for (size_t i = 0; i < CHECKSUM_DIGITS; i++)
		digit[KEY_DIGITS + i] = sum >> (5 * (CHECKSUM_DIGITS - 1 - i)) & 31;
	for (size_t i = 0; i < sizeof digit; i++)
		text[n + i] = in_case((unsigned char)digits[digit[i]], upper);
	wipe(digit, sizeof digit);
	*out = span_of(text, n + sizeof digit);
	return ERR_OK;
}

/* Value of a digit, or -1. Walks the whole table: an identity is a secret. */
static int digit_value(unsigned char x, bool upper)
{
	int v = -1;

	for (int i = 0; i < 32; i++)
		if (in_case((unsigned char)digits[i], upper) == x)
			v = i;
	return v;
}

static bool prefix_is(struct span text, const char *prefix, bool upper)
{
	size_t n = strlen(prefix);

	if (text.n != n + 1 + KEY_DIGITS + CHECKSUM_DIGITS || text.p[n] != '1')
		return false;
	for (size_t i = 0; i < n; i++)
		if (text.p[i] != in_case((unsigned char)prefix[i], upper))
			return false;
	return true;
}

static enum err bech32_read(struct ctx *c, struct span text, const char *prefix, bool upper,
			    const char *what, unsigned char key_out[AGE_KEY_BYTES])
{
	uint32_t sum = polymod_prefix(prefix), bits = 0;
	unsigned have = 0;
	size_t from = strlen(prefix) + 1, n = 0;

	if (!prefix_is(text, prefix, upper))
		FAIL(c, ERR_FORMAT, "this is no %s: it has another beginning or another length",
		     what);
	for (size_t i = 0; i < KEY_DIGITS + CHECKSUM_DIGITS; i++) {
		int v = digit_value(text.p[from + i], upper);

		if (v < 0)
			FAIL(c, ERR_FORMAT, "this is no %s: character %zu cannot stand there", what,
			     from + i + 1);
		sum = polymod_step(sum, (unsigned char)v);
		if (i >= KEY_DIGITS)
			continue;
		bits = (bits << 5 | (uint32_t)v) & 0xfff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			key_out[n++] = (unsigned char)(bits >> have);
		}
	}
	if (sum != 1)
		FAIL(c, ERR_FORMAT, "this %s is misspelt: its checksum is wrong", what);
	if (bits & ((1u << have) - 1))
		FAIL(c, ERR_FORMAT, "this %s is not in canonical form: spare bits are set", what);
	return ERR_OK;
}

enum err age_recipient_parse(struct ctx *c, struct span text, struct age_recipient *out)
{
	/* Any scalar shows a point of low order: all of them are multiples of the cofactor. */
	static const unsigned char any[AGE_KEY_BYTES] = { 8 };
	unsigned char shared[AGE_KEY_BYTES];

	TRY(bech32_read(c, text, recipient_prefix, false, "age recipient", out->key));
	return age_x25519(c, any, out->key, shared);
}

enum err age_recipient_text(struct ctx *c, const struct age_recipient *r, struct span *out)
{
	return bech32_write(c, recipient_prefix, false, r->key, out);
}

enum err age_identity_parse(struct ctx *c, struct span text, struct age_identity *out)
{
	return bech32_read(c, text, identity_prefix, true, "age identity", out->key);
}

enum err age_identity_text(struct ctx *c, const struct age_identity *id, struct span *out)
{
	return bech32_write(c, identity_prefix, true, id->key, out);
}

enum err age_identity_make(struct ctx *c, struct age_identity *out)
{
	return age_random(c, out->key, sizeof out->key);
}

enum err age_recipient_of(struct ctx *c, const struct age_identity *id, struct age_recipient *out)
{
	return age_x25519_public(c, id->key, out->key);
}
