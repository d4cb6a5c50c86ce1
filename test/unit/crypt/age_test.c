/*
 * src/crypt/age*.c: keys, headers, payloads; both directions against Debian's age; the vectors of
 * C2SP/CCTV where WRIT_AGE_VECTORS names their folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt_test.h"

#include <dirent.h>

#include "base/buf.h"
#include "base/num.h"
#include "crypt/age.h"
#include "crypt/hash.h"

#define MIB ((size_t)1 << 20)

static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131072, 1048576 };
static const char file_key_bytes[] = "sixteen-byte-key";

static struct span file_key(void)
{
	return SPAN("sixteen-byte-key");
}

/* Bytes that repeat nowhere near a chunk. */
static struct span text_of(struct ctx *c, size_t n)
{
	unsigned char *p = arena_alloc(c, n);
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (unsigned char)x;
	}
	return span_of(p, n);
}

static struct span joined(struct ctx *c, struct span a, struct span b)
{
	unsigned char *p = arena_alloc(c, a.n + b.n);

	if (a.n)
		memcpy(p, a.p, a.n);
	if (b.n)
		memcpy(p + a.n, b.p, b.n);
	return span_of(p, a.n + b.n);
}

/* Nonce and chunks. */
static struct span sealed(struct ctx *c, struct span key, struct span plain)
{
	struct span nonce = SPAN("a nonce of 16 by"), out;
	struct age_stream *s;
	struct buf b;
	size_t at = 0;
	bool last;

	buf_begin(&b, c, 4 * MIB);
	buf_add(&b, nonce);
	ok(c, age_stream_open(c, key, nonce, &s));
	do {
		unsigned char chunk[AGE_CHUNK + AGE_TAG];
		struct span in = span_cut(plain, at, AGE_CHUNK);

		at += in.n;
		last = at == plain.n;
		ok(c, age_stream_seal(c, s, in.p, in.n, last, chunk));
		buf_add(&b, span_of(chunk, in.n + AGE_TAG));
	} while (!last);
	age_stream_close(&s);
	assert_null(s);
	ok(c, buf_done(c, &b, &out));
	return out;
}

static enum err unsealed(struct ctx *c, struct span key, struct span payload, struct span *out)
{
	struct age_stream *s;
	struct span chunk;
	struct buf b;
	enum err e = ERR_OK;
	size_t at = AGE_NONCE_BYTES;

	if (payload.n < at)
		return err_set(c, ERR_FORMAT, __FILE__, __LINE__, "no nonce");
	buf_begin(&b, c, 18 * MIB);
	ok(c, age_stream_open(c, key, span_cut(payload, 0, AGE_NONCE_BYTES), &s));
	do {
		static unsigned char plain[AGE_CHUNK];

		chunk = span_cut(payload, at, AGE_CHUNK + AGE_TAG);
		at += chunk.n;
		e = age_stream_unseal(c, s, chunk.p, chunk.n, at == payload.n, plain);
		if (e == ERR_OK)
			buf_add(&b, span_of(plain, chunk.n - AGE_TAG));
	} while (e == ERR_OK && at < payload.n);
	age_stream_close(&s);
	if (e == ERR_OK)
		ok(c, buf_done(c, &b, out));
	return e;
}

static void key_pair(struct ctx *c, struct age_identity *id, struct age_recipient *r)
{
	ok(c, age_identity_make(c, id));
	ok(c, age_recipient_of(c, id, r));
}

static void test_key_texts(void **state)
{
	CTX(c);
	struct age_identity id, id2;
	struct age_recipient r, r2;
	struct span text, text2;

	(void)state;
	/* The example of age.md: 32 times 0x42. */
	memset(id.key, 0x42, sizeof id.key);
	ok(&c, age_identity_text(&c, &id, &text));
	assert_true(span_is(
		text,
		"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"));
	ok(&c, age_recipient_of(&c, &id, &r));
	ok(&c, age_recipient_text(&c, &r, &text2));
	assert_true(
		span_is(text2, "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"));
	ok(&c, age_identity_parse(&c, text, &id2));
	ok(&c, age_recipient_parse(&c, text2, &r2));
	assert_memory_equal(&id, &id2, sizeof id);
	assert_memory_equal(&r, &r2, sizeof r);
	for (int i = 0; i < 50; i++) {
		key_pair(&c, &id, &r);
		ok(&c, age_identity_text(&c, &id, &text));
		ok(&c, age_identity_parse(&c, text, &id2));
		assert_memory_equal(&id, &id2, sizeof id);
		ok(&c, age_recipient_text(&c, &r, &text));
		ok(&c, age_recipient_parse(&c, text, &r2));
		assert_memory_equal(&r, &r2, sizeof r);
	}
}

