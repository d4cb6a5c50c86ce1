/*
 * Timestamps of RFC 3161; see timestamp.h. Trusts nothing by itself: no chain, no names. It gives
 * back the hash of the TSA's certificate, and the caller compares it with the policy.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/timestamp.h"

#include <string.h>

#include "base/buf.h"
#include "base/civil.h"
#include "crypt/cms_parts.h"

#define GRANTED 0
#define VERSION_TOKEN 3 /* RFC 5652 section 5.1: the content is not id-data */
#define VERSION_SIGNER 1 /* section 5.3: the signer is named by issuer and serial number */
#define SECURITY_BITS_112 2 /* OpenSSL's level: RSA from 2048 bits, no SHA-1 */

DEFINE_SCOPED(TS_REQ, ts_req, TS_REQ_free)
DEFINE_SCOPED(TS_RESP, ts_resp, TS_RESP_free)
DEFINE_SCOPED(TS_MSG_IMPRINT, ts_imprint, TS_MSG_IMPRINT_free)
DEFINE_SCOPED(TS_STATUS_INFO, ts_status, TS_STATUS_INFO_free)
DEFINE_SCOPED(X509_ALGOR, algorithm, X509_ALGOR_free)
DEFINE_SCOPED(ASN1_INTEGER, asn1_integer, ASN1_INTEGER_free)
DEFINE_SCOPED(X509_STORE, x509_store, X509_STORE_free)

static inline void signers_close(STACK_OF(X509) **s)
{
	sk_X509_free(*s); /* PKCS7_get0_signers: the stack is ours, the certificates are not */
	*s = NULL;
}

static enum err nonce_number(struct ctx *c, const unsigned char nonce[TIMESTAMP_NONCE_BYTES],
			     ASN1_INTEGER **out)
{
	SCOPED(bignum) BIGNUM *n = BN_bin2bn(nonce, TIMESTAMP_NONCE_BYTES, NULL);

	*out = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
	if (!*out)
		OSSL_FAIL(c, "the nonce of a timestamp");
	return ERR_OK;
}

static enum err imprint_make(struct ctx *c, const struct sha256 *hash, TS_MSG_IMPRINT **out)
{
	SCOPED(algorithm) X509_ALGOR *sha256 = X509_ALGOR_new();
	unsigned char bytes[SHA256_BYTES];

	memcpy(bytes, hash->b, sizeof bytes);
	*out = TS_MSG_IMPRINT_new();
	/* RFC 5754 section 2 leaves the parameters away, but more than one TSA demands the NULL. */
	if (!*out || !sha256 ||
	    !X509_ALGOR_set0(sha256, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) ||
	    !TS_MSG_IMPRINT_set_algo(*out, sha256) ||
	    !TS_MSG_IMPRINT_set_msg(*out, bytes, sizeof bytes))
		OSSL_FAIL(c, "the imprint of a timestamp");
	return ERR_OK;
}

enum err timestamp_query(struct ctx *c, const struct sha256 *imprint,
			 const unsigned char nonce[TIMESTAMP_NONCE_BYTES], struct span *der_out)
{
	SCOPED(ts_req) TS_REQ *query = TS_REQ_new();
	SCOPED(ts_imprint) TS_MSG_IMPRINT *stamped = NULL;
	SCOPED(asn1_integer) ASN1_INTEGER *number = NULL;
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());

	TRY(imprint_make(c, imprint, &stamped));
	TRY(nonce_number(c, nonce, &number));
	/* certReq: the verifier has no other way to the certificate. */
	if (!query || !out || !TS_REQ_set_version(query, 1) ||
	    !TS_REQ_set_msg_imprint(query, stamped) || !TS_REQ_set_nonce(query, number) ||
	    !TS_REQ_set_cert_req(query, 1) || i2d_TS_REQ_bio(out, query) != 1)
		OSSL_FAIL(c, "the query for a timestamp");
	return ossl_bio_span(c, out, der_out);
}

static enum err answer_open(struct ctx *c, struct span der, TS_RESP **out)
{
	const unsigned char *at = der.p;

	if (der.n > TIMESTAMP_BYTES_MAX)
		FAIL(c, ERR_LIMIT, "a timestamp has at most %zu bytes, this one %zu",
		     TIMESTAMP_BYTES_MAX, der.n);
	*out = der.n ? d2i_TS_RESP(NULL, &at, (long)der.n) : NULL;
	ERR_clear_error();
	if (!*out || at != der.p + der.n)
		FAIL(c, ERR_FORMAT,
		     "this is not the answer of a timestamp authority, or bytes stand behind its "
		     "end");
	return ERR_OK;
}

