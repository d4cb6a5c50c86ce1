/*
 * Checking SSHSIG signatures (OpenSSH PROTOCOL.sshsig), hardware keys included (PROTOCOL.u2f).
 * Refuses every encoding but ssh-keygen's own: one signature has one file. Who may sign is not
 * decided here: the caller compares the key that is given back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/sshsig.h"

#include "base/buf.h"
#include "crypt/hash.h"
#include "crypt/sign.h"
#include "crypt/sshkey.h"

#define ARMOUR_MAX_BYTES 16384u /* RSA with 16384 bits needs 6 KiB */
#define ARMOUR_LINE 70u
#define ARMOUR_BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOUR_LAST "-----END SSH SIGNATURE-----"
#define ARMOUR_END ARMOUR_LAST "\n"
#define NAMESPACE_MAX 64u
#define MAGIC "SSHSIG"
#define FLAG_USER_PRESENT 0x01u /* PROTOCOL.u2f; FIDO U2F raw messages section 5.4 */
#define FLAG_USER_VERIFIED 0x04u

DEFINE_SCOPED(ECDSA_SIG, ecdsa_sig, ECDSA_SIG_free)

struct parts {
	struct span key, name_space, hash_name, signature;
};

/* What PROTOCOL.u2f appends to a hardware key's signature. */
struct touch {
	uint8_t flags;
	uint32_t counter;
};

enum err sshsig_armour(struct ctx *c, struct span blob, struct span *out)
{
	struct span base64;
	struct buf b;

	TRY(b64_encode(c, blob, &base64));
	buf_begin(&b, c, 2 * ARMOUR_MAX_BYTES);
	buf_str(&b, ARMOUR_BEGIN);
	for (size_t at = 0; at < base64.n; at += ARMOUR_LINE) {
		buf_add(&b, span_cut(base64, at, ARMOUR_LINE));
		buf_byte(&b, '\n');
	}
	buf_str(&b, ARMOUR_END);
	return buf_done(c, &b, out);
}

static enum err refuse_armour(struct ctx *c)
{
	err_next(c, "hand in the .sig file just as 'ssh-keygen -Y sign' wrote it");
	FAIL(c, ERR_FORMAT, "this is not an SSH signature as ssh-keygen writes it");
}

/* Reads the text between the two lines and demands that it is the armour of what it says. */
static enum err dearmour(struct ctx *c, struct span armoured, struct span *blob_out)
{
	size_t frame = sizeof ARMOUR_BEGIN - 1 + sizeof ARMOUR_END - 1;
	struct reader r;
	struct span line, base64, again;
	struct buf b;

	if (armoured.n <= frame || armoured.n > ARMOUR_MAX_BYTES ||
	    !span_starts(armoured, ARMOUR_BEGIN) || !span_ends(armoured, ARMOUR_END))
		return refuse_armour(c);
	r = (struct reader){ .s = span_cut(armoured, sizeof ARMOUR_BEGIN - 1, armoured.n - frame) };
	buf_begin(&b, c, ARMOUR_MAX_BYTES);
	while (take_line(&r, &line))
		buf_add(&b, line);
	TRY(buf_done(c, &b, &base64));
	TRY(b64_decode(c, base64, blob_out));
	TRY(sshsig_armour(c, *blob_out, &again));
	if (!span_eq(again, armoured))
		return refuse_armour(c);
	return ERR_OK;
}

static enum err split_blob(struct ctx *c, struct span blob, struct parts *out)
{
	struct reader r = { .s = blob };
	struct span magic, reserved;
	uint32_t version;

	if (!take_bytes(&r, sizeof MAGIC - 1, &magic) || !span_is(magic, MAGIC) ||
	    !take_u32(&r, &version))
		FAIL(c, ERR_FORMAT, "this is not an SSH signature");
	if (version != 1)
		FAIL(c, ERR_FORMAT, "this SSH signature has version %u, only 1 is known",
		     (unsigned)version);
	if (!take_string(&r, &out->key) || !take_string(&r, &out->name_space) ||
	    !take_string(&r, &reserved) || !take_string(&r, &out->hash_name) ||
	    !take_string(&r, &out->signature))
		FAIL(c, ERR_FORMAT, "this SSH signature is cut");
	if (!reader_done(&r))
		FAIL(c, ERR_FORMAT, "bytes stand behind the end of this SSH signature");
	if (reserved.n != 0 || out->name_space.n == 0)
		FAIL(c, ERR_FORMAT,
		     "this SSH signature has a reserved field that is not empty, or no namespace");
	return ERR_OK;
}

static enum err check_name_space(struct ctx *c, struct span got, const char *want)
{
	bool plain = got.n <= 64;

