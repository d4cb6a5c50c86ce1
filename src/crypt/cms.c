/*
 * Checking detached CMS signatures (RFC 5652) of the provider's seal certificate; see cms.h.
 * Trusts nothing by itself: no chain, no dates, no names. It gives back the hash of the
 * certificate, and the caller compares it with the policy. Refuses whatever the seal never makes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/cms.h"

#include "crypt/cms_parts.h"

#define P7S_MAX_BYTES ((size_t)64 << 10)
#define CERTIFICATE_MAX_BYTES ((size_t)64 << 10)
/* Position argument of CMS_signed_get0_data_by_OBJ: one such attribute, with one value. */
#define ONLY_ONE (-3)

DEFINE_SCOPED(CMS_ContentInfo, cms, CMS_ContentInfo_free)
DEFINE_SCOPED(STACK_OF(X509), x509_stack, x509_stack_free)

static enum err refuse_der(struct ctx *c)
{
	ERR_clear_error();
	FAIL(c, ERR_FORMAT, "this is not a CMS signature in DER, or bytes stand behind its end");
}

/* DER has one encoding for each value: what does not encode to itself is BER or has a tail. */
static enum err cms_open(struct ctx *c, struct span p7s, CMS_ContentInfo **out)
{
	const unsigned char *at = p7s.p;
	unsigned char *der = NULL;
	bool same;
	int n;

	if (p7s.n > P7S_MAX_BYTES)
		FAIL(c, ERR_LIMIT, "a detached signature has at most %zu bytes, this one %zu",
		     P7S_MAX_BYTES, p7s.n);
	*out = p7s.n ? d2i_CMS_ContentInfo(NULL, &at, (long)p7s.n) : NULL;
	if (!*out)
		return refuse_der(c);
	n = i2d_CMS_ContentInfo(*out, &der);
	same = n > 0 && span_eq(span_of(der, (size_t)n), p7s);
	OPENSSL_free(der);
	return same ? ERR_OK : refuse_der(c);
}

/* Takes one value with that first byte off the front of well-formed DER. */
static bool der_take(struct span *rest, unsigned char identifier, struct span *inside)
{
	const unsigned char *at = rest->p;
	int tag, class;
	long n;

	if (rest->n == 0 || rest->p[0] != identifier ||
	    (ASN1_get_object(&at, &n, &tag, &class, (long)rest->n) & 0x80))
		return false;
	/* In this order: with one span for both, the reader steps inside. */
	*rest = span_cut(*rest, (size_t)(at - rest->p) + (size_t)n, rest->n);
	*inside = span_of(at, (size_t)n);
	return true;
}

/* What nobody signs and OpenSSL does not compare: the two version numbers, which RFC 5652 sections
 * 5.1 and 5.3 tie to the way the signer is named, further digests, and lists of revoked
 * certificates. */
static bool is_frame_exact(struct span p7s)
{
	enum {
		INTEGER = 0x02,
		OID = 0x06,
		SEQUENCE = 0x30,
		SET = 0x31,
		CONTEXT_0 = 0xa0,
		CONTEXT_0_PLAIN = 0x80
	};
	struct span at, skipped, digests, signers, version, signer_version, want;

	if (!der_take(&p7s, SEQUENCE, &at) || !der_take(&at, OID, &skipped) ||
	    !der_take(&at, CONTEXT_0, &at) || !der_take(&at, SEQUENCE, &at) ||
	    !der_take(&at, INTEGER, &version) || !der_take(&at, SET, &digests) ||
	    !der_take(&at, SEQUENCE, &skipped) || !der_take(&at, CONTEXT_0, &skipped) ||
	    !der_take(&at, SET, &signers) || at.n != 0)
		return false;
	if (!der_take(&digests, SEQUENCE, &skipped) || digests.n != 0)
		return false;
	if (!der_take(&signers, SEQUENCE, &at) || !der_take(&at, INTEGER, &signer_version))
		return false;
	want = at.n && at.p[0] == CONTEXT_0_PLAIN ? SPAN("\3") : SPAN("\1");
	return span_eq(version, want) && span_eq(signer_version, want);
}

