/*
 * Commands that take an order in and show it: order new, submit, list; show, paper, letter.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/user_file.h"
#include "crypt/hash.h"
#include "format/time.h"
#include "order/1_receive/receive.h"
#include "order/embedded.h"
#include "order/letter.h"
#include "order/pdf.h"
#include "order/queue.h"
#include "order/work.h"
#include "store/blob.h"

enum err cmd_order_new(struct ctx *c, const struct command *self, const struct args *a)
{
	TRY(usage_check(c, self, a, 0));
	for (const struct embedded *t = command_texts; t->name; t++)
		if (!strcmp(t->name, "order"))
			fwrite(t->bytes, 1, t->n, stdout);
	return ERR_OK;
}

static void close_all(struct submission *in)
{
	fd_close(&in->order.fd);
	for (size_t i = 0; i < in->papers; i++)
		fd_close(&in->paper[i].fd);
}

static enum err open_all(struct ctx *c, const struct args *a, struct submission *in)
{
	const char *papers[PAPERS_MAX];
	size_t n = args_each(a, "paper", papers, COUNT_OF(papers));

	if (json_count(args_list(c, a, "paper")) > COUNT_OF(papers)) {
		err_next(c, "put several into one file; nothing was taken in");
		FAIL(c, ERR_LIMIT, "an order has at most %u papers", PAPERS_MAX);
	}
	if (a->count) {
		in->order.name = user_name(a->rest[0]);
		TRY(user_open(c, a->rest[0], O_RDONLY, 0, &in->order.fd));
	}
	for (size_t i = 0; i < n; i++) {
		in->paper[i].name = user_name(papers[i]);
		TRY(user_open(c, papers[i], O_RDONLY, 0, &in->paper[i].fd));
		in->papers++;
	}
	return ERR_OK;
}

static struct span corrected_order(const struct order *o)
{
	return json_opt_text(json_get(o->received, "resubmits"), "order", SPAN_NONE);
}

/* Files that were handed in before, but for the order that this one says it corrects. */
static void remark_seen(const struct order *o)
{
	JSON_EACH(ref, json_get(o->received, "seen_in"))
		if (!span_eq(ref->s, corrected_order(o)))
			talk("REMARK: a file of this order was handed in before, in %.*s. Is it a "
			     "resubmission (order submit --resubmits), or was a document reused "
			     "(authenticate --sign REUSED_DOCUMENT)?",
			     SPAN_ARG(ref->s));
}

/* The order is received whatever becomes of its reading, which can be begun again. */
static void read_papers(struct ctx *c, const struct session *s, const struct order *o)
{
	static const char *const words[] = { "paper", "read", NULL };

	if (work_order(c, s, o->ref, "read", words, NULL, NULL) == ERR_OK)
		return;
	talk("its papers are not being read: %s", c->why);
	err_clear(c);
}

enum err cmd_order_submit(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	__attribute__((cleanup(close_all))) struct submission in = { .order.fd = -1 };
	const struct json *record;
	struct json *out = json_object(c), *seen;
	struct span receipt;
	struct order o;

	if (a->count || !args_has(a, "paper"))
		TRY(usage_check(c, self, a, 1));
	TRY(command_session(c, a, &s));
	TRY(open_all(c, a, &in));
	in.resubmits = args_span(a, "resubmits");
	in.language = args_span(a, "language");
	TRY(order_receive(c, &s, &in, &o, &receipt, &record));
	remark_seen(&o);
	if (args_has(a, "json")) {
		json_set_text(c, out, "order", o.ref);
		json_set_text(c, out, "receipt", receipt);
		json_set_text(c, out, "resubmits",
			      corrected_order(&o));
		TRY(json_clone(c, json_get(o.received, "seen_in"), &seen));
		json_set(c, out, "seen_in", seen);
		json_set_text(c, out, "record", json_opt_text(record, "record", SPAN_NONE));
		json_set_text(c, out, "record_seal",
			      json_opt_text(record, "record_seal", SPAN_NONE));
		TRY(say_json(c, out));
	} else {
		say("%.*s", SPAN_ARG(o.ref));
		talk("received; the signed receipt is the letter 'receipt': writ letter %.*s "
		     "receipt",
		     SPAN_ARG(o.ref));
		if (o.from_paper)
			talk("it came as paper alone: 'writ paper read %.*s' reads it, 'writ order "
			     "transcribe %.*s FILE' takes what it says", SPAN_ARG(o.ref),
			     SPAN_ARG(o.ref));
	}
	if (args_has(a, "read") && o.from_paper)
		read_papers(c, &s, &o);
	return order_close_tick(c, &s);
}

enum err cmd_order_transcribe(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	FD_SCOPED int fd = -1;
	struct order o;

	TRY(usage_check(c, self, a, 2));
	TRY(command_session(c, a, &s));
	TRY(order_load(c, &s, span_str(a->rest[0]), &o));
	TRY(user_open(c, a->rest[1], O_RDONLY, 0, &fd));
	TRY(order_transcribe(c, &s, &o, &(struct submitted_file){ user_name(a->rest[1]), fd },
			     NULL, args_span(a, "because")));
	say("order %.*s is written out from its paper", SPAN_ARG(o.ref));
	return order_close_tick(c, &s);
}

