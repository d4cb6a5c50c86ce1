/*
 * Passkeys: the vectors of WebAuthn Level 3, every byte of them changed, and whatever an
 * authenticator or a browser may say that must not count, each signed well.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "passkey_test.h"

#include "crypt/cbor.h"
#include "crypt/signature.h"

#define CHALLENGE SPAN("0123456789abcdef0123456789abcdef")
#define CREDENTIAL "credential"

/* ---- the vectors ---- */

static void test_vectors(void **state)
{
	CTX(c);
	json_t *all = vectors_open(&c);
	size_t taken = 0, signed_ones = 0;

	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const json_t *v = json_object_get(json_object_get(all, vectors[i].name), "values");
		struct passkey_made made;
		struct passkey_used used;
		struct passkey_assertion a = assertion_of(&c, v);
		enum err e = register_vector(&c, v, &made);

		if (!vectors[i].attestation) {
			assert_true(e == ERR_FORMAT || e == ERR_VERIFY);
			err_clear(&c);
			continue;
		}
		ok(&c, e);
		assert_string_equal(made.attestation, vectors[i].attestation);
		assert_true(span_eq(made.key.credential, member_hex(&c, v, "credential_id")));
		taken++;
		ok(&c, passkey_verify(&c, &made.key, member_hex(&c, v, "challenge_auth"), &a,
				      &used));
		assert_int_equal(used.counter, 0);
		fails(&c, ERR_VERIFY,
			passkey_verify(&c, &made.key, member_hex(&c, v, "challenge"), &a, &used));
		signed_ones++;
	}
	assert_int_equal(taken, 6);
	assert_int_equal(signed_ones, 6);
	json_decref(all);
}

/* The same values stand in the text of the standard. */
static void test_vectors_of_the_standard(void **state)
{
	const char *shared = getenv("WRIT_SHARED");
	CTX(c);
	json_t *all = vectors_open(&c), *values;
	const char *name, *key;
	struct span text;
	char path[4096];
	json_t *group;
	size_t n = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/corpora/webauthn/test-vectors.txt",
		 shared ? shared : "../shared");
	if (!file_exists(path)) {
		print_message("SKIPPED: corpora/webauthn is not here\n");
		json_decref(all);
		ctx_end(&c);
		skip();
	}
	ok(&c, file_read(&c, path, (size_t)1 << 20, &text));
	json_object_foreach(all, name, group) {
		json_t *value;

		values = json_object_get(group, "values");
		json_object_foreach(values, key, value) {
			const char *z = json_string_value(value);

			assert_non_null(memmem(text.p, text.n, z, strlen(z)));
			n++;
		}
	}
	assert_true(n > 200);
	json_decref(all);
}

static void test_every_byte_of_a_vector(void **state)
{
	CTX(c);
	json_t *all = vectors_open(&c);
	const json_t *v = json_object_get(json_object_get(all, vectors[1].name), "values");
	struct passkey_registration r = registration_of(&c, v);
	struct span challenge = member_hex(&c, v, "challenge"), whole = r.attestation_object;
	struct passkey_made made;

	(void)state;
	ok(&c, register_vector(&c, v, &made));
	/* Self attestation signs everything that is not its own frame: nothing may be changed. */
	for (size_t i = 0; i < whole.n; i++) {
		r.attestation_object = flipped(&c, whole, i);
		assert_int_not_equal(
			passkey_register(&c, SPAN(RP), SPAN(ORIGIN), challenge, &r, &made), ERR_OK);
		err_clear(&c);
		r.attestation_object = span_cut(whole, 0, i);
		fails(&c, ERR_FORMAT,
			passkey_register(&c, SPAN(RP), SPAN(ORIGIN), challenge, &r, &made));
	}
	r.attestation_object = join(&c, whole, SPAN("x"));
	fails(&c, ERR_FORMAT,
		passkey_register(&c, SPAN(RP), SPAN(ORIGIN), challenge, &r, &made));
	r.attestation_object = whole;
	ok(&c, passkey_register(&c, SPAN(RP), SPAN(ORIGIN), challenge, &r, &made));
	fails(&c, ERR_VERIFY,
		passkey_register(&c, SPAN(RP), SPAN("https://example.org:8443"), challenge, &r,
				 &made));
	fails(&c, ERR_FORMAT,
		passkey_register(&c, SPAN("other.org"), SPAN(ORIGIN), challenge, &r, &made));
	json_decref(all);
}

