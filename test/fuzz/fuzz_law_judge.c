/*
 * Any FACTS, judged by the packs of the tree as if all were adopted: a decision comes out, the same
 * one twice, no line is SUFFICIENT without its mandatory facts, a rule and a source, and the page
 * for a lawyer can be written.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "format/facts.h"
#include "format/yaml.h"
#include "fuzz.h"
#include "law/law.h"
#include "world.h"

#define LAW_DIR FUZZ_DIR "/../../law"

static const char *const packs[] = { "au", "be", "br", "ca", "calendars", "common", "de",
				     "eu-eevidence", "fr", "gb", "ie", "in", "us-california",
				     "us-federal" };

/* Once; they live as long as the program. */
static const struct law *the_law(void)
{
	static struct ctx c;
	static struct law *law;

	if (law)
		return law;
	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK && law_open(&c, &law) == ERR_OK);
	for (size_t i = 0; i < sizeof packs / sizeof packs[0]; i++) {
		struct span text;
		struct json *doc;
		char *path;

		CHECK(path_fmt(&c, &path, LAW_DIR "/%s.yaml", packs[i]) == ERR_OK);
		CHECK(file_read(&c, path, YAML_BYTES_MAX, &text) == ERR_OK);
		CHECK(yaml_parse(&c, packs[i], text, &doc) == ERR_OK);
		CHECK(law_add(&c, law, packs[i], doc, SPAN("00"), LAW_DRAFT) == ERR_OK);
	}
	CHECK(law_close(&c, law) == ERR_OK);
	return law;
}

static bool is_known(const struct json *line, const char *key)
{
	struct span s = json_opt_text(line, key, SPAN("unknown"));

	return !span_is(s, "unknown");
}

static void check_line(const struct json *line, const struct json *facts)
{
	if (!span_is(json_opt_text(line, "verdict", SPAN_NONE), "SUFFICIENT")) {
		CHECK(json_count(json_get(line, "reasons")) > 0);
		return;
	}
	CHECK(json_count(json_get(line, "rules")) > 0);
	CHECK(json_count(json_get(line, "citations")) > 0);
	CHECK(is_known(json_get(facts, "issuer"), "authority_kind"));
	CHECK(is_known(json_get(facts, "issuer"), "contact_check"));
	CHECK(is_known(json_get(facts, "instrument"), "issued_on"));
	JSON_EACH(demand, json_get(facts, "demands"))
		if (span_eq(json_opt_text(demand, "id", SPAN_NONE),
			    json_opt_text(line, "id", SPAN_NONE)))
			CHECK(is_known(demand, "category") && is_known(demand, "target") &&
			      is_known(demand, "target_kind"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct law_how how = { .now_utc_s = WORLD_START_S, .what_if = true, .state = LAW_ADOPTED };
	struct json *facts, *decision, *again;
	struct span text, other;

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	if (json_parse(&c, span_of(data, size), &facts) != ERR_OK ||
	    facts_check(&c, "facts", facts, FACTS_PROVIDER_REQUIRED | FACTS_ORDER_ID_REQUIRED))
		return 0;
	CHECK(law_judge(&c, the_law(), facts, &how, &decision) == ERR_OK);
	CHECK(law_judge(&c, the_law(), facts, &how, &again) == ERR_OK);
	CHECK(json_write(&c, decision, LAW_DECISION_MAX, &text) == ERR_OK);
	CHECK(json_write(&c, again, LAW_DECISION_MAX, &other) == ERR_OK);
	CHECK(span_eq(text, other));
	JSON_EACH(line, json_get(decision, "demands"))
		check_line(line, facts);
	CHECK(law_page(&c, the_law(), facts, decision, &text) == ERR_OK);
	return 0;
}
