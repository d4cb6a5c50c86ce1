/*
 * Demand lines: nothing is filled in that the scope does not say.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect_test.h"

#define LINE(id, rest)                                                                             \
	"{\"id\":\"" id "\",\"category\":\"CONTENT_COMM\",\"target_kind\":\"ACCOUNT\",\"target\":" \
			"\"a@b.org\"," rest "}"
#define REST                                                                                       \
	"\"stores\":[\"main\"],\"folders\":[\"INBOX\",\"Sent\"],\"date_meaning\":\"header\","      \
	"\"zone\":\"UTC\","                                                                        \
	"\"from_words\":\"\",\"until_words\":\"\",\"undated\":\"deliver\","

static void reads_a_line(void **state)
{
	struct fixture *f = *state;
	struct demand_lines all;
	struct json *scope =
		parsed(&f->c, "{\"lines\":[" LINE("d1", REST "\"from\":10,\"until\":20") "," LINE(
				      "d2", REST "\"from\":null,\"until\":null") "]}");

	assert_int_equal(lines_read(&f->c, scope, &all), ERR_OK);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.line[0].category, CATEGORY_CONTENT_COMM);
	assert_int_equal(all.line[0].meaning, DATE_BY_HEADER);
	assert_true(all.line[0].deliver_undated);
	assert_false(all.line[0].all_folders);
	assert_int_equal(all.line[0].folder_count, 2);
	/* Half-open: the first instant is in, the last one out. */
	assert_false(line_takes(&all.line[0], 9));
	assert_true(line_takes(&all.line[0], 10));
	assert_true(line_takes(&all.line[0], 19));
	assert_false(line_takes(&all.line[0], 20));
	assert_true(line_takes(&all.line[1], -5000000000));
	assert_true(line_takes(&all.line[1], 5000000000));
	assert_false(line_takes(&all.line[1], DATE_UNKNOWN));
}

static void other_categories_are_not_served(void **state)
{
	struct fixture *f = *state;
	struct store s = store_in(f);

	assert_true(store_serves(&s, CATEGORY_CONTENT_COMM));
	assert_false(store_serves(&s, CATEGORY_OTHER));
	s.categories = CATEGORY_MSG_META;
	assert_false(store_serves(&s, CATEGORY_CONTENT_COMM));
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "{}", "lines" },
		{ "{\"lines\":[7]}", "line 1 of the scope: it must be an object" },
		{ "{\"lines\":[" LINE("d1", REST "\"from\":20,\"until\":10") "]}",
		  "ends before it begins" },
		{ "{\"lines\":[" LINE("d1", REST "\"from\":20") "]}", "until is missing" },
		{ "{\"lines\":[" LINE("d1", REST "\"from\":\"x\",\"until\":10") "]}", "from" },
		{ "{\"lines\":[" LINE("d1", REST "\"from\":1,\"until\":2,\"colour\":1") "]}",
		  "colour" },
		{ "{\"lines\":[" LINE("", REST "\"from\":1,\"until\":2") "]}", "id must have" },
		{ "{\"lines\":[" LINE("d1", REST "\"from\":1,\"until\":2") "," LINE(
			  "d1", REST "\"from\":1,\"until\":2") "]}",
		  "line 2 of the scope: its id stands twice" },
		{ "{\"lines\":[" LINE(
			  "d1", "\"stores\":[\"main\"],\"folders\":[],\"date_meaning\":\"header\","
				"\"undated\":\"list\",\"from\":1,\"until\":2") "]}",
		  "no folders" },
		{ "{\"lines\":[" LINE("d1", "\"stores\":[\"main\",\"main\"],\"folders\":[\"ALL\"],"
					    "\"date_meaning\":\"header\","
					    "\"undated\":\"list\",\"from\":1,\"until\":2") "]}",
		  "names a store twice" },
		{ "{\"lines\":[" LINE("d1",
				      "\"stores\":[],\"folders\":[],\"date_meaning\":\"sent\","
				      "\"undated\":\"list\",\"from\":1,\"until\":2") "]}",
		  "date_meaning must be" },
		{ "{\"lines\":[" LINE("d1",
				      "\"stores\":[],\"folders\":[],\"date_meaning\":\"header\","
				      "\"undated\":\"drop\",\"from\":1,\"until\":2") "]}",
		  "undated must be" },
	};
	struct fixture *f = *state;
	struct demand_lines all;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(&f->c, lines_read(&f->c, parsed(&f->c, rows[i].text), &all), ERR_FORMAT,
		       rows[i].words);
}

/* Each is compared with each: without a most of them one line took a minute. */
static void refuses_too_many(void **state)
{
	static const struct {
		const char *key, *words;
		size_t most;
	} rows[] = { { "stores", "stores has more than 64 entries", STORES_MAX },
		     { "folders", "folders has more than 4096 entries", FOLDERS_MAX } };
	struct fixture *f = *state;
	struct demand_lines all;

	for (size_t i = 0; i < 2; i++) {
		struct json *scope = parsed(&f->c, "{\"lines\":[" LINE("d1", REST "\"from\":1,"
									   "\"until\":2") "]}");
		struct json *names = json_list(&f->c);

		for (size_t k = 0; k < rows[i].most; k++) {
			struct span name;

			assert_int_equal(span_fmt(&f->c, &name, "n%zu", k), ERR_OK);
			json_add(&f->c, names, json_text(&f->c, name));
		}
		json_set(&f->c, scope->first->first, rows[i].key, names);
		assert_int_equal(lines_read(&f->c, scope, &all), ERR_OK);
		json_add(&f->c, names, json_text(&f->c, SPAN("more")));
		expect(&f->c, lines_read(&f->c, scope, &all), ERR_LIMIT, rows[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_a_line),
		TEST(refuses_too_many),
		TEST(other_categories_are_not_served),
		TEST(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
