/*
 * The window and the tar that passes through it; see inflow.h. Refuses every tar that tar_head
 * would not have written, padding that is not zero, and bytes behind the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "verify/inflow.h"

#include <string.h>

#define SCRATCH_BYTES ((size_t)256 << 10)

enum err inflow_open(struct ctx *c, void *of,
		     enum err (*fill)(struct ctx *c, void *of, unsigned char *to, size_t room,
				      size_t *got_out),
		     struct inflow *out)
{
	*out = (struct inflow){ .of = of, .fill = fill };
	return NEW_ARRAY(c, out->window, INFLOW_WINDOW);
}

enum err inflow_peek(struct ctx *c, struct inflow *f, size_t n, struct span *out)
{
	size_t got;

	if (n > INFLOW_WINDOW - INFLOW_ROOM)
		FAIL(c, ERR_LIMIT, "%zu bytes are more than the window holds", n);
	while (f->have < n && !f->end) {
		if (f->from + f->have > INFLOW_WINDOW - INFLOW_ROOM) {
			memmove(f->window, f->window + f->from, f->have);
			f->from = 0;
		}
		TRY(f->fill(c, f->of, f->window + f->from + f->have,
			    INFLOW_WINDOW - f->from - f->have, &got));
		f->have += got;
		f->end = got == 0;
	}
	*out = span_of(f->window + f->from, f->have < n ? f->have : n);
	return ERR_OK;
}

void inflow_drop(struct inflow *f, size_t n)
{
	n = n < f->have ? n : f->have;
	f->from += n;
	f->have -= n;
}

static bool is_zero(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

/* A header is read in a context of its own: millions of them pass by. */
static enum err take_head(struct ctx *c, struct tar_walk *w, struct span input, bool *end_out)
{
	__attribute__((cleanup(ctx_end))) struct ctx own;
	struct tar_entry entry;
	enum err e;

	TRY(ctx_begin(&own, SCRATCH_BYTES));
	own.seam = c->seam;
	e = tar_read_head(&own, input, &entry, end_out);
	if (e != ERR_OK)
		FAIL(c, e, "%s", own.why);
	inflow_drop(w->in, entry.head_bytes);
	if (*end_out)
		return ERR_OK;
	if (entry.name.n > sizeof w->name_room)
		FAIL(c, ERR_FORMAT, "a name of %zu bytes is too long", entry.name.n);
	memcpy(w->name_room, entry.name.p, entry.name.n);
	w->name = span_of(w->name_room, entry.name.n);
	w->bytes = w->left = entry.bytes;
	w->mtime_utc = entry.mtime_utc;
	w->inside = true;
	return ERR_OK;
}

/* Passes over the rest of the member at hand and its padding. */
static enum err leave(struct ctx *c, struct tar_walk *w)
{
	size_t padding = tar_padding(w->bytes);
	struct span s;

	if (!w->inside)
		return ERR_OK;
	do
		TRY(tar_walk_piece(c, w, &s));
	while (s.n);
	TRY(inflow_peek(c, w->in, padding, &s));
	if (s.n != padding)
		FAIL(c, ERR_FORMAT, "it ends within %.*s", SPAN_ARG(w->name));
	if (!is_zero(s))
		FAIL(c, ERR_FORMAT, "the padding behind %.*s is not zero", SPAN_ARG(w->name));
	inflow_drop(w->in, padding);
	w->inside = false;
	return ERR_OK;
}

enum err tar_walk_next(struct ctx *c, struct tar_walk *w, bool *end_out)
{
	struct span input;

	TRY(leave(c, w));
	TRY(inflow_peek(c, w->in, TAR_HEAD_MAX, &input));
	TRY(take_head(c, w, input, end_out));
	if (!*end_out)
		return ERR_OK;
	TRY(inflow_peek(c, w->in, 1, &input));
	if (input.n)
		FAIL(c, ERR_FORMAT, "there are bytes behind the end");
	return ERR_OK;
}

enum err tar_walk_peek(struct ctx *c, struct tar_walk *w, size_t n, struct span *out)
{
	size_t want = w->left < (int64_t)n ? (size_t)w->left : n;

	TRY(inflow_peek(c, w->in, want, out));
	if (out->n != want)
		FAIL(c, ERR_FORMAT, "it ends within %.*s", SPAN_ARG(w->name));
	return ERR_OK;
}

void tar_walk_drop(struct tar_walk *w, size_t n)
{
	inflow_drop(w->in, n);
	w->left -= (int64_t)n;
}

enum err tar_walk_piece(struct ctx *c, struct tar_walk *w, struct span *out)
{
	TRY(tar_walk_peek(c, w, INFLOW_ROOM, out));
	tar_walk_drop(w, out->n);
	return ERR_OK;
}

enum err tar_walk_whole(struct ctx *c, struct tar_walk *w, size_t max, struct span *out)
{
	unsigned char *p;
	struct span s;
	size_t n = 0;

	if (w->left < 0 || (uint64_t)w->left > max)
		FAIL(c, ERR_LIMIT, "%.*s has more than %zu bytes", SPAN_ARG(w->name), max);
	TRY(NEW_ARRAY(c, p, (size_t)w->left));
	for (;; n += s.n) {
		TRY(tar_walk_piece(c, w, &s));
		if (s.n == 0)
			break;
		memcpy(p + n, s.p, s.n);
	}
	*out = span_of(p, n);
	return ERR_OK;
}

enum err tar_walk_line(struct ctx *c, struct tar_walk *w, struct span *line_out, bool *end_out)
{
	struct span s, rest;

	TRY(tar_walk_peek(c, w, LINE_MAX_BYTES, &s));
	*end_out = s.n == 0;
	if (*end_out)
		return ERR_OK;
	if (!span_split(s, '\n', line_out, &rest))
		FAIL(c, ERR_FORMAT, "%.*s has a line that is too long or does not end",
		     SPAN_ARG(w->name));
	tar_walk_drop(w, line_out->n + 1);
	return ERR_OK;
}
