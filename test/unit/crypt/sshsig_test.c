/*
 * SSHSIG both ways with ssh-keygen: every kind of key that we take, every alteration that must be
 * refused; hardware keys' signatures are built here from PROTOCOL.u2f.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/sshsig.h"

#include "base/buf.h"
#include "crypt/hash.h"
#include "crypt/sign.h"
#include "crypt/sshkey.h"
#include "crypt_test.h"

#define SPACE "writ-approval@v1"

static const struct span message = { (const unsigned char *)"return_sha256 of a test\n", 24 };
static const unsigned char secret[32] = { 7, 7, 7, 3, 1 };

static const struct {
	const char *name, *options, *type;
} taken[] = {
	{ "ed", "-t ed25519", "ssh-ed25519" },
	{ "p256", "-t ecdsa -b 256", "ecdsa-sha2-nistp256" },
	{ "p384", "-t ecdsa -b 384", "ecdsa-sha2-nistp384" },
	{ "p521", "-t ecdsa -b 521", "ecdsa-sha2-nistp521" },
	{ "rsa2048", "-t rsa -b 2048", "ssh-rsa" },
	{ "rsa3072", "-t rsa -b 3072", "ssh-rsa" },
};
#define TAKEN (sizeof taken / sizeof taken[0])

static int keys_make(void **state)
{
	int bad = folder_make(state);

	bad |= tool("printf 'return_sha256 of a test\\n' > m");
	for (size_t i = 0; i < TAKEN; i++) {
		bad |= tool("ssh-keygen -q -N '' -C 'a comment' %s -f %s", taken[i].options,
			    taken[i].name);
		bad |= tool("ssh-keygen -Y sign -n " SPACE " -f %s <m >%s.sig", taken[i].name,
			    taken[i].name);
	}
	if (bad)
		print_error("ssh-keygen (openssh-client) is needed for this test\n");
	return bad;
}

static struct span sig_of(struct ctx *c, const char *name)
{
	struct span out;

	ok(c, span_fmt(c, &out, "%s.sig", name));
	return slurp(c, (const char *)out.p);
}

static void every_kind_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < TAKEN; i++) {
		CTX(c);
		struct ssh_key key;
		struct sshsig sig;
		char name[32];

		snprintf(name, sizeof name, "%s.pub", taken[i].name);
		ok(&c, ssh_key_parse(&c, slurp(&c, name), &key));
		assert_true(span_is(key.type, taken[i].type));
		ok(&c, sshsig_verify(&c, sig_of(&c, taken[i].name), SPACE, message, &sig));
		assert_true(ssh_key_eq(&sig.key, &key));
		assert_true(span_is(sig.key.type, taken[i].type));
		assert_false(sig.user_verified);
		assert_false(ssh_key_is_hardware(&key));
	}
}

static void hash_sha256_is_accepted(void **state)
{
	CTX(c);
	struct sshsig sig;

	(void)state;
	assert_int_equal(
		tool("ssh-keygen -Y sign -O hashalg=sha256 -n " SPACE " -f ed <m >short.sig"), 0);
	ok(&c, sshsig_verify(&c, slurp(&c, "short.sig"), SPACE, message, &sig));
}

static void other_text_or_purpose_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TAKEN; i++) {
		CTX(c);
		struct span armoured = sig_of(&c, taken[i].name);
		struct sshsig sig;

		fails(&c, ERR_VERIFY,
			sshsig_verify(&c, armoured, "writ-scope@v1", message, &sig));
		fails(&c, ERR_VERIFY, sshsig_verify(&c, armoured, SPACE "x", message, &sig));
		fails(&c, ERR_VERIFY,
			sshsig_verify(&c, armoured, SPACE, flipped(&c, message, 3), &sig));
		fails(&c, ERR_VERIFY, sshsig_verify(&c, armoured, SPACE, SPAN_NONE, &sig));
		assert_null(sig.key.blob.p);
	}
}

/* The bytes inside the armour, and back. */
static struct span blob_of(struct ctx *c, struct span armoured)
{
	struct reader r = { .s = armoured };
	struct span line, base64, out = SPAN_NONE;
	struct buf b;