static void test_key_refusals(void **state)
{
	static const char good[] = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
	static const char *const bad[] = {
		"",
		"age1",
		"AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ",
		"age1Zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n",
		" age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
		"agf1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw",
		"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
		"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73epp9g8nq", /* spare bits
										     under a right
										     checksum */
	};
	CTX(c);
	struct age_recipient r;
	struct age_identity id;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		fails(&c, ERR_FORMAT, age_recipient_parse(&c, span_str(bad[i]), &r));
	/* Every single character replaced by every other one of the alphabet. */
	for (size_t i = 4; i < sizeof good - 1; i++)
		for (const char *d = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"; *d; d++) {
			char text[sizeof good];

			memcpy(text, good, sizeof good);
			if (text[i] == *d)
				continue;
			text[i] = *d;
			fails(&c, ERR_FORMAT, age_recipient_parse(&c, span_str(text), &r));
		}
	fails(&c, ERR_FORMAT, age_identity_parse(&c, span_str(good), &id));
	fails(&c, ERR_FORMAT,
		age_identity_parse(
			&c,
			SPAN("age-secret-key-"
			     "1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex"),
			&id));
}

/* RFC 7748 section 6.1 and the list of small-order points of Curve25519. */
static void low_order(struct ctx *c, size_t i, struct age_recipient *out)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};

	memcpy(out->key, unhex(c, points[i]).p, sizeof out->key);
}

static void test_low_order(void **state)
{
	CTX(c);
	struct age_recipient r, mine;
	struct age_identity id;
	unsigned char key[AGE_FILE_KEY_BYTES];
	struct span text, header, forged, share;

	(void)state;
	key_pair(&c, &id, &mine);
	ok(&c, age_header_make(&c, file_key(), &mine, 1, &header));
	for (size_t i = 0; i < 7; i++) {
		low_order(&c, i, &r);
		ok(&c, age_recipient_text(&c, &r, &text));
		fails(&c, ERR_FORMAT, age_recipient_parse(&c, text, &r));
		fails(&c, ERR_FORMAT, age_header_make(&c, file_key(), &r, 1, &text));
		ok(&c, b64_encode_raw(&c, span_of(r.key, sizeof r.key), &share));
		ok(&c, span_fmt(&c, &forged, "%.*s%.*s%.*s", SPAN_ARG(span_cut(header, 0, 32)),
				SPAN_ARG(share), SPAN_ARG(span_cut(header, 32 + 43, header.n))));
		assert_int_equal(forged.n, header.n);
		fails(&c, ERR_FORMAT, age_header_open(&c, forged, &id, key));
	}
}

static void test_header(void **state)
{
	CTX(c);
	struct age_identity id[AGE_RECIPIENTS_MAX], stranger;
	struct age_recipient r[AGE_RECIPIENTS_MAX + 1], other;
	unsigned char key[AGE_FILE_KEY_BYTES];
	struct span header, again;
	size_t n;

	(void)state;
	for (size_t i = 0; i < AGE_RECIPIENTS_MAX; i++)
		key_pair(&c, &id[i], &r[i]);
	key_pair(&c, &stranger, &other);
	r[AGE_RECIPIENTS_MAX] = other;
	for (size_t count = 1; count <= AGE_RECIPIENTS_MAX; count += 31) {
		ok(&c, age_header_make(&c, file_key(), r, count, &header));
		ok(&c, age_header_make(&c, file_key(), r, count, &again));
		assert_false(span_eq(header, again));
		ok(&c, age_header_recipients(&c, header, &n));
		assert_int_equal(n, count);
		ok(&c, age_header_length(&c, header, &n));
		assert_int_equal(n, header.n);
		ok(&c, age_header_length(&c, joined(&c, header, SPAN("payload\n---")), &n));
		assert_int_equal(n, header.n);
		for (size_t i = 0; i < count; i++) {
			ok(&c, age_header_open(&c, header, &id[i], key));
			assert_memory_equal(key, file_key_bytes, sizeof key);
		}
		fails(&c, ERR_VERIFY, age_header_open(&c, header, &stranger, key));
		fails(&c, ERR_FORMAT,
			age_header_open(&c, joined(&c, header, SPAN("x")), &id[0], key));
		fails(&c, ERR_FORMAT,
			age_header_recipients(&c, joined(&c, header, SPAN("x")), &n));
	}
	fails(&c, ERR_LIMIT, age_header_make(&c, file_key(), r, 0, &header));
	fails(&c, ERR_LIMIT, age_header_make(&c, file_key(), r, AGE_RECIPIENTS_MAX + 1, &header));
	fails(&c, ERR_FORMAT, age_header_make(&c, SPAN("fifteen bytes.."), r, 1, &header));
}

