/*
 * Dying as by kill -9 at every crash point of a tick: the next command finishes it, no act is lost
 * or taken twice. Linked with --wrap=seam_crash_point, so that it runs in every build.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log_test.h"

#include <signal.h>
#include <sys/wait.h>

static const enum crash_point points[] = {
	CRASH_LOG_BEFORE_DB, CRASH_LOG_AFTER_DB, CRASH_LOG_AFTER_ENTRIES, CRASH_LOG_AFTER_TILES,
	CRASH_LOG_AFTER_CHECKPOINT,
};

static enum crash_point die_at = CRASH_COUNT;

void __wrap_seam_crash_point(enum crash_point at);
void __wrap_seam_crash_point(enum crash_point at)
{
	if (at == die_at)
		kill(getpid(), SIGKILL);
}

static void say_difference(void *of, bool difference, const char *where, const char *what)
{
	(void)of;
	if (difference)
		print_error("%s: %s\n", where, what);
}

/* A child gets the answer that the seal keeps and dies on its way into the home. */
static void die(struct place *p, enum crash_point at)
{
	int status;
	pid_t child;

	store_close(&p->store);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct log_tick t;

		die_at = at;
		if (store_open(&p->keep, p->db, STORE_WRITE, &p->store) != ERR_OK)
			_exit(3);
		p->log.store = p->store;
		_exit(log_tick(&p->keep, &p->log, &t) == ERR_OK ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ok(&p->keep, store_open(&p->keep, p->db, STORE_WRITE, &p->store));
	p->log.store = p->store;
}

static void goes_on_after(struct place *p, size_t acts, enum crash_point at, bool by_tick)
{
	struct log_report report = { NULL, say_difference };
	struct log_sum sum;
	struct log_tick t;
	bool finished;
	LOG_CTX(c);

	add_acts(p, acts);
	if (acts % 2)
		fake_act(&p->seal, "halt", NULL);
	p->seal.lose_answer = true;
	fails(&c, ERR_AGAIN, log_tick(&c, &p->log, &t));
	p->seal.lose_answer = false;
	die(p, at);
	if (by_tick) {
		/* Acts came meanwhile, nobody asked for recovery. */
		add_acts(p, 2);
		tick(p, &t);
		assert_int_equal(t.acts, 2);
		assert_true(t.recovered == (at != CRASH_LOG_AFTER_CHECKPOINT));
	} else {
		ok(&c, log_recover(&c, &p->log, &finished));
		assert_true(finished == (at != CRASH_LOG_AFTER_CHECKPOINT));
		ok(&c, log_recover(&c, &p->log, &finished));
		assert_false(finished);
	}
	ok(&c, log_verify(&c, &p->log, NULL, &report, &sum));
	assert_int_equal(sum.differences, 0);
	assert_int_equal(sum.waiting, 0);
	assert_int_equal(sum.size, p->seal.edge.size);
	assert_int_equal(sum.seal_acts, p->seal.seal_seq);
}

static void killed_at_every_point(void **state)
{
	struct log_tick t;
	PLACE(p);

	(void)state;
	tick(&p, &t);
	for (size_t round = 0; round < 4; round++)
		for (size_t i = 0; i < COUNT_OF(points); i++)
			goes_on_after(&p, round, points[i], (round + i) % 2);
}

/* Where tiles fill and a level begins. */
static void killed_at_a_full_tile(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		struct log_tick t;
		PLACE(p);

		for (int n = 0; n < 254; n++)
			tick(&p, &t);
		for (int n = 0; n < 4; n++)
			goes_on_after(&p, (size_t)n % 3, points[i], false);
		assert_int_equal(p.seal.edge.size, 258);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_every_point),
		cmocka_unit_test(killed_at_a_full_tile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
