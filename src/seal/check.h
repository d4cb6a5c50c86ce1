/*
 * Runs the rows of check.def over gathered facts. Gathers nothing, changes nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef SEAL_CHECK_H
#define SEAL_CHECK_H

#include "base/err.h"
#include "seal/facts.h"

/* The requests, and the two steps of a founding, as bits. */
enum request_place {
#define X(name, who, fields) PLACE_##name,
#include "seal/request.def"
#undef X
	PLACE_making,           /* of the founding document */
	PLACE_founding,         /* its signatures */
	PLACE_COUNT
};
#define R(name) (1u << PLACE_##name)

enum check_id {
#define X(id, requests, condition, error, why, next) CHECK_##id,
#include "seal/check.def"
#undef X
	CHECK_COUNT
};

struct check_row {
	const char *id;
	unsigned requests;
	enum err error;
	const char *why, *next;
};

/* The first row for this request that does not hold, or NULL. */
const struct check_row *check_all(unsigned request, const struct facts *f);
/* One row: true if it holds or does not concern this request. */
bool check_one(enum check_id id, unsigned request, const struct facts *f);
const struct check_row *check_row_of(enum check_id id);

/* Test builds can leave one row out, so that a test proves each to be necessary; in release
 * builds the answer is always no. (check_test.c, check_release.c) */
bool check_left_out(const char *id);
void check_read_environment(void);

#endif
