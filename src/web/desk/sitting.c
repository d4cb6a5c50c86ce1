/*
 * Sittings, challenges, counters, drafts and the access report; see sitting.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/desk/memo.h"

#include <stdio.h>

#include "base/buf.h"

#define TOKEN_BYTES 32u
#define SEEN_EVERY_S 60         /* a sitting is written at most once a minute */

static int64_t now_utc(const struct ctx *c)
{
	return c->seam->now_ms() / 1000;
}

const char *agent_family(struct span user_agent)
{
	/* In this order: Edge also calls itself Chrome, and Chrome Safari. */
	static const char *const families[][2] = {
		{ "Edg/", "Edge" },       { "Firefox/", "Firefox" }, { "Chrome/", "Chrome" },
		{ "Chromium/", "Chrome" }, { "Safari/", "Safari" },
	};

	for (size_t i = 0; i < COUNT_OF(families); i++)
		if (user_agent.n &&
		    memmem(user_agent.p, user_agent.n, families[i][0], strlen(families[i][0])))
			return families[i][1];
	return "other";
}

static enum err fresh(struct ctx *c, struct span *bytes_out)
{
	unsigned char *p = arena_alloc(c, TOKEN_BYTES);

	if (!p)
		return ERR_NOMEM;
	if (c->seam->random(p, TOKEN_BYTES) != 0)
		FAIL(c, ERR_IO, "the machine gives no randomness");
	*bytes_out = span_of(p, TOKEN_BYTES);
	return ERR_OK;
}

/* ---- sittings ---- */

enum err sitting_begin(struct ctx *c, struct store *st, struct span person, struct span key_line,
		       const char *agent, struct span *token_out)
{
	struct span token, id, key;
	int64_t now = now_utc(c);

	TRY(fresh(c, &token));
	TRY(hex_encode(c, token, token_out));
	TRY(sha256_hex(c, *token_out, &id));
	TRY(sha256_hex(c, key_line, &key));
	return store_run(c, st, QUERY_SITTING_ADD,
			 PARAMS(P_TEXT(id), P_TEXT(person), P_TEXT(key), P_STR(agent), P_INT(now),
				P_INT(now), P_INT(now + SITTING_MAX_S)),
			 NULL, NULL);
}

static enum sitting_state state_of(const struct sitting *s, int64_t now)
{
	return now >= s->ends_utc || now >= s->seen_utc + SITTING_IDLE_S ? SITTING_OVER
									 : SITTING_LIVE;
}

static struct sitting of_row(const struct store_value *v, int64_t now)
{
	struct sitting s = { .id = v[0].s, .person = v[1].s, .key_sha256 = v[2].s,
			     .agent = v[3].s, .created_utc = v[4].i, .seen_utc = v[5].i,
			     .ends_utc = v[6].i };

	s.state = state_of(&s, now);
	return s;
}

/* As the table says, or said while nothing was committed since. */
static enum err look_up(struct ctx *c, struct store *st, struct memo *memo, struct span id,
			struct span order, struct sitting *out)
{
	struct store_mark mark;
	bool marked = store_mark(st, &mark), found = false;
	struct store_value v[8];

	if (marked)
		TRY(memo_find(c, memo, &mark, id, order, out, &found));
	if (found) {
		out->state = state_of(out, now_utc(c));
		return ERR_OK;
	}
	TRY(store_one(c, st, QUERY_SITTING_GET, PARAMS(P_TEXT(id), P_TEXT(order)), v, COUNT_OF(v),
		      &found));
	if (!found)
		return ERR_OK;
	*out = of_row(v, now_utc(c));
	out->last_seq = v[7].i;
	if (marked)
		memo_keep(memo, &mark, order, out);
	return ERR_OK;
}

enum err sitting_find(struct ctx *c, struct store *st, struct memo *memo, struct span token,
		      const char *agent, bool looks, struct span order, struct sitting *out)
{
	int64_t now = now_utc(c);
	struct span id;

	*out = (struct sitting){ .state = SITTING_NONE };
	if (token.n != TOKEN_TEXT)
		return ERR_OK;
	TRY(sha256_hex(c, token, &id));
	TRY(look_up(c, st, memo, id, order, out));
	if (out->state == SITTING_NONE)
		return ERR_OK;
	if (!span_is(out->agent, agent)) {
		*out = (struct sitting){ .state = SITTING_NONE };
		return sitting_end(c, st, id);
	}
	if (looks && out->state == SITTING_LIVE && now >= out->seen_utc + SEEN_EVERY_S)
		return store_run(c, st, QUERY_SITTING_SEEN, PARAMS(P_TEXT(id), P_INT(now)), NULL,
				 NULL);
	return ERR_OK;
}

