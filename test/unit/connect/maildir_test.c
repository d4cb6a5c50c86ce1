/*
 * The Maildir connector on small stores: what is selected, what is named instead of read, and what
 * happens to an item between plan and read; by one thread and by two.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "connect_test.h"

#include <stdatomic.h>
#include <sys/syscall.h>

#include "base/halves.h"

#define DATED(text) "Date: " text "\nFrom: a@b.org\n\nbody\n"

static void opened_plan(struct fixture *f, struct opened *o)
{
	o->store = store_in(f);
	assert_int_equal(o->store.connector->open(&f->c, &o->store, &o->line, &o->s), ERR_OK);
	assert_int_equal(o->s->problem.n, 0);
	assert_int_equal(o->s->connector->plan(&f->c, o->s, &o->p), ERR_OK);
}

static void opened_close(struct opened *o)
{
	o->s->connector->close(&o->s);
	assert_null(o->s);
}

static void expect_item(struct fixture *f, struct opened *o, size_t i, const char *path)
{
	struct span got;

	assert_true(i < o->p.count);
	assert_int_equal(o->s->connector->path(&f->c, o->s, &o->p, plan_item(&o->p, i), &got),
			 ERR_OK);
	assert_int_equal(got.n, strlen(path));
	assert_memory_equal(got.p, path, got.n);
}

static void selects_by_delivery(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	maildir(f, "alice");
	maildir(f, "alice/.Sent");
	maildir(f, "alice/.Archive.2020");
	folder(f, "alice/.sieve");
	file_at(f, "alice/.dovecot", "", 5);
	file_at(f, "alice/cur/3.x:2,S", "three", 30);
	file_at(f, "alice/new/1.x", "one", 10);
	file_at(f, "alice/cur/2.x:2,", "", 20);
	file_at(f, "alice/tmp/9.x", "never", 20);
	file_at(f, "alice/cur/.hidden", "never", 20);
	file_at(f, "alice/.Sent/cur/5.x:2,RS", "five", 39);
	file_at(f, "alice/.Archive.2020/new/4.x", "four", 10);
	file_at(f, "alice/.Archive.2020/new/6.x", "six", 40);
	o.line.from_utc = 10;
	o.line.until_utc = 40;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 5);
	assert_int_equal(o.p.bytes, 4 + 3 + 0 + 5 + 4);
	expect_item(f, &o, 0, ".Archive.2020/new/4.x");
	expect_item(f, &o, 1, "new/1.x");
	expect_item(f, &o, 2, "cur/2.x:2,");
	expect_item(f, &o, 3, "cur/3.x:2,S");
	expect_item(f, &o, 4, ".Sent/cur/5.x:2,RS");
	assert_true(span_is(plan_source_id(&o.p, plan_item(&o.p, 3)), "3.x"));
	assert_true(span_is(o.p.folder[plan_item(&o.p, 1)->folder], "INBOX"));
	assert_int_equal(o.p.unreadable.count, 0);
	opened_close(&o);
}

static void selects_by_header(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	maildir(f, "alice");
	file_at(f, "alice/cur/1.x:2,", DATED("Thu, 1 Jan 1970 00:00:10 +0000"), 999);
	file_at(f, "alice/cur/2.x:2,", DATED("Thu, 1 Jan 1970 01:00:20 +0100"), 999);
	file_at(f, "alice/cur/3.x:2,", DATED("no day at all"), 999);
	file_at(f, "alice/cur/4.x:2,", "From: a@b.org\n\nDate: Thu, 1 Jan 1970 00:00:10 +0000\n",
		10);
	o.line.meaning = DATE_BY_HEADER;
	o.line.from_utc = 10;
	o.line.until_utc = 20;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 3);
	assert_int_equal(o.p.undated, 2);
	expect_item(f, &o, 0, "cur/1.x:2,");
	expect_item(f, &o, 1, "cur/3.x:2,");
	expect_item(f, &o, 2, "cur/4.x:2,");
	assert_int_equal(plan_item(&o.p, 1)->date_utc, DATE_UNKNOWN);
	opened_close(&o);
}

/* More than are looked at, or dated, in one round; every third has no date, each tenth is out. */
static void selects_among_many(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char name[64], text[128];
	int want = 0;

	maildir(f, "alice");
	for (int i = 0; i < 2500; i++) {
		snprintf(name, sizeof name, "alice/cur/%04d.x", i);
		snprintf(text, sizeof text, "Date: Thu, 1 Jan 1970 00:%02d:%02d +0000\n\n", i / 60,
			 i % 60);
		file_at(f, name, i % 3 ? text : "From: a@b.org\n\n", i % 10 ? 5 : 99999);
		want += i % 3 == 0 || (i >= 100 && i < 2400);
	}
	o.line.meaning = DATE_BY_HEADER;
	o.line.from_utc = 100;
	o.line.until_utc = 2400;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, want);
	assert_int_equal(o.p.undated, 834);
	opened_close(&o);
	o.line.meaning = DATE_BY_DELIVERY;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 0);
	opened_close(&o);
	o.line.from_utc = 5;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 2250);
	for (size_t i = 0; i < o.p.count; i++) {
		int number = (int)i / 9 * 10 + (int)i % 9 + 1;

		snprintf(name, sizeof name, "cur/%04d.x", number);
		expect_item(f, &o, i, name);
	}
	opened_close(&o);
}

