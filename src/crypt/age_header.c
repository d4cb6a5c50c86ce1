/*
 * age header (C2SP age.md): made for X25519 recipients, measured, opened with an X25519 identity.
 * The grammar is read to the letter: one space between arguments, canonical base64 without padding
 * in lines of 64 columns, LF alone. Stanzas of other kinds are passed over as the specification
 * demands, but age_header_recipients, which guards what leaves, refuses them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/age.h"

#include <string.h>

#include "base/buf.h"
#include "crypt/age_key.h"
#include "crypt/hash.h"

#define LINE_COLUMNS 64u
#define MAC_TEXT 43u /* 32 bytes in base64 without padding */
#define WRAPPED_BYTES (AGE_FILE_KEY_BYTES + AGE_TAG)
#define VERSION_LINE "age-encryption.org/v1"
#define WRAP_INFO "age-encryption.org/v1/X25519"

struct stanza {
	struct span kind;
	struct span argument; /* the one behind the kind, empty if there is none */
	size_t arguments; /* the kind not counted */
	struct span body; /* still in base64, lines joined */
};

/* Walks a header; begin with version_take, then end_take or stanza_take until the end. */
struct walk {
	struct reader r;
	size_t mac_n; /* bytes that the MAC covers, set by end_take */
	struct sha256 mac;
};

static enum err line_take(struct ctx *c, struct walk *w, struct span *out)
{
	if (take_until(&w->r, '\n', out))
		return ERR_OK;
	if (w->r.s.n >= AGE_HEADER_MAX)
		FAIL(c, ERR_LIMIT, "an age header is longer than %u bytes", AGE_HEADER_MAX);
	FAIL(c, ERR_FORMAT, "an age header is cut off");
}

/* Only the first AGE_HEADER_MAX bytes are ever looked at. */
static enum err version_take(struct ctx *c, struct span bytes, struct walk *w)
{
	struct span line;

	*w = (struct walk){ .r = { .s = span_cut(bytes, 0, AGE_HEADER_MAX) } };
	if (!span_starts(w->r.s, VERSION_LINE "\n"))
		FAIL(c, ERR_FORMAT, "this is no age v1 file: its first line is not " VERSION_LINE);
	return line_take(c, w, &line);
}

static enum err key32_read(struct ctx *c, struct span text, unsigned char out[32])
{
	struct span key;

	TRY(b64_decode_raw(c, text, &key));
	if (key.n != 32)
		FAIL(c, ERR_FORMAT, "an age header holds a value of %zu bytes where 32 belong",
		     key.n);
	memcpy(out, key.p, 32);
	return ERR_OK;
}

/* *found_out is false if something else stands here. */
static enum err end_take(struct ctx *c, struct walk *w, bool *found_out)
{
	struct span line;

	*found_out = span_starts(span_cut(w->r.s, w->r.at, 3), "---");
	if (!*found_out)
		return ERR_OK;
	w->mac_n = w->r.at + 3;
	TRY(line_take(c, w, &line));
	if (line.n != 4 + MAC_TEXT || line.p[3] != ' ')
		FAIL(c, ERR_FORMAT, "the last line of an age header is not '--- ' and a MAC");
	return key32_read(c, span_cut(line, 4, MAC_TEXT), w->mac.b);
}

static bool is_argument(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
	return s.n > 0;
}

static enum err arguments_read(struct ctx *c, struct span line, struct stanza *out)
{
	struct span word, rest = span_cut(line, 3, line.n);
	bool more = true;

	if (!span_starts(line, "-> "))
		FAIL(c, ERR_FORMAT,
		     "a line of an age header begins neither with '-> ' nor with '---'");
	for (size_t i = 0; more; i++) {
		more = span_split(rest, ' ', &word, &rest);
		if (!more)
			word = rest;
		if (!is_argument(word))
			FAIL(c, ERR_FORMAT,
			     "a recipient line of an age header has an empty or unprintable "
			     "argument");
		if (i == 0)
			out->kind = word;
		if (i == 1)
			out->argument = word;
		out->arguments = i;
	}
	return ERR_OK;
}

static enum err stanza_take(struct ctx *c, struct walk *w, struct stanza *out)
{
	struct span line, decoded;
	struct buf body;

