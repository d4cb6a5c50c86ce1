/*
 * Invitations at the desk; see order/invitation.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_DESK_INVITATION_H
#define WEB_DESK_INVITATION_H

#include "order/invitation.h"
#include "web/desk/desk.h"
#include "web/pages.h"

/* ERR_NOT_FOUND where there is none, or its day is over. */
enum err invitation_find(struct visit *v, struct span id, struct invitation *out) MUST_USE;

#endif
