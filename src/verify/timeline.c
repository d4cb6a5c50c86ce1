/*
 * Checking the timeline of an order (doc/protocol.md section 9): each act against its proof, and
 * all against each other; then telling what happened by those acts alone. It cannot know what came
 * after the last act, or what was never recorded, and says so.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/note.h"
#include "format/time.h"
#include "verify/given.h"
#include "verify/part.h"

#define FILE_MAX ((size_t)32 << 20)
#define ACTS_MAX 20000u
#define TEXT_MAX ((size_t)32 << 20)

#define COMPLETE                                                                                   \
	"Every act in this file stands in the log of %.*s as it stands here, since the time that " \
	"is told. What came after the last one, and what was never recorded, no file can show."
#define NOT_COMPARED                                                                               \
	"This timeline is free of contradictions. The key of its log was not compared: anybody "   \
	"could have made such a file with a key of his own; ask the provider for the policy and "  \
	"run it again with --policy FILE."

enum check {
#define X(name, id, needs, fine, broken) CHECK_##name,
#include "verify/timeline.def"
#undef X
	CHECKS
};

static const struct verify_words rows[CHECKS] = {
#define X(name, id, needs, fine, broken) [CHECK_##name] = { id, fine, broken, #needs },
#include "verify/timeline.def"
#undef X
};

struct act {
	struct span text, proof_text, name, actor, made_at;
	int64_t made_utc, number;       /* in its order, or the seal's own */
	bool of_seal;
	struct sha256 hash;
	struct act_proof proof;
};

struct timeline {
	struct ctx *c;
	const char *file;
	const struct policy *policy;
	struct verify_line line[CHECKS];
	struct span order, provider, made_at, vkey;
	struct act *acts;
	size_t n;
	const struct act **told;        /* by time */
};

static bool judge(struct timeline *t, enum check check, enum err e)
{
	return verify_judge_line(t->c, &t->line[check], e);
}

static enum err read_act(struct timeline *t, const struct json *row, bool of_seal, struct act *a)
{
	const struct json *actor;
	struct json *doc;

	TRY(json_need_text(t->c, row, "act", &a->text));
	TRY(json_need_text(t->c, row, "proof", &a->proof_text));
	TRY(verify_document(t->c, a->text, "act", &doc));
	TRY(json_need_text(t->c, doc, "act", &a->name));
	TRY(json_need_text(t->c, doc, "made_at", &a->made_at));
	TRY(verify_when(t->c, doc, "made_at", &a->made_utc));
	TRY(json_need_int(t->c, doc, of_seal ? "seal_seq" : "seq", &a->number));
	actor = json_get(doc, "actor");
	a->of_seal = of_seal;
	a->actor = of_seal ? json_opt_text(doc, "actor", SPAN_NONE)
			   : json_opt_text(actor, "name",
					   json_opt_text(actor, "unix_user", SPAN_NONE));
	if (!span_eq(json_opt_text(doc, "order", SPAN_NONE), t->order))
		a->number = -1;
	return sha256_of(t->c, a->text, &a->hash);
}

static enum err read_list(struct timeline *t, const struct json *list, bool of_seal)
{
	JSON_EACH(row, list) {
		enum err e = read_act(t, row, of_seal, &t->acts[t->n++]);

		if (e != ERR_OK) {
			err_note(t->c, "%s %zu", of_seal ? "act of the seal" : "act", t->n);
			return e;
		}
	}
	return ERR_OK;
}

static enum err read_form(struct timeline *t, struct span text)
{
	const struct json *acts, *seal_acts;
	struct json *doc;

	TRY(verify_document(t->c, text, "timeline", &doc));
	TRY(json_need_text(t->c, doc, "order", &t->order));
	TRY(json_need_text(t->c, doc, "provider", &t->provider));
	TRY(json_need_text(t->c, doc, "made_at", &t->made_at));
	TRY(json_need_text(t->c, doc, "log_vkey", &t->vkey));
	TRY(json_need_list(t->c, doc, "acts", &acts));
	TRY(json_need_list(t->c, doc, "seal_acts", &seal_acts));
	if (json_count(doc) != 8)
		FAIL(t->c, ERR_FORMAT, "it has members that nobody knows");
	if (json_count(acts) + json_count(seal_acts) > ACTS_MAX)
		FAIL(t->c, ERR_LIMIT, "it has more than %u acts", ACTS_MAX);
	TRY(NEW_ARRAY(t->c, t->acts, json_count(acts) + json_count(seal_acts) + 1));
	TRY(read_list(t, acts, false));
	return read_list(t, seal_acts, true);
}

static enum err check_key(struct timeline *t, struct note_key *out)
{
	TRY(note_key_parse(t->c, t->vkey, out));
	if (t->policy && !span_eq(t->vkey, t->policy->log_vkey))
		FAIL(t->c, ERR_VERIFY, "the policy names another log");
	if (t->policy && !span_eq(t->provider, t->policy->provider))
		FAIL(t->c, ERR_VERIFY, "the policy is of another provider");
	return ERR_OK;
}

