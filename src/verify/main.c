/*
 * writ-verify: the stand-alone checker for courts and the defence. No network, no home, no server.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/verify.h"

int main(int argc, char **argv)
{
	return verify_command(argc - 1, (const char *const *)argv + 1);
}