/* ---- assertions ---- */

static struct passkey key_of(struct ctx *c, EVP_PKEY *pkey)
{
	unsigned char *der = arena_alloc(c, 8192), *end = der;
	int n = i2d_PUBKEY(pkey, &end);

	assert_true(n > 0);
	return (struct passkey){ SPAN(RP), SPAN(ORIGIN), span_of(der, (size_t)n),
				 SPAN(CREDENTIAL) };
}

static enum err verify(struct ctx *c, EVP_PKEY *pkey, struct span data, struct span client,
		       struct passkey_used *out)
{
	struct passkey key = key_of(c, pkey);
	struct passkey_assertion a = { data, client, soft_sign(c, pkey, data, client) };

	return passkey_verify(c, &key, CHALLENGE, &a, out);
}

static void test_all_algorithms(void **state)
{
	static const char *const kinds[] = { "P-256", "ed25519", "rsa2048" };
	CTX(c);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		SCOPED(soft) EVP_PKEY *pkey = soft_key(kinds[i]);
		struct passkey key = key_of(&c, pkey), again;
		struct span data = auth_data(&c, RP, 5, 7, SPAN_NONE), line,
			    client = client_data(&c, "webauthn.get", CHALLENGE, "");
		struct passkey_used used;

		ok(&c, verify(&c, pkey, data, client, &used));
		assert_true(used.user_verified && used.counter == 7);
		ok(&c, verify(&c, pkey, auth_data(&c, RP, 1, 0, SPAN_NONE), client, &used));
		assert_true(!used.user_verified && used.counter == 0);
		ok(&c, passkey_line(&c, &key, &line));
		ok(&c, passkey_parse(&c, line, &again));
		assert_true(span_eq(again.public_key, key.public_key) &&
			    span_is(again.credential, CREDENTIAL));
	}
}

static void test_keys_that_are_not_taken(void **state)
{
	static const char *const kinds[] = { "P-384", "P-521", "secp256k1", "rsa1024" };
	struct passkey out;
	struct span line;
	CTX(c);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		SCOPED(soft) EVP_PKEY *pkey = soft_key(kinds[i]);
		struct passkey key = key_of(&c, pkey);

		ok(&c, passkey_line(&c, &key, &line));
		fails(&c, ERR_FORMAT, passkey_parse(&c, line, &out));
	}
}

static void test_what_the_browser_must_say(void **state)
{
	static const struct {
		const char *type, *more;
		enum err want;
	} rows[] = {
		{ "webauthn.get", "", ERR_OK },
		{ "webauthn.get", ",\"crossOrigin\":false,\"any\":[1,{\"Thing\":null}]", ERR_OK },
		{ "webauthn.create", "", ERR_VERIFY },
		{ "payment.get", "", ERR_VERIFY },
		{ "webauthn.get", ",\"crossOrigin\":true", ERR_VERIFY },
		{ "webauthn.get", ",\"crossOrigin\":\"false\"", ERR_FORMAT },
		{ "webauthn.get", ",\"topOrigin\":\"https://example.com\"", ERR_VERIFY },
		{ "webauthn.get", ",\"type\":\"webauthn.get\"", ERR_FORMAT },
		{ "webauthn.get", ",\"any\":1,\"any\":1", ERR_FORMAT },
		{ "webauthn.get", ",", ERR_FORMAT },
		{ "webauthn.get", "}{", ERR_FORMAT },
	};
	SCOPED(soft) EVP_PKEY *pkey = soft_key("P-256");
	struct passkey_used used;
	CTX(c);
	struct span data = auth_data(&c, RP, 5, 1, SPAN_NONE);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span client = client_data(&c, rows[i].type, CHALLENGE, rows[i].more);

		assert_int_equal(verify(&c, pkey, data, client, &used), rows[i].want);
		err_clear(&c);
	}
	fails(&c, ERR_VERIFY,
		verify(&c, pkey, data,
		       client_data(&c, "webauthn.get", SPAN("0123456789abcdef0123456789abcdeg"), ""),
		       &used));
	fails(&c, ERR_FORMAT, verify(&c, pkey, data, SPAN("[]"), &used));
	fails(&c, ERR_FORMAT, verify(&c, pkey, data, SPAN_NONE, &used));
	fails(&c, ERR_FORMAT,
		verify(&c, pkey, data,
		       join(&c, SPAN("\xef\xbb\xbf"),
			    client_data(&c, "webauthn.get", CHALLENGE, "")), &used));
}

