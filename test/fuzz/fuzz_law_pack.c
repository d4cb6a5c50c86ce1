/*
 * Rule packs from anybody: what is refused says file and line, what is accepted can be checked,
 * explained and judged by, and an order that a draft has judged has no SUFFICIENT line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/yaml.h"
#include "fuzz.h"
#include "law/check.h"
#include "law/law.h"

#define FACTS                                                                                      \
	"{\"demands\":[{\"category\":\"SUB_ID\",\"id\":\"d1\",\"target\":\"a\",\"target_kind\":"   \
	"\"EMAIL\"},{\"category\":\"CONTENT_COMM\",\"from\":\"2026-01-01\",\"id\":\"d2\"}],"       \
	"\"facts_version\":\"1\",\"instrument\":{\"issued_on\":\"2026-11-01\",\"kind\":"           \
	"\"WARRANT\","                                                                             \
	"\"provisions\":[\"Act 1\"]},\"issuer\":{\"country\":\"ZZ\",\"authority_kind\":"           \
	"\"JUDGE_COURT\"},\"order\":{\"id\":\"o\",\"received_at\":\"2026-11-02T10:00:00Z\"},"      \
	"\"provider\":{\"legal_entity\":\"p\",\"name\":\"p\"}}"

static void check_refusal(const struct ctx *c, enum err e)
{
	CHECK(e == ERR_FORMAT || e == ERR_LIMIT);
	CHECK(e == ERR_LIMIT || (strncmp(c->why, "pack.yaml:", 10) == 0 && c->why[10] >= '0' &&
				 c->why[10] <= '9'));
}

static void check_judge(struct ctx *c, const struct law *law)
{
	struct law_how how = { .now_utc_s = 1795341600 };
	struct json *facts, *decision;
	struct span page;

	CHECK(json_parse(c, span_str(FACTS), &facts) == ERR_OK);
	CHECK(law_judge(c, law, facts, &how, &decision) == ERR_OK);
	JSON_EACH(line, json_get(decision, "demands"))
		CHECK(!span_is(json_opt_text(line, "verdict", SPAN_NONE), "SUFFICIENT"));
	CHECK(law_page(c, law, facts, decision, &page) == ERR_OK);
	JSON_EACH(line, json_get(decision, "demands"))
		JSON_EACH(rule, json_get(line, "rules"))
			CHECK(law_explain(c, law, rule->s, &page) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct json *doc, *findings;
	struct law *law;
	enum err e;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	e = yaml_parse(&c, "pack.yaml", span_of(data, size), &doc);
	CHECK(law_open(&c, &law) == ERR_OK || e != ERR_OK);
	if (e == ERR_OK)
		e = law_add(&c, law, "pack.yaml", doc, SPAN("00"), LAW_DRAFT);
	if (e == ERR_OK)
		e = law_close(&c, law);
	check_result(&c, e);
	if (e != ERR_OK) {
		check_refusal(&c, e);
		return 0;
	}
	check_judge(&c, law);
	e = law_check(&c, law, 0, &findings);
	CHECK(e == ERR_OK && findings->type == JSON_LIST);
	return 0;
}