static void takes_named_folders_only(void **state)
{
	struct fixture *f = *state;
	struct span folders[] = { SPAN("Sent"), SPAN("INBOX"), SPAN("Sent") };
	struct opened o = { .line = line_of("alice") };
	struct source *s;

	maildir(f, "alice");
	maildir(f, "alice/.Sent");
	maildir(f, "alice/.Drafts");
	file_at(f, "alice/cur/1.x", "1", 1);
	file_at(f, "alice/.Sent/cur/2.x", "2", 1);
	file_at(f, "alice/.Drafts/cur/3.x", "3", 1);
	o.line.all_folders = false;
	o.line.folders = folders;
	o.line.folder_count = 3;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 2);
	assert_int_equal(o.s->connector->fds(o.s, NULL, 0), 4);
	opened_close(&o);
	folders[2] = SPAN("Sentt");
	assert_int_equal(o.store.connector->open(&f->c, &o.store, &o.line, &s), ERR_OK);
	assert_true(span_is(s->problem, "there is no folder Sentt"));
	s->connector->close(&s);
	folders[2] = SPAN("./cur");
	assert_int_equal(o.store.connector->open(&f->c, &o.store, &o.line, &s), ERR_OK);
	assert_true(span_starts(s->problem, "there is no folder"));
	s->connector->close(&s);
}

static void no_account_is_a_problem(void **state)
{
	struct fixture *f = *state;
	struct store store = store_in(f);
	struct demand_line line = line_of("nobody");
	struct source *s;

	assert_int_equal(store.connector->open(&f->c, &store, &line, &s), ERR_OK);
	assert_int_equal(s->account.n, 0);
	assert_true(span_is(s->problem, "there is no such account in this store"));
	s->connector->close(&s);
	folder(f, "nobody");
	assert_int_equal(store.connector->open(&f->c, &store, &line, &s), ERR_OK);
	assert_true(span_starts(s->problem, "this is no Maildir"));
	s->connector->close(&s);
}

static void names_what_is_no_file(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	maildir(f, "alice");
	file_at(f, "alice/cur/1.x", DATED("Thu, 1 Jan 1970 00:00:10 +0000"), 1);
	assert_int_equal(mkfifo(at(f, "alice/cur/2.x"), 0600), 0);
	assert_int_equal(symlink("1.x", at(f, "alice/cur/3.x")), 0);
	folder(f, "alice/new/4.x");
	assert_int_equal(symlink("cur", at(f, "alice/.Linked")), 0);
	o.line.meaning = DATE_BY_HEADER;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 1);
	assert_int_equal(o.p.unreadable.count, 4);
	assert_true(span_is(o.p.unreadable.first->folder, "Linked"));
	assert_true(span_is(o.p.unreadable.first->why, "a symbolic link"));
	for (struct unreadable *u = o.p.unreadable.first->next; u; u = u->next)
		assert_true(span_is(u->why, span_is(u->source_id, "2.x")   ? "a named pipe"
					    : span_is(u->source_id, "3.x") ? "a symbolic link"
									   : "a folder"));
	opened_close(&o);
}

/* A rename (flags, new to cur) neither loses nor doubles an item. */
static void follows_renames(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char text[64];

	maildir(f, "alice");
	file_at(f, "alice/new/1.x", "one", 1);
	file_at(f, "alice/cur/2.x:2,", "two", 2);
	file_at(f, "alice/cur/3.x:2,", "three", 3);
	opened_plan(f, &o);
	assert_int_equal(rename(at(f, "alice/new/1.x"), at(f, "alice/cur/1.x:2,S")), 0);
	assert_int_equal(rename(at(f, "alice/cur/2.x:2,"), at(f, "alice/cur/2.x:2,RST")), 0);
	assert_int_equal(read_all(f, &o, 0, 4096, text), ERR_OK);
	assert_string_equal(text, "one");
	expect_item(f, &o, 0, "cur/1.x:2,S");
	assert_int_equal(read_all(f, &o, 1, 1, text), ERR_OK);
	assert_string_equal(text, "two");
	assert_int_equal(read_all(f, &o, 2, 5, text), ERR_OK);
	assert_string_equal(text, "three");
	opened_close(&o);
}

