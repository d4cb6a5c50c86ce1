/*
 * Reading documents from outside: each kind of document is a function from bytes to checked JSON,
 * which the read job runs inside the cage. Pure: they open nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_READ_H
#define HAND_READ_H

#include "format/json.h"

/* An order file (order_version 1): facts without provider and reference, claims, demand lines.
 * All scalars stay the texts that they are. */
enum err read_order(struct ctx *c, const char *name, struct span text, struct json **out) MUST_USE;
/* YAML of the strict kind whose keys our JSON can hold; the schema is the caller's. */
enum err read_yaml(struct ctx *c, const char *name, struct span text, struct json **out) MUST_USE;

/* A FACTS document, whole: provider and reference included. */
enum err read_facts(struct ctx *c, const char *name, struct span text, struct json **out) MUST_USE;
/* The provider's profile (provider_version 1): the group "provider" of FACTS. */
enum err read_provider(struct ctx *c, const char *name, struct span text,
		       struct json **out) MUST_USE;
/* Rule packs, several in one: "NAME BYTES\n" before the bytes of each.
 * A list of {name, doc, lines}. */
enum err read_packs(struct ctx *c, const char *name, struct span text, struct json **out) MUST_USE;

#endif
