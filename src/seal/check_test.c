/*
 * Test builds: WRIT_LEAVE_OUT=ID makes the row of that name hold whatever the facts are. Never part
 * of a release; a test looks for the variable's name in the release executable.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/check.h"

static char left_out[64];

void check_read_environment(void)
{
	const char *id = getenv("WRIT_LEAVE_OUT");

	snprintf(left_out, sizeof left_out, "%s", id ? id : "");
}

bool check_left_out(const char *id)
{
	return *left_out && !strcmp(left_out, id);
}
