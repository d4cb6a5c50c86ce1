/*
 * What a seal makes sure of before it takes the first connection.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_START_H
#define SEAL_START_H

#include "seal/turn.h"

/* Refuses a missing or damaged state and a log that knows more than the seal; removes identities
 * that no ticket names; destroys what is past keep_until. */
enum err start_check(struct seal *s) MUST_USE;

#endif
