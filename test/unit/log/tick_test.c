/*
 * Ticks: what a log with acts shows outside and what an idle one does are the same files; wrong
 * answers of a seal are refused before anything is stored; a crash at each point is mended.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/num.h"
#include "log/tile.h"

static uint64_t size_of(struct place *p)
{
	struct checkpoint cp = { .size = 0 };
	LOG_CTX(c);

	ok(&c, log_checkpoint(&c, &p->log, &cp, NULL));
	return cp.size;
}

static void first_ticks(void **state)
{
	struct log_tick t;
	struct checkpoint cp;
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	fails(&c, ERR_NOT_FOUND, log_checkpoint(&c, &p.log, &cp, NULL));
	fake_act(&p.seal, "founding", NULL);
	tick(&p, &t);
	assert_int_equal(t.size, 1);
	assert_int_equal(t.seal_acts, 1);
	assert_int_equal(t.acts, 0);
	add_acts(&p, 3);
	tick(&p, &t);
	assert_int_equal(t.acts, 3);
	assert_int_equal(t.waiting, 0);
	assert_int_equal(t.size, 2);
	tick(&p, &t);
	assert_int_equal(t.acts, 0);
	assert_int_equal(size_of(&p), 3);
	assert_false(t.recovered);
	assert_int_equal(t.behind_ms, 0);
	clock_ms -= 120000;
	tick(&p, &t);
	assert_true(t.behind_ms > LOG_BEHIND_MS);
	clock_ms += 120000;
}

static bool has(const char *dir, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return file_exists(path);
}

static void only_published_partial_tiles(void **state)
{
	struct log_tick t;
	PLACE(p);

	(void)state;
	for (int i = 1; i <= 258; i++) {
		char name[64];

		tick(&p, &t);
		if (i % 50 == 3) {
			snprintf(name, sizeof name, "tile/0/000.p/%d", i % 256);
			assert_true(has(p.log_dir, name));
			snprintf(name, sizeof name, "tile/entries/000.p/%d", i - 1);
			assert_false(has(p.log_dir, name));
		}
		if (i == 255)
			assert_false(has(p.log_dir, "tile/0/000"));
	}
	assert_true(has(p.log_dir, "tile/0/000"));
	assert_true(has(p.log_dir, "tile/entries/000"));
	assert_false(has(p.log_dir, "tile/0/000.p"));
	assert_true(has(p.log_dir, "tile/1/000.p/1"));
	assert_true(has(p.log_dir, "tile/0/001.p/2"));
	assert_false(has(p.log_dir, "tile/0/001.p/1"));
}

/* Names and sizes of everything below a folder. */
static char listing[2][200000];
static size_t listing_at, listing_n, listing_skip;

static int list_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)ftw;
	listing_n += (size_t)snprintf(
		listing[listing_at] + listing_n, sizeof listing[0] - listing_n, "%s %d %lld %o\n",
		path + listing_skip, flag, flag == FTW_F ? (long long)st->st_size : 0, st->st_mode);
	assert_true(listing_n < sizeof listing[0]);
	return 0;
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_log(const struct place *p, size_t at)
{
	static char sorted[sizeof listing[0]];
	char *line[4000], *save = NULL;
	size_t n = 0, used = 0;

	listing_at = at;
	listing_n = 0;
	listing_skip = strlen(p->log_dir);
	assert_int_equal(nftw(p->log_dir, list_one, 16, FTW_PHYS), 0);
	for (char *z = strtok_r(listing[at], "\n", &save); z && n < COUNT_OF(line);
	     z = strtok_r(NULL, "\n", &save))
		line[n++] = z;
	qsort(line, n, sizeof *line, by_line);
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(sorted + used, sizeof sorted - used, "%s\n", line[i]);
	memcpy(listing[at], sorted, sizeof sorted);
}

static void idle_and_busy_look_the_same(void **state)
{
	struct log_tick t;
	int64_t began = clock_ms, acts = 0;

	(void)state;
	for (size_t busy = 0; busy < 2; busy++) {
		PLACE(p);

		clock_ms = began;
		for (int i = 0; i < 300; i++) {
			if (busy && i % 3 == 0)
				add_acts(&p, 10);
			tick(&p, &t);
			acts += t.acts;
		}
		assert_int_equal(acts, busy ? 1000 : 0);
		list_log(&p, busy);
	}
	assert_true(strlen(listing[0]) > 100);
	assert_string_equal(listing[0], listing[1]);
}

