/*
 * The queue; see queue.h. One walk over the open rows in their order counts every view and gives
 * the rows of one: what depends on the person or on the moment stands in no table. All orders,
 * which are many, are asked for page by page. SPDX-License-Identifier: Apache-2.0
 */
#include "order/queue.h"

#include <stdio.h>
#include <string.h>

#include "format/time.h"
#include "order/letter.h"

#define NAMES_SHOWN 3u

static const char *const views[QUEUE_VIEWS] = { "open", "mine", "waiting", "breached", "all" };

const char *queue_view_word(enum queue_view view)
{
	return views[view];
}

bool queue_view_of(struct span word, enum queue_view *out)
{
	for (int i = 0; i < QUEUE_VIEWS; i++) {
		if (!span_is(word, views[i]))
			continue;
		*out = (enum queue_view)i;
		return true;
	}
	return false;
}

/* ---- who works here ---- */

const struct team_person *team_find(const struct team *t, struct span name)
{
	for (size_t i = 0; name.n && i < t->count; i++)
		if (span_eq(t->person[i].name, name))
			return &t->person[i];
	return NULL;
}

static struct team_person *team_take(struct team *t, struct span name)
{
	const struct team_person *known = team_find(t, name);

	if (known)
		return &t->person[known - t->person];
	if (!name.n || t->count == TEAM_MAX)
		return NULL;
	t->person[t->count].name = name;
	return &t->person[t->count++];
}

enum err team_load(struct ctx *c, struct session *s, struct team **out)
{
	const struct json *state, *roster;
	int64_t now_utc = c->seam->now_ms() / 1000;
	struct team_person *p;

	TRY(NEW(c, *out));
	TRY(seal_state(c, s, false, &state));
	TRY(json_need_list(c, state, "roster", &roster));
	JSON_EACH(row, roster) {
		if (!roster_row_is(row, "person", now_utc))
			continue;
		p = team_take(*out, json_opt_text(row, "name", SPAN_NONE));
		if (!p)
			continue;
		p->decide |= roster_may(row, "decide");
		p->approve |= roster_may(row, "approve");
		p->roster |= roster_may(row, "roster");
		p->halt |= roster_may(row, "halt");
		p->audit |= roster_may(row, "audit");
	}
	(*out)->decider_may_approve =
		span_is(json_opt_text(json_get(state, "policy"), "decider_may_approve", SPAN("no")),
			"yes");
	return ERR_OK;
}

/* ---- one row ---- */

void clock_text(int64_t due_utc, int64_t now_utc, char out[CLOCK_TEXT_MAX])
{
	int64_t left, size;
	bool over;

	if (due_utc == VIEW_NO_I64) {
		snprintf(out, CLOCK_TEXT_MAX, "-");
		return;
	}
	left = due_utc - now_utc;
	over = left <= 0;
	size = over ? -left : left;
	if (size >= 2 * 86400)
		snprintf(out, CLOCK_TEXT_MAX, "%s%lld d", over ? "+" : "",
			 (long long)(size / 86400));
	else
		snprintf(out, CLOCK_TEXT_MAX, "%s%02lld:%02lld", over ? "+" : "",
			 (long long)(size / 3600), (long long)(size / 60 % 60));
}

static bool has_name(struct span lines, struct span name)
{
	struct span line, rest;

	for (; span_split(lines, '\n', &line, &rest); lines = rest)
		if (span_eq(line, name))
			return true;
	return lines.n && span_eq(lines, name);
}

/* Whom the row waits for; a notice that is owed is for any of the staff. */
static enum order_who who_of(const struct order_view *v)
{
	enum order_who who = WHO_NOBODY;

	if (v->open == 2)
		return WHO_DESK;
	(void)order_who_of(v->turn, &who);
	return who;
}

static bool waits_for(const struct queue_ask *ask, const struct order_view *v,
		      const struct team_person *p)
{
	if (!p || p->audit)
		return false;
	switch (who_of(v)) {
	case WHO_DESK:
		return true;
	case WHO_DECIDE:
		return p->decide && !has_name(v->decided_by, p->name);
	case WHO_APPROVE:
		return p->approve && !has_name(v->approved_by, p->name) &&
		       (ask->team->decider_may_approve || !has_name(v->decided_by, p->name));
	case WHO_NOBODY:
	case WHO_AUTHORITY:
	case WHOS:
		break;
	}
	return false;
}

