/*
 * Inputs that are conversations: JSON in which $words stand for what only a key can make or what an
 * earlier answer said, so that fuzzing gets past signatures and hashes. Everything that is no $word
 * goes out as the fuzzer wrote it.
 *   $now $soon           times                 $keyN $agency      public keys
 *   $NAME                what an answer said   $t.NAME $r.NAME    a member of the last ticket,
 * receipt $sha.NAME            the hash of it        $header            an age header for the last
 * ticket $sign.N              person N's signature over what the request is about; $sign.N.KIND An
 * object under scope, document, return, ticket becomes the text of its canonical form.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUZZ_SCRIPT_H
#define FUZZ_SCRIPT_H

#include "format/json.h"
#include "world.h"

#define SCRIPT_PEOPLE 6u
#define SCRIPT_VARS 64u

struct script {
	struct ctx *c;                  /* lives as long as the input */
	struct {
		struct span name, value;
	} var[SCRIPT_VARS];
	size_t vars;
	unsigned signed_by;             /* bits: who signed the request that was expanded last */
	bool seal_signed;               /* $sign.99: the fake seal did */
};

/* Raw secrets: 0 to SCRIPT_PEOPLE - 1 people, SCRIPT_SEAL the key of a fake seal. */
#define SCRIPT_SEAL 99u
void script_secret(unsigned who, unsigned char out[32]);
void script_key_line(struct ctx *c, unsigned who, struct span *out);
void script_set(struct script *s, const char *name, struct span value);
struct span script_get(const struct script *s, struct span name);
/* The request with its $words replaced. */
struct json *script_expand(struct script *s, const struct json *ask);
/* Remembers every text of an answer under its name. */
void script_learn(struct script *s, const struct json *answer);

#endif
