/*
 * Commands of the log: tick, log verify, prove, export, checkpoint; fsck; policy export; verify.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "log/log.h"
#include "order/again.h"
#include "order/backup.h"
#include "order/home.h"
#include "order/papers.h"
#include "order/timeline.h"
#include "store/view.h"
#include "verify/verify.h"

enum err cmd_tick(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct json *out = json_object(c);
	struct log_tick tick;
	struct log l;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(order_log(c, &s, &l));
	TRY(log_tick(c, &l, &tick));
	if (tick.behind_ms > LOG_BEHIND_MS)
		talk("ALARM: this machine's clock stands %lld s behind the last tick",
		     (long long)tick.behind_ms / 1000);
	if (args_has(a, "json")) {
		json_set_int(c, out, "size", (int64_t)tick.size);
		json_set_int(c, out, "time_ms", tick.time_ms);
		json_set_int(c, out, "acts", tick.acts + tick.seal_acts);
		json_set_int(c, out, "waiting", tick.waiting);
		return say_json(c, out);
	}
	say("tick %llu closed: %lld acts%s", (unsigned long long)tick.size - 1,
	    (long long)(tick.acts + tick.seal_acts),
	    tick.recovered ? "; an unfinished tick was finished first" : "");
	return ERR_OK;
}

struct finding {
	struct ctx *c;
	struct json *json;
};

/* Whoever edited the home wrote names that stand in places, too: they steer nothing, and are text.
 */
static void report(void *of, bool difference, const char *place, const char *what)
{
	struct finding *f = of;
	struct span p = plain(f->c, span_str(place)), w = plain(f->c, span_str(what));
	struct json *row;

	if (!f->json) {
		say("%s %.*s: %.*s", difference ? "DIFFERENCE" : "remark    ", SPAN_ARG(p),
		    SPAN_ARG(w));
		return;
	}
	row = json_object(f->c);
	json_set_bool(f->c, row, "difference", difference);
	json_set_text(f->c, row, "place", p);
	json_set_text(f->c, row, "what", w);
	json_add(f->c, f->json, row);
}

static enum err fold(struct ctx *c, void *of, struct span ref, struct order_view *out,
		     bool *exists_out)
{
	return order_view_of(c, of, ref, out, exists_out);
}

/* The log's key stands in the home's first act: where that cannot be read nothing else can be
 * trusted. */
static enum err open_log(struct ctx *c, struct session *s, const struct log_report *say_it,
			 struct log *out)
{
	enum err e = order_log(c, s, out);

	if (e != ERR_FORMAT && e != ERR_STATE && e != ERR_VERIFY)
		return e;
	say_it->say(say_it->of, true, "act[HOME 1].body",
		    "is not the founding act, which has the log's key");
	err_clear(c);
	err_next(c, "put the home's database back from a backup; the founding document is also in "
		    "every delivered file");
	FAIL(c, ERR_VERIFY, "the founding act cannot be read, so the log's key is unknown");
}

static enum err compare(struct ctx *c, struct session *s, const struct log_report *say_it,
			struct log_sum *out)
{
	struct log_fold fold_it = { s, fold };
	bool finished, behind;
	int64_t papers, foundings;
	struct log l;
	enum err e;

	*out = (struct log_sum){ .differences = 1 };
	TRY(open_log(c, s, say_it, &l));
	/* An unfinished tick is no difference: it is finished where the seal can be asked. A home
	 * that was put back from an old copy agrees with itself; only the seal knows that more
	 * happened. */
	e = log_recover(c, &l, &finished);
	behind = e == ERR_STATE || e == ERR_VERIFY;
	if (behind)
		say_it->say(say_it->of, true, "log/checkpoint", c->why);
	else if (e != ERR_OK)
		talk("the seal could not be asked about an unfinished tick: %.*s",
		     SPAN_ARG(plain(c, span_str(c->why))));
	err_clear(c);
	TRY(log_verify(c, &l, &fold_it, say_it, out));
	TRY(papers_check(c, s, say_it->say, say_it->of, &papers));
	TRY(again_check(c, s, say_it->say, say_it->of, &foundings));
	out->differences += behind + papers + foundings;
	if (out->differences == 0 && mark_put(c, s, "verify") != ERR_OK) {
		talk("when it was done could not be noted: %.*s",
		     SPAN_ARG(plain(c, span_str(c->why))));
		err_clear(c);
	}
	return ERR_OK;
}

static enum err say_sum(struct ctx *c, struct json *findings, const struct log_sum *sum)
{
	struct json *out = json_object(c);

	if (findings) {
		json_set(c, out, "findings", findings);
		json_set_int(c, out, "differences", sum->differences);
		json_set_int(c, out, "acts", sum->acts + sum->seal_acts);
		json_set_int(c, out, "size", (int64_t)sum->size);
		return say_json(c, out);
	}
	say("%lld orders, %lld acts, %lld of them the seal's, %llu ticks: %lld differences",
	    (long long)sum->orders, (long long)(sum->acts + sum->seal_acts),
	    (long long)sum->seal_acts, (unsigned long long)sum->size, (long long)sum->differences);
	return ERR_OK;
}

