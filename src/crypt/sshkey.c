/*
 * SSH public keys: reads the kinds that sshsig.h lists (RFC 4253, 5656, 8709, PROTOCOL.u2f) in
 * their one canonical encoding. Refuses certificates, DSA, RSA below 2048 bits and trailing bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/sshkey.h"

#include "base/buf.h"
#include "base/num.h"
#include "crypt/hash.h"

#define LINE_MAX_BYTES 16384u

static const struct ssh_kind kinds[] = {
	{ "ssh-ed25519", SSH_ED25519, false, NULL, NULL, 0, NULL },
	{ "sk-ssh-ed25519@openssh.com", SSH_ED25519, true, NULL, NULL, 0, NULL },
	{ "ecdsa-sha2-nistp256", SSH_ECDSA, false, "nistp256", "P-256", 65, "SHA2-256" },
	{ "ecdsa-sha2-nistp384", SSH_ECDSA, false, "nistp384", "P-384", 97, "SHA2-384" },
	{ "ecdsa-sha2-nistp521", SSH_ECDSA, false, "nistp521", "P-521", 133, "SHA2-512" },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", SSH_ECDSA, true, "nistp256", "P-256", 65,
	  "SHA2-256" },
	{ "ssh-rsa", SSH_RSA, false, NULL, NULL, 0, NULL },
};

static const struct ssh_kind *kind_of(struct span type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (span_is(type, kinds[i].type))
			return &kinds[i];
	return NULL;
}

/* The name of a foreign kind may hold anything: it is shown only if it is a plain word. */
static enum err refuse_kind(struct ctx *c, struct span type)
{
	bool plain = type.n > 0 && type.n <= 64;

	for (size_t i = 0; plain && i < type.n; i++)
		plain = type.p[i] > ' ' && type.p[i] < 0x7f;
	err_next(c, "make a key with 'ssh-keygen -t ed25519' (on a token: '-t ed25519-sk')");
	if (!plain)
		FAIL(c, ERR_FORMAT, "this is not a public SSH key");
	FAIL(c, ERR_FORMAT,
	     "a key of kind %.*s is not taken: only Ed25519, ECDSA, RSA from %d bits and the "
	     "hardware kinds of the first two, no certificates",
	     SPAN_ARG(type), RSA_BITS_MIN);
}

bool take_mpint(struct reader *r, struct span *out)
{
	struct span s;

	if (!take_string(r, &s) || s.n == 0 || (s.p[0] & 0x80))
		return false;
	if (s.p[0] == 0) {
		/* A zero byte stands there only to keep the number positive. */
		if (s.n < 2 || !(s.p[1] & 0x80))
			return false;
		s = span_cut(s, 1, s.n);
	}
	*out = s;
	return true;
}

static enum err ed25519_open(struct ctx *c, struct reader *r, struct ssh_public *out)
{
	struct span key;

	if (!take_string(r, &key))
		FAIL(c, ERR_FORMAT, "this Ed25519 key is cut");
	return ossl_ed25519_public(c, key, &out->pkey);
}

static enum err ecdsa_open(struct ctx *c, struct reader *r, struct ssh_public *out)
{
	struct span curve, point;

	if (!take_string(r, &curve) || !take_string(r, &point) || !span_is(curve, out->kind->curve))
		FAIL(c, ERR_FORMAT, "this ECDSA key is cut or names another curve than its kind");
	if (point.n != out->kind->point_bytes)
		FAIL(c, ERR_FORMAT, "the point of this ECDSA key is not in its uncompressed form");
	return ossl_ec_public(c, out->kind->group, point, &out->pkey);
}

static enum err rsa_open(struct ctx *c, struct reader *r, struct ssh_public *out)
{
	struct span e, n;

	if (!take_mpint(r, &e) || !take_mpint(r, &n))
		FAIL(c, ERR_FORMAT,
		     "this RSA key is cut or its numbers are not in their shortest form");
	out->modulus_bytes = n.n;
	return ossl_rsa_public(c, n, e, &out->pkey);
}

void ssh_public_close(struct ssh_public *p)
{
	EVP_PKEY_free(p->pkey);
	p->pkey = NULL;
}

