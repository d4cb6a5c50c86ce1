/*
 * Days of the proleptic Gregorian calendar, counted from 1970-01-01 (Howard Hinnant,
 * "chrono-compatible low-level date algorithms"). Years begin in March, so that the leap day is
 * last.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_S INT64_C(86400)

static inline int64_t civil_to_days(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static inline void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

static inline bool civil_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static inline int civil_month_days(int64_t year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && civil_leap(year) ? 29 : days[month - 1];
}

static inline bool civil_exists(int64_t year, int month, int day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= civil_month_days(year, month);
}

/* Rounds towards the past, also before 1970. */
static inline int64_t civil_day_of(int64_t utc_s)
{
	return utc_s >= 0 ? utc_s / DAY_S : -((-(utc_s + 1)) / DAY_S) - 1;
}

#endif
