/*
 * What a report comes to: exit status and words for every mixture of results, and nothing out of a
 * package that moves a terminal's cursor.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

#include "format/json.h"
#include "verify/verify.h"

static void all(struct verify_report *r, enum verify_result result)
{
	*r = (struct verify_report){ .file = "f",
				     .identity = true,
				     .policy = true,
				     .order = SPAN("W-1"),
				     .provider = SPAN("P") };
	for (int i = 0; i < VERIFY_COUNT; i++)
		r->line[i].result = result;
}

static bool says(struct span s, const char *words)
{
	return memmem(s.p, s.n, words, strlen(words)) != NULL;
}

static void test_status(void **state)
{
	struct verify_report r;
	(void)state;

	all(&r, VERIFY_FINE);
	assert_int_equal(verify_exit_status(&r), 0);
	for (int i = 0; i < VERIFY_COUNT; i++) {
		all(&r, VERIFY_FINE);
		r.line[i].result = VERIFY_NOT_COMPARED;
		assert_int_equal(verify_exit_status(&r), 7);
		r.line[i].result = VERIFY_NOT_CHECKED;
		assert_int_equal(verify_exit_status(&r), 7);
		r.line[i].result = VERIFY_BROKEN;
		assert_int_equal(verify_exit_status(&r), 5);
		r.line[i].result = VERIFY_OPEN; /* never fine by omission */
		assert_int_equal(verify_exit_status(&r), 5);
		all(&r, VERIFY_NOT_CHECKED);
		r.line[i].result = VERIFY_BROKEN;
		assert_int_equal(verify_exit_status(&r), 5);
	}
}

static void test_words(void **state)
{
	CTX(c);
	struct verify_report r;
	struct span s;
	(void)state;

	all(&r, VERIFY_FINE);
	ok(&c, verify_text(&c, &r, &s));
	assert_true(says(
		s, "This package is complete and unaltered: it is what P collected for order W-1"));
	assert_false(says(s, "FAILED"));
	r.line[VERIFY_CERTIFICATE].result = VERIFY_NOT_COMPARED;
	r.policy = false;
	ok(&c, verify_text(&c, &r, &s));
	assert_true(says(s, "*not compared*") && says(s, "--policy FILE") &&
		    !says(s, "complete and unaltered"));
	r.line[VERIFY_BAG_ITEMS].result = VERIFY_BROKEN;
	r.line[VERIFY_BAG_ITEMS].why = SPAN("at least one");
	ok(&c, verify_text(&c, &r, &s));
	assert_true(says(s, "Do not rely on it: an item was altered") &&
		    says(s, "bag-items: at least one"));
	assert_false(says(s, "complete and unaltered"));
}

static void test_no_control_characters(void **state)
{
	CTX(c);
	struct verify_report r;
	struct json *o;
	struct span s;
	(void)state;

	all(&r, VERIFY_BROKEN);
	r.order = SPAN("W\x1b[2J\x7f\xc2\x9b" "1m-\xc3\xa9");
	r.provider = SPAN("bad \xff utf-8");
	r.line[0].why = SPAN("a\rb\x9b");
	ok(&c, verify_text(&c, &r, &s));
	for (size_t i = 0; i < s.n; i++)
		assert_true(s.p[i] == '\n' || (s.p[i] >= ' ' && s.p[i] != 0x7f));
	assert_true(span_is_utf8(s) && !says(s, "\xc2\x9b") && says(s, "W?[2J??1m-\xc3\xa9"));
	ok(&c, verify_json(&c, &r, &s));
	ok(&c, json_parse(&c, s, &o));
}

static void test_json(void **state)
{
	CTX(c);
	const struct json *checks, *first;
	struct verify_report r;
	struct json *o;
	struct span s;
	int64_t n;
	bool b;
	(void)state;

	all(&r, VERIFY_FINE);
	r.line[1].result = VERIFY_BROKEN;
	r.line[2].result = VERIFY_NOT_CHECKED;
	ok(&c, verify_json(&c, &r, &s));
	ok(&c, json_parse(&c, s, &o));
	ok(&c, json_need_int(&c, o, "verify_version", &n));
	assert_int_equal(n, 1);
	ok(&c, json_need_int(&c, o, "exit", &n));
	assert_int_equal(n, 5);
	ok(&c, json_need_list(&c, o, "checks", &checks));
	assert_int_equal(json_count(checks), VERIFY_COUNT);
	first = checks->first;
	assert_true(span_is(json_opt_text(first, "check", SPAN_NONE), "form"));
	ok(&c, json_need_bool(&c, first, "ok", &b));
	assert_true(b);
	ok(&c, json_need_bool(&c, first->next, "ok", &b));
	assert_false(b);
	assert_int_equal(json_get(first->next->next, "ok")->type, JSON_NULL);
}

static void test_ids(void **state)
{
	(void)state;

	for (int i = 0; i < VERIFY_COUNT; i++) {
		const char *id = verify_check_id((enum verify_check)i);

		assert_true(strspn(id, "abcdefghijklmnopqrstuvwxyz-") == strlen(id) && *id);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(id, verify_check_id((enum verify_check)k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_no_control_characters),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
