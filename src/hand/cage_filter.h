/*
 * What every cage closes with: a seccomp filter that kills whatever it does not name, and limits
 * that never widen. The rules themselves belong to the cages (cage.c, cage_tool.c).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HAND_CAGE_FILTER_H
#define HAND_CAGE_FILTER_H

#include <seccomp.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/ctx.h"
#include "base/num.h"

/* A filter that is being written. */
struct filter {
	struct ctx *c;
	scmp_filter_ctx rules;
};

void filter_close(struct filter *f);
#define FILTER_SCOPED __attribute__((cleanup(filter_close))) struct filter

/* An empty filter: every call, and every call of another architecture, ends the process. */
enum err filter_open(struct ctx *c, struct filter *f) MUST_USE;

/* Puts the filter over the threads that there are and those to come. */
enum err filter_load(struct filter *f) MUST_USE;

/* What libseccomp gave back (0 or -errno), as an error of ours. */
enum err filter_taken(struct filter *f, int rc) MUST_USE;

/* A call whatever its arguments are. */
enum err filter_rule(struct filter *f, uint32_t action, int call) MUST_USE;

#define RULE_IF(f, action, call, ...)                                                              \
	filter_taken(f, seccomp_rule_add_array(                                                    \
				(f)->rules, action, SCMP_SYS(call),                                \
				COUNT_OF(((const struct scmp_arg_cmp[]){ __VA_ARGS__ })),          \
				(const struct scmp_arg_cmp[]){ __VA_ARGS__ }))
#define ALLOW_IF(f, call, ...) RULE_IF(f, SCMP_ACT_ALLOW, call, __VA_ARGS__)
#define A0_IS(x) SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)(x))
#define A1_IS(x) SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)(x))

/* Sets a limit of this process, in the unit of setrlimit(2). What it was started with is never
 * widened: a lower hard limit stays. */
enum err limit_set(struct ctx *c, __rlimit_resource_t what, uint64_t soft, uint64_t hard) MUST_USE;

#endif
