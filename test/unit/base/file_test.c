/*
 * Files: whole and durable or not at all; a world that fails leaves the old file standing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../test.h"

static int fail_fsync(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static ssize_t full_disk(int fd, const void *p, size_t n)
{
	(void)fd;
	(void)p;
	(void)n;
	errno = ENOSPC;
	return -1;
}

/* One byte at a time, interrupted in between: both are lawful for write and read. */
static ssize_t slow_write(int fd, const void *p, size_t n)
{
	static bool again;

	again = !again;
	if (again && n > 0) {
		errno = EINTR;
		return -1;
	}
	return write(fd, p, n ? 1 : 0);
}

static ssize_t slow_read(int fd, void *p, size_t n)
{
	static bool again;

	again = !again;
	if (again) {
		errno = EINTR;
		return -1;
	}
	return read(fd, p, n ? 1 : 0);
}

static void content_is(struct ctx *c, const char *path, const char *want)
{
	struct span got = SPAN_NONE;

	ok(c, file_read(c, path, 1000, &got));
	text_is(got, want);
}

static void write_and_read(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "a");
	struct stat st;
	struct span got;

	(void)state;
	assert_false(file_exists(path));
	refused(&c, ERR_NOT_FOUND, "does not exist", file_read(&c, path, 10, &got));
	ok(&c, file_write(&c, path, SPAN("one"), 0600));
	content_is(&c, path, "one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ok(&c, file_write(&c, path, SPAN("two two"), 0600));
	content_is(&c, path, "two two");
	ok(&c, file_read(&c, path, 7, &got));
	refused(&c, ERR_LIMIT, "limit is 6", file_read(&c, path, 6, &got));
	assert_false(file_exists(in_folder(&c, "a.tmp")));
	ok(&c, file_remove(&c, path));
	ok(&c, file_remove(&c, path));
	assert_false(file_exists(path));
	refused(&c, ERR_NOT_FOUND, "does not exist",
		file_write(&c, in_folder(&c, "no/such"), SPAN("x"), 0600));
}

/* Root writes into the folder of the user writ, who may have laid a link there. */
static void write_past_links(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "l"), *tmp = in_folder(&c, "l.tmp"),
	     *other = in_folder(&c, "other");

	(void)state;
	ok(&c, file_write(&c, other, SPAN("precious"), 0644));
	assert_int_equal(symlink(other, tmp), 0);
	refused(&c, ERR_IO, "cannot open", file_write(&c, path, SPAN("x"), 0600));
	content_is(&c, other, "precious");
	assert_false(file_exists(path));
	ok(&c, file_remove(&c, tmp));
	/* The file itself is replaced, not written to. */
	assert_int_equal(symlink(other, path), 0);
	ok(&c, file_write(&c, path, SPAN("y"), 0600));
	content_is(&c, other, "precious");
	content_is(&c, path, "y");
	ok(&c, file_remove(&c, path));
	ok(&c, file_remove(&c, other));
}

static void write_once(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "once");

	(void)state;
	ok(&c, file_write_once(&c, path, SPAN("same"), 0600));
	ok(&c, file_write_once(&c, path, SPAN("same"), 0600));
	refused(&c, ERR_STATE, "other content", file_write_once(&c, path, SPAN("else"), 0600));
	content_is(&c, path, "same");
}

static void failures_leave_the_old(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "old");
	struct seam broken = *c.seam;

	(void)state;
	ok(&c, file_write(&c, path, SPAN("old"), 0600));
	c.seam = &broken;
	broken.fsync = fail_fsync;
	refused(&c, ERR_IO, "durable", file_write(&c, path, SPAN("new"), 0600));
	broken = *seam_world();
	broken.write = full_disk;
	refused(&c, ERR_IO, "No space", file_write(&c, path, SPAN("new"), 0600));
	c.seam = seam_world();
	content_is(&c, path, "old");
	assert_false(file_exists(in_folder(&c, "old.tmp")));
}

static void slow_calls(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "slow");
	struct seam slow = *c.seam;

	(void)state;
	slow.write = slow_write;
	slow.read = slow_read;
	c.seam = &slow;
	ok(&c, file_write(&c, path, SPAN("bit by bit"), 0600));
	content_is(&c, path, "bit by bit");
}

static void folders(void **state)
{
	CTX(c);
	char *path = in_folder(&c, "d/e/f");
	struct stat st;

	(void)state;
	ok(&c, dir_make(&c, path, 0700));
	ok(&c, dir_make(&c, path, 0700));
	assert_true(stat(path, &st) == 0 && S_ISDIR(st.st_mode));
	ok(&c, dir_sync(&c, path));
	ok(&c, file_write(&c, in_folder(&c, "d/plain"), SPAN("x"), 0600));
	refused(&c, ERR_IO, "folder", dir_make(&c, in_folder(&c, "d/plain/x"), 0700));
}

static void paths(void **state)
{
	CTX(c);
	char long_name[5000], *path;

	(void)state;
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	refused(&c, ERR_LIMIT, "longer", path_fmt(&c, &path, "/%s", long_name));
}

static void memory_files(void **state)
{
	CTX(c);
	FD_SCOPED int fd = -1;
	struct span got;

	(void)state;
	ok(&c, memfd_of(&c, "test", SPAN("inside"), &fd));
	ok(&c, fd_read_all(&c, fd, 100, &got));
	text_is(got, "inside");
	assert_int_equal(write(fd, "x", 1), -1);        /* sealed */
	assert_int_equal(errno, EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_and_read),
		cmocka_unit_test(write_past_links),
		cmocka_unit_test(write_once),
		cmocka_unit_test(failures_leave_the_old),
		cmocka_unit_test(slow_calls),
		cmocka_unit_test(folders),
		cmocka_unit_test(paths),
		cmocka_unit_test(memory_files),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
