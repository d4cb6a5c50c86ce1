/*
 * writ-seal: holds the keys and decides by itself. This file reads the command line and prepares
 * the process; it knows no key and no request.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "seal/check.h"
#include "seal/seal.h"
#include "seal/start.h"

static const char usage[] =
	"writ-seal --init DIR [--writ-user U] [--hand-user U] < FOUNDING.json > DOC\n"
	"writ-seal --init DIR --signed DOC A.sig B.sig ...\n"
	"writ-seal --show DIR\n"
	"writ-seal --state DIR [--log LOGDIR] [--listen PATH] [--idle-exit]\n";

struct args {
	const char *init, *show, *state, *log, *listen, *writ_user, *hand_user;
	bool sign, idle_exit, version, help;
};

static bool args_read(int argc, char **argv, struct args *a)
{
	static const struct option options[] = {
		{ "init", required_argument, NULL, 'i' },
		{ "signed", no_argument, NULL, 's' },
		{ "show", required_argument, NULL, 'w' },
		{ "state", required_argument, NULL, 'd' },
		{ "log", required_argument, NULL, 'l' },
		{ "listen", required_argument, NULL, 'p' },
		{ "writ-user", required_argument, NULL, 'u' },
		{ "hand-user", required_argument, NULL, 'h' },
		{ "idle-exit", no_argument, NULL, 'e' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'H' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'i': a->init = optarg; break;
		case 's': a->sign = true; break;
		case 'w': a->show = optarg; break;
		case 'd': a->state = optarg; break;
		case 'l': a->log = optarg; break;
		case 'p': a->listen = optarg; break;
		case 'u': a->writ_user = optarg; break;
		case 'h': a->hand_user = optarg; break;
		case 'e': a->idle_exit = true; break;
		case 'V': a->version = true; break;
		case 'H': a->help = true; break;
		default: return false;
		}
	}
	if (a->version || a->help)
		return true;
	if (!!a->init + !!a->show + !!a->state != 1 || (a->sign && !a->init))
		return false;
	return a->sign ? argc - optind >= 2 : argc == optind;
}

static int complain(const struct ctx *c, enum err e)
{
	const char *next = c->next[0] ? c->next : err_hint(e);

	fprintf(stderr, "writ-seal: %s: %s\n", err_text(e),
		c->why[0] ? c->why : "no more is known");
	if (*next)
		fprintf(stderr, "writ-seal: next: %s\n", next);
	return err_exit_status(e);
}

static int run_init(const struct args *a, char **rest, int count)
{
	CTX_SCOPED struct ctx c = { 0 };
	enum err e = ctx_begin(&c, SEAL_TURN_BYTES);

	if (e == ERR_OK && a->show)
		e = init_show(&c, a->show, STDOUT_FILENO);
	else if (e == ERR_OK && a->sign)
		e = init_sign(&c, a->init, rest[0], rest + 1, count - 1);
	else if (e == ERR_OK)
		e = init_make(&c, a->init, a->writ_user, a->hand_user, STDOUT_FILENO);
	return e == ERR_OK ? 0 : complain(&c, e);
}

/*
 * A seal that a command started outlives it: the caller's output is let go, or a shell would wait
 * for it in $(writ ...), and so is the terminal's Ctrl-C. What it has to say goes to DIR/said.
 */
static enum err leave_caller(struct seal *s, const char *dir)
{
	FD_SCOPED int null = -1, said = -1;
	char *path;

	TRY(path_fmt(&s->life, &path, "%s/said", dir));
	TRY(file_open(&s->life, "/dev/null", O_RDWR, 0, &null));
	TRY(file_open(&s->life, path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600, &said));
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(said, STDERR_FILENO) < 0)
		FAIL(&s->life, ERR_IO, "cannot leave the caller's output");
	setsid();       /* fails only for the leader of a group, who has no need of it */
	return ERR_OK;
}

static enum err run(struct seal *s, const struct args *a)
{
	TRY(seal_open(s, a->state, true));
	s->log_dir = a->log;
	TRY(start_check(s));
	if (a->idle_exit)
		TRY(leave_caller(s, a->state));
	return serve(s, a->listen, a->idle_exit);
}

static int run_seal(const struct args *a)
{
	struct seal s = { .lock = -1, .own = geteuid() };
	int status = 0;
	enum err e;

	seal_lock_memory(&s);
	e = run(&s, a);
	if (e != ERR_OK)
		status = complain(&s.life, e);
	seal_close(&s);
	return status;
}

int main(int argc, char **argv)
{
	struct args a = { 0 };

	seal_hide();
	/* Test builds read their variables here; after this the environment says nothing any more.
	 */
	seam_world();
	check_read_environment();
	clearenv();
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	if (!args_read(argc, argv, &a)) {
		fputs(usage, stderr);
		return err_exit_status(ERR_USAGE);
	}
	if (a.version || a.help) {
		fputs(a.help ? usage : "writ-seal " WRIT_VERSION "\n", stdout);
		return 0;
	}
	return a.state ? run_seal(&a) : run_init(&a, argv + optind, argc - optind);
}
