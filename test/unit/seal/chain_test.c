/*
 * The closure over roster documents: who signed for a signer, and who for those, and no more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "seal/ticket.h"

/* ana and ben found; 2 begins cleo (ana, ben), 3 an agency (ana, ben), 4 dan (ana, cleo), 5 ends
 * ben (ana, cleo), 6 begins eve (dan, cleo), 7 begins ben again (dan, eve). */
static const char rows_text[] =
	"[{\"begun\":1,\"ended\":null,\"row\":{\"key\":\"k "
	"ana\",\"name\":\"ana\",\"row\":\"person\"}},"
	"{\"begun\":1,\"ended\":5,\"row\":{\"key\":\"k ben\",\"name\":\"ben\",\"row\":\"person\"}},"
	"{\"begun\":2,\"ended\":null,\"row\":{\"key\":\"k "
	"cleo\",\"name\":\"cleo\",\"row\":\"person\"}},"
	"{\"begun\":3,\"ended\":null,\"row\":{\"id\":\"pj\",\"key\":\"k dan\",\"row\":\"agency\"}},"
	"{\"begun\":4,\"ended\":null,\"row\":{\"key\":\"k "
	"dan\",\"name\":\"dan\",\"row\":\"person\"}},"
	"{\"begun\":6,\"ended\":null,\"row\":{\"key\":\"k "
	"eve\",\"name\":\"eve\",\"row\":\"person\"}},"
	"{\"begun\":7,\"ended\":null,\"row\":{\"key\":\"k "
	"ben\",\"name\":\"ben\",\"row\":\"person\"}}]";

static const char *const signers[] = { NULL,
				       NULL,
				       "[\"k ana\",\"k ben\"]",
				       "[\"k ana\",\"k ben\"]",
				       "[\"k ana\",\"k cleo\"]",
				       "[\"k ana\",\"k cleo\"]",
				       "[\"k dan\",\"k cleo\"]",
				       "[\"k dan\",\"k eve\"]" };

static enum err keys(struct ctx *c, void *of, int64_t version, const struct json **out)
{
	const char *const *texts = of;
	struct json *j;

	TRY(json_parse(c, span_str(texts[version]), &j));
	*out = j;
	return ERR_OK;
}

/* The chain for a signer whose row began at that version, as digits. */
static void chain_of(struct ctx *c, int64_t begun, const char *expected)
{
	struct chain_source src = { .of = (void *)(uintptr_t)signers, .keys = keys };
	bool needed[8] = { false };
	struct json *rows;
	char digits[16] = "";
	size_t n = 0;

	assert_int_equal(json_parse(c, span_str(rows_text), &rows), ERR_OK);
	needed[begun] = true;
	assert_int_equal(chain_close(c, rows, &src, needed, 7), ERR_OK);
	for (unsigned v = 2; v <= 7; v++)
		if (needed[v])
			digits[n++] = (char)('0' + v);
	assert_string_equal(digits, expected);
}

static void test_closure(void **state)
{
	CTX_SCOPED struct ctx c = { 0 };

	(void)state;
	assert_int_equal(ctx_begin(&c, 1 << 20), ERR_OK);
	chain_of(&c, 1, "");
	chain_of(&c, 2, "2");
	chain_of(&c, 3, "3");
	chain_of(&c, 4, "24");
	chain_of(&c, 6, "246");
	chain_of(&c, 7, "2467");
}

/* A document signed by a key that had no row then proves nothing: it is an error, not a gap. */
static void test_foreign_signer(void **state)
{
	const char *const bad[][2] = { { "[\"k eve\",\"k ana\"]", "not begun" },
				       { "[\"k ben\",\"k ana\"]", "ended" },
				       { "[\"k zoe\",\"k ana\"]", "unknown" } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		CTX_SCOPED struct ctx c = { 0 };
		const char *texts[8] = { NULL,       NULL,       signers[2], signers[3],
					 signers[4], signers[5], bad[i][0],  signers[7] };
		struct chain_source src = { .of = texts, .keys = keys };
		bool needed[8] = { [6] = true };
		struct json *rows;

		assert_int_equal(ctx_begin(&c, 1 << 20), ERR_OK);
		assert_int_equal(json_parse(&c, span_str(rows_text), &rows), ERR_OK);
		if (chain_close(&c, rows, &src, needed, 7) != ERR_FORMAT)
			fail_msg("a signer that is %s was taken", bad[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_closure),
					    cmocka_unit_test(test_foreign_signer) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
