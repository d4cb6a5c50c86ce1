/* SPDX-License-Identifier: Apache-2.0 */
#include "order_test.h"

#include "format/time.h"
#include "order/3_judge/judge.h"

#define DEMAND(id, more)                                                                           \
	"{\"id\":\"" id "\",\"category\":\"CONTENT_COMM\",\"target_kind\":\"EMAIL\","              \
	"\"target\":\"alice@mail.example\"" more "}"
#define DATES(from, until)                                                                         \
	",\"range\":\"DATES\",\"from\":\"" from "\",\"until\":\"" until "\""
#define LINE(id, zone)                                                                             \
	"{\"id\":\"" id "\",\"date_meaning\":\"delivery\",\"zone\":\"" zone "\","                  \
	"\"stores\":[\"main\",\"old\"],\"folders\":[\"INBOX\",\"Sent\"]}"

static void order_of(struct ctx *c, struct order *o, const char *demands, const char *lines)
{
	struct span text;
	char *z;

	ok(c, span_fmt(c, &text, "{\"facts\":{\"demands\":[%s]},\"lines\":[%s]}", demands, lines));
	ok(c, span_cstr(c, text, &z));
	*o = (struct order){ .ref = SPAN("W-2222-3333"), .acts = json_list(c) };
	ok(c, fold(c, o, "received", z));
}

static void is_instant(struct ctx *c, const struct json *line, const char *key, const char *want)
{
	const struct json *end = json_get(line, key);
	struct span text;

	if (!want) {
		assert_true(end && end->type == JSON_NULL);
		return;
	}
	assert_true(end && end->type == JSON_INT);
	ok(c, time_span(c, end->i, &text));
	text_is(text, want);
}