/* Why it said no, in its own words; what a terminal might obey becomes '?'. */
static enum err rejected(struct ctx *c, TS_STATUS_INFO *status, long number)
{
	const STACK_OF(ASN1_UTF8STRING) *texts = TS_STATUS_INFO_get0_text(status);
	const ASN1_UTF8STRING *text =
		texts && sk_ASN1_UTF8STRING_num(texts) > 0 ? sk_ASN1_UTF8STRING_value(texts, 0)
							   : NULL;
	struct span s = text ? span_of(ASN1_STRING_get0_data(text),
				       (size_t)ASN1_STRING_length(text))
			     : SPAN("no reason given");
	char words[128];
	size_t n = 0;

	for (; n < s.n && n + 1 < sizeof words; n++)
		words[n] = s.p[n] < ' ' || s.p[n] >= 0x7f ? '?' : (char)s.p[n];
	words[n] = '\0';
	err_next(c, "ask whoever runs the timestamp authority");
	FAIL(c, ERR_FAILED, "the timestamp authority refuses (status %ld: %s)", number, words);
}

static enum err check_granted(struct ctx *c, TS_RESP *answer)
{
	TS_STATUS_INFO *status = TS_RESP_get_status_info(answer);
	const ASN1_INTEGER *is = status ? TS_STATUS_INFO_get0_status(status) : NULL;
	long number = is ? ASN1_INTEGER_get(is) : -1;

	/* grantedWithMods (1) stamps something else than was asked for: that is no yes here. */
	if (number != GRANTED)
		return rejected(c, status, number);
	if (!TS_RESP_get_token(answer) || !TS_RESP_get_tst_info(answer) ||
	    !PKCS7_type_is_signed(TS_RESP_get_token(answer)))
		FAIL(c, ERR_FORMAT, "the timestamp authority grants, but sends no timestamp");
	return ERR_OK;
}

/* Borrowed parts of a token with exactly one signer, whose certificate it carries. */
struct token {
	PKCS7_SIGNED *of;
	PKCS7_SIGNER_INFO *signer;
	X509 *certificate;
	int digest;                     /* NID */
};

static enum err token_parts(struct ctx *c, TS_RESP *answer, struct token *out)
{
	PKCS7 *p7 = TS_RESP_get_token(answer);
	STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(p7);
	__attribute__((cleanup(signers_close))) STACK_OF(X509) *signers = NULL;

	if (!infos || sk_PKCS7_SIGNER_INFO_num(infos) != 1)
		FAIL(c, ERR_VERIFY, "a timestamp has exactly one signer");
	signers = PKCS7_get0_signers(p7, NULL, 0);
	ERR_clear_error();
	if (!signers || sk_X509_num(signers) != 1)
		FAIL(c, ERR_VERIFY, "the timestamp does not carry the certificate of its signer");
	*out = (struct token){ .of = p7->d.sign,
			       .signer = sk_PKCS7_SIGNER_INFO_value(infos, 0),
			       .certificate = sk_X509_value(signers, 0) };
	out->digest = OBJ_obj2nid(out->signer->digest_alg->algorithm);
	if (out->digest != NID_sha256 && out->digest != NID_sha384 && out->digest != NID_sha512)
		FAIL(c, ERR_VERIFY, "a timestamp is signed over SHA-256, SHA-384 or SHA-512");
	return ERR_OK;
}

/* ---- the one form ---- */

