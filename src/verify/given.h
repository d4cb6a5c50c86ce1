/*
 * What the person who checks brings along: the policy and the identity. A policy or identity that
 * is none is wrong usage, never a finding about the file.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef VERIFY_GIVEN_H
#define VERIFY_GIVEN_H

#include "verify/part.h"

/* NULL path: *out is NULL. */
enum err given_policy(struct ctx *c, const char *path, const struct policy **out) MUST_USE;
/* NULL path: none. The array has IDENTITIES_MAX places. */
enum err given_identities(struct ctx *c, const char *path, struct age_identity **out,
			  size_t *count_out) MUST_USE;

#endif
