/*
 * What the person who checks brings along: a policy or identity that is none is wrong usage.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../test.h"

#include "verify/given.h"

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POLICY(version, log)                                                                       \
	"{\"policy_version\":" version                                                             \
	",\"provider\":\"P\",\"document_key\":\"ssh-ed25519 AAAA\","                               \
	"\"founding_sha256\":\"" HASH "\",\"seal_certificates\":[\"" HASH "\"],"                   \
	"\"tsa_certificates\":[],\"tlog_policy\":\"" log "\"}"
#define LOG "log L+00000000+AA==\\nquorum none\\n"

/* A path under which these bytes can be opened; *fd is to be closed. */
static const char *file_of(struct ctx *c, struct span s, int *fd)
{
	char *path;

	ok(c, memfd_of(c, "given", s, fd));
	ok(c, path_fmt(c, &path, "/proc/self/fd/%d", *fd));
	return path;
}

static void test_policy(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "no policy" },
		{ "[]", "no object" },
		{ "{}", "policy_version" },
		{ POLICY("2", LOG), "only 1 is known" },
		{ POLICY("1", "log L+00000000+AA==\\n"), "tlog_policy" },
		{ POLICY("1", "log L+00000000+AA==\\nquorum all\\n"), "tlog_policy" },
		{ POLICY("1", LOG "witness w k\\n"), "tlog_policy" },
		{ POLICY("1", "LOG x\\nquorum none\\n"), "tlog_policy" },
	};
	CTX(c);
	const struct policy *p;
	const char *path;
	int fd = -1;
	(void)state;

	ok(&c, given_policy(&c, NULL, &p));
	assert_null(p);
	refused(&c, ERR_NOT_FOUND, "does not exist", given_policy(&c, "/nonexistent/policy", &p));
	path = file_of(&c, SPAN(POLICY("1", LOG)), &fd);
	ok(&c, given_policy(&c, path, &p));
	fd_close(&fd);
	assert_true(span_is(p->log_vkey, "L+00000000+AA==") && span_is(p->provider, "P") &&
		    p->founding.b[0] == 0x01);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		path = file_of(&c, span_str(bad[i].text), &fd);
		refused(&c, ERR_USAGE, bad[i].words, given_policy(&c, path, &p));
		assert_null(p);
		fd_close(&fd);
	}
}

static void test_identities(void **state)
{
	CTX(c);
	struct age_identity *ids, made;
	struct span text, file;
	const char *path;
	size_t n;
	int fd = -1;
	(void)state;

	ok(&c, given_identities(&c, NULL, &ids, &n));
	assert_int_equal(n, 0);
	ok(&c, age_identity_make(&c, &made));
	ok(&c, age_identity_text(&c, &made, &text));
	ok(&c, span_fmt(&c, &file, "# comment\n\n%.*s\n%.*s\r\n", SPAN_ARG(text), SPAN_ARG(text)));
	path = file_of(&c, file, &fd);
	ok(&c, given_identities(&c, path, &ids, &n));
	fd_close(&fd);
	assert_int_equal(n, 2);
	assert_memory_equal(ids[1].key, made.key, sizeof made.key);
	path = file_of(&c, SPAN("# nothing\n"), &fd);
	refused(&c, ERR_USAGE, "AGE-SECRET-KEY-1", given_identities(&c, path, &ids, &n));
	fd_close(&fd);
	path = file_of(&c, span_cut(text, 0, text.n - 1), &fd);
	refused(&c, ERR_USAGE, "no file of age identities", given_identities(&c, path, &ids, &n));
	fd_close(&fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