struct listing {
	struct ctx *c;
	struct json *json;
	struct queue_ask ask;
	int64_t shown;
};

static enum err list_json(struct listing *l, const struct queue_row *q)
{
	const struct order_view *v = q->v;
	struct json *row, *flags = json_list(l->c), *copy;
	char received[TIME_TEXT_MAX];
	struct span word, rest = q->flags, text;

	row = json_object(l->c);
	time_text(v->received_at, received);
	json_set_text(l->c, row, "order", v->ref);
	json_set_text(l->c, row, "state", v->state);
	json_set_text(l->c, row, "agency", v->agency);
	json_set_text(l->c, row, "authority_reference", v->authority_reference);
	json_set_text(l->c, row, "kind", v->kind);
	json_set_int(l->c, row, "targets", v->targets);
	json_set_text(l->c, row, "waiting_for", q->waiting_for);
	json_set_text(l->c, row, "turn", v->turn);
	json_set_str(l->c, row, "received_at", received);
	if (v->due_at != VIEW_NO_I64)
		json_set_int(l->c, row, "due_at", v->due_at);
	json_set_bool(l->c, row, "open", v->open != 0);
	json_set_bool(l->c, row, "breached", q->breached);
	for (; span_split(rest, ' ', &word, &text); rest = text)
		json_add(l->c, flags, json_text(l->c, word));
	if (rest.n)
		json_add(l->c, flags, json_text(l->c, rest));
	json_set(l->c, row, "flags", flags);
	TRY(json_clone(l->c, row, &copy));
	json_add(l->c, l->json, copy);
	return ERR_OK;
}

static enum err list_queue_row(struct ctx *c, void *of, const struct queue_row *q)
{
	struct listing *l = of;
	char received[TIME_TEXT_MAX];

	l->shown++;
	if (l->json)
		return list_json(l, q);
	time_text(q->v->received_at, received);
	printf("%-12.*s %-13.*s %9s  %s  %-18.*s %.*s%s%.*s\n", SPAN_ARG(plain(c, q->v->ref)),
	       SPAN_ARG(plain(c, q->v->state)), q->clock, received,
	       SPAN_ARG(plain(c, q->v->agency)), SPAN_ARG(plain(c, q->waiting_for)),
	       q->flags.n ? "  ! " : "", SPAN_ARG(plain(c, q->flags)));
	return ERR_OK;
}

static enum err list_row(struct ctx *c, void *of, const struct order_view *v)
{
	struct listing *l = of;
	struct queue_row q;

	TRY(queue_row_of(c, &l->ask, v, &q));
	return list_queue_row(c, of, &q);
}

static enum err check_state(struct ctx *c, struct span state)
{
	for (int i = 0; state.n && i < ORDER_STATES; i++)
		if (span_is(state, order_state_word((enum order_state)i)))
			return ERR_OK;
	if (!state.n)
		return ERR_OK;
	err_next(c, "'writ help states' lists them");
	FAIL(c, ERR_USAGE, "there is no state '%.*s'", SPAN_ARG(state));
}

/* What waits for whom depends on who asks and on the roster; a list of all orders does without. */
static enum err queue_list(struct ctx *c, struct session *s, struct listing *l)
{
	struct queue_counts counts;
	struct team *team;

	if (l->ask.view == QUEUE_MINE || l->ask.view == QUEUE_WAITING)
		TRY(session_need_actor(c, s, ""));
	TRY(team_load(c, s, &team));
	l->ask.team = team;
	l->ask.who = team_find(team, s->actor);
	return queue_walk(c, s, &l->ask, list_queue_row, l, &counts);
}

static enum err all_list(struct ctx *c, struct session *s, const struct args *a, struct listing *l)
{
	struct view_filter f = { .state = args_span(a, "state"), .agency = args_span(a, "agency"),
				 .after_received = INT64_MAX, .limit = l->ask.limit };

	return view_list(c, s->store, &f, list_row, l);
}