enum err sitting_end(struct ctx *c, struct store *st, struct span id)
{
	return store_run(c, st, QUERY_SITTING_REMOVE, PARAMS(P_TEXT(id)), NULL, NULL);
}

enum err sitting_end_all(struct ctx *c, struct store *st, struct span person, int64_t *count_out)
{
	TRY(store_run(c, st, QUERY_SITTING_REMOVE_OF, PARAMS(P_TEXT(person)), NULL, NULL));
	*count_out = store_changed(st);
	return ERR_OK;
}

struct each {
	sitting_fn *row;
	void *of;
};

static enum err each_row(struct ctx *c, void *of, const struct store_row *row)
{
	const struct each *e = of;
	struct sitting s = of_row(row->v, now_utc(c));

	return s.state == SITTING_LIVE ? e->row(c, e->of, &s) : ERR_OK;
}

enum err sitting_each(struct ctx *c, struct store *st, struct span person, sitting_fn *row,
		      void *of)
{
	struct each e = { row, of };

	return store_run(c, st, QUERY_SITTING_OF, PARAMS(P_TEXT(person)), each_row, &e);
}

enum err form_token(struct ctx *c, struct span token, struct span *out)
{
	struct sha256 mac;

	TRY(hmac_sha256(c, token, SPAN("writ/form/v1"), &mac));
	return hex_encode(c, sha256_span(&mac), out);
}

bool form_token_holds(struct ctx *c, struct span token, struct span given)
{
	struct span want;

	return token.n == TOKEN_TEXT && form_token(c, token, &want) == ERR_OK &&
	       span_eq_secret(want, given);
}

/* ---- challenges and counters ---- */

#define CHALLENGE_MADE_BYTES 8u
#define CHALLENGE_BYTES (CHALLENGE_MADE_BYTES + 16u + 32u)     /* made, random, the key's word */

/* The key's word for what stands before it. */
static enum err vouch(struct ctx *c, struct span key, const char *what, struct span about,
		      struct span before, struct sha256 *out)
{
	struct span text;
	struct buf b;

	buf_begin(&b, c, 4096);
	buf_str(&b, "writ/challenge/v1");
	buf_byte(&b, 0);
	buf_str(&b, what);
	buf_byte(&b, 0);
	buf_add(&b, before);
	buf_add(&b, about);
	TRY(buf_done(c, &b, &text));
	return hmac_sha256(c, key, text, out);
}

enum err challenge_make(struct ctx *c, struct span key, const char *what, struct span about,
			struct span *challenge_out)
{
	uint64_t now = (uint64_t)now_utc(c);
	struct sha256 word;
	struct span random;
	struct buf b;

	TRY(fresh(c, &random));
	buf_begin(&b, c, CHALLENGE_BYTES);
	for (unsigned i = 0; i < CHALLENGE_MADE_BYTES; i++)
		buf_byte(&b, (unsigned char)(now >> (56 - 8 * i)));
	buf_add(&b, span_cut(random, 0, 16));
	TRY(vouch(c, key, what, about, span_of(b.p, b.n), &word));
	buf_add(&b, sha256_span(&word));
	return buf_done(c, &b, challenge_out);
}

static enum err not_signed(struct ctx *c, const char *why)
{
	err_next(c, "begin again: what is to be signed counts once and for two minutes");
	FAIL(c, ERR_VERIFY, "what was signed was %s", why);
}

static int64_t made_utc(struct span challenge)
{
	struct reader r = { challenge, 0 };
	uint64_t made = 0;

	(void)take_u64(&r, &made);
	return (int64_t)made;
}

enum err challenge_check(struct ctx *c, struct span key, const char *what, struct span about,
			 struct span challenge)
{
	struct sha256 word;
	int64_t age;

