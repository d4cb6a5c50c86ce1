/*
 * Signing by people; see sign.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "order/sign.h"

#include <signal.h>

#include "base/run.h"
#include "crypt/hash.h"
#include "crypt/passkey.h"
#include "crypt/signature.h"
#include "crypt/sshsig.h"
#include "order/session.h"

#define SIGNATURE_MAX ((size_t)64 << 10)

enum err person_sign(struct ctx *c, const char *key_file, const char *kind, struct span document,
		     struct span *signature_out)
{
	struct span name_space;
	struct sshsig sig;
	char *space;
	int status;

	TRY(span_fmt(c, &name_space, "writ-%s@v1", kind));
	TRY(span_cstr(c, name_space, &space));
	TRY(run_program(c,
			(const char *const[]){ "ssh-keygen", "-q", "-Y", "sign", "-f", key_file,
					       "-n", space, NULL },
			document, SIGNATURE_MAX, signature_out, &status));
	if (status != 0) {
		err_next(c, "--key names a private SSH key, or the .pub of a key in your agent");
		FAIL(c, ERR_FAILED, "ssh-keygen did not sign with %s (its words are above)",
		     key_file);
	}
	return sshsig_verify(c, *signature_out, space, document, &sig);
}

/* ---- a security key ---- */

/* Ctrl-C is for writ-touch, which leaves the terminal and the key as they were, and says so. */
static enum err touch(struct ctx *c, struct span client_data, struct json *keys,
		      const struct json **answer_out)
{
	static const int left[] = { SIGINT, SIGQUIT, SIGTSTP };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before[COUNT_OF(left)];
	struct json *job = json_object(c);
	enum err e;

	json_set_str(c, job, "job", "touch");
	json_set_text(c, job, "client_data", client_data);
	json_set(c, job, "keys", keys);
	for (size_t i = 0; i < COUNT_OF(left); i++)
		sigaction(left[i], &ignore, &before[i]);
	e = hand_run(c, NULL, job, NULL, 0, NULL, NULL, answer_out, NULL);
	for (size_t i = 0; i < COUNT_OF(left); i++)
		sigaction(left[i], &before[i], NULL);
	return e;
}

static enum err base64(struct ctx *c, struct json *o, const char *member, struct span bytes)
{
	struct span text;

	TRY(b64_encode(c, bytes, &text));
	json_set_text(c, o, member, text);
	return ERR_OK;
}

static enum err add_key(struct ctx *c, struct json *keys, struct span line)
{
	struct json *row = json_object(c);
	struct passkey key;

	TRY(passkey_parse(c, line, &key));
	json_set_text(c, row, "rp_id", key.rp_id);
	TRY(base64(c, row, "credential", key.credential));
	json_add(c, keys, row);
	return ERR_OK;
}

static enum err copy_text(struct ctx *c, const struct json *from, struct json *to,
			  const char *member)
{
	struct span text;

	TRY(json_need_text(c, from, member, &text));
	json_set_text(c, to, member, text);
	return ERR_OK;
}

/* The line that answered, by its number in the list. */
static enum err line_at(struct ctx *c, const struct json *lines, const struct json *answer,
			struct span *out)
{
	int64_t at;

	TRY(json_need_int(c, answer, "key", &at));
	JSON_EACH(line, lines)
		if (at-- == 0) {
			*out = line->s;
			return ERR_OK;
		}
	FAIL(c, ERR_FORMAT, "writ-touch names a key that it was not given");
}

enum err person_touch(struct ctx *c, const struct json *lines, const char *kind,
		      struct span document, struct span *signature_out)
{
	struct json *keys = json_list(c), *made = json_object(c);
	struct span client_data, name_space, line;
	const struct json *answer;
	struct signature sig;
	struct sha256 hash;
	char *space;

	JSON_EACH(one, lines)
		TRY(add_key(c, keys, one->s));
	if (!keys->first) {
		err_next(c, "make one with 'writ passkey make', and have two people enter it with "
			    "'writ roster add --pub'");
		FAIL(c, ERR_NOT_FOUND, "there is no passkey that a security key could sign with");
	}
	TRY(sha256_of(c, document, &hash));
	TRY(passkey_native_data(c, "webauthn.get", sha256_span(&hash), &client_data));
	TRY(touch(c, client_data, keys, &answer));
	TRY(line_at(c, lines, answer, &line));
	json_set_int(c, made, "version", 1);
	json_set_str(c, made, "kind", "passkey");
	json_set_text(c, made, "key", line);
	TRY(base64(c, made, "client_data", client_data));
	TRY(copy_text(c, answer, made, "authenticator_data"));
	TRY(copy_text(c, answer, made, "signature"));
	TRY(json_write(c, made, SIGNATURE_MAX, signature_out));
	TRY(span_fmt(c, &name_space, "writ-%s@v1", kind));
	TRY(span_cstr(c, name_space, &space));
	return signature_verify(c, *signature_out, space, document, &sig);
}

enum err person_make_passkey(struct ctx *c, struct span rp_id, struct span origin,
			     struct span user, struct span *line_out)
{
	struct json *keys = json_list(c), *row = json_object(c);
	struct passkey_registration r;
	const struct json *answer;
	struct passkey_made made;
	struct span base64_text;
	struct sha256 handle;
	unsigned char challenge[SHA256_BYTES];

	/* As the desk has browsers make it (src/web/desk/enrol.c): one person has one handle. */
	TRY(sha256_of(c, user, &handle));
	json_set_text(c, row, "rp_id", rp_id);
	json_set_text(c, row, "user", user);
	TRY(base64(c, row, "user_id", sha256_span(&handle)));
	json_add(c, keys, row);
	if (c->seam->random(challenge, sizeof challenge) != 0)
		FAIL(c, ERR_IO, "there is no randomness to be had");
	TRY(passkey_native_data(c, "webauthn.create", span_of(challenge, sizeof challenge),
				&r.client_data));
	TRY(touch(c, r.client_data, keys, &answer));
	TRY(json_need_text(c, answer, "attestation_object", &base64_text));
	TRY(b64_decode(c, base64_text, &r.attestation_object));
	TRY(passkey_register(c, rp_id, origin, span_of(challenge, sizeof challenge), &r, &made));
	if (!made.user_verified)
		FAIL(c, ERR_VERIFY, "the security key did not verify its user");
	return passkey_line(c, &made.key, line_out);
}
