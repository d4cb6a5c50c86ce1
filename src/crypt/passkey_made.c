/*
 * A passkey that was just made (WebAuthn section 7.1): reads the attestation object and gives the
 * key. Takes no attestation, "packed" by the key itself, and "packed" with a certificate, whose
 * signature it checks and whose maker it does not judge. Every other format is refused: ask the
 * browser for none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/buf.h"
#include "crypt/cbor.h"
#include "crypt/passkey.h"
#include "crypt/passkey_part.h"

#define OBJECT_MAX ((size_t)64 << 10)   /* bytes of an attestation object, certificates included */
#define AAGUID_BYTES 16u
#define P256_NUMBER_BYTES 32u

/* COSE (RFC 9053, RFC 8230): labels of a key, kinds, algorithms, curves */
enum { COSE_KTY = 1, COSE_ALG = 3, COSE_CRV = -1, COSE_X = -2, COSE_Y = -3, COSE_N = -1,
       COSE_E = -2 };
enum { COSE_OKP = 1, COSE_EC2 = 2, COSE_RSA = 3 };
enum { COSE_ES256 = -7, COSE_EDDSA = -8, COSE_RS256 = -257 };
enum { COSE_P256 = 1, COSE_ED25519 = 6 };

DEFINE_SCOPED(X509, x509, X509_free)

static bool number_is(struct span map, int64_t label, int64_t want)
{
	struct span value;
	int64_t n;

	return cbor_numbered(map, label, &value) && cbor_int(value, &n) && n == want;
}

static bool bytes_of(struct span map, int64_t label, struct span *out)
{
	struct span value;

	return cbor_numbered(map, label, &value) && cbor_bytes(value, out);
}

static enum err cose_ec(struct ctx *c, struct span cose, EVP_PKEY **out)
{
	struct span x, y, point;
	struct buf b;

	if (cbor_count(cose) != 5 || !number_is(cose, COSE_KTY, COSE_EC2) ||
	    !number_is(cose, COSE_CRV, COSE_P256) || !bytes_of(cose, COSE_X, &x) ||
	    !bytes_of(cose, COSE_Y, &y) || x.n != P256_NUMBER_BYTES || y.n != P256_NUMBER_BYTES)
		FAIL(c, ERR_FORMAT, "the key says ES256 and is none");
	buf_begin(&b, c, 1 + 2 * P256_NUMBER_BYTES);
	buf_byte(&b, 4);
	buf_add(&b, x);
	buf_add(&b, y);
	TRY(buf_done(c, &b, &point));
	return ossl_ec_public(c, "P-256", point, out);
}

static enum err cose_okp(struct ctx *c, struct span cose, EVP_PKEY **out)
{
	struct span x;

	if (cbor_count(cose) != 4 || !number_is(cose, COSE_KTY, COSE_OKP) ||
	    !number_is(cose, COSE_CRV, COSE_ED25519) || !bytes_of(cose, COSE_X, &x))
		FAIL(c, ERR_FORMAT, "the key says EdDSA and is no Ed25519 key");
	return ossl_ed25519_public(c, x, out);
}

static enum err cose_rsa(struct ctx *c, struct span cose, EVP_PKEY **out)
{
	struct span n, e;

	/* RFC 8230 section 4: as few bytes as the number needs. */
	if (cbor_count(cose) != 4 || !number_is(cose, COSE_KTY, COSE_RSA) ||
	    !bytes_of(cose, COSE_N, &n) || !bytes_of(cose, COSE_E, &e) || n.n == 0 || e.n == 0 ||
	    n.p[0] == 0 || e.p[0] == 0)
		FAIL(c, ERR_FORMAT, "the key says RS256 and is none");
	return ossl_rsa_public(c, n, e, out);
}

static enum err cose_open(struct ctx *c, struct span cose, EVP_PKEY **out)
{
	if (number_is(cose, COSE_ALG, COSE_ES256))
		return cose_ec(c, cose, out);
	if (number_is(cose, COSE_ALG, COSE_EDDSA))
		return cose_okp(c, cose, out);
	if (number_is(cose, COSE_ALG, COSE_RS256))
		return cose_rsa(c, cose, out);
	FAIL(c, ERR_FORMAT, "a passkey is of ES256, EdDSA or RS256; this one is of another kind");
}

/* The key of the certificate that came along first (WebAuthn section 8.2). */
static enum err certificate_key(struct ctx *c, struct span x5c, EVP_PKEY **out)
{
	SCOPED(x509) X509 *certificate = NULL;
	struct span entry, der;
	const unsigned char *at;

	if (!cbor_first(x5c, &entry) || !cbor_bytes(entry, &der) || der.n == 0)
		FAIL(c, ERR_FORMAT, "the attestation brings no certificate");
	at = der.p;
	certificate = d2i_X509(NULL, &at, (long)der.n);
	if (certificate && at == der.p + der.n)
		*out = X509_get_pubkey(certificate);
	ERR_clear_error();
	if (!*out)
		FAIL(c, ERR_FORMAT, "the attestation's certificate cannot be read");
	return ERR_OK;
}

