/*
 * A short code of words for a hash, to be compared by eye on two screens or read over a telephone:
 * six words of RFC 1751, 66 bits. A second text for the code of a given one takes 2^66 tries; who
 * may choose both texts needs 2^33. It is no proof by itself, the signature over the whole hash is.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_WORDS_H
#define FORMAT_WORDS_H

#include "base/ctx.h"
#include "base/span.h"

#define HASH_WORDS 6u

/* "RIVER COAL ..." of the first 66 bits of hash; ERR_FORMAT if it has fewer. */
enum err hash_words(struct ctx *c, struct span hash, struct span *out) MUST_USE;

#endif