static void test_header_tampered(void **state)
{
	CTX(keep);
	struct age_identity id;
	struct age_recipient r[2];
	unsigned char key[AGE_FILE_KEY_BYTES], *p;
	struct span header;

	(void)state;
	key_pair(&keep, &id, &r[0]);
	key_pair(&keep, &id, &r[1]);
	ok(&keep, age_header_make(&keep, file_key(), r, 2, &header));
	p = arena_alloc(&keep, header.n);
	for (size_t i = 0; i < header.n; i++) {
		CTX(c);

		for (unsigned bit = 0; bit < 8; bit++) {
			enum err e;

			memcpy(p, header.p, header.n);
			p[i] ^= (unsigned char)(1u << bit);
			e = age_header_open(&c, span_of(p, header.n), &id, key);
			if (e != ERR_FORMAT && e != ERR_VERIFY)
				fail_msg("byte %zu bit %u: %s", i, bit, err_name(e));
			err_clear(&c);
		}
		fails(&c, ERR_FORMAT, age_header_open(&c, span_cut(header, 0, i), &id, key));
	}
}

#define MAC "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 32 zero bytes */
#define V1 "age-encryption.org/v1\n"
#define COL64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void test_header_grammar(void **state)
{
	static const char *const good[] = {
		V1 "-> X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		V1 "-> other ! ~ \"\n\n--- " MAC "\n",
		V1 "-> other\n" COL64 "\n\n--- " MAC "\n",
		V1 "-> other\n" COL64 "\n" COL64 "\nAAAA\n-> X25519 " MAC "\n" MAC "\n--- " MAC
		   "\n",
	};
	static const char *const bad[] = {
		"",
		"age",
		"age-encryption.org/v1",
		V1,
		"age-encryption.org/v2\n-> X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		"age-encryption.org/v1\r\n-> X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		"\n" V1 "-> X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		"-----BEGIN AGE ENCRYPTED FILE-----\n",
		V1 "--- " MAC "\n", /* no stanza */
		V1 "-> X25519 " MAC "\n" MAC "\n--- " MAC, /* no end of line */
		V1 "-> X25519 " MAC "\n" MAC "\n---" MAC "\n",
		V1 "-> X25519 " MAC "\n" MAC "\n---  " MAC "\n",
		V1 "-> X25519 " MAC "\n" MAC "\n--- " MAC " \n",
		V1 "-> X25519 " MAC "\n" MAC "\n--- " MAC "=\n",
		V1 "-> X25519 " MAC "\n" MAC "\n--- " MAC "\r\n",
		V1 "-> X25519 " MAC "\n" MAC
		   "\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n", /* spare bits */
		V1 "-> X25519 " MAC "\n" MAC "\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
		V1 "-> X25519 " MAC "\n" MAC "\n----" MAC "\n",
		V1 "->X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		V1 "->  X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		V1 "-> X25519  " MAC "\n" MAC "\n--- " MAC "\n",
		V1 "-> X25519 " MAC " \n" MAC "\n--- " MAC "\n",
		V1 "-> X25519 " MAC "\n" MAC "=\n--- " MAC "\n",
		V1 "-> X25519 " MAC "=\n" MAC "\n--- " MAC "\n",
		V1 "-> X25519 " MAC " x\n" MAC "\n--- " MAC "\n", /* two arguments */
		V1 "-> X25519\n" MAC "\n--- " MAC "\n", /* none */
		V1 "-> X25519 " MAC "\n\n--- " MAC "\n", /* no body */
		V1 "-> X25519 " MAC "\n" MAC "A\n--- " MAC "\n",
		V1 "-> X25519 AAAA\n" MAC "\n--- " MAC "\n", /* a short share */
		V1 "-> X25519 " MAC "\n" MAC "\n\n--- " MAC "\n", /* a line too many */
		V1 "-> X25519 " MAC "\n--- " MAC "\n", /* no body line */
		V1 "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n" MAC "\n--- " MAC "\n",
		V1 "-> other\n" COL64 "\n--- " MAC "\n", /* no final line */
		V1 "-> other\n" COL64 "A\n\n--- " MAC "\n", /* 65 columns */
		V1 "-> other\n" COL64 "AAAA\n--- " MAC "\n", /* 68, whole base64 */
		V1 "-> other\nAAA!\n--- " MAC "\n",
		V1 "-> other\nAAAA\r\n--- " MAC "\n",
		V1 "-> oth\x7f"
		   "er\nAAAA\n--- " MAC "\n",
		V1 "-> oth\xc3\xa9r\nAAAA\n--- " MAC "\n",
		V1 "-> \nAAAA\n--- " MAC "\n",
		V1 "-> scrypt AAAA 18\n" MAC "\n-> X25519 " MAC "\n" MAC "\n--- " MAC "\n",
		V1 "-> X25519 " MAC "\n" MAC "\n-> scrypt AAAA 18\n" MAC "\n--- " MAC "\n",
		V1 "x> X25519 " MAC "\n" MAC "\n--- " MAC "\n",
	};
	CTX(c);
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		ok(&c, age_header_length(&c, span_str(good[i]), &n));
		assert_int_equal(n, strlen(good[i]));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (age_header_length(&c, span_str(bad[i]), &n) != ERR_FORMAT)
			fail_msg("taken: %s", bad[i]);
		err_clear(&c);
	}
	/* What leaves the house goes to X25519 keys alone. */
	fails(&c, ERR_VERIFY, age_header_recipients(&c, span_str(good[1]), &n));
	fails(&c, ERR_VERIFY, age_header_recipients(&c, span_str(good[3]), &n));
	ok(&c, age_header_recipients(&c, span_str(good[0]), &n));
	assert_int_equal(n, 1);
}

