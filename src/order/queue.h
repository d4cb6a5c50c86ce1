/*
 * The queue: open orders by what is due next, with the clock as this machine has it, whose turn it
 * is and what to beware of. One model for every screen and for 'writ order list'; it reads the
 * projection and the seal's roster, decides nothing and writes nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_QUEUE_H
#define ORDER_QUEUE_H

#include "order/order.h"
#include "store/view.h"

#define TEAM_MAX 256u
#define QUEUE_WORDS_MAX 12u             /* that are looked for, each in every row */

/* Who works here, by the seal's roster. A person is a name, whatever keys it has. */
struct team_person {
	struct span name;
	bool decide, approve, roster, halt;
	bool audit;                     /* looks, and does nothing */
};
struct team {
	struct team_person person[TEAM_MAX];
	size_t count;
	bool decider_may_approve;
};
enum err team_load(struct ctx *c, struct session *s, struct team **out) MUST_USE;
const struct team_person *team_find(const struct team *t, struct span name);    /* or NULL */

enum queue_view {
	QUEUE_OPEN,             /* all that is open, and notices that are owed */
	QUEUE_MINE,             /* on which this person has acted */
	QUEUE_WAITING,          /* that wait for this person */
	QUEUE_BREACHED,         /* whose time is over */
	QUEUE_ALL,              /* the newest first, what has ended, too */
	QUEUE_VIEWS
};
const char *queue_view_word(enum queue_view view);
bool queue_view_of(struct span word, enum queue_view *out);

#define CLOCK_TEXT_MAX 32u
struct queue_row {
	const struct order_view *v;
	char clock[CLOCK_TEXT_MAX];     /* "06:50" hours and minutes left, "3 d", "+00:12", "-" */
	bool breached;                  /* the clock has run out */
	bool mine, for_me;
	struct span waiting_for;        /* names, or who in words */
	struct span flags;              /* words of flag.def, one space between */
};

/* A place in QUEUE_ALL: that of an order, whatever comes in or ends meanwhile. */
struct queue_at {
	int64_t received_utc;
	struct span ref;
};

struct queue_ask {
	enum queue_view view;
	struct span words;              /* each must stand somewhere in the row; empty: all */
	int64_t skip, limit;
	struct queue_at from;           /* of QUEUE_ALL; without a reference: its beginning */
	bool newer;                     /* what stands before it, the nearest first; else behind */
	int64_t now_utc;
	const struct team *team;
	const struct team_person *who;  /* NULL: nobody */
};
struct queue_counts {
	int64_t n[QUEUE_VIEWS];         /* whatever the words; nobody counts QUEUE_ALL */
	int64_t matched;                /* of the view, with the words; of QUEUE_ALL no more than
					 * tells that there are more than were asked for */
};
/* The row's texts live until the callback returns. */
typedef enum err queue_fn(struct ctx *c, void *of, const struct queue_row *row);
enum err queue_walk(struct ctx *c, struct session *s, const struct queue_ask *ask, queue_fn *row,
		    void *of, struct queue_counts *counts_out) MUST_USE;
/* One row of the projection as the queue shows it. */
enum err queue_row_of(struct ctx *c, const struct queue_ask *ask, const struct order_view *v,
		      struct queue_row *out) MUST_USE;

void clock_text(int64_t due_utc, int64_t now_utc, char out[CLOCK_TEXT_MAX]);
/* How much of the time is left, in eighths; 8 where there is no clock. */
int64_t queue_eighths(const struct order_view *v, int64_t now_utc);
/* The first second after now in which clock or eighths of the row may read differently. */
int64_t queue_changes(const struct order_view *v, int64_t now_utc);
/* "emergency request" of EMERGENCY_REQUEST; what is searched as well. */
struct span kind_words(struct span kind);

#endif
