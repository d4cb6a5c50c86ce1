/*
 * Unit tests of src/web/look: every file is found under its version and under nothing else, is what
 * its type says, and the first page stays light.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/look/look.h"

#include "../test.h"

static const struct look_file *ask(const char *version, const char *name)
{
	return look_find(span_str(version), span_str(name));
}

static void found_by_name(void **state)
{
	(void)state;
	size_t n = 0;

	assert_int_equal(strlen(look_version), 16);
	for (const struct look_file *f = look_files; f->name; f++, n++) {
		assert_ptr_equal(ask(look_version, f->name), f);
		assert_true(f->length > 0);
		assert_true((f->gzip == NULL) == (f->gzip_length == 0));
		/* A gzip form is one, and shorter. */
		if (f->gzip) {
			assert_true(f->gzip[0] == 0x1f && f->gzip[1] == 0x8b);
			assert_true(f->gzip_length < f->length);
		}
	}
	assert_true(n >= 12);
}

static void not_found(void **state)
{
	(void)state;
	static const char *const names[] = { "",           "desk",      "desk.css/",   "desk.css ",
					     "DESK.CSS",   "/desk.css", "../desk.css", "./desk.css",
					     "desk.css\n", "style.scss" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_null(ask(look_version, names[i]));
	assert_null(ask("0000000000000000", "desk.css"));
	assert_null(ask("", "desk.css"));
	assert_null(look_find(span_str(look_version), SPAN_NONE));
	assert_null(look_find(SPAN_NONE, SPAN("desk.css")));
	assert_null(look_find(span_of(look_version, 15), SPAN("desk.css")));
	/* A NUL ends nothing. */
	assert_null(look_find(span_str(look_version), span_of("desk.css\0x", 10)));
	assert_null(look_find(span_of(look_version, 17), SPAN("desk.css")));
	assert_non_null(look_find(span_of(look_version, 16), span_of("desk.css\0x", 8)));
}

static bool begins(const char *name, const char *magic)
{
	const struct look_file *f = ask(look_version, name);

	assert_non_null(f);
	return span_starts(span_of(f->bytes, f->length), magic);
}

static bool holds(const char *name, const char *text)
{
	const struct look_file *f = ask(look_version, name);

	assert_non_null(f);
	return memmem(f->bytes, f->length, text, strlen(text)) != NULL;
}

/* The stylesheet names our fonts and no other place; govuk-frontend's own name, crown and font,
 * which are for gov.uk alone, are not in it. */
static void of_our_own(void **state)
{
	(void)state;
	static const char *const never[] = { "http:", "https:",  "//",   "GDS Transport",
					     "crown", "@import", "data:" };

	assert_true(begins("inter-400.woff2", "wOF2"));
	assert_true(begins("icon.svg", "<svg"));
	assert_true(holds("desk.css", "inter-600-more.woff2"));
	assert_true(holds("desk.css", ".govuk-button"));
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_false(holds("desk.css", never[i]));
}

/* What a strict policy forbids is not tried: no script makes markup or code from text. */
static void scripts_are_tame(void **state)
{
	(void)state;
	static const char *const never[] = { "innerHTML",      "outerHTML", "insertAdjacentHTML",
					     "document.write", "eval(",     "Function(",
					     "setTimeout(\"",  "DOMParser", ".style",
					     "import(",        "http" };

	for (const struct look_file *f = look_files; f->name; f++) {
		if (!span_ends(span_str(f->name), ".js"))
			continue;
		for (size_t i = 0; i < sizeof never / sizeof *never; i++)
			assert_false(holds(f->name, never[i]));
	}
}

/* First load: stylesheet, two fonts, all modules, the mark. A page itself has the rest of 60 kB. */
static void light(void **state)
{
	(void)state;
	size_t style = ask(look_version, "desk.css")->gzip_length, all = 0, script = 0;

	for (const struct look_file *f = look_files; f->name; f++) {
		if (!strstr(f->name, "-more"))
			all += f->gzip ? f->gzip_length : f->length;
		if (span_ends(span_str(f->name), ".js"))
			script += f->length;
	}
	print_message("stylesheet %zu, script %zu, first load %zu bytes\n", style, script, all);
	assert_true(style <= 20000);
	assert_true(script <= 15000);
	assert_true(all <= 52000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_name), cmocka_unit_test(not_found),
		cmocka_unit_test(of_our_own),    cmocka_unit_test(scripts_are_tame),
		cmocka_unit_test(light),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
