/*
 * From a message to its answer: reads the request, asks who it comes from, repeats an answer that
 * is kept, gathers, checks, acts, commits. Knows no request by name.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/turn.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/num.h"
#include "crypt/hash.h"
#include "seal/make.h"
#include "seal/signed.h"
#include "seal/state.h"

#define TEXT_MAX ((size_t)8 << 20)
#define FILE_MAX ((size_t)4 << 20)
#define ANSWER_MAX ((size_t)60 << 20)

enum who { WRIT = 1, HAND = 2 };

static const struct request {
	const char *name, *fields;
	unsigned who;
	enum err (*gather)(struct turn *t);
	enum err (*act)(struct turn *t);
} requests[] = {
#define X(name, who, fields)                                                                       \
	[PLACE_##name] = { #name, "version request number " fields, who, gather_##name, do_##name },
#include "seal/request.def"
#undef X
};

enum err fact_of(struct turn *t, enum err e, bool *fact)
{
	if (e == ERR_OK)
		return ERR_OK;
	if (e != ERR_FORMAT && e != ERR_LIMIT && e != ERR_VERIFY && e != ERR_CRYPTO)
		return e;
	*fact = true;
	if (!t->f.words[0] && snprintf(t->f.words, sizeof t->f.words, "%.400s", t->c->why) < 0)
		t->f.words[0] = '\0';
	err_clear(t->c);
	return ERR_OK;
}

enum err asked(struct turn *t, enum err e)
{
	if (e == ERR_FORMAT)
		t->malformed = true;
	return e;
}

void turn_begin(struct turn *t, struct ctx *c, struct seal *s)
{
	*t = (struct turn){ .c = c, .s = s, .now_ms = c->seam->now_ms(), .answer_fd = -1 };
	t->now = t->now_ms / 1000;
	facts_begin(&t->f, t->now);
}

static enum err place_of(struct turn *t)
{
	struct span name;

	TRY(json_need_text(t->c, t->ask, "request", &name));
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		if (span_is(name, requests[i].name)) {
			t->place = (enum request_place)i;
			t->request = 1u << i;
			return ERR_OK;
		}
	}
	FAIL(t->c, ERR_FORMAT, "there is no such request");
}

/* The request's one file, for a tick. Only a real file: reading anything else could wait for ever.
 */
static enum err read_file(struct turn *t)
{
	struct stat st;

	if (t->place != PLACE_tick || t->msg->fd_count == 0)
		return ERR_OK;
	if (fstat(t->msg->fd[0], &st) != 0 || !S_ISREG(st.st_mode))
		FAIL(t->c, ERR_FORMAT, "the descriptor that came with the request is no file");
	return fd_read_all(t->c, t->msg->fd[0], FILE_MAX, &t->commitments);
}

static enum err hash_request(struct turn *t)
{
	struct span text, file;

	TRY(sha256_hex(t->c, t->msg->text, &text));
	if (!t->commitments.n) {
		t->asked = text;
		return ERR_OK;
	}
	TRY(sha256_hex(t->c, t->commitments, &file));
	TRY(span_fmt(t->c, &text, "%.*s %.*s", SPAN_ARG(text), SPAN_ARG(file)));
	return sha256_hex(t->c, text, &t->asked);
}

static enum err read_request(struct turn *t)
{
	struct json *j;
	int64_t version;

	if (t->msg->text.n > TEXT_MAX)
		FAIL(t->c, ERR_LIMIT, "a request has at most %zu bytes", TEXT_MAX);
	TRY(json_parse_canonical(t->c, t->msg->text, &j));
	t->ask = j;
	TRY(json_need_int(t->c, j, "version", &version));
	TRY(json_need_int(t->c, j, "number", &t->number));
	if (version != 1 || t->number < 0)
		FAIL(t->c, ERR_FORMAT, "a request has version 1 and a number that is not negative");
	TRY(place_of(t));
	TRY(json_only(t->c, j, requests[t->place].fields));
	TRY(read_file(t));
	return hash_request(t);
}

