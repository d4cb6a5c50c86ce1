/*
 * Times: RFC 3339 with zone, resolution one second in documents; inside, ms or s since 1970 UTC.
 * The machine's own zone never matters. Header dates of mail are in date.h, zone rules in zone.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FORMAT_TIME_H
#define FORMAT_TIME_H

#include "base/ctx.h"
#include "base/span.h"

#define TIME_TEXT_MAX 32
/* "2026-11-22T10:00:00Z" into out (at least TIME_TEXT_MAX bytes); years 0001 to 9999. */
void time_text(int64_t utc_s, char *out);
enum err time_span(struct ctx *c, int64_t utc_s, struct span *out)
	MUST_USE; /* the same in the arena */
/* Reads RFC 3339 ("2026-11-22T10:00:00Z", "...+01:00"); false if it is none or the day does not
 * exist. */
bool time_parse(struct span s, int64_t *utc_s_out);
/* The one form of a time in a document, which time_text writes: in UTC, with Z. */
bool time_parse_utc(struct span s, int64_t *utc_s_out);
/* Reads "2026-11-22". */
bool date_parse(struct span s, int *year, int *month, int *day);
/* Days since 1970-01-01 of the proleptic Gregorian calendar, and back. */
int64_t days_of_civil(int year, int month, int day);
void civil_of_days(int64_t days, int *year, int *month, int *day);
/* "4 min ago", "in 3 d" for people. */
enum err time_ago(struct ctx *c, int64_t utc_s, int64_t now_s, struct span *out) MUST_USE;
/* The first second after now in which the distance to it may read differently, where seconds are
 * told below a minute, minutes below minutes_s, and hours or days beyond. */
int64_t time_ago_changes(int64_t utc_s, int64_t now_s, int64_t minutes_s);

#endif