	buf_begin(&b, c, 16384);
	while (take_line(&r, &line))
		if (!span_starts(line, "---"))
			buf_add(&b, line);
	ok(c, buf_done(c, &b, &base64));
	ok(c, b64_decode(c, base64, &out));
	return out;
}

static struct span armour(struct ctx *c, struct span blob)
{
	struct span out = SPAN_NONE;

	ok(c, sshsig_armour(c, blob, &out));
	return out;
}

/* No single bit of the blob may change without refusal. */
static void every_altered_byte_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < TAKEN; i++) {
		CTX(first);
		struct span blob = blob_of(&first, sig_of(&first, taken[i].name));

		assert_true(span_eq(armour(&first, blob), sig_of(&first, taken[i].name)));
		for (size_t at = 0; at < blob.n; at++) {
			CTX(c);
			struct sshsig sig;
			enum err e = sshsig_verify(&c, armour(&c, flipped(&c, blob, at)), SPACE,
						   message, &sig);

			assert_true(e == ERR_FORMAT || e == ERR_VERIFY);
			assert_true(c.why[0] != '\0');
		}
	}
}

static void cut_or_longer_blobs_are_refused(void **state)
{
	CTX(c);
	struct span blob = blob_of(&c, sig_of(&c, "ed")), longer;
	struct sshsig sig;

	(void)state;
	for (size_t n = 0; n < blob.n; n++)
		fails(&c, ERR_FORMAT,
			sshsig_verify(&c, armour(&c, span_cut(blob, 0, n)), SPACE, message, &sig));
	ok(&c, span_fmt(&c, &longer, "%*s", (int)blob.n + 1, ""));
	memcpy((void *)(uintptr_t)longer.p, blob.p, blob.n);
	fails(&c, ERR_FORMAT, sshsig_verify(&c, armour(&c, longer), SPACE, message, &sig));
}

static struct span join(struct ctx *c, struct span a, struct span b)
{
	struct span out = SPAN_NONE;
	struct buf all;

	buf_begin(&all, c, 65536);
	buf_add(&all, a);
	buf_add(&all, b);
	ok(c, buf_done(c, &all, &out));
	return out;
}

static void only_ssh_keygens_armour_is_read(void **state)
{
	CTX(c);
	struct span good = sig_of(&c, "ed"), body = span_cut(good, 30, good.n - 30 - 28), bad;
	struct sshsig sig;
	const struct span begin = span_cut(good, 0, 30), end = span_cut(good, good.n - 28, 28);

	(void)state;
	ok(&c, sshsig_verify(&c, join(&c, join(&c, begin, body), end), SPACE, message, &sig));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, join(&c, good, SPAN("\n")), SPACE, message, &sig));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, join(&c, SPAN("hello\n"), good), SPACE, message, &sig));
	fails(&c, ERR_FORMAT, sshsig_verify(&c, join(&c, good, good), SPACE, message, &sig));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, join(&c, join(&c, begin, SPAN("\n")), join(&c, body, end)), SPACE,
			      message, &sig));
	fails(&c, ERR_FORMAT, sshsig_verify(&c, join(&c, begin, end), SPACE, message, &sig));
	fails(&c, ERR_FORMAT, sshsig_verify(&c, begin, SPACE, message, &sig));
	fails(&c, ERR_FORMAT, sshsig_verify(&c, SPAN_NONE, SPACE, message, &sig));
	for (size_t n = 0; n < good.n; n++)
		fails(&c, ERR_FORMAT,
			sshsig_verify(&c, span_cut(good, 0, n), SPACE, message, &sig));
	/* One line break elsewhere, or none. */
	bad = join(
		&c, join(&c, begin, span_cut(body, 0, 69)),
		join(&c, SPAN("\n"),
		     join(&c, span_cut(body, 69, 1), join(&c, span_cut(body, 71, body.n), end))));
	fails(&c, ERR_FORMAT, sshsig_verify(&c, bad, SPACE, message, &sig));
	assert_int_equal(
		tool("sed 's/$/\\r/' ed.sig >crlf.sig; tail -c +1 ed.sig | tr '+' '-' >dash.sig"),
		0);
	fails(&c, ERR_FORMAT, sshsig_verify(&c, slurp(&c, "crlf.sig"), SPACE, message, &sig));
	ok(&c, span_fmt(&c, &bad, "%*s", 20000, ""));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, join(&c, begin, join(&c, bad, end)), SPACE, message, &sig));
}