static void same_name_twice(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	maildir(f, "alice");
	/* One file seen twice is one item; two files are two, whatever their names say. */
	file_at(f, "alice/new/1.x", "one", 1);
	assert_int_equal(link(at(f, "alice/new/1.x"), at(f, "alice/cur/1.x:2,S")), 0);
	file_at(f, "alice/cur/2.x:2,S", "two", 2);
	file_at(f, "alice/cur/2.x:2,RS", "deux", 2);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 3);
	assert_int_equal(o.p.bytes, 3 + 3 + 4);
	opened_close(&o);
}

static void notices_changes(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char text[64];

	maildir(f, "alice");
	file_at(f, "alice/cur/1.x", "one", 1);
	file_at(f, "alice/cur/2.x", "two", 2);
	file_at(f, "alice/cur/3.x", "three", 3);
	file_at(f, "alice/cur/4.x", "four", 4);
	file_at(f, "alice/cur/5.x", "five", 5);
	opened_plan(f, &o);
	file_at(f, "alice/cur/1.x", "oneandmore", 1);
	file_at(f, "alice/cur/2.x", "t", 2);
	assert_int_equal(unlink(at(f, "alice/cur/3.x")), 0);
	file_at(f, "alice/cur/4.x", "4444", 44);
	file_at(f, "alice/cur/other", "five", 5);
	assert_int_equal(rename(at(f, "alice/cur/other"), at(f, "alice/cur/5.x")), 0);
	expect(&f->c, read_all(f, &o, 0, 4096, text), ERR_DEGRADED, "it grew");
	expect(&f->c, read_all(f, &o, 1, 4096, text), ERR_DEGRADED, "it shrank");
	expect(&f->c, read_all(f, &o, 2, 4096, text), ERR_DEGRADED, "it vanished");
	expect(&f->c, read_all(f, &o, 3, 4096, text), ERR_DEGRADED, "it was written to");
	expect(&f->c, read_all(f, &o, 4, 4096, text), ERR_DEGRADED, "it was replaced");
	opened_close(&o);
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A hundred items: what was opened ahead is still the item, and looked at when it is its turn. */
static void reads_ahead(void **state)
{
	static const int jumps[] = { 0, 99, 40, 41, 80, 3, 70, 99 };
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char name[64], other[64], text[64], want[64];
	int before = open_descriptors();

	maildir(f, "alice");
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "alice/new/%02d.x", i);
		snprintf(text, sizeof text, "item %d", i);
		file_at(f, name, text, i);
	}
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 100);
	assert_int_equal(read_all(f, &o, 0, 100, text), ERR_OK);
	assert_in_range(open_descriptors() - before, 20, 40);
	/* 10 and 60 are renamed, 11 and 61 grow, 12 and 62 are replaced, 13 and 63 vanish: the
	 * first of each is open already. */
	for (int i = 10; i <= 60; i += 50) {
		snprintf(name, sizeof name, "alice/new/%02d.x", i);
		snprintf(other, sizeof other, "alice/cur/%02d.x:2,S", i);
		assert_int_equal(rename(at(f, name), at(f, other)), 0);
		snprintf(name, sizeof name, "alice/new/%02d.x", i + 1);
		file_at(f, name, "much longer than it was", i + 1);
		snprintf(name, sizeof name, "alice/new/%02d.x", i + 2);
		file_at(f, "alice/new/other", "item 2", i + 2);
		assert_int_equal(rename(at(f, "alice/new/other"), at(f, name)), 0);
		snprintf(name, sizeof name, "alice/new/%02d.x", i + 3);
		assert_int_equal(unlink(at(f, name)), 0);
	}
	for (size_t i = 1; i < 100; i++) {
		enum err e = read_all(f, &o, i, 3, text);

		snprintf(want, sizeof want, "item %zu", i);
		if (i == 11 || i == 61)
			expect(&f->c, e, ERR_DEGRADED, "it grew");
		else if (i == 62)
			expect(&f->c, e, ERR_DEGRADED, "it was replaced");
		else if (i == 63)
			expect(&f->c, e, ERR_DEGRADED, "it vanished");
		else
			assert_int_equal(e, ERR_OK);
		if (e == ERR_OK)
			assert_string_equal(text, want);
	}
	for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
		assert_int_equal(read_all(f, &o, (size_t)jumps[i], 100, text), ERR_OK);
		snprintf(want, sizeof want, "item %d", jumps[i]);
		assert_string_equal(text, want);
	}
	opened_close(&o);
	assert_int_equal(open_descriptors(), before);
}

