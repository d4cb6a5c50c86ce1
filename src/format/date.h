/*
 * The dates of a mail's header block (doc/protocol.md 8): the first Date field, and the date
 * after the last ';' of the first Received field, as RFC 5322 section 4.3 says, obsolete forms
 * included. What cannot be dated is unknown, never guessed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_DATE_H
#define FORMAT_DATE_H

#include "base/span.h"

#define DATE_UNKNOWN INT64_MIN
#define HEADER_BLOCK_MAX ((size_t)256 << 10)    /* bytes */

/* The instant in s since 1970 UTC, or DATE_UNKNOWN. field is the body of a Date field, folded or
 * not. */
int64_t date_of_field(struct span field);

struct header_dates {
	int64_t header_utc;             /* s or DATE_UNKNOWN */
	int64_t received_utc;           /* s or DATE_UNKNOWN */
	bool further_dates;             /* there is more than one Date field */
};
/* block: begins with the header block; what follows its empty line, or HEADER_BLOCK_MAX, is not
 * looked at. */
void header_dates_of(struct span block, struct header_dates *out);
/* Length of the header block in what has been read so far, its empty line included; 0 if the end
 * has not been seen yet (read more, up to HEADER_BLOCK_MAX or the end of the file). */
size_t header_block_length(struct span bytes);
/* The body of the first field of that name (any case), folded as it stands; false if none. */
bool header_field(struct span block, const char *name, struct span *body_out);

#endif