static enum err answer_write(struct turn *t, struct span *out)
{
	if (!t->answer)
		return ERR_NOMEM;
	json_set_int(t->c, t->answer, "version", 1);
	json_set_int(t->c, t->answer, "number", t->number);
	return json_write(t->c, t->answer, ANSWER_MAX, out);
}

static enum err refuse(struct turn *t, const char *check, enum err error, struct span why,
		       const char *next, struct span *out)
{
	t->answer = json_object(t->c);
	json_set_bool(t->c, t->answer, "ok", false);
	json_set_str(t->c, t->answer, "check", check);
	json_set_str(t->c, t->answer, "error", err_name(error));
	json_set_text(t->c, t->answer, "why", why);
	json_set_str(t->c, t->answer, "next", next);
	return answer_write(t, out);
}

static enum err refuse_by(struct turn *t, const struct check_row *row, struct span *out)
{
	struct span why = span_str(row->why);

	if (span_ends(why, ":") && t->f.words[0] && span_is_utf8(span_str(t->f.words)))
		TRY(span_fmt(t->c, &why, "%s %s", row->why, t->f.words));
	return refuse(t, row->id, row->error, why, row->next, out);
}

/* What went wrong here and is no refusal: a full disk, no memory, a damaged state. */
static enum err refuse_failed(struct turn *t, struct span *out)
{
	struct ctx *c = t->c;
	enum err e = c->code == ERR_OK ? ERR_FAILED : c->code;
	struct span why, next;

	TRY(span_copy(c, span_str(c->why[0] ? c->why : err_text(e)), &why));
	TRY(span_copy(c, span_str(c->next[0] ? c->next : err_hint(e)), &next));
	err_clear(c);
	if (!span_is_utf8(why))
		why = span_str(err_text(e));
	t->answer = json_object(c);
	json_set_bool(c, t->answer, "ok", false);
	json_set_str(c, t->answer, "check", "FAILED");
	json_set_str(c, t->answer, "error", err_name(e));
	json_set_text(c, t->answer, "why", why);
	json_set_text(c, t->answer, "next", next);
	fd_close(&t->answer_fd);
	return answer_write(t, out);
}

static bool caller_may(const struct turn *t)
{
	unsigned who = requests[t->place].who;

	return ((who & WRIT) && t->peer == t->s->writ) || ((who & HAND) && t->peer == t->s->hand);
}

static enum err act(struct turn *t, struct span *out)
{
	if (t->incomplete)
		FAIL(t->c, ERR_FAILED, "what this request speaks of is not there");
	t->answer = json_object(t->c);
	json_set_bool(t->c, t->answer, "ok", true);
	TRY(requests[t->place].act(t));
	TRY(counters_keep(t));
	TRY(answer_write(t, out));
	if (t->place == PLACE_state)
		return ERR_OK;
	TRY(answer_keep(t, *out));
	return state_commit(t);
}

static enum err answer_to(struct turn *t, struct span *out)
{
	const struct check_row *no;
	bool found, same;

	t->f.caller_may = caller_may(t);
	if (!check_one(CHECK_CALLER, t->request, &t->f))
		return refuse_by(t, check_row_of(CHECK_CALLER), out);
	TRY(state_load(t));
	TRY(purge_expired(t));
	if (t->place != PLACE_state) {
		TRY(answer_find(t, out, &t->answer_fd, &found, &same));
		if (found && same)
			return ERR_OK;
		t->f.number_used = found;
		t->order = NULL;
	}
	TRY(requests[t->place].gather(t));
	no = check_all(t->request, &t->f);
	if (no)
		return refuse_by(t, no, out);
	return act(t, out);
}

enum err turn_run(struct turn *t, struct span *answer_out)
{
	enum err e;

	TRY(read_request(t));
	e = answer_to(t, answer_out);
	if (e == ERR_OK || t->malformed)
		return e;
	return refuse_failed(t, answer_out);
}