/* Instants were computed by hand from the rules of the zones. */
static void test_days_and_instants(void **state)
{
	static const struct {
		const char *zone, *from, *until, *from_utc, *until_utc;
	} rows[] = {
		{ "UTC", "2026-11-01", "2026-11-14", "2026-11-01T00:00:00Z",
		  "2026-11-15T00:00:00Z" },
		{ "UTC", "2026-11-01", "2026-11-01", "2026-11-01T00:00:00Z",
		  "2026-11-02T00:00:00Z" },
		{ "Europe/Paris", "2026-07-01", "2026-07-31", "2026-06-30T22:00:00Z",
		  "2026-07-31T22:00:00Z" },
		/* 25 hours, 23 hours */
		{ "Europe/Paris", "2026-10-25", "2026-10-25", "2026-10-24T22:00:00Z",
		  "2026-10-25T23:00:00Z" },
		{ "Europe/Paris", "2026-03-29", "2026-03-29", "2026-03-28T23:00:00Z",
		  "2026-03-29T22:00:00Z" },
		{ "America/New_York", "2026-11-01", "2026-11-01", "2026-11-01T04:00:00Z",
		  "2026-11-02T05:00:00Z" },
		{ "Asia/Kolkata", "2026-01-01", "2026-01-01", "2025-12-31T18:30:00Z",
		  "2026-01-01T18:30:00Z" },
		{ "Pacific/Kiritimati", "2026-01-01", "2026-12-31", "2025-12-31T10:00:00Z",
		  "2026-12-31T10:00:00Z" },
		/* instants do not ask the zone; an instant in until is the first one out */
		{ "Asia/Tokyo", "2026-11-01T10:00:00Z", "2026-11-01T10:00:01Z",
		  "2026-11-01T10:00:00Z", "2026-11-01T10:00:01Z" },
		{ "Asia/Tokyo", "2026-11-01", "2026-11-01T10:00:00Z", "2026-10-31T15:00:00Z",
		  "2026-11-01T10:00:00Z" },
		{ "UTC", "2024-02-29", "2024-02-29", "2024-02-29T00:00:00Z",
		  "2024-03-01T00:00:00Z" },
		{ "UTC", "2026-12-31", "2026-12-31", "2026-12-31T00:00:00Z",
		  "2027-01-01T00:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CTX(c);
		struct json *lines, *open;
		struct order o;
		struct span demand, line, words;
		char *d, *l;

		ok(&c, span_fmt(&c, &demand, DEMAND("d1", DATES("%s", "%s")), rows[i].from,
				rows[i].until));
		ok(&c, span_fmt(&c, &line, LINE("d1", "%s"), rows[i].zone));
		ok(&c, span_cstr(&c, demand, &d));
		ok(&c, span_cstr(&c, line, &l));
		order_of(&c, &o, d, l);
		ok(&c, scope_compile(&c, &o, &lines, &open));
		assert_int_equal(json_count(lines), 1);
		assert_null(open->first);
		is_instant(&c, lines->first, "from", rows[i].from_utc);
		is_instant(&c, lines->first, "until", rows[i].until_utc);
		text_is(json_opt_text(lines->first, "from_words", SPAN_NONE), rows[i].from);
		text_is(json_opt_text(lines->first, "until_words", SPAN_NONE), rows[i].until);
		ok(&c, scope_line_within(&c, &o, lines->first));
		ok(&c, scope_line_words(&c, lines->first, &words));
		ok(&c, span_cstr(&c, words, &d));
		assert_non_null(strstr(d, rows[i].from_utc));
		assert_non_null(strstr(d, rows[i].until_utc));
	}
}

static void test_ranges(void **state)
{
	static const struct {
		const char *demand;
		bool open;
		const char *from, *until, *problem;
	} rows[] = {
		{ DEMAND("d1", ",\"range\":\"WHOLE_ACCOUNT\""), false, NULL, NULL, NULL },
		{ DEMAND("d1", ",\"range\":\"NONE\""), true, NULL, NULL, NULL },
		{ DEMAND("d1", ",\"range\":\"CURRENT\""), true, NULL, NULL, NULL },
		{ DEMAND("d1", ",\"range\":\"unknown\""), true, NULL, NULL, NULL },
		{ DEMAND("d1", ""), true, NULL, NULL, NULL },
		{ DEMAND("d1", ",\"range\":\"DATES\""), true, NULL, NULL, NULL },
		{ DEMAND("d1", DATES("unknown", "unknown")), true, NULL, NULL, NULL },
		/* one end alone binds; the other is counsel's */
		{ DEMAND("d1", DATES("2026-11-01", "unknown")), true, "2026-11-01T00:00:00Z", NULL,
		  NULL },
		{ DEMAND("d1", DATES("unknown", "2026-11-01")), true, NULL, "2026-11-02T00:00:00Z",
		  NULL },
		/* dates beside another range are no range */
		{ DEMAND("d1", ",\"range\":\"NONE\",\"from\":\"2026-11-01\""), true, NULL, NULL,
		  NULL },
		{ DEMAND("d1", DATES("2026-11-02", "2026-11-01")), true, NULL, NULL,
		  "before it begins" },
		{ DEMAND("d1", DATES("2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z")), true, NULL,
		  NULL, "before it begins" },
		{ DEMAND("d1", DATES("2026-11-02", "9999-12-31")), true, NULL, NULL,
		  "10000-01-01" },
		{ DEMAND("d1", DATES("yesterday", "2026-11-01")), true, NULL, NULL,
		  "neither a date" },
		{ DEMAND("d2", DATES("2026-11-01", "2026-11-02")), true, NULL, NULL,
		  "has no line" },
		{ "{\"id\":\"d1\",\"category\":\"SUB_ID\",\"range\":\"NONE\"}", false, NULL, NULL,
		  NULL },
		{ "{\"id\":\"d9\",\"category\":\"SUB_ID\"}", false, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CTX(c);
		struct json *lines, *open;
		const struct json *line;
		struct order o;
		char *problem;

		order_of(&c, &o, rows[i].demand, LINE("d1", "UTC"));
		ok(&c, scope_compile(&c, &o, &lines, &open));
		line = rows[i].open ? open->first : lines->first;
		assert_non_null(line);
		assert_int_equal(json_count(lines) + json_count(open), 1);
		ok(&c, span_cstr(&c, json_opt_text(line, "problem", SPAN_NONE), &problem));
		assert_true(rows[i].problem ? strstr(problem, rows[i].problem) != NULL : !*problem);
		if (rows[i].problem)
			continue;
		is_instant(&c, line, "from", rows[i].from);
		is_instant(&c, line, "until", rows[i].until);
	}
}

static void test_one_broken_line_hides_no_other(void **state)
{
	struct json *lines, *open;
	struct order o;
	struct span yaml;
	char *z;

	(void)state;
	CTX(c);
	order_of(&c, &o,
		 DEMAND("d1", DATES("2026-11-02", "2026-11-01")) ","
		 DEMAND("d2", DATES("2026-11-01", "2026-11-02")) ","
		 DEMAND("d3", ",\"range\":\"NONE\""),
		 LINE("d1", "UTC") "," LINE("d2", "UTC") "," LINE("d3", "UTC"));
	ok(&c, scope_compile(&c, &o, &lines, &open));
	assert_int_equal(json_count(lines), 1);
	assert_int_equal(json_count(open), 2);
	ok(&c, scope_edit_text(&c, &o, lines, open, &yaml));
	ok(&c, span_cstr(&c, yaml, &z));
	assert_null(strstr(z, "id: d1"));
	assert_non_null(strstr(z, "left out: line d1 ends"));
	assert_non_null(strstr(z, "id: d2"));
	assert_non_null(strstr(z, "id: d3"));
}

static struct json *compiled(struct ctx *c, const struct order *o)
{
	struct json *lines, *open, *copy;

	ok(c, scope_compile(c, o, &lines, &open));
	ok(c, json_clone(c, lines->first ? lines->first : open->first, &copy));
	return copy;
}

#define DAY 86400

/* One change of one field at a time. */
static void test_within_in_each_field(void **state)
{
	static const struct {
		const char *key, *value;
		enum err want;
	} rows[] = {
		{ "id", "\"d2\"", ERR_DENIED },
		{ "category", "\"MSG_META\"", ERR_DENIED },
		{ "target_kind", "\"ACCOUNT_ID\"", ERR_DENIED },
		{ "target", "\"bob@mail.example\"", ERR_DENIED },
		{ "date_meaning", "\"header\"", ERR_DENIED },
		{ "zone", "\"Europe/Paris\"", ERR_DENIED },
		{ "stores", "[\"main\"]", ERR_OK },
		{ "stores", "[\"main\",\"new\"]", ERR_DENIED },
		{ "stores", "[\"ALL\"]", ERR_DENIED },
		{ "stores", "[]", ERR_FORMAT },
		{ "stores", "\"main\"", ERR_FORMAT },
		{ "folders", "[\"Sent\"]", ERR_OK },
		{ "folders", "[\"Sent\",\"Trash\"]", ERR_DENIED },
		{ "folders", "[\"ALL\"]", ERR_DENIED },
		{ "folders", "[]", ERR_FORMAT },
		{ "folders", "null", ERR_FORMAT },
		{ "undated", "\"deliver\"", ERR_OK },
	};
	struct order o;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CTX(c);
		order_of(&c, &o, DEMAND("d1", DATES("2026-11-01", "2026-11-14")),
			 LINE("d1", "UTC"));
		struct json *line = compiled(&c, &o);

		json_set(&c, line, rows[i].key, parsed(&c, rows[i].value));
		if (rows[i].want == ERR_OK)
			ok(&c, scope_line_within(&c, &o, line));
		else
			fails(&c, rows[i].want, scope_line_within(&c, &o, line));
	}
}

static enum err moved(struct ctx *c, const struct order *o, const char *from, const char *until)
{
	struct json *edit = json_object(c), *line;

	json_set_str(c, edit, "id", "d1");
	json_set_str(c, edit, "from", from);
	json_set_str(c, edit, "until", until);
	TRY(scope_line_edited(c, o, edit, &line));
	return scope_line_within(c, o, line);
}

static void test_within_in_time(void **state)
{
	struct order o;

	(void)state;
	CTX(c);
	order_of(&c, &o, DEMAND("d1", DATES("2026-11-01", "2026-11-14")), LINE("d1", "UTC"));
	ok(&c, moved(&c, &o, "2026-11-01", "2026-11-14"));
	ok(&c, moved(&c, &o, "2026-11-02", "2026-11-13T10:00:00Z"));
	ok(&c, moved(&c, &o, "open", "open"));          /* as the order says it */
	ok(&c, moved(&c, &o, "2026-11-01T00:00:00Z", "2026-11-15T00:00:00Z"));
	refused(&c, ERR_DENIED, "more time", moved(&c, &o, "2026-10-31", "2026-11-14"));
	refused(&c, ERR_DENIED, "more time", moved(&c, &o, "2026-11-01", "2026-11-15"));
	refused(&c, ERR_DENIED, "more time",
		moved(&c, &o, "2026-10-31T23:59:59Z", "2026-11-14"));
	refused(&c, ERR_DENIED, "more time",
		moved(&c, &o, "2026-11-01", "2026-11-15T00:00:01Z"));
	refused(&c, ERR_FORMAT, "before it begins", moved(&c, &o, "2026-11-05", "2026-11-04"));

	/* What the order leaves open counsel closes; what it states still binds. */
	order_of(&c, &o, DEMAND("d1", DATES("2026-11-01", "unknown")), LINE("d1", "UTC"));
	refused(&c, ERR_STATE, "counsel must", moved(&c, &o, "open", "open"));
	refused(&c, ERR_STATE, "counsel must", moved(&c, &o, "2026-11-03", "open"));
	refused(&c, ERR_DENIED, "more time", moved(&c, &o, "2026-10-31", "2026-11-14"));
	ok(&c, moved(&c, &o, "open", "2026-11-14"));
	ok(&c, moved(&c, &o, "2026-11-02", "2030-01-01"));
	order_of(&c, &o, DEMAND("d1", ",\"range\":\"NONE\""), LINE("d1", "UTC"));
	refused(&c, ERR_STATE, "counsel must", moved(&c, &o, "2026-11-03", "open"));
	ok(&c, moved(&c, &o, "1999-01-01", "2030-01-01"));
	order_of(&c, &o, DEMAND("d1", ",\"range\":\"WHOLE_ACCOUNT\""), LINE("d1", "UTC"));
	ok(&c, moved(&c, &o, "open", "open"));
	ok(&c, moved(&c, &o, "2026-11-03", "open"));
}

/* The words are what people and courts read: they must say the very instant. */
static void test_words_and_instants_agree(void **state)
{
	struct order o;

	(void)state;
	CTX(c);
	order_of(&c, &o, DEMAND("d1", DATES("2026-11-01", "2026-11-14")), LINE("d1", "UTC"));
	struct json *line = compiled(&c, &o);
	int64_t from = json_get(line, "from")->i, until = json_get(line, "until")->i;

	json_set_int(&c, line, "from", from + 1);
	refused(&c, ERR_DENIED, "another instant", scope_line_within(&c, &o, line));
	json_set_int(&c, line, "from", from);
	json_set_int(&c, line, "until", until - 1);
	refused(&c, ERR_DENIED, "another instant", scope_line_within(&c, &o, line));
	json_set_int(&c, line, "until", until);
	json_set_str(&c, line, "until_words", "2026-11-13");
	refused(&c, ERR_DENIED, "another instant", scope_line_within(&c, &o, line));
	json_set_int(&c, line, "until", until - DAY);
	ok(&c, scope_line_within(&c, &o, line));
}

static void test_names_of_any_length_are_shown(void **state)
{
	struct json *line = NULL, *folders = NULL;
	struct span words, yaml;
	struct order o;
	char name[1601];

	(void)state;
	CTX(c);
	memset(name, 'x', 1600);
	name[1600] = '\0';
	order_of(&c, &o, DEMAND("d1", DATES("2026-11-01", "2026-11-14")), LINE("d1", "UTC"));
	line = compiled(&c, &o);
	folders = json_list(&c);
	for (int i = 0; i < 64; i++)
		json_add(&c, folders, json_text(&c, span_str(name)));
	json_set(&c, line, "folders", folders);
	ok(&c, scope_line_words(&c, line, &words));
	assert_true(words.n > 64 * 1600);
	folders = json_list(&c);
	json_add(&c, folders, line);
	ok(&c, scope_edit_text(&c, &o, folders, json_list(&c), &yaml));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_and_instants),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_one_broken_line_hides_no_other),
		cmocka_unit_test(test_within_in_each_field),
		cmocka_unit_test(test_within_in_time),
		cmocka_unit_test(test_words_and_instants_agree),
		cmocka_unit_test(test_names_of_any_length_are_shown),
	};

	return cmocka_run_group_tests_name("order_scope", tests, NULL, NULL);
}
