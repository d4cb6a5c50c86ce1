/*
 * Opening and loading a filter, setting a limit; see cage_filter.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/cage_filter.h"

#include <errno.h>
#include <string.h>

void filter_close(struct filter *f)
{
	if (f->rules)
		seccomp_release(f->rules);
}

enum err filter_taken(struct filter *f, int rc)
{
	if (rc != 0)
		FAIL(f->c, ERR_FAILED, "seccomp does not take our rules: %s", strerror(-rc));
	return ERR_OK;
}

enum err filter_open(struct ctx *c, struct filter *f)
{
	*f = (struct filter){ c, seccomp_init(SCMP_ACT_KILL_PROCESS) };
	if (!f->rules)
		FAIL(c, ERR_FAILED, "seccomp is not to be had");
	TRY(filter_taken(f, seccomp_attr_set(f->rules, SCMP_FLTATR_ACT_BADARCH,
					     SCMP_ACT_KILL_PROCESS)));
	return filter_taken(f, seccomp_attr_set(f->rules, SCMP_FLTATR_CTL_TSYNC, 1));
}

enum err filter_load(struct filter *f)
{
	return filter_taken(f, seccomp_load(f->rules));
}

enum err filter_rule(struct filter *f, uint32_t action, int call)
{
	return filter_taken(f, seccomp_rule_add(f->rules, action, call, 0));
}

enum err limit_set(struct ctx *c, __rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	struct rlimit now, to = { .rlim_cur = soft, .rlim_max = hard };

	if (getrlimit(what, &now) != 0)
		FAIL(c, ERR_FAILED, "cannot read a limit: %s", strerror(errno));
	if (now.rlim_max < to.rlim_max)
		to.rlim_max = now.rlim_max;
	if (to.rlim_max < to.rlim_cur)
		to.rlim_cur = to.rlim_max;
	if (setrlimit(what, &to) != 0)
		FAIL(c, ERR_FAILED, "cannot set a limit: %s", strerror(errno));
	return ERR_OK;
}
