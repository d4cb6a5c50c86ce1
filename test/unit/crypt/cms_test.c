/*
 * The seal's certificate and detached CMS signatures both ways with the openssl command, and
 * everything that is CMS but not a signature of the seal.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/cms.h"

#include "base/buf.h"
#include "crypt/ossl.h"
#include "crypt_test.h"

#define CONTENT "{\"version\":1,\"kind\":\"statement\"}\n"

static const struct span content = { (const unsigned char *)CONTENT, sizeof CONTENT - 1 };

/* 2026-11-22T10:00:00Z, and one whose ten years end after UTCTime's 2049. */
static int64_t clock_ms = INT64_C(1795341600000);

static int64_t fake_now_ms(void)
{
	return clock_ms;
}

static struct seam fake;

#define FAKE_CTX(c)                                                                                \
	CTX(c);                                                                                    \
	fake = *seam_world();                                                                      \
	fake.now_ms = fake_now_ms;                                                                 \
	c.seam = &fake

static void seal_into(const char *name)
{
	CTX(c);
	struct span key, cert, request;
	char file[64];

	ok(&c, seal_certificate_make(&c, SPAN("Seal of Exämple Mail"), &key, &cert, &request));
	snprintf(file, sizeof file, "%s.key", name);
	put(&c, file, key);
	snprintf(file, sizeof file, "%s.crt", name);
	put(&c, file, cert);
	snprintf(file, sizeof file, "%s.csr", name);
	put(&c, file, request);
}

static int seals_make(void **state)
{
	int bad = folder_make(state);

	seal_into("seal");
	seal_into("other");
	bad |= tool("printf '%%s\\n' '%s' >m", "{\"version\":1,\"kind\":\"statement\"}");
	bad |= tool("openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -subj "
		    "/CN=rsa -days 9");
	bad |= tool("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout "
		    "p384.key "
		    "-out p384.crt -subj /CN=p384 -days 9");
	bad |= tool(
		"touch index && printf "
		"'[ca]\\ndefault_ca=x\\n[x]\\ndatabase=index\\ndefault_md=sha256\\n' >ca.cnf && "
		"openssl ca -config ca.cnf -gencrl -crldays 9 -cert rsa.crt -keyfile rsa.key -out "
		"crl.pem");
	if (bad)
		print_error("the openssl command is needed for this test\n");
	return bad;
}

static struct span certificate_of(struct ctx *c, const char *name, struct sha256 *hash)
{
	struct span cert = slurp(c, name);

	ok(c, certificate_hash(c, cert, hash));
	return cert;
}

/* Signs with the openssl command. */
static struct span stock(struct ctx *c, const char *options)
{
	if (tool("openssl cms -sign -binary -outform DER -in m -out stock.p7s %s", options) != 0)
		fail_msg("openssl cms -sign %s", options);
	return slurp(c, "stock.p7s");
}

static struct span ours(struct ctx *c)
{
	struct span out = SPAN_NONE;

	ok(c, cms_sign(c, slurp(c, "seal.key"), slurp(c, "seal.crt"), content, &out));
	return out;
}

static void certificate_is_good_for_openssl(void **state)
{
	CTX(c);

	(void)state;
	assert_int_equal(
		tool("openssl verify -CAfile seal.crt -x509_strict -purpose smimesign seal.crt"),
		0);
	assert_int_equal(tool("openssl req -in seal.csr -verify -noout"), 0);
	assert_int_equal(tool("openssl req -in seal.csr -noout -text | grep -q 'Digital Signature, "
			      "Non Repudiation'"),
			 0);
	assert_int_equal(
		tool("openssl x509 -in seal.crt -noout -text | grep -q 'NIST CURVE: P-256'"), 0);
	assert_int_equal(tool("openssl x509 -in seal.crt -noout -text | grep -q 'CA:FALSE'"), 0);
	assert_int_equal(tool("openssl pkey -in seal.key -check -noout"), 0);
	assert_int_equal(tool("openssl pkey -in seal.key -pubout >a; openssl req -in seal.csr "
			      "-pubkey -noout >b; "
			      "openssl x509 -in seal.crt -pubkey -noout >d; cmp a b && cmp a d"),
			 0);
	assert_int_equal(tool("test $(openssl x509 -in seal.crt -noout -serial) != "
			      "$(openssl x509 -in other.crt -noout -serial)"),
			 0);
	assert_true(span_starts(slurp(&c, "seal.key"), "-----BEGIN PRIVATE KEY-----\n"));
}

