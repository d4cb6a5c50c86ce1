/*
 * writ-hand, writ-send, writ-draw, writ-look, writ-touch: one caged process per job, gone with the
 * job. It never takes a second job, and takes neither its scope nor its encryption key from writ
 * alone (ARCHITECTURE.md 1). SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/home.h"
#include "hand/cage.h"
#include "hand/job.h"

#define CONNECTION 3 /* systemd's first descriptor (Accept=yes), or what fork and exec left there */

static int usage(void)
{
	fputs("usage: " HAND_PROGRAM " [--home DIR]\n"
	      "Does one job that comes over the Unix seqpacket socket at descriptor 3, and ends.\n"
	      "It is started by writ, or by systemd (" HAND_PROGRAM "@.service), never by hand.\n",
	      stderr);
	return err_exit_status(ERR_USAGE);
}

static bool is_connection(int fd)
{
	int type = 0;
	socklen_t n = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	CTX_SCOPED struct ctx c = { .arena = NULL };
	const char *home_dir = HOME_INSTALLED;
	/* Read before the environment is cleared: systemd sets it, writ does not. */
	bool journal = getenv("LISTEN_FDS") != NULL;
	enum err e;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts(HAND_PROGRAM " " WRIT_VERSION);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "--home"))
		home_dir = argv[2];
	else if (argc != 1)
		return usage();
	if (!is_connection(CONNECTION))
		return usage();
	umask(077);
	e = ctx_begin(&c, JOB_ASK_MAX);
	if (e == ERR_OK)
		e = cage_prepare(&c, CONNECTION);
	if (e == ERR_OK)
		e = job_run(&c, CONNECTION, home_dir, journal);
	if (e != ERR_OK)
		fprintf(stderr, HAND_PROGRAM ": %s\n", c.why[0] ? c.why : err_text(e));
	return err_exit_status(e);
}
