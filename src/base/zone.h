/*
 * Zone rules (RFC 8536, /usr/share/zoneinfo): where a day begins, and what the wall clock is ahead
 * of UTC. Names are like Europe/Paris or UTC. The machine's own zone and TZ never matter.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/ctx.h"
#include "base/span.h"

#define ZONE_NAME_MAX 64u

/* Fails with ERR_FORMAT unless name is a zone of this machine; UTC always is one. */
enum err zone_check(struct ctx *c, struct span name) MUST_USE;
/* The first instant at which the wall clock of the zone shows 00:00 of that day; where it never
 * does, the first instant of that day (or, of a day that was left out, of the next). */
enum err zone_day_start(struct ctx *c, struct span zone, int year, int month, int day,
			int64_t *utc_s_out) MUST_USE;
/* "+01:00" of that instant, in the arena ("+00:09:21" where rules had seconds, before 1972). */
enum err zone_offset_text(struct ctx *c, struct span zone, int64_t utc_s,
			  struct span *out) MUST_USE;

/* The same for many questions about one zone; it lives in the arena. */
struct zone;
enum err zone_open(struct ctx *c, struct span name, const struct zone **out) MUST_USE;
int64_t zone_offset_s(const struct zone *z, int64_t utc_s);
int64_t zone_start_of(const struct zone *z, int64_t days);      /* days since 1970-01-01 */

#endif
