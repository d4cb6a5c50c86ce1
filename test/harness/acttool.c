/*
 * Many acts and ticks through the order library itself, for test/flow and test/bench, where a
 * process per command would take too long; and retention, which no command does yet.
 *   acttool HOME NAME acts REF N      N acts 'preserved', each in its own commit, as NAME
 *   acttool HOME NAME orders REF N    N orders more, each with the acts of that one, in a commit
 *   acttool HOME NAME tick N          N ticks
 *   acttool HOME NAME remove REF      the bodies of that order's acts
 * Prints the seconds that it took. Never installed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "log/log.h"
#include "order/order.h"

#define MEMORY_BYTES ((size_t)512 << 20)

static enum err preserve(struct ctx *c, struct session *s, struct span ref, int64_t count)
{
	struct order o;

	TRY(order_load(c, s, ref, &o));
	for (int64_t i = 0; i < count; i++) {
		struct json *body = json_object(c);

		json_set_str(c, body, "until", "2027-11-22");
		TRY(order_append(c, s, &o, ACT_PRESERVED, body));
	}
	return ERR_OK;
}

/* W-2222-2222 and on: digits that stand in references. */
static enum err numbered_ref(struct ctx *c, int64_t n, struct span *out)
{
	static const char digits[] = "23456789CFGHJMPQRVWX";
	char text[] = "W-2222-2222";

	for (size_t at = sizeof text - 2; n > 0 && at > 1; at -= at == 7 ? 2 : 1) {
		text[at] = digits[n % 20];
		n /= 20;
	}
	return span_copy(c, span_of(text, sizeof text - 1), out);
}

static enum err act_kind_of(struct ctx *c, struct span word, enum act_kind *out)
{
	for (int i = 0; i < ACT_KINDS; i++) {
		*out = (enum act_kind)i;
		if (span_is(word, act_word(*out)))
			return ERR_OK;
	}
	FAIL(c, ERR_FORMAT, "no act '%.*s'", SPAN_ARG(word));
}

static enum err again(struct ctx *c, struct session *s, const struct order *model, int64_t n)
{
	struct order o = { .last_seq = 0 };
	struct new_act *acts;
	size_t count = 0;

	TRY(numbered_ref(c, n, &o.ref));
	TRY(NEW_ARRAY(c, acts, json_count(model->acts)));
	JSON_EACH(act, model->acts) {
		TRY(act_kind_of(c, json_opt_text(act, "act", SPAN_NONE), &acts[count].kind));
		TRY(json_clone(c, json_get(act, "body"), &acts[count++].body));
	}
	return order_append_all(c, s, &o, acts, count);
}

static enum err orders(struct ctx *c, struct session *s, struct span ref, int64_t count)
{
	struct order model;

	TRY(order_load(c, s, ref, &model));
	for (int64_t n = 1; n <= count; n++) {
		CTX_SCOPED struct ctx one;
		enum err e;

		TRY(ctx_begin(&one, MEMORY_BYTES));
		e = again(&one, s, &model, n);
		if (e != ERR_OK)
			FAIL(c, e, "order %lld: %s", (long long)n, one.why);
	}
	return ERR_OK;
}

static enum err close_ticks(struct ctx *c, struct session *s, int64_t count)
{
	struct log_tick tick;
	struct log l;

	TRY(order_log(c, s, &l));
	for (int64_t i = 0; i < count; i++) {
		CTX_SCOPED struct ctx one;
		enum err e;

		TRY(ctx_begin(&one, MEMORY_BYTES));
		e = log_tick(&one, &l, &tick);
		if (e != ERR_OK)
			FAIL(c, e, "tick %lld: %s", (long long)i, one.why);
	}
	return ERR_OK;
}

static enum err retire(struct ctx *c, struct session *s, struct span ref)
{
	struct json *body, *copy;

	TRY(log_removal(c, s->store, ref, &body));
	TRY(json_clone(c, body, &copy));
	TRY(home_append(c, s, LOG_ACT_REMOVED, copy));
	return log_remove(c, s->store, body);
}

static enum err run(struct ctx *c, int words, char **word)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	int64_t began, count = 0;
	enum err e;

	if (words < 5 || !span_to_i64(span_str(word[words - 1]), &count))
		count = 1;
	TRY(session_open(c, word[1], word[2], &s));
	began = c->seam->mono_ms();
	if (!strcmp(word[3], "acts") && words == 6)
		e = preserve(c, &s, span_str(word[4]), count);
	else if (!strcmp(word[3], "orders") && words == 6)
		e = orders(c, &s, span_str(word[4]), count);
	else if (!strcmp(word[3], "tick") && words == 5)
		e = close_ticks(c, &s, count);
	else if (!strcmp(word[3], "remove") && words == 5)
		e = retire(c, &s, span_str(word[4]));
	else
		FAIL(c, ERR_USAGE, "acttool HOME NAME acts|orders REF N | tick N | remove REF");
	TRY(e);
	printf("%.3f\n", (double)(c->seam->mono_ms() - began) / 1000);
	return ERR_OK;
}

int main(int words, char **word)
{
	CTX_SCOPED struct ctx c;
	enum err e = ctx_begin(&c, MEMORY_BYTES);

	if (e == ERR_OK)
		e = words >= 4 ? run(&c, words, word) : ERR_USAGE;
	if (e != ERR_OK)
		fprintf(stderr, "acttool: %s: %s\n", err_text(e), c.why);
	return err_exit_status(e);
}
