/*
 * tar: GNU tar and Python's tarfile read what we write; nothing else is read by us.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "format/tar.h"

#include <sys/wait.h>

#include "../test.h"

#define MTIME INT64_C(1795341600)
#define GIB (INT64_C(1) << 30)

static struct span head_of(struct ctx *c, struct span name, int64_t bytes)
{
	struct span out = SPAN_NONE;
	struct buf b;

	buf_begin(&b, c, TAR_HEAD_MAX);
	ok(c, tar_head(c, &b, name, bytes, MTIME));
	ok(c, buf_done(c, &b, &out));
	return out;
}

static struct span long_name(struct ctx *c, size_t n)
{
	unsigned char *p;

	assert_int_equal(NEW_ARRAY(c, p, n), ERR_OK);
	for (size_t i = 0; i < n; i++)
		p[i] = i % 50 == 49 && i + 1 < n ? '/' : (unsigned char)('a' + i % 23);
	return span_of(p, n);
}

static void there_and_back(void **state)
{
	static const size_t names[] = { 1, 99, 100, 101, 155, 255, 256, 985, 998, 1000, 4096 };
	static const int64_t sizes[] = { 0, 1, 511, 512, 513, 8 * GIB - 1, 8 * GIB, 100000 * GIB };
	CTX(c);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		for (size_t k = 0; k < COUNT_OF(sizes); k++) {
			struct span name = long_name(&c, names[i]),
				    head = head_of(&c, name, sizes[k]);
			struct tar_entry entry;
			bool end;

			ok(&c, tar_read_head(&c, head, &entry, &end));
			assert_false(end);
			assert_true(span_eq(entry.name, name));
			assert_int_equal(entry.bytes, sizes[k]);
			assert_int_equal(entry.mtime_utc, MTIME);
			assert_int_equal(entry.head_bytes, head.n);
			assert_int_equal(head.n % TAR_BLOCK, 0);
			/* A pax header stands only where it is needed. */
			assert_int_equal(head.n == TAR_BLOCK,
					 names[i] <= 100 && sizes[k] < 8 * GIB);
			for (size_t n = 0; n < head.n; n += 100)
				refused(&c, ERR_FORMAT, "broken",
					tar_read_head(&c, span_cut(head, 0, n), &entry, &end));
		}
	}
	assert_int_equal(tar_padding(0), 0);
	assert_int_equal(tar_padding(1), 511);
	assert_int_equal(tar_padding(512), 0);
	assert_int_equal(tar_padding(8 * GIB + 513), 511);
}

/* The content of a pax header has no checksum: there a changed letter or digit can be the header
 * of another file, which the reader must then say. Everything else is refused. */
static void changed(struct span head, bool pax, const struct tar_entry *was)
{
	struct tar_entry entry;
	bool end;
	CTX(c);

	if (!pax)
		refused(&c, ERR_FORMAT, "", tar_read_head(&c, head, &entry, &end));
	else if (tar_read_head(&c, head, &entry, &end) == ERR_OK)
		assert_true(!end && (!span_eq(entry.name, was->name) || entry.bytes != was->bytes));
}

static void no_byte_may_change(void **state)
{
	static const size_t names[] = { 9, 300 };
	static const int64_t sizes[] = { 1234, 9 * GIB };
	CTX(c);

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct span head = head_of(&c, long_name(&c, names[k % 2]), sizes[k / 2]);
		struct tar_entry was;
		unsigned char *p;
		bool end;

		ok(&c, tar_read_head(&c, head, &was, &end));
		assert_int_equal(NEW_ARRAY(&c, p, head.n), ERR_OK);
		memcpy(p, head.p, head.n);
		for (size_t i = 0; i < head.n; i++) {
			bool pax = i >= TAR_BLOCK && i + TAR_BLOCK < head.n;

			for (unsigned x = 1; x < 256; x += x < 4 ? 1 : 36) {
				p[i] ^= (unsigned char)x;
				changed(span_of(p, head.n), pax, &was);
				p[i] ^= (unsigned char)x;
			}
		}
	}
}

static void ends(void **state)
{
	struct tar_entry entry;
	struct span zeros;
	struct buf b;
	bool end;
	CTX(c);

	(void)state;
	buf_begin(&b, &c, 2000);
	tar_end(&b);
	ok(&c, buf_done(&c, &b, &zeros));
	assert_int_equal(zeros.n, 1024);
	ok(&c, tar_read_head(&c, zeros, &entry, &end));
	assert_true(end);
	refused(&c, ERR_FORMAT, "broken",
		tar_read_head(&c, span_cut(zeros, 0, 1023), &entry, &end));
	refused(&c, ERR_FORMAT, "broken", tar_read_head(&c, SPAN_NONE, &entry, &end));
	b.p[1023] = 1;
	refused(&c, ERR_FORMAT, "broken", tar_read_head(&c, zeros, &entry, &end));
	assert_false(end);
}

