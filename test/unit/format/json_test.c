/*
 * JSON: the canonical form of RFC 8785, what is refused on reading and on writing, and foreign
 * suites (JSONTestSuite, the big list of naughty strings) where they are here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/json.h"

#include <dirent.h>

#include "../test.h"

#define MAX ((size_t)1 << 20)

static struct json *parsed(struct ctx *c, const char *text)
{
	struct json *j = NULL;

	ok(c, json_parse(c, span_str(text), &j));
	return j;
}

static void becomes(struct ctx *c, const char *text, const char *canonical)
{
	struct span out = SPAN_NONE;
	struct json *j;

	ok(c, json_write(c, parsed(c, text), MAX, &out));
	text_is(out, canonical);
	ok(c, json_parse_canonical(c, out, &j));
}

static void canonical_form(void **state)
{
	CTX(c);
	struct json *j;

	(void)state;
	becomes(&c, " { \"b\" : [ 1 , -2 , true , false , null ] , \"a\" : {} } ",
		"{\"a\":{},\"b\":[1,-2,true,false,null]}");
	becomes(&c, "{\"_\":1,\"a_b\":2,\"a\":3,\"a0\":4,\"0\":5}",
		"{\"0\":5,\"_\":1,\"a\":3,\"a0\":4,\"a_b\":2}");
	becomes(&c, "\"\\u0008\\u0009\\u000a\\u000c\\u000d\\u0022\\u005c\\/\\u001F\\u007f\\u20AC\"",
		"\"\\b\\t\\n\\f\\r\\\"\\\\/\\u001f\x7f\xe2\x82\xac\"");
	becomes(&c, "\"\\ud834\\udd1e\\u2028\"", "\"\xf0\x9d\x84\x9e\xe2\x80\xa8\"");
	becomes(&c, "[9007199254740991,-9007199254740991,-0,0]",
		"[9007199254740991,-9007199254740991,0,0]");
	ok(&c, json_parse_canonical(&c, SPAN("{\"a\":[1,\"x\"]}"), &j));
	static const char *const other[] = {
		"{\"b\":1,\"a\":1}", "{\"a\": 1}",  "{\"a\":1}\n",  " {}", "\"\\/\"", "-0",
		"\"\\u0041\"",	     "\"\\u001F\"", "[\"\\u000a\"]"
	};
	for (size_t i = 0; i < COUNT_OF(other); i++)
		refused(&c, ERR_FORMAT, "canonical",
			json_parse_canonical(&c, span_str(other[i]), &j));
}

static void reading_refuses(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "line 1" },
		{ "{}x", "line 1" },
		{ "{}\n{}", "line 2" },
		{ "1.0", "whole number" },
		{ "[1e2]", "whole number" },
		{ "9007199254740992", "2^53" },
		{ "[-9007199254740992]", "2^53" },
		{ "99999999999999999999", "too big" },
		{ "{\"A\":1}", "a-z" },
		{ "{\"a-b\":1}", "a-z" },
		{ "{\"\":1}", "a-z" },
		{ "{\"a\":1,\"a\":1}", "duplicate" },
		{ "{\"a\":1,\"\\u0061\":1}", "duplicate" },
		{ "\"a\\u0000b\"", "NUL" },
		{ "\"\xff\"", "decode" },
		{ "\"\xed\xa0\x80\"", "decode" },
		{ "\"\\ud800\"", "Unicode" },
		{ "\"a\nb\"", "line 1" },
		{ "NaN", "line 1" },
		{ "{\"a\":1,}", "line 1" },
		{ "// x\n1", "line 1" },
		{ "\xef\xbb\xbf{}", "line 1" },
	};
	CTX(c);
	struct json *j;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		refused(&c, ERR_FORMAT, rows[i].words, json_parse(&c, span_str(rows[i].text), &j));
	refused(&c, ERR_FORMAT, "NUL", json_parse(&c, SPAN("123\0"), &j));
	refused(&c, ERR_FORMAT, "NUL", json_parse(&c, SPAN("{}\0{}"), &j));
	refused(&c, ERR_FORMAT, "line 1", json_parse(&c, SPAN_NONE, &j));
	/* What was in the document is not in the message. */
	refused(&c, ERR_FORMAT, "invalid token", json_parse(&c, SPAN("{\"a\":secret}"), &j));
	assert_int_equal(json_parse(&c, SPAN("{\"a\":secret}"), &j), ERR_FORMAT);
	assert_null(strstr(c.why, "secret"));
}