	if (challenge.n != CHALLENGE_BYTES)
		return not_signed(c, "not asked for here");
	TRY(vouch(c, key, what, about, span_cut(challenge, 0, CHALLENGE_BYTES - sizeof word.b),
		  &word));
	if (!span_eq_secret(sha256_span(&word),
			    span_cut(challenge, CHALLENGE_BYTES - sizeof word.b, SIZE_MAX)))
		return not_signed(c, "not asked for here, or for another purpose, or in another "
				     "browser");
	age = now_utc(c) - made_utc(challenge);
	/* Younger than now: the clock was set back meanwhile. */
	if (age >= CHALLENGE_S || age <= -CHALLENGE_S)
		return not_signed(c, "asked for too long ago");
	return ERR_OK;
}

enum err challenge_use(struct ctx *c, struct store *st, const char *what, struct span challenge)
{
	struct span id;

	TRY(sha256_hex(c, challenge, &id));
	TRY(store_run(c, st, QUERY_CHALLENGE_USE,
		      PARAMS(P_TEXT(id), P_STR(what), P_INT(made_utc(challenge) + CHALLENGE_S)),
		      NULL, NULL));
	return store_changed(st) == 1 ? ERR_OK : not_signed(c, "used before");
}

enum err counter_check(struct ctx *c, struct store *st, struct span key_line, uint32_t counter)
{
	STORE_WORK_SCOPED struct store_work w = { NULL };
	struct store_value last = { .i = 0 };
	struct span key;
	bool found;

	TRY(sha256_hex(c, key_line, &key));
	TRY(store_begin(c, st, &w));
	TRY(store_one(c, st, QUERY_COUNTER_GET, PARAMS(P_TEXT(key)), &last, 1, &found));
	/* 0 and 0: this authenticator has no counter (WebAuthn section 7.2 step 22). */
	if (found && (last.i > 0 || counter > 0) && (int64_t)counter <= last.i) {
		err_next(c, "two people with 'roster' end this key: a copy of it may be in use");
		FAIL(c, ERR_VERIFY, "the counter of this passkey did not grow: %lld after %lld",
		     (long long)counter, (long long)last.i);
	}
	TRY(store_run(c, st, QUERY_COUNTER_PUT, PARAMS(P_TEXT(key), P_INT((int64_t)counter)), NULL,
		      NULL));
	return store_commit(c, &w);
}

/* ---- the access report ---- */

static enum err access_add(struct ctx *c, struct store *st, const char *what, struct span person,
			   struct span order, struct span detail, int64_t *id_out)
{
	const struct store_value none = P_NULL, who = P_TEXT(person), ref = P_TEXT(order);
	struct store_value id;

	TRY(store_one(c, st, QUERY_ACCESS_ADD,
		      PARAMS(P_INT(now_utc(c)), P_STR(what), person.n ? who : none,
			     order.n ? ref : none, P_TEXT(detail)),
		      &id, 1, NULL));
	*id_out = id.i;
	return ERR_OK;
}

enum err access_note(struct ctx *c, struct store *st, const char *what, struct span person,
		     struct span order, struct span detail)
{
	int64_t id;

	return access_add(c, st, what, person, order, detail, &id);
}

static enum err tally_write(struct ctx *c, struct store *st, struct access_tally *t)
{
	struct span detail;

	TRY(span_fmt(c, &detail, "%lld in this minute, the last: %s", (long long)t->count,
		     t->last));
	TRY(store_run(c, st, QUERY_ACCESS_DETAIL, PARAMS(P_INT(t->id), P_TEXT(detail)), NULL,
		      NULL));
	t->written_utc = now_utc(c);
	t->waits = false;
	return ERR_OK;
}

enum err access_tell(struct ctx *c, struct store *st, struct access_tally *tally)
{
	return tally->waits && tally->written_utc != now_utc(c) ? tally_write(c, st, tally)
								 : ERR_OK;
}

enum err access_refused(struct ctx *c, struct store *st, struct access_tally *tally,
			struct span why)
{
	int64_t minute = now_utc(c) / 60;

