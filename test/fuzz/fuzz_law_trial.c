/*
 * Tests of rule packs from anybody, run against a small pack: what is refused says file and line,
 * findings name a line, and each rule left out once leaves the law as it was.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/yaml.h"
#include "fuzz.h"
#include "law/trial.h"

#define RULE(id)                                                                                   \
	"  - id: " id                                                                              \
	"\n    cite: Act 1\n    text: t\n    confidence: statute\n    from: 2020-01-01\n"
#define PACK                                                                                       \
	"pack:\n  id: zz\n  version: 1\n  title: t\n  kind: law\n  country: ZZ\n  status: draft\n" \
	"  law_as_of: 2026-01-01\n  next_review: 2027-01-01\n"                                     \
	"recognise:\n" RULE("r") "    give: SUFFICIENT\n    mode: COMPELLED\n"                     \
	"competence:\n" RULE("c") "    give: SUFFICIENT\n"                                         \
	"ceiling:\n" RULE("x") "    give: SUFFICIENT\n"                                            \
	"territory:\n" RULE("t") "    give: SUFFICIENT\n"

static void load(struct ctx *c, struct law **law)
{
	struct json *doc;

	CHECK(yaml_parse(c, "zz.yaml", SPAN(PACK), &doc) == ERR_OK);
	CHECK(law_open(c, law) == ERR_OK);
	CHECK(law_add(c, *law, "zz.yaml", doc, SPAN("00"), LAW_ADOPTED) == ERR_OK);
	CHECK(law_close(c, *law) == ERR_OK);
}

static void check_findings(const struct json *findings)
{
	JSON_EACH(one, findings)
		CHECK(json_opt_int(one, "line", 0) > 0 &&
		      json_opt_text(one, "what", SPAN_NONE).n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct json *doc, *findings, *idle;
	struct trial_set *tests;
	struct law *law;
	size_t count;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	load(&c, &law);
	if (yaml_parse(&c, "test.yaml", span_of(data, size), &doc) != ERR_OK)
		return 0;
	CHECK(trials_open(&c, &tests) == ERR_OK);
	e = trials_add(&c, tests, "test.yaml", doc);
	check_result(&c, e);
	if (e != ERR_OK) {
		CHECK(strncmp(c.why, "test.yaml:", 10) == 0);
		return 0;
	}
	e = trials_run(&c, tests, law, &findings, &idle, &count);
	check_result(&c, e);
	if (e != ERR_OK)
		return 0;
	check_findings(findings);
	CHECK(trials_mutate(&c, tests, law, &findings, &count) == ERR_OK);
	check_findings(findings);
	return 0;
}
