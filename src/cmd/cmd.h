/*
 * The commands: each reads its arguments, calls the life of an order, and says what came of it.
 * No command decides anything itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cmd/args.h"
#include "cmd/say.h"
#include "order/order.h"

#define COMMAND_MEMORY ((size_t)2 << 30)        /* bytes, the hard total of one command */

struct command {
	const char *words;
	enum err (*run)(struct ctx *c, const struct command *self, const struct args *a);
	const char *arguments, *options, *does;
};

#define X(words, handler, arguments, options, does)                                                \
	enum err handler(struct ctx *c, const struct command *self, const struct args *a) MUST_USE;
#include "cmd/command.def"
#undef X

extern const struct command commands[];
extern const size_t command_count;

/* The session of --home and --as. */
enum err command_session(struct ctx *c, const struct args *a, struct session *out) MUST_USE;
/* The session and the order of the first argument. */
enum err command_order(struct ctx *c, const struct command *self, const struct args *a,
		       struct session *s, struct order *o) MUST_USE;
void usage_say(const struct command *self);
enum err usage_check(struct ctx *c, const struct command *self, const struct args *a, size_t n)
	MUST_USE;

/* What --key, --security-key, --print, --document and --signature ask for (man writ). */
struct signed_document {
	struct span document;
	struct json *signatures;        /* armoured texts */
	bool printed; /* --print: the document was written, nothing else is to be done */
};
/* document is what would be signed now; with --signature the file that was signed is read instead.
 */
enum err sign_or_print(struct ctx *c, const struct args *a, struct session *s, const char *kind,
		       struct span document, struct span seal, struct signed_document *out)
	MUST_USE;
/* Signs by as many security keys as --security-key stands there, each another one of these passkeys
 * (a list of lines); puts the signatures in the list. */
enum err sign_by_touch(struct ctx *c, const struct args *a, const struct json *lines,
		       const char *kind, struct span document, struct json *signatures) MUST_USE;
/* The key in the file of --pub, as one line without comment. */
enum err pub_line(struct ctx *c, const struct args *a, struct span *out) MUST_USE;
/* --until in UTC: people may write any zone, a document has one form of a time. Empty: none. */
enum err until_text(struct ctx *c, const struct args *a, struct span *out) MUST_USE;
/* The file that --signature speaks of, for commands that must not make a new document first. */
bool has_signature(const struct args *a);

#endif