/* What browsers write has keys that ours may not have; all else is refused as everywhere. */
static void any_keys(void **state)
{
	static const char *const bad[] = { "{\"aB\":1,\"aB\":1}", "{\"aB\":1.5}", "{\"aB\":1} {}",
					   "{aB:1}", "" };
	CTX(c);
	struct json *j;

	(void)state;
	ok(&c, json_parse_any_keys(&c, SPAN("{\"crossOrigin\":false,\"\xc3\xa9 \":{\"A\":[1]}}"), &j));
	assert_int_equal(json_get(j, "crossOrigin")->type, JSON_BOOL);
	assert_non_null(json_get(json_get(j, "\xc3\xa9 "), "A"));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_FORMAT, "", json_parse_any_keys(&c, span_str(bad[i]), &j));
	refused(&c, ERR_FORMAT, "key", json_parse(&c, SPAN("{\"crossOrigin\":false}"), &j));
}

static void nested(char *text, size_t depth)
{
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
}

static void depth_is_bounded(void **state)
{
	static char text[200001];
	struct json *j, *outer;
	struct span out;
	CTX(c);

	(void)state;
	nested(text, 32);
	becomes(&c, text, text);
	nested(text, 33);
	refused(&c, ERR_FORMAT, "32 deep", json_parse(&c, span_str(text), &j));
	nested(text, 100000);
	refused(&c, ERR_FORMAT, "depth", json_parse(&c, span_str(text), &j));
	outer = json_list(&c);
	for (int i = 0; i < 32; i++) {
		j = json_list(&c);
		json_add(&c, j, outer);
		outer = j;
	}
	refused(&c, ERR_LIMIT, "32 deep", json_write(&c, outer, MAX, &out));
	refused(&c, ERR_LIMIT, "32 deep", json_clone(&c, outer, &j));
	outer = json_object(&c);
	json_set(&c, outer, "x", NULL);
	ok(&c, json_write(&c, outer, MAX, &out));
	text_is(out, "{\"x\":null}");
}

static void drops_members(void **state)
{
	static const struct {
		const char *key, *left;
	} all[] = { { "none", "{\"a\":1,\"b\":2,\"c\":3}" },
		    { "b", "{\"a\":1,\"c\":3}" },
		    { "c", "{\"a\":1}" },
		    { "a", "{}" },
		    { "a", "{}" } };
	CTX(c);
	struct json *o = parsed(&c, "{\"a\":1,\"b\":2,\"c\":3}");
	struct span out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		json_drop(o, span_str(all[i].key));
		ok(&c, json_write(&c, o, MAX, &out));
		text_is(out, all[i].left);
	}
	json_set_int(&c, o, "d", 4);
	ok(&c, json_write(&c, o, MAX, &out));
	text_is(out, "{\"d\":4}");
}

static void writing_refuses(void **state)
{
	CTX(c);
	struct json *o = json_object(&c);
	struct span out;
	struct buf b;

	(void)state;
	json_set_int(&c, o, "n", I53_MAX);
	ok(&c, json_write(&c, o, MAX, &out));
	json_set_int(&c, o, "n", I53_MAX + 1);
	refused(&c, ERR_FORMAT, "2^53", json_write(&c, o, MAX, &out));
	json_set_int(&c, o, "n", INT64_MIN);
	refused(&c, ERR_FORMAT, "2^53", json_write(&c, o, MAX, &out));
	json_set_text(&c, o, "n", SPAN("\xff"));
	refused(&c, ERR_FORMAT, "under n", json_write(&c, o, MAX, &out));
	refused(&c, ERR_FORMAT, "under n", json_write_pretty(&c, o, MAX, &out));
	json_set_text(&c, o, "n", SPAN("a\0b"));
	refused(&c, ERR_FORMAT, "NUL", json_write(&c, o, MAX, &out));
	json_set_str(&c, o, "n", "fine");
	json_set_str(&c, o, "No", "x");
	refused(&c, ERR_FORMAT, "a-z", json_write(&c, o, MAX, &out));
	refused(&c, ERR_FORMAT, "a-z", json_write_pretty(&c, o, MAX, &out));
	refused(&c, ERR_FORMAT, "no value", json_write(&c, NULL, MAX, &out));
	o = parsed(&c, "{\"a\":\"12345\"}");
	ok(&c, json_write(&c, o, 13, &out));
	refused(&c, ERR_LIMIT, "12 bytes", json_write(&c, o, 12, &out));
	buf_begin(&b, &c, 100);
	json_put_text(&b, SPAN("\xff"));
	refused(&c, ERR_LIMIT, "", buf_done(&c, &b, &out));
}

