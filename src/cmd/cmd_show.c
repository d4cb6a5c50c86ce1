/*
 * writ show REF: the order as its acts tell it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "cmd/cmd.h"
#include "format/time.h"
#include "order/3_judge/judge.h"
#include "store/view.h"

static void field(struct ctx *c, const char *label, struct span value)
{
	if (value.n)
		printf("  %-22s %.*s\n", label, SPAN_ARG(plain(c, value)));
}

static enum err head(struct ctx *c, struct session *s, const struct order *o)
{
	const struct json *facts = json_get(o->received, "facts"),
			  *issuer = json_get(facts, "issuer");
	const struct json *instrument = json_get(facts, "instrument");
	struct order_view v;
	struct span ago, due;
	bool found;

	TRY(time_ago(c, o->received_utc, c->seam->now_ms() / 1000, &ago));
	say("%.*s  %s: %s", SPAN_ARG(o->ref), order_state_word(o->state),
	    order_state_means(o->state));
	field(c, "whose turn", order_turn(o));
	printf("  %-22s %.*s\n", "received", SPAN_ARG(ago));
	TRY(view_get(c, s->store, o->ref, &v, &found));
	if (found && v.due_at != VIEW_NO_I64) {
		TRY(time_ago(c, v.due_at, c->seam->now_ms() / 1000, &due));
		printf("  %-22s %.*s\n", "due", SPAN_ARG(due));
	}
	if (o->from_paper)
		field(c, "came as", o->transcribed ? SPAN("paper alone, written out by staff")
						   : SPAN("paper alone"));
	field(c, "authority says", json_opt_text(issuer, "authority_name", SPAN("unknown")));
	field(c, "country", json_opt_text(issuer, "country", SPAN_NONE));
	field(c, "its reference", json_opt_text(o->received, "authority_reference", SPAN_NONE));
	field(c, "instrument", json_opt_text(instrument, "kind", SPAN_NONE));
	field(c, "corrects", json_opt_text(json_get(o->received, "resubmits"), "order", SPAN_NONE));
	field(c, "first received", json_opt_text(json_get(o->received, "resubmits"),
						 "first_received_at", SPAN_NONE));
	field(c, "came again as", json_opt_text(o->resubmitted, "order", SPAN_NONE));
	JSON_EACH(ref, json_get(o->received, "seen_in"))
		field(c, "papers seen before in", ref->s);
	field(c, "agency claimed", json_opt_text(o->received, "agency", SPAN_NONE));
	if (o->authenticated) {
		field(c, "sender verified by", json_opt_text(o->authenticated, "by", SPAN_NONE));
		field(c, "over", json_opt_text(o->authenticated, "over", SPAN_NONE));
		field(c, "found", json_opt_text(o->authenticated, "found", SPAN_NONE));
	}
	if (o->gag)
		field(c, "secret until", json_opt_text(o->gag, "until", SPAN("no end: review it")));
	if (o->notice)
		field(c, "notice", json_opt_text(o->notice, "decision", SPAN_NONE));
	return ERR_OK;
}

static enum err papers_and_lines(struct ctx *c, const struct order *o)
{
	struct json *lines, *open;
	struct span words;

	say("papers");
	JSON_EACH(paper, json_get(o->received, "papers"))
		say("  %.*s  %lld bytes  %.*s", SPAN_ARG(json_opt_text(paper, "sha256", SPAN_NONE)),
		    (long long)json_opt_int(paper, "bytes", 0),
		    SPAN_ARG(plain(c, json_opt_text(paper, "name", SPAN_NONE))));
	say("demand lines");
	TRY(scope_compile(c, o, &lines, &open));
	JSON_EACH(line, lines) {
		TRY(scope_line_words(c, line, &words));
		say("  %.*s: %.*s", SPAN_ARG(json_opt_text(line, "id", SPAN_NONE)),
		    SPAN_ARG(plain(c, words)));
	}
	JSON_EACH(line, open) {
		struct span problem = json_opt_text(line, "problem", SPAN_NONE);

		say("  %.*s: %.*s", SPAN_ARG(plain(c, json_opt_text(line, "id", SPAN_NONE))),
		    SPAN_ARG(problem.n ? plain(c, problem)
				       : SPAN("the order states no dates; counsel must")));
	}
	return ERR_OK;
}

static void judgement(struct ctx *c, const struct order *o)
{
	const struct json *decision = json_get(o->judged, "decision");

	if (!decision)
		return;
	say("judged by the rule packs: %.*s%s",
	    SPAN_ARG(json_opt_text(decision, "verdict", SPAN_NONE)),
	    o->judged_stale ? "  (facts have changed since: judge again)" : "");
	JSON_EACH(line, json_get(decision, "demands")) {
		printf("  %.*s: %.*s, %.*s",
		       SPAN_ARG(plain(c, json_opt_text(line, "id", SPAN_NONE))),
		       SPAN_ARG(json_opt_text(line, "verdict", SPAN_NONE)),
		       SPAN_ARG(json_opt_text(line, "mode", SPAN_NONE)));
		JSON_EACH(reason, json_get(line, "reasons"))
			printf("%s%.*s", reason == json_get(line, "reasons")->first ? "  " : " ",
			       SPAN_ARG(plain(c, reason->s)));
		putchar('\n');
	}
	field(c, "decision sha256", json_opt_text(o->judged, "decision_sha256", SPAN_NONE));
}

/* What staff set, fact by fact, and who did. */
static void established(struct ctx *c, const struct order *o)
{
	if (!o->established || !o->established->first)
		return;
	say("facts set by staff");
	JSON_EACH(act, o->acts) {
		const struct json *actor = json_get(act, "actor");
		struct span who = json_opt_text(actor, "name",
						json_opt_text(actor, "unix_user", SPAN_NONE));

		if (!span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_ESTABLISHED)))
			continue;
		JSON_EACH(fact, json_get(json_get(act, "body"), "facts"))
			say("  %.*s is %.*s, by %.*s",
			    SPAN_ARG(plain(c, json_opt_text(fact, "path", SPAN_NONE))),
			    SPAN_ARG(plain(c, json_opt_text(fact, "value", SPAN_NONE))),
			    SPAN_ARG(plain(c, who)));
	}
}

