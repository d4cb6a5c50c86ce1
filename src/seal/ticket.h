/*
 * What several requests ask about a ticket.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_TICKET_H
#define SEAL_TICKET_H

#include "crypt/age.h"
#include "seal/turn.h"

/* Finds t->ticket and its order, and the facts about both. */
enum err ticket_gather(struct turn *t, struct span id) MUST_USE;
/* made_at of a document of the seal's own; one without a time lies ahead of every clock. */
int64_t made_at_of(const struct json *document);
/* The file key of a header, by the ticket's identity; ERR_VERIFY if it is not for it. */
enum err identity_open(struct turn *t, struct span header,
		       unsigned char file_key_out[AGE_FILE_KEY_BYTES]) MUST_USE;

/* The recipients of a statement or release: rows of these labels of that agency, and their facts.
 */
enum err recipient_gather(struct turn *t, struct span agency, struct span label) MUST_USE;

/* For approvals.json: the roster documents by which the rows of the signers, and of those who
 * signed for them, began, and those that changed the policy: a list of {document, signatures} in
 * order of version; and the signers' rows. */
enum err chain_make(struct turn *t, struct json **chain_out, struct json **rows_out) MUST_USE;
/* Marks in needed[0..versions] the versions whose documents belong to the chain, given the marks
 * of the signers' own rows; read gives the list "keys" of the document that made a version. */
struct chain_source {
	void *of;
	enum err (*keys)(struct ctx *c, void *of, int64_t version, const struct json **out);
};
enum err chain_close(struct ctx *c, const struct json *rows, const struct chain_source *src,
		     bool *needed, int64_t versions) MUST_USE;

#endif
