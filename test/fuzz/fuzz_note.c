/*
 * Signed notes: as they come, and as bodies that the log's own key signs, so that fuzzing gets past
 * the signature. A checkpoint that is accepted is written again as its own bytes. Verifier keys
 * have one text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/buf.h"
#include "crypt/note.h"
#include "crypt/note_line.h"
#include "world.h"

static const unsigned char secret[32] = { 9 };

static void log_key(struct ctx *c, struct note_key *out)
{
	unsigned char public[32];

	CHECK(ed25519_public_of(c, span_of(secret, 32), public) == ERR_OK);
	CHECK(note_key_make(c, SPAN("log.example/1"), span_of(public, 32), out) == ERR_OK);
}

static bool check_note(struct ctx *c, struct span note, const struct note_key *key)
{
	struct checkpoint cp;
	struct span body;
	enum err e = checkpoint_open(c, note, key, &cp);

	check_result(c, e);
	err_clear(c);
	if (e != ERR_OK)
		return false;
	CHECK(span_eq(cp.origin, key->name));
	CHECK(checkpoint_body(c, &cp, &body) == ERR_OK);
	CHECK(body.n < note.n && span_eq(span_cut(note, 0, body.n), body));
	CHECK(note.p[body.n] == '\n');
	return true;
}

/* The input as a body: whatever stands in it, our signature holds over it. */
static void check_signed(struct ctx *c, struct span body, const struct note_key *key)
{
	struct span note, longer;
	struct buf b;

	if (!note_text_ok(body) || note_sign(c, body, key, span_of(secret, 32), &note) != ERR_OK) {
		err_clear(c);
		return;
	}
	if (!check_note(c, note, key))
		return;
	/* A stranger's line is carried, the same line twice is not. */
	buf_begin(&b, c, note.n + 200);
	buf_add(&b, note);
	buf_str(&b, "\xe2\x80\x94 other.example AAAAAAA=\n");
	CHECK(buf_done(c, &b, &longer) == ERR_OK && check_note(c, longer, key));
	buf_begin(&b, c, 2 * note.n);
	buf_add(&b, note);
	buf_add(&b, span_cut(note, body.n + 1, note.n));
	CHECK(buf_done(c, &b, &longer) == ERR_OK && !check_note(c, longer, key));
}

static void check_key(struct ctx *c, struct span s)
{
	struct note_key key;
	struct span text;
	enum err e = note_key_parse(c, s, &key);

	check_result(c, e);
	CHECK(e != ERR_OK || (note_key_text(c, &key, &text) == ERR_OK && span_eq(text, s)));
	err_clear(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CTX_SCOPED struct ctx c;
	struct note_key key;
	struct span s = span_of(data, size);

	CHECK(ctx_begin(&c, ARENA_MAX) == ERR_OK);
	log_key(&c, &key);
	check_note(&c, s, &key);
	check_signed(&c, s, &key);
	check_key(&c, s);
	return 0;
}
