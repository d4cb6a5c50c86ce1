/*
 * The line of a passkey, and what its signatures must be; see passkey.h. Takes one encoding of
 * everything: a line, a public key, base64. Who may sign is not decided here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/passkey.h"

#include "base/buf.h"
#include "base/num.h"
#include "crypt/passkey_part.h"
#include "crypt/sign.h"
#include "crypt/cbor.h"
#include "format/json.h"

#define LINE_MAX_BYTES 8192u            /* RSA of 16,384 bits and the longest credential */
#define CLIENT_DATA_MAX 8192u
#define DATA_MAX 8192u                  /* of authenticator data */
#define RP_ID_MAX 253u                  /* a DNS name */
#define WORD "passkey"
#define NATIVE_ORIGIN "writ:native"     /* no page's: those begin with https:// */

/* SubjectPublicKeyInfo up to the key itself (RFC 5480 section 2, RFC 8410 section 4). */
static const unsigned char p256_head[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
};
static const unsigned char ed25519_head[] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
};
#define P256_POINT_BYTES 65u

static bool headed(struct span der, const unsigned char *head, size_t n, size_t key_bytes)
{
	return der.n == n + key_bytes && memcmp(der.p, head, n) == 0;
}

static enum err rsa_numbers(struct ctx *c, EVP_PKEY *key, const char *name, struct span *out)
{
	SCOPED(bignum) BIGNUM *n = NULL;
	unsigned char *p;
	int bytes;

	if (EVP_PKEY_get_bn_param(key, name, &n) != 1)
		OSSL_FAIL(c, "an RSA key");
	bytes = BN_num_bytes(n);
	TRY(NEW_ARRAY(c, p, (size_t)bytes + 1));
	*out = span_of(p, (size_t)BN_bn2bin(n, p));
	return ERR_OK;
}

static enum err rsa_open(struct ctx *c, struct span der, EVP_PKEY **out)
{
	const unsigned char *at = der.p;
	SCOPED(pkey) EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.n);
	struct span n, e, again;

	if (!key || !EVP_PKEY_is_a(key, "RSA")) {
		ERR_clear_error();
		FAIL(c, ERR_FORMAT,
		     "a passkey is of ES256 (P-256), EdDSA (Ed25519) or RS256; this key is none");
	}
	TRY(rsa_numbers(c, key, OSSL_PKEY_PARAM_RSA_N, &n));
	TRY(rsa_numbers(c, key, OSSL_PKEY_PARAM_RSA_E, &e));
	TRY(ossl_rsa_public(c, n, e, out));
	TRY(passkey_key_der(c, *out, &again));
	if (!span_eq(again, der))
		FAIL(c, ERR_FORMAT, "this RSA key is not in its one encoding");
	return ERR_OK;
}

enum err passkey_key_open(struct ctx *c, struct span der, EVP_PKEY **out)
{
	if (headed(der, p256_head, sizeof p256_head, P256_POINT_BYTES))
		return ossl_ec_public(c, "P-256", span_cut(der, sizeof p256_head, der.n), out);
	if (headed(der, ed25519_head, sizeof ed25519_head, ED25519_KEY_BYTES))
		return ossl_ed25519_public(c, span_cut(der, sizeof ed25519_head, der.n), out);
	if (der.n == 0 || der.n > LINE_MAX_BYTES)
		FAIL(c, ERR_FORMAT, "a public key of this length is none");
	return rsa_open(c, der, out);
}

enum err passkey_key_der(struct ctx *c, EVP_PKEY *key, struct span *out)
{
	int n = i2d_PUBKEY(key, NULL);
	unsigned char *p, *end;

	if (n <= 0)
		OSSL_FAIL(c, "a public key");
	TRY(NEW_ARRAY(c, p, (size_t)n));
	end = p;
	i2d_PUBKEY(key, &end);
	*out = span_of(p, (size_t)n);
	return ERR_OK;
}

enum err passkey_check(struct ctx *c, EVP_PKEY *key, struct span data, struct span sig)
{
	if (sig.n == 0)
		FAIL(c, ERR_VERIFY, "the signature is empty");
	return ossl_verify(c, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA2-256", data, sig);
}

/* A DNS name in lower case: what a browser takes as an RP id. */
static bool name_ok(struct span s)
{
	unsigned char before = '.';

	for (size_t i = 0; i < s.n; i++) {
		unsigned char x = s.p[i];
		bool inner = (x >= 'a' && x <= 'z') || (x >= '0' && x <= '9');

		if (!inner && (before == '.' || (x != '-' && (x != '.' || before == '-'))))
			return false;
		before = x;
	}
	return s.n > 0 && s.n <= RP_ID_MAX && before != '.' && before != '-';
}

static bool port_ok(struct span s)
{
	int64_t n;

	/* 443 is never written (RFC 6454 section 6.2). */
	return span_to_i64(s, &n) && n > 0 && n <= UINT16_MAX && n != 443;
}

enum err site_check(struct ctx *c, struct span rp_id, struct span origin)
{
	struct span host = span_cut(origin, 8, origin.n), rest, port, above;
	bool ok = span_starts(origin, "https://");

