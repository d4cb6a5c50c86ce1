/*
 * Invitations: who may make a passkey at the desk, and how far it has come. The code is in the
 * address that is given out, its hash here. A row ends when the seal has the new row of the roster,
 * or after a day. An invitation opens nothing: two people sign the row.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_INVITATION_H
#define ORDER_INVITATION_H

#include "base/ctx.h"
#include "base/span.h"
#include "store/store.h"

#define INVITATION_S 86400

struct invitation {
	struct span id;                 /* hash of the code, hex */
	struct span name, unix_user, may, invited_by;   /* may: rights, a blank between them */
	int64_t ends_utc;
	struct span key;                /* the passkey's line, once it was made */
	struct span document, signature, signed_by;     /* of the first who signed at the desk */
};
/* who: name, unix_user, may, invited_by. *code_out ends the address. */
enum err invitation_add(struct ctx *c, struct store *store, const struct invitation *who,
			struct span *code_out) MUST_USE;
enum err invitation_of_row(struct ctx *c, const struct store_value *v, struct invitation *out)
	MUST_USE;

#endif
