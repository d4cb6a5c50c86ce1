/*
 * Text files compiled in (tools/embed.sh).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ORDER_EMBEDDED_H
#define ORDER_EMBEDDED_H

#include <stddef.h>

struct embedded {
	const char *name;
	const unsigned char *bytes;
	size_t n;
};

/* Each ends with a NULL name. */
extern const struct embedded letter_templates[];
extern const struct embedded command_texts[];

#endif