static enum err verify_all(struct ctx *c, const struct args *a, struct session *s)
{
	struct finding f = { c, args_has(a, "json") ? json_list(c) : NULL };
	struct log_report say_it = { &f, report };
	struct log_sum sum;
	enum err e = compare(c, s, &say_it, &sum);

	/* Also without the log's key what was found is said, in the form that was asked for. */
	if (e == ERR_OK || e == ERR_VERIFY) {
		struct ctx words = *c;

		err_clear(c);
		TRY(say_sum(c, f.json, &sum));
		memcpy(c->why, words.why, sizeof c->why);
		memcpy(c->next, words.next, sizeof c->next);
		c->code = e;
	}
	TRY(e);
	if (sum.differences == 0)
		return ERR_OK;
	err_next(c, "keep the home as it is and find out who edited it; 'writ fsck --rebuild' "
		    "makes projections and "
		    "what follows from the seal's signature anew, nothing else");
	FAIL(c, ERR_VERIFY, "the acts, the log and the files do not agree");
}

enum err cmd_log_verify(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	return verify_all(c, a, &s);
}

enum err cmd_log_prove(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span proof, act;
	int64_t seq;
	struct order o;
	struct log l;

	TRY(command_order(c, self, a, &s, &o));
	seq = o.last_seq;
	if (args_get(a, "seq") && !span_to_i64(args_span(a, "seq"), &seq))
		FAIL(c, ERR_USAGE, "--seq is the number of an act ('writ show %.*s' lists them)",
		     SPAN_ARG(o.ref));
	TRY(order_log(c, &s, &l));
	TRY(log_prove(c, &l, o.ref, seq, &proof, &act));
	if (!args_get(a, "out")) {
		fwrite(proof.p, 1, proof.n, stdout);
		return ERR_OK;
	}
	TRY(user_write(c, args_get(a, "out"), proof, 0600));
	TRY(user_write_beside(c, args_get(a, "out"), ".act", 1, act, 0600));
	say("%s, and the act that it proves beside it (.act)", user_name(args_get(a, "out")));
	return ERR_OK;
}

enum err cmd_log_export(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span text;
	struct order o;

	TRY(command_order(c, self, a, &s, &o));
	TRY(timeline_export(c, &s, &o, &text));
	if (!args_get(a, "out")) {
		fwrite(text.p, 1, text.n, stdout);
		return ERR_OK;
	}
	TRY(user_write(c, args_get(a, "out"), text, 0600));
	say("%s: 'writ-verify %s --policy FILE' checks it anywhere and tells what it holds",
	    user_name(args_get(a, "out")), user_name(args_get(a, "out")));
	return ERR_OK;
}

enum err cmd_log_checkpoint(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct checkpoint cp;
	struct span note;
	struct log l;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(order_log(c, &s, &l));
	TRY(log_checkpoint(c, &l, &cp, &note));
	fwrite(note.p, 1, note.n, stdout);
	return ERR_OK;
}

/* On stderr: what stood there before it was mended, so that the finding is not lost with it. */
static void was(void *of, bool difference, const char *place, const char *what)
{
	struct ctx *c = of;

	if (difference)
		talk("was: %.*s: %.*s", SPAN_ARG(plain(c, span_str(place))),
		     SPAN_ARG(plain(c, span_str(what))));
}

static enum err mend(struct ctx *c, struct session *s)
{
	struct log_report was_it = { c, was };
	struct log_sum sum;
	int64_t orders;
	bool mended;
	struct log l;

	TRY(compare(c, s, &was_it, &sum));
	TRY(order_rebuild_all(c, s, &orders));
	talk("the projections of %lld orders were made anew from their acts", (long long)orders);
	TRY(order_log(c, s, &l));
	if (log_mend(c, &l, &mended) != ERR_OK) {
		talk("the log's files stay as they are: %.*s",
		     SPAN_ARG(plain(c, span_str(c->why))));
		err_clear(c);
	} else if (mended) {
		talk("the checkpoint was put back from the seal's last tick");
	}
	return ERR_OK;
}

enum err cmd_fsck(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	if (args_has(a, "rebuild"))
		TRY(mend(c, &s));
	return verify_all(c, a, &s);
}

enum err cmd_policy_export(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct span text;

	TRY(usage_check(c, self, a, 0));
	TRY(command_session(c, a, &s));
	TRY(policy_export(c, &s, &text));
	if (args_get(a, "out"))
		return user_write(c, args_get(a, "out"), text, 0644);
	fwrite(text.p, 1, text.n, stdout);
	putchar('\n');
	return ERR_OK;
}

enum err cmd_verify(struct ctx *c, const struct command *self, const struct args *a)
{
	struct verify_job job = { .identity = args_get(a, "identity"),
				  .policy = args_get(a, "policy") };
	struct span text;
	int status;

	TRY(usage_check(c, self, a, 1));
	job.file = a->rest[0];
	TRY(verify_any(c, &job, args_has(a, "json"), &text, &status));
	say_span(text);
	return status == 0 ? ERR_OK : status == 7 ? ERR_DEGRADED : ERR_VERIFY;
}
