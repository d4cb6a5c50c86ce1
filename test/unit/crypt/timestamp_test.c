/*
 * Timestamps of 'openssl ts', RSA and ECDSA, bare and with a chain: taken, verified, read by stock
 * tools again; then every byte changed, and whatever a timestamp authority must not answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/timestamp.h"

#include <time.h>

#include "base/buf.h"
#include "crypt_test.h"

static const unsigned char nonce[TIMESTAMP_NONCE_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void config(const char *signer, const char *more)
{
	CTX(c);
	struct buf b;
	struct span text;

	buf_begin(&b, &c, 8192);
	buf_fmt(&b,
		"[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=%s.crt\nsigner_key=%s.key\n"
		"certs=ca.crt\ndefault_policy=1.2.3.4.1\ndigests=sha256,sha512\naccuracy=secs:1\n"
		"signer_digest=sha256\ness_cert_id_alg=sha256\n%s\n",
		signer, signer, more);
	ok(&c, buf_done(&c, &b, &text));
	put(&c, "ts.cnf", text);
}

static int certificate(const char *name, const char *key, const char *extensions)
{
	return tool("openssl req -newkey %s -nodes -keyout %s.key -out x.csr -subj '/CN=TSA %s' && "
		    "printf '%s' >x.ext && openssl x509 -req -in x.csr -CA ca.crt -CAkey ca.key "
		    "-CAcreateserial -days 9 -extfile x.ext -out %s.crt",
		    key, name, name, extensions, name);
}

#define STAMPS "keyUsage=critical,digitalSignature\\nextendedKeyUsage=critical,timeStamping\\n"

static int tsas_make(void **state)
{
	int bad = folder_make(state);

	bad |= tool("printf 01 >serial && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key "
		    "-out ca.crt -subj '/CN=CA' -days 9");
	bad |= certificate("rsa", "rsa:2048", STAMPS);
	bad |= certificate("ec", "ec -pkeyopt ec_paramgen_curve:P-256", STAMPS);
	bad |= certificate("short", "rsa:1024", STAMPS);
	if (bad)
		print_error("the openssl command is needed for this test\n");
	return bad;
}

static struct sha256 imprint_of(struct ctx *c)
{
	struct sha256 h = { { 0 } };

	ok(c, sha256_of(c, SPAN("the bytes of statement.p7s"), &h));
	return h;
}

/* What 'openssl ts' answers to our query. */
static struct span answered(struct ctx *c, const char *signer, const char *more)
{
	struct sha256 h = imprint_of(c);
	struct span query = SPAN_NONE;

	ok(c, timestamp_query(c, &h, nonce, &query));
	put(c, "query", query);
	config(signer, more);
	if (tool("openssl ts -reply -config ts.cnf -queryfile query -out answer") != 0)
		fail_msg("openssl ts -reply with %s", signer);
	return slurp(c, "answer");
}

static struct span taken(struct ctx *c, const char *signer, const char *more)
{
	struct span tsr = SPAN_NONE;

	ok(c, timestamp_take(c, answered(c, signer, more), nonce, &tsr));
	return tsr;
}

static void our_query_is_read_by_openssl(void **state)
{
	CTX(c);

	(void)state;
	answered(&c, "rsa", "");
	assert_int_equal(tool("openssl ts -query -in query -text | tr -d '\\n' | grep -q 'sha256.*"
			      "Nonce: 0x0102030405060708.*Certificate required: yes'"),
			 0);
}

static void verified(struct ctx *c, const char *signer, const char *more)
{
	struct sha256 h = imprint_of(c);
	struct span tsr = taken(c, signer, more), form = SPAN_NONE;
	int64_t now = (int64_t)time(NULL);
	struct timestamp t;

	ok(c, timestamp_verify(c, tsr, &h, &t));
	assert_true(t.made_utc >= now - 20 && t.made_utc <= now + 2);
	/* What is in the one form stays as it is. */
	ok(c, timestamp_take(c, tsr, nonce, &form));
	assert_true(span_eq(form, tsr));
	put(c, "tsr", tsr);
	assert_int_equal(tool("printf 'the bytes of statement.p7s' >m && "
			      "openssl ts -verify -in tsr -data m -CAfile ca.crt"),
			 0);
	assert_int_equal(tool("test $(openssl ts -reply -in tsr -token_out | openssl pkcs7 -inform "
			      "DER -print_certs | grep -c BEGIN) = 1"),
			 0);
	assert_int_equal(tool("openssl x509 -in %s.crt -outform DER | sha256sum | cut -c1-64 | "
			      "tr -d '\\n' >hash",
			      signer),
			 0);
	assert_true(span_eq(sha256_span(&t.certificate),
			    unhex(c, (const char *)slurp(c, "hash").p)));
}

static void timestamps_are_taken_and_verified(void **state)
{
	(void)state;
	for (const char *const *s = (const char *const[]){ "rsa", "ec", NULL }; *s; s++)
		for (const char *const *more =
			     (const char *const[]){ "", "tsa_name=yes", "clock_precision_digits=3",
						    "signer_digest=sha512", "ordering=yes", NULL };
		     *more; more++) {
			CTX(c);

			verified(&c, *s, *more);
		}
}

