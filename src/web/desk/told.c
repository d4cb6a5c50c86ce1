/*
 * What the seal says of people and rules, asked at most every two seconds, and the state of the
 * home beside it. A seal that does not answer is told on every page and keeps nobody from reading:
 * what it said last counts on, as long as any sitting could, and the question stays put until it
 * comes back. What needs the seal itself fails at once meanwhile (session.seal_silent).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "order/order.h"
#include "web/desk/desk.h"

#define TOLD_MEMORY ((size_t)64 << 20)
#define TOLD_MS 2000            /* so long a change of the roster may go unnoticed */
#define ANSWER_MS 5000          /* all others wait meanwhile, and once: then it is silent */
#define FIRST_ANSWER_MS 10000   /* it may have to be started; without it nobody is known */

/* Has anything changed that pages say of people, rules and the state of the home? */
static enum err number_told(struct desk *d, struct ctx *c)
{
	static const char *const members[] = { "roster", "policy", "halted", "halt_epoch" };
	const struct health *h = &d->health;
	struct sha256 hash;
	struct span text;
	struct buf b;

	buf_begin(&b, c, TOLD_MEMORY);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		const struct json *member = json_get(d->seal_state, members[i]);

		if (member)
			TRY(json_write(c, member, TOLD_MEMORY, &text));
		buf_add(&b, member ? text : SPAN_NONE);
		buf_byte(&b, 0);
	}
	buf_fmt(&b, "%d %d %d %d %lld %llu %lld", h->tick_late, h->clock_behind, h->unknown,
		h->halted, h->verify_late ? (long long)h->verify_days : -1,
		h->disk_low ? (unsigned long long)h->disk_bytes : 0, (long long)d->silent_utc);
	TRY(buf_done(c, &b, &text));
	TRY(sha256_of(c, text, &hash));
	d->told_number += memcmp(hash.b, d->told_hash.b, sizeof hash.b) != 0;
	d->told_hash = hash;
	return ERR_OK;
}

/* The answer to the question, which is put where it does not wait already. A seal that ended its
 * idle minute has closed the connection: once more, on another one. */
static enum err put_and_take(struct desk *d, struct session *s, struct ctx *c, int wait_ms)
{
	enum err e = ERR_NOT_FOUND;

	for (int tries = 0; e == ERR_NOT_FOUND && tries < 3; tries++) {
		err_clear(c);
		e = ERR_OK;
		if (!d->question_put)
			e = seal_state_put(c, s);
		d->question_put = e == ERR_OK;
		if (e == ERR_OK)
			e = seal_state_take(c, s, wait_ms, &s->seal_state);
		d->question_put = e == ERR_AGAIN && s->seal >= 0;
	}
	if (e != ERR_NOT_FOUND && !d->question_put)
		return e;
	err_clear(c);
	err_next(c, "'writ doctor' says what is wrong, where this service runs");
	FAIL(c, ERR_AGAIN, "writ-seal %s",
	     d->question_put ? "does not answer" : "ends before it answers");
}

/* What it said last gives way to what it says now, and not before. */
static enum err take_state(struct desk *d, struct ctx *c, int wait_ms)
{
	struct session s = { .home = d->home, .store = d->store, .seal = d->seal,
			     .seal_wait_ms = wait_ms ? wait_ms : 1 };
	struct team *team = NULL;
	struct ctx fresh;
	enum err e;

	TRY(ctx_begin(&fresh, TOLD_MEMORY));
	e = put_and_take(d, &s, &fresh, wait_ms);
	if (e == ERR_OK)
		e = team_load(&fresh, &s, &team);
	d->seal = s.seal;
	if (e != ERR_OK) {
		err_next(c, "%s", fresh.next);
		(void)err_set(c, e, fresh.file, fresh.line, "%s", fresh.why);
		ctx_end(&fresh);
		return e;
	}
	if (d->has_told)
		ctx_end(&d->told);
	d->told = fresh;
	d->has_told = true;
	d->seal_state = s.seal_state;
	d->team = team;
	return ERR_OK;
}

/* The one place that says whether the seal is silent, and since when. */
static enum err hear_seal(struct desk *d, struct ctx *c, int64_t now_ms)
{
	bool silent = d->silent_utc != 0;
	enum err e;

	e = take_state(d, c, silent ? 0 : d->has_told ? ANSWER_MS : FIRST_ANSWER_MS);
	if (e == ERR_OK) {
		if (silent)
			fprintf(stderr, "writ serve: writ-seal answers again\n");
		d->silent_utc = 0;
		return ERR_OK;
	}
	if (!silent) {
		fprintf(stderr, "writ serve: writ-seal does not answer: %s\n", c->why);
		d->silent_utc = now_ms / 1000;
	}
	if (!d->has_told || now_ms / 1000 - d->silent_utc >= SITTING_MAX_S)
		return e;
	err_clear(c);
	return ERR_OK;
}

static enum err look_at_health(struct desk *d)
{
	struct session s = { .home = d->home, .store = d->store, .seal = -1 };
	struct ctx scratch;
	enum err e;

	TRY(ctx_begin(&scratch, TOLD_MEMORY));
	health_look(&scratch, &s, d->seal_state, &d->health);
	e = number_told(d, &scratch);
	ctx_end(&scratch);
	return e;
}

enum err told_ask(struct desk *d, struct ctx *c, int64_t now_ms)
{
	bool fresh = d->told_ms && now_ms >= d->told_ms && now_ms - d->told_ms < TOLD_MS;
	bool silent = d->silent_utc != 0;

	if (fresh && d->has_told && !d->question_put)
		return ERR_OK;
	TRY(hear_seal(d, c, now_ms));
	if (fresh && silent == (d->silent_utc != 0))
		return ERR_OK;
	d->told_ms = now_ms;
	return look_at_health(d);
}
