/*
 * The mbox connector on small files: what is selected, what is named instead of read, locks, and
 * what happens to a file between plan and read. SPDX-License-Identifier: Apache-2.0
 */
#include "connect_test.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "format/date.h"

#define A "From a Thu Jan  1 00:00:10 1970\n"
#define B "From b Thu Jan  1 00:00:20 1970\n"
#define C_ "From c Thu Jan  1 00:00:30 1970\n"

static void opened_open(struct fixture *f, struct opened *o)
{
	o->store.name = SPAN("main");
	o->store.kind = SPAN("mbox");
	o->store.connector = connector_find(SPAN("mbox"));
	o->store.path = span_str(at(f, "{account}"));
	o->store.categories = CATEGORY_CONTENT_COMM | CATEGORY_MSG_META;
	assert_int_equal(o->store.connector->open(&f->c, &o->store, &o->line, &o->s), ERR_OK);
}

static void opened_plan(struct fixture *f, struct opened *o)
{
	opened_open(f, o);
	assert_int_equal(o->s->problem.n, 0);
	assert_int_equal(o->s->connector->plan(&f->c, o->s, &o->p), ERR_OK);
}

static void opened_close(struct opened *o)
{
	o->s->connector->close(&o->s);
	assert_null(o->s);
}

static void expect_problem(struct fixture *f, struct opened *o, const char *words)
{
	opened_open(f, o);
	assert_true(o->s->problem.n);
	assert_non_null(memmem(o->s->problem.p, o->s->problem.n, words, strlen(words)));
	opened_close(o);
}

/* The only thing that could not be read. */
static void expect_unreadable(struct opened *o, const char *folder, const char *words)
{
	const struct unreadable *u = o->p.unreadable.first;

	assert_int_equal(o->p.unreadable.count, 1);
	assert_true(span_is(u->folder, folder));
	if (!memmem(u->why.p, u->why.n, words, strlen(words)))
		fail_msg("'%s' is not in '%.*s'", words, SPAN_ARG(u->why));
}

static void expect_item(struct fixture *f, struct opened *o, size_t i, const char *path,
			const char *from_line, const char *text)
{
	char got[8192];
	struct span s;

	assert_true(i < o->p.count);
	assert_int_equal(o->s->connector->path(&f->c, o->s, &o->p, plan_item(&o->p, i), &s),
			 ERR_OK);
	assert_true(span_is(s, path));
	assert_true(span_is(o->s->connector->from_line(&o->p, plan_item(&o->p, i)), from_line));
	assert_int_equal(plan_item(&o->p, i)->bytes, strlen(text));
	assert_int_equal(read_all(f, o, i, 4096, got), ERR_OK);
	assert_string_equal(got, text);
	assert_int_equal(read_all(f, o, i, 1, got), ERR_OK);
	assert_string_equal(got, text);
}

/* ---- selecting ---- */

static void selects_from_a_file(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", B "two\n\n" A "one\n\n" C_ "three\n\nFrom here on\nno date\n", 5);
	o.line.from_utc = 10;
	o.line.until_utc = 30;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 3);
	assert_int_equal(o.p.undated, 1);
	assert_int_equal(o.p.bytes, 8);
	assert_true(span_is(o.p.folder[0], "INBOX"));
	expect_item(f, &o, 0, "INBOX/000000000037", "From a Thu Jan  1 00:00:10 1970", "one\n");
	expect_item(f, &o, 1, "INBOX/000000000000", "From b Thu Jan  1 00:00:20 1970", "two\n");
	expect_item(f, &o, 2, "INBOX/000000000113", "From here on", "no date\n");
	assert_int_equal(plan_item(&o.p, 2)->delivery_utc, DATE_UNKNOWN);
	assert_int_equal(o.s->connector->fds(o.s, NULL, 0), 0);
	assert_int_equal(o.p.unreadable.count, 0);
	opened_close(&o);
}