static void test_header_limit(void **state)
{
	for (size_t over = 0; over <= 1; over++) {
		CTX(c);
		struct span text;
		struct buf b;
		size_t n;

		buf_begin(&b, &c, 2 * (size_t)AGE_HEADER_MAX);
		buf_str(&b, V1 "-> other ");
		while (b.n < AGE_HEADER_MAX - 2 - 48 + over)
			buf_byte(&b, 'a');
		buf_str(&b, "\n\n--- " MAC "\n");
		ok(&c, buf_done(&c, &b, &text));
		assert_int_equal(text.n, AGE_HEADER_MAX + over);
		if (over)
			fails(&c, ERR_LIMIT, age_header_length(&c, text, &n));
		else
			ok(&c, age_header_length(&c, text, &n));
	}
	(void)state;
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		CTX(c);
		struct span plain = text_of(&c, sizes[i]), payload = sealed(&c, file_key(), plain),
			    back;

		assert_int_equal(payload.n, age_payload_bytes((int64_t)plain.n));
		assert_int_equal(plain.n, age_plain_bytes((int64_t)payload.n));
		ok(&c, unsealed(&c, file_key(), payload, &back));
		assert_true(span_eq(back, plain));
		fails(&c, ERR_VERIFY, unsealed(&c, SPAN("sixteen-byte-keY"), payload, &back));
	}
}

static void test_lengths(void **state)
{
	static const int64_t impossible[] = {
		-1, 0, 15, 16, 31, 16 + 65552 + 1, 16 + 65552 + 16, INT64_MIN
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(impossible); i++)
		assert_int_equal(age_plain_bytes(impossible[i]), -1);
	assert_int_equal(age_payload_bytes(-1), -1);
	assert_int_equal(age_payload_bytes(INT64_MAX), -1);
	assert_int_equal(age_payload_bytes(INT64_MIN), -1);
	assert_int_equal(age_plain_bytes(32), 0);
	assert_int_equal(age_plain_bytes(16 + 65552 + 17), 65537);
	for (int64_t n = 0; n < 400000; n += 97)
		assert_int_equal(age_plain_bytes(age_payload_bytes(n)), n);
	for (int64_t n = INT64_C(100) << 30; n < (INT64_C(100) << 30) + 200000; n += 97)
		assert_int_equal(age_plain_bytes(age_payload_bytes(n)), n);
}

