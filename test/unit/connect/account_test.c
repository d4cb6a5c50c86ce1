/*
 * Accounts: a name can mean one folder only, and that folder lies where the template says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect_test.h"

#include "connect/account.h"

static void parts(void **state)
{
	char longest[ACCOUNT_PART_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof longest);
	assert_true(account_part_ok(SPAN("alice")));
	assert_true(account_part_ok(SPAN("a.b_c+d=e-9")));
	assert_true(account_part_ok(span_of(longest, ACCOUNT_PART_MAX)));
	assert_false(account_part_ok(span_of(longest, ACCOUNT_PART_MAX + 1)));
	assert_false(account_part_ok(SPAN("")));
	assert_false(account_part_ok(SPAN(".alice")));
	assert_false(account_part_ok(SPAN("..")));
	assert_false(account_part_ok(SPAN("a/b")));
	assert_false(account_part_ok(SPAN("a b")));
	assert_false(account_part_ok(SPAN("a\0b")));
	assert_false(account_part_ok(SPAN("\xc3\xa9")));
}

static void splits_templates(void **state)
{
	struct span dir, rest;

	(void)state;
	template_split(SPAN("/var/vmail/{domain}/u-{local}/Maildir"), &dir, &rest);
	assert_true(span_is(dir, "/var/vmail") && span_is(rest, "{domain}/u-{local}/Maildir"));
	template_split(SPAN("/{account}"), &dir, &rest);
	assert_true(span_is(dir, "/") && span_is(rest, "{account}"));
}

static struct span resolved(struct fixture *f, const struct store *s, const char *target,
			    const char *problem)
{
	struct span account, why;

	assert_int_equal(account_resolve(&f->c, s, span_str(target), &account, &why), ERR_OK);
	assert_true((account.n == 0) == (why.n != 0));
	if (problem)
		assert_non_null(strstr((const char *)why.p, problem));
	else
		assert_int_equal(why.n, 0);
	return account;
}

static void resolves(void **state)
{
	struct fixture *f = *state;
	struct store s = store_in(f);

	assert_true(span_is(resolved(f, &s, "alice", NULL), "alice"));
	assert_true(span_is(resolved(f, &s, "alice@b.org", NULL), "alice@b.org"));
	resolved(f, &s, "alice@b@c", "cannot be the name");
	resolved(f, &s, "../alice", "cannot be the name");
	resolved(f, &s, "@b.org", "cannot be the name");
	resolved(f, &s, "alice@", "cannot be the name");
	s.path = SPAN("/m/{domain}/{local}");
	resolved(f, &s, "alice", "without its domain");
	/* A store of one domain: the account is the same one with and without it. */
	s.domain = SPAN("b.org");
	assert_true(span_is(resolved(f, &s, "alice", NULL), "alice@b.org"));
	assert_true(span_is(resolved(f, &s, "alice@b.org", NULL), "alice@b.org"));
	resolved(f, &s, "alice@c.org", "another domain");
}

static void reads_aliases(void **state)
{
	struct fixture *f = *state;
	struct store s = store_in(f);
	struct span account, why;

	s.aliases = span_str(at(f, "aliases"));
	file_at(f, "aliases", "# names\n\nsales@b.org: alice@b.org\n info : alice@b.org\n", 0);
	assert_true(span_is(resolved(f, &s, "sales@b.org", NULL), "alice@b.org"));
	assert_true(span_is(resolved(f, &s, "info", NULL), "alice@b.org"));
	assert_true(span_is(resolved(f, &s, "bob", NULL), "bob"));
	file_at(f, "aliases", "a: alice\nno colon\n", 0);
	expect(&f->c, account_resolve(&f->c, &s, SPAN("x"), &account, &why), ERR_FORMAT,
	       "line 2: it must be");
	file_at(f, "aliases", "a: alice\na: bob\n", 0);
	expect(&f->c, account_resolve(&f->c, &s, SPAN("a"), &account, &why), ERR_FORMAT,
	       "stands twice");
	s.aliases = span_str(at(f, "missing"));
	expect(&f->c, account_resolve(&f->c, &s, SPAN("a"), &account, &why), ERR_NOT_FOUND,
	       "does not exist");
}

static void opens_beneath_only(void **state)
{
	struct fixture *f = *state;
	struct store s = store_in(f);
	struct span problem;
	int fd;

	folder(f, "alice");
	folder(f, "bob");
	assert_int_equal(symlink("bob", at(f, "link")), 0);
	assert_int_equal(
		account_open(&f->c, &s, SPAN("alice"), O_RDONLY | O_DIRECTORY, &fd, &problem),
		ERR_OK);
	assert_true(fd >= 0 && problem.n == 0);
	close(fd);
	assert_int_equal(
		account_open(&f->c, &s, SPAN("carol"), O_RDONLY | O_DIRECTORY, &fd, &problem),
		ERR_OK);
	assert_true(fd < 0 && problem.n == 0);
	/* Another account by a link would be the wrong person's mail. */
	assert_int_equal(
		account_open(&f->c, &s, SPAN("link"), O_RDONLY | O_DIRECTORY, &fd, &problem),
		ERR_OK);
	assert_true(fd < 0);
	assert_non_null(strstr((const char *)problem.p, "symbolic link"));
	/* Even if the check of names were gone. */
	assert_int_equal(
		account_open(&f->c, &s, SPAN("../bob"), O_RDONLY | O_DIRECTORY, &fd, &problem),
		ERR_OK);
	assert_true(fd < 0 && problem.n != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts),
		TEST(splits_templates),
		TEST(resolves),
		TEST(reads_aliases),
		TEST(opens_beneath_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
