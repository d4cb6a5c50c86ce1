/*
 * The law engine without an order: judge, check, test, explain; the packs of a home: list, adopt.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/home.h"
#include "cmd/cmd.h"
#include "law/check.h"
#include "law/trial.h"
#include "order/adopt.h"
#include "order/law_packs.h"

/* With the caller's own rights in processes of its own; the home need not be there. */
static enum err law_session(struct ctx *c, const struct args *a, struct session *s)
{
	const char *dir = args_get(a, "home");
	struct stat st;

	if (dir && stat(dir, &st) != 0)
		FAIL(c, ERR_NOT_FOUND, "there is no home at %s", dir);
	return home_paths(c, dir ? dir : "/nonexistent", true, &s->home);
}

/* --what-if packs=STATE */
static enum err what_if(struct ctx *c, const struct args *a, struct law_how *how)
{
	struct span key, word;

	how->what_if = args_has(a, "what-if");
	if (!how->what_if)
		return ERR_OK;
	if (!span_split(args_span(a, "what-if"), '=', &key, &word) || !span_is(key, "packs") ||
	    !law_state_of(word, &how->state))
		FAIL(c, ERR_USAGE, "--what-if is packs=ADOPTED, REVIEWED, DRAFT or STALE");
	return ERR_OK;
}

enum err cmd_law_judge(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct law_how how = { .now_utc_s = c->seam->now_ms() / 1000 };
	const struct json *facts;
	struct json *decision;
	struct span text;
	struct law *law;
	char *dir;

	TRY(usage_check(c, self, a, 1));
	TRY(what_if(c, a, &how));
	TRY(law_session(c, a, &s));
	TRY(facts_read(c, &s, a->rest[0], &facts));
	TRY(packs_dir(c, args_get(a, "packs"), args_get(a, "home") ? &s.home : NULL, &dir));
	TRY(packs_load(c, &s, dir, &law, NULL));
	TRY(law_judge(c, law, facts, &how, &decision));
	TRY(args_has(a, "json") ? json_write(c, decision, LAW_DECISION_MAX, &text)
				: law_page(c, law, facts, decision, &text));
	say_bytes(text);
	if (args_has(a, "json"))
		putchar('\n');
	return ERR_OK;
}

static enum err load_packs(struct ctx *c, const struct args *a, struct session *s,
			   struct law **out)
{
	char *dir;

	TRY(law_session(c, a, s));
	TRY(packs_dir(c, args_get(a, "packs"), args_get(a, "home") ? &s->home : NULL, &dir));
	return packs_load(c, s, dir, out, NULL);
}

static enum err say_findings(struct ctx *c, const struct args *a, struct json *findings)
{
	struct json *out = json_object(c);

	if (args_has(a, "json")) {
		json_set(c, out, "findings", findings);
		return say_json(c, out);
	}
	JSON_EACH(one, findings)
		say("%.*s:%lld: %.*s: %.*s",
		    SPAN_ARG(plain(c, json_opt_text(one, "file", SPAN_NONE))),
		    (long long)json_opt_int(one, "line", 0),
		    SPAN_ARG(plain(c, json_opt_text(one, "rule", SPAN_NONE))),
		    SPAN_ARG(plain(c, json_opt_text(one, "what", SPAN_NONE))));
	return ERR_OK;
}

enum err cmd_law_explain(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span text;
	struct law *law;

	TRY(usage_check(c, self, a, 1));
	TRY(load_packs(c, a, &s, &law));
	TRY(law_explain(c, law, span_str(a->rest[0]), &text));
	say_bytes(text);
	return ERR_OK;
}

/* The tests stand in the folder test beside the packs. */
static enum err load_tests(struct ctx *c, const struct args *a, struct session *s,
			   struct trial_set **out)
{
	const char *dir = args_get(a, "tests");
	char *path;

	if (!dir) {
		TRY(packs_dir(c, args_get(a, "packs"), args_get(a, "home") ? &s->home : NULL,
			      &path));
		TRY(path_fmt(c, &path, "%s/test", path));
		dir = path;
	}
	return trials_load(c, s, dir, out);
}

/* Rules that no test exercises; they are found only where no expectation of a test fails first. */
static enum err check_tested(struct ctx *c, const struct trial_set *tests, const struct law *law,
			     struct json *findings)
{
	struct json *failing, *idle;
	size_t count;