static void test_origins(void **state)
{
	static const char *const others[] = {
		"https://example.org.", "https://example.org:443", "http://example.org",
		"https://example.org/", "https://EXAMPLE.org",	   "https://www.example.org",
		"example.org",		"https://example.org:8443",
	};
	SCOPED(soft) EVP_PKEY *pkey = soft_key("P-256");
	struct passkey_used used;
	CTX(c);
	struct span data = auth_data(&c, RP, 5, 1, SPAN_NONE), url, client;

	(void)state;
	ok(&c, b64url_encode(&c, CHALLENGE, &url));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		ok(&c, span_fmt(&c, &client,
				"{\"type\":\"webauthn.get\",\"challenge\":\"%.*s\",\"origin\":"
				"\"%s\"}", SPAN_ARG(url), others[i]));
		fails(&c, ERR_VERIFY, verify(&c, pkey, data, client, &used));
	}
}

/* Without a browser: one form of client data, and the user verified. */
static void test_native(void **state)
{
	SCOPED(soft) EVP_PKEY *pkey = soft_key("P-256");
	struct passkey_used used;
	CTX(c);
	struct span verified = auth_data(&c, RP, 5, 1, SPAN_NONE), client, end;

	(void)state;
	ok(&c, passkey_native_data(&c, "webauthn.get", CHALLENGE, &client));
	ok(&c, verify(&c, pkey, verified, client, &used));
	assert_true(used.native && used.user_verified);
	ok(&c, verify(&c, pkey, verified, client_data(&c, "webauthn.get", CHALLENGE, ""), &used));
	assert_false(used.native);
	fails(&c, ERR_VERIFY,
		verify(&c, pkey, auth_data(&c, RP, 1, 1, SPAN_NONE), client, &used));
	for (size_t i = 0; i < client.n; i++) {
		end = join(&c, SPAN(" "), span_cut(client, i, client.n));
		if (verify(&c, pkey, verified, join(&c, span_cut(client, 0, i), end), &used) ==
		    ERR_OK)
			fail_msg("a blank at %zu was taken", i);
		err_clear(&c);
	}
	ok(&c, passkey_native_data(&c, "webauthn.create", CHALLENGE, &client));
	fails(&c, ERR_VERIFY, verify(&c, pkey, verified, client, &used));
}