/* The acts of the order are numbered from 1 without a gap; the seal's own numbers go on over all
 * orders, so here they only rise. */
static enum err check_acts(struct timeline *t)
{
	int64_t last = 0, last_seal = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct act *a = &t->acts[i];

		if (a->number < 0)
			FAIL(t->c, ERR_VERIFY, "one belongs to another order");
		if (a->of_seal ? a->number <= last_seal : a->number != last + 1)
			FAIL(t->c, ERR_VERIFY, "%s %lld follows %lld",
			     a->of_seal ? "act of the seal" : "act", (long long)a->number,
			     (long long)(a->of_seal ? last_seal : last));
		*(a->of_seal ? &last_seal : &last) = a->number;
	}
	if (last == 0)
		FAIL(t->c, ERR_VERIFY, "there is none");
	return ERR_OK;
}

static enum err check_proofs(struct timeline *t, const struct note_key *key)
{
	struct checkpoint cp;

	for (size_t i = 0; i < t->n; i++) {
		struct act *a = &t->acts[i];
		enum err e = act_proof_parse(t->c, a->proof_text, &a->proof);

		if (e == ERR_OK)
			e = act_proof_check(t->c, &a->proof, a->text, key, &cp);
		if (e == ERR_OK)
			e = verify_signed_alone(t->c, a->proof.checkpoint);
		if (e == ERR_OK)
			continue;
		err_note(t->c, "%s %lld", a->of_seal ? "act of the seal" : "act",
			 (long long)a->number);
		return e;
	}
	return ERR_OK;
}

static enum err check_times(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct act *a = &t->acts[i];

		if (a->proof.tick_time_ms < a->made_utc * 1000 - VERIFY_TICK_TOLERANCE_MS)
			FAIL(t->c, ERR_VERIFY, "the tick of act %lld was closed before it was made",
			     (long long)a->number);
		if (i > 0 && a[-1].of_seal == a->of_seal && a->proof.index < a[-1].proof.index)
			FAIL(t->c, ERR_VERIFY, "act %lld was logged before the one it follows",
			     (long long)a->number);
	}
	return ERR_OK;
}

/* They come as two lists, each nearly in its order. */
static enum err sort(struct timeline *t)
{
	TRY(NEW_ARRAY(t->c, t->told, t->n + 1));
	for (size_t i = 0; i < t->n; i++) {
		size_t at = i;

		for (; at > 0 && t->told[at - 1]->made_utc > t->acts[i].made_utc; at--)
			t->told[at] = t->told[at - 1];
		t->told[at] = &t->acts[i];
	}
	return ERR_OK;
}

static enum err look(struct timeline *t, struct span text)
{
	struct note_key key;
	bool has_key;

	if (judge(t, CHECK_FORM, read_form(t, text))) {
		has_key = judge(t, CHECK_KEY, check_key(t, &key));
		judge(t, CHECK_ACTS, check_acts(t));
		if (has_key && judge(t, CHECK_PROOF, check_proofs(t, &key)))
			judge(t, CHECK_TIME, check_times(t));
		if (has_key && !t->policy)
			t->line[CHECK_KEY].result = VERIFY_NOT_COMPARED;
	}
	TRY(t->c->code);
	return sort(t);
}

static int status_of(const struct timeline *t)
{
	for (int i = 0; i < CHECKS; i++)
		if (t->line[i].result == VERIFY_BROKEN || t->line[i].result == VERIFY_OPEN)
			return err_exit_status(ERR_VERIFY);
	return err_exit_status(t->policy ? ERR_OK : ERR_DEGRADED);
}

static enum err conclusion(struct timeline *t, struct span *out)
{
	struct span provider;
	int first = 0;

	TRY(verify_clean(t->c, t->provider, &provider));
	while (first < CHECKS && t->line[first].result != VERIFY_BROKEN)
		first++;
	if (first < CHECKS)
		return span_fmt(t->c, out, "Do not rely on it: %s.", rows[first].broken);
	return t->policy ? span_fmt(t->c, out, COMPLETE, SPAN_ARG(provider))
			 : span_fmt(t->c, out, "%s", NOT_COMPARED);
}

static enum err tick_time(struct timeline *t, const struct act *a, struct span *out)
{
	return time_span(t->c, a->proof.tick_time_ms / 1000, out);
}

/* Nothing of a file that is broken is told as if it had happened. */
static enum err put_acts(struct timeline *t, struct buf *b)
{
	struct span name, actor, logged;

