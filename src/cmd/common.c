/*
 * What many commands do: open the session, load the order, sign or print or take a signature.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "crypt/passkey.h"
#include "crypt/signature.h"
#include "order/sign.h"

#define DOCUMENT_MAX ((size_t)4 << 20)

enum err command_session(struct ctx *c, const struct args *a, struct session *out)
{
	return session_open(c, args_get(a, "home"), args_get(a, "as"), out);
}

void usage_say(const struct command *self)
{
	say("writ %s%s%s", self->words, *self->arguments ? " " : "", self->arguments);
	say("  %s", self->does);
	if (*self->options)
		say("  options (NAME= takes a value, * may be repeated): %s", self->options);
	say("  everywhere: --home DIR, --as NAME, --json, --help");
}

enum err usage_check(struct ctx *c, const struct command *self, const struct args *a, size_t n)
{
	struct span usage;
	char *z;

	TRY(span_fmt(c, &usage, "%s%s%s", self->words, *self->arguments ? " " : "",
		     self->arguments));
	TRY(span_cstr(c, usage, &z));
	return args_need(c, a, n, z);
}

enum err command_order(struct ctx *c, const struct command *self, const struct args *a,
		       struct session *s, struct order *o)
{
	TRY(usage_check(c, self, a, 1));
	TRY(command_session(c, a, s));
	return order_load(c, s, span_str(a->rest[0]), o);
}

bool has_signature(const struct args *a)
{
	return args_has(a, "signature");
}

/* --document FILE, or the first --signature without its .sig. */
static enum err document_path(struct ctx *c, const struct args *a, const char *signature,
			      char **out)
{
	struct span path = span_str(signature);

	if (args_get(a, "document"))
		return span_cstr(c, args_span(a, "document"), out);
	if (!span_ends(path, ".sig")) {
		err_next(c, "name what was signed with --document FILE");
		FAIL(c, ERR_USAGE, "%s does not end in .sig", signature);
	}
	return span_cstr(c, span_cut(path, 0, path.n - 4), out);
}

static enum err take_signatures(struct ctx *c, const struct args *a, struct signed_document *out)
{
	const char *files[16];
	size_t n = args_each(a, "signature", files, COUNT_OF(files));
	struct span text;
	char *path;

	TRY(document_path(c, a, files[0], &path));
	TRY(user_read(c, path, DOCUMENT_MAX, &out->document));
	for (size_t i = 0; i < n; i++) {
		TRY(user_read(c, files[i], 65536, &text));
		json_add(c, out->signatures, json_text(c, text));
	}
	return ERR_OK;
}

/* Everybody's passkeys: whose the plugged-in key holds it knows itself, and the seal asks for the
 * right of whom it signs for. */
static enum err passkeys_of(struct ctx *c, struct session *s, struct json **out)
{
	const struct json *state, *roster;
	struct span line;

	*out = json_list(c);
	TRY(seal_state(c, s, false, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		line = json_opt_text(row, "key", SPAN_NONE);
		if (roster_row_is(row, "person", c->seam->now_ms() / 1000) && passkey_is_line(line))
			json_add(c, *out, json_text(c, line));
	}
	return ERR_OK;
}

enum err sign_by_touch(struct ctx *c, const struct args *a, const struct json *lines,
		       const char *kind, struct span document, struct json *signatures)
{
	size_t n = args_count(a, "security-key");
	struct signature sig;
	struct span text;
	struct json *left;

	for (size_t i = 0; i < n; i++) {
		if (n > 1)
			talk("security key %zu of %zu", i + 1, n);
		TRY(person_touch(c, lines, kind, document, &text));
		json_add(c, signatures, json_text(c, text));
		TRY(signature_claims(c, text, &sig));
		left = json_list(c);
		JSON_EACH(line, lines)
			if (!span_eq(line->s, sig.key))
				json_add(c, left, json_text(c, line->s));
		lines = left;
	}
	return ERR_OK;
}

/* Where the caller's own process signs (nobody named the file), it gets the passkeys, too. */
static enum err print(struct ctx *c, const struct args *a, struct session *s, struct span document,
		      struct span seal)
{
	const char *path = args_get(a, "print");
	struct json *lines;
	struct span text;

	TRY(user_write(c, path, document, 0600));
	if (seal.n)
		TRY(user_write_beside(c, path, ".seal", 1, seal, 0600));
	if (!args_has(a, "security-key") || *user_name(path))
		return ERR_OK;
	TRY(passkeys_of(c, s, &lines));
	TRY(json_write(c, lines, DOCUMENT_MAX, &text));
	return user_write_beside(c, path, ".keys", 2, text, 0600);
}

enum err sign_or_print(struct ctx *c, const struct args *a, struct session *s, const char *kind,
		       struct span document, struct span seal, struct signed_document *out)
{
	const char *keys[16];
	size_t n = args_each(a, "key", keys, COUNT_OF(keys));
	struct span signature;
	struct json *lines;

	*out = (struct signed_document){ .document = document, .signatures = json_list(c) };
	if (args_get(a, "print")) {
		const char *name = user_name(args_get(a, "print"));

		out->printed = true;
		TRY(print(c, a, s, document, seal));
		if (!*name)
			return ERR_OK;
		talk("written to %s; sign it with: ssh-keygen -Y sign -f KEY -n writ-%s@v1 %s",
		     name, kind, name);
		talk("then hand it in with --signature %s.sig", name);
		return ERR_OK;
	}
	if (has_signature(a))
		return take_signatures(c, a, out);
	if (n == 0 && !args_has(a, "security-key")) {
		err_next(c, "--key SSHKEY or --security-key signs here; --print FILE and later "
			    "--signature FILE.sig sign elsewhere");
		FAIL(c, ERR_USAGE, "this needs a person's signature");
	}
	for (size_t i = 0; i < n; i++) {
		TRY(person_sign(c, keys[i], kind, document, &signature));
		json_add(c, out->signatures, json_text(c, signature));
	}
	if (!args_has(a, "security-key"))
		return ERR_OK;
	TRY(passkeys_of(c, s, &lines));
	return sign_by_touch(c, a, lines, kind, document, out->signatures);
}
