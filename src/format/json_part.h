/*
 * For the files of json.h only: what our JSON may hold, and hanging a value into its parent.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_JSON_PART_H
#define FORMAT_JSON_PART_H

#include <string.h>

#include "base/num.h"
#include "format/json.h"

#define JSON_DEPTH_MAX 32u      /* lists and objects around a value */

static inline bool json_key_ok(struct span key)
{
	for (size_t i = 0; i < key.n; i++) {
		unsigned char x = key.p[i];

		if (!(x >= 'a' && x <= 'z') && !(x >= '0' && x <= '9') && x != '_')
			return false;
	}
	return key.n > 0;
}

static inline bool json_text_ok(struct span s)
{
	return span_is_utf8(s) && (s.n == 0 || !memchr(s.p, 0, s.n));
}

static inline bool json_int_ok(int64_t i)
{
	return i >= -I53_MAX && i <= I53_MAX;
}

static inline void json_append(struct json *parent, struct json *j)
{
	j->held = true;
	if (parent->last)
		parent->last->next = j;
	else
		parent->first = j;
	parent->last = j;
}

#endif
