/*
 * Words for a hash; see words.h. Eleven bits a word, the highest first.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/words.h"

#include "base/buf.h"
#include "base/num.h"

#define WORD_BITS 11u
#define WORD_MAX 5      /* four letters and the end */

static const char words[][WORD_MAX] = {
#include "format/words.def"
};
_Static_assert(COUNT_OF(words) == 1u << WORD_BITS, "each value of eleven bits has a word");

enum err hash_words(struct ctx *c, struct span hash, struct span *out)
{
	struct buf b;

	if (hash.n * 8 < HASH_WORDS * WORD_BITS)
		FAIL(c, ERR_FORMAT, "a code of words needs a hash of 66 bits");
	buf_begin(&b, c, HASH_WORDS * WORD_MAX);
	for (unsigned i = 0; i < HASH_WORDS; i++) {
		unsigned value = 0;

		for (unsigned bit = i * WORD_BITS; bit < (i + 1) * WORD_BITS; bit++)
			value = value << 1 | ((unsigned)hash.p[bit / 8] >> (7 - bit % 8) & 1u);
		buf_fmt(&b, "%s%s", i ? " " : "", words[value]);
	}
	return buf_done(c, &b, out);
}
