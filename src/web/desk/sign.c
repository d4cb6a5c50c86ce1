/*
 * Signatures of people at the desk: their passkey over exactly the document that the page showed,
 * its challenge being the document's hash. In an invented home the demo's own key signs instead,
 * through ssh-keygen, as the command line does. No key of anybody is here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/file.h"
#include "crypt/passkey.h"
#include "format/json.h"
#include "order/sign.h"
#include "web/desk/step.h"

#define SIGNATURE_MAX ((size_t)64 << 10)

static bool is_own_passkey(const struct visit *v, const struct json *row, struct span line)
{
	return roster_row_is(row, "person", v->r->now_ms / 1000) &&
	       span_eq(json_opt_text(row, "name", SPAN_NONE), v->who->name) &&
	       passkey_is_line(line);
}

/* The person's live passkeys for this site, as ids that may answer. */
static enum err passkeys_of(struct visit *v, struct span *allow_out, size_t *count_out)
{
	const struct json *roster = json_get(v->desk->seal_state, "roster");
	struct passkey key;
	struct span id;
	struct buf b;

	*count_out = 0;
	buf_begin(&b, v->c, SIGNATURE_MAX);
	JSON_EACH(row, roster) {
		struct span line = json_opt_text(row, "key", SPAN_NONE);

		if (!is_own_passkey(v, row, line))
			continue;
		TRY(passkey_parse(v->c, line, &key));
		if (!span_eq(key.origin, v->r->origin))
			continue;
		TRY(b64url_encode(v->c, key.credential, &id));
		buf_fmt(&b, "%s%.*s", b.n ? " " : "", SPAN_ARG(id));
		(*count_out)++;
	}
	return buf_done(v->c, &b, allow_out);
}

/* The key of a person of an invented home: NAME.key in the folder of the demonstration. */
static enum err demo_key(struct visit *v, char **path_out)
{
	struct buf name;
	struct span text;

	buf_begin(&name, v->c, 256);
	for (size_t i = 0; i < v->who->name.n; i++) {
		unsigned char x = v->who->name.p[i];

		if (x >= 'A' && x <= 'Z')
			x = (unsigned char)(x + 32);
		if (x < 'a' || x > 'z') {
			err_next(v->c, "sign in as Ana, Ben or Chi: their keys are here");
			FAIL(v->c, ERR_STATE, "the demonstration has no key of that name");
		}
		buf_byte(&name, x);
	}
	TRY(buf_done(v->c, &name, &text));
	return path_fmt(v->c, path_out, "%.*s/%.*s.key", SPAN_ARG(v->desk->demo_keys),
			SPAN_ARG(text));
}

enum err sign_prepare(struct visit *v, const char *kind, struct span document, struct signing *out)
{
	struct sha256 hash;
	size_t count;

	*out = (struct signing){ .rp = visit_rp(v) };
	TRY(passkeys_of(v, &out->allow, &count));
	out->demo = count == 0 && v->desk->demo_keys.n > 0;
	if (count == 0 && !out->demo) {
		err_next(v->c, "sign with the command line: 'writ help' says how, and --print "
			       "writes the document");
		FAIL(v->c, ERR_STATE, "you have no passkey for this site that could sign the %s",
		     kind);
	}
	TRY(sha256_of(v->c, document, &hash));
	return b64url_encode(v->c, sha256_span(&hash), &out->challenge);
}

enum err sign_ask(struct step *s, const char *kind, struct span document)
{
	struct signing sign;

	TRY(sign_prepare(s->v, kind, document, &sign));
	s->page.signs = true;
	s->page.document = document;
	s->page.demo_signs = sign.demo;
	s->page.challenge = sign.challenge;
	s->page.rp = sign.rp;
	s->page.allow = sign.allow;
	return ERR_OK;
}

static enum err demo_sign(struct visit *v, const char *kind, struct span document,
			  struct span *signature_out)
{
	char *key;

	if (!v->desk->demo_keys.n) {
		err_next(v->c, "this page needs a browser with script and passkeys; without it "
			       "people sign with the command line");
		FAIL(v->c, ERR_DENIED, "no passkey has signed");
	}
	TRY(demo_key(v, &key));
	return person_sign(v->c, key, kind, document, signature_out);
}

/* A field of the browser's in base64url, as the signature document has it: in base64. */
static enum err field(struct visit *v, struct json *signature, const char *name)
{
	struct span bytes, text;

	TRY(b64url_decode(v->c, typed(v, name), &bytes));
	TRY(b64_encode(v->c, bytes, &text));
	json_set_text(v->c, signature, name, text);
	return ERR_OK;
}

static enum err line_of(struct visit *v, struct span credential, struct span *line_out)
{
	const struct json *roster = json_get(v->desk->seal_state, "roster");
	struct passkey key;

	JSON_EACH(row, roster) {
		*line_out = json_opt_text(row, "key", SPAN_NONE);
		if (!is_own_passkey(v, row, *line_out))
			continue;
		TRY(passkey_parse(v->c, *line_out, &key));
		if (span_eq(key.credential, credential))
			return ERR_OK;
	}
	err_next(v->c, "sign with a passkey of your own, or sign out first");
	FAIL(v->c, ERR_DENIED, "that passkey is not yours: each signs for itself");
}

enum err sign_take(struct visit *v, const char *kind, struct span document,
		   struct span *signature_out)
{
	struct json *signature = json_object(v->c);
	struct span credential, line;

	if (!typed(v, "credential").n)
		return demo_sign(v, kind, document, signature_out);
	TRY(b64url_decode(v->c, typed(v, "credential"), &credential));
	TRY(line_of(v, credential, &line));
	json_set_int(v->c, signature, "version", 1);
	json_set_str(v->c, signature, "kind", "passkey");
	json_set_text(v->c, signature, "key", line);
	TRY(field(v, signature, "authenticator_data"));
	TRY(field(v, signature, "client_data"));
	TRY(field(v, signature, "signature"));
	return json_write(v->c, signature, SIGNATURE_MAX, signature_out);
}
