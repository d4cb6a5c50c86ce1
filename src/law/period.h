/*
 * Legal time: moments (a day or an instant), and periods that begin with a fact: hours, days,
 * months, business days, counted with or without the first day, rolled to a working day. Days are
 * days in UTC. Sources: Regulation (EEC, Euratom) 1182/71; Fed. R. Crim. P. 45(a); for periods
 * "beginning with" a day, which count it, the United Kingdom's practice.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_PERIOD_H
#define LAW_PERIOD_H

#include "format/json.h"

struct law_calendar {
	struct span id;
	int64_t from, until;    /* days that the list covers; outside, weekends alone */
	const int64_t *holiday; /* sorted */
	unsigned holidays;
};

struct law_moment {
	int64_t day;            /* since 1970-01-01 */
	bool exact;             /* an instant, else the whole day */
	int64_t utc_s;          /* exact: it; else the day's beginning */
};

enum law_unit { UNIT_NONE, UNIT_HOUR, UNIT_DAY, UNIT_BUSINESS_DAY, UNIT_MONTH };

struct law_period {
	bool literal;                   /* a day that stands in the pack */
	struct law_moment day;
	unsigned field;                 /* else: begins with this fact */
	enum law_unit unit;
	int64_t number;
	bool first_day_counts;
	const struct law_calendar *calendar;    /* business days, or to roll by; may be NULL */
	bool roll;                      /* an end that is no working day moves to the next one */
};

bool moment_of(struct span text, struct law_moment *out);       /* "2026-11-22", "...T10:00:00Z" */
/* The end of the period that begins with start. */
struct law_moment period_end(const struct law_period *p, struct law_moment start);
/* Before, the same, after: <0, 0, >0. Two instants by the second, else by days. */
int moment_cmp(struct law_moment a, struct law_moment b);
enum err moment_text(struct ctx *c, struct law_moment m, struct span *out) MUST_USE;

#endif
