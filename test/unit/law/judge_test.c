/*
 * The engine on small packs of its own: three values, defeats, two days, states. What the loader
 * refuses is planted in the packs themselves (test/flow/test_law_faults.py).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/yaml.h"
#include "law/law.h"

#define HEAD(id, kind)                                                                             \
	"pack:\n  id: " id "\n  version: 1\n  title: t\n  kind: " kind "\n  country: ZZ\n"         \
	"  status: draft\n  law_as_of: 2026-01-01\n  next_review: 2027-01-01\n"
#define RULE(id, rest)                                                                             \
	"  - id: " id "\n" rest "    cite: Act 1\n    text: words\n    confidence: statute\n"
#define FROM "    from: 2020-01-01\n"
#define GOOD "    give: SUFFICIENT\n"
#define PACK                                                                                                                      \
	HEAD("zz", "law")                                                                                                         \
	"recognise:\n" RULE(                                                                                                      \
		"r",                                                                                                              \
		"    when:\n      - issuer.country is ZZ\n" GOOD                                                                  \
		"    mode: COMPELLED\n" FROM) "competence:\n" RULE("c",                                                           \
								   "    when:\n      - "                                          \
								   "issuer.authority_kind is "                                    \
								   "JUDGE_COURT\n" GOOD                                           \
									   FROM) "ceiling:"                                       \
										 "\n" RULE(                                       \
											 "x",                                     \
											 "    "                                   \
											 "when:"                                  \
											 "\n   "                                  \
											 "   - "                                  \
											 "deman"                                  \
											 "d."                                     \
											 "categ"                                  \
											 "ory "                                   \
											 "is "                                    \
											 "SUB_"                                   \
											 "ID"                                     \
											 "\n" GOOD                                \
												 FROM)                            \
											 RULE("y",                                \
											      "  "                                \
											      "  "                                \
											      "wh"                                \
											      "en"                                \
											      ":"                                 \
											      "\n"                                \
											      "  "                                \
											      "  "                                \
											      "  "                                \
											      "- "                                \
											      "de"                                \
											      "ma"                                \
											      "nd"                                \
											      ".c"                                \
											      "at"                                \
											      "eg"                                \
											      "or"                                \
											      "y "                                \
											      "is"                                \
											      " S"                                \
											      "EC"                                \
											      "RE"                                \
											      "T"                                 \
											      "\n"                                \
											      "  "                                \
											      "  "                                \
											      "gi"                                \
											      "ve"                                \
											      ": "                                \
											      "IN"                                \
											      "SU"                                \
											      "FF"                                \
											      "IC"                                \
											      "IE"                                \
											      "NT"                                \
											      "\n"                                \
											      "  "                                \
											      "  "                                \
											      "re"                                \
											      "as"                                \
											      "on"                                \
											      "s:"                                \
											      "\n"                                \
											      "  "                                \
											      "  "                                \
											      "  "                                \
											      "- "                                \
											      "CA"                                \
											      "T-"                                \
											      "SE"                                \
											      "CR"                                \
											      "ET"                                \
											      "\n" FROM) "territory:\n" RULE("t", \
															     GOOD FROM)

#define FACTS(kind, category, issued)                                                              \
	"{\"order\":{\"id\":\"o\",\"received_at\":\"2026-05-01T10:00:00Z\","                       \
	"\"document_sha256\":\"00\"},\"issuer\":{\"country\":\"ZZ\",\"authority_kind\":\"" kind    \
	"\",\"authority_name\":\"n\",\"contact_check\":\"CALL_BACK\"},"                            \
	"\"instrument\":{\"kind\":\"WARRANT\",\"provisions\":[\"p\"],\"issued_on\":\"" issued      \
	"\",\"served_on\":\"s\"},\"secrecy\":{\"kind\":\"NONE\"},"                                 \
	"\"demands\":[{\"id\":\"d1\",\"category\":\"" category                                     \
	"\",\"target_kind\":\"EMAIL\",\"target\":\"a\"}],\"provider\":{\"name\":\"p\"}}"

static enum err load(struct ctx *c, const char *yaml, struct law **out)
{
	struct json *doc;

	TRY(yaml_parse(c, "zz.yaml", span_str(yaml), &doc));
	TRY(law_open(c, out));
	TRY(law_add(c, *out, "zz.yaml", doc, SPAN("00"), LAW_ADOPTED));
	return law_close(c, *out);
}

/* "VERDICT REASON REASON ..." of the only line. */
static void judged_so(const char *yaml, const char *facts, struct law_how how, const char *wanted)
{
	struct ctx CTX_SCOPED c;
	struct json *doc, *decision;
	const struct json *line;
	struct law *law;
	struct buf b;
	struct span got;

	assert_int_equal(ctx_begin(&c, 16 << 20), ERR_OK);
	assert_int_equal(load(&c, yaml, &law), ERR_OK);
	assert_int_equal(json_parse(&c, span_str(facts), &doc), ERR_OK);
	assert_int_equal(law_judge(&c, law, doc, &how, &decision), ERR_OK);
	line = json_get(decision, "demands")->first;
	buf_begin(&b, &c, 4096);
	buf_add(&b, json_opt_text(line, "verdict", SPAN_NONE));
	JSON_EACH(reason, json_get(line, "reasons"))
		buf_fmt(&b, " %.*s", SPAN_ARG(reason->s));
	assert_int_equal(buf_done(&c, &b, &got), ERR_OK);
	if (!span_is(got, wanted))
		fail_msg("'%.*s' instead of '%s'", SPAN_ARG(got), wanted);
}

