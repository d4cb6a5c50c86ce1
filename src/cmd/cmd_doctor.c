/*
 * writ doctor: what is missing before orders may come in. Each finding says what, why it matters
 * and what to do; a check that cannot be made is a finding, never passed over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "log/log.h"
#include "order/home.h"

enum grade { GOOD, REMARK, MISSING };

struct examination {
	struct ctx *c;
	struct json *json;
	int missing;
};

static void find(struct examination *e, enum grade grade, const char *what, const char *fmt, ...)
	PRINTF(4, 5);
static void find(struct examination *e, enum grade grade, const char *what, const char *fmt, ...)
{
	static const char *const words[] = { "ok", "remark", "MISSING" };
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	e->missing += grade == MISSING;
	if (!e->json) {
		printf("%-8s %-10s %.*s\n", words[grade], what,
		       SPAN_ARG(plain(e->c, span_str(text))));
		return;
	}
	struct json *row = json_object(e->c);
	struct span copy = SPAN_NONE;

	json_set_str(e->c, row, "grade", words[grade]);
	json_set_str(e->c, row, "what", what);
	if (span_copy(e->c, span_str(text), &copy) == ERR_OK)
		json_set_text(e->c, row, "words", copy);
	json_add(e->c, e->json, row);
}

/* Different live people who may do it, except the one named (empty: nobody excepted). */
static int count_may(struct ctx *c, const struct json *roster, const char *may, struct span except)
{
	struct span seen[64];
	int n = 0;

	JSON_EACH(row, roster) {
		struct span name = json_opt_text(row, "name", SPAN_NONE);
		bool again = span_eq(name, except);

		if (!span_is(json_opt_text(row, "row", SPAN_NONE), "person") ||
		    !roster_may(row, may) || !roster_row_live(row, c->seam->now_ms() / 1000))
			continue;
		for (int i = 0; i < n; i++)
			again |= span_eq(seen[i], name);
		if (!again && n < 64)
			seen[n++] = name;
	}
	return n;
}

/* The most approvers that are left when one of those who may decide has decided. */
static int approvers_beside_counsel(struct ctx *c, const struct json *roster, bool decider_counts)
{
	int best = 0;

	JSON_EACH(row, roster) {
		int n;

		if (!span_is(json_opt_text(row, "row", SPAN_NONE), "person") ||
		    !roster_may(row, "decide"))
			continue;
		n = count_may(c, roster, "approve",
			      decider_counts ? SPAN_NONE : json_opt_text(row, "name", SPAN_NONE));
		best = n > best ? n : best;
	}
	return best;
}

static void examine_people(struct examination *e, const struct json *state)
{
	const struct json *roster = json_get(state, "roster");
	int64_t needed = 2;
	bool decider_counts = span_is(
		json_opt_text(json_get(state, "policy"), "decider_may_approve", SPAN("no")), "yes");
	int approve = approvers_beside_counsel(e->c, roster, decider_counts), agencies = 0;
	int decide = count_may(e->c, roster, "decide", SPAN_NONE);

	if (!span_to_i64(json_opt_text(json_get(state, "policy"), "approvals", SPAN("2")), &needed))
		needed = 2;
	if (approve < needed)
		find(e, MISSING, "people",
		     "%lld approvals are needed, and %d people may give one when counsel "
		     "has decided (writ roster add)",
		     (long long)needed, approve);
	else
		find(e, GOOD, "people",
		     "%d may decide, %d may approve then, %lld approvals are needed", decide,
		     approve, (long long)needed);
	if (decide == 0)
		find(e, MISSING, "people", "nobody may decide (writ roster add --may decide)");
	JSON_EACH(row, roster)
		agencies += span_is(json_opt_text(row, "row", SPAN_NONE), "agency") &&
			roster_row_live(row, e->c->seam->now_ms() / 1000);
	if (agencies == 0)
		find(e, MISSING, "agencies",
		     "no agency's key is registered: nothing could be delivered (writ agency add)");
	else
		find(e, GOOD, "agencies", "%d delivery keys are registered", agencies);
}

static enum err examine_seal(struct examination *e, struct session *s)
{
	struct ctx *c = e->c;
	const struct json *state, *halted;
	struct span pub;