static void selects_by_header(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice",
		A "Date: Thu, 1 Jan 1970 01:00:20 +0100\n\n1\n\n"
		B "Subject: none\n\nDate: Thu, 1 Jan 1970 00:00:20 +0000\n\n"
		C_ "Date: Thu, 1 Jan 1970 00:00:10 +0000\n", 5);
	o.line.meaning = DATE_BY_HEADER;
	o.line.from_utc = 20;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 2);
	assert_int_equal(plan_item(&o.p, 0)->date_utc, 20);
	assert_int_equal(plan_item(&o.p, 0)->delivery_utc, 10);
	assert_int_equal(plan_item(&o.p, 1)->date_utc, DATE_UNKNOWN);
	opened_close(&o);
}

static void folders_are_files(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	struct span folders[] = { SPAN("work/2020"), SPAN("INBOX"), SPAN("INBOX") };

	folder(f, "alice");
	folder(f, "alice/work");
	folder(f, "alice/.imap");
	file_at(f, "alice/INBOX", A "1\n", 5);
	file_at(f, "alice/Sent", "", 5);
	file_at(f, "alice/work/2020", B "2\n", 5);
	file_at(f, "alice/.subscriptions", "never", 5);
	file_at(f, "alice/.imap/never", "never", 5);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 2);
	assert_int_equal(o.p.folder_count, 3);
	assert_int_equal(o.p.unreadable.count, 0);
	expect_item(f, &o, 0, "INBOX/000000000000", "From a Thu Jan  1 00:00:10 1970", "1\n");
	expect_item(f, &o, 1, "work/2020/000000000000", "From b Thu Jan  1 00:00:20 1970", "2\n");
	opened_close(&o);
	o.line.all_folders = false;
	o.line.folders = folders;
	o.line.folder_count = 3;
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 2);
	assert_int_equal(o.p.folder_count, 2);
	opened_close(&o);
	for (size_t i = 0; i < 6; i++) {
		folders[0] = span_str((const char *const[]){ "Trash", "../bob", "work/../Sent",
							     "/etc/passwd", ".subscriptions",
							     "INBOX.lock" }[i]);
		expect_problem(f, &o, "there is no folder");
	}
}

static void no_account_is_a_problem(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("nobody") };
	struct span sent = SPAN("Sent");

	expect_problem(f, &o, "there is no such account");
	folder(f, "nobody");
	expect_problem(f, &o, "it holds none");
	assert_int_equal(mkfifo(at(f, "pipe"), 0600), 0);
	o.line.target = SPAN("pipe");
	expect_problem(f, &o, "a named pipe");
	file_at(f, "alice", A, 5);
	assert_int_equal(symlink("alice", at(f, "link")), 0);
	o.line.target = SPAN("link");
	expect_problem(f, &o, "a symbolic link");
	o.line = line_of("alice");
	o.line.all_folders = false;
	o.line.folders = &sent;
	o.line.folder_count = 1;
	expect_problem(f, &o, "there is no folder Sent");
}

static void names_what_is_no_mbox(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	folder(f, "alice");
	file_at(f, "alice/good", A "1\n", 5);
	file_at(f, "alice/index", "this is\n\nno mbox\n", 5);
	assert_int_equal(mkfifo(at(f, "alice/pipe"), 0600), 0);
	assert_int_equal(symlink("good", at(f, "alice/link")), 0);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 1);
	assert_int_equal(o.p.unreadable.count, 3);
	for (struct unreadable *u = o.p.unreadable.first; u; u = u->next)
		assert_true(span_starts(u->why, span_is(u->folder, "pipe") ? "a named pipe"
						: span_is(u->folder, "link")
							? "a symbolic link"
							: "it does not begin "
							  "with a From_ line: "
							  "its first 17 bytes"));
	opened_close(&o);
}

