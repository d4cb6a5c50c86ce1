/*
 * Commands of judgement: authenticate, scope, judge, decide.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "cmd/scope_store.h"
#include "crypt/hash.h"
#include "format/words.h"
#include "order/2_authenticate/authenticate.h"
#include "order/3_judge/judge.h"
#include "order/3_judge/judgement.h"
#include "order/4_collect/collect.h"

/* --fact customer.kind=CONSUMER ... as a list of {path, value}. */
static enum err facts_of(struct ctx *c, const struct args *a, struct json **out)
{
	const char *facts[ARGS_MAX];
	size_t n = args_each(a, "fact", facts, COUNT_OF(facts));
	struct json *list = json_list(c), *fact;
	struct span path, value;

	for (size_t i = 0; i < n; i++) {
		if (!span_split(span_str(facts[i]), '=', &path, &value))
			FAIL(c, ERR_USAGE,
			     "--fact is PATH=VALUE, for example customer.kind=CONSUMER");
		fact = json_object(c);
		json_set_text(c, fact, "path", path);
		json_set_text(c, fact, "value", value);
		json_add(c, list, fact);
	}
	*out = n ? list : NULL;
	return ERR_OK;
}

enum err cmd_authenticate(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct authentication auth = { .by = args_span(a, "by"),
				       .over = args_span(a, "over"),
				       .found = args_span(a, "found"),
				       .agency = args_span(a, "agency"),
				       .signs = args_list(c, a, "sign") };
	struct json *facts = NULL;
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	TRY(facts_of(c, a, &facts));
	auth.facts = facts;
	TRY(order_authenticate(c, &s, &o, &auth));
	say("%.*s is %s", SPAN_ARG(o.ref), order_state_word(o.state));
	return order_close_tick(c, &s);
}

static enum err show_counts(struct ctx *c, const struct args *a, const struct json *lines,
			    const struct json *open, const struct json *counts)
{
	struct json *out = json_object(c), *copy;
	struct span words;

	if (args_has(a, "json")) {
		TRY(json_clone(c, lines, &copy));
		json_set(c, out, "lines", copy);
		TRY(json_clone(c, open, &copy));
		json_set(c, out, "open", copy);
		TRY(counts ? json_clone(c, counts, &copy) : ERR_OK);
		json_set(c, out, "counts", counts ? copy : NULL);
		return say_json(c, out);
	}
	JSON_EACH(line, lines) {
		struct span id = json_opt_text(line, "id", SPAN_NONE);

		TRY(scope_line_words(c, line, &words));
		say("%.*s  %.*s", SPAN_ARG(id), SPAN_ARG(plain(c, words)));
		JSON_EACH(row, counts) {
			struct span problem = json_opt_text(row, "problem", SPAN_NONE);

			if (!span_eq(json_opt_text(row, "id", SPAN_NONE), id))
				continue;
			printf("      store %.*s, account %.*s: %lld items, %lld bytes, %lld that "
			       "cannot be dated",
			       SPAN_ARG(plain(c, json_opt_text(row, "store", SPAN_NONE))),
			       SPAN_ARG(plain(c, json_opt_text(row, "account",
							       SPAN("(no such account)")))),
			       (long long)json_opt_int(row, "items", 0),
			       (long long)json_opt_int(row, "bytes", 0),
			       (long long)json_opt_int(row, "undated", 0));
			if (problem.n)
				printf("  [%.*s]", SPAN_ARG(plain(c, problem)));
			putchar('\n');
		}
	}
	return ERR_OK;
}

/* Lines without dates are counsel's to decide; one that cannot be compiled is a fault of the order.
 */
static enum err say_open(struct ctx *c, const struct order *o, const struct json *open)
{
	struct span broken = SPAN_NONE;

