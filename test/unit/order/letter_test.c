/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include "format/facts.h"
#include "order/embedded.h"
#include "order/letter.h"

/* Every slot that any letter names, with a value that shows where it came from. */
static size_t all_slots(struct letter_slot *slots)
{
	static const char *const names[] = { "provider",
					     "order",
					     "now",
					     "received",
					     "received_date",
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
					     "earlier",
					     "certificate",
					     "issued",
					     "d",
					     "e",
					     "f",
					     "g",
					     "h" };

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
	assert_int_equal(letters, 11);
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

static char *put(struct ctx *c, unsigned indent, const char *text)
{
	struct span out;
	struct buf b;
	char *z;

	buf_begin(&b, c, LETTER_MAX);
	letter_put(&b, indent, span_str(text));
	ok(c, buf_done(c, &b, &out));
	ok(c, span_cstr(c, out, &z));
	return z;
}

/* Broken between words, further in than anything begins; characters count, not bytes. */
static void test_lines_of_lists(void **state)
{
	char long_word[400], wide[300];

	(void)state;
	CTX(c);
	assert_string_equal(put(&c, LETTER_ITEM, "1. a"), "  1. a");
	assert_string_equal(put(&c, LETTER_PART, "     2. a "), "     2. a");
	assert_string_equal(put(&c, LETTER_ITEM, ""), "  ");
	memset(long_word, 'x', sizeof long_word - 1);
	long_word[399] = '\0';
	assert_int_equal(strlen(put(&c, LETTER_ITEM, long_word)), 401);
	long_word[90] = ' ';
	long_word[120] = '\0';
	assert_memory_equal(put(&c, LETTER_ITEM, long_word) + 2 + 90, "\n       x", 9);
	assert_memory_equal(put(&c, LETTER_PART, long_word) + 5 + 90, "\n         x", 11);
	for (size_t i = 0; i < 96; i++)
		memcpy(wide + 2 * i, "\xc3\xa4", 2);
	wide[192] = '\0';
	wide[60] = ' ';
	wide[61] = 'x';
	assert_null(strchr(put(&c, LETTER_ITEM, wide), '\n'));
}

static void test_days_in_words(void **state)
{
	static const char *const rows[][2] = {
		{ "2026-12-02", "2 December 2026" },
		{ "2026-01-31T08:05:09Z", "31 January 2026, 08:05 UTC" },
		{ "unknown", "unknown" },
		{ "2026-02-30", "2026-02-30" },
		{ "", "" },
	};

	(void)state;
	CTX(c);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct span out;

		ok(&c, letter_date(&c, span_str(rows[i][0]), &out));
		assert_true(span_is(out, rows[i][1]));
	}
}

/* No code stands alone: each has words and a cure, and so has each fact and category. */
static void test_everything_has_words(void **state)
{
	static const char *const codes[] = {
#define X(code, words, cure) code,
#include "law/reason.def"
#undef X
	};
	size_t count;
	const struct fact_field *field = facts_fields(&count);
	struct span words, cure, code;

	(void)state;
	CTX(c);
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		ok(&c, letter_reason(&c, span_str(codes[i]), &words));
		ok(&c, letter_cure(&c, span_str(codes[i]), &cure));
		assert_true(words.n > 10 && cure.n > 6 && !span_ends(cure, "."));
		assert_false(span_eq(words, span_str(codes[i])));
		assert_false(reason_is_ours(span_str(codes[i])));
	}
	for (size_t i = 0; i < count; i++) {
		if (field[i].type == FACT_GROUP || field[i].type == FACT_LINES)
			continue;
		ok(&c, span_fmt(&c, &code, "FACT-UNKNOWN(%s)", field[i].path));
		ok(&c, letter_reason(&c, code, &words));
		assert_true(reason_is_ours(code) == !!(field[i].flags & FACT_OURS));
		ok(&c, letter_cure(&c, code, &cure));
		assert_true(span_is(cure, "State it") == !(field[i].flags & FACT_OURS));
		/* No word of the vocabulary, and nothing that only the author of a file knows. */
		for (size_t k = 0; k + 1 < words.n; k++)
			assert_false(words.p[k] == '_' || words.p[k] == '(');
	}
	text_is(value_words("instrument.signature", SPAN("NONE")), "not at all");
	text_is(value_words("data.stored_in", SPAN("NONE")), "none");
	text_is(value_words("demands[].category", SPAN("SUB_PAY")), "means of payment");
	text_is(value_words("secrecy.kind", SPAN("WET")), "WET");
	text_is(value_words("no.field", SPAN("LOVE")), "LOVE");
	assert_string_equal(category_words(SPAN("SUB_PAY")), "means of payment");
	assert_string_equal(category_words(SPAN("LOVE")), "data of a kind that is not stated");
	assert_string_equal(category_words(SPAN_NONE), "data of a kind that is not stated");
}

/* Each value of each field, for who chooses it in a form. */
static void test_values_have_words(void **state)
{
	size_t count;
	const struct fact_field *field = facts_fields(&count);
	struct span rest, code, tail;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		rest = span_str(field[i].words);
		for (bool more = field[i].type == FACT_WORD; more; rest = tail) {
			more = span_split(rest, ' ', &code, &tail);
			code = more ? code : rest;
			assert_false(span_eq(value_words(field[i].path, code), code));
		}
	}
	text_is(value_words("instrument.signature", SPAN("NONE")), "not at all");
	text_is(value_words("data.stored_in", SPAN("NONE")), "none");
	text_is(value_words("demands[].category", SPAN("SUB_PAY")), "means of payment");
	text_is(value_words("secrecy.kind", SPAN("WET")), "WET");
	text_is(value_words("no.field", SPAN("LOVE")), "LOVE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_letter_is_filled),
		cmocka_unit_test(test_lines_that_vanish),
		cmocka_unit_test(test_a_value_does_nothing),
		cmocka_unit_test(test_what_is_a_fault_of_ours),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_values_have_words),
		cmocka_unit_test(test_lines_of_lists),
		cmocka_unit_test(test_days_in_words),
		cmocka_unit_test(test_everything_has_words),
	};

	return cmocka_run_group_tests_name("order_letter", tests, NULL, NULL);
}
