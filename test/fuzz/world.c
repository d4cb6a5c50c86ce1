/*
 * The world of targets; see world.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "world.h"

#include <ftw.h>
#include <sys/mman.h>

int64_t world_clock_ms;
static uint64_t draws;
static char dir[64];

static int64_t now_ms(void)
{
	return world_clock_ms;
}

static int draw(void *p, size_t n)
{
	unsigned char *at = p;

	for (size_t i = 0; i < n; i++) {
		uint64_t x = (draws++ & 0xffffffff) * UINT64_C(0x9e3779b9) + 1;

		at[i] = (unsigned char)(x ^ x >> 13 ^ x >> 29);
	}
	return 0;
}

static int no_wait(int fd)
{
	(void)fd;
	return 0;
}

struct seam world_begin(void)
{
	struct seam s = *seam_world();

	s.now_ms = now_ms;
	s.random = draw;
	s.fsync = no_wait;
	world_clock_ms = WORLD_START_S * 1000;
	draws = 0;
	return s;
}

int world_file(struct span s, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0);
	while (s.n) {
		ssize_t put = write(fd, s.p, s.n);

		CHECK(put > 0);
		s = span_cut(s, (size_t)put, s.n);
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *world_dir(void)
{
	const char *place = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : P_tmpdir;

	CHECK(!dir[0]);
	snprintf(dir, sizeof dir, "%s/writ-fuzz-XXXXXX", place);
	CHECK(mkdtemp(dir));
	atexit(remove_dir);
	return dir;
}
