/*
 * A whole delivered file through the verifier: no bytes but the sample's pass with the sample's
 * policy, and no bytes make the check itself fail. An input that begins with 'r' is the file; any
 * other is a list of edits to the sample: place (u24), what to do (u8), length (u8), bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "sample.h"

enum edit { EDIT_REPLACE, EDIT_INSERT, EDIT_DELETE, EDIT_MOVE, EDIT_KINDS };

/* The bytes of a place, or those that come with the edit. */
static bool take_edit(struct reader *r, struct span file, struct span *head, struct span *what,
		      struct span *tail)
{
	uint8_t high, kind, length;
	uint16_t low;
	size_t at;

	if (!take_u8(r, &high) || !take_u16(r, &low) || !take_u8(r, &kind) || !take_u8(r, &length))
		return false;
	at = ((size_t)high << 16 | low) % (file.n + 1);
	*head = span_cut(file, 0, at);
	kind %= EDIT_KINDS;
	*tail = span_cut(file, kind == EDIT_INSERT ? at : at + length, file.n);
	*what = SPAN_NONE;
	if (kind == EDIT_MOVE)          /* a block from its neighbour's place, as tar has them */
		*what = span_cut(file, at + 512, length);
	else if (kind != EDIT_DELETE && !take_bytes(r, length, what))
		return false;
	return true;
}

static struct span edited(struct ctx *c, struct span script)
{
	struct span file = sample_get()->file, head, what, tail;
	struct reader r = { .s = script };

	for (int i = 0; i < 16 && take_edit(&r, file, &head, &what, &tail); i++) {
		struct buf b;

		buf_begin(&b, c, head.n + what.n + tail.n);
		buf_add(&b, head);
		buf_add(&b, what);
		buf_add(&b, tail);
		CHECK(buf_done(c, &b, &file) == ERR_OK);
	}
	return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct verify_report report;
	struct span s = span_of(data, size);

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	s = span_starts(s, "r") ? span_cut(s, 1, s.n) : edited(&c, s);
	CHECK((sample_verify(&c, s, &report) == 0) == span_eq(s, sample_get()->file));
	return 0;
}