static void test_what_the_authenticator_must_say(void **state)
{
	static const struct {
		const char *rp;
		uint8_t flags;
		struct span rest;
		enum err want;
	} rows[] = {
		{ RP, 0x01, { NULL, 0 }, ERR_OK },
		{ RP, 0x1d, { NULL, 0 }, ERR_OK },
		{ RP, 0x85, { (const unsigned char *)"\xa1\x61\x61\xf5", 4 }, ERR_OK },
		{ "example.com", 0x05, { NULL, 0 }, ERR_VERIFY },
		{ "www.example.org", 0x05, { NULL, 0 }, ERR_VERIFY },
		{ RP, 0x04, { NULL, 0 }, ERR_VERIFY },
		{ RP, 0x00, { NULL, 0 }, ERR_VERIFY },
		{ RP, 0x15, { NULL, 0 }, ERR_FORMAT },
		{ RP, 0x07, { NULL, 0 }, ERR_FORMAT },
		{ RP, 0x25, { NULL, 0 }, ERR_FORMAT },
		{ RP, 0x45, { NULL, 0 }, ERR_FORMAT },
		{ RP, 0x85, { NULL, 0 }, ERR_FORMAT },
		{ RP, 0x85, { (const unsigned char *)"\x01", 1 }, ERR_FORMAT },
		{ RP, 0x85, { (const unsigned char *)"\xa1\x61\x61\xf5x", 5 }, ERR_FORMAT },
		{ RP, 0x05, { (const unsigned char *)"x", 1 }, ERR_FORMAT },
		{ RP, 0x05, { (const unsigned char *)"\xa0", 1 }, ERR_FORMAT },
	};
	SCOPED(soft) EVP_PKEY *pkey = soft_key("P-256");
	struct passkey_used used;
	CTX(c);
	struct span client = client_data(&c, "webauthn.get", CHALLENGE, ""), data;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		data = auth_data(&c, rows[i].rp, rows[i].flags, 1, rows[i].rest);
		if (verify(&c, pkey, data, client, &used) != rows[i].want)
			fail_msg("row %zu: %s", i, c.why);
		err_clear(&c);
	}
	data = auth_data(&c, RP, 5, 1, SPAN_NONE);
	for (size_t n = 0; n < data.n; n++)
		fails(&c, ERR_FORMAT, verify(&c, pkey, span_cut(data, 0, n), client, &used));
}

static void test_another_credential(void **state)
{
	SCOPED(soft) EVP_PKEY *mine = soft_key("P-256");
	SCOPED(soft) EVP_PKEY *other = soft_key("P-256");
	CTX(c);
	struct passkey key = key_of(&c, mine);
	struct span data = auth_data(&c, RP, 5, 1, SPAN_NONE),
		    client = client_data(&c, "webauthn.get", CHALLENGE, ""),
		    sig = soft_sign(&c, mine, data, client);
	struct passkey_assertion a = { data, client, soft_sign(&c, other, data, client) };
	struct passkey_used used;

	(void)state;
	fails(&c, ERR_VERIFY, passkey_verify(&c, &key, CHALLENGE, &a, &used));
	for (size_t i = 0; i < sig.n; i++) {
		a.signature = flipped(&c, sig, i);
		fails(&c, ERR_VERIFY, passkey_verify(&c, &key, CHALLENGE, &a, &used));
	}
	a.signature = join(&c, sig, SPAN("x"));
	fails(&c, ERR_VERIFY, passkey_verify(&c, &key, CHALLENGE, &a, &used));
	a.signature = SPAN_NONE;
	fails(&c, ERR_VERIFY, passkey_verify(&c, &key, CHALLENGE, &a, &used));
}

/* ---- the line ---- */

