/*
 * Which part of a file is asked for (RFC 9110 section 14): one range, and only of the version that
 * the asker has. Several ranges at once get the whole file, as the RFC allows. Pure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WEB_RANGE_H
#define WEB_RANGE_H

#include "base/span.h"

enum range_kind { RANGE_WHOLE, RANGE_PART, RANGE_NONE };        /* 200, 206, 416 */

struct range {
	enum range_kind kind;
	int64_t from, bytes;
};

/* range and if_range are the headers' values, empty where there is none; etag without quotes. */
struct range range_of(struct span range, struct span if_range, struct span etag, int64_t bytes);
/* Is one of the ETags of If-None-Match this one? (weak comparison) */
bool range_has_etag(struct span if_none_match, struct span etag);

#endif