static void judged(const char *yaml, const char *facts, enum law_state state, const char *wanted)
{
	judged_so(yaml, facts, (struct law_how){ .what_if = true, .state = state }, wanted);
}

static void a_complete_chain(void **state)
{
	(void)state;
	judged(PACK, FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED, "SUFFICIENT");
	judged(PACK, FACTS("POLICE", "SUB_ID", "2026-04-30"), LAW_ADOPTED,
	       "LAWYER ISS-NOT-COMPETENT");
	judged(PACK, FACTS("JUDGE_COURT", "MSG_META", "2026-04-30"), LAW_ADOPTED,
	       "LAWYER CAT-EXCEEDS");
	judged(PACK, FACTS("JUDGE_COURT", "SECRET", "2026-04-30"), LAW_ADOPTED,
	       "INSUFFICIENT CAT-SECRET");
}

static void unknown_lets_nothing_through(void **state)
{
	(void)state;
	judged(PACK, FACTS("unknown", "SUB_ID", "2026-04-30"), LAW_ADOPTED,
	       "LAWYER FACT-UNKNOWN(issuer.authority_kind)");
	judged(PACK, FACTS("JUDGE_COURT", "unknown", "2026-04-30"), LAW_ADOPTED,
	       "LAWYER FACT-UNKNOWN(demand.category)");
	judged(PACK, FACTS("JUDGE_COURT", "SUB_ID", "unknown"), LAW_ADOPTED,
	       "LAWYER FACT-UNKNOWN(instrument.issued_on)");
}

static void two_days_and_states(void **state)
{
	(void)state;
	judged(PACK, FACTS("JUDGE_COURT", "SUB_ID", "2019-12-31"), LAW_ADOPTED,
	       "INSUFFICIENT INST-NOT-IN-FORCE");
	judged(PACK, FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_DRAFT,
	       "LAWYER PACK-UNREVIEWED");
	judged(PACK, FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_REVIEWED,
	       "LAWYER PACK-UNREVIEWED");
	judged(PACK, FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_STALE, "LAWYER PACK-STALE");
	judged(PACK, FACTS("JUDGE_COURT", "SECRET", "2026-04-30"), LAW_STALE,
	       "LAWYER CAT-SECRET PACK-STALE");
}

/* An order of before the review, judged on its day and after it: what counts is the day on which
 * the reading is relied on. */
static void a_reading_grows_stale(void **state)
{
	const char *facts = FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30");
	struct law_how how = { .now_utc_s = 0 };

	(void)state;
	judged_so(PACK, facts, how, "SUFFICIENT");
	how.now_utc_s = 1798847999;             /* 2027-01-01T23:59:59Z */
	judged_so(PACK, facts, how, "SUFFICIENT");
	how.now_utc_s = 1798848000;
	judged_so(PACK, facts, how, "LAWYER PACK-STALE");
}

#define DEFECT                                                                                     \
	"thresholds:\n" RULE("bad",                                                                \
			     "    when:\n      - issuer.country is ZZ\n"                           \
			     "    give: INSUFFICIENT\n    reasons:\n      - THR-PENALTY\n" FROM)

static void defeats(void **state)
{
	(void)state;
	judged(PACK DEFECT, FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED,
	       "INSUFFICIENT THR-PENALTY");
	judged(PACK DEFECT RULE("win", "    when:\n      - issuer.country is ZZ\n"
				       "    defeats:\n      - bad\n" FROM),
	       FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED, "SUFFICIENT");
	judged(PACK DEFECT RULE("win", "    when:\n      - purpose.by_network is yes\n"
				       "    defeats:\n      - bad\n" FROM),
	       FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED,
	       "LAWYER FACT-UNKNOWN(purpose.by_network)");
}

static void two_ceilings_are_none(void **state)
{
	(void)state;
	judged(HEAD("zz", "law") "recognise:\n" RULE(
		       "r", "    when:\n      - issuer.country is ZZ\n" GOOD
			    "    mode: COMPELLED\n" FROM) "competence:\n" RULE("c", GOOD FROM)
		       "ceiling:\n" RULE("x", GOOD FROM) RULE("x2", GOOD FROM)
			       "territory:\n" RULE("t", GOOD FROM),
	       FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED, "LAWYER LAW-SPLIT");
}

/* A row that only asks to redirect is no answer to who may use the instrument. */
static void a_row_without_a_verdict_settles_nothing(void **state)
{
	(void)state;
	judged(PACK RULE("u", "    redirect: ASK\n" FROM),
	       FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED, "SUFFICIENT");
	judged(HEAD("zz", "law") "recognise:\n" RULE(
		       "r", "    when:\n      - issuer.country is ZZ\n" GOOD
			    "    mode: COMPELLED\n" FROM) "competence:\n"
		       RULE("c", "    redirect: ASK\n" FROM) "ceiling:\n" RULE("x", GOOD FROM)
			       "territory:\n" RULE("t", GOOD FROM),
	       FACTS("JUDGE_COURT", "SUB_ID", "2026-04-30"), LAW_ADOPTED,
	       "LAWYER ISS-NOT-COMPETENT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_complete_chain),
		cmocka_unit_test(unknown_lets_nothing_through),
		cmocka_unit_test(two_days_and_states),
		cmocka_unit_test(a_reading_grows_stale),
		cmocka_unit_test(defeats),
		cmocka_unit_test(two_ceilings_are_none),
		cmocka_unit_test(a_row_without_a_verdict_settles_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