static void building(void **state)
{
	CTX(c);
	struct json *o = json_object(&c), *list = json_list(&c), *shared = json_object(&c);
	struct span out;

	(void)state;
	json_set_str(&c, o, "z", "first");
	json_set_bool(&c, o, "b", true);
	json_set_str(&c, o, "none", NULL);
	json_set(&c, o, "list", list);
	json_add(&c, list, json_int(&c, 1));
	json_add(&c, list, json_text(&c, SPAN("two")));
	json_add(&c, list, NULL);
	json_set_int(&c, o, "z", 5);            /* replaces */
	json_set_int(&c, o, "none", 6);
	json_set_int(&c, o, "last", 7);
	ok(&c, json_write(&c, o, MAX, &out));
	text_is(out, "{\"b\":true,\"last\":7,\"list\":[1,\"two\",null],\"none\":6,\"z\":5}");
	/* One value in two places. */
	json_set_int(&c, shared, "x", 1);
	list = json_list(&c);
	json_add(&c, list, shared);
	json_add(&c, list, shared);
	o = json_object(&c);
	json_set(&c, o, "a", shared);
	json_set(&c, o, "list", list);
	ok(&c, json_write(&c, o, MAX, &out));
	text_is(out, "{\"a\":{\"x\":1},\"list\":[{\"x\":1},{\"x\":1}]}");
	ok(&c, json_write_pretty(&c, o, MAX, &out));
	text_is(out, "{\n  \"a\": {\n    \"x\": 1\n  },\n  \"list\": [\n    {\n      \"x\": 1\n    "
		     "},\n    {\n"
		     "      \"x\": 1\n    }\n  ]\n}");
	ok(&c, json_write_pretty(&c, json_list(&c), MAX, &out));
	text_is(out, "[]");
}

static void lack_of_memory(void **state)
{
	CTX_SCOPED struct ctx c;
	struct json *o;
	struct span out;

	(void)state;
	assert_int_equal(ctx_begin(&c, 1000), ERR_OK);
	o = json_object(&c);
	for (int i = 0; i < 50; i++)
		json_set_int(&c, o, i % 2 ? "a" : "b", i);
	refused(&c, ERR_NOMEM, "more bytes", json_write(&c, o, MAX, &out));
	refused(&c, ERR_NOMEM, "more bytes", json_parse(&c, SPAN("[1,2,3,4,5,6,7,8,9,10,11]"), &o));
}

static void asking(void **state)
{
	CTX(c);
	struct json *o = parsed(&c, "{\"t\":\"x\",\"n\":5,\"b\":true,\"l\":[1,2],\"o\":{\"k\":1},"
				    "\"h\":\"00ff\",\"z\":null}");
	const struct json *j;
	unsigned char bytes[2];
	struct span s;
	int64_t n;
	bool b;

	(void)state;
	ok(&c, json_need_text(&c, o, "t", &s));
	text_is(s, "x");
	ok(&c, json_need_int(&c, o, "n", &n));
	assert_int_equal(n, 5);
	ok(&c, json_need_bool(&c, o, "b", &b));
	assert_true(b);
	ok(&c, json_need_list(&c, o, "l", &j));
	assert_int_equal(json_count(j), 2);
	ok(&c, json_need_object(&c, o, "o", &j));
	ok(&c, json_only(&c, j, "k"));
	ok(&c, json_need_hex(&c, o, "h", bytes, 2));
	assert_int_equal(bytes[1], 0xff);
	refused(&c, ERR_FORMAT, "'h' must be 3 bytes", json_need_hex(&c, o, "h", bytes, 3));
	refused(&c, ERR_FORMAT, "'t' must be 2 bytes", json_need_hex(&c, o, "t", bytes, 2));
	refused(&c, ERR_FORMAT, "'q' is missing", json_need_text(&c, o, "q", &s));
	refused(&c, ERR_FORMAT, "'n' is a whole number and must be a text",
		json_need_text(&c, o, "n", &s));
	refused(&c, ERR_FORMAT, "'z' is null", json_need_list(&c, o, "z", &j));
	refused(&c, ERR_FORMAT, "no object", json_need_int(&c, NULL, "n", &n));
	refused(&c, ERR_FORMAT, "'z' is not known here", json_only(&c, o, "t n b l o h zz"));
	ok(&c, json_only(&c, o, "t n b l o h z more"));
	assert_null(json_get(o, "q"));
	text_is(json_opt_text(o, "q", SPAN("f")), "f");
	text_is(json_opt_text(o, "z", SPAN("f")), "f");
	text_is(json_opt_text(o, "t", SPAN("f")), "x");
	assert_int_equal(json_opt_int(o, "n", 1), 5);
	assert_int_equal(json_opt_int(o, "z", 1), 1);
	o = parsed(&c, "[1,{\"id\":2},{\"x\":3},{\"id\":\"d1\",\"n\":4},{\"id\":\"d1\",\"n\":5}]");
	assert_int_equal(json_opt_int(json_with_id(o, SPAN("d1")), "n", 0), 4);
	assert_null(json_with_id(o, SPAN("d")));
	assert_null(json_with_id(NULL, SPAN("d1")));
}

