/*
 * The belt: what comes off it is what was put on it, at every border of slots, chunks and blocks,
 * and what was marked is hashed; what fails on another thread is told on the first, at once and for
 * good; and it always ends.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "../connect/connect_test.h"

#include <limits.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/num.h"
#include "hand/stage.h"

#define PLAIN_MAX (3 * BELT_SLOT + 7)

/* In place of libc's: a file system that takes the flag for direct output but no direct write. */
static bool refuse_direct;

ssize_t pwrite(int fd, const void *p, size_t n, off_t where)
{
	(void)fd, (void)p, (void)where;
	errno = EINVAL;
	return refuse_direct ? -1 : (ssize_t)n;
}

static struct {
	int writes, most_writes, most_bytes;
	int syncs_fail;
} world;

static ssize_t bad_write(int fd, const void *p, size_t n)
{
	if (++world.writes > world.most_writes) {
		errno = ENOSPC;
		return -1;
	}
	return write(fd, p, n < (size_t)world.most_bytes ? n : (size_t)world.most_bytes);
}

static int bad_sync(int fd)
{
	(void)fd;
	errno = EIO;
	return world.syncs_fail ? -1 : 0;
}

static struct seam bad_seam(const struct fixture *f)
{
	struct seam s = *f->c.seam;

	s.write = bad_write;
	s.fsync = bad_sync;
	world.writes = world.syncs_fail = 0;
	world.most_writes = world.most_bytes = INT_MAX;
	return s;
}

static unsigned char *plain_make(struct fixture *f)
{
	unsigned char *p;

	assert_int_equal(NEW_ARRAY(&f->c, p, PLAIN_MAX), ERR_OK);
	for (size_t i = 0; i < PLAIN_MAX; i++)
		p[i] = (unsigned char)(i * 7 + i / 997);
	return p;
}

struct carried {
	struct age_identity id;
	struct belt *belt;
	struct span header;
	int64_t bytes;
};

static void carry_begin(struct fixture *f, struct carried *x, int fd, int64_t expected)
{
	struct age_recipient to;

	assert_int_equal(age_identity_make(&f->c, &x->id), ERR_OK);
	assert_int_equal(age_recipient_of(&f->c, &x->id, &to), ERR_OK);
	assert_int_equal(belt_open(&f->c, fd, &x->belt), ERR_OK);
	assert_int_equal(belt_begin(&f->c, x->belt, &to, expected, &x->header), ERR_OK);
}

/* Pieces by turns copied and put into the belt's room. */
static enum err carry(struct fixture *f, struct belt *b, struct span plain, size_t step)
{
	for (size_t at = 0, turn = 0; at < plain.n; at += step, turn++) {
		struct span piece = span_cut(plain, at, step);
		unsigned char *to;

		if (turn % 2 == 0 || piece.n >= BELT_SLOT) {
			TRY(belt_put(&f->c, b, piece));
			continue;
		}
		TRY(belt_room(&f->c, b, piece.n + 1, &to));
		memcpy(to, piece.p, piece.n);
		belt_took(b, piece.n);
	}
	return ERR_OK;
}

/* Opens what was sealed, chunk by chunk, and compares it. */
static void expect_plain(struct fixture *f, int fd, struct span header,
			 const struct age_identity *id, struct span plain)
{
	unsigned char key[AGE_FILE_KEY_BYTES], out[AGE_CHUNK];
	struct age_stream *stream;
	struct span payload;
	size_t at = AGE_NONCE_BYTES, seen = 0;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(&f->c, fd, (size_t)64 << 20, &payload), ERR_OK);
	assert_int_equal(age_header_open(&f->c, header, id, key), ERR_OK);
	assert_int_equal(age_stream_open(&f->c, span_of(key, sizeof key),
					 span_cut(payload, 0, AGE_NONCE_BYTES), &stream),
			 ERR_OK);
	while (at < payload.n) {
		size_t n = payload.n - at < AGE_CHUNK + AGE_TAG ? payload.n - at
								: AGE_CHUNK + AGE_TAG;

		assert_int_equal(age_stream_unseal(&f->c, stream, payload.p + at, n,
						   at + n == payload.n, out),
				 ERR_OK);
		assert_true(seen + n - AGE_TAG <= plain.n);
		if (n > AGE_TAG)
			assert_memory_equal(out, plain.p + seen, n - AGE_TAG);
		seen += n - AGE_TAG;
		at += n;
	}
	assert_int_equal(seen, plain.n);
	age_stream_close(&stream);
}


