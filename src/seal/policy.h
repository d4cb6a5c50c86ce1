/*
 * The closed list of policies (policy.def).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_POLICY_H
#define SEAL_POLICY_H

#include "seal/turn.h"

/* Every name with its default, as texts. */
struct json *policy_defaults(struct ctx *c);
/* NULL if there is no such policy. */
const char *policy_default(struct span name);
/* The facts about setting that policy to that value. */
void policy_gather(struct facts *f, struct span name, struct span value);
/* How many people would be left, and how many are needed. */
void roster_left(struct turn *t, const struct json *rows, const struct json *policy);
/* Facts about a person's key among these rows. */
void key_gather(struct facts *f, const struct json *rows, struct span name, struct span key,
		int64_t now);

#endif
