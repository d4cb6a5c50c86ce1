/*
 * The table of errors and the record of the last failure in a context.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"

static const struct {
	const char *name, *text, *next;
	int exit_status, http;
} rows[ERR_COUNT] = {
#define X(name, text, exit_status, http, next)                                                     \
	[ERR_##name] = { #name, text, next, exit_status, http },
#include "base/err.def"
#undef X
};

enum err err_set(struct ctx *c, enum err code, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	if (c->code != ERR_OK)
		return code;
	c->code = code;
	c->file = file;
	c->line = line;
	va_start(args, fmt);
	vsnprintf(c->why, sizeof c->why, fmt, args);
	va_end(args);
	return code;
}

void err_note(struct ctx *c, const char *fmt, ...)
{
	char old[sizeof c->why], head[sizeof c->why];
	va_list args;

	memcpy(old, c->why, sizeof old);
	va_start(args, fmt);
	vsnprintf(head, sizeof head, fmt, args);
	va_end(args);
	if (snprintf(c->why, sizeof c->why, "%s: %s", head, old) < 0)
		c->why[0] = '\0';
}

void err_next(struct ctx *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->next, sizeof c->next, fmt, args);
	va_end(args);
}

void err_clear(struct ctx *c)
{
	c->code = ERR_OK;
	c->why[0] = '\0';
	c->next[0] = '\0';
}

const char *err_text(enum err code)
{
	return rows[code].text;
}

const char *err_name(enum err code)
{
	return rows[code].name;
}

enum err err_of_name(const char *name, size_t n)
{
	for (int i = 1; i < ERR_COUNT; i++)
		if (strlen(rows[i].name) == n && memcmp(rows[i].name, name, n) == 0)
			return (enum err)i;
	return ERR_FAILED;
}

const char *err_hint(enum err code)
{
	return rows[code].next;
}

int err_exit_status(enum err code)
{
	return rows[code].exit_status;
}

int err_http_status(enum err code)
{
	return rows[code].http;
}
