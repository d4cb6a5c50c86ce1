/*
 * Words for people on a terminal; see tell.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/tell.h"

/* C0, and the C1 controls of UTF-8 (0xc2 0x80..0x9f). */
bool tell_steers(struct span s, size_t i)
{
	unsigned char x = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
	unsigned char before = i > 0 ? s.p[i - 1] : 0;

	if (x < 0x20 || x == 0x7f)
		return true;
	return (x == 0xc2 && next >= 0x80 && next < 0xa0) ||
	       (before == 0xc2 && x >= 0x80 && x < 0xa0);
}

void tell_clean(FILE *to, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		putc(tell_steers(s, i) && s.p[i] != '\n' && s.p[i] != '\t' ? '?' : s.p[i], to);
}

int tell_error(const struct ctx *c, const char *command)
{
	const char *next = c->next[0] ? c->next : err_hint(c->code);

	fflush(stdout);
	fprintf(stderr, "writ %s: %s: ", command, err_text(c->code));
	tell_clean(stderr, span_str(c->why));
	fputs(*next ? "\n  next: " : "", stderr);
	tell_clean(stderr, span_str(next));
	fputc('\n', stderr);
	return err_exit_status(c->code);
}