	TRY(access_tell(c, st, tally));
	if (tally->count > 0 && tally->minute == minute) {
		tally->count++;
		snprintf(tally->last, sizeof tally->last, "%.*s", SPAN_ARG(why));
		tally->waits = true;
		return access_tell(c, st, tally);
	}
	TRY(access_add(c, st, "refused", SPAN_NONE, SPAN_NONE, why, &tally->id));
	*tally = (struct access_tally){ .id = tally->id, .minute = minute, .count = 1,
					.written_utc = now_utc(c) };
	return ERR_OK;
}

enum err access_seen(struct ctx *c, struct store *st, struct span person, struct span order,
		     int64_t since_utc, bool *out)
{
	struct store_value last;

	return store_one(c, st, QUERY_ACCESS_SEEN,
			 PARAMS(P_TEXT(person), P_TEXT(order), P_INT(since_utc)), &last, 1, out);
}

struct last {
	access_fn *row;
	void *of;
};

static enum err last_row(struct ctx *c, void *of, const struct store_row *row)
{
	const struct last *l = of;
	const struct store_value *v = row->v;

	return l->row(c, l->of,
		      &(struct access_line){ v[0].i, v[1].i, v[2].s, v[3].s, v[4].s, v[5].s });
}

enum err access_last(struct ctx *c, struct store *st, struct span person, int64_t below,
		     int64_t limit, access_fn *row, void *of)
{
	struct last l = { row, of };

	return store_run(c, st, QUERY_ACCESS_LAST,
			 PARAMS(P_INT(below), P_INT(limit), P_TEXT(person)), last_row, &l);
}

/* ---- what was typed ---- */

enum err draft_keep(struct ctx *c, struct store *st, struct span person, const struct draft *d,
		    struct span *token_out)
{
	struct store_value kept;
	struct span bytes, id;

	if (d->form.n > DRAFT_MAX) {
		err_next(c, "copy it out of the page first, then sign in");
		FAIL(c, ERR_LIMIT, "what was typed is too long to be kept over a sign-in");
	}
	TRY(store_one(c, st, QUERY_DRAFT_BYTES, PARAMS(P_TEXT(person), P_INT(now_utc(c))), &kept,
		      1, NULL));
	if (kept.i + (int64_t)d->form.n > (int64_t)DRAFTS_MAX) {
		err_next(c, "copy it out of the page first, then sign in; what is kept is given "
			    "back on its page, and forgotten after an hour");
		FAIL(c, ERR_LIMIT, "too much is kept already of what you sent after sessions had "
				   "ended");
	}
	TRY(fresh(c, &bytes));
	TRY(hex_encode(c, bytes, token_out));
	TRY(sha256_hex(c, *token_out, &id));
	return store_run(c, st, QUERY_DRAFT_ADD,
			 PARAMS(P_TEXT(id), P_TEXT(person), P_TEXT(d->target), P_TEXT(d->form),
				P_INT(now_utc(c) + DRAFT_S)),
			 NULL, NULL);
}

enum err draft_take(struct ctx *c, struct store *st, struct span token, struct span person,
		    struct span target, struct draft *out, bool *found_out)
{
	struct store_value form;
	struct span id;

	*found_out = false;
	if (token.n != TOKEN_TEXT || !person.n)
		return ERR_OK;
	TRY(sha256_hex(c, token, &id));
	TRY(store_one(c, st, QUERY_DRAFT_TAKE,
		      PARAMS(P_TEXT(id), P_TEXT(person), P_TEXT(target), P_INT(now_utc(c))), &form,
		      1, found_out));
	if (*found_out)
		*out = (struct draft){ target, form.s };
	return ERR_OK;
}

enum err sitting_sweep(struct ctx *c, struct store *st)
{
	int64_t now = now_utc(c), known = now - SITTING_KNOWN_S;

	TRY(store_run(c, st, QUERY_SITTING_SWEEP, PARAMS(P_INT(known), P_INT(known)), NULL, NULL));
	TRY(store_run(c, st, QUERY_CHALLENGE_SWEEP, PARAMS(P_INT(now)), NULL, NULL));
	TRY(store_run(c, st, QUERY_PICKUP_SWEEP, PARAMS(P_INT(now)), NULL, NULL));
	return store_run(c, st, QUERY_DRAFT_SWEEP, PARAMS(P_INT(now)), NULL, NULL);
}