static void a_ca_can_sign_the_request(void **state)
{
	CTX(c);
	struct sha256 h, got;
	struct span p7s;

	(void)state;
	assert_int_equal(tool("openssl x509 -req -in seal.csr -CA rsa.crt -CAkey rsa.key "
			      "-CAcreateserial -days 9 "
			      "-copy_extensions copy -out issued.crt"),
			 0);
	certificate_of(&c, "issued.crt", &h);
	ok(&c, cms_sign(&c, slurp(&c, "seal.key"), slurp(&c, "issued.crt"), content, &p7s));
	ok(&c, cms_verify(&c, p7s, content, &got));
	assert_memory_equal(&h, &got, 32);
	put(&c, "issued.p7s", p7s);
	assert_int_equal(tool("openssl cms -verify -binary -inform DER -in issued.p7s -content m "
			      "-CAfile rsa.crt"),
			 0);
}

static void times_are_the_seams(void **state)
{
	FAKE_CTX(c);
	struct span key, cert, request, p7s;

	(void)state;
	ok(&c, seal_certificate_make(&c, SPAN("x"), &key, &cert, &request));
	put(&c, "t.crt", cert);
	assert_int_equal(tool("openssl x509 -in t.crt -noout -startdate | grep -qx 'notBefore=Nov "
			      "22 10:00:00 2026 GMT'"),
			 0);
	assert_int_equal(tool("openssl x509 -in t.crt -noout -enddate | grep -qx 'notAfter=Nov 21 "
			      "10:00:00 2036 GMT'"),
			 0);
	ok(&c, cms_sign(&c, key, cert, content, &p7s));
	put(&c, "t.p7s", p7s);
	assert_int_equal(tool("openssl cms -cmsout -print -inform DER -in t.p7s | grep -q 'Nov 22 "
			      "10:00:00 2026'"),
			 0);
	assert_int_equal(tool("test $(openssl cms -cmsout -print -inform DER -in t.p7s | grep -c "
			      "signingTime) = 1"),
			 0);
	clock_ms += INT64_C(20) * 366 * 86400 * 1000;
	ok(&c, seal_certificate_make(&c, SPAN("x"), &key, &cert, &request));
	clock_ms -= INT64_C(20) * 366 * 86400 * 1000;
	put(&c, "t.crt", cert);
	assert_int_equal(tool("openssl asn1parse -in t.crt | grep -q GENERALIZEDTIME"), 0);
}

static void names_have_limits(void **state)
{
	CTX(c);
	struct span key, cert, request;
	char name[80];

	(void)state;
	memset(name, 'n', sizeof name);
	ok(&c, seal_certificate_make(&c, span_of(name, 64), &key, &cert, &request));
	fails(&c, ERR_FORMAT,
		seal_certificate_make(&c, span_of(name, 65), &key, &cert, &request));
	fails(&c, ERR_FORMAT, seal_certificate_make(&c, SPAN_NONE, &key, &cert, &request));
	fails(&c, ERR_FORMAT, seal_certificate_make(&c, SPAN("a\nb"), &key, &cert, &request));
	fails(&c, ERR_FORMAT, seal_certificate_make(&c, SPAN("\xff"), &key, &cert, &request));
}

static void openssl_accepts_ours(void **state)
{
	CTX(c);
	struct span p7s = ours(&c);
	struct sha256 h, got;

	(void)state;
	certificate_of(&c, "seal.crt", &h);
	ok(&c, cms_verify(&c, p7s, content, &got));
	assert_memory_equal(&h, &got, 32);
	put(&c, "our.p7s", p7s);
	assert_int_equal(tool("openssl cms -verify -binary -inform DER -in our.p7s -content m "
			      "-noverify -out o && cmp o m"),
			 0);
	assert_int_equal(tool("openssl cms -verify -binary -inform DER -in our.p7s -content m "
			      "-CAfile seal.crt"),
			 0);
	assert_int_not_equal(tool("openssl cms -verify -binary -inform DER -in our.p7s -content m "
				  "-CAfile other.crt"),
			     0);
	assert_int_not_equal(tool("openssl cms -verify -binary -inform DER -in our.p7s -content "
				  "seal.crt -noverify"),
			     0);
}

