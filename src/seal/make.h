/*
 * What the seal makes: documents with their signatures, acts, the paths of a tick.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_MAKE_H
#define SEAL_MAKE_H

#include "seal/turn.h"

#define DOCUMENT_MAX ((size_t)16 << 20)

/* {version, kind, order, made_at}; order SPAN_NONE leaves the member out. */
struct json *document_new(struct turn *t, const char *kind, struct span order);
enum err document_text(struct turn *t, const struct json *j, struct span *out) MUST_USE;
/* The text and the seal's signature over it (SSHSIG, namespace writ-seal@v1). */
enum err document_seal(struct turn *t, const struct json *j, struct span *text_out,
		       struct span *seal_out) MUST_USE;
/* Numbers an act of the seal, gives it a salt and lets it wait for the next tick. order SPAN_NONE
 * makes it null. text_out may be NULL. */
enum err act_add(struct turn *t, const char *act, struct span order, struct json *body,
		 struct span *text_out) MUST_USE;
/* Marks a ticket's key as destroyed, lets its file go, adds the act. */
enum err ticket_destroy(struct turn *t, struct json *ticket, struct span because) MUST_USE;
/* Destroys what is past keep_until, one commit for each. */
enum err purge_expired(struct turn *t) MUST_USE;

/* The paths of the tick that tick.json describes, as a file; tick.c. */
enum err tick_paths(struct turn *t, const struct json *tick, int *fd_out) MUST_USE;
/* The root of the tree as the seal knows it. */
enum err tick_root(struct turn *t, struct sha256 *out) MUST_USE;

int64_t policy_number(const struct turn *t, const char *name);
enum err policy_hash(struct turn *t, struct span *hex_out) MUST_USE;

#endif