	JSON_EACH(line, open) {
		struct span problem = json_opt_text(line, "problem", SPAN_NONE);

		if (!problem.n)
			talk("%.*s  the order states no dates: counsel must decide (writ scope "
			     "%.*s --edit FILE)",
			     SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)), SPAN_ARG(o->ref));
		else if (!broken.n)
			broken = problem;
		else
			talk("%.*s", SPAN_ARG(plain(c, problem)));
	}
	if (!broken.n)
		return ERR_OK;
	err_next(c, "ask the authority for a correction: writ decide %.*s ask --reason CODE",
		 SPAN_ARG(o->ref));
	FAIL(c, ERR_FORMAT, "%.*s", SPAN_ARG(broken));
}

static enum err edit_file(struct ctx *c, const struct order *o, const char *path,
			  const struct json *lines, const struct json *open)
{
	struct span text;

	TRY(scope_edit_text(c, o, lines, open, &text));
	TRY(user_write(c, path, text, 0600));
	talk("written to %s: make lines smaller or remove them, then", user_name(path));
	talk("  writ decide %.*s narrow --scope %s --reason CODE --key SSHKEY", SPAN_ARG(o->ref),
	     user_name(path));
	return ERR_OK;
}

/* What 'scope --edit' wrote and counsel changed, where the option names a file. */
static enum err edited_lines(struct ctx *c, struct session *s, const struct args *a,
			     const struct json **out)
{
	const char *path = args_get(a, "scope");
	FD_SCOPED int fd = -1;

	if (!path)
		return ERR_OK;
	TRY(user_open(c, path, O_RDONLY, 0, &fd));
	return scope_edit_read(c, s, user_name(path), fd, out);
}

enum err cmd_scope(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *lines, *open;
	const struct json *counts = NULL, *edited = NULL, *counted = NULL;
	struct order o;

	if (args_get(a, "store"))
		return scope_store(c, a);
	TRY(command_order(c, self, a, &s, &o));
	TRY(scope_compile(c, &o, &lines, &open));
	if (args_get(a, "edit"))
		return edit_file(c, &o, args_get(a, "edit"), lines, open);
	if (args_get(a, "scope") && args_has(a, "no-count"))
		FAIL(c, ERR_USAGE, "--scope says what is counted: it does not go with --no-count");
	TRY(edited_lines(c, &s, a, &edited));
	if (!args_has(a, "no-count") && (edited || lines->first)) {
		TRY(order_count(c, &s, &o, edited, &counts));
		counted = json_get(o.counted, "scope");
	}
	TRY(show_counts(c, a, counted ? counted : lines, open, counts));
	if (counts)
		TRY(order_close_tick(c, &s));
	return edited ? ERR_OK : say_open(c, &o, open);
}

static enum err say_judgement(struct ctx *c, const struct args *a, int64_t seq,
			      const struct json *body, struct span page)
{
	struct json *out = json_object(c), *copy;

	if (!args_has(a, "json")) {
		say_bytes(page);
		return ERR_OK;
	}
	json_set_int(c, out, "seq", seq);
	JSON_EACH(member, body) {
		char *key;

		TRY(span_cstr(c, member->key, &key));
		TRY(json_clone(c, member, &copy));
		json_set(c, out, key, copy);
	}
	return say_json(c, out);
}

static enum err judge_again(struct ctx *c, const struct args *a, struct session *s,
			    const struct order *o)
{
	struct judgement_replay again;
	int64_t seq = 0;

	if (args_get(a, "seq") && (!span_to_i64(args_span(a, "seq"), &seq) || seq < 1))
		FAIL(c, ERR_USAGE, "--seq is the number of an act ('writ show %.*s' lists them)",
		     SPAN_ARG(o->ref));
	TRY(judgement_repeat(c, s, o, seq, &again));
	TRY(say_judgement(c, a, again.seq, again.stored, again.page));
	JSON_EACH(name, again.differs)
		talk("%.*s comes out otherwise than it was kept", SPAN_ARG(name->s));
	if (again.differs->first)
		FAIL(c, ERR_VERIFY, "act %lld of %.*s, repeated, gives %.*s", (long long)again.seq,
		     SPAN_ARG(o->ref), SPAN_ARG(again.sha256));
	talk("act %lld, repeated with the packs of that day, gives the same bytes: %.*s",
	     (long long)again.seq, SPAN_ARG(again.sha256));
	return ERR_OK;
}