/* RFC 5754 sections 2 and 3: no parameters but the NULL of rsaEncryption. */
static bool algorithms_set(struct token *t)
{
	SCOPED(algorithm) X509_ALGOR *digest = X509_ALGOR_new();
	EVP_PKEY *key = X509_get0_pubkey(t->certificate);
	int ecdsa = t->digest == NID_sha256   ? NID_ecdsa_with_SHA256
		    : t->digest == NID_sha384 ? NID_ecdsa_with_SHA384
					      : NID_ecdsa_with_SHA512;
	bool rsa = key && EVP_PKEY_is_a(key, "RSA");

	if (!key || (!rsa && !EVP_PKEY_is_a(key, "EC")))
		return false;
	if (!digest || !X509_ALGOR_set0(digest, OBJ_nid2obj(t->digest), V_ASN1_UNDEF, NULL) ||
	    !X509_ALGOR_set0(t->signer->digest_alg, OBJ_nid2obj(t->digest), V_ASN1_UNDEF, NULL) ||
	    !X509_ALGOR_set0(t->signer->digest_enc_alg,
			     OBJ_nid2obj(rsa ? NID_rsaEncryption : ecdsa),
			     rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL))
		return false;
	while (sk_X509_ALGOR_num(t->of->md_algs) > 0)
		X509_ALGOR_free(sk_X509_ALGOR_pop(t->of->md_algs));
	if (!sk_X509_ALGOR_push(t->of->md_algs, digest))
		return false;
	digest = NULL;
	return true;
}

/* The signer's certificate alone: it is held by the ESSCertID that is signed (RFC 5816). */
static bool certificates_set(struct token *t)
{
	if (!X509_up_ref(t->certificate))
		return false;
	sk_X509_pop_free(t->of->cert, X509_free);
	t->of->cert = sk_X509_new_null();
	if (!t->of->cert || !sk_X509_push(t->of->cert, t->certificate)) {
		X509_free(t->certificate);
		return false;
	}
	sk_X509_CRL_pop_free(t->of->crl, X509_CRL_free);
	t->of->crl = NULL;
	return true;
}

/* OpenSSL compares names without regard to case and blanks; here they are the certificate's. */
static bool signer_set(struct token *t)
{
	PKCS7_ISSUER_AND_SERIAL *named = t->signer->issuer_and_serial;
	ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(t->certificate));

	if (!serial || !X509_NAME_set(&named->issuer, X509_get_issuer_name(t->certificate))) {
		ASN1_INTEGER_free(serial);
		return false;
	}
	ASN1_INTEGER_free(named->serial);
	named->serial = serial;
	sk_X509_ATTRIBUTE_pop_free(t->signer->unauth_attr, X509_ATTRIBUTE_free);
	t->signer->unauth_attr = NULL;
	return true;
}

static enum err one_form(struct ctx *c, TS_RESP *answer, struct span *tsr_out)
{
	SCOPED(ts_status) TS_STATUS_INFO *granted = TS_STATUS_INFO_new();
	SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
	struct token t = { 0 };

	TRY(token_parts(c, answer, &t));
	if (!granted || !out || !TS_STATUS_INFO_set_status(granted, GRANTED) ||
	    !TS_RESP_set_status_info(answer, granted) || !certificates_set(&t) ||
	    !signer_set(&t) || !ASN1_INTEGER_set(t.of->version, VERSION_TOKEN) ||
	    !ASN1_INTEGER_set(t.signer->version, VERSION_SIGNER))
		OSSL_FAIL(c, "the frame of a timestamp");
	if (!algorithms_set(&t)) {
		ERR_clear_error();
		FAIL(c, ERR_VERIFY, "a timestamp is signed with RSA or ECDSA");
	}
	if (i2d_TS_RESP_bio(out, answer) != 1)
		OSSL_FAIL(c, "writing a timestamp");
	return ossl_bio_span(c, out, tsr_out);
}

enum err timestamp_take(struct ctx *c, struct span answer,
			const unsigned char nonce[TIMESTAMP_NONCE_BYTES], struct span *tsr_out)
{
	SCOPED(ts_resp) TS_RESP *got = NULL;
	SCOPED(asn1_integer) ASN1_INTEGER *asked = NULL;
	const ASN1_INTEGER *told;

	TRY(answer_open(c, answer, &got));
	TRY(check_granted(c, got));
	TRY(nonce_number(c, nonce, &asked));
	told = TS_TST_INFO_get_nonce(TS_RESP_get_tst_info(got));
	if (!told || ASN1_INTEGER_cmp(told, asked) != 0)
		FAIL(c, ERR_VERIFY, "the timestamp answers another query");
	return one_form(c, got, tsr_out);
}

/* ---- checking ---- */

static enum err check_imprint(struct ctx *c, const TS_TST_INFO *info, const struct sha256 *want)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(
		(TS_TST_INFO *)(uintptr_t)info); /* OpenSSL forgot the const */
	ASN1_OCTET_STRING *msg = imprint ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
	X509_ALGOR *algorithm = imprint ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;
	const ASN1_OBJECT *object = NULL;

	if (algorithm)
		X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (!msg || !object || OBJ_obj2nid(object) != NID_sha256 ||
	    !span_eq(span_of(ASN1_STRING_get0_data(msg), (size_t)ASN1_STRING_length(msg)),
		     sha256_span(want)))
		FAIL(c, ERR_VERIFY, "the timestamp stamps something else");
	return ERR_OK;
}