static void comparing_and_copying(void **state)
{
	CTX(c);
	struct json *a = parsed(&c, "{\"a\":[1,{\"b\":\"x\"}],\"c\":null}"), *copy;
	static const char *const other[] = { "{\"a\":[1,{\"b\":\"x\"}]}",
					     "{\"a\":[{\"b\":\"x\"},1],\"c\":null}",
					     "{\"a\":[1,{\"b\":\"y\"}],\"c\":null}",
					     "{\"a\":[1,{\"b\":\"x\"}],\"d\":null}",
					     "{\"a\":[1,{\"b\":\"x\"},2],\"c\":null}",
					     "[]",
					     "{\"a\":1,\"c\":null}" };
	CTX(d);

	(void)state;
	assert_true(json_equal(a, parsed(&c, "{\"c\":null,\"a\":[1,{\"b\":\"x\"}]}")));
	for (size_t i = 0; i < COUNT_OF(other); i++)
		assert_false(json_equal(a, parsed(&c, other[i])));
	assert_false(json_equal(a, NULL));
	ok(&d, json_clone(&d, a, &copy));
	ctx_end(&c);
	assert_int_equal(ctx_begin(&c, 1 << 16), ERR_OK);
	assert_true(json_equal(copy, parsed(&d, "{\"a\":[1,{\"b\":\"x\"}],\"c\":null}")));
}

/* Numbers that are no whole numbers below 2^53, repeated and strange keys, and NUL are refused;
 * everything else that JSON allows is read, written, and read again as the same. */
static bool our_reason(const char *why)
{
	static const char *const reasons[] = { "whole number", "2^53", "duplicate", "NUL", "a-z" };

	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (strstr(why, reasons[i]))
			return true;
	return false;
}

static void suite_file(const char *dir, const char *name, int *read_count)
{
	struct span text, out;
	struct json *j, *again;
	CTX(c);
	char *path;
	enum err e;

	ok(&c, path_fmt(&c, &path, "%s/%s", dir, name));
	ok(&c, file_read(&c, path, MAX, &text));
	e = json_parse(&c, text, &j);
	if (e != ERR_OK && name[0] == 'y' && !our_reason(c.why))
		fail_msg("%s: %s", name, c.why);
	if (e == ERR_OK && name[0] == 'n')
		fail_msg("%s was read", name);
	if (e != ERR_OK)
		return;
	ok(&c, json_write(&c, j, MAX, &out));
	ok(&c, json_parse_canonical(&c, out, &again));
	assert_true(json_equal(j, again));
	++*read_count;
}

static void foreign_suite(void **state)
{
	CTX(c);
	char *dir = shared_path(&c, "corpora/json");
	struct dirent *entry;
	int files = 0, read_count = 0;
	DIR *d = opendir(dir);

	(void)state;
	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		suite_file(dir, entry->d_name, &read_count);
		files++;
	}
	closedir(d);
	assert_true(files > 300);
	assert_true(read_count > 60);
}

/* Every line of the list becomes a text, is written and comes back as it was. */
static void naughty_strings(void **state)
{
	CTX(c);
	char *path = shared_path(&c, "corpora/text/blns.txt");
	struct reader r = { SPAN_NONE, 0 };
	struct json *list = json_list(&c), *back;
	struct span line, out;

	(void)state;
	ok(&c, file_read(&c, path, MAX, &r.s));
	while (take_line(&r, &line))
		if (span_is_utf8(line))
			json_add(&c, list, json_text(&c, line));
	assert_true(json_count(list) > 500);
	ok(&c, json_write(&c, list, MAX, &out));
	ok(&c, json_parse_canonical(&c, out, &back));
	assert_true(json_equal(list, back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_form),   cmocka_unit_test(reading_refuses),
		cmocka_unit_test(depth_is_bounded), cmocka_unit_test(writing_refuses),
		cmocka_unit_test(drops_members),    cmocka_unit_test(any_keys),
		cmocka_unit_test(building),	    cmocka_unit_test(lack_of_memory),
		cmocka_unit_test(asking),	    cmocka_unit_test(comparing_and_copying),
		cmocka_unit_test(foreign_suite),    cmocka_unit_test(naughty_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
