/*
 * stores.yaml: what is read, and that everything else is refused with file and line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect_test.h"

#include "format/yaml.h"

#define HEAD "stores_version: 1\nstores:\n"
#define GOOD                                                                                       \
	"  - name: main\n    kind: maildir\n    path: /var/vmail/{domain}/{local}/Maildir\n"       \
	"    region: NO\n    law: NO\n    categories:\n      - CONTENT_COMM\n      - MSG_META\n"

static enum err read_span(struct ctx *c, struct span text, struct stores *out)
{
	struct json *yaml;

	TRY(yaml_parse(c, "stores.yaml", text, &yaml));
	return stores_read(c, yaml, "stores.yaml", out);
}

static enum err read_text(struct ctx *c, const char *text, struct stores *out)
{
	return read_span(c, span_str(text), out);
}

static void reads_a_row(void **state)
{
	struct fixture *f = *state;
	struct stores all;
	const struct store *s;

	assert_int_equal(read_text(&f->c,
				   HEAD GOOD
				   "    ciphertext_only: yes\n    retention: 90 days\n"
				   "    aliases: /etc/writ/aliases\n    domain: example.org\n"
				   "    credential: /etc/writ/main.key\n    content-length: no\n",
				   &all),
			 ERR_OK);
	assert_int_equal(all.count, 1);
	s = stores_find(&all, SPAN("main"));
	assert_non_null(s);
	assert_true(span_is(s->region, "NO"));  /* Norway stays a text */
	assert_int_equal(s->categories, CATEGORY_CONTENT_COMM | CATEGORY_MSG_META);
	assert_true(s->ciphertext_only);
	assert_false(s->content_length);
	assert_true(span_is(s->retention, "90 days"));
	assert_true(span_is(s->domain, "example.org"));
	assert_int_equal(s->line, 3);
	assert_null(stores_find(&all, SPAN("other")));
}

static void no_stores_is_fine(void **state)
{
	struct fixture *f = *state;
	struct stores all;

	assert_int_equal(read_text(&f->c, "stores_version: 1\n", &all), ERR_OK);
	assert_int_equal(all.count, 0);
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "stores:\n" GOOD, "stores.yaml:1: stores_version: 1 is missing" },
		{ "stores_version: 2\n", "stores.yaml:1: this build reads" },
		{ "stores_version: 1\nshops: x\n", "stores.yaml:2: there is no key shops" },
		{ "stores_version: 1\nstores: main\n", "stores.yaml:2: stores must be a list" },
		{ HEAD GOOD "    colour: red\n", "stores.yaml:11: a store has no key colour" },
		{ HEAD GOOD "    content-length: yes\n",
		  "content-length is for stores of kind mbox" },
		{ HEAD GOOD "    ciphertext_only: maybe\n",
		  "stores.yaml:11: ciphertext_only must be yes or no" },
		{ HEAD GOOD "    retention:\n      - 1\n", "must be one text" },
		{ HEAD GOOD "    aliases: aliases\n", "must be a path from the root" },
		{ HEAD GOOD "    domain: .org\n", "domain is not the name" },
		{ HEAD GOOD GOOD, "stores.yaml:11: the store main stands twice" },
		{ HEAD "  - name: Main\n", "stores.yaml:3: a store's name is made of" },
		{ HEAD "  - name: main\n    kind: floppy\n",
		  "stores.yaml:4: this build has no connector" },
		{ HEAD "  - name: main\n    kind: maildir\n", "has no path" },
		{ HEAD "  - name: main\n    kind: maildir\n    path: mail/{account}\n",
		  "path must be a path from the root" },
		{ HEAD "  - name: main\n    kind: maildir\n    path: /mail/all\n",
		  "every account would be the same" },
		{ HEAD "  - name: main\n    kind: maildir\n    path: /mail/../{account}\n",
		  "must not climb" },
		{ HEAD "  - name: main\n    kind: maildir\n    path: /mail/{account}/..\n",
		  "must not climb" },
		{ HEAD "  - name: main\n    kind: maildir\n    path: \"/mail/{user}/{account}\"\n",
		  "no other braces" },
		{ HEAD "  - name: main\n    kind: maildir\n    path: /mail/{local}\n    region: "
		       "DE\n    law: DE\n"
		       "    categories:\n      - MSG_META\n",
		  "accounts of two domains would be one" },
		{ HEAD "  - name: main\n    categories:\n      - SECRET\n",
		  "stores.yaml:5: categories are" },
		{ HEAD "  - name: main\n    categories: CONTENT_COMM\n",
		  "categories must be a list" },
	};
	struct fixture *f = *state;
	struct stores all;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect(&f->c, read_text(&f->c, rows[i].text, &all), ERR_FORMAT, rows[i].words);
}

static void as_many_as_there_may_be(void **state)
{
	struct fixture *f = *state;
	struct stores all;
	struct span text;
	struct buf b;

	for (unsigned count = STORES_MAX; count <= STORES_MAX + 1; count++) {
		buf_begin(&b, &f->c, 1 << 20);
		buf_str(&b, HEAD);
		for (unsigned i = 0; i < count; i++)    /* GOOD under a name of its own */
			buf_fmt(&b, "  - name: s%u\n%s", i, strchr(GOOD, '\n') + 1);
		assert_int_equal(buf_done(&f->c, &b, &text), ERR_OK);
		if (count <= STORES_MAX) {
			assert_int_equal(read_span(&f->c, text, &all), ERR_OK);
			assert_int_equal(all.count, STORES_MAX);
		} else {
			expect(&f->c, read_span(&f->c, text, &all), ERR_FORMAT,
			       "at most 64 stores");
		}
	}
}

static void describes_without_paths(void **state)
{
	struct fixture *f = *state;
	struct store row[2] = { store_in(f), store_in(f) };
	struct stores all = { row, 2 };
	struct json *list;
	struct span text;

	row[1].name = SPAN("gone");
	row[1].path = SPAN("/nowhere/at/all/{account}");
	assert_int_equal(stores_describe(&f->c, &all, &list), ERR_OK);
	assert_int_equal(json_write(&f->c, list, 4096, &text), ERR_OK);
	assert_true(span_is(text, "[{\"categories\":[\"CONTENT_COMM\",\"MSG_META\"],\"ciphertext_"
				  "only\":false,\"kind\":\"maildir\","
				  "\"law\":\"DE\",\"name\":\"main\",\"problem\":null,\"region\":"
				  "\"DE\",\"retention\":null},"
				  "{\"categories\":[\"CONTENT_COMM\",\"MSG_META\"],\"ciphertext_"
				  "only\":false,\"kind\":\"maildir\","
				  "\"law\":\"DE\",\"name\":\"gone\",\"problem\":\"the store cannot "
				  "be opened: No such file or "
				  "directory\",\"region\":\"DE\",\"retention\":null}]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_a_row),
		TEST(no_stores_is_fine),
		TEST(refuses),
		TEST(as_many_as_there_may_be),
		TEST(describes_without_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
