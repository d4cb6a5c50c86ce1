/*
 * SHA-2, HMAC and HKDF against the vectors of FIPS 180-4, RFC 4231 and RFC 5869, against
 * Wycheproof where the corpora are here, and what must be refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/hash.h"

#include "base/file.h"
#include "base/num.h"
#include "crypt_test.h"

#include <unistd.h>

static void hex_of(struct span s, char *out)
{
	for (size_t i = 0; i < s.n; i++)
		snprintf(out + 2 * i, 3, "%02x", s.p[i]);
}

static void sha256_is(const char *text, const char *hex)
{
	CTX(c);
	struct span got;

	ok(&c, sha256_hex(&c, span_str(text), &got));
	assert_true(span_is(got, hex));
}

static void sha_vectors(void **state)
{
	CTX(c);
	unsigned char h[64];
	char hex[129];

	(void)state;
	sha256_is("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_is("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	ok(&c, sha512_of(&c, SPAN("abc"), h));
	hex_of(span_of(h, 64), hex);
	assert_string_equal(hex,
			    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

static void hasher_runs_again(void **state)
{
	CTX(c);
	struct hasher *h = NULL;
	struct sha256 once, twice, whole;

	(void)state;
	ok(&c, sha256_of(&c, SPAN("hello world"), &whole));
	ok(&c, hasher_open(&c, &h));
	ok(&c, hasher_add(&c, h, SPAN("hello ")));
	ok(&c, hasher_add(&c, h, SPAN_NONE));
	ok(&c, hasher_add(&c, h, SPAN("world")));
	ok(&c, hasher_end(&c, h, &once));
	ok(&c, hasher_add(&c, h, SPAN("hello world")));
	ok(&c, hasher_end(&c, h, &twice));
	assert_memory_equal(&once, &whole, 32);
	assert_memory_equal(&twice, &whole, 32);
	ok(&c, hasher_add(&c, h, SPAN("left over")));
	ok(&c, hasher_begin(&c, h));
	ok(&c, hasher_end(&c, h, &twice));
	assert_memory_not_equal(&twice, &whole, 32);
	hasher_close(&h);
	assert_null(h);
}

static void file_is_hashed_from_its_start(void **state)
{
	CTX(c);
	static unsigned char big[(600u << 10) + 7];
	struct sha256 want, got;
	int64_t bytes = -1;
	FD_SCOPED int fd = -1;
	int pipes[2];

	(void)state;
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (unsigned char)(i * 7 >> 3);
	ok(&c, sha256_of(&c, span_of(big, sizeof big), &want));
	ok(&c, memfd_of(&c, "big", span_of(big, sizeof big), &fd));
	assert_int_equal(lseek(fd, 1000, SEEK_SET), 1000);
	ok(&c, sha256_of_fd(&c, fd, &got, &bytes));
	assert_memory_equal(&want, &got, 32);
	assert_int_equal(bytes, sizeof big);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1000);
	assert_int_equal(pipe(pipes), 0);
	fails(&c, ERR_IO, sha256_of_fd(&c, pipes[0], &got, NULL));
	close(pipes[0]);
	close(pipes[1]);
}

static void hmac_vectors(void **state)
{
	CTX(c);
	struct sha256 h;
	char hex[65];

	(void)state;
	ok(&c, hmac_sha256(&c, SPAN("Jefe"), SPAN("what do ya want for nothing?"), &h));
	hex_of(sha256_span(&h), hex);
	assert_string_equal(hex,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	ok(&c, hmac_sha256(&c, SPAN_NONE, SPAN_NONE, &h));
	hex_of(sha256_span(&h), hex);
	assert_string_equal(hex,
			    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void hkdf_is(const char *key, const char *salt, const char *info, const char *want)
{
	CTX(c);
	unsigned char out[128];
	char hex[257];
	size_t n = strlen(want) / 2;

	ok(&c, hkdf_sha256(&c, unhex(&c, key), unhex(&c, salt), unhex(&c, info), out, n));
	hex_of(span_of(out, n), hex);
	assert_string_equal(hex, want);
}

static void hkdf_vectors(void **state)
{
	(void)state;
	hkdf_is("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
		"f0f1f2f3f4f5f6f7f8f9",
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8871858"
		"65");
	hkdf_is("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96"
		"c8");
}

static void hkdf_knows_its_limit(void **state)
{
	CTX(c);
	static unsigned char out[255 * 32 + 1];

	(void)state;
	ok(&c, hkdf_sha256(&c, SPAN("k"), SPAN("s"), SPAN("i"), out, sizeof out - 1));
	fails(&c, ERR_LIMIT, hkdf_sha256(&c, SPAN("k"), SPAN("s"), SPAN("i"), out, sizeof out));
}

static void wycheproof_hkdf(void **state)
{
	CTX(c);
	json_t *file = corpus_json(&c, "pki/wycheproof/hkdf_sha256_test.json"), *group, *t;
	size_t i, j, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), j, t) {
			static unsigned char out[20000];
			size_t n = (size_t)json_integer_value(json_object_get(t, "size"));
			struct span okm = member_hex(&c, t, "okm");
			enum err e = hkdf_sha256(&c, member_hex(&c, t, "ikm"),
						 member_hex(&c, t, "salt"),
						 member_hex(&c, t, "info"), out, n);

			if (member_is(t, "result", "valid"))
				assert_true(e == ERR_OK && span_eq(okm, span_of(out, n)));
			else
				assert_int_not_equal(e, ERR_OK);
			err_clear(&c);
			seen++;
		}
	assert_true(seen > 50);
	json_decref(file);
}

static void wycheproof_hmac(void **state)
{
	CTX(c);
	json_t *file = corpus_json(&c, "pki/wycheproof/hmac_sha256_test.json"), *group, *t;
	size_t i, j, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), j, t) {
			struct span tag = member_hex(&c, t, "tag");
			struct sha256 h;

			ok(&c,
			   hmac_sha256(&c, member_hex(&c, t, "key"), member_hex(&c, t, "msg"), &h));
			/* Some tags are cut to 16 bytes. */
			assert_int_equal(span_eq(tag, span_cut(sha256_span(&h), 0, tag.n)),
					 member_is(t, "result", "valid"));
			seen++;
		}
	assert_true(seen > 100);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha_vectors),
		cmocka_unit_test(hasher_runs_again),
		cmocka_unit_test(file_is_hashed_from_its_start),
		cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(hkdf_vectors),
		cmocka_unit_test(hkdf_knows_its_limit),
		cmocka_unit_test(wycheproof_hkdf),
		cmocka_unit_test(wycheproof_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