enum err cmd_order_list(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	struct listing l = { c, args_has(a, "json") ? json_list(c) : NULL,
			     { .now_utc = c->seam->now_ms() / 1000, .limit = 100 }, 0 };
	struct json *out = json_object(c);
	bool queue = args_get(a, "view") != NULL;

	TRY(usage_check(c, self, a, 0));
	if (queue && (args_get(a, "state") || args_get(a, "agency")))
		FAIL(c, ERR_USAGE, "--state and --agency filter the list without --view");
	if (queue && !queue_view_of(args_span(a, "view"), &l.ask.view))
		FAIL(c, ERR_USAGE, "--view is open, mine, waiting, breached or all");
	if (args_get(a, "limit") &&
	    (!span_to_i64(args_span(a, "limit"), &l.ask.limit) || l.ask.limit < 1))
		FAIL(c, ERR_USAGE, "--limit is a number from 1");
	TRY(check_state(c, args_span(a, "state")));
	TRY(command_session(c, a, &s));
	if (!l.json)
		printf("%-12s %-13s %9s  %-20s  %-18s %s\n", "order", "state", "due in",
		       "received", "agency", "whose turn");
	TRY(queue ? queue_list(c, &s, &l) : all_list(c, &s, a, &l));
	if (l.json) {
		json_set(c, out, "orders", l.json);
		return say_json(c, out);
	}
	if (l.shown == l.ask.limit)
		talk("the %s %lld; --limit NUMBER shows more", queue ? "first" : "newest",
		     (long long)l.ask.limit);
	if (l.shown == 0)
		talk("no orders%s; 'writ order new > FILE' and 'writ order submit FILE' take one "
		     "in",
		     queue || args_get(a, "state") || args_get(a, "agency") ? " like that"
									   : " yet");
	return ERR_OK;
}

static enum err letter_text(struct ctx *c, const struct session *s, const struct json *letter,
			    struct span *out)
{
	struct sha256 hash;

	TRY(json_need_hex(c, letter, "sha256", hash.b, sizeof hash.b));
	return blob_read(c, s->home.blob, &hash, LETTER_MAX, out);
}

/* The same text as a PDF; what the seal signed is the hash of the text, which stands on each page.
 */
static enum err letter_pdf(struct ctx *c, struct session *s, const struct args *a,
			   const struct order *o, const struct json *letter, struct span text)
{
	struct pdf_page page = { .sha256_text = json_opt_text(letter, "sha256", SPAN_NONE) };
	struct span pdf, made = SPAN_NONE;
	struct json *record;
	int64_t missing;

	TRY(span_fmt(c, &page.reference, "%.*s, %s", SPAN_ARG(o->ref), a->rest[1]));
	TRY(span_fmt(c, &page.title, "%.*s: %s", SPAN_ARG(o->ref), a->rest[1]));
	if (json_parse(c, json_opt_text(letter, "record", SPAN("{}")), &record) == ERR_OK)
		made = json_opt_text(record, "made_at", SPAN_NONE);
	if (!time_parse(made, &page.made_utc))
		FAIL(c, ERR_VERIFY, "the seal's record of the letter '%s' has no time", a->rest[1]);
	TRY(pdf_of_text(c, s, &page, text, &pdf, &missing));
	TRY(user_write(c, args_get(a, "pdf"), pdf, 0600));
	if (missing == 0)
		return ERR_OK;
	err_next(c,
		 "install a font that has them (fonts-noto-core, fonts-droid-fallback), and write "
		 "it again; the text form is whole");
	FAIL(c, ERR_DEGRADED, "no font of this machine has %lld characters of the letter",
	     (long long)missing);
}

static enum err one_letter(struct ctx *c, struct session *s, const struct args *a,
			   const struct order *o, const struct json *letter)
{
	struct span text;

	TRY(letter_text(c, s, letter, &text));
	if (args_get(a, "pdf"))
		TRY(letter_pdf(c, s, a, o, letter, text));
	if (!args_get(a, "out")) {
		if (!args_get(a, "pdf"))
			say_bytes(text);
		return ERR_OK;
	}
	TRY(user_write(c, args_get(a, "out"), text, 0600));
	TRY(user_write_beside(c, args_get(a, "out"), ".record", 1,
			      json_opt_text(letter, "record", SPAN_NONE), 0600));
	TRY(user_write_beside(c, args_get(a, "out"), ".record.seal", 2,
			      json_opt_text(letter, "record_seal", SPAN_NONE), 0600));
	say("%s, and the seal's record of its hash beside it (.record, .record.seal)",
	    user_name(args_get(a, "out")));
	return ERR_OK;
}

enum err cmd_letter(struct ctx *c, const struct command *self, const struct args *a)
{
	struct session SESSION_SCOPED s = { .seal = -1 };
	const struct json *receipt, *wanted = NULL;
	struct order o;

	if (a->count != 2)
		TRY(usage_check(c, self, a, 1));
	TRY(command_session(c, a, &s));
	TRY(order_load(c, &s, span_str(a->rest[0]), &o));
	receipt = json_get(o.received, "receipt");
	if (a->count == 1) {
		say("receipt");
		JSON_EACH(letter, o.letters)
			say("%.*s", SPAN_ARG(json_opt_text(letter, "template", SPAN_NONE)));
		return ERR_OK;
	}
	if (!strcmp(a->rest[1], "receipt"))
		wanted = receipt;
	JSON_EACH(letter, o.letters)
		if (span_is(json_opt_text(letter, "template", SPAN_NONE), a->rest[1]))
			wanted = letter;
	if (!wanted) {
		err_next(c, "writ letter %.*s lists them", SPAN_ARG(o.ref));
		FAIL(c, ERR_NOT_FOUND, "order %.*s has no letter '%s'", SPAN_ARG(o.ref),
		     a->rest[1]);
	}
	return one_letter(c, &s, a, &o, wanted);
}