/* Names as long as a file system takes them, in folders as deep as they are followed. */
static void takes_the_longest_names(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char path[4096] = "alice", part[256];

	memset(part, 'x', sizeof part - 1);
	part[sizeof part - 1] = 0;
	folder(f, path);
	for (int depth = 0; depth < 8; depth++) {
		strcat(path, "/");
		strcat(path, part);
		folder(f, path);
	}
	strcat(path, "/");
	for (int i = 0; i < 3; i++) {
		part[0] = (char)('a' + i);
		file_at(f, strcat(path, part), A "1\n", 5);
		path[strlen(path) - strlen(part)] = 0;
	}
	opened_plan(f, &o);
	assert_int_equal(o.p.unreadable.count, 0);
	assert_int_equal(o.p.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(o.p.folder[i].n, 9 * 255 + 8);
		assert_int_equal(o.p.folder[i].p[8 * 256], 'a' + i);
	}
	opened_close(&o);
}

static void names_what_lies_too_deep(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char path[64] = "alice";

	folder(f, path);
	for (int depth = 0; depth < 9; depth++)
		folder(f, strcat(path, "/d"));
	file_at(f, strcat(path, "/box"), A "1\n", 5);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 0);
	expect_unreadable(&o, "d/d/d/d/d/d/d/d/d", "a folder");
	opened_close(&o);
}

/* ---- a store in use ---- */

/* Waiting for a lock, here without time: what another program does meanwhile happens in it. */
static unsigned waits;
static struct fixture *delivered_to;

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	(void)fds, (void)n, (void)ms;
	if (++waits == 3 && delivered_to) {
		file_at(delivered_to, "alice", A "1\n\n" B "half\n\n", 5);
		assert_int_equal(unlink(at(delivered_to, "alice.lock")), 0);
	}
	return 0;
}

/* A file system that cannot tell of locks. */
static bool locks_unknown;

int fcntl(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	if (locks_unknown && cmd == F_OFD_GETLK) {
		errno = ENOLCK;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

static void an_unknown_lock_is_not_no_lock(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", A "1\n", 5);
	locks_unknown = true;
	waits = 0;
	opened_plan(f, &o);
	locks_unknown = false;
	assert_int_equal(o.p.count, 0);
	assert_int_equal(waits, 0);
	expect_unreadable(&o, "INBOX", "does not say whether it is locked");
	opened_close(&o);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 1);
	opened_close(&o);
}

static void waits_for_no_lock(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	struct flock held = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	file_at(f, "alice", A "1\n", 5);
	file_at(f, "alice.lock", "", 5);
	waits = 0;
	opened_plan(f, &o);
	assert_int_equal(waits, 20);
	assert_int_equal(o.p.count, 0);
	expect_unreadable(&o, "INBOX", "locked");
	opened_close(&o);
	assert_int_equal(unlink(at(f, "alice.lock")), 0);
	fd = open(at(f, "alice"), O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &held), 0);
	opened_plan(f, &o);
	expect_unreadable(&o, "INBOX", "locked");
	opened_close(&o);
	held.l_type = F_RDLCK;          /* another reader is no matter */
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &held), 0);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 1);
	assert_int_equal(o.p.unreadable.count, 0);
	/* and takes none itself, from open to close */
	held.l_type = F_WRLCK;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &held), 0);
	assert_int_not_equal(access(at(f, "alice.lock"), F_OK), 0);
	opened_close(&o);
	close(fd);
}

static void locks_of_folders(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	folder(f, "alice");
	file_at(f, "alice/INBOX", A "1\n", 5);
	file_at(f, "alice/Sent", A "2\n", 5);
	file_at(f, "alice/Sent.lock", "", 5);
	opened_plan(f, &o);
	assert_int_equal(o.p.count, 1);
	expect_unreadable(&o, "Sent", "locked");
	opened_close(&o);
}

/* A lock that is given up while it is waited for. */
static void waits_for_a_delivery(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", A "1\n\n" B "ha", 5);
	file_at(f, "alice.lock", "", 5);
	waits = 0;
	delivered_to = f;
	opened_plan(f, &o);
	delivered_to = NULL;
	assert_int_equal(waits, 3);
	assert_int_equal(o.p.unreadable.count, 0);
	expect_item(f, &o, 1, "INBOX/000000000035", "From b Thu Jan  1 00:00:20 1970", "half\n");
	opened_close(&o);
}

