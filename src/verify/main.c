/*
 * writ-verify: the stand-alone checker for courts and the defence. No network, no home, no server.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "verify/verify.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("writ-verify " WRIT_VERSION);
		return 0;
	}
	return verify_command(argc - 1, (const char *const *)argv + 1);
}