	if (span_split(host, ':', &rest, &port)) {
		host = rest;
		ok = ok && port_ok(port);
	}
	above = host.n > rp_id.n ? span_cut(host, host.n - rp_id.n, rp_id.n) : host;
	ok = ok && name_ok(rp_id) && name_ok(host) && span_eq(above, rp_id);
	if (!ok || (host.n > rp_id.n && host.p[host.n - rp_id.n - 1] != '.'))
		FAIL(c, ERR_FORMAT,
		     "a passkey's RP id is a domain in lower case, its origin https://, that "
		     "domain or one below it, and the port where it is not 443");
	return ERR_OK;
}

bool passkey_is_line(struct span line)
{
	return span_starts(line, WORD " ");
}

static enum err key_check(struct ctx *c, const struct passkey *key)
{
	SCOPED(pkey) EVP_PKEY *opened = NULL;

	TRY(site_check(c, key->rp_id, key->origin));
	TRY(passkey_key_open(c, key->public_key, &opened));
	if (key->credential.n == 0 || key->credential.n > CREDENTIAL_MAX)
		FAIL(c, ERR_FORMAT, "the id of a passkey has 1 to %u bytes", CREDENTIAL_MAX);
	return ERR_OK;
}

enum err passkey_parse(struct ctx *c, struct span line, struct passkey *out)
{
	struct span rest = line, word, der, credential, again;

	*out = (struct passkey){ 0 };
	if (line.n > LINE_MAX_BYTES)
		FAIL(c, ERR_LIMIT, "a line with a passkey has at most %u bytes", LINE_MAX_BYTES);
	if (!passkey_is_line(line) || !span_split(rest, ' ', &word, &rest) ||
	    !span_split(rest, ' ', &out->rp_id, &rest) ||
	    !span_split(rest, ' ', &out->origin, &rest) || !span_split(rest, ' ', &der, &rest))
		FAIL(c, ERR_FORMAT, "this is no passkey: a line '" WORD
				    " RPID ORIGIN PUBLICKEY CREDENTIAL'");
	credential = rest;
	TRY(b64_decode(c, der, &out->public_key));
	TRY(b64url_decode(c, credential, &out->credential));
	TRY(key_check(c, out));
	TRY(passkey_line(c, out, &again));
	if (!span_eq(again, line))
		FAIL(c, ERR_FORMAT, "this line of a passkey is not in its one form");
	return ERR_OK;
}

enum err passkey_line(struct ctx *c, const struct passkey *key, struct span *out)
{
	struct span der, credential;

	TRY(b64_encode(c, key->public_key, &der));
	TRY(b64url_encode(c, key->credential, &credential));
	return span_fmt(c, out, WORD " %.*s %.*s %.*s %.*s", SPAN_ARG(key->rp_id),
			SPAN_ARG(key->origin), SPAN_ARG(der), SPAN_ARG(credential));
}

enum err passkey_fingerprint(struct ctx *c, const struct passkey *key, struct span *out)
{
	struct sha256 h;
	struct span base64;

	TRY(sha256_of(c, key->public_key, &h));
	TRY(b64_encode_raw(c, sha256_span(&h), &base64));
	return span_fmt(c, out, "SHA256:%.*s", SPAN_ARG(base64));
}

/* ---- what every ceremony signs ---- */

static enum err client_says(struct ctx *c, const struct json *j, const char *member,
			    struct span want, const char *what)
{
	struct span got;

	TRY(json_need_text(c, j, member, &got));
	if (!span_eq(got, want))
		FAIL(c, ERR_VERIFY, "the browser signed for another %s", what);
	return ERR_OK;
}

enum err passkey_native_data(struct ctx *c, const char *type, struct span challenge,
			     struct span *out)
{
	struct span base64;

	TRY(b64url_encode(c, challenge, &base64));
	return span_fmt(c, out,
			"{\"challenge\":\"%.*s\",\"origin\":\"" NATIVE_ORIGIN "\",\"type\":\"%s\"}",
			SPAN_ARG(base64), type);
}

enum err client_data_check(struct ctx *c, struct span client_data, const char *type,
			   struct span challenge, struct span origin, bool *native_out)
{
	const struct json *cross;
	struct span want;
	struct json *j;