static void arena_again(struct fixture *f)
{
	arena_close(f->c.arena);
	f->c.arena = arena_open((size_t)256 << 20);
}

static void carries_at_borders(void **state)
{
	static const size_t lengths[] = {
		0, 1, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK, 40 * AGE_CHUNK + 7,
		BELT_SLOT - 1, BELT_SLOT, BELT_SLOT + 1, 3 * BELT_SLOT, PLAIN_MAX
	};
	static const size_t steps[] = { 997, 99701, BELT_SLOT - 1, BELT_SLOT, PLAIN_MAX };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(lengths) * COUNT_OF(steps); i++) {
		FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
		unsigned char *plain = plain_make(f);
		size_t n = lengths[i / COUNT_OF(steps)], step = steps[i % COUNT_OF(steps)];
		struct carried x;

		/* Too much and too little expected: the file has its own length. */
		carry_begin(f, &x, fd, i % 2 ? 0 : (int64_t)PLAIN_MAX);
		assert_int_equal(carry(f, x.belt, span_of(plain, n), step), ERR_OK);
		assert_int_equal(belt_end(&f->c, x.belt, &x.bytes), ERR_OK);
		belt_close(&x.belt);
		assert_null(x.belt);
		assert_int_equal(x.bytes, age_payload_bytes((int64_t)n));
		assert_int_equal(lseek(fd, 0, SEEK_END), x.bytes);
		expect_plain(f, fd, x.header, &x.id, span_of(plain, n));
		arena_again(f);
	}
}

/* One payload of 5 MB and a bit to a file on disk; whether output went past the page cache. */
static bool carry_to_disk(struct fixture *f)
{
	FD_SCOPED int fd = open(at(f, "payload"), O_RDWR | O_CREAT | O_EXCL, 0600);
	unsigned char *plain = plain_make(f);
	struct span all = span_of(plain, 5000001);
	struct carried x;
	bool direct;

	assert_true(fd >= 0);
	carry_begin(f, &x, fd, 6000000);
	direct = fcntl(fd, F_GETFL) & O_DIRECT;
	assert_int_equal(carry(f, x.belt, all, 12345), ERR_OK);
	assert_int_equal(belt_end(&f->c, x.belt, &x.bytes), ERR_OK);
	belt_close(&x.belt);
	assert_int_equal(lseek(fd, 0, SEEK_END), age_payload_bytes((int64_t)all.n));
	fd_close(&fd);
	fd = open(at(f, "payload"), O_RDONLY);
	expect_plain(f, fd, x.header, &x.id, all);
	assert_int_equal(unlink(at(f, "payload")), 0);
	arena_again(f);
	return direct;
}

static void direct_or_not_is_the_same(void **state)
{
	struct fixture *f = *state;

	refuse_direct = true;
	assert_false(carry_to_disk(f));
	refuse_direct = false;
	if (!carry_to_disk(f))
		print_message("SKIPPED: the file system of %s has no direct output\n", f->dir);
}

static void writes_that_take_less(void **state)
{
	struct fixture *f = *state;
	struct seam seam = bad_seam(f);

	f->c.seam = &seam;
	world.most_bytes = 8192;
	carry_to_disk(f);
	assert_true(world.writes > 600);
	f->c.seam = seam_world();
}

