/*
 * Either kind of a person's key and signature; see signature.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "crypt/signature.h"

#include "crypt/passkey.h"
#include "crypt/sshsig.h"
#include "format/json.h"

#define TEXT_MAX ((size_t)64 << 10)     /* of a signature document */

enum err person_key_parse(struct ctx *c, struct span line, struct person_key *out)
{
	struct passkey passkey;
	struct ssh_key ssh;

	*out = (struct person_key){ .passkey = passkey_is_line(line) };
	if (out->passkey) {
		TRY(passkey_parse(c, line, &passkey));
		out->verifies = true;
		out->line = line;
		return ERR_OK;
	}
	TRY(ssh_key_parse(c, line, &ssh));
	out->verifies = ssh_key_is_hardware(&ssh);
	return ssh_key_line(c, &ssh, &out->line);
}

enum err person_key_print(struct ctx *c, struct span line, struct span *out)
{
	struct passkey passkey;
	struct ssh_key ssh;
	struct span print;

	if (passkey_is_line(line)) {
		TRY(passkey_parse(c, line, &passkey));
		TRY(passkey_fingerprint(c, &passkey, &print));
		return span_fmt(c, out, "passkey %.*s", SPAN_ARG(print));
	}
	TRY(ssh_key_parse(c, line, &ssh));
	return ssh_key_fingerprint(c, &ssh, out);
}

/* The fourth word of a passkey's line is its public key. */
static struct span public_key_of(struct span line)
{
	struct span word = SPAN_NONE, rest = line;

	for (int i = 0; i < 4; i++)
		if (!span_split(rest, ' ', &word, &rest))
			return line;
	return word;
}

bool person_key_same(struct span a, struct span b)
{
	if (!passkey_is_line(a) || !passkey_is_line(b))
		return span_eq(a, b);
	return span_eq(public_key_of(a), public_key_of(b));
}

/* ---- the signature document of a passkey ---- */

struct document {
	struct span key;
	struct passkey_assertion assertion;
};

static bool is_document(struct span text)
{
	return text.n > 0 && text.p[0] == '{';
}

static enum err bytes_of(struct ctx *c, const struct json *j, const char *member, struct span *out)
{
	struct span base64;

	TRY(json_need_text(c, j, member, &base64));
	return b64_decode(c, base64, out);
}

static enum err document_open(struct ctx *c, struct span text, struct document *out)
{
	int64_t version;
	struct json *j;
	struct span kind;

	if (text.n > TEXT_MAX)
		FAIL(c, ERR_LIMIT, "a signature has at most %zu bytes", TEXT_MAX);
	TRY(json_parse_canonical(c, text, &j));
	TRY(json_only(c, j, "version kind key authenticator_data client_data signature"));
	TRY(json_need_int(c, j, "version", &version));
	TRY(json_need_text(c, j, "kind", &kind));
	if (version != 1 || !span_is(kind, "passkey"))
		FAIL(c, ERR_FORMAT, "it is no signature by a passkey, or of another version");
	TRY(json_need_text(c, j, "key", &out->key));
	TRY(bytes_of(c, j, "authenticator_data", &out->assertion.authenticator_data));
	TRY(bytes_of(c, j, "client_data", &out->assertion.client_data));
	return bytes_of(c, j, "signature", &out->assertion.signature);
}

static enum err document_claims(struct ctx *c, struct span text, struct signature *out)
{
	struct document document;
	struct passkey key;

	TRY(document_open(c, text, &document));
	TRY(passkey_parse(c, document.key, &key));
	out->key = document.key;
	return ERR_OK;
}

/* An SSHSIG names what it is for; for a passkey the document's own kind does, so that no caller can
 * take a signature over one kind for another. */
static enum err kind_fits(struct ctx *c, struct span message, const char *name_space)
{
	struct json *j;
	struct span want;

	TRY(json_parse(c, message, &j));
	TRY(span_fmt(c, &want, "writ-%.*s@v1", SPAN_ARG(json_opt_text(j, "kind", SPAN_NONE))));
	if (!span_is(want, name_space))
		FAIL(c, ERR_VERIFY, "what the passkey signed is a document of another kind");
	return ERR_OK;
}

static enum err document_verify(struct ctx *c, struct span text, const char *name_space,
				struct span message, struct signature *out)
{
	struct document document;
	struct passkey_used used;
	struct passkey key;
	struct sha256 hash;

	TRY(document_open(c, text, &document));
	TRY(passkey_parse(c, document.key, &key));
	TRY(kind_fits(c, message, name_space));
	TRY(sha256_of(c, message, &hash));
	TRY(passkey_verify(c, &key, sha256_span(&hash), &document.assertion, &used));
	out->key = document.key;
	out->user_verified = used.user_verified;
	out->native = used.native;
	out->counter = used.counter;
	out->assertion = used.assertion;
	return ERR_OK;
}

enum err signature_claims(struct ctx *c, struct span text, struct signature *out)
{
	struct ssh_key key;

	*out = (struct signature){ .passkey = is_document(text) };
	if (out->passkey)
		return document_claims(c, text, out);
	TRY(sshsig_claims(c, text, &key, &out->name_space));
	return ssh_key_line(c, &key, &out->key);
}

enum err signature_verify(struct ctx *c, struct span text, const char *name_space,
			  struct span message, struct signature *out)
{
	struct sshsig sig;

	*out = (struct signature){ .passkey = is_document(text), .native = !is_document(text) };
	if (out->passkey)
		return document_verify(c, text, name_space, message, out);
	TRY(sshsig_verify(c, text, name_space, message, &sig));
	out->name_space = span_str(name_space);
	out->user_verified = sig.user_verified;
	return ssh_key_line(c, &sig.key, &out->key);
}