static void weak_kinds_are_refused(void **state)
{
	CTX(c);
	struct ssh_key key;
	struct sshsig sig;

	(void)state;
	if (tool("ssh-keygen -q -N '' -t rsa -b 1024 -f weak && ssh-keygen -Y sign -n " SPACE
		 " -f weak <m >weak.sig"))
		print_message("SKIPPED: this ssh-keygen makes no RSA key of 1024 bits\n");
	else {
		fails(&c, ERR_FORMAT, ssh_key_parse(&c, slurp(&c, "weak.pub"), &key));
		fails(&c, ERR_FORMAT,
			sshsig_verify(&c, slurp(&c, "weak.sig"), SPACE, message, &sig));
	}
	if (tool("ssh-keygen -q -N '' -t dsa -f dsa"))
		print_message("SKIPPED: this ssh-keygen makes no DSA key\n");
	else
		fails(&c, ERR_FORMAT, ssh_key_parse(&c, slurp(&c, "dsa.pub"), &key));
	if (tool("ssh-keygen -Y sign -n " SPACE " -f dsa <m >dsa.sig") == 0)
		fails(&c, ERR_FORMAT,
			sshsig_verify(&c, slurp(&c, "dsa.sig"), SPACE, message, &sig));
}

static struct span key_sig(struct ctx *c, struct span key, struct span name, struct span hash,
			   struct span signature)
{
	struct span out = SPAN_NONE;
	struct buf b;

	buf_begin(&b, c, 16384);
	buf_str(&b, "SSHSIG");
	buf_u32(&b, 1);
	buf_string(&b, key);
	buf_string(&b, name);
	buf_string(&b, SPAN_NONE);
	buf_string(&b, hash);
	buf_string(&b, signature);
	ok(c, buf_done(c, &b, &out));
	return armour(c, out);
}

static void certificates_are_refused(void **state)
{
	CTX(c);
	struct span line, kind, rest, base64, tail, blob;
	struct ssh_key key;
	struct sshsig sig;

	(void)state;
	assert_int_equal(tool("ssh-keygen -q -s p256 -I id -n anna ed.pub"), 0);
	line = slurp(&c, "ed-cert.pub");
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, line, &key));
	assert_true(span_split(line, ' ', &kind, &rest) && span_split(rest, ' ', &base64, &tail));
	ok(&c, b64_decode(&c, base64, &blob));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, key_sig(&c, blob, SPAN(SPACE), SPAN("sha512"), SPAN("x")), SPACE,
			      message, &sig));
	/* The certificate's bytes under the plain kind's name. */
	ok(&c, span_fmt(&c, &line, "ssh-ed25519 %.*s", SPAN_ARG(base64)));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, line, &key));
}

static void lines_of_keys(void **state)
{
	CTX(c);
	struct ssh_key key, again;
	struct span line, kind, rest, base64, comment, got, bad;

	(void)state;
	line = slurp(&c, "ed.pub");
	ok(&c, ssh_key_parse(&c, line, &key));
	ok(&c, ssh_key_line(&c, &key, &got));
	assert_true(span_split(line, ' ', &kind, &rest) &&
		    span_split(rest, ' ', &base64, &comment));
	assert_true(span_eq(got, span_cut(line, 0, kind.n + 1 + base64.n)));
	ok(&c, ssh_key_parse(&c, got, &again));
	assert_true(ssh_key_eq(&key, &again));
	ok(&c, ssh_key_fingerprint(&c, &key, &got));
	assert_int_equal(tool("ssh-keygen -l -f ed.pub | cut -d' ' -f2 | tr -d '\\n' >print"), 0);
	assert_true(span_eq(got, slurp(&c, "print")));
	ok(&c, ssh_key_parse(&c, slurp(&c, "p256.pub"), &again));
	assert_false(ssh_key_eq(&key, &again));

	fails(&c, ERR_FORMAT, ssh_key_parse(&c, SPAN_NONE, &key));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, SPAN("ssh-ed25519"), &key));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, SPAN("ssh-ed25519 "), &key));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, SPAN("ssh-ed25519 AAAA"), &key));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, base64, &key));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, join(&c, line, line), &key));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, join(&c, SPAN("no-pty "), line), &key));
	ok(&c, span_fmt(&c, &bad, "ecdsa-sha2-nistp256 %.*s", SPAN_ARG(base64)));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, bad, &key));
	ok(&c, span_fmt(&c, &bad, "ssh-ed25519 %.*sAAAA", SPAN_ARG(base64)));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, bad, &key));
	ok(&c, span_fmt(&c, &bad, "ssh-ed25519 %.*s", (int)base64.n - 1, (const char *)base64.p));
	fails(&c, ERR_FORMAT, ssh_key_parse(&c, bad, &key));
	ok(&c, span_fmt(&c, &bad, "ssh-ed25519 %20000s", "x"));
	fails(&c, ERR_LIMIT, ssh_key_parse(&c, bad, &key));
}