static bool is_algorithm(const X509_ALGOR *algorithm, int nid)
{
	const ASN1_OBJECT *object = NULL;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return OBJ_obj2nid(object) == nid;
}

bool cms_is_p256(const EVP_PKEY *key)
{
	char group[32];
	int explicit_numbers = 0;

	/* Written-out curve numbers may differ from P-256 in the generator (CVE-2020-0601). */
	return key && EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
					      NULL) &&
	       span_is(span_str(group), "prime256v1") &&
	       (!EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
					&explicit_numbers) ||
		!explicit_numbers);
}

/* RFC 5652 section 5.3 and 11: with signed attributes, and content type and digest among them. A
 * signature without them could be made of one with them over other bytes. Unsigned attributes
 * anybody may add, so there are none. */
static enum err check_attributes(struct ctx *c, CMS_SignerInfo *signer)
{
	const ASN1_OBJECT *type = CMS_signed_get0_data_by_OBJ(
		signer, OBJ_nid2obj(NID_pkcs9_contentType), ONLY_ONE, V_ASN1_OBJECT);

	if (!type || OBJ_obj2nid(type) != NID_pkcs7_data ||
	    !CMS_signed_get0_data_by_OBJ(signer, OBJ_nid2obj(NID_pkcs9_messageDigest), ONLY_ONE,
					 V_ASN1_OCTET_STRING))
		FAIL(c, ERR_VERIFY,
		     "the signature does not sign the kind and the digest of its content");
	if (CMS_unsigned_get_attr_count(signer) > 0)
		FAIL(c, ERR_VERIFY, "the signature carries attributes that nobody signed");
	return ERR_OK;
}

/* OpenSSL compares names without regard to case and blanks: other bytes would name the same signer.
 */
static bool names_exactly(CMS_SignerInfo *signer, const X509 *certificate)
{
	ASN1_OCTET_STRING *key = NULL;
	X509_NAME *named = NULL;
	const unsigned char *a, *b;
	size_t an, bn;

	if (CMS_SignerInfo_get0_signer_id(signer, &key, &named, NULL) != 1)
		return false;
	if (!named)
		return key != NULL;
	if (X509_NAME_get0_der(named, &a, &an) != 1 ||
	    X509_NAME_get0_der(X509_get_issuer_name(certificate), &b, &bn) != 1)
		return false;
	return span_eq(span_of(a, an), span_of(b, bn));
}

static enum err check_signer(struct ctx *c, CMS_ContentInfo *cms, X509 *certificate)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
	X509_ALGOR *digest = NULL, *signature = NULL;
	CMS_SignerInfo *signer;

	if (!signers || sk_CMS_SignerInfo_num(signers) != 1)
		FAIL(c, ERR_VERIFY, "a signature of the seal has exactly one signer");
	signer = sk_CMS_SignerInfo_value(signers, 0);
	if (CMS_SignerInfo_cert_cmp(signer, certificate) != 0 ||
	    !names_exactly(signer, certificate))
		FAIL(c, ERR_VERIFY,
		     "the certificate that comes with the signature is not its signer's");
	CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest, &signature);
	if (!is_algorithm(digest, NID_sha256) || !is_algorithm(signature, NID_ecdsa_with_SHA256) ||
	    !cms_is_p256(X509_get0_pubkey(certificate)))
		FAIL(c, ERR_VERIFY,
		     "a signature of the seal is ECDSA P-256 with SHA-256, this one is not");
	return check_attributes(c, signer);
}

static enum err check_content(struct ctx *c, CMS_ContentInfo *cms, struct span content)
{
	/* The certificate is judged by its hash alone. */
	const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY;
	SCOPED(bio) BIO *in = ossl_bio_of(content);

