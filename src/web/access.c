/*
 * The access log. See access.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "web/access.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "format/time.h"

#define LINE_MAX_BYTES 512u

size_t access_line(const struct access *a, char *out, size_t max)
{
	char at[TIME_TEXT_MAX], where[96] = "";
	int n;

	time_text(a->at_ms / 1000, at);
	if (a->file && a->status >= 500 &&
	    snprintf(where, sizeof where, ",\"where\":\"%.64s:%d\"", a->file, a->line) < 0)
		return 0;
	n = snprintf(
		out, max,
		"{\"at\":\"%.19s.%03dZ\",\"id\":\"%.*s\",\"remote\":\"%.*s\",\"method\":\"%s\","
		"\"route\":\"%s\",\"status\":%u,\"ms\":%lld,\"in\":%lld,\"out\":%lld,"
		"\"ended\":\"%s\"%s}\n",
		at, (int)(a->at_ms % 1000), SPAN_ARG(a->id), SPAN_ARG(a->remote),
		a->method ? a->method : "", a->route ? a->route : "", a->status,
		(long long)a->took_ms, (long long)a->bytes_in, (long long)a->bytes_out, a->ended,
		where);
	return n > 0 && (size_t)n < max ? (size_t)n : 0;
}

/* One write of whole lines, so that lines of several processes do not mix (pipe(7)). */
static struct {
	char text[PIPE_BUF];
	size_t n;
} waiting;

void access_flush(void)
{
	size_t n = waiting.n;

	waiting.n = 0;
	/* A log that takes nothing any more stops nobody. */
	if (n && write(STDERR_FILENO, waiting.text, n) < 0)
		return;
}

void access_write(const struct access *a)
{
	if (sizeof waiting.text - waiting.n < LINE_MAX_BYTES)
		access_flush();
	waiting.n += access_line(a, waiting.text + waiting.n, LINE_MAX_BYTES);
}