	if (span_is(got, want))
		return ERR_OK;
	/* It is the sender's text: it is shown only if it is a plain word. */
	for (size_t i = 0; plain && i < got.n; i++)
		plain = got.p[i] > ' ' && got.p[i] < 0x7f;
	err_next(c, "sign it again with 'ssh-keygen -Y sign -n %s'", want);
	if (plain)
		FAIL(c, ERR_VERIFY, "it was signed for the namespace %.*s, this must be %s",
		     SPAN_ARG(got), want);
	FAIL(c, ERR_VERIFY, "it was signed for another namespace, this must be %s", want);
}

enum err sshsig_signed_bytes(struct ctx *c, struct span name_space, struct span hash_name,
			     struct span message, struct span *out)
{
	unsigned char h[64];
	struct sha256 short_h;
	struct span hash;
	struct buf b;

	if (span_is(hash_name, "sha512")) {
		TRY(sha512_of(c, message, h));
		hash = span_of(h, sizeof h);
	} else if (span_is(hash_name, "sha256")) {
		TRY(sha256_of(c, message, &short_h));
		hash = sha256_span(&short_h);
	} else {
		FAIL(c, ERR_FORMAT, "this SSH signature uses neither SHA-512 nor SHA-256");
	}
	buf_begin(&b, c, ARMOUR_MAX_BYTES);
	buf_str(&b, MAGIC);
	buf_string(&b, name_space);
	buf_string(&b, SPAN_NONE);
	buf_string(&b, hash_name);
	buf_string(&b, hash);
	return buf_done(c, &b, out);
}

/* RFC 5656 section 3.1.2: two mpints; OpenSSL wants them as DER. */
static enum err ecdsa_der(struct ctx *c, struct span raw, struct span *out)
{
	SCOPED(ecdsa_sig) ECDSA_SIG *sig = ECDSA_SIG_new();
	struct reader reader = { .s = raw };
	struct span r_bytes, s_bytes;
	unsigned char *p, *end;
	BIGNUM *r, *s;
	int n;

	if (!take_mpint(&reader, &r_bytes) || !take_mpint(&reader, &s_bytes) ||
	    !reader_done(&reader) || r_bytes.n > 66 || s_bytes.n > 66)
		FAIL(c, ERR_FORMAT,
		     "this ECDSA signature is not two numbers in their shortest form");
	r = BN_bin2bn(r_bytes.p, (int)r_bytes.n, NULL);
	s = BN_bin2bn(s_bytes.p, (int)s_bytes.n, NULL);
	if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
		BN_free(r);
		BN_free(s);
		FAIL(c, ERR_NOMEM, "no memory for an ECDSA signature");
	}
	n = i2d_ECDSA_SIG(sig, NULL);
	if (n <= 0)
		OSSL_FAIL(c, "an ECDSA signature");
	TRY(NEW_ARRAY(c, p, (size_t)n));
	end = p;
	i2d_ECDSA_SIG(sig, &end);
	*out = span_of(p, (size_t)n);
	return ERR_OK;
}

/* The bytes that a hardware key signs in place of data (PROTOCOL.u2f, "SSH U2F Signatures"). */
static enum err hardware_bytes(struct ctx *c, struct span application, struct touch touch,
			       struct span data, struct span *out)
{
	struct sha256 application_h, data_h;
	struct buf b;

	TRY(sha256_of(c, application, &application_h));
	TRY(sha256_of(c, data, &data_h));
	buf_begin(&b, c, 128);
	buf_add(&b, sha256_span(&application_h));
	buf_byte(&b, touch.flags);
	buf_u32(&b, touch.counter);
	buf_add(&b, sha256_span(&data_h));
	return buf_done(c, &b, out);
}

static enum err check_rsa(struct ctx *c, const struct ssh_public *key, struct span name,
			  struct span raw, struct span data)
{
	const char *hash = span_is(name, "rsa-sha2-512") ? "SHA2-512" : "SHA2-256";

	/* "ssh-rsa" as the name of a signature means SHA-1 (RFC 8332). */
	if (!span_is(name, "rsa-sha2-512") && !span_is(name, "rsa-sha2-256"))
		FAIL(c, ERR_VERIFY, "an RSA signature counts only with SHA-256 or SHA-512");
	if (raw.n != key->modulus_bytes)
		FAIL(c, ERR_VERIFY, "this RSA signature is not as long as its key");
	return ossl_verify(c, key->pkey, hash, data, raw);
}