	if (client_data.n > CLIENT_DATA_MAX)
		FAIL(c, ERR_LIMIT, "client data has at most %u bytes", CLIENT_DATA_MAX);
	TRY(passkey_native_data(c, type, challenge, &want));
	*native_out = span_eq(client_data, want);
	if (*native_out)
		return ERR_OK;
	TRY(json_parse_any_keys(c, client_data, &j));
	if (j->type != JSON_OBJECT)
		FAIL(c, ERR_FORMAT, "client data is no object");
	TRY(b64url_encode(c, challenge, &want));
	TRY(client_says(c, j, "type", span_str(type), "purpose"));
	TRY(client_says(c, j, "challenge", want, "document: its challenge is not this one's hash"));
	TRY(client_says(c, j, "origin", origin, "origin than this passkey's"));
	cross = json_get(j, "crossOrigin");
	if (cross && cross->type != JSON_BOOL)
		FAIL(c, ERR_FORMAT, "'crossOrigin' is neither true nor false");
	if ((cross && cross->b) || json_get(j, "topOrigin"))
		FAIL(c, ERR_VERIFY, "it was signed inside a page of another origin");
	return ERR_OK;
}

enum err authenticator_data_open(struct ctx *c, struct span data, struct span rp_id,
				 struct authenticator_data *out)
{
	struct reader r = { .s = data };
	struct sha256 want;
	struct span rp_hash;

	if (data.n > DATA_MAX)
		FAIL(c, ERR_LIMIT, "authenticator data has at most %u bytes", DATA_MAX);
	if (!take_bytes(&r, SHA256_BYTES, &rp_hash) || !take_u8(&r, &out->flags) ||
	    !take_u32(&r, &out->counter))
		FAIL(c, ERR_FORMAT, "authenticator data is cut");
	out->rest = span_cut(data, r.at, data.n);
	TRY(sha256_of(c, rp_id, &want));
	if (!span_eq(rp_hash, sha256_span(&want)))
		FAIL(c, ERR_VERIFY, "the authenticator signed for another RP id than %.*s",
		     SPAN_ARG(rp_id));
	if (out->flags & FLAG_UNKNOWN)
		FAIL(c, ERR_FORMAT, "authenticator data has a flag that has no meaning");
	if ((out->flags & FLAG_BS) && !(out->flags & FLAG_BE))
		FAIL(c, ERR_FORMAT, "a passkey that may not be copied says that it is");
	if (!(out->flags & FLAG_UP))
		FAIL(c, ERR_VERIFY, "the authenticator signed without anybody being present");
	return ERR_OK;
}

enum err authenticator_data_end(struct ctx *c, const struct authenticator_data *data,
				struct reader *rest)
{
	struct span extensions;

	if ((data->flags & FLAG_ED) && (!take_cbor(rest, &extensions) || !cbor_is_map(extensions)))
		FAIL(c, ERR_FORMAT, "the extensions in authenticator data are cut or no CBOR map");
	if (!reader_done(rest))
		FAIL(c, ERR_FORMAT, "bytes stand behind the end of authenticator data");
	return ERR_OK;
}

enum err passkey_signed_bytes(struct ctx *c, struct span authenticator_data,
			      struct span client_data, struct span *out)
{
	struct sha256 h;
	struct buf b;

	TRY(sha256_of(c, client_data, &h));
	buf_begin(&b, c, DATA_MAX + SHA256_BYTES);
	buf_add(&b, authenticator_data);
	buf_add(&b, sha256_span(&h));
	return buf_done(c, &b, out);
}

/* WebAuthn section 7.2, from step 10 on; step 22 (the counter) is the caller's. */
enum err passkey_verify(struct ctx *c, const struct passkey *key, struct span challenge,
			const struct passkey_assertion *a, struct passkey_used *out)
{
	SCOPED(pkey) EVP_PKEY *public_key = NULL;
	struct authenticator_data data;
	struct reader rest;
	struct span bytes;

	*out = (struct passkey_used){ 0 };
	TRY(client_data_check(c, a->client_data, "webauthn.get", challenge, key->origin,
			      &out->native));
	TRY(authenticator_data_open(c, a->authenticator_data, key->rp_id, &data));
	if (data.flags & FLAG_AT)
		FAIL(c, ERR_FORMAT, "a signature brings no new key along");
	if (out->native && !(data.flags & FLAG_UV))
		FAIL(c, ERR_VERIFY, "a security key signed without verifying its user");
	rest = (struct reader){ .s = data.rest };
	TRY(authenticator_data_end(c, &data, &rest));
	TRY(passkey_key_open(c, key->public_key, &public_key));
	TRY(passkey_signed_bytes(c, a->authenticator_data, a->client_data, &bytes));
	TRY(passkey_check(c, public_key, bytes, a->signature));
	TRY(sha256_of(c, bytes, &out->assertion));
	out->user_verified = data.flags & FLAG_UV;
	out->counter = data.counter;
	return ERR_OK;
}
