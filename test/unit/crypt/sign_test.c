/*
 * Ed25519 against RFC 8032 and Wycheproof, ECDSA P-256 and RSA against Wycheproof through the keys
 * as SSH writes them, and what must be refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/sign.h"

#include "base/buf.h"
#include "crypt/sshkey.h"
#include "crypt_test.h"

/* RFC 8032 section 7.1, test 2 and test 1. */
static const char secret_2[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
static const char public_2[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char sig_2[] = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
static const char public_1[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
static const char sig_1[] = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
			    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

static void rfc8032(void **state)
{
	CTX(c);
	unsigned char key[32], sig[64];

	(void)state;
	ok(&c, ed25519_public_of(&c, unhex(&c, secret_2), key));
	assert_memory_equal(key, unhex(&c, public_2).p, 32);
	ok(&c, ed25519_sign(&c, unhex(&c, secret_2), SPAN("\x72"), sig));
	assert_memory_equal(sig, unhex(&c, sig_2).p, 64);
	ok(&c, ed25519_verify(&c, span_of(key, 32), SPAN("\x72"), span_of(sig, 64)));
	ok(&c, ed25519_verify(&c, unhex(&c, public_1), SPAN_NONE, unhex(&c, sig_1)));
}

static void altered_is_refused(void **state)
{
	CTX(c);
	struct span key = unhex(&c, public_2), sig = unhex(&c, sig_2);
	unsigned char out[64];

	(void)state;
	fails(&c, ERR_VERIFY, ed25519_verify(&c, key, SPAN("\x73"), sig));
	fails(&c, ERR_VERIFY, ed25519_verify(&c, key, SPAN_NONE, sig));
	for (size_t i = 0; i < 64; i++)
		fails(&c, ERR_VERIFY, ed25519_verify(&c, key, SPAN("\x72"), flipped(&c, sig, i)));
	fails(&c, ERR_VERIFY, ed25519_verify(&c, key, SPAN("\x72"), span_cut(sig, 0, 63)));
	fails(&c, ERR_VERIFY, ed25519_verify(&c, key, SPAN("\x72"), SPAN_NONE));
	fails(&c, ERR_VERIFY, ed25519_verify(&c, unhex(&c, public_1), SPAN("\x72"), sig));
	fails(&c, ERR_FORMAT, ed25519_verify(&c, span_cut(key, 0, 31), SPAN("\x72"), sig));
	fails(&c, ERR_FORMAT, ed25519_public_of(&c, SPAN("short"), out));
	fails(&c, ERR_FORMAT, ed25519_sign(&c, SPAN_NONE, SPAN("x"), out));
}

/* Under the neutral point, R = neutral and S = 0 would be a signature of every text. */
static void small_order_keys_are_refused(void **state)
{
	CTX(c);
	unsigned char key[32] = { 1 }, sig[64] = { 1 };
	const char *others[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
	};

	(void)state;
	fails(&c, ERR_FORMAT,
		ed25519_verify(&c, span_of(key, 32), SPAN("anything"), span_of(sig, 64)));
	for (size_t i = 0; i < 5; i++)
		fails(&c, ERR_FORMAT,
			ed25519_verify(&c, unhex(&c, others[i]), SPAN("x"), span_of(sig, 64)));
}

static void wycheproof_ed25519(void **state)
{
	CTX(c);
	json_t *file = corpus_json(&c, "pki/wycheproof/ed25519_test.json"), *group, *t;
	size_t i, j, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "testGroups"), i, group) {
		struct span key = member_hex(&c, json_object_get(group, "publicKey"), "pk");

		json_array_foreach(json_object_get(group, "tests"), j, t) {
			enum err e = ed25519_verify(&c, key, member_hex(&c, t, "msg"),
						    member_hex(&c, t, "sig"));

			assert_int_equal(e == ERR_OK, member_is(t, "result", "valid"));
			err_clear(&c);
			seen++;
		}
	}
	assert_true(seen > 100);
	json_decref(file);
}

static void run_group(struct ctx *c, const json_t *group, const struct ssh_public *key,
		      const char *hash, size_t *seen)
{
	json_t *t;
	size_t j;

	json_array_foreach(json_object_get(group, "tests"), j, t) {
		enum err e = ossl_verify(c, key->pkey, hash, member_hex(c, t, "msg"),
					 member_hex(c, t, "sig"));

		if (!member_is(t, "result", "acceptable"))
			assert_int_equal(e == ERR_OK, member_is(t, "result", "valid"));
		err_clear(c);
		++*seen;
	}
}

static void wycheproof_p256(void **state)
{
	CTX(c);
	json_t *file = corpus_json(&c, "pki/wycheproof/ecdsa_secp256r1_sha256_test.json"), *group;
	size_t i, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "testGroups"), i, group) {
		SSH_PUBLIC_SCOPED struct ssh_public key = { 0 };
		struct span blob;
		struct buf b;

		buf_begin(&b, &c, 1024);
		buf_string(&b, SPAN("ecdsa-sha2-nistp256"));
		buf_string(&b, SPAN("nistp256"));
		buf_string(&b, member_hex(&c, json_object_get(group, "publicKey"), "uncompressed"));
		ok(&c, buf_done(&c, &b, &blob));
		ok(&c, ssh_public_open(&c, blob, &key));
		run_group(&c, group, &key, "SHA2-256", &seen);
	}
	assert_true(seen > 400);
	json_decref(file);
}

static void put_mpint(struct buf *b, struct span s)
{
	while (s.n > 1 && s.p[0] == 0)
		s = span_cut(s, 1, s.n);
	if (s.p[0] & 0x80) {
		buf_u32(b, (uint32_t)s.n + 1);
		buf_byte(b, 0);
		buf_add(b, s);
	} else {
		buf_string(b, s);
	}
}

static void rsa_file(const char *name, const char *hash)
{
	CTX(c);
	json_t *file = corpus_json(&c, name), *group;
	size_t i, seen = 0;

	json_array_foreach(json_object_get(file, "testGroups"), i, group) {
		SSH_PUBLIC_SCOPED struct ssh_public key = { 0 };
		const char *e = json_string_value(
			json_object_get(json_object_get(group, "publicKey"), "publicExponent"));
		char even[32];
		struct span blob;
		struct buf b;

		snprintf(even, sizeof even, "%s%s", strlen(e) % 2 ? "0" : "", e);
		buf_begin(&b, &c, 4096);
		buf_string(&b, SPAN("ssh-rsa"));
		put_mpint(&b, unhex(&c, even));
		put_mpint(&b, member_hex(&c, json_object_get(group, "publicKey"), "modulus"));
		ok(&c, buf_done(&c, &b, &blob));
		ok(&c, ssh_public_open(&c, blob, &key));
		run_group(&c, group, &key, hash, &seen);
	}
	assert_true(seen > 100);
	json_decref(file);
}

static void wycheproof_rsa(void **state)
{
	(void)state;
	rsa_file("pki/wycheproof/rsa_signature_2048_sha256_test.json", "SHA2-256");
	rsa_file("pki/wycheproof/rsa_signature_3072_sha256_test.json", "SHA2-256");
	rsa_file("pki/wycheproof/rsa_signature_4096_sha512_test.json", "SHA2-512");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8032),
		cmocka_unit_test(altered_is_refused),
		cmocka_unit_test(small_order_keys_are_refused),
		cmocka_unit_test(wycheproof_ed25519),
		cmocka_unit_test(wycheproof_p256),
		cmocka_unit_test(wycheproof_rsa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