	if (!in)
		FAIL(c, ERR_NOMEM, "no memory to check a signature");
	if (CMS_verify(cms, NULL, NULL, in, NULL, flags) != 1) {
		ERR_clear_error();
		FAIL(c, ERR_VERIFY, "the signature does not fit the certificate and the content");
	}
	return ERR_OK;
}

static enum err hash_of_x509(struct ctx *c, X509 *certificate, struct sha256 *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(certificate, &der);
	enum err e;

	if (n <= 0)
		OSSL_FAIL(c, "a certificate");
	e = sha256_of(c, span_of(der, (size_t)n), out);
	OPENSSL_free(der);
	return e;
}

enum err cms_verify(struct ctx *c, struct span p7s, struct span content,
		    struct sha256 *certificate_out)
{
	SCOPED(cms) CMS_ContentInfo *cms = NULL;
	SCOPED(x509_stack) STACK_OF(X509) *certificates = NULL;

	*certificate_out = (struct sha256){ 0 };
	TRY(cms_open(c, p7s, &cms));
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		FAIL(c, ERR_FORMAT, "this is a CMS message, but no signature");
	if (CMS_is_detached(cms) != 1 || OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		FAIL(c, ERR_VERIFY, "the signature carries its own content: it must be detached");
	certificates = CMS_get1_certs(cms);
	if (!certificates || sk_X509_num(certificates) != 1)
		FAIL(c, ERR_VERIFY, "a signature of the seal carries exactly one certificate");
	TRY(check_signer(c, cms, sk_X509_value(certificates, 0)));
	if (!is_frame_exact(p7s))
		FAIL(c, ERR_VERIFY,
		     "the signature carries what a signature of the seal never does");
	TRY(check_content(c, cms, content));
	return hash_of_x509(c, sk_X509_value(certificates, 0), certificate_out);
}

static enum err pem_certificate(struct ctx *c, struct span pem, X509 **out)
{
	SCOPED(bio) BIO *in = ossl_bio_of(pem);
	SCOPED(x509) X509 *second = NULL;

	if (!in)
		FAIL(c, ERR_NOMEM, "no memory for a certificate");
	*out = PEM_read_bio_X509(in, NULL, cms_no_passphrase, NULL);
	if (*out)
		second = PEM_read_bio_X509(in, NULL, cms_no_passphrase, NULL);
	ERR_clear_error();
	if (!*out)
		FAIL(c, ERR_FORMAT, "this is not a certificate in PEM or DER");
	if (second) {
		err_next(c, "leave only the provider's own certificate in it, without its chain");
		FAIL(c, ERR_FORMAT, "there is more than one certificate in it");
	}
	return ERR_OK;
}

enum err cms_certificate_open(struct ctx *c, struct span certificate, X509 **out)
{
	const unsigned char *at = certificate.p;

	if (certificate.n > CERTIFICATE_MAX_BYTES)
		FAIL(c, ERR_LIMIT, "a certificate has at most %zu bytes, this one %zu",
		     CERTIFICATE_MAX_BYTES, certificate.n);
	/* 0x30: the SEQUENCE of DER; PEM is text. */
	if (certificate.n == 0 || certificate.p[0] != 0x30)
		return pem_certificate(c, certificate, out);
	*out = d2i_X509(NULL, &at, (long)certificate.n);
	ERR_clear_error();
	if (!*out || at != certificate.p + certificate.n)
		FAIL(c, ERR_FORMAT,
		     "this is not a certificate in PEM or DER, or bytes stand behind its end");
	return ERR_OK;
}

enum err certificate_hash(struct ctx *c, struct span certificate, struct sha256 *out)
{
	SCOPED(x509) X509 *x = NULL;

	TRY(cms_certificate_open(c, certificate, &x));
	return hash_of_x509(c, x, out);
}

int cms_no_passphrase(char *room, int n, int writing, void *nothing)
{
	(void)room;
	(void)n;
	(void)writing;
	(void)nothing;
	return -1;
}
