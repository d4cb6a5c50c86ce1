/*
 * Is it what was asked for? See asked.h. Believes nothing that the home's user says about the
 * document; reads the document itself, the caller's own arguments and seal.pub.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/asked.h"

#include <string.h>

#include "base/file.h"
#include "crypt/sshsig.h"
#include "order/3_judge/judge.h"
#include "order/5_approve/approve.h"

/* What each command signs; of_order: about the order of its first argument. */
static const struct {
	const char *command, *kinds[2];
	bool of_order;
} signs[] = {
	{ "approve", { "approval" }, true },	{ "decide", { "scope", "decision" }, true },
	{ "withdraw", { "void" }, true },	{ "void", { "void" }, true },
	{ "destroy", { "destroy" }, true },	{ "halt", { "halt" }, false },
	{ "resume", { "resume" }, false },	{ "roster add", { "roster" }, false },
	{ "roster end", { "roster" }, false },	{ "agency add", { "roster" }, false },
	{ "agency end", { "roster" }, false },	{ "law adopt", { "adoption" }, false },
};

static enum err other(struct ctx *c, const char *what)
{
	err_next(c, "nothing was signed; tell the others, and have the home's machine looked at");
	FAIL(c, ERR_VERIFY, "the home wants something else signed than was asked for: %s", what);
}

static enum err same_text(struct ctx *c, const struct json *o, const char *key, struct span want)
{
	return span_eq(json_opt_text(o, key, SPAN_NONE), want) ? ERR_OK : other(c, key);
}

static enum err check_kind(struct ctx *c, const struct command *command, const struct json *d,
			   bool *of_order_out)
{
	struct span kind = json_opt_text(d, "kind", SPAN_NONE);

	for (size_t i = 0; i < COUNT_OF(signs); i++) {
		if (strcmp(signs[i].command, command->words) != 0)
			continue;
		*of_order_out = signs[i].of_order;
		for (size_t k = 0; k < COUNT_OF(signs[i].kinds); k++)
			if (signs[i].kinds[k] && span_is(kind, signs[i].kinds[k]))
				return ERR_OK;
	}
	return other(c, "another kind of document");
}

/* A person's or an agency's row, or a policy value: every member that the options name. */
static enum err check_row(struct ctx *c, const struct args *a, const struct json *row)
{
	static const char *const members[][2] = {
		{ "name", "name" },   { "user", "unix_user" }, { "policy", "name" },
		{ "value", "value" }, { "id", "id" },	       { "country", "country" },
		{ "label", "label" }, { "recipient", "recipient" }, { "checked", "checked" },
	};
	struct span key;

	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (args_get(a, members[i][0]))
			TRY(same_text(c, row, members[i][1], args_span(a, members[i][0])));
	if (!args_get(a, "pub"))
		return ERR_OK;
	TRY(pub_line(c, a, &key));
	return same_text(c, row, "key", key);
}

static enum err check_roster(struct ctx *c, const struct command *command, const struct args *a,
			     const struct json *d)
{
	bool begins = span_ends(span_str(command->words), " add"),
	     agency = span_starts(span_str(command->words), "agency ");
	const struct json *row = json_get(d, "row"), *verified = json_get(row, "user_verified");
	struct span until = SPAN_NONE;

	TRY(same_text(c, d, "action", begins ? SPAN("begin") : SPAN("end")));
	TRY(same_text(c, row, "row", agency		     ? SPAN("agency")
				     : args_get(a, "policy") ? SPAN("policy")
							     : SPAN("person")));
	TRY(check_row(c, a, row));
	if (!begins || args_get(a, "policy"))
		return ERR_OK;
	TRY(until_text(c, a, &until));
	TRY(same_text(c, row, "until", until));
	if (agency)
		return ERR_OK;
	if (!verified || verified->type != JSON_BOOL || verified->b != args_has(a, "user-verified"))
		return other(c, "user_verified");
	return json_equal(json_get(row, "may"), args_list(c, a, "may")) ? ERR_OK : other(c, "may");
}

static enum err check_approval(struct ctx *c, const struct home *home, struct span document,
			       struct span seal)
{
	struct span words, line, key;
	struct sshsig sig;

	TRY(file_read(c, home->seal_pub, 4096, &line));
	if (sshsig_verify(c, seal, "writ-seal@v1", document, &sig) != ERR_OK) {
		err_clear(c);
		return other(c, "a statement that the seal did not sign");
	}
	TRY(ssh_key_line(c, &sig.key, &key));
	if (!span_eq(key, span_trim(line)))
		return other(c, "a statement that the seal did not sign");
	TRY(statement_words(c, document, &words));
	say_span(words);
	return ERR_OK;
}

static enum err say_scope(struct ctx *c, const struct json *d)
{
	struct span words;

	say_span(SPAN("You decide exactly this:\n"));
	JSON_EACH(line, json_get(d, "lines")) {
		TRY(scope_line_words(c, line, &words));
		TRY(span_fmt(c, &words, "  line %.*s: %.*s\n",
			     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), SPAN_ARG(words)));
		say_span(words);
	}
	return ERR_OK;
}

/* The argument of that place, which the command cannot do without. */
static enum err argument(struct ctx *c, const struct args *a, size_t place, struct span *out)
{
	if (a->count <= place)
		FAIL(c, ERR_USAGE, "an argument is missing");
	*out = span_str(a->rest[place]);
	return ERR_OK;
}

static enum err check_order(struct ctx *c, const struct args *a, const struct json *d)
{
	struct span given, ref;

	TRY(argument(c, a, 0, &given));
	TRY(order_ref(c, given, &ref));
	return same_text(c, d, "order", ref);
}

static enum err check_adoption(struct ctx *c, const struct args *a, const struct json *d)
{
	struct span pack;

	TRY(argument(c, a, 0, &pack));
	TRY(same_text(c, d, "pack", pack));
	return same_text(c, d, "action", args_has(a, "end") ? SPAN("end") : SPAN("begin"));
}

static enum err check_decision(struct ctx *c, const struct args *a, const struct json *d)
{
	struct span decision;

	TRY(argument(c, a, 1, &decision));
	TRY(same_text(c, d, "decision", decision));
	return span_is(json_opt_text(d, "kind", SPAN_NONE), "scope") ? say_scope(c, d) : ERR_OK;
}

enum err asked_check(struct ctx *c, const struct command *command, const struct args *a,
		     const struct home *home, struct span document, struct span seal)
{
	bool of_order = false;
	struct span kind;
	struct json *d;

	TRY(json_parse_canonical(c, document, &d));
	TRY(check_kind(c, command, d, &of_order));
	kind = json_opt_text(d, "kind", SPAN_NONE);
	if (of_order)
		TRY(check_order(c, a, d));
	if (args_get(a, "because"))
		TRY(same_text(c, d, "because", args_span(a, "because")));
	if (span_is(kind, "roster"))
		return check_roster(c, command, a, d);
	if (span_is(kind, "approval"))
		return check_approval(c, home, document, seal);
	if (span_is(kind, "adoption"))
		return check_adoption(c, a, d);
	if (span_is(kind, "scope") || span_is(kind, "decision"))
		return check_decision(c, a, d);
	return ERR_OK;
}