static void we_accept_openssls(void **state)
{
	CTX(c);
	struct sha256 h, got;

	(void)state;
	certificate_of(&c, "seal.crt", &h);
	ok(&c,
	   cms_verify(&c, stock(&c, "-signer seal.crt -inkey seal.key -md sha256"), content, &got));
	assert_memory_equal(&h, &got, 32);
	ok(&c, cms_verify(&c, stock(&c, "-signer seal.crt -inkey seal.key -md sha256 -keyid"),
			  content, &got));
	assert_memory_equal(&h, &got, 32);
}

static void empty_and_binary_content(void **state)
{
	CTX(c);
	struct span p7s, key = slurp(&c, "seal.key"), cert = slurp(&c, "seal.crt");
	struct sha256 got;

	(void)state;
	ok(&c, cms_sign(&c, key, cert, SPAN_NONE, &p7s));
	ok(&c, cms_verify(&c, p7s, SPAN_NONE, &got));
	fails(&c, ERR_VERIFY, cms_verify(&c, p7s, SPAN("\n"), &got));
	/* Line ends and NUL are bytes like others: no S/MIME canonicalisation. */
	ok(&c, cms_sign(&c, key, cert, SPAN("a\nb\r\n\0c"), &p7s));
	ok(&c, cms_verify(&c, p7s, SPAN("a\nb\r\n\0c"), &got));
	fails(&c, ERR_VERIFY, cms_verify(&c, p7s, SPAN("a\r\nb\r\n\0c"), &got));
}

static void other_content_is_refused(void **state)
{
	CTX(c);
	struct span p7s = ours(&c);
	struct sha256 got;

	(void)state;
	for (size_t i = 0; i < content.n; i++)
		fails(&c, ERR_VERIFY, cms_verify(&c, p7s, flipped(&c, content, i), &got));
	fails(&c, ERR_VERIFY, cms_verify(&c, p7s, SPAN_NONE, &got));
	fails(&c, ERR_VERIFY, cms_verify(&c, p7s, span_cut(content, 0, content.n - 1), &got));
}

static struct span with_bit(struct ctx *c, struct span s, size_t at, unsigned char bit)
{
	unsigned char *p;

	assert_int_equal(NEW_ARRAY(c, p, s.n), ERR_OK);
	memcpy(p, s.p, s.n);
	p[at] ^= bit;
	return span_of(p, s.n);
}

/* A changed bit is refused, or it changes the certificate, which the caller compares. */
static void every_altered_byte_is_seen(void **state)
{
	CTX(first);
	struct span p7s = ours(&first);
	struct sha256 h;
	size_t free_bytes = 0;

	(void)state;
	certificate_of(&first, "seal.crt", &h);
	for (size_t at = 0; at < p7s.n; at++) {
		CTX(c);
		struct sha256 got;

		if (cms_verify(&c, flipped(&c, p7s, at), content, &got) != ERR_OK)
			assert_true(c.why[0] != '\0');
		else if (memcmp(&got, &h, 32) == 0)
			free_bytes++;
		/* The signer's name in another case: the same name to OpenSSL, other bytes. */
		err_clear(&c);
		if (cms_verify(&c, with_bit(&c, p7s, at, 0x20), content, &got) == ERR_OK &&
		    memcmp(&got, &h, 32) == 0)
			free_bytes++;
	}
	assert_int_equal(free_bytes, 0);
}

static void der_has_one_form(void **state)
{
	CTX(c);
	struct span p7s = ours(&c), bad = SPAN_NONE;
	struct sha256 got;
	struct buf b;

	(void)state;
	for (size_t n = 0; n < p7s.n; n++)
		fails(&c, ERR_FORMAT, cms_verify(&c, span_cut(p7s, 0, n), content, &got));
	buf_begin(&b, &c, 65536);
	buf_add(&b, p7s);
	buf_byte(&b, 0);
	ok(&c, buf_done(&c, &b, &bad));
	fails(&c, ERR_FORMAT, cms_verify(&c, bad, content, &got));
	/* BER: the outermost length left open. */
	assert_true(p7s.p[0] == 0x30 && p7s.p[1] == 0x82);
	buf_begin(&b, &c, 65536);
	buf_add(&b, SPAN("\x30\x80"));
	buf_add(&b, span_cut(p7s, 4, p7s.n));
	buf_u16(&b, 0);
	ok(&c, buf_done(&c, &b, &bad));
	fails(&c, ERR_FORMAT, cms_verify(&c, bad, content, &got));
	put(&c, "ber.p7s", bad);
	assert_int_equal(
		tool("openssl cms -verify -binary -inform DER -in ber.p7s -content m -noverify"),
		0);
	ok(&c, span_fmt(&c, &bad, "%*s", 70000, ""));
	fails(&c, ERR_LIMIT, cms_verify(&c, bad, content, &got));
	fails(&c, ERR_FORMAT, cms_verify(&c, SPAN("-----BEGIN CMS-----\n"), content, &got));
}

