/*
 * What the files of the suggestions share: the words of one page in a row, and looking at them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_SUGGEST_PART_H
#define HAND_SUGGEST_PART_H

#include "hand/suggest.h"

#define TOKEN_BYTES_MAX 64u

struct token {
	struct span text;               /* as on the page */
	struct span bare;               /* without quotes, brackets and stops around it */
	char low[TOKEN_BYTES_MAX + 1];  /* bare in lower case (ASCII, and Latin with accents) */
	int64_t line, box[4], sure;
};

struct suggester {
	struct ctx *c;
	const struct token *token;
	size_t count;
	int64_t page;
	struct json *list;
	size_t made;
	bool dated;                     /* the day of issue has been suggested */
};

/* Is the bare token one of the words "a|b|c"? Beyond the last one there is none. */
bool token_in(const struct suggester *s, size_t at, const char *words);
/* Do these words, in lower case with single blanks, stand there? How many tokens, 0 = no. */
size_t token_phrase(const struct suggester *s, size_t at, const char *phrase);
static inline bool is_digit(unsigned char x)
{
	return x >= '0' && x <= '9';
}
static inline bool is_letter(unsigned char x)
{
	return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
}
size_t digits_in(struct span s);

/* Tokens from..from+n; field and value may be NULL. */
void suggest_add(struct suggester *s, const char *what, const char *field, struct span value,
		 size_t from, size_t n);

/* Each looks at one place and says how many tokens it took, 0 = nothing there. */
size_t suggest_date(struct suggester *s, size_t at);
size_t suggest_provision(struct suggester *s, size_t at);
size_t suggest_reference(struct suggester *s, size_t at);
size_t suggest_address(struct suggester *s, size_t at);
size_t suggest_phone(struct suggester *s, size_t at);
size_t suggest_time_limit(struct suggester *s, size_t at);

#endif
