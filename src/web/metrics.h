/*
 * Numbers of what was served, for all processes together: each writes a slot of its own in memory
 * that they share, whoever is asked adds them up. No name, no reference, no address in them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "base/buf.h"

#define METRICS_PROCESSES_MAX 32u
#define METRICS_ROUTES_MAX 128u
#define METRICS_TIMES 7u

struct metrics_slot {
	uint64_t requests[METRICS_ROUTES_MAX + 1][6];   /* by route (last: none) and first digit */
	uint64_t took_ms[METRICS_TIMES + 1];            /* one bucket each, not summed up */
	uint64_t took_ms_sum;
	uint64_t bytes_in, bytes_out;
	uint64_t connections, connections_open, requests_open;
	uint64_t cut;                                   /* connections that were too slow */
	uint64_t starts;                                /* of this slot's process */
	uint64_t seal_silent;                           /* 1: it did not answer the desk last */
};

struct metrics {
	struct metrics_slot slots[METRICS_PROCESSES_MAX];
};

/* Memory that processes share: made, or mapped from a descriptor that was handed over. */
enum err metrics_make(struct ctx *c, int *fd_out, struct metrics **out) MUST_USE;
enum err metrics_map(struct ctx *c, int fd, struct metrics **out) MUST_USE;
void metrics_count(struct metrics_slot *s, size_t route, unsigned status, int64_t took_ms);
/* One less of what is open. A process that takes over a slot begins at none, while the one before
 * it still ends what it has. */
static inline void metrics_less(uint64_t *open)
{
	*open -= *open > 0;
}
/* Prometheus' text format 0.0.4; names of the routes in their order. */
void metrics_write(struct buf *b, const struct metrics *m, size_t processes,
		   const char *const *routes, size_t route_count);

#endif