	*out = (struct stanza){ 0 };
	TRY(line_take(c, w, &line));
	TRY(arguments_read(c, line, out));
	buf_begin(&body, c, AGE_HEADER_MAX);
	do {
		TRY(line_take(c, w, &line));
		if (line.n > LINE_COLUMNS)
			FAIL(c, ERR_FORMAT, "a line of an age header is longer than 64 columns");
		buf_add(&body, line);
	} while (line.n == LINE_COLUMNS);
	TRY(buf_done(c, &body, &out->body));
	/* The canonical form is demanded of every stanza, whoever it is for. */
	return b64_decode_raw(c, out->body, &decoded);
}

/* An X25519 stanza by its letters: share and wrapped file key. */
static enum err x25519_read(struct ctx *c, const struct stanza *s, unsigned char share[32],
			    unsigned char wrapped[WRAPPED_BYTES])
{
	if (s->arguments != 1)
		FAIL(c, ERR_FORMAT,
		     "an X25519 recipient of an age header has %zu arguments, not one",
		     s->arguments);
	TRY(key32_read(c, s->argument, share));
	/* Exactly 32 bytes before any decryption: age.md on partitioning oracles. */
	return key32_read(c, s->body, wrapped);
}

static enum err wrap_key(struct ctx *c, const unsigned char shared[32],
			 const unsigned char share[32], const unsigned char recipient[32],
			 unsigned char out[AEAD_KEY_BYTES])
{
	unsigned char salt[64];

	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	return hkdf_sha256(c, span_of(shared, 32), span_of(salt, sizeof salt), SPAN(WRAP_INFO), out,
			   AEAD_KEY_BYTES);
}

static enum err header_mac(struct ctx *c, struct span file_key, struct span covered,
			   struct sha256 *out)
{
	unsigned char key[32];
	enum err e;

	TRY(hkdf_sha256(c, file_key, SPAN_NONE, SPAN("header"), key, sizeof key));
	e = hmac_sha256(c, span_of(key, sizeof key), covered, out);
	wipe(key, sizeof key);
	return e;
}

struct wrap_secrets {
	unsigned char ephemeral[32], shared[32], key[AEAD_KEY_BYTES];
};

static void wrap_secrets_wipe(struct wrap_secrets *s)
{
	wipe(s, sizeof *s);
}

#define SECRETS_SCOPED __attribute__((cleanup(wrap_secrets_wipe)))

static const unsigned char wrap_nonce[AEAD_NONCE_BYTES]; /* the wrap key is used once */

static enum err stanza_make(struct ctx *c, struct span file_key, const struct age_recipient *to,
			    struct buf *header)
{
	SECRETS_SCOPED struct wrap_secrets s = { 0 };
	SCOPED(cipher_ctx) EVP_CIPHER_CTX *cipher = NULL;
	unsigned char share[32], wrapped[WRAPPED_BYTES];
	struct span text;

	TRY(age_random(c, s.ephemeral, sizeof s.ephemeral));
	TRY(age_x25519_public(c, s.ephemeral, share));
	TRY(age_x25519(c, s.ephemeral, to->key, s.shared));
	TRY(wrap_key(c, s.shared, share, to->key, s.key));
	TRY(aead_open(c, s.key, true, &cipher));
	TRY(aead_seal(c, cipher, wrap_nonce, file_key.p, file_key.n, wrapped));
	TRY(b64_encode_raw(c, span_of(share, sizeof share), &text));
	buf_str(header, "-> X25519 ");
	buf_add(header, text);
	TRY(b64_encode_raw(c, span_of(wrapped, sizeof wrapped), &text));
	buf_byte(header, '\n');
	buf_add(header, text);
	buf_byte(header, '\n');
	return ERR_OK;
}

enum err age_header_make(struct ctx *c, struct span file_key, const struct age_recipient *to,
			 size_t count, struct span *header_out)
{
	struct sha256 mac;
	struct span covered, text;
	struct buf b;

	if (file_key.n != AGE_FILE_KEY_BYTES)
		FAIL(c, ERR_FORMAT, "an age file key has 16 bytes, not %zu", file_key.n);
	if (count == 0 || count > AGE_RECIPIENTS_MAX)
		FAIL(c, ERR_LIMIT, "an age header is for 1 to %u recipients, not for %zu",
		     AGE_RECIPIENTS_MAX, count);
	buf_begin(&b, c, AGE_HEADER_MAX);
	buf_str(&b, VERSION_LINE "\n");
	for (size_t i = 0; i < count; i++)
		TRY(stanza_make(c, file_key, &to[i], &b));
	buf_str(&b, "---");
	TRY(buf_done(c, &b, &covered));
	TRY(header_mac(c, file_key, covered, &mac));
	TRY(b64_encode_raw(c, sha256_span(&mac), &text));
	buf_byte(&b, ' ');
	buf_add(&b, text);
	buf_byte(&b, '\n');
	return buf_done(c, &b, header_out);
}