static enum err check_touch(struct ctx *c, struct touch touch)
{
	if (touch.flags & FLAG_USER_PRESENT)
		return ERR_OK;
	err_next(c, "sign again and touch the hardware key; a key made with 'no-touch-required' "
		    "cannot be used");
	FAIL(c, ERR_VERIFY, "the hardware key signed without anybody touching it");
}

static enum err check_signature(struct ctx *c, const struct ssh_public *key, struct span signature,
				struct span data, bool *user_verified_out)
{
	struct reader r = { .s = signature };
	struct touch touch = { 0 };
	struct span name, raw;
	bool whole = take_string(&r, &name) && take_string(&r, &raw);

	if (whole && key->kind->hardware)
		whole = take_u8(&r, &touch.flags) && take_u32(&r, &touch.counter);
	if (!whole || !reader_done(&r))
		FAIL(c, ERR_FORMAT, "the signature inside is cut, or bytes stand behind its end");
	if (key->kind->family == SSH_RSA)
		return check_rsa(c, key, name, raw, data);
	if (!span_is(name, key->kind->type))
		FAIL(c, ERR_VERIFY, "the signature is of another kind than its key, %s",
		     key->kind->type);
	if (key->kind->hardware) {
		TRY(check_touch(c, touch));
		TRY(hardware_bytes(c, key->application, touch, data, &data));
	}
	if (key->kind->family == SSH_ECDSA)
		TRY(ecdsa_der(c, raw, &raw));
	else if (raw.n != ED25519_SIG_BYTES)
		FAIL(c, ERR_FORMAT, "an Ed25519 signature has %u bytes, this one has %zu",
		     ED25519_SIG_BYTES, raw.n);
	TRY(ossl_verify(c, key->pkey, key->kind->hash, data, raw));
	*user_verified_out = key->kind->hardware && (touch.flags & FLAG_USER_VERIFIED);
	return ERR_OK;
}

enum err sshsig_verify(struct ctx *c, struct span armoured, const char *name_space,
		       struct span message, struct sshsig *out)
{
	SSH_PUBLIC_SCOPED struct ssh_public key = { 0 };
	bool user_verified = false;
	struct span blob, data;
	struct parts parts;

	*out = (struct sshsig){ 0 };
	TRY(dearmour(c, armoured, &blob));
	TRY(split_blob(c, blob, &parts));
	TRY(check_name_space(c, parts.name_space, name_space));
	TRY(ssh_public_open(c, parts.key, &key));
	TRY(sshsig_signed_bytes(c, parts.name_space, parts.hash_name, message, &data));
	TRY(check_signature(c, &key, parts.signature, data, &user_verified));
	out->key = (struct ssh_key){ .type = span_str(key.kind->type), .blob = parts.key };
	out->user_verified = user_verified;
	return ERR_OK;
}

/* PROTOCOL.sshsig: "SSHSIG", version, key, namespace, ... */
enum err sshsig_claims(struct ctx *c, struct span armoured, struct ssh_key *key_out,
		       struct span *namespace_out)
{
	struct span body, blob, key, type, text = armoured;
	struct reader r, in_key;
	uint32_t version;
	struct buf b;

	if (span_ends(text, "\n"))
		text = span_cut(text, 0, text.n - 1);
	if (!span_starts(text, ARMOUR_BEGIN) || !span_ends(text, ARMOUR_LAST) ||
	    text.n < sizeof ARMOUR_BEGIN + sizeof ARMOUR_LAST)
		FAIL(c, ERR_FORMAT, "it does not begin and end as a signature file does");
	body = span_cut(text, sizeof ARMOUR_BEGIN - 1,
			text.n - (sizeof ARMOUR_BEGIN - 1) - (sizeof ARMOUR_LAST - 1));
	buf_begin(&b, c, body.n + 1);
	for (size_t i = 0; i < body.n; i++)
		if (body.p[i] != '\n')
			buf_byte(&b, body.p[i]);
	TRY(buf_done(c, &b, &body));
	TRY(b64_decode(c, body, &blob));
	r = (struct reader){ .s = blob };
	if (!take_bytes(&r, 6, &text) || !span_is(text, "SSHSIG") || !take_u32(&r, &version) ||
	    version != 1 || !take_string(&r, &key) || !take_string(&r, namespace_out))
		FAIL(c, ERR_FORMAT, "it is cut or of another version");
	in_key = (struct reader){ .s = key };
	if (!take_string(&in_key, &type) || namespace_out->n == 0 ||
	    namespace_out->n > NAMESPACE_MAX || memchr(namespace_out->p, 0, namespace_out->n))
		FAIL(c, ERR_FORMAT, "its key or its namespace cannot be read");
	*key_out = (struct ssh_key){ .type = type, .blob = key };
	return ERR_OK;
}
