/*
 * The state on the disk: the journal is redone, as often as one likes, and only within the state;
 * names cannot leave the folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/num.h"
#include "seal/state.h"

struct bench {
	char dir[64];
	struct ctx c;
	struct seal s;
	struct turn t;
};

static void put(struct bench *b, const char *name, const char *text)
{
	char *path;

	assert_int_equal(path_fmt(&b->c, &path, "%s/%s", b->dir, name), ERR_OK);
	assert_int_equal(file_write(&b->c, path, span_str(text), 0600), ERR_OK);
}

static bool there(struct bench *b, const char *name)
{
	char *path;

	assert_int_equal(path_fmt(&b->c, &path, "%s/%s", b->dir, name), ERR_OK);
	return file_exists(path);
}

static void expect(struct bench *b, const char *name, const char *text)
{
	struct span s;
	char *path;

	assert_int_equal(path_fmt(&b->c, &path, "%s/%s", b->dir, name), ERR_OK);
	assert_int_equal(file_read(&b->c, path, 4096, &s), ERR_OK);
	if (!span_is(s, text))
		fail_msg("%s holds '%.*s', not '%s'", name, SPAN_ARG(s), text);
}

static int bench_open(void **state)
{
	static const char *const folders[] = { "order", "find", "id", "roster" };
	struct bench *b = test_calloc(1, sizeof *b);
	char *path;

	snprintf(b->dir, sizeof b->dir, "%s/writ-state-XXXXXX", P_tmpdir);
	assert_non_null(mkdtemp(b->dir));
	assert_int_equal(ctx_begin(&b->c, 1 << 20), ERR_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(path_fmt(&b->c, &path, "%s/%s", b->dir, folders[i]), ERR_OK);
		assert_int_equal(dir_make(&b->c, path, 0700), ERR_OK);
	}
	b->s = (struct seal){ .dir = b->dir, .lock = -1 };
	turn_begin(&b->t, &b->c, &b->s);
	*state = b;
	return 0;
}

static int bench_close(void **state)
{
	struct bench *b = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", b->dir);
	ctx_end(&b->c);
	if (system(command) != 0)
		return -1;
	test_free(b);
	return 0;
}

static void test_redo(void **state)
{
	struct bench *b = *state;

	put(b, "id/aa", "secret");
	put(b, "state.json", "old");
	for (int i = 0; i < 2; i++) {
		put(b, "journal.json",
		    "{\"files\":[{\"path\":\"state.json\",\"text\":\"new\"},"
		    "{\"path\":\"order/W-1.json\",\"text\":\"{}\"},{\"path\":\"id/"
		    "aa\",\"text\":null}],\"version\":1}");
		assert_int_equal(state_redo(&b->c, b->dir), ERR_OK);
		expect(b, "state.json", "new");
		expect(b, "order/W-1.json", "{}");
		assert_false(there(b, "id/aa"));
		assert_false(there(b, "journal.json"));
	}
	assert_int_equal(state_redo(&b->c, b->dir), ERR_OK);
	expect(b, "state.json", "new");
}

static void test_redo_refuses(void **state)
{
	static const char *const bad[] = {
		"", "{}", "{\"files\":[],\"version\":1} ", "{\"files\":{},\"version\":1}",
		"{\"files\":[{\"path\":\"../x\",\"text\":\"y\"}],\"version\":1}",
		"{\"files\":[{\"path\":\"order/../../x\",\"text\":\"y\"}],\"version\":1}",
		"{\"files\":[{\"path\":\"key/document\",\"text\":\"y\"}],\"version\":1}",
		"{\"files\":[{\"path\":\"/etc/x\",\"text\":\"y\"}],\"version\":1}",
		"{\"files\":[{\"path\":\"state.json\",\"text\":1}],\"version\":1}",
	};
	struct bench *b = *state;

	put(b, "state.json", "old");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		put(b, "journal.json", bad[i]);
		if (state_redo(&b->c, b->dir) == ERR_OK)
			fail_msg("a damaged journal was redone: %s", bad[i]);
		err_clear(&b->c);
		expect(b, "state.json", "old");
		assert_true(there(b, "journal.json"));
	}
}

/* A bad path anywhere in a journal stops it before anything is done. */
static void test_redo_all_or_nothing(void **state)
{
	struct bench *b = *state;

	put(b, "state.json", "old");
	put(b, "journal.json",
	    "{\"files\":[{\"path\":\"state.json\",\"text\":\"new\"},{\"path\":\"x\",\"text\":\"y\"}"
	    "],\"version\":1}");
	assert_int_equal(state_redo(&b->c, b->dir), ERR_FORMAT);
	expect(b, "state.json", "old");
}

static void test_commit(void **state)
{
	struct bench *b = *state;

	put(b, "id/aa", "secret");
	assert_int_equal(change_drop(&b->t, "id/aa"), ERR_OK);
	assert_int_equal(change_put(&b->t, "order/W-2.json", span_str("{}")), ERR_OK);
	assert_int_equal(state_commit(&b->t), ERR_OK);
	expect(b, "order/W-2.json", "{}");
	assert_false(there(b, "id/aa"));
	assert_false(there(b, "journal.json"));
	assert_false(b->s.broken);
	assert_int_equal(state_commit(&b->t), ERR_OK);
}

static void test_failed_commit_breaks(void **state)
{
	struct bench *b = *state;

	assert_int_equal(change_put(&b->t, "nowhere/x", span_str("{}")), ERR_OK);
	assert_int_not_equal(state_commit(&b->t), ERR_OK);
	assert_true(b->s.broken);
}

