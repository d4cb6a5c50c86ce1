/*
 * What is wrong with a home that runs, as far as it can be told in a moment: for the desk, which
 * says it on every page, and for 'writ doctor', which also looks at what takes longer. It changes
 * nothing, and never fails: what cannot be told is wrong, too.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_HEALTH_H
#define ORDER_HEALTH_H

#include "order/order.h"

#define HEALTH_TICK_LATE_S 60                   /* where one is closed every ten seconds */
#define HEALTH_DISK_NEEDED ((uint64_t)1 << 30)
#define HEALTH_VERIFY_DAYS 8

struct health {
	bool halted;                    /* nothing is released */
	bool tick_late;                 /* nothing gets into the log */
	bool clock_behind;              /* this machine's clock stands behind the log */
	bool disk_low;
	bool verify_late;               /* nobody has compared the log for days */
	bool unknown;                   /* something of this could not be told */
	int64_t verify_days;
	uint64_t disk_bytes;
};
/* state: what the seal said last. */
void health_look(struct ctx *c, struct session *s, const struct json *state, struct health *out);

#endif
