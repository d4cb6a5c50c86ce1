/*
 * What the files that expand pages share: what a name means where a node stands.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAGE_EXPAND_H
#define PAGE_EXPAND_H

#include "page.h"

struct binding {
	struct span name;
	struct value value;
	const struct binding *next;
};

struct env {
	struct site *site;
	const struct binding *bindings;
	const struct shape *page;       /* of the page itself: its slots have names, too */
	const struct node *body;        /* of a wrap */
	const struct env *body_env;
	bool wraps;
	bool *body_seen;
	const struct place *through;
	unsigned includes;
	struct span element;            /* whose attributes these are */
};

struct truth {
	int known;                      /* 0, 1, or -1: c decides */
	struct span c;
};

/* resolve.c: what a path, a word, a text stands for */
struct slot *slot_find(const struct shape *h, struct span name);
struct place here(const struct env *e, struct place at);        /* with the part that holds it */
enum err resolve(const struct env *e, const struct expr *x, struct value *out) MUST_USE;

/* decide.c: a condition, decided or in C */
enum err decide(const struct env *e, const struct cond *d, struct truth *out) MUST_USE;

/* expand.c: appends to a list, whose end moves on */
enum err expand_list(const struct env *e, const struct node *n, struct node ***end) MUST_USE;

#endif
