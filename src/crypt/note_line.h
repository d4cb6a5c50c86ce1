/*
 * What checking and signing a note have in common. Included by note.c and note_secret.c only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CRYPT_NOTE_LINE_H
#define CRYPT_NOTE_LINE_H

#include "crypt/note.h"
#include "crypt/sign.h"

/* Non-empty UTF-8 that ends in a newline, without other control characters. */
bool note_text_ok(struct span text);
/* "em dash, name, base64(id, signature)" and a newline. */
enum err note_line(struct ctx *c, const struct note_key *key,
		   const unsigned char sig[ED25519_SIG_BYTES], struct span *line_out) MUST_USE;

#endif