static void test_lines(void **state)
{
	static const char *const sites[][2] = {
		{ "Example.org", ORIGIN },	     { "example.org.", ORIGIN },
		{ "xample.org", ORIGIN },	     { "a.example.org", ORIGIN },
		{ "", ORIGIN },			     { RP, "http://example.org" },
		{ RP, "https://example.org/" },	     { RP, "https://example.org:443" },
		{ RP, "https://example.org:0" },     { RP, "https://example.org:99999" },
		{ RP, "https://example.org:08" },    { RP, "https://" },
		{ RP, "https://u@example.org" },     { RP, "https://notexample.org" },
		{ RP, "https://.example.org" },	     { RP, "https://a..example.org" },
		{ RP, "https://-a.example.org" },    { RP, "android:apk-key-hash:x" },
	};
	SCOPED(soft) EVP_PKEY *pkey = soft_key("ed25519");
	struct passkey out, key;
	struct span line;
	CTX(c);

	(void)state;
	key = key_of(&c, pkey);
	key.origin = SPAN("https://desk-1.example.org:8443");
	ok(&c, passkey_line(&c, &key, &line));
	ok(&c, passkey_parse(&c, line, &out));
	assert_true(span_is(out.rp_id, RP) && span_eq(out.origin, key.origin));
	fails(&c, ERR_FORMAT, passkey_parse(&c, join(&c, line, SPAN(" comment")), &out));
	fails(&c, ERR_FORMAT, passkey_parse(&c, join(&c, line, SPAN("\n")), &out));
	fails(&c, ERR_FORMAT, passkey_parse(&c, join(&c, line, SPAN("=")), &out));
	fails(&c, ERR_FORMAT, passkey_parse(&c, join(&c, SPAN(" "), line), &out));
	/* Up to the credential's id: a shorter id would be another one. */
	for (size_t n = 0; n < line.n - 14; n++)
		fails(&c, ERR_FORMAT, passkey_parse(&c, span_cut(line, 0, n), &out));
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
		key.rp_id = span_str(sites[i][0]);
		key.origin = span_str(sites[i][1]);
		ok(&c, passkey_line(&c, &key, &line));
		fails(&c, ERR_FORMAT, passkey_parse(&c, line, &out));
	}
	key = key_of(&c, pkey);
	key.credential = SPAN_NONE;
	ok(&c, passkey_line(&c, &key, &line));
	fails(&c, ERR_FORMAT, passkey_parse(&c, line, &out));
}

/* ---- signature documents ---- */

static struct span document_of(struct ctx *c, EVP_PKEY *pkey, struct span message)
{
	struct passkey key = key_of(c, pkey);
	struct span data = auth_data(c, RP, 5, 7, SPAN_NONE), line, parts[3], out;
	struct sha256 h;

	ok(c, sha256_of(c, message, &h));
	parts[0] = data;
	parts[1] = client_data(c, "webauthn.get", sha256_span(&h), "");
	parts[2] = soft_sign(c, pkey, data, parts[1]);
	ok(c, passkey_line(c, &key, &line));
	for (size_t i = 0; i < 3; i++)
		ok(c, b64_encode(c, parts[i], &parts[i]));
	ok(c, span_fmt(c, &out,
		       "{\"authenticator_data\":\"%.*s\",\"client_data\":\"%.*s\",\"key\":\"%.*s\","
		       "\"kind\":\"passkey\",\"signature\":\"%.*s\",\"version\":1}",
		       SPAN_ARG(parts[0]), SPAN_ARG(parts[1]), SPAN_ARG(line), SPAN_ARG(parts[2])));
	return out;
}

#define SCOPE SPAN("{\"kind\":\"scope\",\"version\":1}")

static void test_signature_documents(void **state)
{
	SCOPED(soft) EVP_PKEY *pkey = soft_key("P-256");
	CTX(c);
	struct span text = document_of(&c, pkey, SCOPE), line, other;
	struct passkey key = key_of(&c, pkey);
	struct signature sig, claims;
	struct person_key person;

	(void)state;
	ok(&c, passkey_line(&c, &key, &line));
	ok(&c, signature_verify(&c, text, "writ-scope@v1", SCOPE, &sig));
	assert_true(sig.passkey && sig.user_verified && sig.counter == 7 && span_eq(sig.key, line));
	ok(&c, signature_claims(&c, text, &claims));
	assert_true(claims.passkey && span_eq(claims.key, line) && claims.name_space.n == 0);
	/* Of another kind, by the caller's word or the document's. */
	fails(&c, ERR_VERIFY, signature_verify(&c, text, "writ-void@v1", SCOPE, &sig));
	fails(&c, ERR_VERIFY, signature_verify(&c, text, "", SCOPE, &sig));
	other = SPAN("{\"kind\":\"void\",\"version\":1}");
	fails(&c, ERR_VERIFY, signature_verify(&c, text, "writ-void@v1", other, &sig));
	other = SPAN("no JSON");
	fails(&c, ERR_FORMAT,
		signature_verify(&c, document_of(&c, pkey, other), "writ-scope@v1", other, &sig));
	for (size_t n = 0; n < text.n; n++)
		fails(&c, ERR_FORMAT,
			signature_verify(&c, span_cut(text, 0, n), "writ-scope@v1", SCOPE, &sig));
	ok(&c, person_key_parse(&c, line, &person));
	assert_true(person.passkey && person.verifies && span_eq(person.line, line));
	key.origin = SPAN("https://desk.example.org");
	ok(&c, passkey_line(&c, &key, &other));
	assert_true(person_key_same(line, other) && !span_eq(line, other));
	assert_false(person_key_same(line, SPAN("ssh-ed25519 AAAA")));
	assert_false(person_key_same(SPAN("passkey a b c"), SPAN("passkey a b c d")));
}