/* Numbers that are no keys. */
static void malformed_numbers_are_refused(void **state)
{
	CTX(c);
	SSH_PUBLIC_SCOPED struct ssh_public p = { 0 };
	struct ssh_key key;
	struct span blob, e_is_1;
	size_t last;
	struct buf b;

	(void)state;
	ok(&c, ssh_key_parse(&c, slurp(&c, "p256.pub"), &key));
	last = key.blob.n - 1;
	fails(&c, ERR_FORMAT, ssh_public_open(&c, flipped(&c, key.blob, last), &p));
	ok(&c, ssh_key_parse(&c, slurp(&c, "rsa2048.pub"), &key));
	fails(&c, ERR_FORMAT,
		ssh_public_open(&c, flipped(&c, key.blob, key.blob.n - 1), &p)); /* even n */
	fails(&c, ERR_FORMAT, ssh_public_open(&c, flipped(&c, key.blob, 17), &p)); /* even e */
	/* blob: 4 + 7 + 4 + 3 (e = 65537) + n */
	e_is_1 = span_cut(key.blob, 18, key.blob.n);
	buf_begin(&b, &c, 4096);
	buf_string(&b, SPAN("ssh-rsa"));
	buf_string(&b, SPAN("\x01"));
	buf_add(&b, e_is_1);
	ok(&c, buf_done(&c, &b, &blob));
	fails(&c, ERR_FORMAT, ssh_public_open(&c, blob, &p));
	buf_begin(&b, &c, 4096);
	buf_string(&b, SPAN("ssh-rsa"));
	buf_string(&b, span_of("\0\1\0\1", 4)); /* not the shortest form */
	buf_add(&b, e_is_1);
	ok(&c, buf_done(&c, &b, &blob));
	fails(&c, ERR_FORMAT, ssh_public_open(&c, blob, &p));
}

/* ssh-rsa as the name of the signature is RSA with SHA-1. */
static void rsa_with_sha1_is_refused(void **state)
{
	CTX(c);
	SCOPED(pkey) EVP_PKEY *pkey = NULL;
	SCOPED(md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
	SCOPED(bio) BIO *in = NULL;
	unsigned char raw[256];
	size_t n = sizeof raw;
	struct span data, signature;
	struct ssh_key key;
	struct sshsig sig;
	struct buf b;

	(void)state;
	assert_int_equal(tool("cp rsa2048 pem; ssh-keygen -q -p -N '' -m PKCS8 -f pem"), 0);
	in = ossl_bio_of(slurp(&c, "pem"));
	pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	assert_non_null(pkey);
	ok(&c, ssh_key_parse(&c, slurp(&c, "rsa2048.pub"), &key));
	ok(&c, sshsig_signed_bytes(&c, SPAN(SPACE), SPAN("sha512"), message, &data));
	for (int sha1 = 0; sha1 < 2; sha1++) {
		struct span armoured;

		n = sizeof raw;
		assert_int_equal(EVP_DigestSignInit_ex(md, NULL, sha1 ? "SHA1" : "SHA2-256", NULL,
						       NULL, pkey, NULL),
				 1);
		assert_int_equal(EVP_DigestSign(md, raw, &n, data.p, data.n), 1);
		EVP_MD_CTX_reset(md);
		buf_begin(&b, &c, 1024);
		buf_string(&b, sha1 ? SPAN("ssh-rsa") : SPAN("rsa-sha2-256"));
		buf_string(&b, span_of(raw, n));
		ok(&c, buf_done(&c, &b, &signature));
		armoured = key_sig(&c, key.blob, SPAN(SPACE), SPAN("sha512"), signature);
		if (sha1)
			fails(&c, ERR_VERIFY, sshsig_verify(&c, armoured, SPACE, message, &sig));
		else
			ok(&c, sshsig_verify(&c, armoured, SPACE, message, &sig));
	}
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, key_sig(&c, key.blob, SPAN(SPACE), SPAN("sha1"), signature),
			      SPACE, message, &sig));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, key_sig(&c, key.blob, SPAN_NONE, SPAN("sha512"), signature),
			      SPACE, message, &sig));
}