static void test_references(void **state)
{
	static const char *const good[] = { "W-7KQF-2M9D", "a", "0", "W-" };
	static const char *const bad[] = {
		"",         ".",
		"..",       "a/b",
		"a.b",      "-a",
		"a b",      "a_b",
		"\xc3\xa9", "0123456789012345678901234567890123456789012345678901234567890123x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(ref_ok(span_str(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ref_ok(span_str(bad[i])));
	assert_true(hex_ok(span_str("00ff"), 2));
	assert_false(hex_ok(span_str("00fF"), 2));
	assert_false(hex_ok(span_str("00f"), 2));
}

static void test_damaged_core(void **state)
{
	static const char good[] =
		"{\"answers\":[],\"counts\":{},\"halt_epoch\":0,\"halted\":false,\"identities\":[],"
		"\"pending\":[],\"policy\":{},\"roster_version\":1,\"rows\":[],\"seal_seq\":0,"
		"\"version\":1}";
	static const char *const bad[] = {
		"{}", "[]",
		"{\"answers\":[],\"counts\":{},\"halt_epoch\":0,\"halted\":\"no\",\"identities\":[]"
		","
		"\"pending\":[],\"policy\":{},\"roster_version\":1,\"rows\":[],\"seal_seq\":0,"
		"\"version\":1}",
		"{\"answers\":[],\"counts\":{},\"halt_epoch\":0,\"halted\":false,\"identities\":[],"
		"\"pending\":[],\"policy\":{},\"roster_version\":1,\"rows\":[],\"seal_seq\":0,"
		"\"version\":2}",
		"{\"answers\":[],\"counts\":{},\"halt_epoch\":0,\"halted\":false,\"identities\":[],"
		"\"pending\":[],\"policy\":{},\"roster_version\":1,\"rows\":{},\"seal_seq\":0,"
		"\"version\":1}",
		"{\"answers\":[],\"counts\":{},\"halt_epoch\":0,\"halted\":false,\"identities\":"
		"[{\"order\":\"W-1\",\"ticket\":\"aa\"}],"
		"\"pending\":[],\"policy\":{},\"roster_version\":1,\"rows\":[],\"seal_seq\":0,"
		"\"version\":1}",
		"{\"answers\":[{\"number\":1,\"sha256\":\"\"}],\"counts\":{},\"halt_epoch\":0,"
		"\"halted\":false,\"identities\":[],"
		"\"pending\":[],\"policy\":{},\"roster_version\":1,\"rows\":[],\"seal_seq\":0,"
		"\"version\":1}"
	};
	struct bench *b = *state;
	struct json *j;

	assert_int_equal(json_parse(&b->c, span_str(good), &j), ERR_OK);
	assert_int_equal(core_check(&b->c, j), ERR_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(json_parse(&b->c, span_str(bad[i]), &j), ERR_OK);
		assert_int_equal(core_check(&b->c, j), ERR_FORMAT);
		err_clear(&b->c);
	}
}

#define TICKET                                                                                     \
	"{\"deciders\":[],\"destroyed\":null,\"document\":\"d\",\"document_seal\":\"s\","          \
	"\"earlier\":[],"                                                                          \
	"\"for\":\"collect\",\"receipt\":null,\"receipt_seal\":null,\"released\":null,"            \
	"\"replaced\":false,\"scope\":\"\",\"scope_sha256\":\"\",\"statement\":null,"              \
	"\"statement_seal\":null,\"ticket\":\"aa\"}"
#define ORDER(ref, answers, tickets, end)                                                          \
	"{\"answers\":[" answers "],\"destroyed\":false,\"order\":\"" ref                          \
	"\",\"released\":false,\"tickets\":[" tickets "],\"version\":1," end "}"

/* What says that an order is void, destroyed or released is there, or the file is not believed. */
static void test_damaged_order(void **state)
{
	static const char *const good[] = { ORDER("W-1", "", "", "\"void\":null"),
					    ORDER("W-1", "", TICKET, "\"void\":\"sha\"") };
	static const char *const bad[] = {
		"{}",
		ORDER("W-2", "", "", "\"void\":null"),
		ORDER("W-1", "", "", "\"voiD\":null"),
		ORDER("W-1", "", "", "\"void\":false"),
		ORDER("W-1", "", "{}", "\"void\":null"),
		ORDER("W-1", "{\"number\":1,\"sha256\":\"\"}", "", "\"void\":null"),
		"{\"answers\":[],\"destroyed\":null,\"order\":\"W-1\",\"released\":false,"
		"\"tickets\":[],\"version\":1,\"void\":null}",
		"{\"answers\":[],\"destroyed\":false,\"order\":\"W-1\",\"tickets\":[],"
		"\"version\":1,\"void\":null}",
	};
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		b->t.order = NULL;
		put(b, "order/W-1.json", good[i]);
		if (state_order(&b->t, SPAN("W-1")) != ERR_OK)
			fail_msg("%s: %s", good[i], b->c.why);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		b->t.order = NULL;
		put(b, "order/W-1.json", bad[i]);
		if (state_order(&b->t, SPAN("W-1")) != ERR_FORMAT || b->t.order)
			fail_msg("believed: %s", bad[i]);
		err_clear(&b->c);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)
	const struct CMUnitTest tests[] = {
		T(test_redo),        T(test_redo_refuses),         T(test_redo_all_or_nothing),
		T(test_commit),      T(test_failed_commit_breaks), T(test_references),
		T(test_damaged_core), T(test_damaged_order)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
