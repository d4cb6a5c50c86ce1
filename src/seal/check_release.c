/*
 * Release builds: no check can be left out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "seal/check.h"

bool check_left_out(const char *id)
{
	(void)id;
	return false;
}

void check_read_environment(void)
{
}