/* What a hardware key would answer: SHA-256(application) | flags | counter | SHA-256(data). */
static struct span token_bytes(struct ctx *c, const char *application, unsigned char flags,
			       struct span data)
{
	struct sha256 app, text;
	struct span out = SPAN_NONE;
	struct buf b;

	ok(c, sha256_of(c, span_str(application), &app));
	ok(c, sha256_of(c, data, &text));
	buf_begin(&b, c, 256);
	buf_add(&b, sha256_span(&app));
	buf_byte(&b, flags);
	buf_u32(&b, 41);
	buf_add(&b, sha256_span(&text));
	ok(c, buf_done(c, &b, &out));
	return out;
}

static struct span token_sig(struct ctx *c, struct span kind, struct span raw, unsigned char flags,
			     struct span tail)
{
	struct span out = SPAN_NONE;
	struct buf b;

	buf_begin(&b, c, 1024);
	buf_string(&b, kind);
	buf_string(&b, raw);
	buf_byte(&b, flags);
	buf_u32(&b, 41);
	buf_add(&b, tail);
	ok(c, buf_done(c, &b, &out));
	return out;
}

static struct span sk_ed25519(struct ctx *c, unsigned char flags, unsigned char said_flags,
			      const char *application, struct span tail)
{
	struct span kind = SPAN("sk-ssh-ed25519@openssh.com"), data, key = SPAN_NONE;
	unsigned char raw[64], public_key[32];
	struct buf b;

	ok(c, ed25519_public_of(c, span_of(secret, 32), public_key));
	buf_begin(&b, c, 1024);
	buf_string(&b, kind);
	buf_string(&b, span_of(public_key, 32));
	buf_string(&b, SPAN("ssh:"));
	ok(c, buf_done(c, &b, &key));
	ok(c, sshsig_signed_bytes(c, SPAN(SPACE), SPAN("sha512"), message, &data));
	ok(c, ed25519_sign(c, span_of(secret, 32), token_bytes(c, application, flags, data), raw));
	return key_sig(c, key, SPAN(SPACE), SPAN("sha512"),
		       token_sig(c, kind, span_of(raw, 64), said_flags, tail));
}

