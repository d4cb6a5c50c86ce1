/*
 * A turn: one request from its text to its answer. A turn reads the state, gathers facts, is
 * checked, changes the trees that it read, and hands them to state_commit as a whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_TURN_H
#define SEAL_TURN_H

#include "base/ipc.h"
#include "crypt/signature.h"
#include "seal/check.h"
#include "seal/seal.h"

#define SIGNATURES_MAX 32

/* A file of the state to be written or removed, by its path below DIR. */
struct change {
	struct change *next;
	const char *path;
	struct span text;
	bool remove;
};

/* A document as it came: its bytes are what was signed. */
struct document {
	struct span text, sha, kind, order;     /* sha in hex */
	const struct json *j;                   /* NULL if it is not well formed */
};

/* Who signed: the key by the signature's own claim, its row in the roster. */
struct signer {
	struct span text, key;                  /* the signature as it came, the key's line */
	struct signature by;                    /* where it holds */
	const struct json *entry;               /* NULL if the key is not in the roster */
};

struct turn {
	struct ctx *c;
	struct seal *s;
	unsigned request;                       /* one bit of R() */
	enum request_place place;
	uid_t peer;
	int64_t now_ms, now;
	const struct ipc_msg *msg;

	const struct json *ask;
	int64_t number;
	struct span asked;                      /* SHA-256 of the request and its files, in hex */

	struct json *core, *tick, *order;       /* order is NULL where the request has none */
	struct span ref;                        /* of that order */
	bool core_dirty, tick_dirty, order_dirty;
	struct change *first_change, *last_change;

	struct document doc;
	struct signer signers[SIGNATURES_MAX];
	size_t signer_count;
	struct json *ticket;                    /* its record in the order */
	struct json *old_ticket;                /* the one that is replaced */
	struct span statement, statement_seal;  /* the one that is released */
	const struct json *ret;                 /* return.json */
	struct json *recipients;                /* rows of the roster */
	struct json *new_rows, *new_policy;     /* the roster as it would be */
	struct span commitments;
	bool malformed;                         /* the request itself: its connection ends */
	bool incomplete; /* something without which do_NAME cannot work was not found */
	struct facts f;

	struct json *answer;
	int answer_fd;                          /* -1 if none */
};

/* Answers one message. An error means that it was no request: the connection ends. */
enum err turn_run(struct turn *t, struct span *answer_out) MUST_USE;
/* Begins a turn that is no request (purge, founding). */
void turn_begin(struct turn *t, struct ctx *c, struct seal *s);

/* Marks the request as malformed if e says so; for reading its own members. */
enum err asked(struct turn *t, enum err e) MUST_USE;
/* Turns what a reading function says about somebody's document into a fact. Lack of memory and
 * failing disks stay failures. */
enum err fact_of(struct turn *t, enum err e, bool *fact) MUST_USE;

#define X(name, who, fields)                                                                       \
	enum err gather_##name(struct turn *t) MUST_USE;                                           \
	enum err do_##name(struct turn *t) MUST_USE;
#include "seal/request.def"
#undef X

#endif