enum err cmd_judge(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span page;
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	if (args_has(a, "replay"))
		return judge_again(c, a, &s, &o);
	if (args_has(a, "seq"))
		FAIL(c, ERR_USAGE, "--seq goes with --replay");
	TRY(judgement_make(c, &s, &o, &page));
	TRY(say_judgement(c, a, o.last_seq, o.judged, page));
	return order_close_tick(c, &s);
}

static enum err asked(struct ctx *c, struct session *s, const struct args *a,
		      struct decision_asked *out)
{
	struct span undated = args_span(a, "undated");

	*out = (struct decision_asked){ .reasons = args_list(c, a, "reason"),
					.undated_deliver = span_is(undated, "deliver") };
	if (!decision_parse(span_str(a->rest[1]), &out->decision))
		FAIL(c, ERR_USAGE, "'%s' is no decision: comply, narrow, refuse, ask or redirect",
		     a->rest[1]);
	if (undated.n && !out->undated_deliver && !span_is(undated, "list"))
		FAIL(c, ERR_USAGE, "--undated is list or deliver");
	if (args_has(a, "line"))
		out->lines = args_list(c, a, "line");
	return edited_lines(c, s, a, &out->edited);
}

/* Said now, because nothing can be released to them: the seal refuses the statement. */
static enum err say_missing_keys(struct ctx *c, struct session *s, const struct order *o)
{
	struct span agency = json_opt_text(o->scope, "agency", SPAN_NONE);
	struct json *missing;

	if (o->state != ORDER_DECIDED)
		return ERR_OK;
	TRY(roster_missing_labels(c, s, agency, json_get(o->received, "recipients"), &missing));
	JSON_EACH(label, missing)
		talk("REMARK: the recipient \"%.*s\" is no registered key of %.*s: nothing can be "
		     "released before two people register it (writ agency add)",
		     SPAN_ARG(plain(c, label->s)), SPAN_ARG(plain(c, agency)));
	return ERR_OK;
}

/* What the judgement put into the document, and its words, said before it is signed. */
static enum err say_in_view(struct ctx *c, struct span document)
{
	struct sha256 hash;
	struct span words;
	struct json *d;

	TRY(json_parse_canonical(c, document, &d));
	TRY(sha256_of(c, document, &hash));
	TRY(hash_words(c, sha256_span(&hash), &words));
	talk("words of the document: %.*s", SPAN_ARG(words));
	JSON_EACH(id, json_get(d, "overrules"))
		talk("REMARK: the rule packs call %.*s INSUFFICIENT: two people who may "
		     "decide sign",
		     SPAN_ARG(id->s));
	return ERR_OK;
}

enum err cmd_decide(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct decision_asked ask;
	struct signed_document sd;
	struct span document = SPAN_NONE;
	const char *kind = "scope";
	struct order o;

	TRY(usage_check(c, self, a, 2));
	TRY(command_session(c, a, &s));
	TRY(session_need_actor(c, &s, "decide"));
	TRY(order_load(c, &s, span_str(a->rest[0]), &o));
	TRY(asked(c, &s, a, &ask));
	if (!has_signature(a)) {
		TRY(decision_document(c, &s, &o, &ask, &document, &kind));
		TRY(say_in_view(c, document));
	}
	TRY(sign_or_print(c, a, &s, kind, document, SPAN_NONE, &sd));
	if (sd.printed)
		return ERR_OK;
	TRY(decision_take(c, &s, &o, sd.document, sd.signatures));
	say("%.*s is %s", SPAN_ARG(o.ref), order_state_word(o.state));
	TRY(say_missing_keys(c, &s, &o));
	if (o.letters->last)
		talk("the letter: writ letter %.*s %.*s", SPAN_ARG(o.ref),
		     SPAN_ARG(json_opt_text(o.letters->last, "template", SPAN_NONE)));
	return order_close_tick(c, &s);
}