static void payload_refused(struct ctx *c, struct span payload, const char *what)
{
	struct span back;
	enum err e = unsealed(c, file_key(), payload, &back);

	if (e != ERR_VERIFY && e != ERR_FORMAT)
		fail_msg("%s: %s", what, err_name(e));
	assert_true(c->code == e && c->why[0] != '\0');
	err_clear(c);
}

#define SEALED ((size_t)AGE_CHUNK + AGE_TAG)

static void test_payload_tampered(void **state)
{
	CTX(c);
	struct span plain = text_of(&c, 3 * (size_t)AGE_CHUNK + 5),
		    payload = sealed(&c, file_key(), plain), nonce, rest;
	struct span first = span_cut(payload, 16, SEALED),
		    second = span_cut(payload, 16 + SEALED, SEALED);
	unsigned char *p = arena_alloc(&c, payload.n);

	(void)state;
	assert_int_equal(payload.n, 16 + 3 * SEALED + 5 + AGE_TAG);
	for (size_t i = 0; i < payload.n; i += i < 64 || i % SEALED < 40 ? 1 : 4999) {
		CTX(each);

		memcpy(p, payload.p, payload.n);
		p[i] ^= (unsigned char)(1u << i % 8);
		payload_refused(&each, span_of(p, payload.n), "a flipped bit");
	}
	for (size_t k = 0; k <= 3; k++)
		payload_refused(&c, span_cut(payload, 0, 16 + k * SEALED), "cut at a border");
	payload_refused(&c, span_cut(payload, 0, payload.n - 1), "cut by a byte");
	payload_refused(&c, joined(&c, payload, SPAN("x")), "a trailing byte");
	payload_refused(&c, joined(&c, payload, first), "a trailing chunk");
	nonce = span_cut(payload, 0, 16);
	rest = span_cut(payload, 16 + 2 * SEALED, payload.n);
	payload_refused(&c, joined(&c, nonce, joined(&c, second, joined(&c, first, rest))),
			"exchanged chunks");
	payload_refused(&c, joined(&c, nonce, joined(&c, first, joined(&c, first, rest))),
			"a doubled chunk");
	payload_refused(&c, joined(&c, nonce, joined(&c, second, rest)), "a missing chunk");
	/* A whole chunk that says it is the last, with another one behind it. */
	payload = sealed(&c, file_key(), text_of(&c, AGE_CHUNK));
	payload_refused(&c,
			joined(&c, payload, span_cut(sealed(&c, file_key(), SPAN_NONE), 16, 16)),
			"an end behind the end");
}

static void test_stream_rules(void **state)
{
	static unsigned char chunk[AGE_CHUNK + 1], out[AGE_CHUNK + 1 + AGE_TAG];
	struct span nonce = SPAN("a nonce of 16 by");
	struct age_stream *s;
	CTX(c);

	(void)state;
	fails(&c, ERR_FORMAT, age_stream_open(&c, SPAN("short"), nonce, &s));
	fails(&c, ERR_FORMAT, age_stream_open(&c, file_key(), SPAN("short"), &s));
	age_stream_close(&s);
	ok(&c, age_stream_open(&c, file_key(), nonce, &s));
	fails(&c, ERR_FORMAT, age_stream_seal(&c, s, chunk, AGE_CHUNK - 1, false, out));
	fails(&c, ERR_FORMAT, age_stream_seal(&c, s, chunk, AGE_CHUNK + 1, true, out));
	fails(&c, ERR_FORMAT, age_stream_seal(&c, s, chunk, 0, false, out));
	ok(&c, age_stream_seal(&c, s, chunk, AGE_CHUNK, false, out));
	fails(&c, ERR_FORMAT, age_stream_seal(&c, s, chunk, 0, true, out));
	fails(&c, ERR_STATE, age_stream_unseal(&c, s, out, AGE_TAG + 1, true, chunk));
	ok(&c, age_stream_seal(&c, s, chunk, 1, true, out));
	fails(&c, ERR_STATE, age_stream_seal(&c, s, chunk, 1, true, out));
	age_stream_close(&s);
	/* In place, and no second attempt after a failure. */
	ok(&c, age_stream_open(&c, file_key(), nonce, &s));
	memset(out, 'a', AGE_CHUNK);
	ok(&c, age_stream_seal(&c, s, out, AGE_CHUNK, true, out));
	age_stream_close(&s);
	ok(&c, age_stream_open(&c, file_key(), nonce, &s));
	ok(&c, age_stream_unseal(&c, s, out, SEALED, true, out));
	assert_true(out[0] == 'a' && out[AGE_CHUNK - 1] == 'a');
	age_stream_close(&s);
	ok(&c, age_stream_open(&c, file_key(), nonce, &s));
	fails(&c, ERR_FORMAT, age_stream_unseal(&c, s, out, AGE_TAG - 1, true, chunk));
	memset(chunk, 'b', AGE_CHUNK);
	fails(&c, ERR_VERIFY, age_stream_unseal(&c, s, out, SEALED, true, chunk));
	for (size_t i = 0; i < AGE_CHUNK; i++)
		assert_int_equal(chunk[i], 0);
	fails(&c, ERR_STATE, age_stream_unseal(&c, s, out, SEALED, true, chunk));
	age_stream_close(&s);
}