static void notices_changes_while_reading(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	unsigned char p[16];
	size_t n;

	maildir(f, "alice");
	file_at(f, "alice/cur/1.x", "one two three", 1);
	file_at(f, "alice/cur/2.x", "one two three", 1);
	opened_plan(f, &o);
	assert_int_equal(o.s->connector->begin(&f->c, o.s, &o.p, 0), ERR_OK);
	assert_int_equal(o.s->connector->read(&f->c, o.s, p, 4, &n), ERR_OK);
	file_at(f, "alice/cur/1.x", "one two", 1);
	expect(&f->c, o.s->connector->read(&f->c, o.s, p, 16, &n), ERR_DEGRADED, "it shrank while");
	assert_int_equal(o.s->connector->begin(&f->c, o.s, &o.p, 1), ERR_OK);
	assert_int_equal(o.s->connector->read(&f->c, o.s, p, 4, &n), ERR_OK);
	file_at(f, "alice/cur/2.x", "one two three and more", 1);
	assert_int_equal(o.s->connector->read(&f->c, o.s, p, 16, &n), ERR_OK);
	expect(&f->c, o.s->connector->read(&f->c, o.s, p, 16, &n), ERR_DEGRADED, "it grew while");
	opened_close(&o);
}

static int two_open(void **state)
{
	struct fixture *f;

	assert_int_equal(fixture_open(state), 0);
	f = *state;
	return halves_open(&f->c, &f->c.halves) == ERR_OK ? 0 : -1;
}

static int two_close(void **state)
{
	struct fixture *f = *state;

	halves_close(&f->c.halves);
	return fixture_close(state);
}

/* Files that are listed and not found under that name: so many looks, on whatever thread. */
static atomic_int gone;

int fstatat(int dir, const char *name, struct stat *st, int flags)
{
	if (atomic_load(&gone) > 0 && atomic_fetch_sub(&gone, 1) > 0) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_newfstatat, dir, name, st, flags);
}

/* More renames than a scan keeps in mind: it begins again. */
static void very_many_are_renamed(void **state)
{
	enum { MANY = 4096 + 50 };
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char name[32];

	maildir(f, "alice");
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "alice/cur/%d", i);
		file_at(f, name, "x", 10);
	}
	atomic_store(&gone, MANY);
	opened_plan(f, &o);
	assert_true(atomic_load(&gone) <= 0);
	assert_int_equal(o.p.unreadable.count, 0);
	assert_int_equal(o.p.count, MANY);
	opened_close(&o);
}

static void as_many_folders_as_there_may_be(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char name[32];

	maildir(f, "alice");
	for (unsigned i = 1; i < FOLDERS_MAX; i++) {
		snprintf(name, sizeof name, "alice/.%u", i);
		folder(f, name);
	}
	opened_plan(f, &o);
	assert_int_equal(o.p.folder_count, 1);  /* the others hold nothing */
	opened_close(&o);
	folder(f, "alice/.more");
	expect(&f->c, o.store.connector->open(&f->c, &o.store, &o.line, &o.s), ERR_LIMIT,
	       "more than 4096 folders");
}

int main(void)
{
	struct CMUnitTest tests[] = {
		TEST(selects_by_delivery),
		TEST(selects_by_header),
		TEST(selects_among_many),
		TEST(takes_named_folders_only),
		TEST(no_account_is_a_problem),
		TEST(names_what_is_no_file),
		TEST(follows_renames),
		TEST(same_name_twice),
		TEST(notices_changes),
		TEST(reads_ahead),
		TEST(notices_changes_while_reading),
		TEST(very_many_are_renamed),
		TEST(as_many_folders_as_there_may_be),
	};

	int failed = cmocka_run_group_tests_name("one thread", tests, NULL, NULL);

	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		tests[i].setup_func = two_open;
		tests[i].teardown_func = two_close;
	}
	return failed + cmocka_run_group_tests_name("two threads", tests, NULL, NULL);
}
