/*
 * For the files of log.h only: the lock, the checkpoint on the disk, and one answered tick on its
 * way into database and files.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LOG_PART_H
#define LOG_PART_H

#include "log/log.h"
#include "log/tile.h"

/* The checkpoint's file; *found_out false where there is none yet. */
enum err log_checkpoint_read(struct ctx *c, const struct log *l, struct checkpoint *out,
			     struct span *note_out, bool *found_out) MUST_USE;

struct log_waiting {
	int64_t id;
	struct sha256 commitment;
};
/* The acts that wait, in the order of their arrival: the first most of them. until_id_out: the last
 * act that a tick has taken. */
enum err log_waiting(struct ctx *c, struct store *st, size_t most, struct log_waiting **out,
		     size_t *count_out, int64_t *until_id_out) MUST_USE;

struct log_answer {
	uint64_t size;                  /* of the tree with the new entry */
	int64_t time_ms;
	unsigned char entry[TICK_ENTRY_BYTES];
	struct sha256 inner_root, leaf;
	struct span note;               /* the signed checkpoint */
	struct checkpoint checkpoint;
	size_t count;                   /* commitments of writ that it took */
	const struct json *acts;        /* the seal's own */
	int paths;                      /* descriptor with the paths, borrowed; -1 = none */
};
/* Reads an answer and checks it in itself: entry, time, size, signature. */
enum err log_answer_read(struct ctx *c, const struct log *l, const struct json *j, int paths,
			 struct log_answer *out) MUST_USE;
/* Stores an answer that continues the tree of a->size - 1; does again, harmlessly, what was done.
 */
enum err log_answer_apply(struct ctx *c, const struct log *l, const struct log_answer *a,
			  const struct log_waiting *waiting, size_t waiting_count, int64_t until_id)
	MUST_USE;

/* Its last step alone: the tiles give the checkpoint's root, so the checkpoint may stand. */
enum err log_answer_publish(struct ctx *c, const struct log *l, const struct log_answer *a)
	MUST_USE;

/* The row of a proof, read and checked in form; paths in the database are 1,024 hex digits. */
enum err log_path_of_row(struct ctx *c, const struct store_value *place,
			 const struct store_value *siblings, struct inner_path *out) MUST_USE;

#endif