	buf_str(b, "\nWhat happened (UTC), with the tick of the log that has it:\n");
	for (size_t i = 0; i < t->n; i++) {
		const struct act *a = t->told[i];

		TRY(verify_clean(t->c, a->name, &name));
		TRY(verify_clean(t->c, a->actor, &actor));
		TRY(tick_time(t, a, &logged));
		buf_fmt(b, "  %.*s  %-18.*s %-16.*s tick %llu, %.*s\n", SPAN_ARG(a->made_at),
			SPAN_ARG(name), SPAN_ARG(actor), (unsigned long long)a->proof.index,
			SPAN_ARG(logged));
	}
	return ERR_OK;
}

static enum err write_text(struct timeline *t, struct span *out)
{
	struct span order, provider, end;
	struct buf b;

	buf_begin(&b, t->c, TEXT_MAX);
	TRY(verify_clean(t->c, t->order, &order));
	TRY(verify_clean(t->c, t->provider, &provider));
	if (order.n)
		buf_fmt(&b, "The file says: timeline of order %.*s, from %.*s, made %.*s.\n\n",
			SPAN_ARG(order), SPAN_ARG(provider), SPAN_ARG(t->made_at));
	for (int i = 0; i < CHECKS; i++)
		TRY(verify_put_line(t->c, &t->line[i], &rows[i], &b));
	if (status_of(t) != err_exit_status(ERR_VERIFY))
		TRY(put_acts(t, &b));
	TRY(conclusion(t, &end));
	buf_fmt(&b, "\n%.*s\n", SPAN_ARG(end));
	return buf_done(t->c, &b, out);
}

static enum err json_act(struct timeline *t, const struct act *a, struct json *list)
{
	struct json *o = json_object(t->c);
	struct span logged, hash;

	TRY(tick_time(t, a, &logged));
	TRY(hex_encode(t->c, sha256_span(&a->hash), &hash));
	json_set_int(t->c, o, a->of_seal ? "seal_seq" : "seq", a->number);
	TRY(verify_json_clean(t->c, o, "act", a->name));
	TRY(verify_json_clean(t->c, o, "actor", a->actor));
	json_set_text(t->c, o, "made_at", a->made_at);
	json_set_int(t->c, o, "tick", (int64_t)a->proof.index);
	json_set_text(t->c, o, "logged_at", logged);
	json_set_text(t->c, o, "sha256", hash);
	json_add(t->c, list, o);
	return ERR_OK;
}

static enum err write_json(struct timeline *t, struct span *out)
{
	struct json *o = json_object(t->c), *checks = json_list(t->c), *acts = json_list(t->c);
	struct span end;

	json_set_int(t->c, o, "verify_version", 1);
	TRY(verify_json_clean(t->c, o, "file", span_str(t->file)));
	TRY(verify_json_clean(t->c, o, "order", t->order));
	TRY(verify_json_clean(t->c, o, "provider", t->provider));
	TRY(verify_json_clean(t->c, o, "log", t->vkey));
	json_set_bool(t->c, o, "compared", t->policy != NULL);
	json_set_int(t->c, o, "exit", status_of(t));
	TRY(conclusion(t, &end));
	json_set_text(t->c, o, "words", end);
	for (int i = 0; i < CHECKS; i++)
		TRY(verify_json_line(t->c, &t->line[i], &rows[i], checks));
	json_set(t->c, o, "checks", checks);
	if (status_of(t) != err_exit_status(ERR_VERIFY))
		for (size_t i = 0; i < t->n; i++)
			TRY(json_act(t, t->told[i], acts));
	json_set(t->c, o, "acts", acts);
	return json_write_pretty(t->c, o, TEXT_MAX, out);
}

/* A delivered file is a tar; this begins as JSON does. */
static bool is_timeline(struct ctx *c, const char *path)
{
	FD_SCOPED int fd = -1;
	char first = 0;

	if (file_open(c, path, O_RDONLY, 0, &fd) != ERR_OK || read(fd, &first, 1) != 1)
		first = 0;
	err_clear(c);
	return first == '{';
}

static enum err check_timeline(struct ctx *c, const struct verify_job *job, bool json,
			       struct span *out, int *status_out)
{
	struct timeline t = { .c = c, .file = job->file };
	struct span text;

	if (job->identity)
		FAIL(c, ERR_USAGE, "a timeline is not locked: nothing of it needs --identity");
	TRY(given_policy(c, job->policy, &t.policy));
	TRY(file_read(c, job->file, FILE_MAX, &text));
	TRY(look(&t, text));
	*status_out = status_of(&t);
	return json ? write_json(&t, out) : write_text(&t, out);
}

enum err verify_any(struct ctx *c, const struct verify_job *job, bool json, struct span *out,
		    int *status_out)
{
	struct verify_report r;

	if (is_timeline(c, job->file))
		return check_timeline(c, job, json, out, status_out);
	TRY(verify_file(c, job, &r));
	*status_out = verify_exit_status(&r);
	return json ? verify_json(c, &r, out) : verify_text(c, &r, out);
}
