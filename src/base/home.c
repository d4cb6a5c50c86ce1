/*
 * Paths of a home; see home.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/home.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum err home_paths(struct ctx *c, const char *dir, bool single_user, struct home *out)
{
	bool installed = !single_user && !strcmp(dir, HOME_INSTALLED);
	const char *run = "/run/writ", *etc = "/etc/writ";
	char *own_run, *p;

	*out = (struct home){ .dir = dir, .single_user = single_user };
	TRY(path_fmt(c, &own_run, "%s/run", dir));
	if (!installed) {
		run = own_run;
		etc = dir;
	}
	out->run = run;
#define PATH(field, ...)                                                                           \
	do {                                                                                       \
		TRY(path_fmt(c, &p, __VA_ARGS__));                                                 \
		out->field = p;                                                                    \
	} while (0)
	PATH(db, "%s/writ.db", dir);
	PATH(blob, "%s/blob", dir);
	PATH(reading, "%s/reading", dir);
	PATH(vault, "%s/vault", dir);
	PATH(delivered, "%s/delivered", dir);
	PATH(log, "%s/log", dir);
	PATH(seal_sock, "%s/seal.sock", run);
	PATH(hand_sock, "%s/hand.sock", run);
	PATH(send_sock, "%s/send.sock", run);
	PATH(seal_state, "%s%s", dir, installed ? "-seal" : "/seal");
	PATH(stores, "%s/stores.yaml", etc);
	PATH(addresses, "%s/addresses.yaml", etc);
	PATH(seal_pub, "%s/seal.pub", etc);
#undef PATH
	return ERR_OK;
}

enum err home_find(struct ctx *c, const char *dir, struct home *out)
{
	char *mark, *whole;
	struct stat st;

	if (!dir)
		dir = getenv("WRIT_HOME");
	if (!dir || !*dir)
		dir = HOME_INSTALLED;
	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
		err_next(c, "make one with 'writ init', look at one with 'writ demo', or name it "
			    "with --home DIR");
		FAIL(c, ERR_NOT_FOUND, "there is no home at %s", dir);
	}
	TRY(path_real(c, dir, &whole));
	TRY(path_fmt(c, &mark, "%s/single-user", whole));
	return home_paths(c, whole, file_exists(mark), out);
}

enum err home_program(struct ctx *c, const char *name, char **out)
{
	char self[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		TRY(path_fmt(c, out, "%s/%s", self, name));
		if (access(*out, X_OK) == 0)
			return ERR_OK;
	}
	TRY(path_fmt(c, out, "/usr/lib/writ/%s", name));
	if (access(*out, X_OK) == 0)
		return ERR_OK;
	err_next(c, "build or install all programs together");
	FAIL(c, ERR_NOT_FOUND, "%s is neither beside this program nor in /usr/lib/writ", name);
}