static void append(struct fixture *f, const char *name, const char *text)
{
	int fd = open(at(f, name), O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void new_mail_is_not_in_it(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", A "1\n\n", 5);
	opened_open(f, &o);
	append(f, "alice", B "2\n");            /* between opening and planning */
	assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
	assert_int_equal(o.p.count, 1);
	assert_int_equal(o.p.unreadable.count, 0);
	append(f, "alice", "\n" C_ "3\n");      /* and between planning and reading */
	expect_item(f, &o, 0, "INBOX/000000000000", "From a Thu Jan  1 00:00:10 1970", "1\n");
	opened_close(&o);
}

/* What was appended without an empty line is a part of the last item, by the rules. */
static void a_continued_item_is_named(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", A "1\n", 5);
	opened_open(f, &o);
	append(f, "alice", B "2\n");
	assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
	expect_unreadable(&o, "INBOX", "it was rewritten");
	opened_close(&o);
}

static void notices_changes_before_planning(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", A "1\n\n" B "2\n\n", 5);
	opened_open(f, &o);
	file_at(f, "alice", A "1\n\n", 5);
	assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
	expect_unreadable(&o, "INBOX", "it shrank");
	opened_close(&o);
	opened_open(f, &o);
	assert_int_equal(unlink(at(f, "alice")), 0);
	assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
	expect_unreadable(&o, "INBOX", "another file has taken its place");
	opened_close(&o);
}

/* What another program does just before the n-th look at a file. */
static struct fixture *changed_in;
static unsigned looks, change_at;
static void (*change)(struct fixture *f, unsigned look);

int fstat(int fd, struct stat *st)
{
	if (change && (++looks == change_at || change_at == 0))
		change(changed_in, looks);
	return (int)syscall(SYS_fstat, fd, st);
}

static void change_with(struct fixture *f, unsigned at,
			void (*how)(struct fixture *f, unsigned look))
{
	changed_in = f;
	looks = 0;
	change_at = at;
	change = how;
}

static void change_grows(struct fixture *f, unsigned look)
{
	(void)look;
	append(f, "alice", B "2\n\n");
}

/* Three texts in turn, so that no two looks with one between them see the same. */
static void change_rewrites(struct fixture *f, unsigned look)
{
	static const char *const text[] = { A "1\n\n", A "2\n\n", A "3\n\n" };

	file_at(f, "alice", text[look % 3], 5 + look);
}

/* Some programs that deliver take no lock that is seen: at the bound nobody was writing. */
static void grows_while_it_is_opened(void **state)
{
	struct fixture *f = *state;

	for (unsigned n = 1; n <= 4; n++) {
		struct opened o = { .line = line_of("alice") };

		file_at(f, "alice", A "1\n\n", 5);
		change_with(f, n, change_grows);
		opened_open(f, &o);
		assert_true(looks >= n);
		change_with(f, 0, NULL);
		assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
		assert_int_equal(o.p.unreadable.count, 0);
		assert_int_equal(o.p.count, 2);
		opened_close(&o);
	}
}

static void scans_again_what_was_rewritten(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	file_at(f, "alice", A "1\n\n", 5);
	opened_open(f, &o);
	change_with(f, 2, change_rewrites);     /* at the end of the first scan */
	assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
	change_with(f, 0, NULL);
	assert_int_equal(o.p.unreadable.count, 0);
	expect_item(f, &o, 0, "INBOX/000000000000", "From a Thu Jan  1 00:00:10 1970", "3\n");
	opened_close(&o);
	opened_open(f, &o);
	change_with(f, 0, change_rewrites);     /* each time */
	assert_int_equal(o.s->connector->plan(&f->c, o.s, &o.p), ERR_OK);
	change_with(f, 0, NULL);
	expect_unreadable(&o, "", "rewritten during each of five scans");
	opened_close(&o);
}

static void as_many_folders_as_there_may_be(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	struct rlimit files;
	char name[32];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_max < FOLDERS_MAX + 64) {
		print_message("SKIPPED: not enough open files are allowed here\n");
		skip();
	}
	folder(f, "alice");
	for (unsigned i = 0; i < FOLDERS_MAX; i++) {
		snprintf(name, sizeof name, "alice/%u", i);
		file_at(f, name, "", 5);
	}
	opened_open(f, &o);
	assert_int_equal(o.s->problem.n, 0);
	opened_close(&o);
	file_at(f, "alice/more", "", 5);
	expect(&f->c, o.store.connector->open(&f->c, &o.store, &o.line, &o.s), ERR_LIMIT,
	       "more than 4096 folders");
}

static void notices_changes_after_planning(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };
	char text[64];

	file_at(f, "alice", A "one\n\n" B "two\n\n" C_ "three\n\n", 5);
	opened_plan(f, &o);
	/* Same length, same times: only the bytes tell. */
	file_at(f, "alice", A "one\n\n" B "TWO\n\n" C_ "three\n\n", 5);
	assert_int_equal(read_all(f, &o, 0, 4096, text), ERR_OK);
	expect(&f->c, read_all(f, &o, 1, 4096, text), ERR_DEGRADED, "was rewritten");
	expect(&f->c, read_all(f, &o, 1, 1, text), ERR_DEGRADED, "was rewritten");
	assert_int_equal(read_all(f, &o, 2, 4096, text), ERR_OK);
	/* The first one deleted: longer again than it was, yet every item stands elsewhere. */
	file_at(f, "alice", B "two\n\n" C_ "three\n\n" A "new and much longer\n\n", 5);
	expect(&f->c, read_all(f, &o, 0, 4096, text), ERR_DEGRADED, "was rewritten");
	expect(&f->c, read_all(f, &o, 2, 4096, text), ERR_DEGRADED, "was rewritten");
	file_at(f, "alice", A "one\n\n", 5);
	expect(&f->c, read_all(f, &o, 0, 4096, text), ERR_DEGRADED, "it shrank");
	opened_close(&o);
}