static void hardware_ed25519(void **state)
{
	CTX(c);
	struct sshsig sig;
	struct span armoured = sk_ed25519(&c, 1, 1, "ssh:", SPAN_NONE), line;
	struct ssh_key key;

	(void)state;
	ok(&c, sshsig_verify(&c, armoured, SPACE, message, &sig));
	assert_true(ssh_key_is_hardware(&sig.key));
	assert_false(sig.user_verified);
	ok(&c, ssh_key_line(&c, &sig.key, &line));
	ok(&c, ssh_key_parse(&c, line, &key));
	assert_true(ssh_key_eq(&key, &sig.key) && ssh_key_is_hardware(&key));
	/* ssh-keygen itself agrees with our reading of PROTOCOL.u2f. */
	put(&c, "sk.sig", armoured);
	ok(&c, span_fmt(&c, &line, "anna %.*s", SPAN_ARG(line)));
	put(&c, "sk.allowed", line);
	assert_int_equal(
		tool("ssh-keygen -Y verify -f sk.allowed -I anna -n " SPACE " -s sk.sig <m"), 0);

	ok(&c, sshsig_verify(&c, sk_ed25519(&c, 5, 5, "ssh:", SPAN_NONE), SPACE, message, &sig));
	assert_true(sig.user_verified);
	fails(&c, ERR_VERIFY, sshsig_verify(&c, armoured, SPACE, flipped(&c, message, 0), &sig));
	fails(&c, ERR_VERIFY,
		sshsig_verify(&c, sk_ed25519(&c, 0, 0, "ssh:", SPAN_NONE), SPACE, message, &sig));
	fails(&c, ERR_VERIFY,
		sshsig_verify(&c, sk_ed25519(&c, 4, 4, "ssh:", SPAN_NONE), SPACE, message, &sig));
	assert_false(sig.user_verified);
	fails(&c, ERR_VERIFY,
		sshsig_verify(&c, sk_ed25519(&c, 0, 1, "ssh:", SPAN_NONE), SPACE, message, &sig));
	fails(&c, ERR_VERIFY,
		sshsig_verify(&c, sk_ed25519(&c, 1, 5, "ssh:", SPAN_NONE), SPACE, message, &sig));
	fails(&c, ERR_VERIFY,
		sshsig_verify(&c, sk_ed25519(&c, 1, 1, "web", SPAN_NONE), SPACE, message, &sig));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, sk_ed25519(&c, 1, 1, "ssh:", SPAN("x")), SPACE, message, &sig));
}

static struct span mpints_of_der(struct ctx *c, const unsigned char *der, size_t n)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	unsigned char both[2][33] = { { 0 } };
	struct span out = SPAN_NONE;
	struct buf b;

	assert_non_null(sig);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), both[0] + 1, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), both[1] + 1, 32);
	ECDSA_SIG_free(sig);
	buf_begin(&b, c, 128);
	for (int i = 0; i < 2; i++) {
		struct span s = span_of(both[i], 33);

		while (s.n > 1 && s.p[0] == 0 && !(s.p[1] & 0x80))
			s = span_cut(s, 1, s.n);
		buf_string(&b, s);
	}
	ok(c, buf_done(c, &b, &out));
	return out;
}

static struct span sk_ecdsa(struct ctx *c, EVP_PKEY *pkey, unsigned char flags)
{
	SCOPED(md_ctx) EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct span kind = SPAN("sk-ecdsa-sha2-nistp256@openssh.com"), data, bytes, key = SPAN_NONE;
	unsigned char point[65], der[80];
	size_t n = 0, der_n = sizeof der;
	struct buf b;

	assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
							 sizeof point, &n),
			 1);
	assert_int_equal(n, 65);
	buf_begin(&b, c, 1024);
	buf_string(&b, kind);
	buf_string(&b, SPAN("nistp256"));
	buf_string(&b, span_of(point, n));
	buf_string(&b, SPAN("ssh:"));
	ok(c, buf_done(c, &b, &key));
	ok(c, sshsig_signed_bytes(c, SPAN(SPACE), SPAN("sha512"), message, &data));
	bytes = token_bytes(c, "ssh:", flags, data);
	assert_int_equal(EVP_DigestSignInit_ex(md, NULL, "SHA2-256", NULL, NULL, pkey, NULL), 1);
	assert_int_equal(EVP_DigestSign(md, der, &der_n, bytes.p, bytes.n), 1);
	return key_sig(c, key, SPAN(SPACE), SPAN("sha512"),
		       token_sig(c, kind, mpints_of_der(c, der, der_n), flags, SPAN_NONE));
}

static void hardware_ecdsa(void **state)
{
	CTX(c);
	SCOPED(pkey) EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct sshsig sig;
	struct span line;

	(void)state;
	for (int i = 0; i < 40; i++) { /* r and s with and without a leading zero */
		struct span armoured = sk_ecdsa(&c, pkey, i & 1 ? 1 : 5);

		ok(&c, sshsig_verify(&c, armoured, SPACE, message, &sig));
		assert_int_equal(sig.user_verified, !(i & 1));
		if (i < 2) {
			put(&c, "ske.sig", armoured);
			ok(&c, ssh_key_line(&c, &sig.key, &line));
			ok(&c, span_fmt(&c, &line, "anna %.*s", SPAN_ARG(line)));
			put(&c, "ske.allowed", line);
			assert_int_equal(
				tool("ssh-keygen -Y verify -f ske.allowed -I anna -n " SPACE
				     " -s ske.sig <m"),
				0);
		}
	}
	fails(&c, ERR_VERIFY, sshsig_verify(&c, sk_ecdsa(&c, pkey, 0), SPACE, message, &sig));
	fails(&c, ERR_VERIFY, sshsig_verify(&c, sk_ecdsa(&c, pkey, 0xfe), SPACE, message, &sig));
	fails(&c, ERR_VERIFY,
		sshsig_verify(&c, sk_ecdsa(&c, pkey, 1), SPACE, SPAN("other"), &sig));
}