/* "Ana, Ben" where they are few, else in words. */
static enum err waiting_words(struct ctx *c, const struct queue_ask *ask,
			      const struct order_view *v, struct span *out)
{
	enum order_who who = who_of(v);
	size_t n = 0;
	struct buf b;

	*out = v->open == 2 ? SPAN("staff: tell the customer") : v->waiting_for;
	if ((who != WHO_DECIDE && who != WHO_APPROVE) || !ask->team)
		return ERR_OK;
	buf_begin(&b, c, 4096);
	for (size_t i = 0; i < ask->team->count; i++)
		if (waits_for(ask, v, &ask->team->person[i]) && ++n <= NAMES_SHOWN)
			buf_fmt(&b, "%s%.*s", n > 1 ? ", " : "",
				SPAN_ARG(ask->team->person[i].name));
	return n > 0 && n <= NAMES_SHOWN ? buf_done(c, &b, out) : ERR_OK;
}

static enum err flags_now(struct ctx *c, const struct order_view *v, bool breached,
			  struct span *out)
{
	*out = v->flags;
	if (!breached)
		return ERR_OK;
	return span_fmt(c, out, "%.*s%s%s", SPAN_ARG(v->flags), v->flags.n ? " " : "",
			order_flag_word(v->open == 2 ? FLAG_NOTICE_DUE : FLAG_BREACHED));
}

static void row_begin(const struct queue_ask *ask, const struct order_view *v,
		      struct queue_row *row)
{
	*row = (struct queue_row){ .v = v };
	row->breached = v->open && v->clock_at != VIEW_NO_I64 && v->clock_at <= ask->now_utc;
	row->mine = ask->who && has_name(v->people, ask->who->name);
	row->for_me = v->open && waits_for(ask, v, ask->who);
}

enum err queue_row_of(struct ctx *c, const struct queue_ask *ask, const struct order_view *v,
		      struct queue_row *out)
{
	row_begin(ask, v, out);
	clock_text(v->open ? v->clock_at : v->due_at, ask->now_utc, out->clock);
	TRY(waiting_words(c, ask, v, &out->waiting_for));
	return flags_now(c, v, out->breached, &out->flags);
}

/* ---- the walk ---- */

static bool same_letter(unsigned char a, unsigned char b)
{
	if (a >= 'A' && a <= 'Z')
		a = (unsigned char)(a + 32);
	if (b >= 'A' && b <= 'Z')
		b = (unsigned char)(b + 32);
	return a == b;
}

static bool contains(struct span text, struct span word)
{
	for (size_t at = 0; at + word.n <= text.n; at++) {
		size_t i = 0;

		while (i < word.n && same_letter(text.p[at + i], word.p[i]))
			i++;
		if (i == word.n)
			return true;
	}
	return false;
}

static bool row_contains(const struct queue_row *row, struct span word)
{
	const struct order_view *v = row->v;

	return contains(v->ref, word) || contains(v->state, word) || contains(v->kind, word) ||
	       contains(kind_words(v->kind), word) ||
	       contains(v->agency, word) || contains(v->authority_reference, word) ||
	       contains(v->flags, word);
}

/* Behind so many words the rest is one: who asks for thousands keeps nobody waiting. */
static bool matches(const struct queue_row *row, struct span words)
{
	struct span word, rest;

	for (unsigned n = 1; n < QUEUE_WORDS_MAX && span_split(words, ' ', &word, &rest); n++) {
		if (word.n && !row_contains(row, word))
			return false;
		words = rest;
	}
	return words.n == 0 || row_contains(row, words);
}

struct walk {
	const struct queue_ask *ask;
	queue_fn *row;
	void *of;
	struct queue_counts *counts;
};

static enum err show_row(struct ctx *c, const struct walk *w, struct queue_row *row)
{
	struct queue_counts *n = w->counts;

	if (!matches(row, w->ask->words))
		return ERR_OK;
	n->matched++;
	if (n->matched <= w->ask->skip || n->matched - w->ask->skip > w->ask->limit)
		return ERR_OK;
	TRY(queue_row_of(c, w->ask, row->v, row));
	return w->row(c, w->of, row);
}

