/*
 * The seal's certificate, and making detached CMS signatures with it; see cms.h. Linked into
 * writ-seal only. The time in both is the seam's, not OpenSSL's clock.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/cms.h"

#include "crypt/cms_parts.h"

#define YEARS_10_S ((int64_t)3652 * 86400)
#define SERIAL_BYTES 16u /* RFC 5280 section 4.1.2.2 allows 20 */
#define NAME_MAX_CHARACTERS 64u /* RFC 5280 appendix A: ub-common-name */
#define KEY_PEM_MAX_BYTES 8192u

DEFINE_SCOPED(CMS_ContentInfo, cms, CMS_ContentInfo_free)
DEFINE_SCOPED(X509_REQ, x509_req, X509_REQ_free)
DEFINE_SCOPED(X509_EXTENSION, extension, X509_EXTENSION_free)
DEFINE_SCOPED(ASN1_TIME, asn1_time, ASN1_TIME_free)

static inline void extensions_free(STACK_OF(X509_EXTENSION) *s)
{
	sk_X509_EXTENSION_pop_free(s, X509_EXTENSION_free);
}
DEFINE_SCOPED(STACK_OF(X509_EXTENSION), extensions, extensions_free)

static enum err check_name(struct ctx *c, struct span name)
{
	size_t characters = 0;

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < ' ' || name.p[i] == 0x7f)
			FAIL(c, ERR_FORMAT,
			     "the provider's name in the certificate holds a control character");
		characters += (name.p[i] & 0xc0) != 0x80;
	}
	if (!span_is_utf8(name) || characters == 0 || characters > NAME_MAX_CHARACTERS)
		FAIL(c, ERR_FORMAT,
		     "the provider's name in the certificate has 1 to %u characters in UTF-8, this "
		     "one %zu",
		     NAME_MAX_CHARACTERS, characters);
	return ERR_OK;
}

static enum err set_name(struct ctx *c, X509_NAME *name, struct span common_name)
{
	if (!name || !X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, common_name.p,
						 (int)common_name.n, -1, 0))
		OSSL_FAIL(c, "the name in a certificate");
	return ERR_OK;
}

/* Positive, of fixed length, and nobody can guess it (CA/Browser Forum 7.1 asks for 64 bits). */
static enum err set_serial(struct ctx *c, X509 *x)
{
	SCOPED(bignum) BIGNUM *n = NULL;
	unsigned char p[SERIAL_BYTES];

	if (c->seam->random(p, sizeof p) != 0)
		FAIL(c, ERR_CRYPTO, "no randomness for a serial number");
	p[0] = (unsigned char)((p[0] & 0x3f) | 0x40);
	n = BN_bin2bn(p, sizeof p, NULL);
	if (!n || !BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)))
		OSSL_FAIL(c, "the serial number of a certificate");
	return ERR_OK;
}

static enum err set_dates(struct ctx *c, X509 *x)
{
	int64_t now_s = c->seam->now_ms() / 1000;

	if (!ASN1_TIME_set(X509_getm_notBefore(x), (time_t)now_s) ||
	    !ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(now_s + YEARS_10_S)))
		OSSL_FAIL(c, "the dates of a certificate");
	return ERR_OK;
}

static enum err add_extension(struct ctx *c, X509 *x, int nid, const char *value)
{
	SCOPED(extension) X509_EXTENSION *extension = NULL;
	X509V3_CTX about;

	X509V3_set_ctx(&about, x, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &about, nid, value);
	if (!extension || !X509_add_ext(x, extension, -1))
		OSSL_FAIL(c, "an extension of a certificate");
	return ERR_OK;
}

static enum err pem_of(struct ctx *c, BIO *out, int written, struct span *pem_out)
{
	if (written != 1)
		OSSL_FAIL(c, "writing PEM");
	return ossl_bio_span(c, out, pem_out);
}

static enum err certificate_make(struct ctx *c, EVP_PKEY *key, const EVP_MD *md,
				 struct span common_name, struct span *pem_out)
{
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
	SCOPED(x509) X509 *x = X509_new();

	if (!out || !x || !X509_set_version(x, X509_VERSION_3) || !X509_set_pubkey(x, key))
		OSSL_FAIL(c, "a certificate");
	TRY(set_serial(c, x));
	TRY(set_dates(c, x));
	TRY(set_name(c, X509_get_subject_name(x), common_name));
	TRY(set_name(c, X509_get_issuer_name(x), common_name));
	TRY(add_extension(c, x, NID_basic_constraints, "critical,CA:FALSE"));
	TRY(add_extension(c, x, NID_key_usage, "critical,digitalSignature,nonRepudiation"));
	TRY(add_extension(c, x, NID_subject_key_identifier, "hash"));
	TRY(add_extension(c, x, NID_authority_key_identifier, "keyid:always"));
	if (!X509_sign(x, key, md))
		OSSL_FAIL(c, "signing a certificate");
	return pem_of(c, out, PEM_write_bio_X509(out, x), pem_out);
}