/* Whoever asks for the header block alone is told, too. */
static void notices_changes_of_details(void **state)
{
	struct fixture *f = *state;
	struct opened o = { .line = line_of("alice") };

	o.line.category = CATEGORY_MSG_META;
	file_at(f, "alice", A "Subject: a\n\none\n\n" B "two\n\n", 5);
	opened_plan(f, &o);
	assert_int_equal(o.s->connector->begin(&f->c, o.s, &o.p, 0), ERR_OK);
	file_at(f, "alice", A "Subject: a\n\nONE\n\n" B "two\n\n", 5);
	expect(&f->c, o.s->connector->begin(&f->c, o.s, &o.p, 0), ERR_DEGRADED, "was rewritten");
	assert_int_equal(o.s->connector->begin(&f->c, o.s, &o.p, 1), ERR_OK);
	opened_close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(selects_from_a_file),
		TEST(selects_by_header),
		TEST(folders_are_files),
		TEST(no_account_is_a_problem),
		TEST(names_what_is_no_mbox),
		TEST(takes_the_longest_names),
		TEST(names_what_lies_too_deep),
		TEST(an_unknown_lock_is_not_no_lock),
		TEST(waits_for_no_lock),
		TEST(locks_of_folders),
		TEST(waits_for_a_delivery),
		TEST(new_mail_is_not_in_it),
		TEST(a_continued_item_is_named),
		TEST(notices_changes_before_planning),
		TEST(grows_while_it_is_opened),
		TEST(scans_again_what_was_rewritten),
		TEST(as_many_folders_as_there_may_be),
		TEST(notices_changes_after_planning),
		TEST(notices_changes_of_details),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