/* Walks over every stanza; x25519_out and other_out count them. */
static enum err header_walk(struct ctx *c, struct span bytes, struct walk *w, size_t *x25519_out,
			    size_t *other_out)
{
	unsigned char share[32], wrapped[WRAPPED_BYTES];
	struct stanza s;
	bool end = false, passphrase = false;

	*x25519_out = *other_out = 0;
	TRY(version_take(c, bytes, w));
	while (!end) {
		TRY(stanza_take(c, w, &s));
		if (span_is(s.kind, "X25519")) {
			TRY(x25519_read(c, &s, share, wrapped));
			++*x25519_out;
		} else {
			++*other_out;
		}
		passphrase = passphrase || span_is(s.kind, "scrypt");
		if (passphrase && *x25519_out + *other_out > 1)
			FAIL(c, ERR_FORMAT,
			     "an age header has a passphrase beside other recipients");
		TRY(end_take(c, w, &end));
	}
	return ERR_OK;
}

enum err age_header_length(struct ctx *c, struct span bytes, size_t *out)
{
	size_t x25519, other;
	struct walk w;

	TRY(header_walk(c, bytes, &w, &x25519, &other));
	*out = w.r.at;
	return ERR_OK;
}

/* The same for a header that stands alone: nothing may follow it. */
static enum err header_whole(struct ctx *c, struct span header, struct walk *w, size_t *x25519_out,
			     size_t *other_out)
{
	TRY(header_walk(c, header, w, x25519_out, other_out));
	if (w->r.at != header.n)
		FAIL(c, ERR_FORMAT, "%zu bytes follow an age header", header.n - w->r.at);
	return ERR_OK;
}

enum err age_header_recipients(struct ctx *c, struct span header, size_t *count_out)
{
	size_t x25519, other;
	struct walk w;

	TRY(header_whole(c, header, &w, &x25519, &other));
	if (other != 0)
		FAIL(c, ERR_VERIFY, "an age header has %zu recipients that are not X25519 keys",
		     other);
	*count_out = x25519;
	return ERR_OK;
}

static enum err stanza_open(struct ctx *c, const struct stanza *st, const struct age_identity *id,
			    const struct age_recipient *own,
			    unsigned char file_key_out[AGE_FILE_KEY_BYTES], bool *opened_out)
{
	SECRETS_SCOPED struct wrap_secrets s = { 0 };
	SCOPED(cipher_ctx) EVP_CIPHER_CTX *cipher = NULL;
	unsigned char share[32], wrapped[WRAPPED_BYTES];

	TRY(x25519_read(c, st, share, wrapped));
	TRY(age_x25519(c, id->key, share, s.shared));
	TRY(wrap_key(c, s.shared, share, own->key, s.key));
	TRY(aead_open(c, s.key, false, &cipher));
	return aead_unseal(c, cipher, wrap_nonce, wrapped, sizeof wrapped, file_key_out,
			   opened_out);
}

enum err age_header_open(struct ctx *c, struct span header, const struct age_identity *id,
			 unsigned char file_key_out[AGE_FILE_KEY_BYTES])
{
	size_t x25519, other;
	struct age_recipient own;
	struct walk whole, w;
	struct stanza s;
	struct sha256 mac;
	bool opened = false;

	TRY(header_whole(c, header, &whole, &x25519, &other));
	TRY(age_recipient_of(c, id, &own));
	TRY(version_take(c, header, &w));
	for (size_t i = 0; i < x25519 + other && !opened; i++) {
		TRY(stanza_take(c, &w, &s));
		if (span_is(s.kind, "X25519"))
			TRY(stanza_open(c, &s, id, &own, file_key_out, &opened));
	}
	if (!opened)
		FAIL(c, ERR_VERIFY, "this age header is not for the identity at hand");
	TRY(header_mac(c, span_of(file_key_out, AGE_FILE_KEY_BYTES),
		       span_cut(header, 0, whole.mac_n), &mac));
	if (span_eq_secret(sha256_span(&mac), sha256_span(&whole.mac)))
		return ERR_OK;
	wipe(file_key_out, AGE_FILE_KEY_BYTES);
	FAIL(c, ERR_VERIFY, "this age header was altered: its MAC does not hold");
}