static bool algorithm_fits(struct span statement, EVP_PKEY *key)
{
	struct span value;
	int64_t alg;

	if (!cbor_member(statement, "alg", &value) || !cbor_int(value, &alg))
		return false;
	return (alg == COSE_ES256 && EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256) ||
	       (alg == COSE_EDDSA && EVP_PKEY_is_a(key, "ED25519")) ||
	       (alg == COSE_RS256 && EVP_PKEY_is_a(key, "RSA") &&
		EVP_PKEY_get_bits(key) >= RSA_BITS_MIN);
}

static enum err packed_check(struct ctx *c, struct span statement, EVP_PKEY *credential,
			     struct span signed_bytes, const char **said)
{
	SCOPED(pkey) EVP_PKEY *of_certificate = NULL;
	struct span value, sig, x5c;
	EVP_PKEY *key = credential;
	size_t members = 2;

	*said = "self";
	if (cbor_member(statement, "x5c", &x5c)) {
		TRY(certificate_key(c, x5c, &of_certificate));
		key = of_certificate;
		members = 3;
		*said = "certificate";
	}
	if (cbor_count(statement) != members || !cbor_member(statement, "sig", &value) ||
	    !cbor_bytes(value, &sig) || !algorithm_fits(statement, key))
		FAIL(c, ERR_FORMAT, "the attestation is none of kind 'packed' that is known");
	return passkey_check(c, key, signed_bytes, sig);
}

struct object {
	struct span format, statement, data;
};

static enum err object_open(struct ctx *c, struct span bytes, struct object *out)
{
	struct reader r = { .s = bytes };
	struct span map, data;

	if (bytes.n > OBJECT_MAX)
		FAIL(c, ERR_LIMIT, "an attestation object has at most %zu bytes", OBJECT_MAX);
	if (!take_cbor(&r, &map) || !reader_done(&r))
		FAIL(c, ERR_FORMAT, "the attestation object is not CTAP2's canonical CBOR");
	if (cbor_count(map) != 3 || !cbor_member(map, "fmt", &out->format) ||
	    !cbor_member(map, "attStmt", &out->statement) || !cbor_is_map(out->statement) ||
	    !cbor_member(map, "authData", &data) || !cbor_bytes(data, &out->data))
		FAIL(c, ERR_FORMAT, "the attestation object does not have its three members");
	return ERR_OK;
}

/* The new key in authenticator data (WebAuthn section 6.5.1). */
static enum err take_new_key(struct ctx *c, const struct authenticator_data *data,
			     struct span *credential, EVP_PKEY **key)
{
	struct reader r = { .s = data->rest };
	struct span aaguid, cose;
	uint16_t n;

	if (!(data->flags & FLAG_AT))
		FAIL(c, ERR_FORMAT, "the authenticator made no key");
	if (!take_bytes(&r, AAGUID_BYTES, &aaguid) || !take_u16(&r, &n) || n == 0 ||
	    n > CREDENTIAL_MAX || !take_bytes(&r, n, credential) || !take_cbor(&r, &cose))
		FAIL(c, ERR_FORMAT, "the new key in authenticator data is cut or not canonical");
	TRY(authenticator_data_end(c, data, &r));
	return cose_open(c, cose, key);
}

static enum err attested(struct ctx *c, const struct object *o, EVP_PKEY *key,
			 struct span client_data, const char **said)
{
	struct span bytes;

	if (cbor_text_is(o->format, "none")) {
		*said = "none";
		if (cbor_count(o->statement) != 0)
			FAIL(c, ERR_FORMAT, "an attestation of kind 'none' says something");
		return ERR_OK;
	}
	if (!cbor_text_is(o->format, "packed")) {
		err_next(c, "ask the browser for attestation 'none'");
		FAIL(c, ERR_FORMAT, "the attestation is of a kind that is not read");
	}
	TRY(passkey_signed_bytes(c, o->data, client_data, &bytes));
	return packed_check(c, o->statement, key, bytes, said);
}

enum err passkey_register(struct ctx *c, struct span rp_id, struct span origin,
			  struct span challenge, const struct passkey_registration *r,
			  struct passkey_made *out)
{
	SCOPED(pkey) EVP_PKEY *key = NULL;
	struct authenticator_data data;
	struct object object;

	*out = (struct passkey_made){ .key = { .rp_id = rp_id, .origin = origin } };
	TRY(site_check(c, rp_id, origin));
	TRY(client_data_check(c, r->client_data, "webauthn.create", challenge, origin,
			      &out->native));
	TRY(object_open(c, r->attestation_object, &object));
	TRY(authenticator_data_open(c, object.data, rp_id, &data));
	TRY(take_new_key(c, &data, &out->key.credential, &key));
	TRY(attested(c, &object, key, r->client_data, &out->attestation));
	TRY(passkey_key_der(c, key, &out->key.public_key));
	out->user_verified = data.flags & FLAG_UV;
	out->backed_up = data.flags & FLAG_BS;
	out->counter = data.counter;
	return ERR_OK;
}
