/*
 * What 'writ doctor' finds: each finding has a grade, a word for machines, and a sentence that says
 * what, why it matters and what to do. A check that cannot be made is a finding, never passed over.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include "order/order.h"

enum grade { GOOD, REMARK, MISSING };

struct examination {
	struct ctx *c;
	struct json *json;              /* NULL: for people */
	int missing;
};
void doctor_find(struct examination *e, enum grade grade, const char *what, const char *fmt, ...)
	PRINTF(4, 5);

#define DAY_S ((int64_t)86400)

/* doctor_machine.c: users, folders, zones, disk, clock, what was done last. */
enum err examine_machine(struct examination *e, struct session *s) MUST_USE;
/* doctor_law.c: the provider's profile and the rule packs. */
enum err examine_law(struct examination *e, struct session *s) MUST_USE;
/* doctor_people.c: who may do what, and until when. */
void examine_people(struct examination *e, const struct json *state);

#endif
