/*
 * The hand's one conversation with the seal: the receipt of what it wrote. It asks nothing else.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_SEAL_CLIENT_H
#define HAND_SEAL_CLIENT_H

#include "hand/pack.h"
#include "hand/ticket.h"

/* Before the cage closes: the seal's socket. */
enum err seal_connect(struct ctx *c, const struct home *home, int *fd_out) MUST_USE;
/* Asks for the receipt and checks that this home's seal has signed it. */
enum err seal_receipt(struct ctx *c, int seal, const struct ticket *t, const struct pack_result *r,
		      struct span *receipt_out, struct span *receipt_seal_out) MUST_USE;

#endif