/* Puts slots until it is refused; then nothing is taken any more. */
static void expect_failure(struct fixture *f, struct belt *b, struct span plain, const char *words)
{
	int64_t bytes;
	enum err e = ERR_OK;

	for (int i = 0; e == ERR_OK && i < 100; i++)
		e = belt_put(&f->c, b, plain);
	expect(&f->c, e, ERR_IO, words);
	expect(&f->c, belt_put(&f->c, b, plain), ERR_IO, words);
	expect(&f->c, belt_end(&f->c, b, &bytes), ERR_IO, words);
}

static void a_full_disk_is_told(void **state)
{
	struct fixture *f = *state;
	struct seam seam = bad_seam(f);

	f->c.seam = &seam;
	for (int most = 0; most <= 12; most += 3) {
		FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
		unsigned char *plain = plain_make(f);
		struct carried x;

		world.writes = 0;
		world.most_writes = most;
		carry_begin(f, &x, fd, 0);
		expect_failure(f, x.belt, span_of(plain, BELT_SLOT + 1), "No space left on device");
		belt_close(&x.belt);
		arena_again(f);
	}
	f->c.seam = seam_world();
}

static void what_fails_at_the_end_is_told(void **state)
{
	struct fixture *f = *state;
	struct seam seam = bad_seam(f);
	FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC), other = dup(fd);
	struct carried x, y;

	f->c.seam = &seam;
	world.syncs_fail = 1;
	carry_begin(f, &x, fd, 0);
	assert_int_equal(belt_put(&f->c, x.belt, SPAN("text")), ERR_OK);
	expect(&f->c, belt_end(&f->c, x.belt, &x.bytes), ERR_IO, "Input/output error");
	belt_close(&x.belt);
	world.syncs_fail = 0;
	world.most_writes = 0;
	carry_begin(f, &y, other, 0);
	expect(&f->c, belt_end(&f->c, y.belt, &y.bytes), ERR_IO, "No space left on device");
	belt_close(&y.belt);
	f->c.seam = seam_world();
}

/* Members of this length, a gap between them, until a slot and a bit is full; then the hashes. */
static void expect_hashes(struct fixture *f, size_t length, size_t gap)
{
	FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
	struct span all = span_of(plain_make(f), PLAIN_MAX);
	size_t count = (BELT_SLOT + 9999) / (length + gap), at = 0;
	struct sha256 *hash, want;
	struct carried x;

	assert_true(count * (length + gap) <= PLAIN_MAX);
	assert_int_equal(NEW_ARRAY(&f->c, hash, count), ERR_OK);
	carry_begin(f, &x, fd, 0);
	for (size_t i = 0; i < count; i++, at += length + gap) {
		assert_int_equal(belt_put(&f->c, x.belt, span_cut(all, at, gap)), ERR_OK);
		assert_int_equal(belt_hash_begin(&f->c, x.belt), ERR_OK);
		assert_int_equal(carry(f, x.belt, span_cut(all, at + gap, length), 65536), ERR_OK);
		assert_int_equal(belt_hash_end(&f->c, x.belt, &hash[i]), ERR_OK);
	}
	assert_int_equal(belt_hashed(&f->c, x.belt), ERR_OK);
	for (size_t i = 0; i < count; i++) {
		size_t from = i * (length + gap) + gap;

		assert_int_equal(sha256_of(&f->c, span_cut(all, from, length), &want), ERR_OK);
		assert_memory_equal(&hash[i], &want, sizeof want);
	}
	/* It goes on after that, and nothing of it is missing. */
	assert_int_equal(belt_put(&f->c, x.belt, span_cut(all, at, 5)), ERR_OK);
	assert_int_equal(belt_hashed(&f->c, x.belt), ERR_OK);
	assert_int_equal(belt_hashed(&f->c, x.belt), ERR_OK);
	assert_int_equal(belt_end(&f->c, x.belt, &x.bytes), ERR_OK);
	belt_close(&x.belt);
	expect_plain(f, fd, x.header, &x.id, span_cut(all, 0, at + 5));
	arena_again(f);
}