/* ---- Debian's age ---- */

static void need_age(void)
{
	if (tool("age --version && age-keygen --version") != 0) {
		print_message("SKIPPED: age and age-keygen are not installed\n");
		skip();
	}
}

static struct span slurp_large(struct ctx *c, const char *name)
{
	struct span out;
	char *path;

	ok(c, path_fmt(c, &path, "%s/%s", folder, name));
	ok(c, file_read(c, path, 4 * MIB, &out));
	return out;
}

/* Our identity as age reads it. */
static void put_identity(struct ctx *c, const char *name, const struct age_identity *id)
{
	struct span text;

	ok(c, age_identity_text(c, id, &text));
	put(c, name, joined(c, text, SPAN("\n")));
}

static void test_age_reads_ours(void **state)
{
	(void)state;
	need_age();
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		CTX(c);
		struct age_identity vault_id, id;
		struct age_recipient vault, r;
		unsigned char key[AGE_FILE_KEY_BYTES];
		struct span plain = text_of(&c, sizes[i]), payload = sealed(&c, file_key(), plain),
			    header;

		key_pair(&c, &vault_id, &vault);
		key_pair(&c, &id, &r);
		put_identity(&c, "vault.key", &vault_id);
		put_identity(&c, "agency.key", &id);
		ok(&c, age_header_make(&c, file_key(), &vault, 1, &header));
		put(&c, "vault.age", joined(&c, header, payload));
		assert_int_equal(0, tool("age -d -i vault.key vault.age >plain"));
		assert_true(span_eq(slurp_large(&c, "plain"), plain));
		assert_int_not_equal(0, tool("age -d -i agency.key vault.age >nothing"));
		/* Release: the same payload under a new header. */
		ok(&c, age_header_open(&c, header, &vault_id, key));
		ok(&c, age_header_make(&c, span_of(key, sizeof key), &r, 1, &header));
		put(&c, "out.age", joined(&c, header, payload));
		assert_int_equal(0, tool("age -d -i agency.key out.age >plain"));
		assert_true(span_eq(slurp_large(&c, "plain"), plain));
		assert_int_not_equal(0, tool("age -d -i vault.key out.age >nothing"));
	}
}

static void test_we_read_age(void **state)
{
	(void)state;
	need_age();
	assert_int_equal(
		0, tool("age-keygen -o id.key && age-keygen -y id.key > id.pub && age-keygen -o "
			"other.key &&"
			" grep -v '^#' id.key > id.bare && grep -v '^#' other.key > other.bare"));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		CTX(c);
		struct age_identity id, other;
		struct age_recipient r, told;
		unsigned char key[AGE_FILE_KEY_BYTES];
		struct span plain = text_of(&c, sizes[i]), file, back;
		size_t n;

		ok(&c, age_identity_parse(&c, span_trim(slurp_large(&c, "id.bare")), &id));
		ok(&c, age_identity_parse(&c, span_trim(slurp_large(&c, "other.bare")), &other));
		ok(&c, age_recipient_parse(&c, span_trim(slurp_large(&c, "id.pub")), &told));
		ok(&c, age_recipient_of(&c, &id, &r));
		assert_memory_equal(&r, &told, sizeof r);
		put(&c, "plain", plain);
		assert_int_equal(0, tool("rm -f a.age; age -r $(cat id.pub) -o a.age plain"));
		file = slurp_large(&c, "a.age");
		ok(&c, age_header_length(&c, file, &n));
		ok(&c, age_header_open(&c, span_cut(file, 0, n), &id, key));
		fails(&c, ERR_VERIFY, age_header_open(&c, span_cut(file, 0, n), &other, key));
		ok(&c, age_header_open(&c, span_cut(file, 0, n), &id, key));
		ok(&c, unsealed(&c, span_of(key, sizeof key), span_cut(file, n, file.n), &back));
		assert_true(span_eq(back, plain));
		assert_int_equal(age_payload_bytes((int64_t)plain.n), file.n - n);
	}
}

