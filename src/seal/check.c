/*
 * The table of checks and the loop over it; see check.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/check.h"

#include <string.h>

#define ANY (R(making) - 1)         /* every request, not the founding */
#define DOCUMENTS (R(roster) | R(ticket) | R(void) | R(destroy) | R(halt) | R(resume) | R(founding))
#define SIGNED (DOCUMENTS | R(release))

static const struct check_row rows[CHECK_COUNT] = {
#define X(id, requests, condition, error, why, next)                                               \
	[CHECK_##id] = { #id, requests, ERR_##error, why, next },
#include "seal/check.def"
#undef X
};

void facts_begin(struct facts *f, int64_t now)
{
	*f = (struct facts){
		.now = now,
		.made_at = INT64_MIN,
		.rests_on = INT64_MIN,
		.good_until = INT64_MAX,
		.ticket_expires_at = INT64_MAX,
		.statement_expires_at = INT64_MAX,
		.header_stanzas = 1,
		.recipients = 1,
		.approvals_wanted = INT64_MAX,
	};
}

/* One function for all conditions: each stands in the table beside its words. */
static bool holds(enum check_id id, const struct facts *f)
{
	switch (id) {
#define X(id, requests, condition, error, why, next) case CHECK_##id: return (condition);
#include "seal/check.def"
#undef X
	case CHECK_COUNT:
		break;
	}
	return false;
}

bool check_one(enum check_id id, unsigned request, const struct facts *f)
{
	return !(rows[id].requests & request) || check_left_out(rows[id].id) || holds(id, f);
}

const struct check_row *check_row_of(enum check_id id)
{
	return &rows[id];
}

const struct check_row *check_all(unsigned request, const struct facts *f)
{
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if (!check_one((enum check_id)i, request, f))
			return &rows[i];
	return NULL;
}
