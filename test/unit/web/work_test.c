/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "web/work.h"

static void is(struct ctx *c, const struct home *home, enum work want, const char *want_said)
{
	struct span said;
	enum work state;

	ok(c, work_look(c, home, SPAN("W-2222-3333.count"), &state, &said));
	assert_int_equal(state, want);
	assert_true(span_is(said, want_said));
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
			  (const char *const[]){ "cat", gate, NULL }));
	is(&c, &home, WORK_RUNS, "");
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"),
			  (const char *const[]){ "touch", mark, NULL }));
	fd = open(gate, O_WRONLY);
	assert_int_equal(write(fd, "done\n", 5), 5);
	is(&c, &home, WORK_RUNS, "");
	close(fd);
	assert_true(wait(NULL) > 0);
	is(&c, &home, WORK_ENDED, "done\n");
	assert_false(file_exists(mark));
	ok(&c, work_start(&c, &home, SPAN("W-2222-3333.count"),
			  (const char *const[]){ "touch", mark, NULL }));
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
			  (const char *const[]){ "true", NULL }));
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
				   (const char *const[]){ "true", NULL }));
		fails(&c, ERR_FAILED, work_look(&c, &home, span_str(names[i]), &out, &said));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(runs_once_at_a_time, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(looking_holds_nothing, folder_make, folder_drop),
		cmocka_unit_test_setup_teardown(names_that_no_file_has, folder_make, folder_drop),
	};

	return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
