/*
 * For connectors: building a plan. Items and names live in pools of fixed chunks, so that a plan
 * of a million messages neither moves nor doubles; a pool can be emptied and filled again.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONNECT_PLAN_H
#define CONNECT_PLAN_H

#include "connect/connector.h"

#define POOL_NAME_MAX 255u

/* Of an item whose date could not be read: in no interval, since these are half-open. */
#define DATE_NONE INT64_MAX

/* Prepares an empty plan with these folders (sorted by bytes). */
enum err plan_begin(struct ctx *c, const struct span *folder, size_t count,
		    struct plan *p) MUST_USE;
/* Takes all items out again, for another scan. */
void plan_empty(struct plan *p);
/* Appends an item with its stored name, of which the first id_n bytes are its source id. */
enum err plan_add(struct ctx *c, struct plan *p, const struct item *it, struct span name,
		  size_t id_n) MUST_USE;
/* A dated item of these folders that the line does not take is counted, and kept nowhere. */
void plan_outside(struct plan *p, const struct demand_line *line, int64_t utc);
/* In order of addition, until plan_finish. */
size_t plan_added(const struct plan *p);
struct item *plan_at(const struct plan *p, size_t i);
/* Which of the added ones is the i-th in the plan's order. */
size_t plan_rank(const struct plan *p, size_t i);
/* Another stored name for the same item (it was renamed). */
enum err plan_rename(struct ctx *c, struct plan *p, struct item *it, struct span name,
		     size_t id_n) MUST_USE;
struct span plan_name(const struct plan *p, const struct item *it);
/* Sorts numbers by a stable merge: qsort would ask the system how much memory there is, which a
 * cage does not answer. before(of, a, b): must a stand before b? */
enum err sort_numbers(struct ctx *c, uint32_t *list, size_t n,
		      bool (*before)(const void *of, uint32_t a, uint32_t b),
		      const void *of) MUST_USE;
/* Drops what the line does not select, sorts, drops what was seen twice (same folder, source id
 * and place), counts. */
enum err plan_finish(struct ctx *c, struct plan *p, const struct demand_line *line) MUST_USE;

#endif