static void hashes_what_is_marked(void **state)
{
	struct fixture *f = *state;

	expect_hashes(f, 0, 300);       /* empty members, more than one slot can mark */
	expect_hashes(f, 1, 200);
	expect_hashes(f, 12345, 0);
	expect_hashes(f, 700001, 512);
	expect_hashes(f, BELT_SLOT, 0);         /* ends where the slot ends */
	expect_hashes(f, BELT_SLOT + 1, 0);
}

static void a_full_disk_is_told_to_who_waits_for_hashes(void **state)
{
	struct fixture *f = *state;
	struct seam seam = bad_seam(f);
	FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
	unsigned char *plain = plain_make(f);
	struct sha256 *hash;
	struct carried x;
	enum err e = ERR_OK;

	f->c.seam = &seam;
	world.most_writes = 1;
	carry_begin(f, &x, fd, 0);
	assert_int_equal(NEW(&f->c, hash), ERR_OK);
	for (int i = 0; e == ERR_OK && i < 100; i++) {
		assert_int_equal(belt_put(&f->c, x.belt, span_of(plain, 99)), ERR_OK);
		e = belt_hash_begin(&f->c, x.belt);
		if (e == ERR_OK)
			e = belt_put(&f->c, x.belt, span_of(plain, BELT_SLOT));
		if (e == ERR_OK)
			e = belt_hash_end(&f->c, x.belt, hash);
		if (e == ERR_OK)
			e = belt_hashed(&f->c, x.belt);
	}
	expect(&f->c, e, ERR_IO, "No space left on device");
	expect(&f->c, belt_hashed(&f->c, x.belt), ERR_IO, "No space left on device");
	belt_close(&x.belt);
	f->c.seam = seam_world();
}

static void no_room_is_said_before_anything_is_read(void **state)
{
	struct fixture *f = *state;
	FD_SCOPED int fd = open(at(f, "payload"), O_RDWR | O_CREAT | O_EXCL, 0600);
	struct age_recipient to = { { 9 } };
	struct span header;
	struct belt *belt;

	assert_int_equal(belt_open(&f->c, fd, &belt), ERR_OK);
	expect(&f->c, belt_begin(&f->c, belt, &to, (int64_t)1 << 43, &header), ERR_IO,
	       "the disk has no room");
	belt_close(&belt);
}

static void refuses_misuse_and_always_ends(void **state)
{
	struct fixture *f = *state;
	FD_SCOPED int fd = memfd_create("payload", MFD_CLOEXEC);
	struct age_recipient to = { { 9 } };
	struct belt *none = NULL;
	struct carried x;
	unsigned char *p;

	belt_close(&none);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(belt_open(&f->c, fd, &x.belt), ERR_OK);
		belt_close(&x.belt);
		arena_again(f);
	}
	carry_begin(f, &x, fd, 0);
	expect(&f->c, belt_begin(&f->c, x.belt, &to, 0, &x.header), ERR_STATE, "one payload");
	expect(&f->c, belt_room(&f->c, x.belt, BELT_SLOT + 1, &p), ERR_LIMIT, "too large");
	/* Closed with slots on the way. */
	assert_int_equal(carry(f, x.belt, span_of(plain_make(f), PLAIN_MAX), 99701), ERR_OK);
	belt_close(&x.belt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(carries_at_borders),
		TEST(direct_or_not_is_the_same),
		TEST(writes_that_take_less),
		TEST(a_full_disk_is_told),
		TEST(what_fails_at_the_end_is_told),
		TEST(hashes_what_is_marked),
		TEST(a_full_disk_is_told_to_who_waits_for_hashes),
		TEST(no_room_is_said_before_anything_is_read),
		TEST(refuses_misuse_and_always_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