static enum err family_open(struct ctx *c, struct reader *r, struct ssh_public *out)
{
	switch (out->kind->family) {
	case SSH_ED25519:
		return ed25519_open(c, r, out);
	case SSH_ECDSA:
		return ecdsa_open(c, r, out);
	default:
		return rsa_open(c, r, out);
	}
}

enum err ssh_public_open(struct ctx *c, struct span blob, struct ssh_public *out)
{
	struct reader r = { .s = blob };
	struct span type;

	*out = (struct ssh_public){ 0 };
	if (!take_string(&r, &type))
		FAIL(c, ERR_FORMAT, "this is not a public SSH key");
	out->kind = kind_of(type);
	if (!out->kind)
		return refuse_kind(c, type);
	TRY(family_open(c, &r, out));
	if (out->kind->hardware && !take_string(&r, &out->application))
		FAIL(c, ERR_FORMAT, "this hardware key does not name its application");
	if (!reader_done(&r))
		FAIL(c, ERR_FORMAT, "bytes stand behind the end of this key");
	return ERR_OK;
}

/* Splits "type base64 [comment]"; the rest of the line is a comment, whatever it holds. */
static enum err split_line(struct ctx *c, struct span line, struct span *type, struct span *base64)
{
	struct span rest = span_trim(line), tail;

	if (rest.n > LINE_MAX_BYTES)
		FAIL(c, ERR_LIMIT, "a line with a public key has at most %u bytes, this one %zu",
		     LINE_MAX_BYTES, rest.n);
	if (span_split(rest, '\n', type, &tail) || span_split(rest, '\0', type, &tail))
		FAIL(c, ERR_FORMAT, "a public key stands on one line, here is more than one");
	if (!span_split(rest, ' ', type, &tail)) {
		err_next(c, "hand in the one line of the .pub file");
		FAIL(c, ERR_FORMAT, "this is not a public SSH key: a line 'kind base64 comment'");
	}
	tail = span_trim(tail);
	if (!span_split(tail, ' ', base64, &rest))
		*base64 = tail;
	return ERR_OK;
}

enum err ssh_key_parse(struct ctx *c, struct span line, struct ssh_key *out)
{
	SSH_PUBLIC_SCOPED struct ssh_public key = { 0 };
	struct span type, base64, blob;

	TRY(split_line(c, line, &type, &base64));
	if (!kind_of(type))
		return refuse_kind(c, type);
	TRY(b64_decode(c, base64, &blob));
	TRY(ssh_public_open(c, blob, &key));
	if (!span_is(type, key.kind->type))
		FAIL(c, ERR_FORMAT, "the line says %.*s, but the key in it is %s", SPAN_ARG(type),
		     key.kind->type);
	*out = (struct ssh_key){ .type = span_str(key.kind->type), .blob = blob };
	return ERR_OK;
}

enum err ssh_key_line(struct ctx *c, const struct ssh_key *key, struct span *out)
{
	struct span base64;

	TRY(b64_encode(c, key->blob, &base64));
	return span_fmt(c, out, "%.*s %.*s", SPAN_ARG(key->type), SPAN_ARG(base64));
}

enum err ssh_key_fingerprint(struct ctx *c, const struct ssh_key *key, struct span *out)
{
	struct sha256 h;
	struct span base64;

	TRY(sha256_of(c, key->blob, &h));
	TRY(b64_encode_raw(c, sha256_span(&h), &base64));
	return span_fmt(c, out, "SHA256:%.*s", SPAN_ARG(base64));
}

bool ssh_key_eq(const struct ssh_key *a, const struct ssh_key *b)
{
	return span_eq(a->blob, b->blob);
}

bool ssh_key_is_hardware(const struct ssh_key *key)
{
	return span_starts(key->type, "sk-");
}

enum err ssh_key_of_ed25519(struct ctx *c, struct span public_key, struct ssh_key *out)
{
	SCOPED(pkey) EVP_PKEY *proof = NULL;
	struct buf b;

	TRY(ossl_ed25519_public(c, public_key, &proof));
	out->type = span_str(kinds[0].type);
	buf_begin(&b, c, 128);
	buf_string(&b, out->type);
	buf_string(&b, public_key);
	return buf_done(c, &b, &out->blob);
}
