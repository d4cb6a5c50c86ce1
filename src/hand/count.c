/*
 * The count job: how many items a scope that nobody has signed yet would take, as numbers only.
 * No content leaves it, no body is read, nothing is written.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/job.h"
#include "hand/pack.h"
#include "hand/ticket.h"

static struct json *counts_json(struct ctx *c, const struct pack_counts *counts)
{
	struct json *list = json_list(c);

	for (size_t i = 0; i < counts->line_count; i++) {
		const struct pack_line *l = &counts->line[i];
		struct json *o = pack_line_json(c, l);

		json_set_int(c, o, "undated", l->undated);
		json_set_int(c, o, "outside", l->near.outside);
		json_set_int(c, o, "first_day", l->near.first_day);
		json_set_int(c, o, "day_before", l->near.day_before);
		json_set_int(c, o, "last_day", l->near.last_day);
		json_set_int(c, o, "day_after", l->near.day_after);
		json_set(c, o, "problem", l->problem.n ? json_text(c, l->problem) : NULL);
		json_add(c, list, o);
	}
	return list;
}

enum err job_count(struct ctx *c, struct job *job)
{
	OPENED_SCOPED struct opened open = { .source_count = 0 };
	struct pack_counts counts = { .line_count = 0 };
	struct ticket ticket = { .scope = NULL };
	struct pack *pack;
	struct home home;

	TRY(home_find(c, job->home_dir, &home));
	TRY(ticket_check(c, &home, job->ask, "count", &ticket));
	TRY(opened_make(c, &home, &ticket, &open));
	struct cage cage = { .profile = CAGE_COUNT,
			     .answer = job->writ,
			     .seal = -1,
			     .in = -1,
			     .out = -1,
			     .below = open.below,
			     .below_count = open.below_count,
			     .landlock_may_lack = open.no_landlock_accepted };
	TRY(job_close_cage(c, job, &cage));

	struct pack_job what = { .order = ticket.order,
				 .lines = &open.lines,
				 .sources = open.source,
				 .source_count = open.source_count };
	TRY(pack_plan(c, &what, &pack, &counts));
	json_set(c, job->answer, "lines", counts_json(c, &counts));
	return c->code;
}
