/*
 * Invitations: who may make a passkey here, and how far it has come. A row ends when the seal has
 * the new row of the roster, or after a day.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_INVITATION_H
#define WEB_DESK_INVITATION_H

#include "web/desk/desk.h"
#include "web/pages.h"

#define INVITATION_S 86400

struct invitation {
	struct span id;                 /* hash of the code, hex */
	struct span name, unix_user, may, invited_by;
	int64_t ends_utc;
	struct span key;                /* the passkey's line, once it was made */
	struct span document, signature, signed_by;     /* of the first who signed */
};
enum err invitation_of_row(struct ctx *c, const struct store_value *v, struct invitation *out)
	MUST_USE;
/* ERR_NOT_FOUND where there is none, or its day is over. */
enum err invitation_find(struct visit *v, struct span id, struct invitation *out) MUST_USE;

#endif