/* ---- registrations ---- */

static struct span cose(struct ctx *c, EVP_PKEY *pkey, const char *head_hex, const char *last)
{
	struct passkey key = key_of(c, pkey);
	struct span head = unhex(c, head_hex), out;
	struct buf b;

	/* The last 64 bytes of a P-256 key are x and y. */
	buf_begin(&b, c, 1024);
	buf_add(&b, head);
	buf_add(&b, span_cut(key.public_key, key.public_key.n - 64, 32));
	buf_add(&b, unhex(c, last));
	buf_add(&b, span_cut(key.public_key, key.public_key.n - 32, 32));
	ok(c, buf_done(c, &b, &out));
	return out;
}

static enum err register_it(struct ctx *c, uint8_t flags, struct span credential_data,
			    const char *object_head, struct passkey_made *out)
{
	struct span data = auth_data(c, RP, flags, 9, credential_data), object;
	struct passkey_registration r = {
		.client_data = client_data(c, "webauthn.create", CHALLENGE, "")
	};
	struct buf b;

	buf_begin(&b, c, 8192);
	buf_add(&b, unhex(c, object_head));
	buf_str(&b, "hauthData");
	buf_byte(&b, data.n > 255 ? 0x59 : 0x58);
	if (data.n > 255)
		buf_u16(&b, (uint16_t)data.n);
	else
		buf_byte(&b, (unsigned char)data.n);
	buf_add(&b, data);
	ok(c, buf_done(c, &b, &object));
	r.attestation_object = object;
	return passkey_register(c, SPAN(RP), SPAN(ORIGIN), CHALLENGE, &r, out);
}

#define NONE "a363666d74646e6f6e656761747453746d74a0"
#define ES256 "a5010203262001215820"
#define THEN_Y "225820"

static struct span attested(struct ctx *c, struct span cose_key, size_t id_bytes)
{
	struct span out;
	struct buf b;

	buf_begin(&b, c, 8192);
	buf_add(&b, SPAN("0123456789abcdef"));
	buf_u16(&b, (uint16_t)id_bytes);
	for (size_t i = 0; i < id_bytes; i++)
		buf_byte(&b, 'i');
	buf_add(&b, cose_key);
	ok(c, buf_done(c, &b, &out));
	return out;
}