/* The other order that an act is about: the one that this corrects, or as which it came again. */
static struct span linked_order(const struct json *act)
{
	const struct json *body = json_get(act, "body");

	if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_RECEIVED)))
		return json_opt_text(json_get(body, "resubmits"), "order", SPAN_NONE);
	if (span_is(json_opt_text(act, "act", SPAN_NONE), act_word(ACT_RESUBMITTED)))
		return json_opt_text(body, "order", SPAN_NONE);
	return SPAN_NONE;
}

static void timeline(struct ctx *c, const struct order *o)
{
	say("acts");
	JSON_EACH(act, o->acts) {
		const struct json *actor = json_get(act, "actor");
		struct span who = json_opt_text(actor, "name",
						json_opt_text(actor, "unix_user", SPAN_NONE));
		struct span other = linked_order(act);

		say("  %3lld  %.*s  %-32s %.*s%s%.*s", (long long)json_opt_int(act, "seq", 0),
		    SPAN_ARG(json_opt_text(act, "made_at", SPAN_NONE)),
		    act_words(json_opt_text(act, "act", SPAN_NONE)), SPAN_ARG(plain(c, who)),
		    other.n ? "  " : "", SPAN_ARG(plain(c, other)));
	}
}

enum err cmd_show(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *out = json_object(c), *copy;
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	if (args_has(a, "json")) {
		json_set_text(c, out, "order", o.ref);
		json_set_str(c, out, "state", order_state_word(o.state));
		json_set_text(c, out, "waiting_for", order_turn(&o));
		json_set_text(c, out, "resubmits",
			      json_opt_text(json_get(o.received, "resubmits"), "order", SPAN_NONE));
		json_set_text(c, out, "resubmitted_as",
			      json_opt_text(o.resubmitted, "order", SPAN_NONE));
		TRY(json_clone(c, o.acts, &copy));
		json_set(c, out, "acts", copy);
		return say_json(c, out);
	}
	TRY(head(c, &s, &o));
	TRY(papers_and_lines(c, &o));
	established(c, &o);
	judgement(c, &o);
	timeline(c, &o);
	if (s.home.single_user)
		talk("a single-user home: nothing in it is protected from its own user");
	return ERR_OK;
}