static void other_signatures_are_refused(void **state)
{
	static const char *const options[] = {
		"-signer seal.crt -inkey seal.key -md sha256 -nodetach",
		"-signer seal.crt -inkey seal.key -md sha1",
		"-signer seal.crt -inkey seal.key -md sha384",
		"-signer seal.crt -inkey seal.key -md sha256 -noattr",
		"-signer seal.crt -inkey seal.key -md sha256 -nocerts",
		"-signer seal.crt -inkey seal.key -md sha256 -certfile other.crt",
		"-signer seal.crt -inkey seal.key -signer other.crt -inkey other.key -md sha256",
		"-signer rsa.crt -inkey rsa.key -md sha256",
		"-signer p384.crt -inkey p384.key -md sha256",
		"-signer seal.crt -inkey seal.key -md sha256 -econtent_type 1.2.3.4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		CTX(c);
		struct sha256 got;
		struct span p7s = stock(&c, options[i]);

		fails(&c, ERR_VERIFY, cms_verify(&c, p7s, content, &got));
	}
}

static void no_signature_is_refused(void **state)
{
	CTX(c);
	struct sha256 got;

	(void)state;
	assert_int_equal(tool("openssl cms -data_create -binary -in m -outform DER -out data.p7s"),
			 0);
	fails(&c, ERR_FORMAT, cms_verify(&c, slurp(&c, "data.p7s"), content, &got));
	assert_int_equal(
		tool("openssl cms -encrypt -binary -in m -outform DER -out enc.p7s rsa.crt"), 0);
	fails(&c, ERR_FORMAT, cms_verify(&c, slurp(&c, "enc.p7s"), content, &got));
	/* Certificates only, nobody signed. */
	assert_int_equal(
		tool("openssl crl2pkcs7 -nocrl -certfile seal.crt -outform DER -out none.p7s"), 0);
	assert_int_not_equal(cms_verify(&c, slurp(&c, "none.p7s"), content, &got), ERR_OK);
	err_clear(&c);
	assert_int_not_equal(cms_verify(&c, slurp(&c, "seal.crt"), content, &got), ERR_OK);
}

static struct span der_of(struct ctx *c, CMS_ContentInfo *cms)
{
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
	struct span s = SPAN_NONE;

	assert_int_equal(i2d_CMS_bio(out, cms), 1);
	ok(c, ossl_bio_span(c, out, &s));
	return s;
}

static void revocation_lists_are_refused(void **state)
{
	CTX(c);
	struct span p7s = ours(&c);
	const unsigned char *at = p7s.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)p7s.n);
	SCOPED(bio) BIO *in = ossl_bio_of(slurp(&c, "crl.pem"));
	X509_CRL *crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
	struct sha256 got;

	(void)state;
	assert_non_null(crl);
	assert_int_equal(CMS_add1_crl(cms, crl), 1);
	fails(&c, ERR_VERIFY, cms_verify(&c, der_of(&c, cms), content, &got));
	X509_CRL_free(crl);
	CMS_ContentInfo_free(cms);
}

static void unsigned_attributes_are_refused(void **state)
{
	CTX(c);
	struct span p7s = ours(&c);
	const unsigned char *at = p7s.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)p7s.n);
	CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	struct sha256 got;

	(void)state;
	assert_int_equal(
		CMS_unsigned_add1_attr_by_NID(signer, NID_description, V_ASN1_UTF8STRING, "hm", 2),
		1);
	fails(&c, ERR_VERIFY, cms_verify(&c, der_of(&c, cms), content, &got));
	CMS_ContentInfo_free(cms);
}

/* The certificate of another key with the same name and number. */
static void swapped_certificate_is_refused(void **state)
{
	CTX(c);
	struct span p7s;
	struct sha256 got;

	(void)state;
	assert_int_equal(tool("for k in seal other; do openssl req -x509 -key $k.key -subj "
			      "/CN=same -set_serial 7 "
			      "-days 9 -out same-$k.crt -addext subjectKeyIdentifier=none "
			      "-addext authorityKeyIdentifier=none; done"),
			 0);
	p7s = stock(&c, "-signer same-seal.crt -inkey seal.key -md sha256");
	ok(&c, cms_verify(&c, p7s, content, &got));
	p7s = stock(&c, "-signer same-seal.crt -inkey seal.key -md sha256 -nocerts -certfile "
			"same-other.crt");
	fails(&c, ERR_VERIFY, cms_verify(&c, p7s, content, &got));
}

