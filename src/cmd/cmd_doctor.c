/*
 * writ doctor: what is missing before orders may come in; see doctor.h. It changes nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/doctor.h"
#include "log/log.h"
#include "order/health.h"
#include "order/home.h"

void doctor_find(struct examination *e, enum grade grade, const char *what, const char *fmt, ...)
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

static enum err examine_seal(struct examination *e, struct session *s)
{
	struct ctx *c = e->c;
	const struct json *state, *halted;
	struct span pub;

	if (seal_state(c, s, true, &state) != ERR_OK) {
		doctor_find(e, MISSING, "seal", "writ-seal does not answer: %s", c->why);
		err_clear(c);
		return ERR_OK;
	}
	doctor_find(e, GOOD, "seal", "answers, roster version %lld",
	     (long long)json_opt_int(state, "roster_version", 0));
	halted = json_get(state, "halted");
	if (halted && halted->type == JSON_BOOL && halted->b)
		doctor_find(e, MISSING, "halt",
		     "releases are halted; two people end it with 'writ resume'");
	if (file_read(c, s->home.seal_pub, 65536, &pub) != ERR_OK ||
	    !span_eq(span_trim(pub), json_opt_text(state, "document_key", SPAN_NONE))) {
		doctor_find(e, MISSING, "seal.pub",
		     "%s is not the key of the seal that answers: hands will refuse its tickets",
		     s->home.seal_pub);
		err_clear(c);
	} else {
		doctor_find(e, GOOD, "seal.pub", "hands know the seal's key");
	}
	if (!span_is(json_opt_text(state, "separation", SPAN_NONE), "users"))
		doctor_find(e, REMARK, "users",
		     "one user runs everything: nothing here is protected from that user (a trial "
		     "home)");
	examine_people(e, state);
	return ERR_OK;
}

/* A policy that demands timestamps, and nobody to ask: nothing released could be delivered. */
static enum err examine_timestamp(struct examination *e, struct session *s,
				  const struct json *addresses)
{
	const struct json *state, *row = addresses ? addresses->first : NULL;
	struct span problem = json_opt_text(row, "problem", SPAN_NONE), policy;

	if (seal_state(e->c, s, false, &state) != ERR_OK) {
		err_clear(e->c); /* that the seal does not answer has been told */
		return ERR_OK;
	}
	policy = json_opt_text(json_get(state, "policy"), "timestamp", SPAN("none"));
	if (problem.n)
		doctor_find(e, MISSING, "timestamp", "%.*s", SPAN_ARG(plain(e->c, problem)));
	else if (span_is(policy, "none"))
		return ERR_OK;
	else if (!row)
		doctor_find(e, MISSING, "timestamp",
			    "the policy demands timestamps, and addresses.yaml names no timestamp "
			    "authority (man writ-addresses)");
	else
		doctor_find(e, GOOD, "timestamp",
			    "demanded; addresses.yaml names an authority with %zu certificates",
			    json_count(json_get(row, "certificates")));
	return ERR_OK;
}

static enum err examine_hand(struct examination *e, struct session *s)
{
	struct ctx *c = e->c;
	struct json *job = json_object(c);
	const struct json *answer;

	json_set_str(c, job, "job", "describe");
	if (hand_run(c, s, job, NULL, 0, NULL, NULL, &answer, NULL) != ERR_OK) {
		doctor_find(e, MISSING, "hands", "%s", c->why);
		err_clear(c);
		return ERR_OK;
	}
	if (json_opt_int(answer, "landlock_abi", 0) < 1)
		doctor_find(e, REMARK, "cage",
		     "this kernel has no Landlock: a hand is held by seccomp alone, and fetch "
		     "refuses unless "
		     "stores.yaml accepts it");
	else
		doctor_find(e, GOOD, "cage", "this kernel has Landlock, ABI %lld",
		     (long long)json_opt_int(answer, "landlock_abi", 0));
	JSON_EACH(store, json_get(answer, "stores")) {
		struct span problem = json_opt_text(store, "problem", SPAN_NONE);

		doctor_find(e, problem.n ? MISSING : GOOD, "store", "%.*s: %.*s",
		     SPAN_ARG(json_opt_text(store, "name", SPAN_NONE)),
		     SPAN_ARG(problem.n ? plain(c, problem) : SPAN("ready")));
	}
	if (!json_get(answer, "stores") || json_count(json_get(answer, "stores")) == 0)
		doctor_find(e, MISSING, "store", "stores.yaml names no store");
	return examine_timestamp(e, s, json_get(answer, "addresses"));
}

/* With 'ticks: 10s' something must close them, or the log tells when it did not. */
static enum err examine_ticks(struct examination *e, struct session *s, const struct log *l)
{
	struct store_value last[2] = { { .i = 0 }, { .i = 0 } }, waiting;
	const struct json *founded;
	struct stat st;
	char *path;
	bool found;

	TRY(home_last(e->c, s, "founded", &founded));
	TRY(store_one(e->c, s->store, QUERY_TICK_LAST, PARAMS_NONE, last, 2, &found));
	TRY(store_one(e->c, s->store, QUERY_ACT_WAITING_COUNT, PARAMS(P_INT(found ? last[1].i : 0)),
		      &waiting, 1, NULL));
	if (span_is(json_opt_text(founded, "ticks", SPAN_NONE), "on-demand")) {
		doctor_find(e, REMARK, "ticks",
		     "on demand: the log tells when something happened, so it is not to be "
		     "published");
		if (waiting.i)
			doctor_find(e, MISSING, "waiting",
				    "%lld acts are not in the log yet (writ tick)",
				    (long long)waiting.i);
		return ERR_OK;
	}
	TRY(path_fmt(e->c, &path, "%s/checkpoint", l->dir));
	if (stat(path, &st) != 0 ||
	    e->c->seam->now_ms() / 1000 - st.st_mtime > HEALTH_TICK_LATE_S)
		doctor_find(e, MISSING, "ticks",
		     "every 10 s, and none was closed for a minute: nothing gets into the log "
		     "(systemctl enable --now writ-tick.timer)");
	else
		doctor_find(e, GOOD, "ticks", "every 10 s; %lld acts wait for the next",
		     (long long)waiting.i);
	return ERR_OK;
}

static enum err examine_log(struct examination *e, struct session *s)
{
	struct checkpoint cp;
	struct ctx *c = e->c;
	struct log l;

	TRY(order_log(c, s, &l));
	if (log_checkpoint(c, &l, &cp, NULL) != ERR_OK) {
		doctor_find(e, MISSING, "log", "%s", c->why);
		err_clear(c);
	} else {
		doctor_find(e, GOOD, "log", "%llu ticks", (unsigned long long)cp.size);
	}
	return examine_ticks(e, s, &l);
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
	TRY(examine_law(&e, &s));
	TRY(examine_log(&e, &s));
	TRY(examine_machine(&e, &s));
	if (e.json) {
		json_set_bool(c, out, "ready", e.missing == 0);
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
