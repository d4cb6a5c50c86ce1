/*
 * The packing pipeline: the items that the opened sources select, read once each, become a BagIt
 * bag in a pax tar in an age payload (doc/protocol.md section 6). No plaintext touches a disk. A
 * package is whole or there is none: what grew, shrank, vanished or cannot be read makes it fail
 * with an account of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_PACK_H
#define HAND_PACK_H

#include "base/ctx.h"
#include "connect/connector.h"
#include "crypt/age.h"
#include "crypt/hash.h"
#include "hand/pack_belt.h"

struct pack_progress {
	int64_t done_items, items, done_bytes, bytes;
};

struct pack_job {
	struct span order;              /* reference: the bag's top folder */
	const struct demand_lines *lines;
	struct source *const *sources;  /* as sources_open gave them */
	size_t source_count;
	void *of;                       /* given to progress, which may be NULL */
	void (*progress)(void *of,
			 const struct pack_progress *p); /* at most a few times a second */
};

/* One of a line's stores. What a line shares with an earlier one counts for the earlier one. */
struct pack_line {
	struct span id, store, account; /* account empty: none there */
	int64_t items, bytes, undated;
	struct plan_near near;
	struct span problem; /* of the source, or "n items cannot be read"; empty: none */
};

/* The beginning of its row in every answer: id, store, account, items, bytes. */
struct json *pack_line_json(struct ctx *c, const struct pack_line *l);

/* The plan of a whole collection, before content is read: all that a `count` job needs. */
struct pack;
struct pack_counts {
	struct pack_line *line;
	size_t line_count;
	int64_t items, bytes, undated;
	struct unreadables unreadable;
};
/* Never fails for what is in a store; see problem and unreadable. */
enum err pack_plan(struct ctx *c, const struct pack_job *job, struct pack **out,
		   struct pack_counts *counts_out) MUST_USE;

struct pack_result {
	struct sha256 manifest, tagmanifest;
	struct pack_counts counts;
	struct span header;             /* age header for the recipient, in the arena */
	int64_t payload_bytes;          /* written to the descriptor: nonce and chunks */
};
/* Writes the age payload to the belt's file and makes it durable. made_at: the ticket's, mtime of
 * every member. ERR_DEGRADED: something could not be read or changed meanwhile, listed in
 * result->counts.unreadable; what stands in the file then is worthless and its key is gone. */
enum err pack_write(struct ctx *c, struct pack *p, int64_t made_at_utc,
		    const struct age_recipient *to, struct belt *belt,
		    struct pack_result *out) MUST_USE;

#endif