static void every_byte_counts(void **state)
{
	(void)state;
	for (const char *const *s = (const char *const[]){ "rsa", "ec", NULL }; *s; s++) {
		CTX(c);
		struct sha256 h = imprint_of(&c);
		struct span tsr = taken(&c, *s, "");
		unsigned char *p = arena_alloc(&c, tsr.n);
		struct timestamp t;

		assert_non_null(p);
		memcpy(p, tsr.p, tsr.n);
		for (size_t i = 0; i < tsr.n; i++)
			for (int bit = 1; bit < 256; bit <<= 1) {
				p[i] ^= (unsigned char)bit;
				if (timestamp_verify(&c, span_of(p, tsr.n), &h, &t) == ERR_OK)
					fail_msg("%s: byte %zu bit %d may be changed", *s, i, bit);
				err_clear(&c);
				p[i] ^= (unsigned char)bit;
			}
	}
}

static void it_cannot_be_cut_or_lengthened(void **state)
{
	CTX(c);
	struct sha256 h = imprint_of(&c);
	struct span tsr = taken(&c, "rsa", "");
	struct timestamp t;
	struct buf b;

	(void)state;
	for (size_t n = 0; n < tsr.n; n++) {
		assert_int_not_equal(timestamp_verify(&c, span_cut(tsr, 0, n), &h, &t), ERR_OK);
		err_clear(&c);
	}
	buf_begin(&b, &c, 65536);
	buf_add(&b, tsr);
	buf_byte(&b, 0);
	ok(&c, buf_done(&c, &b, &tsr));
	fails(&c, ERR_FORMAT, timestamp_verify(&c, tsr, &h, &t));
	tsr = span_of(arena_alloc(&c, TIMESTAMP_BYTES_MAX + 1), TIMESTAMP_BYTES_MAX + 1);
	fails(&c, ERR_LIMIT, timestamp_verify(&c, tsr, &h, &t));
}

/* The certificate of its signer is all that is kept, so that is all that it may name. */
static void one_that_names_its_whole_chain_is_refused(void **state)
{
	CTX(c);
	struct sha256 h = imprint_of(&c);
	struct timestamp t;

	(void)state;
	fails(&c, ERR_VERIFY,
		timestamp_verify(&c, taken(&c, "rsa", "ess_cert_id_chain=yes"), &h, &t));
}

/* As a TSA sends it, with its chain: good, but not in the form in which it is kept. */
static void another_form_is_refused(void **state)
{
	CTX(c);
	struct sha256 h = imprint_of(&c);
	struct timestamp t;

	(void)state;
	fails(&c, ERR_VERIFY, timestamp_verify(&c, answered(&c, "rsa", ""), &h, &t));
}

static void another_imprint_or_nonce_is_refused(void **state)
{
	CTX(c);
	unsigned char other[TIMESTAMP_NONCE_BYTES] = { 9 };
	struct span answer = answered(&c, "ec", ""), tsr = SPAN_NONE;
	struct sha256 h = { { 1 } };
	struct timestamp t;

	(void)state;
	fails(&c, ERR_VERIFY, timestamp_take(&c, answer, other, &tsr));
	ok(&c, timestamp_take(&c, answer, nonce, &tsr));
	fails(&c, ERR_VERIFY, timestamp_verify(&c, tsr, &h, &t));
	assert_int_equal(tool("printf x >m && openssl ts -query -data m -sha256 -cert -no_nonce "
			      "-out query && openssl ts -reply -config ts.cnf -queryfile query "
			      "-out answer"),
			 0);
	fails(&c, ERR_VERIFY, timestamp_take(&c, slurp(&c, "answer"), nonce, &tsr));
}

static void a_refusal_tells_why(void **state)
{
	CTX(c);
	struct span tsr;

	(void)state;
	config("rsa", "");
	assert_int_equal(
		tool("printf x >m && openssl ts -query -data m -sha1 -out query && "
		     "openssl ts -reply -config ts.cnf -queryfile query -out answer; true"),
		0);
	assert_int_equal(timestamp_take(&c, slurp(&c, "answer"), nonce, &tsr), ERR_FAILED);
	assert_non_null(strstr(c.why, "refuses (status 2: "));
	err_clear(&c);
}

static void no_certificate_or_a_short_key_is_refused(void **state)
{
	CTX(c);
	struct sha256 h = imprint_of(&c);
	struct span tsr = SPAN_NONE;
	struct timestamp t;

	(void)state;
	answered(&c, "rsa", "");
	assert_int_equal(tool("printf 'the bytes of statement.p7s' >m && openssl ts -query -data m "
			      "-sha256 -out query && openssl ts -reply -config ts.cnf -queryfile "
			      "query -out answer"),
			 0);
	assert_int_not_equal(timestamp_take(&c, slurp(&c, "answer"), nonce, &tsr), ERR_OK);
	err_clear(&c);
	ok(&c, timestamp_take(&c, answered(&c, "short", ""), nonce, &tsr));
	fails(&c, ERR_VERIFY, timestamp_verify(&c, tsr, &h, &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_query_is_read_by_openssl),
		cmocka_unit_test(timestamps_are_taken_and_verified),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(it_cannot_be_cut_or_lengthened),
		cmocka_unit_test(one_that_names_its_whole_chain_is_refused),
		cmocka_unit_test(another_form_is_refused),
		cmocka_unit_test(another_imprint_or_nonce_is_refused),
		cmocka_unit_test(a_refusal_tells_why),
		cmocka_unit_test(no_certificate_or_a_short_key_is_refused),
	};

	return cmocka_run_group_tests(tests, tsas_make, folder_drop);
}
