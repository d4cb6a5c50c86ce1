/*
 * Facts about documents that people signed, about their signatures and the rows of the roster.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_SIGNED_H
#define SEAL_SIGNED_H

#include "seal/turn.h"

enum may { MAY_DECIDE = 1, MAY_APPROVE = 2, MAY_ROSTER = 4, MAY_HALT = 8, MAY_AUDIT = 16 };

/* Reads t->doc from text; kinds: the kinds that this request takes, "destroy decision". */
enum err gather_document(struct turn *t, struct span text, const char *kinds) MUST_USE;
/* Checks each signature over message, an SSHSIG in "writ-KIND@v1" against these rows; a person
 * needs one of the may bits. Fills t->signers. */
enum err gather_signatures(struct turn *t, const struct json *list, struct span message,
			   struct span kind, unsigned may, const struct json *rows) MUST_USE;
/* counter.c: is a passkey's counter one that only a copy of it would have; and, once a request is
 * done, what its passkeys counted. */
enum err counter_gather(struct turn *t, const struct signer *signer, struct span document)
	MUST_USE;
enum err counters_keep(struct turn *t) MUST_USE;

/* An entry of the roster is {row, begun, ended}: the document's row and the versions at which it
 * began and ended. */
struct span row_text(const struct json *entry, const char *key);
bool row_is(const struct json *entry, const char *kind);
int64_t row_from(const struct json *entry);
int64_t row_until(const struct json *entry);
bool row_live(const struct json *entry, int64_t now);
unsigned row_may(const struct json *entry);
/* How many different people with this may have a key in force, without the person named. */
size_t people_with(const struct json *rows, unsigned may, int64_t now, struct span without);
/* Checks a row's own form; filled_in: from and until may be absent (founding). */
enum err row_check(struct ctx *c, const struct json *row, bool filled_in) MUST_USE;
enum err document_check(struct ctx *c, const struct json *j, struct span kind) MUST_USE;

#endif