/* An ordinary key's signature under the hardware kind's name, and the other way round. */
static void kinds_do_not_mix(void **state)
{
	CTX(c);
	unsigned char raw[64] = { 0 };
	struct ssh_key key;
	struct sshsig sig;

	(void)state;
	ok(&c, ssh_key_parse(&c, slurp(&c, "ed.pub"), &key));
	fails(&c, ERR_FORMAT,
		sshsig_verify(
			&c,
			key_sig(&c, key.blob, SPAN(SPACE), SPAN("sha512"),
				token_sig(&c, SPAN("ssh-ed25519"), span_of(raw, 64), 1, SPAN_NONE)),
			SPACE, message, &sig));
	ok(&c, ssh_key_parse(&c, slurp(&c, "p256.pub"), &key));
	fails(&c, ERR_FORMAT,
		sshsig_verify(&c, key_sig(&c, key.blob, SPAN(SPACE), SPAN("sha512"), SPAN("x")),
			      SPACE, message, &sig));
}

static void our_signature_satisfies_ssh_keygen(void **state)
{
	CTX(c);
	unsigned char public_key[32];
	struct span armoured, line;
	struct ssh_key key;
	struct sshsig sig;

	(void)state;
	ok(&c, sshsig_sign_ed25519(&c, span_of(secret, 32), "writ-seal@v1", message, &armoured));
	ok(&c, sshsig_verify(&c, armoured, "writ-seal@v1", message, &sig));
	ok(&c, ed25519_public_of(&c, span_of(secret, 32), public_key));
	ok(&c, ssh_key_of_ed25519(&c, span_of(public_key, 32), &key));
	assert_true(ssh_key_eq(&key, &sig.key));
	put(&c, "ours.sig", armoured);
	ok(&c, ssh_key_line(&c, &key, &line));
	ok(&c, span_fmt(&c, &line, "seal %.*s\n", SPAN_ARG(line)));
	put(&c, "allowed", line);
	assert_int_equal(
		tool("ssh-keygen -Y verify -f allowed -I seal -n writ-seal@v1 -s ours.sig <m"), 0);
	assert_int_not_equal(
		tool("ssh-keygen -Y verify -f allowed -I seal -n other -s ours.sig <m"), 0);
	fails(&c, ERR_USAGE,
		sshsig_sign_ed25519(&c, span_of(secret, 32), "", message, &armoured));
	fails(&c, ERR_FORMAT,
		sshsig_sign_ed25519(&c, span_of(secret, 31), "x", message, &armoured));
	fails(&c, ERR_FORMAT, ssh_key_of_ed25519(&c, SPAN("short"), &key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_accepted),
		cmocka_unit_test(hash_sha256_is_accepted),
		cmocka_unit_test(other_text_or_purpose_is_refused),
		cmocka_unit_test(every_altered_byte_is_refused),
		cmocka_unit_test(cut_or_longer_blobs_are_refused),
		cmocka_unit_test(only_ssh_keygens_armour_is_read),
		cmocka_unit_test(weak_kinds_are_refused),
		cmocka_unit_test(certificates_are_refused),
		cmocka_unit_test(lines_of_keys),
		cmocka_unit_test(malformed_numbers_are_refused),
		cmocka_unit_test(rsa_with_sha1_is_refused),
		cmocka_unit_test(hardware_ed25519),
		cmocka_unit_test(hardware_ecdsa),
		cmocka_unit_test(kinds_do_not_mix),
		cmocka_unit_test(our_signature_satisfies_ssh_keygen),
	};

	return cmocka_run_group_tests(tests, keys_make, folder_drop);
}
