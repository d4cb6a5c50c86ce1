/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "order/work.h"

/* want_said NULL: whatever it has said by now. */
static void is(struct ctx *c, const struct home *home, enum work want, const char *want_said)
{
	struct span said;
	enum work state;

	ok(c, work_look(c, home, SPAN("W-2222-3333.count"), &state, &said));
	assert_int_equal(state, want);
	if (want_said)
		text_is(said, want_said);
}

/* It runs until its input ends, whoever looks at it, and nobody starts it a second time. */
static void runs_once_at_a_time(void **state)
{
	CTX(c);
	struct home home = { .run = folder };
	char *gate = in_folder(&c, "gate"), *mark = in_folder(&c, "mark");
	int fd;

	(void)state;
	is(&c, &home, WORK_NONE, "");
	assert_int_equal(mkfifo(gate, 0600), 0);
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"),
			  (const char *const[]){ "cat", gate, NULL }, NULL, 0));
	is(&c, &home, WORK_RUNS, "");
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"),
			  (const char *const[]){ "touch", mark, NULL }, NULL, 0));
	fd = open(gate, O_WRONLY);
	assert_int_equal(write(fd, "done\n", 5), 5);
	is(&c, &home, WORK_RUNS, NULL);
	close(fd);
	assert_true(wait(NULL) > 0);
	is(&c, &home, WORK_ENDED, "done\n");
	assert_false(file_exists(mark));
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"),
			  (const char *const[]){ "touch", mark, NULL }, NULL, 0));
	assert_true(wait(NULL) > 0);
	is(&c, &home, WORK_ENDED, "");
	assert_true(file_exists(mark));
}

/* Whoever looks does so without a lock that would keep another from starting it. */
static void looking_holds_nothing(void **state)
{
	CTX(c);
	struct home home = { .run = folder };
	struct flock any = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char *path = in_folder(&c, "work/W-2222-3333.count");
	int fd;

	(void)state;
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"),
			  (const char *const[]){ "true", NULL }, NULL, 0));
	assert_true(wait(NULL) > 0);
	fd = open(path, O_RDWR);
	any.l_type = F_RDLCK;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &any), 0);
	is(&c, &home, WORK_ENDED, "");
	any.l_type = F_WRLCK;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &any), 0);
	is(&c, &home, WORK_RUNS, "");
	close(fd);
	is(&c, &home, WORK_ENDED, "");
}

static void names_that_no_file_has(void **state)
{
	static const char *const names[] = { "", ".count", "../count", "W 2", "W/2", "W\n2" };
	CTX(c);
	struct home home = { .run = folder };
	struct span said;
	enum work out;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		fails(&c, ERR_FAILED,
		      work_start(&c, &home, span_str(names[i]),
				   (const char *const[]){ "true", NULL }, NULL, 0));
		fails(&c, ERR_FAILED, work_look(&c, &home, span_str(names[i]), &out, &said));
	}
}

/* What is lent comes as 3, 4, ... in its order, whatever numbers it has here, and nothing else. */
static void files_are_lent(void **state)
{
	static const char *const look[] = {
		"sh", "-c", "cat <&3; cat <&4; cat <&5; ls /proc/self/fd | wc -l", NULL
	};
	CTX(c);
	struct home home = { .run = folder };
	int more, lent[3];

	(void)state;
	ok(&c, memfd_of(&c, "one", SPAN("one "), &lent[2]));
	ok(&c, memfd_of(&c, "more", SPAN("more "), &more));
	ok(&c, memfd_of(&c, "two", SPAN("two "), &lent[0]));
	lent[1] = lent[2];
	assert_int_equal(lseek(lent[2], 0, SEEK_SET), 0);
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"), look, lent, 3));
	assert_true(wait(NULL) > 0);
	/* 0, 1, 2, three of ours, and the folder that is listed. */
	is(&c, &home, WORK_ENDED, "two one 7\n");
	close(more);
	close(lent[0]);
	close(lent[2]);
}

static void failures_are_told(void **state)
{
	static const struct {
		const char *said, *why, *next;
		enum err e;
	} rows[] = {
		{ "writ release: not allowed: it is halted\n  next: resume\n", "it is halted",
		  "resume", ERR_DENIED },
		{ "W-2222-3333 is released\nwrit release: done, but not completely: no: time\n",
		  "no: time", "", ERR_DEGRADED },
		{ "page 1\nwrit a b: failed: x\nwrit order submit: wrong usage: y\nz\n  next: n\nm",
		  "y\nz", "n\nm", ERR_USAGE },
		{ "", "", "", ERR_OK },
		{ "W-2222-3333 is released\n", "", "", ERR_OK },
		{ "writ", "", "", ERR_OK },
		{ "writ release", "", "", ERR_OK },
		{ "writ release: ", "", "", ERR_OK },
		{ "writ release: not allowed", "", "", ERR_OK },
		{ "writ release: odd: it is halted", "", "", ERR_OK },
		{ "a writ release: not allowed: x", "", "", ERR_OK },
	};
	struct span why, next;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(work_failure(span_str(rows[i].said), &why, &next), rows[i].e);
		assert_true(span_is(why, rows[i].why) && span_is(next, rows[i].next));
	}
}

static void what_ended_long_ago_is_forgotten(void **state)
{
	static const char *const names[] = { "intake.old", "intake.runs", "W-2222-3333.read" };
	static const bool stays[] = { false, true, true };
	CTX(c);
	struct home home = { .run = folder };
	struct flock held = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	enum work state_of;
	struct span said;
	int fd;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ok(&c, work_start(&c, &home, span_str(names[i]),
				  (const char *const[]){ "true", NULL }, NULL, 0));
		assert_true(wait(NULL) > 0);
	}
	fd = open(in_folder(&c, "work/intake.runs"), O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &held), 0);
	ok(&c, work_sweep(&c, &home, INTAKE_WORK, c.seam->now_ms() / 1000 - 60));
	ok(&c, work_look(&c, &home, span_str(names[0]), &state_of, &said));
	assert_int_equal(state_of, WORK_ENDED);
	ok(&c, work_sweep(&c, &home, INTAKE_WORK, c.seam->now_ms() / 1000 + 60));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ok(&c, work_look(&c, &home, span_str(names[i]), &state_of, &said));
		assert_int_equal(state_of != WORK_NONE, stays[i]);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_once_at_a_time, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(looking_holds_nothing, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(names_that_no_file_has, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(files_are_lent, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(what_ended_long_ago_is_forgotten, folder_make,
						folder_drop),
		cmocka_unit_test(failures_are_told),
	};

	return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
