/*
 * A copy of the home without the seal, as a tar that stock tools unpack; and the marks that say
 * when the last one was taken (doc/restore.md). Keys are never in it: the seal gives none.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_BACKUP_H
#define ORDER_BACKUP_H

#include "order/order.h"

struct backup_sum {
	int64_t files, bytes;           /* of the tar */
	uint64_t log_size;              /* ticks */
	struct span sha256;             /* of the tar, in hex */
};
/* Writes the tar to fd (empty, readable), makes it durable, reads it back and compares. Who took
 * it is an act of the home, which is in it. No tick closes while database and log are copied. */
enum err backup_write(struct ctx *c, struct session *s, int fd, struct backup_sum *out) MUST_USE;

/* Marks of what was done last: HOME/last-NAME. *utc_out 0 where there is none. */
enum err mark_put(struct ctx *c, const struct session *s, const char *name) MUST_USE;
enum err mark_get(struct ctx *c, const struct session *s, const char *name, int64_t *utc_out)
	MUST_USE;

#endif