static void signing_refuses_what_does_not_fit(void **state)
{
	CTX(c);
	struct span key = slurp(&c, "seal.key"), cert = slurp(&c, "seal.crt"), p7s;

	(void)state;
	fails(&c, ERR_FORMAT, cms_sign(&c, slurp(&c, "other.key"), cert, content, &p7s));
	fails(&c, ERR_FORMAT,
		cms_sign(&c, slurp(&c, "rsa.key"), slurp(&c, "rsa.crt"), content, &p7s));
	fails(&c, ERR_FORMAT,
		cms_sign(&c, slurp(&c, "p384.key"), slurp(&c, "p384.crt"), content, &p7s));
	fails(&c, ERR_FORMAT, cms_sign(&c, cert, cert, content, &p7s));
	fails(&c, ERR_FORMAT, cms_sign(&c, key, key, content, &p7s));
	fails(&c, ERR_FORMAT, cms_sign(&c, SPAN_NONE, cert, content, &p7s));
	fails(&c, ERR_FORMAT, cms_sign(&c, key, SPAN_NONE, content, &p7s));
	assert_int_equal(tool("openssl pkcs8 -topk8 -in seal.key -out locked.key -passout pass:x"),
			 0);
	fails(&c, ERR_FORMAT, cms_sign(&c, slurp(&c, "locked.key"), cert, content, &p7s));
	assert_int_equal(tool("openssl ec -in seal.key -param_enc explicit -out explicit.key"), 0);
	fails(&c, ERR_FORMAT, cms_sign(&c, slurp(&c, "explicit.key"), cert, content, &p7s));
}

static void hashes_of_certificates(void **state)
{
	CTX(c);
	struct sha256 pem, der;
	struct span got, bytes, longer = SPAN_NONE;
	struct buf b;

	(void)state;
	certificate_of(&c, "seal.crt", &pem);
	assert_int_equal(tool("openssl x509 -in seal.crt -outform DER -out seal.der"), 0);
	bytes = certificate_of(&c, "seal.der", &der);
	assert_memory_equal(&pem, &der, 32);
	assert_int_equal(tool("sha256sum <seal.der | head -c 64 >sum"), 0);
	ok(&c, hex_encode(&c, sha256_span(&pem), &got));
	assert_true(span_eq(got, slurp(&c, "sum")));
	buf_begin(&b, &c, 65536);
	buf_add(&b, bytes);
	buf_byte(&b, 0);
	ok(&c, buf_done(&c, &b, &longer));
	fails(&c, ERR_FORMAT, certificate_hash(&c, longer, &der));
	fails(&c, ERR_FORMAT, certificate_hash(&c, span_cut(bytes, 0, 100), &der));
	assert_int_equal(tool("cat seal.crt other.crt >both.crt"), 0);
	fails(&c, ERR_FORMAT, certificate_hash(&c, slurp(&c, "both.crt"), &der));
	fails(&c, ERR_FORMAT, certificate_hash(&c, slurp(&c, "seal.key"), &der));
	fails(&c, ERR_FORMAT, certificate_hash(&c, SPAN_NONE, &der));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_is_good_for_openssl),
		cmocka_unit_test(a_ca_can_sign_the_request),
		cmocka_unit_test(times_are_the_seams),
		cmocka_unit_test(names_have_limits),
		cmocka_unit_test(openssl_accepts_ours),
		cmocka_unit_test(we_accept_openssls),
		cmocka_unit_test(empty_and_binary_content),
		cmocka_unit_test(other_content_is_refused),
		cmocka_unit_test(every_altered_byte_is_seen),
		cmocka_unit_test(der_has_one_form),
		cmocka_unit_test(other_signatures_are_refused),
		cmocka_unit_test(no_signature_is_refused),
		cmocka_unit_test(revocation_lists_are_refused),
		cmocka_unit_test(unsigned_attributes_are_refused),
		cmocka_unit_test(swapped_certificate_is_refused),
		cmocka_unit_test(signing_refuses_what_does_not_fit),
		cmocka_unit_test(hashes_of_certificates),
	};

	return cmocka_run_group_tests(tests, seals_make, folder_drop);
}