static enum err check_time(struct ctx *c, const TS_TST_INFO *info, const X509 *certificate,
			   int64_t *utc_out)
{
	const ASN1_GENERALIZEDTIME *when = TS_TST_INFO_get_time(info);
	struct tm tm;

	if (!when || ASN1_TIME_to_tm(when, &tm) != 1) {
		ERR_clear_error();
		FAIL(c, ERR_FORMAT, "the timestamp has no time");
	}
	*utc_out = civil_to_days((int64_t)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * DAY_S +
		   tm.tm_hour * INT64_C(3600) + tm.tm_min * INT64_C(60) + tm.tm_sec;
	if (ASN1_TIME_compare(X509_get0_notBefore(certificate), when) == 1 ||
	    ASN1_TIME_compare(when, X509_get0_notAfter(certificate)) != -1)
		FAIL(c, ERR_VERIFY,
		     "the timestamp authority's certificate was not valid at that time");
	return ERR_OK;
}

/* RFC 3161 section 2.3: extendedKeyUsage is critical and timeStamping alone; that, the signature,
 * its digest, and that it signs the hash of its certificate, OpenSSL checks. Trusted is the
 * certificate itself, and whether it was valid is a question of that time, not of today. */
static enum err check_signature(struct ctx *c, PKCS7 *p7, const struct token *t)
{
	SCOPED(x509_store) X509_STORE *store = X509_STORE_new();
	const ASN1_TYPE *type;
	X509_VERIFY_PARAM *how;

	if (!store || !X509_STORE_add_cert(store, t->certificate))
		OSSL_FAIL(c, "checking a timestamp");
	how = X509_STORE_get0_param(store);
	X509_VERIFY_PARAM_set_flags(how, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
	X509_VERIFY_PARAM_set_auth_level(how, SECURITY_BITS_112);
	type = PKCS7_get_signed_attribute(t->signer, NID_pkcs9_contentType);
	if (!type || type->type != V_ASN1_OBJECT ||
	    OBJ_obj2nid(type->value.object) != NID_id_smime_ct_TSTInfo)
		FAIL(c, ERR_VERIFY, "the timestamp does not sign that it is one");
	if (TS_RESP_verify_signature(p7, NULL, store, NULL) != 1) {
		const char *reason = ERR_reason_error_string(ERR_peek_last_error());

		ERR_clear_error();
		FAIL(c, ERR_VERIFY,
		     "the timestamp does not fit its certificate, or that is not one for "
		     "timestamps alone (%s)",
		     reason ? reason : "no reason given");
	}
	return ERR_OK;
}

static enum err certificate_sha256(struct ctx *c, X509 *certificate, struct sha256 *out)
{
	SCOPED(bio) BIO *der = BIO_new(BIO_s_mem());
	struct span s;

	if (!der || i2d_X509_bio(der, certificate) != 1)
		OSSL_FAIL(c, "a certificate");
	TRY(ossl_bio_span(c, der, &s));
	return sha256_of(c, s, out);
}

enum err timestamp_verify(struct ctx *c, struct span tsr, const struct sha256 *imprint,
			  struct timestamp *out)
{
	SCOPED(ts_resp) TS_RESP *got = NULL, *again = NULL;
	struct token t = { 0 };
	struct span form;

	*out = (struct timestamp){ 0 };
	TRY(answer_open(c, tsr, &got));
	TRY(check_granted(c, got));
	TRY(token_parts(c, got, &t));
	TRY(check_imprint(c, TS_RESP_get_tst_info(got), imprint));
	TRY(check_signature(c, TS_RESP_get_token(got), &t));
	TRY(check_time(c, TS_RESP_get_tst_info(got), t.certificate, &out->made_utc));
	TRY(certificate_sha256(c, t.certificate, &out->certificate));
	TRY(answer_open(c, tsr, &again));
	TRY(one_form(c, again, &form));
	if (!span_eq(form, tsr))
		FAIL(c, ERR_VERIFY, "the timestamp is not written in its one form");
	return ERR_OK;
}
