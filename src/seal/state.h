/*
 * The state on the disk (ARCHITECTURE.md names its files): state.json, tick.json, order/REF.json,
 * find/KEY, id/TICKET, roster/N.json. One file changes by one durable write; several through the
 * journal, which a start redoes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_STATE_H
#define SEAL_STATE_H

#include "seal/turn.h"

/* Core and tick of a running seal. */
enum err state_load(struct turn *t) MUST_USE;
/* The order of that reference, a fresh one if the seal has not heard of it. */
enum err state_order(struct turn *t, struct span ref) MUST_USE;
/* The order that find/KEY names; *found_out false if there is no such key. */
enum err state_find(struct turn *t, const char *kind, struct span key, bool *found_out) MUST_USE;
enum err state_index(struct turn *t, const char *kind, struct span key) MUST_USE;
enum err state_read(struct turn *t, const char *path, struct json **out) MUST_USE;

/* The form of state.json, tick.json and order/REF.json (form.c). */
enum err core_check(struct ctx *c, const struct json *core) MUST_USE;
enum err tick_check(struct ctx *c, const struct json *tick) MUST_USE;
enum err order_file_check(struct ctx *c, const struct json *order, struct span ref) MUST_USE;

enum err change_put(struct turn *t, const char *path, struct span text) MUST_USE;
enum err change_drop(struct turn *t, const char *path) MUST_USE;
/* Everything that is dirty, and the changes, durably and as one. */
enum err state_commit(struct turn *t) MUST_USE;
/* On start: names that an earlier process gave and did not live to make durable are so when it
 * returns: what this one reads, a loss of power must not take back. */
enum err state_settle(struct ctx *c, const char *dir) MUST_USE;
/* After that: redoes a journal. */
enum err state_redo(struct ctx *c, const char *dir) MUST_USE;

/* The answer kept under this number, if any; *same_out tells whether the request was the same. */
enum err answer_find(struct turn *t, struct span *answer_out, int *fd_out, bool *found_out,
		     bool *same_out) MUST_USE;
enum err answer_keep(struct turn *t, struct span answer) MUST_USE;
/* What was answered for this order is not kept any longer, only under which number. */
void answers_forget(struct turn *t);

/* Members of a tree that may be changed. */
struct json *own(struct json *object, const char *key);
/* A flag; one that cannot be read counts as set. */
bool is_set(const struct json *o, const char *key);
bool ref_ok(struct span ref);
bool hex_ok(struct span s, size_t bytes);

#endif