	if (seal_state(c, s, true, &state) != ERR_OK) {
		find(e, MISSING, "seal", "writ-seal does not answer: %s", c->why);
		err_clear(c);
		return ERR_OK;
	}
	find(e, GOOD, "seal", "answers, roster version %lld",
	     (long long)json_opt_int(state, "roster_version", 0));
	halted = json_get(state, "halted");
	if (halted && halted->type == JSON_BOOL && halted->b)
		find(e, MISSING, "halt",
		     "releases are halted; two people end it with 'writ resume'");
	if (file_read(c, s->home.seal_pub, 65536, &pub) != ERR_OK ||
	    !span_eq(span_trim(pub), json_opt_text(state, "document_key", SPAN_NONE))) {
		find(e, MISSING, "seal.pub",
		     "%s is not the key of the seal that answers: hands will refuse its tickets",
		     s->home.seal_pub);
		err_clear(c);
	} else {
		find(e, GOOD, "seal.pub", "hands know the seal's key");
	}
	if (!span_is(json_opt_text(state, "separation", SPAN_NONE), "users"))
		find(e, REMARK, "users",
		     "one user runs everything: nothing here is protected from that user (a trial "
		     "home)");
	examine_people(e, state);
	return ERR_OK;
}

static enum err examine_hand(struct examination *e, struct session *s)
{
	struct ctx *c = e->c;
	struct json *job = json_object(c);
	const struct json *answer;

	json_set_str(c, job, "job", "describe");
	if (hand_run(c, s, job, NULL, 0, NULL, NULL, &answer, NULL) != ERR_OK) {
		find(e, MISSING, "hands", "%s", c->why);
		err_clear(c);
		return ERR_OK;
	}
	if (json_opt_int(answer, "landlock_abi", 0) < 1)
		find(e, REMARK, "cage",
		     "this kernel has no Landlock: a hand is held by seccomp alone, and fetch "
		     "refuses unless "
		     "stores.yaml accepts it");
	else
		find(e, GOOD, "cage", "this kernel has Landlock, ABI %lld",
		     (long long)json_opt_int(answer, "landlock_abi", 0));
	JSON_EACH(store, json_get(answer, "stores")) {
		struct span problem = json_opt_text(store, "problem", SPAN_NONE);

		find(e, problem.n ? MISSING : GOOD, "store", "%.*s: %.*s",
		     SPAN_ARG(json_opt_text(store, "name", SPAN_NONE)),
		     SPAN_ARG(problem.n ? plain(c, problem) : SPAN("ready")));
	}
	if (!json_get(answer, "stores") || json_count(json_get(answer, "stores")) == 0)
		find(e, MISSING, "store", "stores.yaml names no store");
	return ERR_OK;
}

static enum err examine_log(struct examination *e, struct session *s)
{
	struct ctx *c = e->c;
	const struct json *founded;
	struct checkpoint cp;
	struct log l;

	if (order_log(c, s, &l) != ERR_OK || log_checkpoint(c, &l, &cp, NULL) != ERR_OK) {
		find(e, MISSING, "log", "%s", c->why);
		err_clear(c);
		return ERR_OK;
	}
	TRY(home_last(c, s, "founded", &founded));
	find(e, GOOD, "log", "%llu ticks", (unsigned long long)cp.size);
	if (span_is(json_opt_text(founded, "ticks", SPAN_NONE), "on-demand"))
		find(e, REMARK, "ticks",
		     "on demand: the log tells when something happened, so it is not to be "
		     "published");
	return ERR_OK;
}

enum err cmd_doctor(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct examination e = { c, args_has(a, "json") ? json_list(c) : NULL, 0 };
	struct json *out = json_object(c);

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(examine_seal(&e, &s));
	TRY(examine_hand(&e, &s));
	TRY(examine_log(&e, &s));
	if (e.json) {
		json_set(c, out, "findings", e.json);
		json_set_int(c, out, "missing", e.missing);
		TRY(say_json(c, out));
	}
	if (e.missing == 0) {
		talk("orders may come in");
		return ERR_OK;
	}
	err_next(c, "mend what is marked MISSING, then run it again");
	FAIL(c, ERR_DEGRADED, "%d things are missing before orders may come in", e.missing);
}
