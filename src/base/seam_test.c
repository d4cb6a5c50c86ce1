/*
 * The seam of test builds: obeys the environment (seam.h). Never part of a release build; a test
 * looks for its variable names in the release executables and must not find them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/seam_real.h"

static struct {
	bool ready;
	char clock_path[512], crash_at[64], fail_call[16], tools[512], tool[1024], keys[1024];
	int keys_ms;
	bool has_keys;
	long fail_at, fail_seen;
	int fail_errno, clock_fd;
	int64_t last_ms;
	uint64_t random_state;
} test = { .clock_fd = -1 };

static const struct {
	const char *name;
	int value;
} errnos[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EACCES", EACCES }, { "EMFILE", EMFILE } };

static void read_fail(const char *text)
{
	char name[16] = "";

	if (!text || strlen(text) > 60)
		return;
	const char *colon = strchr(text, ':');
	if (!colon || (size_t)(colon - text) >= sizeof test.fail_call)
		return;
	memcpy(test.fail_call, text, (size_t)(colon - text));
	char *end;
	test.fail_at = strtol(colon + 1, &end, 10);
	snprintf(name, sizeof name, "%s", *end == ':' ? end + 1 : "EIO");
	test.fail_errno = EIO;
	for (size_t i = 0; i < COUNT_OF(errnos); i++)
		if (!strcmp(errnos[i].name, name))
			test.fail_errno = errnos[i].value;
}

static void read_keys(const char *keys, const char *ms)
{
	test.has_keys = keys;
	snprintf(test.keys, sizeof test.keys, "%s", keys ? keys : "");
	test.keys_ms = ms ? (int)strtol(ms, NULL, 10) : 0;
}

static void read_environment(void)
{
	const char *clock_path = getenv("WRIT_TEST_CLOCK"), *crash_at = getenv("WRIT_CRASH_AT");
	const char *seed = getenv("WRIT_TEST_SEED"), *tools = getenv("WRIT_TEST_TOOLS");

	test.ready = true;
	snprintf(test.clock_path, sizeof test.clock_path, "%s", clock_path ? clock_path : "");
	snprintf(test.crash_at, sizeof test.crash_at, "%s", crash_at ? crash_at : "");
	snprintf(test.tools, sizeof test.tools, "%s", tools ? tools : "");
	read_keys(getenv("WRIT_TEST_KEYS"), getenv("WRIT_TEST_KEYS_MS"));
	read_fail(getenv("WRIT_FAIL"));
	for (; seed && *seed; seed++)
		test.random_state = test.random_state * 1099511628211u + (unsigned char)*seed;
	/* Opened once, so that the clock goes on inside a cage. */
	if (*test.clock_path)
		test.clock_fd = open(test.clock_path, O_RDONLY | O_CLOEXEC);
}

static int64_t test_now_ms(void)
{
	char text[32] = "";

	if (test.clock_fd < 0)
		return real_now_ms();
	if (pread(test.clock_fd, text, sizeof text - 1, 0) > 0)
		test.last_ms = strtoll(text, NULL, 10);
	return test.last_ms;
}

static int test_random(void *p, size_t n)
{
	unsigned char *at = p;

	if (!test.random_state)
		return real_random(p, n);
	for (size_t i = 0; i < n; i++) {
		test.random_state = test.random_state * 6364136223846793005u + 1442695040888963407u;
		at[i] = (unsigned char)(test.random_state >> 56);
	}
	return 0;
}

static bool fails(const char *call)
{
	if (!*test.fail_call || strcmp(call, test.fail_call) || ++test.fail_seen != test.fail_at)
		return false;
	errno = test.fail_errno;
	return true;
}

static int test_open(const char *path, int flags, mode_t mode)
{
	return fails("open") ? -1 : real_open(path, flags, mode);
}

static ssize_t test_write(int fd, const void *p, size_t n)
{
	return fails("write") ? -1 : write(fd, p, n);
}

static int test_fsync(int fd)
{
	return fails("fsync") ? -1 : fsync(fd);
}

static int test_rename(const char *from, const char *to)
{
	return fails("rename") ? -1 : rename(from, to);
}

static int test_unlink(const char *path)
{
	return fails("unlink") ? -1 : unlink(path);
}

static const struct seam world = {
	.now_ms = test_now_ms,
	.mono_ms = real_mono_ms,
	.random = test_random,
	.open = test_open,
	.read = read,
	.write = test_write,
	.fsync = test_fsync,
	.rename = test_rename,
	.unlink = test_unlink,
	.connect = real_connect,
	.spawn = real_spawn,
	.run = real_run,
	.become = real_become,
};

const struct seam *seam_world(void)
{
	if (!test.ready)
		read_environment();
	return &world;
}

const char *seam_tool_path(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!*test.tools || !slash)
		return path;
	snprintf(test.tool, sizeof test.tool, "%s%s", test.tools, slash);
	return access(test.tool, X_OK) == 0 ? test.tool : path;
}

const char *seam_test_keys(int *wait_ms)
{
	*wait_ms = test.keys_ms;
	return test.has_keys ? test.keys : NULL;
}

static const char *const crash_names[CRASH_COUNT] = {
#define X(name) [CRASH_##name] = #name,
#include "base/crash.def"
#undef X
};

void seam_crash_point(enum crash_point at)
{
	if (*test.crash_at && !strcmp(test.crash_at, crash_names[at]))
		kill(getpid(), SIGKILL);
}