static enum err walk_row(struct ctx *c, void *of, const struct order_view *v)
{
	const struct walk *w = of;
	struct queue_counts *n = w->counts;
	bool in[QUEUE_VIEWS] = { false };
	struct queue_row row;

	row_begin(w->ask, v, &row);
	in[QUEUE_OPEN] = true;
	in[QUEUE_MINE] = row.mine;
	in[QUEUE_WAITING] = row.for_me;
	in[QUEUE_BREACHED] = row.breached;
	for (int i = 0; i < QUEUE_VIEWS; i++)
		n->n[i] += in[i];
	return in[w->ask->view] ? show_row(c, w, &row) : ERR_OK;
}

/* ---- all orders: as far as a page needs, from one place on ---- */

#define SEARCHED_AT_ONCE 500    /* rows, where words may leave out most of them */

struct walk_all {
	struct walk w;
	int64_t seen, received_utc;
	unsigned char ref[32];          /* of the last row that was seen */
	size_t ref_n;
};

static bool is_full(const struct walk *w)
{
	return w->counts->matched > w->ask->limit;
}

static enum err walk_all(struct ctx *c, void *of, const struct order_view *v)
{
	struct walk_all *a = of;
	struct queue_row row;

	if (is_full(&a->w))
		return ERR_OK;
	if (v->ref.n > sizeof a->ref)
		FAIL(c, ERR_VERIFY, "the reference of an order is none");
	a->seen++;
	a->received_utc = v->received_at;
	a->ref_n = v->ref.n;
	memcpy(a->ref, v->ref.p, v->ref.n);
	row_begin(a->w.ask, v, &row);
	return show_row(c, &a->w, &row);
}

static enum err walk_from(struct ctx *c, struct session *s, struct walk_all *a)
{
	const struct queue_ask *ask = a->w.ask;
	int64_t most = ask->words.n ? SEARCHED_AT_ONCE : ask->limit + 1;
	struct view_filter f = { .after_received = ask->from.ref.n ? ask->from.received_utc
								   : INT64_MAX,
				 .after_ref = ask->from.ref, .limit = most };

	for (bool more = true; more; more = a->seen == most && !is_full(&a->w)) {
		a->seen = 0;
		TRY(ask->newer ? view_newer(c, s->store, f.after_received, f.after_ref, most,
					    walk_all, a)
			       : view_list(c, s->store, &f, walk_all, a));
		f.after_received = a->received_utc;
		TRY(span_copy(c, span_of(a->ref, a->ref_n), &f.after_ref));
	}
	return ERR_OK;
}

enum err queue_walk(struct ctx *c, struct session *s, const struct queue_ask *ask, queue_fn *row,
		    void *of, struct queue_counts *counts_out)
{
	struct walk w = { ask, row, of, counts_out };
	struct walk_all all = { .w = w };

	*counts_out = (struct queue_counts){ .matched = 0 };
	TRY(view_open(c, s->store, ask->now_utc, walk_row, &w));
	return ask->view == QUEUE_ALL ? walk_from(c, s, &all) : ERR_OK;
}

/* How much of the time is left, in eighths. */
int64_t queue_eighths(const struct order_view *v, int64_t now_utc)
{
	int64_t whole, left;

	if (v->clock_at == VIEW_NO_I64 || v->clock_at <= v->received_at)
		return 8;
	whole = v->clock_at - v->received_at;
	left = v->clock_at - now_utc;
	return left <= 0 ? 0 : left >= whole ? 8 : left * 8 / whole;
}

int64_t queue_changes(const struct order_view *v, int64_t now_utc)
{
	int64_t at = v->open ? v->clock_at : v->due_at, until = INT64_MAX;
	int64_t eighths = queue_eighths(v, now_utc), then;

	if (at != VIEW_NO_I64)
		until = time_ago_changes(at, now_utc, 2 * 86400);
	if (v->clock_at == VIEW_NO_I64 || v->clock_at <= v->received_at || eighths == 0)
		return until;
	/* The most that is left where it is fewer. */
	then = v->clock_at - (eighths * (v->clock_at - v->received_at) - 1) / 8;
	return then > now_utc && then < until ? then : until;
}

struct span kind_words(struct span kind)
{
	return value_words("instrument.kind", kind);
}
