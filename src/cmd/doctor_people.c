/*
 * writ doctor: the roster. What needs two people must not hang on one, and no key should end
 * unseen. SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/cmd.h"
#include "cmd/doctor.h"
#include "format/time.h"

#define ENDS_SOON_DAYS 30

/* Different live people who may do it, except the one named (empty: nobody excepted). */
static int count_may(struct ctx *c, const struct json *roster, const char *may, struct span except)
{
	struct span seen[64];
	int n = 0;

	JSON_EACH(row, roster) {
		struct span name = json_opt_text(row, "name", SPAN_NONE);
		bool again = span_eq(name, except);

		if (!roster_row_is(row, "person", c->seam->now_ms() / 1000) ||
		    !roster_may(row, may))
			continue;
		for (int i = 0; i < n; i++)
			again |= span_eq(seen[i], name);
		if (!again && n < 64)
			seen[n++] = name;
	}
	return n;
}

/* The most approvers that are left when one of those who may decide has decided. */
static int approvers_beside_counsel(struct ctx *c, const struct json *roster, bool decider_counts)
{
	int best = 0;

	JSON_EACH(row, roster) {
		int n;

		if (!span_is(json_opt_text(row, "row", SPAN_NONE), "person") ||
		    !roster_may(row, "decide"))
			continue;
		n = count_may(c, roster, "approve",
			      decider_counts ? SPAN_NONE : json_opt_text(row, "name", SPAN_NONE));
		best = n > best ? n : best;
	}
	return best;
}

/* Two sign every change of the roster and the end of a halt; one who is ill must not stop that. */
static void examine_rights(struct examination *e, const struct json *roster)
{
	static const struct {
		const char *may;
		enum grade below_two;
		const char *why;
	} rights[] = {
		{ "decide", REMARK, "while that person is away nothing is decided" },
		{ "roster", MISSING, "two sign every change of people, agencies and policy" },
		{ "halt", REMARK, "two end a halt" },
	};

	for (size_t i = 0; i < COUNT_OF(rights); i++) {
		int n = count_may(e->c, roster, rights[i].may, SPAN_NONE);

		if (n < 2)
			doctor_find(e, n == 0 ? MISSING : rights[i].below_two, rights[i].may,
			     "%d may '%s': %s (writ roster add --may %s)", n, rights[i].may,
			     rights[i].why, rights[i].may);
		else
			doctor_find(e, GOOD, rights[i].may, "%d may '%s'", n, rights[i].may);
	}
}

static void examine_ends(struct examination *e, const struct json *roster)
{
	int64_t now = e->c->seam->now_ms() / 1000, until;
	int ends = 0;

	JSON_EACH(row, roster) {
		bool person = span_is(json_opt_text(row, "row", SPAN_NONE), "person");
		struct span name = json_opt_text(row, person ? "name" : "id", SPAN_NONE);
		struct span label = json_opt_text(row, person ? "key" : "label", SPAN_NONE);

		if (!roster_row_live(row, now) ||
		    !time_parse(json_opt_text(row, "until", SPAN_NONE), &until) ||
		    until > now + ENDS_SOON_DAYS * DAY_S)
			continue;
		ends++;
		doctor_find(e, REMARK, "expiry",
			    "the key of %.*s (%.*s) ends in %lld days (writ %s add)",
			    SPAN_ARG(name), SPAN_ARG(span_cut(label, 0, 40)),
			    (long long)((until - now) / DAY_S), person ? "roster" : "agency");
	}
	if (!ends)
		doctor_find(e, GOOD, "expiry", "no key ends within %d days", ENDS_SOON_DAYS);
}

void examine_people(struct examination *e, const struct json *state)
{
	const struct json *roster = json_get(state, "roster");
	int64_t needed = 2;
	bool decider_counts = span_is(
		json_opt_text(json_get(state, "policy"), "decider_may_approve", SPAN("no")), "yes");
	int approve = approvers_beside_counsel(e->c, roster, decider_counts), agencies = 0;
	int decide = count_may(e->c, roster, "decide", SPAN_NONE);

	if (!span_to_i64(json_opt_text(json_get(state, "policy"), "approvals", SPAN("2")), &needed))
		needed = 2;
	if (approve < needed)
		doctor_find(e, MISSING, "people",
		     "%lld approvals are needed, and %d %s may give one when counsel has decided "
		     "(writ roster add)",
		     (long long)needed, approve, approve == 1 ? "person" : "people");
	else
		doctor_find(e, GOOD, "people",
		     "%d may decide, %d may approve then, %lld approvals are needed", decide,
		     approve, (long long)needed);
	JSON_EACH(row, roster)
		agencies += roster_row_is(row, "agency", e->c->seam->now_ms() / 1000);
	if (agencies == 0)
		doctor_find(e, MISSING, "agencies",
		     "no agency's key is registered: nothing could be delivered (writ agency add)");
	else
		doctor_find(e, GOOD, "agencies", "%d delivery keys are registered", agencies);
	examine_rights(e, roster);
	examine_ends(e, roster);
}
