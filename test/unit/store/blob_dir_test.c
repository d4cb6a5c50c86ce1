/*
 * Blobs: what goes in comes out byte for byte, what was changed on the disk does not.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store/blob.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "store_test.h"

static void path_of(const char *dir, const struct sha256 *h, char *out, size_t n)
{
	size_t at = (size_t)snprintf(out, n, "%s/%02x/", dir, h->b[0]);

	for (size_t i = 0; i < SHA256_BYTES; i++)
		at += (size_t)snprintf(out + at, n - at, "%02x", h->b[i]);
}

static void text_in_and_out(void **state)
{
	CTX(c);
	FOLDER(dir);
	struct sha256 name, again, other = { { 1 } };
	char path[256];
	struct span got;
	struct stat st;
	bool there;
	int fd = -1;

	(void)state;
	ok(&c, blob_put(&c, dir, SPAN("abc"), &name));
	ok(&c, blob_put(&c, dir, SPAN("abc"), &again));
	assert_memory_equal(&name, &again, sizeof name);
	path_of(dir, &name, path, sizeof path);
	assert_non_null(strstr(path, "/ba/ba7816bf8f01cfea"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ok(&c, blob_read(&c, dir, &name, 3, &got));
	assert_true(span_is(got, "abc"));
	fails(&c, ERR_LIMIT, blob_read(&c, dir, &name, 2, &got));
	fails(&c, ERR_NOT_FOUND, blob_read(&c, dir, &other, 3, &got));
	ok(&c, blob_exists(&c, dir, &name, &there));
	assert_true(there);
	ok(&c, blob_exists(&c, dir, &other, &there));
	assert_false(there);
	ok(&c, blob_open(&c, dir, &name, &fd));
	ok(&c, fd_read_all(&c, fd, 10, &got));
	assert_true(span_is(got, "abc"));
	fd_close(&fd);
	ok(&c, blob_remove(&c, dir, &name));
	ok(&c, blob_remove(&c, dir, &name));
	fails(&c, ERR_NOT_FOUND, blob_open(&c, dir, &name, &fd));
	ok(&c, blob_put(&c, dir, SPAN_NONE, &name));
	ok(&c, blob_read(&c, dir, &name, 0, &got));
	assert_int_equal(got.n, 0);
}

static void changed_bytes_are_refused_and_mended(void **state)
{
	CTX(c);
	FOLDER(dir);
	struct sha256 name;
	struct span got;
	char path[256];
	int fd = -1;

	(void)state;
	ok(&c, blob_put(&c, dir, SPAN("the order"), &name));
	path_of(dir, &name, path, sizeof path);
	ok(&c, file_write(&c, path, SPAN("the odder"), 0600));
	fails(&c, ERR_VERIFY, blob_read(&c, dir, &name, 100, &got));
	fails(&c, ERR_VERIFY, blob_open(&c, dir, &name, &fd));
	ok(&c, blob_put(&c, dir, SPAN("the order"), &name));
	ok(&c, blob_read(&c, dir, &name, 100, &got));
	assert_true(span_is(got, "the order"));
}

static int count_files;

static int count_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	count_files += flag == FTW_F;
	return 0;
}

static void file_in_and_out(void **state)
{
	CTX(c);
	FOLDER(dir);
	FD_SCOPED int fd = -1;
	struct sha256 name, want;
	struct span big, got;
	int64_t bytes;
	unsigned char *p;

	(void)state;
	ok(&c, NEW_ARRAY(&c, p, 200001));
	for (size_t i = 0; i < 200001; i++)
		p[i] = (unsigned char)(i * 7 >> 3);
	big = span_of(p, 200001);
	ok(&c, memfd_of(&c, "big", big, &fd));
	ok(&c, sha256_of(&c, big, &want));
	for (int i = 0; i < 2; i++) {
		lseek(fd, 0, SEEK_SET);
		ok(&c, blob_put_fd(&c, dir, fd, 200001, &name, &bytes));
		assert_memory_equal(&name, &want, sizeof name);
		assert_int_equal(bytes, 200001);
	}
	ok(&c, blob_read(&c, dir, &name, 300000, &got));
	assert_true(span_eq(got, big));
	lseek(fd, 0, SEEK_SET);
	fails(&c, ERR_LIMIT, blob_put_fd(&c, dir, fd, 200000, &name, NULL));
	nftw(dir, count_one, 8, FTW_PHYS);
	assert_int_equal(count_files, 1);       /* no temporary file stays */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_in_and_out),
		cmocka_unit_test(changed_bytes_are_refused_and_mended),
		cmocka_unit_test(file_in_and_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
