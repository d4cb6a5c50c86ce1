/*
 * What a command says; see say.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JSON_MAX ((size_t)64 << 20)

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

void talk(const char *fmt, ...)
{
	va_list args;

	/* In the order in which it was said, also where both go to one file. */
	fflush(stdout);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void say_span(struct span s)
{
	tell_clean(stdout, s);
}

void say_bytes(struct span s)
{
	if (isatty(1))
		tell_clean(stdout, s);
	else
		fwrite(s.p, 1, s.n, stdout);
}

struct span plain(struct ctx *c, struct span s)
{
	unsigned char *p = arena_alloc(c, s.n + 1);
	bool utf8 = span_is_utf8(s);

	if (!p)
		return SPAN_NONE;
	for (size_t i = 0; i < s.n; i++)
		p[i] = tell_steers(s, i) || (!utf8 && s.p[i] >= 0x80) ? '?' : s.p[i];
	return span_of(p, s.n);
}

enum err say_json(struct ctx *c, struct json *object)
{
	struct span text;

	json_set_int(c, object, "json_version", 1);
	TRY(json_write(c, object, JSON_MAX, &text));
	fwrite(text.p, 1, text.n, stdout);
	putchar('\n');
	return ERR_OK;
}

void progress_begin(struct progress *p, struct ctx *c, const char *what)
{
	*p = (struct progress){ .c = c,
				.what = what,
				.begun_ms = c->seam->mono_ms(),
				.terminal = isatty(2) };
	p->said_ms = p->begun_ms;
}

/* 0 to 100, whatever the numbers: they are a hand's, who reads what comes from outside. */
static int percent_of(int64_t done, int64_t whole)
{
	if (done <= 0 || whole <= 0)
		return 0;
	return done < whole ? (int)((double)done / (double)whole * 100) : 100;
}

/* On a terminal a bar ten times a second, else a line a minute. */
void progress_show(struct progress *p, int64_t done_bytes, int64_t bytes, int64_t items)
{
	int64_t now_ms = p->c->seam->mono_ms(), spent_ms = now_ms - p->begun_ms;
	int percent = percent_of(done_bytes, bytes);
	double rate = spent_ms > 0 ? (double)done_bytes / 1000.0 / (double)spent_ms : 0;
	char bar[21];

	if (now_ms - p->said_ms < (p->terminal ? 100 : 60000))
		return;
	p->said_ms = now_ms;
	memset(bar, ' ', sizeof bar - 1);
	memset(bar, '=', (size_t)percent / 5);
	bar[20] = '\0';
	fprintf(stderr, "%s%s [%s] %d %%, %lld items, %.0f MB/s%s", p->terminal ? "\r" : "",
		p->what, bar, percent, (long long)items,
		rate, p->terminal ? "  " : "\n");
}

void progress_end(struct progress *p)
{
	if (p->terminal && p->said_ms != p->begun_ms)
		fprintf(stderr, "\r%60s\r", "");
}