	TRY(trials_run(c, tests, law, &failing, &idle, &count));
	JSON_EACH(id, idle)
		TRY(law_check_add(c, law, id->s, "no test exercises it", findings));
	return ERR_OK;
}

enum err cmd_law_check(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct trial_set *tests = NULL;
	struct json *findings;
	struct law *law;
	enum err e;

	TRY(usage_check(c, self, a, 0));
	TRY(load_packs(c, a, &s, &law));
	TRY(law_check(c, law, c->seam->now_ms() / 1000, &findings));
	e = load_tests(c, a, &s, &tests);
	if (e == ERR_OK)
		TRY(check_tested(c, tests, law, findings));
	TRY(say_findings(c, a, findings));
	TRY(e);
	if (findings->first)
		FAIL(c, ERR_FORMAT, "the rule packs have %zu faults", json_count(findings));
	talk("the rule packs have no fault that a program can find");
	return ERR_OK;
}

static enum err run_tests(struct ctx *c, const struct args *a, const struct trial_set *tests,
			  const struct law *law)
{
	struct json *findings, *idle;
	size_t count;

	TRY(trials_run(c, tests, law, &findings, &idle, &count));
	TRY(say_findings(c, a, findings));
	JSON_EACH(rule, idle)
		talk("no test reaches the rule %.*s", SPAN_ARG(plain(c, rule->s)));
	talk("%zu tests, %zu expectations do not hold, %zu rules are reached by none", count,
	     json_count(findings), json_count(idle));
	if (findings->first || idle->first)
		FAIL(c, ERR_VERIFY, "the tests of the rule packs fail");
	return ERR_OK;
}

enum err cmd_law_test(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct trial_set *tests = NULL;
	struct json *findings;
	struct law *law;
	size_t count;

	TRY(usage_check(c, self, a, 0));
	TRY(load_packs(c, a, &s, &law));
	TRY(load_tests(c, a, &s, &tests));
	if (!args_has(a, "mutate"))
		return run_tests(c, a, tests, law);
	TRY(trials_mutate(c, tests, law, &findings, &count));
	TRY(say_findings(c, a, findings));
	talk("%zu changes, %zu noticed by no test", count, json_count(findings));
	if (findings->first)
		FAIL(c, ERR_VERIFY, "some rules are not tested");
	return ERR_OK;
}

enum err cmd_law_list(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *out = json_object(c), *packs;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(adoption_list(c, &s, &packs));
	if (args_has(a, "json")) {
		json_set(c, out, "packs", packs);
		return say_json(c, out);
	}
	JSON_EACH(p, packs) {
		struct span by = json_opt_text(p, "adopted_by", SPAN_NONE);

		say("%-16.*s %-12.*s %-9.*s review by %.*s  %.*s%s%.*s",
		    SPAN_ARG(json_opt_text(p, "id", SPAN_NONE)),
		    SPAN_ARG(json_opt_text(p, "version", SPAN_NONE)),
		    SPAN_ARG(json_opt_text(p, "state", SPAN_NONE)),
		    SPAN_ARG(json_opt_text(p, "next_review", SPAN_NONE)),
		    SPAN_ARG(json_opt_text(p, "sha256", SPAN_NONE)), by.n ? "  by " : "",
		    SPAN_ARG(plain(c, by)));
	}
	return ERR_OK;
}

enum err cmd_law_adopt(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span document = SPAN_NONE;
	struct signed_document sd;
	struct json *d;

	TRY(usage_check(c, self, a, 1));
	TRY(command_session(c, a, &s));
	TRY(session_need_actor(c, &s, "decide"));
	if (!has_signature(a))
		TRY(adoption_document(c, &s, span_str(a->rest[0]), args_has(a, "end"), &document));
	TRY(sign_or_print(c, a, &s, "adoption", document, SPAN_NONE, &sd));
	if (sd.printed)
		return ERR_OK;
	TRY(adoption_take(c, &s, span_str(a->rest[0]), sd.document, sd.signatures->first->s));
	TRY(json_parse_canonical(c, sd.document, &d));
	say("%.*s %.*s %s: %.*s", SPAN_ARG(json_opt_text(d, "pack", SPAN_NONE)),
	    SPAN_ARG(json_opt_text(d, "pack_version", SPAN_NONE)),
	    span_is(json_opt_text(d, "action", SPAN_NONE), "begin") ? "is adopted"
								    : "is adopted no longer",
	    SPAN_ARG(json_opt_text(d, "sha256", SPAN_NONE)));
	return order_close_tick(c, &s);
}
