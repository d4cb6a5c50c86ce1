/*
 * What the tests of passkeys share: the vectors of WebAuthn Level 3 by path, and a small
 * authenticator that signs whatever a test wants signed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PASSKEY_TEST_H
#define PASSKEY_TEST_H

#include "base/buf.h"
#include "crypt/ossl.h"
#include "crypt/passkey.h"
#include "crypt_test.h"

#define RP "example.org"
#define ORIGIN "https://example.org"

/* Each group of vectors: what a registration of it says (NULL: refused), and whether the assertion
 * is taken. */
static const struct vector {
	const char *name, *attestation;
	bool signs;
} vectors[] = {
	{ "sctn-test-vectors-none-es256", "none", true },
	{ "sctn-test-vectors-packed-self-es256", "self", true },
	{ "sctn-test-vectors-none-es256-crossOrigin", NULL, false },
	{ "sctn-test-vectors-none-es256-topOrigin", NULL, false },
	{ "sctn-test-vectors-none-es256-long-credential-id", "none", true },
	{ "sctn-test-vectors-packed-es256", "certificate", true },
	{ "sctn-test-vectors-packed-es384", NULL, false },
	{ "sctn-test-vectors-packed-es512", NULL, false },
	{ "sctn-test-vectors-packed-rs256", "certificate", true },
	{ "sctn-test-vectors-packed-eddsa", "certificate", true },
	{ "sctn-test-vectors-packed-ed448", NULL, false },
	{ "sctn-test-vectors-tpm-es256", NULL, false },
	{ "sctn-test-vectors-android-key-es256", NULL, false },
	{ "sctn-test-vectors-apple-es256", NULL, false },
	{ "sctn-test-vectors-fido-u2f-es256", NULL, false },
};

/* The file, or the test is skipped loudly. */
static inline json_t *vectors_open(struct ctx *c)
{
	return corpus_json(c, "../standards/webauthn/webauthn-l3-vectors.json");
}

static inline struct passkey_registration registration_of(struct ctx *c, const json_t *v)
{
	return (struct passkey_registration){ member_hex(c, v, "attestationObject"),
					      member_hex(c, v, "clientDataJSON") };
}

static inline struct passkey_assertion assertion_of(struct ctx *c, const json_t *v)
{
	return (struct passkey_assertion){ member_hex(c, v, "authenticatorData"),
					   member_hex(c, v, "clientDataJSON_auth"),
					   member_hex(c, v, "signature") };
}

static inline enum err register_vector(struct ctx *c, const json_t *v, struct passkey_made *out)
{
	struct passkey_registration r = registration_of(c, v);

	return passkey_register(c, SPAN(RP), SPAN(ORIGIN), member_hex(c, v, "challenge"), &r, out);
}

/* ---- an authenticator ---- */

DEFINE_SCOPED(EVP_PKEY, soft, EVP_PKEY_free)

static inline EVP_PKEY *soft_key(const char *kind)
{
	EVP_PKEY *key = !strcmp(kind, "ed25519")   ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
			: !strncmp(kind, "rsa", 3) ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
								       (size_t)atoi(kind + 3))
						   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	assert_non_null(key);
	return key;
}

static inline struct span join(struct ctx *c, struct span a, struct span b)
{
	struct span out;
	struct buf to;

	buf_begin(&to, c, a.n + b.n + 1);
	buf_add(&to, a);
	buf_add(&to, b);
	ok(c, buf_done(c, &to, &out));
	return out;
}

static inline struct span soft_sign(struct ctx *c, EVP_PKEY *key, struct span data,
				    struct span client_data)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char *sig = arena_alloc(c, 4096);
	struct sha256 h;
	struct span bytes;
	size_t n = 4096;

	ok(c, sha256_of(c, client_data, &h));
	bytes = join(c, data, sha256_span(&h));
	assert_int_equal(EVP_DigestSignInit_ex(md, NULL, EVP_PKEY_is_a(key, "ED25519") ? NULL
											: "SHA256",
					       NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(md, sig, &n, bytes.p, bytes.n), 1);
	EVP_MD_CTX_free(md);
	return span_of(sig, n);
}

static inline struct span client_data(struct ctx *c, const char *type, struct span challenge,
				      const char *more)
{
	struct span url, out;

	ok(c, b64url_encode(c, challenge, &url));
	ok(c, span_fmt(c, &out, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"%s}",
		       type, SPAN_ARG(url), ORIGIN, more));
	return out;
}

static inline struct span auth_data(struct ctx *c, const char *rp_id, uint8_t flags,
				    uint32_t counter, struct span rest)
{
	struct sha256 h;
	struct span out;
	struct buf b;

	ok(c, sha256_of(c, span_str(rp_id), &h));
	buf_begin(&b, c, 8192);
	buf_add(&b, sha256_span(&h));
	buf_byte(&b, flags);
	buf_u32(&b, counter);
	buf_add(&b, rest);
	ok(c, buf_done(c, &b, &out));
	return out;
}

#endif
