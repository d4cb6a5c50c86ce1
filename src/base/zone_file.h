/*
 * For zone.c and zone_file.c only: a zone as its TZif file says it (RFC 8536).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ZONE_FILE_H
#define BASE_ZONE_FILE_H

#include "base/zone.h"

struct zone_change {
	int64_t utc_s, offset_s;        /* from utc_s on */
};

enum zone_date_kind { ZONE_DATE_WEEKDAY, ZONE_DATE_JULIAN, ZONE_DATE_ZERO };

/* A day of every year: weekday (0 = Sunday) number week (5 = the last) of month; or day of the
 * year, 1 to 365 without the leap day (Jn), or 0 to 365 with it (n). */
struct zone_date {
	enum zone_date_kind kind;
	int month, week, weekday, day;
	int64_t second_of_day;          /* wall time; -167 h to 167 h */
};

/* The text at the end of the file: what goes on for ever after its last change. */
struct zone_rule {
	int64_t winter_s, summer_s;
	bool has_summer;
	struct zone_date begin, end;    /* of summer time */
};

struct zone {
	struct zone_change *changes;
	size_t count;
	int64_t first_s;                /* offset before the first change */
	bool has_rule;
	struct zone_rule rule;
};

/* Reads the bytes of a TZif file of version 2 or later; name is for messages. */
enum err zone_read(struct ctx *c, const char *name, struct span file, struct zone *out) MUST_USE;

#endif
