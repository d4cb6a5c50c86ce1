/*
 * The order file: what is right is taken, each fault is named with its line, and random damage is
 * refused or read without harm (this runs under the sanitizers too).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "hand/read.h"

#include "../test.h"

static const char right[] =
	"order_version: 1\n"
	"facts:\n"
	"  facts_version: 1\n"
	"  order:\n"
	"    language: fr\n"
	"  issuer:\n"
	"    country: FR\n"
	"  instrument:\n"
	"    kind: WARRANT\n"
	"  demands:\n"
	"    - id: d1\n"
	"      category: CONTENT_COMM\n"
	"authority_reference: 26-1001\n"
	"agency: pj-paris\n"
	"recipients:\n"
	"  - PJ-Paris 2026\n"
	"lines:\n"
	"  - id: d1\n"
	"    date_meaning: delivery\n"
	"    zone: Europe/Paris\n"
	"    stores:\n"
	"      - main\n"
	"    folders:\n"
	"      - ALL\n";

static enum err read_with(struct ctx *c, const char *old, const char *new)
{
	char text[2048];
	const char *at = strstr(right, old);
	struct json *out;

	assert_non_null(at);
	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - right), right, new, at + strlen(old));
	return read_order(c, "o", span_str(text), &out);
}

static void right_is_taken(void **state)
{
	CTX(c);
	struct json *out;
	struct span text;

	(void)state;
	ok(&c, read_order(&c, "o", span_str(right), &out));
	assert_true(span_is(json_opt_text(out, "agency", SPAN_NONE), "pj-paris"));
	assert_int_equal(json_count(json_get(out, "lines")), 1);
	ok(&c, json_write(&c, out, 1 << 16, &text));
	ok(&c, read_with(&c, "Europe/Paris", "UTC"));
}

static void faults_are_named(void **state)
{
	CTX(c);
	static const struct {
		const char *old, *new, *words;
	} faults[] = {
		{ "order_version: 1", "order_version: 2", "o:1: order_version must be 1" },
		{ "agency: pj-paris\n", "", "o:1: an order file lacks the field agency" },
		{ "agency", "agencies", "o:14: an order file has no field 'agencies'" },
		{ "country: FR", "country: fr", "o:7: issuer.country" },
		{ "delivery", "arrival", "o:19: date_meaning must be" },
		{ "Europe/Paris", "/etc/passwd", "o:20: zone must be" },
		{ "Europe/Paris", "..", "o:20: zone must be" },
		{ "- main", "- Main", "o:22: stores must be" },
		{ "- ALL\n", "- ALL\n      - Sent\n", "o:24: ALL stands alone" },
		{ "  - id: d1\n    date", "  - id: d2\n    date", "o:18: no demand of the facts" },
		{ "recipients:\n  - PJ-Paris 2026\n", "recipients: x\n", "o:15: recipients is a list" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		refused(&c, ERR_FORMAT, faults[i].words, read_with(&c, faults[i].old, faults[i].new));
}

static void damage_does_no_harm(void **state)
{
	uint64_t random = 26;

	(void)state;
	for (int round = 0; round < 400; round++) {
		CTX(c);
		unsigned char text[sizeof right - 1];
		struct json *out;

		memcpy(text, right, sizeof text);
		for (int i = 0; i < 3; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			text[(random >> 33) % sizeof text] = (unsigned char)(random >> 56);
		}
		enum err e = read_order(&c, "o", span_of(text, sizeof text), &out);
		assert_true(e == ERR_OK || e == ERR_FORMAT || e == ERR_LIMIT);
		if (e != ERR_OK)
			assert_int_equal(strncmp(c.why, "o:", 2), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_is_taken),
		cmocka_unit_test(faults_are_named),
		cmocka_unit_test(damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