/* How many files one tick makes durable, by counting fsync of files (not of folders). */
static int synced;
static int count_fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		synced++;
	return fsync(fd);
}

static int64_t database_bytes(const struct place *p)
{
	struct stat st;
	char wal[512];

	snprintf(wal, sizeof wal, "%s-wal", p->db);
	return stat(wal, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void idle_tick_makes_three_files_durable(void **state)
{
	PLACE(p);

	(void)state;
	for (int i = 0; i < 520; i++) {
		int64_t before = database_bytes(&p);
		struct log_tick t;
		LOG_CTX(c);

		test_seam.fsync = count_fsync;
		synced = 0;
		ok(&c, log_tick(&c, &p.log, &t));
		clock_ms += 10000;
		/* One more when a tile has filled: the level above grows. */
		if (synced != ((i + 1) % 256 ? 3 : 4))
			fail_msg("tick %d made %d files durable", i, synced);
		assert_int_equal(database_bytes(&p), before);
	}
}

static void wrong_answers_are_refused(void **state)
{
	(void)state;
	for (int wrong = RIGHT; wrong < WRONGS; wrong++) {
		struct log_tick t;
		struct store_value n;
		PLACE(p);
		LOG_CTX(c);
		enum err e;

		fake_act(&p.seal, "founding", NULL);
		tick(&p, &t);
		add_acts(&p, 2);
		if (wrong == WRONG_SEQ)
			p.seal.seal_seq++;
		fake_act(&p.seal, "halt", NULL);
		p.seal.wrong = (__typeof__(p.seal.wrong))wrong;
		e = log_tick(&c, &p.log, &t);
		if (wrong == RIGHT) {
			ok(&c, e);
			continue;
		}
		if (e != ERR_VERIFY && e != ERR_FORMAT)
			fail_msg("wrong answer %d: %s (%s)", wrong, err_name(e), c.why);
		err_clear(&c);
		assert_int_equal(size_of(&p), 1);
		ok(&c,
		   store_one(&c, p.store, QUERY_ACT_WAITING_COUNT, PARAMS(P_INT(0)), &n, 1, NULL));
		assert_int_equal(n.i, 2);
		ok(&c, store_one(&c, p.store, QUERY_SEAL_ACT_LAST, PARAMS_NONE, &n, 1, NULL));
		assert_int_equal(n.i, 1);
		bool there;
		struct store_value row[4];
		ok(&c, store_one(&c, p.store, QUERY_TICK_GET, PARAMS(P_INT(1)), row, 4, &there));
		assert_false(there);
	}
}

static void nobody_answers(void **state)
{
	struct log_tick t;
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	tick(&p, &t);
	p.seal.gone = true;
	fails(&c, ERR_AGAIN, log_tick(&c, &p.log, &t));
	p.seal.gone = false;
	add_acts(&p, 2);
	/* The seal has done it, the answer never came: the same request gets the same answer. */
	p.seal.lose_answer = true;
	fails(&c, ERR_AGAIN, log_tick(&c, &p.log, &t));
	p.seal.lose_answer = false;
	tick(&p, &t);
	assert_int_equal(t.size, 2);
	assert_int_equal(t.acts, 2);
	assert_false(t.recovered);
	/* The same, and acts came meanwhile: another request, so the lost tick is finished first.
	 */
	add_acts(&p, 1);
	p.seal.lose_answer = true;
	fails(&c, ERR_AGAIN, log_tick(&c, &p.log, &t));
	p.seal.lose_answer = false;
	add_acts(&p, 5);
	tick(&p, &t);
	assert_true(t.recovered);
	assert_int_equal(t.size, 4);
	assert_int_equal(t.acts, 5);
}

/* Fails the n-th rename, write or fsync of one tick, for every n, then goes on. */
static int fail_at, fail_seen;
static int failing_rename(const char *from, const char *to)
{
	if (++fail_seen == fail_at) {
		errno = EIO;
		return -1;
	}
	return rename(from, to);
}
static int failing_fsync(int fd)
{
	if (++fail_seen == fail_at) {
		errno = EIO;
		return -1;
	}
	return fsync(fd);
}
static ssize_t failing_write(int fd, const void *b, size_t n)
{
	if (++fail_seen == fail_at) {
		errno = ENOSPC;
		return -1;
	}
	return write(fd, b, n);
}

struct silence {
	int64_t differences;
};
static void no_difference(void *of, bool difference, const char *where, const char *what)
{
	struct silence *s = of;

	if (difference) {
		s->differences++;
		print_error("%s: %s\n", where, what);
	}
}

static void log_is_whole(struct place *p)
{
	struct silence s = { 0 };
	struct log_report report = { &s, no_difference };
	struct log_sum sum;
	LOG_CTX(c);

	ok(&c, log_verify(&c, &p->log, NULL, &report, &sum));
	assert_int_equal(s.differences, 0);
	assert_int_equal(sum.differences, 0);
}

static void failing_disk(struct place *p, int call)
{
	for (fail_at = 1;; fail_at++) {
		struct log_tick t;
		struct ctx c;
		bool finished;
		enum err e;

		add_acts(p, (size_t)fail_at % 3);
		assert_int_equal(ctx_begin(&c, (size_t)64 << 20), ERR_OK);
		use_test_clock(&c);
		if (call == 0)
			test_seam.rename = failing_rename;
		else if (call == 1)
			test_seam.fsync = failing_fsync;
		else
			test_seam.write = failing_write;
		fail_seen = 0;
		e = log_tick(&c, &p->log, &t);
		use_test_clock(&c);
		clock_ms += 10000;
		err_clear(&c);
		if (e != ERR_OK && e != ERR_IO)
			fail_msg("call %d, %d: %s", call, fail_at, err_name(e));
		ok(&c, log_recover(&c, &p->log, &finished));
		ctx_end(&c);
		log_is_whole(p);
		if (fail_seen < fail_at)
			break;
	}
	assert_true(fail_at > 3);
}

static void disk_failures_are_mended(void **state)
{
	struct log_tick t;
	PLACE(p);

	(void)state;
	for (int i = 0; i < 250; i++)
		tick(&p, &t);
	for (int call = 0; call < 3; call++)
		failing_disk(&p, call);
}

static void upper_tile_lost_with_the_power(void **state)
{
	struct log_tick t;
	char path[512];
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	for (int i = 0; i < 256; i++)
		tick(&p, &t);
	snprintf(path, sizeof path, "%s/tile/1/000.p/1", p.log_dir);
	ok(&c, file_write(&c, path, SPAN_NONE, 0644));
	tick(&p, &t);
	log_is_whole(&p);
	ok(&c, file_write(&c, path, SPAN("0123456789abcdef0123456789abcdef"), 0644));
	tick(&p, &t);
	log_is_whole(&p);
	/* A tile of level 0 is never guessed. */
	snprintf(path, sizeof path, "%s/tile/0/001.p/2", p.log_dir);
	ok(&c, file_write(&c, path,
			  SPAN("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
			  0644));
	fails(&c, ERR_VERIFY, log_tick(&c, &p.log, &t));
}

static void damaged_checkpoint_is_mended_when_asked(void **state)
{
	struct log_tick t;
	bool finished;
	char path[512];
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	tick(&p, &t);
	add_acts(&p, 4);
	tick(&p, &t);
	snprintf(path, sizeof path, "%s/checkpoint", p.log_dir);
	ok(&c, file_write(&c, path, SPAN("log.example.org/writ\n2\nAAAA\n"), 0644));
	fails(&c, ERR_VERIFY, log_recover(&c, &p.log, &finished));
	fails(&c, ERR_VERIFY, log_tick(&c, &p.log, &t));
	ok(&c, log_mend(&c, &p.log, &finished));
	assert_true(finished);
	log_is_whole(&p);
	tick(&p, &t);
	assert_int_equal(t.size, 3);
	ok(&c, file_remove(&c, path));
	fails(&c, ERR_VERIFY, log_recover(&c, &p.log, &finished));
	ok(&c, log_mend(&c, &p.log, &finished));
	assert_true(finished);
	log_is_whole(&p);
	/* Lost in the middle of a tick. */
	add_acts(&p, 2);
	p.seal.lose_answer = true;
	fails(&c, ERR_AGAIN, log_tick(&c, &p.log, &t));
	p.seal.lose_answer = false;
	ok(&c, file_remove(&c, path));
	ok(&c, log_mend(&c, &p.log, &finished));
	log_is_whole(&p);
	ok(&c, log_mend(&c, &p.log, &finished));
	assert_false(finished);
	tick(&p, &t);
	assert_int_equal(t.size, 5);
}

static void out_of_step_is_an_error(void **state)
{
	struct log_tick t;
	struct span old;
	bool finished;
	char path[512];
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	tick(&p, &t);
	snprintf(path, sizeof path, "%s/checkpoint", p.log_dir);
	ok(&c, file_read(&c, path, 10000, &old));
	tick(&p, &t);
	tick(&p, &t);
	ok(&c, file_write(&c, path, old, 0644));
	fails(&c, ERR_STATE, log_recover(&c, &p.log, &finished));
	fails(&c, ERR_STATE, log_tick(&c, &p.log, &t));
}

static void lock_is_respected(void **state)
{
	struct log_tick t;
	char path[512];
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	tick(&p, &t);
	snprintf(path, sizeof path, "%s/lock", p.log_dir);
	FD_SCOPED int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	fails(&c, ERR_BUSY, log_tick(&c, &p.log, &t));
}

static void more_than_a_tick_takes(void **state)
{
	struct log_tick t;
	PLACE(p);

	(void)state;
	add_acts(&p, 40000);
	add_acts(&p, 26000);
	tick(&p, &t);
	assert_int_equal(t.acts, 65536);
	assert_int_equal(t.waiting, 464);
	tick(&p, &t);
	assert_int_equal(t.acts, 464);
	assert_int_equal(t.waiting, 0);
}

static void proofs(void **state)
{
	struct log_tick t;
	struct span proof, act, other;
	struct act_proof parsed;
	struct checkpoint cp;
	struct tree_proof consistency;
	PLACE(p);
	LOG_CTX(c);

	(void)state;
	add_act(&c, p.store, "W-1", "received", NULL);
	fails(&c, ERR_AGAIN, log_prove(&c, &p.log, SPAN("W-1"), 1, &proof, &act));
	fails(&c, ERR_NOT_FOUND, log_prove(&c, &p.log, SPAN("W-1"), 2, &proof, &act));
	fails(&c, ERR_AGAIN, log_prove_seal(&c, &p.log, 1, &proof, &act));
	fake_act(&p.seal, "founding", NULL);
	for (int i = 0; i < 5; i++)
		tick(&p, &t);
	ok(&c, log_prove(&c, &p.log, SPAN("W-1"), 1, &proof, &act));
	ok(&c, act_proof_parse(&c, proof, &parsed));
	ok(&c, act_proof_check(&c, &parsed, act, &p.seal.key, &cp));
	assert_int_equal(cp.size, 5);
	assert_int_equal(parsed.index, 0);
	ok(&c, log_prove_seal(&c, &p.log, 1, &proof, &other));
	ok(&c, act_proof_parse(&c, proof, &parsed));
	ok(&c, act_proof_check(&c, &parsed, other, &p.seal.key, &cp));
	fails(&c, ERR_VERIFY, act_proof_check(&c, &parsed, act, &p.seal.key, &cp));
	ok(&c, log_prove_consistency(&c, &p.log, 2, &consistency));
	assert_true(consistency.count > 0);
	fails(&c, ERR_NOT_FOUND, log_prove_consistency(&c, &p.log, 6, &consistency));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_ticks),
		cmocka_unit_test(only_published_partial_tiles),
		cmocka_unit_test(idle_and_busy_look_the_same),
		cmocka_unit_test(idle_tick_makes_three_files_durable),
		cmocka_unit_test(wrong_answers_are_refused),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(disk_failures_are_mended),
		cmocka_unit_test(upper_tile_lost_with_the_power),
		cmocka_unit_test(damaged_checkpoint_is_mended_when_asked),
		cmocka_unit_test(out_of_step_is_an_error),
		cmocka_unit_test(lock_is_respected),
		cmocka_unit_test(more_than_a_tick_takes),
		cmocka_unit_test(proofs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