static void names_that_are_none(void **state)
{
	static const char *const bad[] = { "",	   "/a",       "a/",   "a//b", ".",
					   "..",   "a/../b",   "./a",  "a/.",  "a\\b",
					   "a\nb", "\xc3\xa9", "a\x7f" };
	struct buf b;
	CTX(c);

	(void)state;
	buf_begin(&b, &c, TAR_HEAD_MAX);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		refused(&c, ERR_FORMAT, "name", tar_head(&c, &b, span_str(bad[i]), 1, MTIME));
	refused(&c, ERR_FORMAT, "name",
		tar_head(&c, &b, long_name(&c, TAR_NAME_MAX + 1), 1, MTIME));
	refused(&c, ERR_FORMAT, "impossible", tar_head(&c, &b, SPAN("a"), -1, MTIME));
	refused(&c, ERR_FORMAT, "impossible", tar_head(&c, &b, SPAN("a"), 1, -1));
	refused(&c, ERR_FORMAT, "impossible", tar_head(&c, &b, SPAN("a"), 1, 8 * GIB));
	assert_int_equal(b.n, 0);
}

static int shell(const char *fmt, ...) PRINTF(1, 2);
static int shell(const char *fmt, ...)
{
	char command[2048];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof command, fmt, args);
	va_end(args);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void put_file(struct ctx *c, struct buf *b, struct span name, struct span content)
{
	static const unsigned char zeros[TAR_BLOCK];

	ok(c, tar_head(c, b, name, (int64_t)content.n, MTIME));
	buf_add(b, content);
	buf_add(b, span_of(zeros, tar_padding((int64_t)content.n)));
}

static void gnu_tar_extracts(void **state)
{
	struct span name, all, got;
	struct buf b;
	CTX(c);

	(void)state;
	name = long_name(&c, 700);
	buf_begin(&b, &c, 100000);
	put_file(&c, &b, SPAN("short.txt"), SPAN("short"));
	put_file(&c, &b, name, SPAN("a long name"));
	put_file(&c, &b, SPAN("empty"), SPAN_NONE);
	tar_end(&b);
	ok(&c, buf_done(&c, &b, &all));
	ok(&c, file_write(&c, in_folder(&c, "a.tar"), all, 0600));
	assert_int_equal(shell("cd '%s' && tar --warning=no-timestamp -xf a.tar && [ \"$(cat "
			       "short.txt)\" = short ] && [ ! -s empty ] && "
			       "[ \"$(stat -c '%%a %%Y' short.txt)\" = '644 %lld' ]",
			       folder, (long long)MTIME),
			 0);
	ok(&c, file_read(&c,
			 in_folder(&c, (const char *)memcpy(arena_alloc(&c, name.n + 1), name.p,
							    name.n)),
			 100, &got));
	text_is(got, "a long name");
}

/* The headers of a file of more than 8 GiB, followed by a hole: GNU tar sees its size. */
static void gnu_tar_lists_large_files(void **state)
{
	struct span head;
	CTX(c);

	(void)state;
	head = head_of(&c, SPAN("package.age"), 9 * GIB + 5);
	ok(&c, file_write(&c, in_folder(&c, "b.tar"), head, 0600));
	assert_int_equal(shell("cd '%s' && truncate -s %lld b.tar && tar tvf b.tar >list && grep "
			       "-q ' %lld .* package.age$' list",
			       folder, (long long)((int64_t)head.n + 9 * GIB + 512 + 1024),
			       (long long)(9 * GIB + 5)),
			 0);
}

/* Python's tarfile, another implementation of pax, writes the same bytes. */
static void python_writes_the_same(void **state)
{
	static const char script[] = "import io,sys,tarfile\n"
				     "for n, size in ((9, 5), (100, 5), (101, 5), (985, 5), (4096, "
				     "2**33 - 1), (11, 2**33), (300, 2**40)):\n"
				     "    t = tarfile.TarInfo(''.join('/' if i % 50 == 49 and i + "
				     "1 < n else chr(97 + i % 23) for i in range(n)))\n"
				     "    t.size, t.mtime, t.mode = size, 1795341600, 0o644\n"
				     "    sys.stdout.buffer.write(t.tobuf(tarfile.PAX_FORMAT))\n";
	static const struct {
		size_t name;
		int64_t bytes;
	} rows[] = {
		{ 9, 5 },	 { 100, 5 },	     { 101, 5 }, { 985, 5 }, { 4096, 8 * GIB - 1 },
		{ 11, 8 * GIB }, { 300, 1024 * GIB }
	};
	struct span got, ours;
	struct buf b;
	CTX(c);

	(void)state;
	ok(&c, file_write(&c, in_folder(&c, "p.py"), span_str(script), 0600));
	assert_int_equal(shell("cd '%s' && /usr/bin/python3 p.py >p.tar", folder), 0);
	ok(&c, file_read(&c, in_folder(&c, "p.tar"), 1 << 20, &got));
	buf_begin(&b, &c, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		ok(&c, tar_head(&c, &b, long_name(&c, rows[i].name), rows[i].bytes, MTIME));
	ok(&c, buf_done(&c, &b, &ours));
	assert_int_equal(got.n, ours.n);
	assert_memory_equal(got.p, ours.p, ours.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(no_byte_may_change),
		cmocka_unit_test(ends),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(gnu_tar_extracts),
		cmocka_unit_test(gnu_tar_lists_large_files),
		cmocka_unit_test(python_writes_the_same),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
