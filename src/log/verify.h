/*
 * For the files of log_verify only: what they share while they compare.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LOG_VERIFY_H
#define LOG_VERIFY_H

#include "log/part.h"

/* The memory of one tile, act or row; dropped before the next. */
#define VERIFY_ROW_BYTES ((size_t)64 << 20)

struct verify_removed {
	struct sha256 commitment;
	struct span order_ref;
	int64_t seq;
};

struct verify {
	const struct log *l;
	const struct log_fold *fold;
	const struct log_report *report;
	struct log_sum *sum;
	struct tiles *tiles;            /* NULL where the checkpoint says nothing */
	struct checkpoint checkpoint;
	int64_t until_id;               /* the last act that a tick has taken */
	struct verify_removed *removed; /* sorted by commitment */
	size_t removed_count;
};

/* A difference, and a remark. */
void verify_found(struct verify *v, const char *what, const char *place, ...) PRINTF(3, 4);
void verify_remark(struct verify *v, const char *what, const char *place, ...) PRINTF(3, 4);
enum err verify_scratch(struct ctx *c, struct ctx *scratch) MUST_USE;

/* Under the lock: the checkpoint, the tiles of the right edge, and names that do not belong. */
enum err verify_names(struct ctx *c, struct verify *v) MUST_USE;
/* Every entry against its hash, every full tile against the hash above it, the top against the
 * checkpoint. */
enum err verify_tiles(struct ctx *c, struct verify *v) MUST_USE;
enum err verify_acts(struct ctx *c, struct verify *v) MUST_USE;
enum err verify_seal_acts(struct ctx *c, struct verify *v) MUST_USE;
/* Ticks, proofs of nothing, gaps, meta, schema, projection. */
enum err verify_tables(struct ctx *c, struct verify *v) MUST_USE;

#endif
