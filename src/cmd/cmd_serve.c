/*
 * writ serve: this process becomes writ-desk, which has the server and its libraries in it. The
 * options go along as they were typed; what they mean is the desk's to say.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cmd/cmd.h"

#define TOLD_MAX ((size_t)64 << 10)

static enum err told(struct ctx *c, const struct args *a, int *fd_out)
{
	struct json *options = json_object(c);
	struct span text;
	char *key;

	for (size_t i = 0; i < a->options; i++) {
		const char *name = a->option[i].name;

		TRY(span_cstr(c, span_str(name), &key));
		for (char *x = key; *x; x++)
			*x = *x == '-' ? '_' : *x;
		if (!a->option[i].value)
			json_set_bool(c, options, key, true);
		else if (!strcmp(name, "host"))
			json_set(c, options, key, args_list(c, a, name));
		else
			json_set_str(c, options, key, a->option[i].value);
	}
	TRY(json_write(c, options, TOLD_MAX, &text));
	return memfd_of(c, "writ-serve", text, fd_out);
}

enum err cmd_serve(struct ctx *c, const struct command *self, const struct args *a)
{
	FD_SCOPED int fd = -1;
	struct home home;
	char *program;

	TRY(usage_check(c, self, a, 0));
	TRY(home_find(c, args_get(a, "home"), &home));
	TRY(home_program(c, "writ-desk", &program));
	TRY(told(c, a, &fd));
	if (c->seam->become((const char *const[]){ program, "--home", home.dir, NULL }, fd) < 0)
		FAIL(c, ERR_IO, "cannot run %s: %s", program, strerror(errno));
	return ERR_OK;
}
