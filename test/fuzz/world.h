/*
 * A world for targets that need more than memory: a clock that stands, randomness that is the same
 * for every input, a disk that is never waited for, files that are paths without being on a disk.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"

#define WORLD_START_S INT64_C(1795341600)       /* 2026-11-22T10:00:00Z */

static int64_t world_clock_ms;
static uint64_t world_draws;

static int64_t world_now_ms(void)
{
	return world_clock_ms;
}

static int world_random(void *p, size_t n)
{
	unsigned char *at = p;

	for (size_t i = 0; i < n; i++) {
		uint64_t x = (world_draws++ + 1) * UINT64_C(0x9e3779b97f4a7c15);

		at[i] = (unsigned char)((x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 56);
	}
	return 0;
}

static int world_fsync(int fd)
{
	(void)fd;
	return 0;
}

/* Each input begins at the same moment with the same randomness. */
static inline struct seam world_begin(void)
{
	struct seam s = *seam_world();

	s.now_ms = world_now_ms;
	s.random = world_random;
	s.fsync = world_fsync;
	world_clock_ms = WORLD_START_S * 1000;
	world_draws = 0;
	return s;
}

/* The bytes as a file that has a path; the descriptor is the caller's. */
static inline int world_file(struct span s, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0);
	for (size_t at = 0; at < s.n;) {
		ssize_t put = write(fd, s.p + at, s.n - at);

		CHECK(put > 0);
		at += (size_t)put;
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
