/*
 * The ticket that a fetch or a count hand bears: signed by the seal, it names the very scope and
 * the key to encrypt to. writ, which hands both over, is assumed captured: nothing of either is
 * believed that the seal has not signed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_TICKET_H
#define HAND_TICKET_H

#include "connect/connector.h"
#include "crypt/age.h"
#include "crypt/sshsig.h"
#include "hand/job.h"

struct ticket {
	struct span order, id, scope_sha256;
	int64_t made_at_utc, expires_at_utc;
	struct age_recipient recipient;         /* of a ticket for collect */
	struct ssh_key seal;                    /* the seal's document key */
	const struct json *scope;
};

/* Reads ticket, ticket_seal and scope of the job and the seal's key of this home, and checks that
 * they belong together, are for this use ("collect" or "count") and have not expired. */
enum err ticket_check(struct ctx *c, const struct home *home, const struct json *ask,
		      const char *use, struct ticket *out) MUST_USE;

/* Everything that a scope names, opened before the cage closes. */
struct opened {
	struct stores stores;
	struct demand_lines lines;
	struct source **source;
	size_t source_count;
	int *below;                             /* folders for the cage */
	size_t below_count;
	bool no_landlock_accepted;
};
enum err opened_make(struct ctx *c, const struct home *home, const struct ticket *t,
		     struct opened *out) MUST_USE;
void opened_close(struct opened *o);
#define OPENED_SCOPED __attribute__((cleanup(opened_close)))

/* stores.yaml of this home; accept_out may be NULL. */
enum err home_stores(struct ctx *c, const struct home *home, struct stores *out,
		     bool *accept_out) MUST_USE;

#endif
