/*
 * What the tables make of one line and of the order, before it is written as a decision.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_JUDGE_H
#define LAW_JUDGE_H

#include "law/pack.h"

#define LAW_LIST_MAX 96u

/* A list without repeats, in the order of adding. */
struct span_list {
	struct span item[LAW_LIST_MAX];
	unsigned n;
};
bool span_list_has(const struct span_list *l, struct span s);
void span_list_add(struct span_list *l, struct span s);

struct law_due {
	bool has;
	struct law_moment at;
};

struct law_watched {
	struct span what;
	struct law_due by;
};

/* Of a line, or of the order (secrecy, notice, cost). */
struct law_finding {
	bool unverified;        /* a defect of authenticity: it ends the matter */
	bool bad, doubt, good;  /* some row gave INSUFFICIENT, LAWYER, SUFFICIENT */
	bool nothing;           /* of secrecy: no row held */
	struct span_list reason, cite, rule;
	struct field_set unknown;
	enum law_mode mode;
	enum law_route route;
	bool route_of_defect;
	enum law_redirect redirect;
	enum law_notice notice;
	struct law_due until, due, hold, preserve;
	enum law_cost cost;
	struct law_watched watch[LAW_LIST_MAX];
	unsigned watches;
	uint64_t packs;         /* relied on, by number */
};

struct law_judgement {
	const struct law *law;
	const struct law_case *facts;
	const struct law_how *how;
	struct law_finding *line;       /* one for each line of the case */
	struct law_finding secrecy, order;
};

enum err judge_all(struct ctx *c, struct law_judgement *j) MUST_USE;
/* The verdict of a line after all: -1 INSUFFICIENT, 0 LAWYER, 1 SUFFICIENT. */
int finding_verdict(const struct law_finding *f);

#endif
