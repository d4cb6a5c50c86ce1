/*
 * Tests of rule packs that a lawyer can write: a base (FACTS), what is different in this case, and
 * what must come out, in sentences. They run in this process, so that every rule can be left out or
 * turned round once and some test must notice.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LAW_TRIAL_H
#define LAW_TRIAL_H

#include "law/law.h"

struct trial_set;

/* A file of bases and tests, as read from YAML. Errors are ERR_FORMAT "name:line: what". */
enum err trials_open(struct ctx *c, struct trial_set **out) MUST_USE;
enum err trials_add(struct ctx *c, struct trial_set *t, const char *name,
		    const struct json *doc) MUST_USE;
/* Runs all; findings {file, line, rule = the test's id, what}. With rules_out the ids of rules that
 * held in none are given. */
enum err trials_run(struct ctx *c, const struct trial_set *t, const struct law *law,
		    struct json **findings_out, struct json **rules_out,
		    size_t *count_out) MUST_USE;

/* The facts of all tests: list of {name, facts}, the name being "file:line: id". */
enum err trials_facts(struct ctx *c, const struct trial_set *t, struct json **out) MUST_USE;

/* Each rule left out, each verdict turned round, each condition left out and turned round, once
 * each: the findings are the changes that no test noticed. The law is as before when it returns. */
enum err trials_mutate(struct ctx *c, const struct trial_set *t, struct law *law,
		       struct json **findings_out, size_t *count_out) MUST_USE;

#endif
