/*
 * The narrow YAML: what it holds, each freedom of YAML that is refused with the line of the fault,
 * and the orders of the law set where they are here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/yaml.h"

#include <dirent.h>

#include "../test.h"

static void becomes(const char *yaml, const char *json)
{
	struct span out = SPAN_NONE;
	struct json *j = NULL;
	CTX(c);

	ok(&c, yaml_parse(&c, "f", span_str(yaml), &j));
	ok(&c, json_write(&c, j, (size_t)1 << 20, &out));
	text_is(out, json);
}

static void values(void **state)
{
	(void)state;
	becomes("a: NO\nb:\n  - id: d1\n    x: \"q: \\\"r\\\" # s \\\\\"\n  - yes # c\n",
		"{\"a\":\"NO\",\"b\":[{\"id\":\"d1\",\"x\":\"q: \\\"r\\\" # s \\\\\"},\"yes\"]}");
	becomes("# c\n\na: 1.0\nb: null\nc: ~\nd: 0x10\ne: -5\nf: 2026-11-22\n",
		"{\"a\":\"1.0\",\"b\":\"null\",\"c\":\"~\",\"d\":\"0x10\",\"e\":\"-5\",\"f\":"
		"\"2026-11-22\"}");
	becomes("a: \"\"\nb:   two words   # comment\nc: x#y\n",
		"{\"a\":\"\",\"b\":\"two words\",\"c\":\"x#y\"}");
	becomes("a:\n- x\n- y\nb: z", "{\"a\":[\"x\",\"y\"],\"b\":\"z\"}");
	becomes("content-length: yes\n", "{\"content_length\":\"yes\"}");
	becomes("a:\r\n  b: c\r\n", "{\"a\":{\"b\":\"c\"}}");
	becomes("a: \xc3\xa9t\xc3\xa9 \"x\" it's\nb: \"\xe2\x82\xac\\\"\"\n",
		"{\"a\":\"\xc3\xa9t\xc3\xa9 \\\"x\\\" it's\",\"b\":\"\xe2\x82\xac\\\"\"}");
	becomes("a:\n  - - x\n    - y\n  - z: 1\n    w: 2\n",
		"{\"a\":[[\"x\",\"y\"],{\"w\":\"2\",\"z\":\"1\"}]}");
}

static void lines(void **state)
{
	struct json *j = NULL;
	const struct json *b;
	struct span text;
	int64_t n;
	CTX(c);

	(void)state;
	ok(&c, yaml_parse(&c, "f", SPAN("a: 1\n\n# x\nb:\n  - k: v\n"), &j));
	assert_int_equal(json_get(j, "a")->line, 1);
	ok(&c, json_need_list(&c, j, "b", &b));
	assert_int_equal(json_get(b->first, "k")->line, 5);
	refused(&c, ERR_FORMAT, "line 5: 'q' is missing", json_need_text(&c, b->first, "q", &text));
	refused(&c, ERR_FORMAT, "line 1: 'a' is a text", json_need_int(&c, j, "a", &n));
}

static void refusals(void **state)
{
	static const struct {
		const char *yaml, *words;
	} rows[] = {
		{ "content-type: x\n", "f:1: a key is a word" },
		{ "content-length: 1\ncontent_length: 1\n", "f:2: the key 'content_length'" },
		{ "", "f:1: the file is empty" },
		{ "# only a comment\n", "f:1: the file is empty" },
		{ "a: 1\n---\nb: 2\n", "f:2: a document mark" },
		{ "---\na: 1\n", "f:1: a document mark" },
		{ "a: 1\n...\n", "f:2: a document mark" },
		{ "%YAML 1.1\n---\na: 1\n", "f:1: a document mark" },
		{ "a: 1\nb:\n\tc: 1\n", "f:3: a tab" },
		{ "a: \"x\ty\"\n", "f:1: a tab" },
		{ "a: 1\n# x\ty\n", "f:2: a tab" },
		{ "a: &x 1\n", "f:1: an anchor" },
		{ "a: &x\n  b: 1\n", "f:1: an anchor" },
		{ "a: &x\n  - 1\n", "f:1: an anchor" },
		{ "b: 1\na: *x\n", "f:2: an alias" },
		{ "a: !!str x\n", "f:1: an anchor or a tag" },
		{ "a: ! x\n", "f:1: an anchor or a tag" },
		{ "a: !x\n  b: 1\n", "f:1: an anchor or a tag" },
		{ "a: {b: 1}\n", "f:1: flow style" },
		{ "a: 1\nb: [1]\n", "f:2: flow style" },
		{ "{}\n", "f:1: flow style" },
		{ "a: 'x'\n", "f:1: a text is plain" },
		{ "a: |\n  x\n", "f:1: a text is plain" },
		{ "a: >\n  x\n", "f:1: a text is plain" },
		{ "a: x\n  y\n", "f:1: a text that goes over several lines" },
		{ "a: \"x\n  y\"\n", "f:1: a text that goes over several lines" },
		{ "a:\n  x\n", "f:2: a value stands on the line" },
		{ "a:\n  -\n    x\n", "f:3: a value stands on the line" },
		{ "b: 1\na:\n", "a value is missing" },
		{ "a:\nb: 1\n", "a value is missing" },
		{ "a:\n  - x\n  -\n", "a value is missing" },
		{ "a: \"\\n\"\n", "f:1: the only escapes" },
		{ "b: \xc3\xa9\na: \"\xc3\xa9\\x41\"\n", "f:2: the only escapes" },
		{ "a: \"\\/\"\n", "f:1: the only escapes" },
		{ "a: 1\na: 2\n", "f:2: the key 'a' stands here again" },
		{ "x:\n  b: 1\n  a: 2\n  b: 3\n  c: 4\n", "f:4: the key 'b' stands here again" },
		{ "<<: x\n", "f:1: a key is a word" },
		{ "\"a\": x\n", "f:1: a key is a word" },
		{ "5: x\n", "f:1: a key is a word" },
		{ "a b: x\n", "f:1: a key is a word" },
		{ "a-b: x\n", "f:1: a key is a word" },
		{ "a : x\n", "f:1: write it as 'key: value'" },
		{ "? a\n: x\n", "f:1: write it as 'key: value'" },
		{ "? - a\n: x\n", "f:1: a key is one word" },
		{ "- a\n", "f:1: the file begins" },
		{ "just text\n", "f:1: " },
		{ "a: ?x\n", "f:1: a text that begins with '?'" },
		{ "a: @x\n", "f:1: " },
		{ "a: b: c\n", "f:1: " },
		{ "a: - b\n", "f:1: " },
		{ "a: 1\n  b: 2\n", "f:1: " },
		{ "a:\n    b: 1\n  c: 2\n", "f:3: " },
		{ "a:\n  - x\n  b: 1\n", "f:3: " },
		{ "a: \"x\n", "f:" },
		{ "a: \"x\" y\n", "f:1: " },
		{ "a: x\x01\n", "f:1: a control character" },
		{ "b: 1\na: x\x7f\n", "f:2: a control character" },
		{ "a: x\xc2\x85" "b: y\n", "f:1: a control character" },
		{ "a: x\xe2\x80\xa8" "b: y\n", "f:1: an invisible line separator" },
		{ "a: x\rb: y\n", "f:1: a carriage return" },
		{ "\xef\xbb\xbf" "a: x\n", "f:1: a byte order mark" },
		{ "a: x\nb: \xff\n", "f:2: this is not valid UTF-8" },
		{ "a: \xed\xa0\x80\n", "f:1: this is not valid UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CTX(c);
		struct json *j;

		refused(&c, ERR_FORMAT, rows[i].words,
			yaml_parse(&c, "f", span_str(rows[i].yaml), &j));
		assert_null(j);
	}
}

static void limits(void **state)
{
	struct json *j;
	struct span s;
	struct buf b;
	CTX(c);

	(void)state;
	buf_begin(&b, &c, (size_t)2 << 20);
	for (int i = 0; i < 8; i++)
		buf_fmt(&b, "%*sa:%s\n", i, "", i == 7 ? " x" : "");
	ok(&c, buf_done(&c, &b, &s));
	ok(&c, yaml_parse(&c, "f", s, &j));
	buf_begin(&b, &c, (size_t)2 << 20);
	for (int i = 0; i < 9; i++)
		buf_fmt(&b, "%*sa:%s\n", i, "", i == 8 ? " x" : "");
	ok(&c, buf_done(&c, &b, &s));
	refused(&c, ERR_FORMAT, "f:9: more than 8 deep", yaml_parse(&c, "f", s, &j));
	buf_begin(&b, &c, (size_t)2 << 20);
	for (int i = 0; i < YAML_NODES_MAX; i++)
		buf_fmt(&b, "k%d: x\n", i);
	ok(&c, buf_done(&c, &b, &s));
	refused(&c, ERR_FORMAT, "f:20000: more than 20000 values", yaml_parse(&c, "f", s, &j));
	buf_begin(&b, &c, (size_t)2 << 20);
	for (size_t i = 0; i <= YAML_BYTES_MAX; i++)
		buf_byte(&b, '#');
	ok(&c, buf_done(&c, &b, &s));
	refused(&c, ERR_LIMIT, "1048577 bytes", yaml_parse(&c, "f", s, &j));
}

static int each_file(const char *sub,
		     void (*look)(struct ctx *c, const char *name, struct span text))
{
	CTX(c);
	char *dir = shared_path(&c, sub);
	struct dirent *entry;
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		CTX(inner);
		struct span text;
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		ok(&inner, path_fmt(&inner, &path, "%s/%s", dir, entry->d_name));
		ok(&inner, file_read(&inner, path, (size_t)1 << 20, &text));
		look(&inner, entry->d_name, text);
		n++;
	}
	closedir(d);
	return n;
}

static void reads(struct ctx *c, const char *name, struct span text)
{
	struct span out;
	struct json *j;

	ok(c, yaml_parse(c, name, text, &j));
	ok(c, json_write(c, j, (size_t)1 << 20, &out));
}

static void rejects(struct ctx *c, const char *name, struct span text)
{
	/* The rest of the folder breaks the schema, not the syntax. */
	static const char *const syntax[] = {
		"alias.yaml",	 "anchor.yaml",	   "cut-off.yaml",   "document-mark.yaml",
		"empty.yaml",	 "flow-list.yaml", "key-twice.yaml", "merge-key.yaml",
		"not-utf8.yaml", "nul-byte.yaml",  "tab.yaml",	     "tag.yaml",
		"too-deep.yaml"
	};
	struct json *j;
	char head[80];

	for (size_t i = 0; i < COUNT_OF(syntax); i++) {
		if (strcmp(syntax[i], name) != 0)
			continue;
		snprintf(head, sizeof head, "%s:", name);
		refused(c, ERR_FORMAT, head, yaml_parse(c, name, text, &j));
		return;
	}
	reads(c, name, text);
}

static void law_set(void **state)
{
	(void)state;
	assert_true(each_file("law/orders", reads) > 80);
	assert_true(each_file("law/providers", reads) > 10);
	assert_true(each_file("law/reject", rejects) > 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(lines),   cmocka_unit_test(refusals),
		cmocka_unit_test(limits), cmocka_unit_test(law_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