static void test_registrations(void **state)
{
	static const struct {
		uint8_t flags;
		const char *cose, *then, *object;
		size_t id;
	} bad[] = {
		{ 0x05, ES256, THEN_Y, NONE, 150 },     /* no key, says the flag */
		{ 0xc5, ES256, THEN_Y, NONE, 150 },     /* extensions, says the flag */
		{ 0x44, ES256, THEN_Y, NONE, 150 },     /* nobody there */
		{ 0x55, ES256, THEN_Y, NONE, 150 },     /* copied, but may not be */
		{ 0x45, ES256, THEN_Y, NONE, 0 },
		{ 0x45, ES256, THEN_Y, NONE, 1024 },
		{ 0x45, "a5010203390100200121" "5820", THEN_Y, NONE, 150 },  /* RS256, says alg */
		{ 0x45, "a5010203272001215820", THEN_Y, NONE, 150 },    /* EdDSA, says alg */
		{ 0x45, "a5010203382220012158" "20", THEN_Y, NONE, 150 },    /* ES384 */
		{ 0x45, "a5010203262002215820", THEN_Y, NONE, 150 },    /* P-384 */
		{ 0x45, "a5010303262001215820", THEN_Y, NONE, 150 },    /* kty RSA */
		{ 0x45, "a5030101022001215820", THEN_Y, NONE, 150 },    /* keys out of order */
		{ 0x45, "a501020326200121590020", THEN_Y, NONE, 150 },  /* a long form */
		{ 0x45, "a50102032620012158" "20", "235820", NONE, 150 },     /* another label */
		{ 0x45, ES256, THEN_Y, "a363666d74646e6f6e656761747453746d74a16161f5", 150 },
		{ 0x45, ES256, THEN_Y, "a363666d7463747" "06d6761747453746d74a0", 150 },
		{ 0x45, ES256, THEN_Y, "a363666d74667061636b65646761747453746d74a0", 150 },
		{ 0x45, ES256, THEN_Y, "a463666d74646e6f6e656761747453746d74a0", 150 },
	};
	SCOPED(soft) EVP_PKEY *pkey = soft_key("P-256");
	CTX(c);
	struct passkey want = key_of(&c, pkey);
	struct passkey_made made;

	(void)state;
	ok(&c, register_it(&c, 0x5d, attested(&c, cose(&c, pkey, ES256, THEN_Y), 150), NONE,
			   &made));
	assert_true(made.user_verified && made.backed_up && made.counter == 9);
	assert_string_equal(made.attestation, "none");
	assert_true(span_eq(made.key.public_key, want.public_key) && made.key.credential.n == 150);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct span data = attested(&c, cose(&c, pkey, bad[i].cose, bad[i].then),
					    bad[i].id);

		if (register_it(&c, bad[i].flags, data, bad[i].object, &made) == ERR_OK)
			fail_msg("row %zu was taken", i);
		err_clear(&c);
	}
	fails(&c, ERR_FORMAT,
		register_it(&c, 0x45,
			    join(&c, attested(&c, cose(&c, pkey, ES256, THEN_Y), 150), SPAN("x")),
			    NONE, &made));
}

/* ---- CBOR ---- */

static void test_cbor(void **state)
{
	static const char *const good[] = { "00", "17", "1818", "1903e8", "1a00010000", "20", "3863",
					    "40", "43010203", "60", "6161", "80", "820102", "a0",
					    "a201022003", "a2616101626161" "02", "f4", "f5", "f6",
					    "8181818100" };
	static const char *const bad[] = {
		"",	  "1801",     "190001",	    "1a00000001", "1b0000000000000001", "18",
		"5800",	  "41",	      "61ff",	    "6180",	  "5f4101ff",		"9fff",
		"bfff",	  "a1",	      "a101",	    "a201020103", "a202010100",
		"a2" "2003" "0102", "a26261610261" "6101", "c000", "f7", "f0", "f820", "f90000",
		"fa00000000", "fb0000000000000000", "ff", "1c", "3f", "818181818100", "9b" "ffffffffffffffff",
		"5b" "ffffffffffffffff", "bb" "ffffffffffffffff",
	};
	CTX(c);

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct reader r = { .s = unhex(&c, good[i]) };
		struct span item;

		assert_true(take_cbor(&r, &item) && reader_done(&r));
		assert_true(span_eq(item, r.s));
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct reader r = { .s = unhex(&c, bad[i]) };
		struct span item;

		if (take_cbor(&r, &item))
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(r.at, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_vectors_of_the_standard),
		cmocka_unit_test(test_every_byte_of_a_vector),
		cmocka_unit_test(test_all_algorithms),
		cmocka_unit_test(test_keys_that_are_not_taken),
		cmocka_unit_test(test_what_the_browser_must_say),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_what_the_authenticator_must_say),
		cmocka_unit_test(test_another_credential),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_signature_documents),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_cbor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
