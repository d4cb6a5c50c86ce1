/*
 * What many commands do: open the session, load the order, sign or print or take a signature.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
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

static enum err print(struct ctx *c, const char *path, struct span document, struct span seal)
{
	TRY(user_write(c, path, document, 0600));
	return seal.n ? user_write_beside(c, path, ".seal", 1, seal, 0600) : ERR_OK;
}

enum err sign_or_print(struct ctx *c, const struct args *a, const char *kind, struct span document,
		       struct span seal, struct signed_document *out)
{
	const char *keys[16];
	size_t n = args_each(a, "key", keys, COUNT_OF(keys));
	struct span signature;

	*out = (struct signed_document){ .document = document, .signatures = json_list(c) };
	if (args_get(a, "print")) {
		const char *name = user_name(args_get(a, "print"));

		out->printed = true;
		TRY(print(c, args_get(a, "print"), document, seal));
		if (!*name)
			return ERR_OK;
		talk("written to %s; sign it with: ssh-keygen -Y sign -f KEY -n writ-%s@v1 %s",
		     name, kind, name);
		talk("then hand it in with --signature %s.sig", name);
		return ERR_OK;
	}
	if (has_signature(a))
		return take_signatures(c, a, out);
	if (n == 0) {
		err_next(c, "--key SSHKEY signs here; --print FILE and later --signature FILE.sig "
			    "sign elsewhere");
		FAIL(c, ERR_USAGE, "this needs a person's signature");
	}
	for (size_t i = 0; i < n; i++) {
		TRY(person_sign(c, keys[i], kind, document, &signature));
		json_add(c, out->signatures, json_text(c, signature));
	}
	return ERR_OK;
}
