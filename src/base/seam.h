/*
 * The one seam for the world: clock, randomness, disk, network, process start go through this
 * table, so that tests run ten years of gags in a second and fail the n-th write. Release builds
 * have one such table; test builds (-Dtest_hooks=true) another that obeys the environment:
 *   WRIT_TEST_CLOCK=FILE     the file holds the time in ms since 1970 UTC
 *   WRIT_TEST_SEED=TEXT      randomness is a stream drawn from TEXT and a counter
 *   WRIT_CRASH_AT=NAME       die as by kill -9 at this crash point (base/crash.def)
 *   WRIT_TEST_TOOLS=DIR      a tool that lies there is taken in the place of this machine's
 *   WRIT_TEST_KEYS="PATH ..."  security keys are these sockets; WRIT_TEST_KEYS_MS: how long one is
 *                            waited for
 *   WRIT_FAIL=CALL:N:ERRNO   the n-th CALL (open, write, fsync, rename, unlink) fails once
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_SEAM_H
#define BASE_SEAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SEAM_WORDS_MAX 127u     /* of a program that is run */
#define SEAM_LENT_MAX 64u       /* descriptors that it is lent */

struct seam {
	int64_t (*now_ms)(void);        /* UTC, ms since 1970 */
	int64_t (*mono_ms)(void);       /* monotonic, for durations */
	int (*random)(void *p, size_t n);       /* 0, or -1 with errno */
	int (*open)(const char *path, int flags, mode_t mode);  /* O_CLOEXEC is added */
	ssize_t (*read)(int fd, void *p, size_t n);
	ssize_t (*write)(int fd, const void *p, size_t n);
	int (*fsync)(int fd);
	int (*rename)(const char *from, const char *to);
	int (*unlink)(const char *path);
	int (*connect)(const char *unix_path);  /* a connected seqpacket socket, or -1 */
	/* Starts argv with the descriptor fd3 as 3 and no others but 0, 1, 2; returns its pid. */
	pid_t (*spawn)(const char *const *argv, int fd3);
	/* Starts argv (found in PATH) with these as standard input and output, and the n that are
	 * lent as 3, 4, ...; returns its pid. */
	pid_t (*run)(const char *const *argv, int in, int out, const int *lent, size_t n);
	/* This process becomes argv, with the descriptors of spawn; -1 where it cannot. */
	int (*become)(const char *const *argv, int fd3);
};

const struct seam *seam_world(void);
/* Where a tool of this machine lies; a test puts another in its place. */
const char *seam_tool_path(const char *path);
/* Sockets of soft security keys that a test puts in the place of this machine's, a blank between,
 * and how long it waits for one; NULL, and the machine's, in release builds. */
const char *seam_test_keys(int *wait_ms);

/* Numbered places where a test kills the process; nothing in release builds. */
enum crash_point {
#define X(name) CRASH_##name,
#include "base/crash.def"
#undef X
	CRASH_COUNT
};
void seam_crash_point(enum crash_point at);

#endif
