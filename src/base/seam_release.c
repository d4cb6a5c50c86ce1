/*
 * The seam of release builds: the real world, no crash points, nothing from the environment.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <unistd.h>

#include "base/seam_real.h"

static const struct seam world = {
	.now_ms = real_now_ms,
	.mono_ms = real_mono_ms,
	.random = real_random,
	.open = real_open,
	.read = read,
	.write = write,
	.fsync = fsync,
	.rename = rename,
	.unlink = unlink,
	.connect = real_connect,
	.spawn = real_spawn,
	.run = real_run,
	.become = real_become,
};

const struct seam *seam_world(void)
{
	return &world;
}

const char *seam_tool_path(const char *path)
{
	return path;
}

const char *seam_test_keys(int *wait_ms)
{
	*wait_ms = 0;
	return NULL;
}

void seam_crash_point(enum crash_point at)
{
	(void)at;
}