/* PKCS#10 (RFC 2986) with the usage that the certificate shall have. */
static enum err request_make(struct ctx *c, EVP_PKEY *key, const EVP_MD *md,
			     struct span common_name, struct span *pem_out)
{
	SCOPED(extensions) STACK_OF(X509_EXTENSION) *wishes = sk_X509_EXTENSION_new_null();
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
	SCOPED(x509_req) X509_REQ *request = X509_REQ_new();
	X509_EXTENSION *usage;

	if (!wishes || !out || !request || !X509_REQ_set_version(request, X509_REQ_VERSION_1) ||
	    !X509_REQ_set_pubkey(request, key))
		OSSL_FAIL(c, "a certificate request");
	TRY(set_name(c, X509_REQ_get_subject_name(request), common_name));
	usage = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
				    "critical,digitalSignature,nonRepudiation");
	if (!usage || !sk_X509_EXTENSION_push(wishes, usage)) {
		X509_EXTENSION_free(usage);
		OSSL_FAIL(c, "a certificate request");
	}
	if (!X509_REQ_add_extensions(request, wishes) || !X509_REQ_sign(request, key, md))
		OSSL_FAIL(c, "signing a certificate request");
	return pem_of(c, out, PEM_write_bio_X509_REQ(out, request), pem_out);
}

enum err seal_certificate_make(struct ctx *c, struct span common_name, struct span *key_pem_out,
			       struct span *cert_pem_out, struct span *request_pem_out)
{
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
	SCOPED(pkey) EVP_PKEY *key = NULL;
	const EVP_MD *md;

	TRY(check_name(c, common_name));
	TRY(ossl_sha256(c, &md));
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (!out || !key)
		OSSL_FAIL(c, "making a P-256 key");
	TRY(certificate_make(c, key, md, common_name, cert_pem_out));
	TRY(request_make(c, key, md, common_name, request_pem_out));
	return pem_of(c, out, PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL),
		      key_pem_out);
}

static enum err key_open(struct ctx *c, struct span key_pem, EVP_PKEY **out)
{
	SCOPED(bio) BIO *in = NULL;

	if (key_pem.n > KEY_PEM_MAX_BYTES)
		FAIL(c, ERR_LIMIT, "a P-256 key in PEM has at most %u bytes", KEY_PEM_MAX_BYTES);
	in = ossl_bio_of(key_pem);
	*out = in ? PEM_read_bio_PrivateKey(in, NULL, cms_no_passphrase, NULL) : NULL;
	ERR_clear_error();
	if (!*out)
		FAIL(c, ERR_FORMAT, "this is not a private key in PEM without passphrase");
	if (!cms_is_p256(*out))
		FAIL(c, ERR_FORMAT, "the seal signs with a P-256 key, this is another kind");
	return ERR_OK;
}

/* signingTime (RFC 5652 section 11.3): OpenSSL adds its own clock's unless there is one. */
static enum err add_signing_time(struct ctx *c, CMS_SignerInfo *signer)
{
	SCOPED(asn1_time) ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)(c->seam->now_ms() / 1000));

	if (!now || !CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime,
						 ASN1_STRING_type(now), now, -1))
		OSSL_FAIL(c, "the time of a signature");
	return ERR_OK;
}

static enum err cms_make(struct ctx *c, EVP_PKEY *key, X509 *certificate, struct span content,
			 CMS_ContentInfo **out)
{
	const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_NOSMIMECAP;
	SCOPED(bio) BIO *in = ossl_bio_of(content);
	CMS_SignerInfo *signer;
	const EVP_MD *md;

	TRY(ossl_sha256(c, &md));
	*out = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL);
	signer = *out ? CMS_add1_signer(*out, certificate, key, md, flags) : NULL;
	if (!in || !signer)
		OSSL_FAIL(c, "beginning a CMS signature");
	TRY(add_signing_time(c, signer));
	if (!CMS_final(*out, in, NULL, flags))
		OSSL_FAIL(c, "making a CMS signature");
	return ERR_OK;
}

enum err cms_sign(struct ctx *c, struct span key_pem, struct span cert_pem, struct span content,
		  struct span *p7s_out)
{
	SCOPED(cms) CMS_ContentInfo *cms = NULL;
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
	SCOPED(pkey) EVP_PKEY *key = NULL;
	SCOPED(x509) X509 *certificate = NULL;

	TRY(key_open(c, key_pem, &key));
	TRY(cms_certificate_open(c, cert_pem, &certificate));
	if (X509_check_private_key(certificate, key) != 1) {
		ERR_clear_error();
		FAIL(c, ERR_FORMAT, "the certificate does not belong to the seal's key");
	}
	TRY(cms_make(c, key, certificate, content, &cms));
	if (!out || i2d_CMS_bio(out, cms) != 1)
		OSSL_FAIL(c, "writing a CMS signature");
	return ossl_bio_span(c, out, p7s_out);
}