/* ---- C2SP/CCTV ---- */

struct vector {
	struct span expect, identity, payload_sha256;
	bool usable, compressed;
};

static struct span vector_head(struct span file, struct vector *out)
{
	struct reader r = { .s = file };
	struct span line, key, value;

	*out = (struct vector){ .usable = true };
	while (take_line(&r, &line) && line.n != 0) {
		if (!span_split(line, ':', &key, &value))
			continue;
		value = span_trim(value);
		if (span_is(key, "expect"))
			out->expect = value;
		if (span_is(key, "identity"))
			out->identity = value;
		if (span_is(key, "payload"))
			out->payload_sha256 = value;
		if (span_is(key, "compressed"))
			out->compressed = true;
		/* Passphrases and armour we do not offer. */
		if (span_is(key, "passphrase") || span_is(key, "armored"))
			out->usable = false;
	}
	return span_cut(file, r.at, file.n);
}

static enum err vector_decrypt(struct ctx *c, struct span file, const struct age_identity *id,
			       struct span *plain)
{
	unsigned char key[AGE_FILE_KEY_BYTES];
	size_t n;

	TRY(age_header_length(c, file, &n));
	TRY(age_header_open(c, span_cut(file, 0, n), id, key));
	return unsealed(c, span_of(key, sizeof key), span_cut(file, n, file.n), plain);
}

/* The type of the failure is checked only as far as success and failure. */
static bool vector_run(const char *path, const char *name)
{
	CTX_SCOPED struct ctx c;
	struct span file, hex, plain = SPAN_NONE;
	struct age_identity id;
	struct vector v;
	char *unpacked;
	enum err e;

	assert_int_equal(ctx_begin(&c, 128 * MIB), ERR_OK);
	ok(&c, file_read(&c, path, 8 * MIB, &file));
	file = vector_head(file, &v);
	if (!v.usable || v.identity.n == 0 || age_identity_parse(&c, v.identity, &id) != ERR_OK)
		return false;
	if (v.compressed) {
		put(&c, "packed", file);
		assert_int_equal(
			0, tool("/usr/bin/python3 -c 'import sys, zlib; sys.stdout.buffer.write("
				"zlib.decompress(open(\"packed\", \"rb\").read()))' >unpacked"));
		ok(&c, path_fmt(&c, &unpacked, "%s/unpacked", folder));
		ok(&c, file_read(&c, unpacked, 18 * MIB, &file));
	}
	e = vector_decrypt(&c, file, &id, &plain);
	if ((e == ERR_OK) != span_is(v.expect, "success"))
		fail_msg("%s: %s, expected %.*s", name, err_name(e), SPAN_ARG(v.expect));
	if (e != ERR_OK)
		return true;
	ok(&c, sha256_hex(&c, plain, &hex));
	if (!span_eq(hex, v.payload_sha256))
		fail_msg("%s: another plaintext", name);
	return true;
}

static void test_vectors(void **state)
{
	const char *from = getenv("WRIT_AGE_VECTORS");
	DIR *d = from ? opendir(from) : NULL;
	unsigned run = 0;

	(void)state;
	if (!d) {
		print_message("SKIPPED: WRIT_AGE_VECTORS does not name the folder age/testdata of "
			      "C2SP/CCTV\n");
		skip();
	}
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", from, e->d_name);
		run += vector_run(path, e->d_name);
	}
	closedir(d);
	print_message("%u vectors of age\n", run);
	assert_true(run >= 66);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_texts),	cmocka_unit_test(test_key_refusals),
		cmocka_unit_test(test_low_order),	cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_tampered), cmocka_unit_test(test_header_grammar),
		cmocka_unit_test(test_header_limit),	cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_lengths),		cmocka_unit_test(test_payload_tampered),
		cmocka_unit_test(test_stream_rules),	cmocka_unit_test(test_age_reads_ours),
		cmocka_unit_test(test_we_read_age),	cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
