/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include "order/embedded.h"
#include "order/letter.h"
#include "order/pdf.h"

/* Every slot that any letter names, with a value that shows where it came from. */
static size_t all_slots(struct letter_slot *slots)
{
	static const char *const names[] = { "provider",
					     "order",
					     "now",
					     "received",
					     "demands",
					     "authority_reference",
					     "authority_name",
					     "authority_country",
					     "reasons",
					     "judged",
					     "papers",
					     "date",
					     "scope_sha256",
					     "manifest_sha256",
					     "items",
					     "bytes",
					     "timestamp",
					     "earlier" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		slots[i] = (struct letter_slot){ names[i], span_str(names[i]) };
	return COUNT_OF(names);
}

static char *filled(struct ctx *c, const char *name, const struct letter_slot *slots, size_t n)
{
	struct span text;
	char *z;

	ok(c, letter_fill(c, name, slots, n, &text));
	ok(c, span_cstr(c, text, &z));
	return z;
}

static void set(struct letter_slot *slots, size_t n, const char *name, struct span value)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(slots[i].name, name))
			slots[i].value = value;
}

static void test_every_letter_is_filled(void **state)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t n = all_slots(slots), letters = 0;

	(void)state;
	CTX(c);
	for (const struct embedded *t = letter_templates; t->name; t++, letters++) {
		char *text = filled(&c, t->name, slots, n);

		assert_null(strstr(text, "{{"));
		assert_null(strstr(text, "}}"));
		assert_non_null(strstr(text, "provider"));
		assert_true(text[strlen(text) - 1] == '\n');
	}
	assert_int_equal(letters, 9);
}

static void test_lines_that_vanish(void **state)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t n = all_slots(slots);

	(void)state;
	CTX(c);
	assert_non_null(strstr(filled(&c, "refusal", slots, n), "Your reference"));
	set(slots, n, "authority_reference", SPAN_NONE);
	char *text = filled(&c, "refusal", slots, n);

	assert_null(strstr(text, "Your reference"));
	assert_non_null(strstr(text, "Our reference"));
	assert_non_null(strstr(text, "We do not answer this order")); /* lines without slots stay */
}

/* A value is text and nothing else. */
static void test_a_value_does_nothing(void **state)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t n = all_slots(slots);

	(void)state;
	CTX(c);
	set(slots, n, "authority_name", SPAN("{{reasons}} %s {{nobody}} }}"));
	assert_non_null(strstr(filled(&c, "refusal", slots, n), "{{reasons}} %s {{nobody}} }}"));
}

static void test_what_is_a_fault_of_ours(void **state)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t n = all_slots(slots);
	struct span text;

	(void)state;
	CTX(c);
	refused(&c, ERR_FAILED, "no letter 'love'", letter_fill(&c, "love", slots, n, &text));
	refused(&c, ERR_FAILED, "that nobody fills", letter_fill(&c, "refusal", slots, 0, &text));
	slots[0].name = "provider ";
	refused(&c, ERR_FAILED, "slot 'provider'", letter_fill(&c, "refusal", slots, n, &text));
}

static void test_too_long(void **state)
{
	struct letter_slot slots[LETTER_SLOTS_MAX];
	size_t n = all_slots(slots);
	struct span text;
	unsigned char *big;

	(void)state;
	CTX(c);
	ok(&c, NEW_ARRAY(&c, big, LETTER_MAX));
	memset(big, 'x', LETTER_MAX);
	set(slots, n, "reasons", span_of(big, LETTER_MAX));
	fails(&c, ERR_LIMIT, letter_fill(&c, "refusal", slots, n, &text));
	set(slots, n, "reasons", span_of(big, LETTER_MAX / 2));
	ok(&c, letter_fill(&c, "refusal", slots, n, &text));
}

static void test_reasons(void **state)
{
	struct span text;
	char *z;

	(void)state;
	CTX(c);
	assert_true(reason_known(SPAN("INST-UNSIGNED")));
	assert_true(reason_known(SPAN("FACT-UNKNOWN(purpose.offence)")));
	for (size_t i = 0; i < 7; i++)
		assert_false(reason_known(span_str((const char *const[]){
			"", "INST", "inst-unsigned", "FACT-UNKNOWN()", "FACT-UNKNOWN(x",
			"FACT-UNKNOWN(love)", "FACT-UNKNOWN(x\nWe pay)" }[i])));
	ok(&c, letter_reasons(&c, parsed(&c, "[\"INST-UNSIGNED\",\"LAW-SPLIT\"]"), &text));
	ok(&c, span_cstr(&c, text, &z));
	assert_non_null(
		strstr(z, "  1. INST-UNSIGNED: a required signature is missing.\n  2. LAW"));
}

static const struct pdf_page page = { .title = "t",
				      .reference = { (const unsigned char *)"r", 1 } };

static void test_pdf_of_odd_texts(void **state)
{
	static const char *const texts[] = { "",
					     "\n",
					     "\n\n\n",
					     "a",
					     "a\nb",
					     "a\n\n\n\nb",
					     "  a",
					     "a\n\n  b",
					     "a\n\n   \n\n  ",
					     "a\n\nb  c",
					     "a\n\n  \n \nb   ",
					     "\t\r\n\f" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct span first, again;
		int missing;

		CTX(c);
		ok(&c, pdf_of_text(&c, &page, span_str(texts[i]), &first, &missing));
		assert_true(span_starts(first, "%PDF-"));
		ok(&c, pdf_of_text(&c, &page, span_str(texts[i]), &again, &missing));
		assert_true(span_eq(first, again));
	}
}

static void test_pdf_of_what_is_no_text(void **state)
{
	struct span out;
	int missing;

	(void)state;
	CTX(c);
	assert_int_equal(pdf_of_text(&c, &page, SPAN("a\xff"), &out, &missing), ERR_FORMAT);
	err_clear(&c);
	assert_int_equal(pdf_of_text(&c, &page, SPAN("\xed\xa0\x80"), &out, &missing), ERR_FORMAT);
	err_clear(&c);
	ok(&c, pdf_of_text(&c, &page, SPAN("a\0b"), &out, &missing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_letter_is_filled),
		cmocka_unit_test(test_lines_that_vanish),
		cmocka_unit_test(test_a_value_does_nothing),
		cmocka_unit_test(test_pdf_of_odd_texts),
		cmocka_unit_test(test_pdf_of_what_is_no_text),
		cmocka_unit_test(test_what_is_a_fault_of_ours),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests_name("order_letter", tests, NULL, NULL);
}
